"""Documents that are wrong, each with the line its fault stands in and a part of what is said.

Each is a whole document. What is too large to be written down is made here.
"""

from __future__ import annotations

from typing import NamedTuple


class Wrong(NamedTuple):
    text: str
    line: int
    said: str


def rule(**parts: str) -> str:
    """Return a document with one rule, right but for the parts that are given."""
    told = {"id": "a", "then": "block", "reason": "why"} | parts
    body = "".join(f"    {key}: {value}\n" for key, value in told.items() if value is not ...)
    return "lockgate: 1\nrules:\n  -" + body[3:]


SYNTAX = {
    "nothing": ("", 1, "the document is empty"),
    "only spaces": ("   \n\n", 1, "the document is empty"),
    "only a comment": ("# nothing\n", 1, "the document is empty"),
    "only a dash": ("---\n", 2, "expected a mapping"),
    "an open bracket": ("rules: [", 2, "not YAML"),
    "an open brace": ("rules: {a: 1", 2, "not YAML"),
    "a closing bracket": ("rules: ]", 1, "not YAML"),
    "an open quote": ("name: 'a\n", 2, "not YAML"),
    "an open double quote": ('name: "a\n', 2, "not YAML"),
    "a bad escape": ('name: "\\q"\n', 1, "not YAML"),
    "a tab for a space": ("rules:\n\t- id: a\n", 2, "not YAML"),
    "wrong indentation": ("rules:\n  - id: a\n then: block\n", 3, "not YAML"),
    "a colon without a key": (": 1\n  : 2\n", 1, ""),
    "two values": ("name: a: b\n", 1, "not YAML"),
    "an at sign": ("name: @a\n", 1, "not YAML"),
    "a backtick": ("name: `a`\n", 1, "not YAML"),
    "a percent sign": ("%\n", 1, "not YAML"),
    "two documents": ("lockgate: 1\n---\nlockgate: 1\n", 2, "not YAML"),
    "three documents": ("a: 1\n---\nb: 1\n---\nc: 1\n", 2, "not YAML"),
    "a block that does not end": ("name: |\n  a\n b\n", 3, "not YAML"),
    "a list where a key must be": ("- a\nb: 1\n", 2, "not YAML"),
    "a control character": ("name: \x01\n", 1, "not YAML"),
    "a null byte": ("name: a\x00b\n", 1, "not YAML"),
    "a bell": ("na\x07me: a\n", 1, "not YAML"),
    "an escape": ("name: \x1b[31m\n", 1, "not YAML"),
    "half a pair": ("name: \ud800\n", 1, ""),
}
SHAPES = {
    "a list": ("- a\n", 1, "expected a mapping"),
    "a word": ("hello\n", 1, "expected a mapping"),
    "a number": ("7\n", 1, "expected a mapping"),
    "null": ("null\n", 1, "expected a mapping"),
    "a boolean": ("true\n", 1, "expected a mapping"),
    "rules as a mapping": ("rules: {a: 1}\n", 1, "expected a list"),
    "rules as a word": ("rules: all\n", 1, "expected a list"),
    "rules as a number": ("rules: 7\n", 1, "expected a list"),
    "rules as nothing": ("rules:\n", 1, "expected a list"),
    "a rule as a word": ("rules:\n  - block\n", 2, "expected a mapping"),
    "a rule as a list": ("rules:\n  - [a, b]\n", 2, "expected a mapping"),
    "a rule as nothing": ("rules:\n  -\n", 2, "expected a mapping"),
    "a rule as a number": ("rules: [1]\n", 1, "expected a mapping"),
    "on as a word": (rule(on="payments.refund"), 6, "expected a mapping"),
    "on as a list": (rule(on="[a]"), 6, "expected a mapping"),
    "when as a number": (rule(when="7"), 6, "expected text"),
    "when as a boolean": (rule(when="true"), 6, "expected text"),
    "when as a list": (rule(when="[a]"), 6, "expected text"),
    "when as a mapping": (rule(when="{a: 1}"), 6, "expected text"),
    "then as a list": (rule(then="[block]"), 4, "is not one of"),
    "then as a boolean": (rule(then="yes"), 4, "is not one of"),
    "reason as a number": (rule(reason="7"), 5, "expected text"),
    "reason as a list": (rule(reason="[a]"), 5, "expected text"),
    "tell as a mapping": (rule(tell="{a: 1}"), 6, "expected text"),
    "id as a number": (rule(id="7"), 3, "expected text"),
    "id as a list": (rule(id="[a]"), 3, "expected text"),
    "levels as a list": ("levels: [low]\n", 1, "expected a mapping"),
    "levels as a word": ("levels: low\n", 1, "expected a mapping"),
    "a level as a list": ("levels: {low: [allow]}\n", 1, "is not one of"),
    "weights as a list": ("weights: [1]\n", 1, "expected a mapping"),
    "a date for a name": ("name: [2026-01-01]\n", 1, "expected text"),
    "a version as text": ("lockgate: '1'\n", 1, "expected a whole number"),
    "a version as a fraction": ("lockgate: 1.5\n", 1, ""),
    "seconds as text": ("approval_seconds: soon\n", 1, "expected a whole number"),
    "seconds as a fraction": ("approval_seconds: 1.5\n", 1, ""),
}
WORDS = {
    "an unknown key": ("ruls: []\n", 1, "unknown key `ruls`"),
    "an unknown key of a rule": (rule(wehn="'true'"), 6, "unknown key `wehn`"),
    "an unknown key of on": (rule(on="{acton: a}"), 6, "unknown key `acton`"),
    "a key in capitals": ("Rules: []\n", 1, "unknown key `Rules`"),
    "a key in look-alikes": ("rul\u0435s: []\n", 1, "unknown key"),
    "an empty key": ("'': 1\n", 1, "unknown key"),
    "a list for a key": ("[a]: 1\n", 1, "keys must be words"),
    "a mapping for a key": ("{a: 1}: 1\n", 1, "keys must be words"),
    "a key twice": ("name: a\nname: b\n", 2, "`name` is given twice"),
    "a key of a rule twice": (rule() + "    reason: again\n", 6, "`reason` is given twice"),
    "an id twice": (
        "rules:\n  - {id: a, then: block, reason: a}\n  - {id: a, then: allow, reason: b}\n",
        3,
        "the rule id `a` is used twice",
    ),
    "no id": (rule(id=...), 3, "`id` is missing"),
    "no then": (rule(then=...), 3, "`then` is missing"),
    "no reason": (rule(reason=...), 3, "`reason` is missing"),
    "an empty id": (rule(id="''"), 3, "this is not a name"),
    "an id with a space": (rule(id="a b"), 3, "this is not a name"),
    "an id in capitals": (rule(id="A"), 3, "this is not a name"),
    "an id that is too long": (rule(id="a" * 101), 3, "this is not a name"),
    "an id with an accent": (rule(id="é"), 3, "this is not a name"),
    "an id with a line": (rule(id='"a\\nb"'), 3, "this is not a name"),
    "an id that begins with a dash": (rule(id="-a"), 3, "this is not a name"),
    "an empty reason": (rule(reason="''"), 5, "the text is empty"),
    "a reason that is too long": (rule(reason="a" * 501), 5, "longer than 500"),
    "a tell that is too long": (rule(tell="a" * 501), 6, "longer than 500"),
    "an empty condition": (rule(when="''"), 6, "the text is empty"),
    "a name that is too long": (f"name: {'a' * 101}\n", 1, "longer than 100"),
    "an empty name": ("name: ''\n", 1, "the text is empty"),
    "an unknown answer": (rule(then="deny"), 4, "is not one of"),
    "an answer in capitals": (rule(then="BLOCK"), 4, "is not one of"),
    "an unknown action": (rule(on="{action: payments.refnd}"), 6, "there is no action"),
    "an unknown family": (rule(on="{action: paymnts.*}"), 6, "there is no action"),
    "an empty action": (rule(on="{action: ''}"), 6, "the text is empty"),
    "no actions": (rule(on="{action: []}"), 6, "the list is empty"),
    "an action as a number": (rule(on="{action: 7}"), 6, "expected a list"),
    "an action that is too long": (rule(on=f"{{action: {'a' * 201}}}"), 6, "longer than 200"),
    "no tools": (rule(on="{tool: []}"), 6, "the list is empty"),
    "a tool as a mapping": (rule(on="{tool: {a: 1}}"), 6, "expected a list"),
    "a tool as nothing": (rule(on="{tool: }"), 6, "expected a list"),
    "an unknown effect": (rule(on="{effect: destroy}"), 6, "is not one of"),
    "an unknown level": (rule(on="{level: severe}"), 6, "is not one of"),
    "an unknown hazard": (rule(on="{hazard: fire}"), 6, "there is no hazard"),
    "an unknown level to handle": ("levels: {severe: block}\n", 1, "is not one of"),
    "an unknown handling": ("levels: {high: deny}\n", 1, "is not one of"),
    "another version": ("lockgate: 2\n", 1, "more than 1"),
    "version nought": ("lockgate: 0\n", 1, "less than 1"),
    "a negative version": ("lockgate: -1\n", 1, "less than 1"),
    "no seconds": ("approval_seconds: 0\n", 1, "less than 1"),
    "negative seconds": ("approval_seconds: -5\n", 1, "less than 1"),
    "too many seconds": ("approval_seconds: 99999999999\n", 1, "more than"),
    "an unknown obligation": (rule(obligations="[dance]", then="allow"), 6, "obligation"),
    "obligations of a block": (rule(obligations="[log_in_full]"), 6, "blocks and has obligations"),
    "approvers of a block": (rule(approvers="[kim]"), 6, "names approvers and asks nobody"),
    "no approvers": (rule(approvers="[]", then="require_approval"), 6, "the list is empty"),
    "a block that expires": (rule(expires="2027-01-01"), 6, "expires"),
    "an expiry that is no time": (rule(expires="soon", then="allow"), 6, "is not a time"),
    "an expiry without a zone": (
        rule(expires="'2027-01-01T10:00:00'", then="allow"),
        6,
        "does not say in which time zone",
    ),
    "a day that does not exist": (rule(expires="2027-02-30", then="allow"), 6, "is not a time"),
    "an unknown mode": (rule(mode="maybe"), 6, "is not one of"),
    "a canary of nobody": (rule(mode="{canary: 0}"), 6, "above 0"),
    "a canary of all": (rule(mode="{canary: 100}"), 6, "below 100"),
    "a canary of more than all": (rule(mode="{canary: 1000}"), 6, "below 100"),
    "a canary as text": (rule(mode="{canary: ten}"), 6, "canary"),
    "the first ten": (rule(mode="{first: 10}"), 6, "first calls"),
    "two modes": (rule(mode="{canary: 10, first: 3}"), 6, ""),
    "an unknown layer": ("layer: planet\n", 1, "is not one of"),
    "a layer for nobody": ("layer: agent\n", 1, "needs `for`"),
    "somebody without a layer": ("for: support\n", 1, "is for every call"),
    "an empty for": ("layer: agent\nfor: []\n", 2, "the list is empty"),
    "a lower layer that grants": (
        "layer: agent\nfor: support\nrules:\n  - {id: a, then: allow, reason: b}\n",
        4,
        "grants nothing",
    ),
    "a lower layer that loosens": (
        "layer: agent\nfor: support\nlevels: {critical: allow}\n",
        3,
        "can't loosen",
    ),
    "a lower layer with seconds": (
        "layer: agent\nfor: support\napproval_seconds: 5\n",
        3,
        "belongs to the organisation's layer",
    ),
    "a lower layer with weights": (
        "layer: agent\nfor: support\nweights: {reach: 5}\n",
        3,
        "belongs to the organisation's layer",
    ),
    "levels as a canary": ("mode: {canary: 5}\nlevels: {low: block}\n", 2, "share of the calls"),
    "negative points": ("weights: {reach: -1}\n", 1, "less than 0"),
    "too many points": ("weights: {reach: 101}\n", 1, "more than 100"),
    "points as text": ("weights: {reach: many}\n", 1, "expected a whole number"),
    "unknown points": ("weights: {rech: 1}\n", 1, "unknown key `rech`"),
    "levels in the wrong order": ("weights: {medium: 90}\n", 1, "wrong order"),
    "points for an unknown hazard": ("weights: {hazards: {fire: 1}}\n", 1, "no hazard"),
}
YAML_FEATURES = {
    "an anchor": ("name: &a x\nrules: []\nlevels: *a\n", 1, "aliases are not supported"),
    "an alias of itself": ("rules: &a [*a]\n", 1, "aliases are not supported"),
    "a cycle of mappings": ("levels: &a {low: *a}\n", 1, "aliases are not supported"),
    "a merge": ("x: &a {id: b}\nrules:\n  - <<: *a\n", 1, "aliases are not supported"),
    "laughs": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nrules: [*c, *c]\n",
        1,
        "aliases are not supported",
    ),
    "a tag of a language": ("name: !!python/object/apply:os.system [id]\n", 1, "the tag"),
    "a tag of one's own": ("name: !mine a\n", 1, "the tag"),
    "a binary": ("name: !!binary aGk=\n", 1, "the tag"),
    "a set": ("rules: !!set {a}\n", 1, ""),
    "a time": ("name: !!timestamp 2026-01-01\n", 1, "the tag"),
    "a number that says it is one": ("name: !!int x\n", 1, ""),
    "an unknown alias": ("name: *nobody\n", 1, "not YAML"),
}


def condition(text: str) -> str:
    return rule(when=f'"{text}"')


CONDITIONS = {
    "no end": (condition("args.amount >"), 6, ""),
    "no beginning": (condition("> 5"), 6, ""),
    "an open parenthesis": (condition("(args.amount > 5"), 6, ""),
    "an unknown name": (condition("amout > 5"), 6, "amout"),
    "an unknown function": (condition("size2(args) > 5"), 6, ""),
    "text and number": (condition("score > 'x'"), 6, ""),
    "a number for an answer": (condition("score"), 6, "true or false"),
    "text for an answer": (condition("tool"), 6, "true or false"),
    "a list for an answer": (condition("[1]"), 6, "true or false"),
    "an assignment": (condition("score = 5"), 6, ""),
    "the words of another language": (condition("score > 5 and true"), 6, ""),
    "an unknown macro": (condition("said.every(s, true)"), 6, ""),
    "a macro without a name": (condition("said.exists(true)"), 6, ""),
    "a key of a number": (condition("score.value > 5"), 6, ""),
    "two conditions": (condition("true; false"), 6, ""),
    "a comment alone": (condition("// nothing"), 6, ""),
    "a lambda": (condition("lambda x: x"), 6, ""),
    "a dunder": (condition("args.__class__ == tool && tool.__len__()"), 6, ""),
    "too deep": (condition("(" * 60 + "true" + ")" * 60), 6, ""),
    "a number that is too large": (condition("score > 99999999999999999999"), 6, ""),
    "plus on texts and numbers": (condition("tool + 1 == 'a'"), 6, ""),
    "not of a number": (condition("!score"), 6, ""),
    "and of numbers": (condition("score && true"), 6, ""),
    "a ternary without an else": (condition("true ? false"), 6, ""),
    "too long": (condition("true || " * 2000 + "true"), 6, "longer than 10000"),
}


def large() -> dict[str, tuple[str, int, str]]:
    """Return what is too large, or too deep, to be written down."""
    return {
        "ten megabytes of text": ("name: " + "a" * 10_000_000 + "\n", 1, "longer than"),
        "ten megabytes of rules": (
            "rules:\n" + "  - {id: a, then: block, reason: b}\n" * 300_000,
            1,
            "longer than",
        ),
        "ten megabytes of nothing": (" " * 10_000_000, 1, "longer than"),
        "a thousand brackets": ("rules: " + "[" * 1000 + "]" * 1000 + "\n", 1, "deep"),
        "a thousand braces": ("rules: " + "{a: " * 1000 + "}" * 1000 + "\n", 1, "deep"),
        "a thousand dashes": ("- " * 1000 + "a\n", 1, "deep"),
        "a number of a thousand digits": ("approval_seconds: " + "9" * 1000 + "\n", 1, "digits"),
        "a number of ten thousand digits": (
            "approval_seconds: " + "9" * 10_000 + "\n",
            1,
            "digits",
        ),
    }


GROUPS = (SYNTAX, SHAPES, WORDS, YAML_FEATURES, CONDITIONS)
CORPUS = {name: Wrong(*told) for group in GROUPS for name, told in group.items()}
LARGE = {name: Wrong(*told) for name, told in large().items()}
