"""What can't be right about a tool's arguments is told when it is read, with place and hint."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conditions.expressions import NAMES, SENSIBLE, Writer
from lockgate import Gate, Rulebook, RulebookError
from lockgate.classify import Signature, classify
from lockgate.demo.conversations import packaged
from lockgate.evaluate import ConditionError
from lockgate.rulebook import CelCondition, ConditionSyntaxError
from lockgate.rulebook.compile import Exhausted, Undecided, evaluator
from lockgate.rulebook.compile.shapes import ANYTHING, of_schema

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LOCKGATE_SHARED_DATA") or ROOT.parent / "shared" / "data")
SPECS = DATA / "tau_tool_specs.json"

TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
CUSTOMER = {
    "type": "object",
    "properties": {"email": TEXT, "boss": {"$ref": "#/$defs/Customer"}},
}
REFUND = {
    "type": "object",
    "properties": {
        "amount": NUMBER,
        "count": WHOLE,
        "note": {"anyOf": [TEXT, {"type": "null"}]},
        "price": TEXT,
        "currency": {"enum": ["EUR", "USD"]},
        "flag": {"type": "boolean"},
        "items": {
            "type": "array",
            "items": {"type": "object", "properties": {"sku": TEXT, "qty": WHOLE}},
        },
        "customer": {"$ref": "#/$defs/Customer"},
        "free": {},
        "open": {"type": "object", "properties": {"a": TEXT}, "additionalProperties": True},
    },
    "required": ["amount"],
    "$defs": {"Customer": CUSTOMER},
}

WRONG = {
    "args.amount > '5'": (
        "1:13: `args.amount` (a number) can't be compared with text by `>`"
        " (write the number without quotes)"
    ),
    "args.amout > 5": "1:6: there is no `args.amout` (did you mean `amount`?)",
    "has(args.amout)": "1:5: there is no `args.amout` (did you mean `amount`?)",
    "args.?amout.orValue(0) > 5": "1:6: there is no `args.amout` (did you mean `amount`?)",
    "args['amout'] > 5": "1:6: there is no `args.amout` (did you mean `amount`?)",
    "args.amount > 500 &&\n  args.amout > 5": (
        "2:8: there is no `args.amout` (did you mean `amount`?)"
    ),
    "args.customer.boss.boss.emial == ''": (
        "1:25: there is no `args.customer.boss.boss.emial` (did you mean `email`?)"
    ),
    "args.customer.phone == ''": (
        "1:15: there is no `args.customer.phone` (there is `email`, `boss`)"
    ),
    "args.?customer.emial.orValue('') == ''": (
        "1:16: there is no `args.customer.emial` (did you mean `email`?)"
    ),
    "args.items.exists(i, i.qyt > 5)": "1:24: there is no `i.qyt` (did you mean `qty`?)",
    "args.items[0].zku == ''": "1:15: there is no `zku` (did you mean `sku`?)",
    "args.items.map(i, i.sku).exists(s, s == 5)": (
        "1:38: `s` (text) is never the same as a whole number (write `double(s)`)"
    ),
    "args.amount == '5'": (
        "1:13: `args.amount` (a number) is never the same as text (write the number without quotes)"
    ),
    "args.amount in ['1']": (
        "1:13: `args.amount` (a number) is never the same as text (write the number without quotes)"
    ),
    "args.price > 5": (
        "1:12: `args.price` (text) can't be compared with a whole number by `>`"
        " (write `double(args.price)`)"
    ),
    "args.note > 5": (
        "1:11: `args.note` (nothing or text) can't be compared with a whole number by `>`"
    ),
    "args.currency == 'EURO'": "1:15: `args.currency` (text) is never `EURO` (did you mean `EUR`?)",
    "args.currency in ['EUR', 'GBP']": (
        "1:15: `args.currency` (text) is never `GBP` (it can be `EUR`, `USD`)"
    ),
    "args.amount * 1.5 > 3.0": (
        "1:13: `*` does not mix whole numbers and fractions, and `args.amount` can be either"
        " (10.0 arrives as 10) (write `double(args.amount)`, and `2.0` for `2`)"
    ),
    "args.count * 1.5 > 3.0": (
        "1:12: `*` does not mix whole numbers and fractions"
        " (write `double(args.count)`, and `2.0` for `2`)"
    ),
    "args.count.contains('x')": (
        "1:20: `contains` does not apply to `args.count` (a whole number) and text"
    ),
    "size(args.count) > 5": "1:5: `size` does not apply to `args.count` (a whole number)",
    "args.count.x == 1": "1:12: `args.count` is a whole number: it has no field `x`",
    "args.count.exists(i, i > 5)": (
        "1:18: `args.count` (a whole number) has no elements to go through"
    ),
    "'x' in args.count": (
        "1:5: `args.count` (a whole number) is no list or map that something could be in"
    ),
    "args.flag && args.count": "1:18: this is a whole number, not true or false",
    "args.amount ? true : false": "1:5: this is a number, not true or false",
    "!args.count": "1:6: this is a whole number, not true or false",
}
RIGHT = [
    "args.amount > 5",
    "args.amount > 5.5 && args.count > 5 && args.count < 5.5",
    "args.amount == 5 || args.amount == args.count",
    "args.count * 2 > 3 && args.count + args.count > 3",
    "double(args.amount) * 1.5 > 3.0",
    "double(args.price) > 5.0 && args.price == '5.00'",
    "args.note == null || args.note.contains('x')",
    "args.amount == null || args.count != null",
    "args.flag && !args.flag",
    "args.flag == true ? args.count > 1 : has(args.note)",
    "args.currency in ['EUR', 'USD'] || args.currency != args.note",
    "args.items.exists(i, i.qty > 5 && i.sku.startsWith('x'))",
    "args.items[0].qty > 5 && size(args.items) > 1 && args.items[?1].hasValue()",
    "args.items.filter(i, i.qty > 1).map(i, i.sku).size() > 0",
    "args.customer.boss.boss.email.matches('@x[.]org$')",
    "args.?customer.?email.orValue('').endsWith('x')",
    "args.free.x.y > 5 || args.free == 'x' || args.open.whatever == 1",
    "timestamp(args.note) > now && timestamp(args.price) - now < duration('1h')",
    "'sku' in args.items[0] && 'a' in args.open",
    "type(args.amount) == int || type(args.amount) == double",
    "seen.look.exists(o, o.anything.at.all == args.amount) && did.x[0].y > 5",
    "amount > 5 && calls.exists(c, c.args.amount > args.amount)",
    "args.exists(name, name == 'amount')",
    "[args.amount, args.price].exists(x, x == 5)",
    "string(args.amount) == '5' && int(args.price) > 5",
]


def told(text, schema=REFUND):
    return [
        f"{fault.line}:{fault.column}: {fault}" + (f" ({fault.hint})" if fault.hint else "")
        for fault in CelCondition(text).faults(schema)
    ]


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_told_with_its_place_and_what_to_write(text):
    assert told(text) == [WRONG[text]]


@pytest.mark.parametrize("text", RIGHT)
def test_what_may_be_right_is_left_alone(text):
    assert told(text) == []


def test_two_mistakes_are_two_faults_in_the_order_of_the_text():
    faults = CelCondition("args.amout > 5 || args.cuont > 5").faults(REFUND)
    assert [(fault.line, fault.column) for fault in faults] == [(1, 6), (1, 24)]


def test_a_pattern_that_is_none_is_refused_by_itself():
    with pytest.raises(ConditionSyntaxError, match=r"`\(` is not a pattern") as caught:
        CelCondition("tool == 'x' ||\n args.note.matches('(')")
    assert (caught.value.line, caught.value.column) == (2, 19)


UNKNOWING = [None, {}, True, [], "x", {"type": "object"}, {"properties": None}, {"type": "any"}]


@pytest.mark.parametrize("schema", [*UNKNOWING, {"properties": {}}], ids=str)
def test_a_schema_that_says_nothing_forbids_nothing(schema):
    assert told("args.amout > '5' && args.x.y.z", schema) == []


OPEN = [
    {"additionalProperties": True},
    {"additionalProperties": TEXT},
    {"patternProperties": {"^x": TEXT}},
    {"allOf": [{"type": "object"}, {"required": ["a"]}]},
    {"$ref": "#/nowhere"},
    {"$ref": "https://x.org/schema"},
    {"anyOf": [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]},
    {"type": "nonsense"},
]


@pytest.mark.parametrize("schema", OPEN, ids=str)
def test_an_open_schema_allows_other_fields(schema):
    assert told("args.anything > 5", {"properties": {"a": WHOLE}} | schema) == []


def test_a_schema_that_refers_to_itself_is_read_to_an_end():
    many = {"properties": {f"p{at}": {"$ref": "#"} for at in range(50)}}
    assert told("args.p1.p2.p3.p4.p5 == 1", many) == []
    endless = {"$ref": "#"}
    assert of_schema(endless) == ANYTHING
    assert of_schema({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}).fields is None


@pytest.mark.parametrize(
    ("schema", "kinds"),
    [
        (WHOLE, {int}),
        (NUMBER, {int, float}),
        ({"type": ["integer", "null"]}, {int, type(None)}),
        ({"type": "string", "nullable": True}, {str, type(None)}),
        ({"const": 5}, {int, float}),
        ({"enum": ["a", None]}, {str, type(None)}),
        ({"oneOf": [TEXT, WHOLE]}, {str, int}),
        ({"allOf": [TEXT]}, {str}),
        ({"type": "array"}, {list}),
        ({"properties": {"a": TEXT}}, {dict}),
    ],
    ids=str,
)
def test_a_schema_is_read_for_what_a_value_may_be(schema, kinds):
    assert of_schema(schema).kinds == kinds


# ── Where it is checked ──────────────────────────────────────────────────────────────────────


def registered(on, when):
    rules = f"rules:\n  - id: r\n    on: {on}\n    when: {when}\n    then: block\n    reason: x\n"
    with Gate.open(Rulebook.parse(rules, "shop.yaml"), store="memory://") as gate:
        gate.register(Signature(name="refund", parameters=REFUND))


def test_a_tool_is_refused_where_a_rule_about_just_it_cant_be_right():
    with pytest.raises(RulebookError) as caught:
        registered("{tool: refund}", "args.amount > 500 && args.amout > 5")
    assert str(caught.value) == (
        "shop.yaml:4:37: rule `r`: there is no `args.amout` (hint: did you mean `amount`?)"
    )
    registered("{tool: refund}", "args.amount > 500")


@pytest.mark.parametrize("on", ["{tool: [refund, charge]}", "{tool: 'ref*'}", "{effect: pay}"])
def test_a_rule_about_several_tools_may_ask_for_what_one_of_them_has_not(on):
    registered(on, "has(args.payee) && args.payee == 'x'")


# ── A fault is one for every call ────────────────────────────────────────────────────────────

FITTING = {
    "properties": {
        "amount": NUMBER,
        "to": TEXT,
        "items": {"type": "array", "items": NUMBER},
        "who": {
            "type": "object",
            "properties": {"to": TEXT, "amount": WHOLE, "items": {"type": "array", "items": TEXT}},
        },
        "deep": {},
    }
}
"""The schema of `SENSIBLE`."""


@st.composite
def comparisons(draw):
    """Draw one comparison or test of what a tool declares, without anything joined to it."""
    writer = Writer(draw)
    field = st.sampled_from(
        ["args.amount", "args.to", "args.items", "args.who", "args.who.amount", "args.gone", "tool"]
    )
    return writer.one(
        lambda: f"{draw(field)} {writer.pick('<', '>=', '==', '!=')} {writer.literal()}",
        lambda: f"{draw(field)} {writer.pick('<', '==')} {draw(field)}",
        lambda: f"{draw(field)} in {writer.pick('[1, 2]', writer.texts())}",
        lambda: f"{draw(field)}.{writer.pick('to', 'gone')} == {writer.literal()}",
        lambda: f"size({draw(field)}) > 2",
        lambda: f"{draw(field)}.exists(i, i == {writer.literal()})",
        lambda: f"{draw(field)}.matches('a')",
        lambda: f"has({draw(field)}.gone)",
    )


def answers(condition, calls):
    """Return every answer that a condition has for some calls; no answer is one too."""
    run, found = evaluator(condition.checked, NAMES), set()
    for args in calls:
        try:
            found.add(run({"args": args, "tool": "pay", "seen": {}, "score": 1, "said": []}))
        except (ConditionError, Exhausted, Undecided):
            found.add(None)
    return found


def test_what_has_a_fault_has_one_answer_at_most_whatever_the_call():
    seen = Counter()

    @settings(max_examples=400, suppress_health_check=list(HealthCheck))
    @given(comparisons(), st.lists(SENSIBLE, min_size=8, max_size=8))
    def one(text, calls):
        try:
            condition = CelCondition(text)
        except ConditionSyntaxError:
            return
        faulty = condition.faults(FITTING)
        found = answers(condition, calls) - {None}
        seen[bool(faulty)] += 1
        assert not faulty or len(found) < 2, (text, [str(fault) for fault in faulty])
        assert faulty or found, text

    one()
    assert min(seen[True], seen[False]) > 50


@pytest.mark.real
@pytest.mark.skipif(not SPECS.exists(), reason="the recorded tools are not here")
def test_the_written_rulebooks_have_no_fault_for_the_recorded_tools():
    told = json.loads(SPECS.read_text("utf-8"))
    found, checked = set(), 0
    for domain in ("retail", "airline"):
        book = packaged(domain)
        for spec in told[domain]["tools"]:
            tool = spec.get("function", spec)
            signature = Signature(name=tool["name"], parameters=tool["parameters"])
            policy = book.policy_for(signature, classify(signature))
            for rule in {rule for rules in policy.rules.values() for rule in rules.rules}:
                if rule.condition is not None:
                    checked += 1
                    faults = rule.condition.faults(tool["parameters"])
                    found |= {(tool["name"], str(fault)) for fault in faults}
    assert checked > 50
    # One rule is about several tools, and asks with `has` which of them has the field.
    assert found <= {("update_reservation_passengers", "there is no `args.payment_id`")}
