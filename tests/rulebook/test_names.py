"""Lists, constants, tables, windows and macros: what they stand for, and where faults are told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate import RulebookError
from lockgate.call import MAX_INTEGER
from lockgate.rulebook.document import Document
from lockgate.rulebook.literals import literal, literals
from lockgate.rulebook.names import SECTIONS
from rulebook.books import book, judged


def rule(when, **more):
    return {"id": "r", "then": "block", "reason": "a test", "when": when, **more}


def hit(when, names=None, **call):
    return judged(book({**(names or {}), "rules": [rule(when)]}), **call).rule == "r"


def refused(*documents):
    with pytest.raises(RulebookError) as caught:
        book(*documents)
    assert caught.value.hint
    return caught.value


# ── What a name stands for ───────────────────────────────────────────────────────────────────

NAMES = {
    "lists": {"payees": ["ACME", 'O"Brien\\'], "limits": [1, 2.5], "flags": [True]},
    "constants": {"most": 500, "rate": 0.5, "place": "Köln €\n'x'", "on": True, "less": -3},
    "macros": {"big": "args.amount > constants.most", "both": "macros.big && constants.on"},
}


@pytest.mark.parametrize(
    ("when", "arguments", "holds"),
    [
        ("args.to in lists.payees", {"to": 'O"Brien\\'}, True),
        ("args.to in lists.payees", {"to": "acme"}, False),
        ("args.n in lists.limits", {"n": 1}, True),
        ("args.f in lists.flags", {"f": True}, True),
        ("size(lists.payees) == 2", {}, True),
        ("lists.payees.exists(p, p == args.to)", {"to": "ACME"}, True),
        ("args.amount > constants.most", {"amount": 501}, True),
        ("args.amount * constants.rate > 10.0", {"amount": 30.5}, True),
        ("args.place == constants.place", {"place": "Köln €\n'x'"}, True),
        ("args.n-constants.less == 4", {"n": 1}, True),
        ("macros.both", {"amount": 501}, True),
        ("!macros.both", {"amount": 501}, False),
        ("macros.big==macros.big", {"amount": 1}, True),
    ],
)
def test_a_name_stands_for_what_was_written(when, arguments, holds):
    assert hit(when, NAMES, arguments=arguments) is holds


def test_a_name_in_text_in_a_remark_or_behind_a_dot_is_left_alone():
    arguments = {"lists": {"payees": 7}, "text": "constants.most"}
    assert hit("args.lists.payees == 7", arguments=arguments)
    assert hit("args . lists . payees == 7", arguments=arguments)
    assert hit("args.?lists.payees.orValue(0) == 7", arguments=arguments)
    assert hit("args.text == 'constants.most'", arguments=arguments)
    assert hit('args.text == """constants.most"""', arguments=arguments)
    assert hit("true // lists.nothing\n", arguments=arguments)
    assert hit(
        r"args.text == r'constants\.most' || args.text.matches(r'constants\.most')",
        arguments=arguments,
    )


def test_a_branch_is_no_optional_field():
    assert hit("args.x ? constants.on : false", NAMES, arguments={"x": True})


PLAIN = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=30)
VALUES = st.one_of(
    PLAIN, st.booleans(), st.integers(-MAX_INTEGER, MAX_INTEGER), st.floats(-1e300, 1e300)
)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_every_value_is_written_so_that_it_is_read_back(value):
    assert hit("constants.it == args.it", {"constants": {"it": value}}, arguments={"it": value})


def test_whole_numbers_become_fractions_beside_one():
    assert literals([1, 2.5, -3]) == "[1.0, 2.5, (-3.0)]"
    assert literals([1, 2]) == "[1, 2]"
    assert literal("\x01\u2028'\"") == '"\\u0001\u2028\'\\""'


def test_names_are_part_of_the_revision():
    one = book({"constants": {"most": 5}, "rules": [rule("args.x > constants.most")]})
    two = book({"constants": {"most": 6}, "rules": [rule("args.x > constants.most")]})
    assert one.revision != two.revision


def test_a_list_can_name_approvers():
    made = book(
        {
            "lists": {"finance": ["ann", "bo"]},
            "rules": [
                {
                    "id": "r",
                    "then": "require_approval",
                    "reason": "x",
                    "approvers": ["lists.finance", "cy", "ann"],
                }
            ],
        }
    )
    assert judged(made).approvers == (("ann", "bo", "cy"),)


# ── Names and layers ─────────────────────────────────────────────────────────────────────────


def test_a_document_may_use_the_names_of_the_layers_above():
    above = {"lists": {"own": ["x"]}}
    below = {"layer": "agent", "for": "*", "rules": [rule("args.x in lists.own")]}
    assert judged(book(above, below), arguments={"x": "x"}).rule == "r"
    assert judged(book(below, above), arguments={"x": "x"}).rule == "r"


@pytest.mark.parametrize(
    "use", [{"rules": [rule("args.x in lists.own")]}, {"macros": {"m": "args.x in lists.own"}}]
)
def test_a_name_of_a_lower_layer_is_refused_above_it(use):
    below = {"layer": "agent", "for": "*", "lists": {"own": ["x"]}}
    error = refused(use, below)
    assert "`lists.own` is said in the lower layer `agent`" in error.message
    assert error.hint == "move it to a document of the layer `organisation`"
    assert error.file == "0.yaml"


def test_a_name_is_said_once_in_the_whole_rulebook():
    error = refused(
        {"lists": {"own": ["x"]}}, {"layer": "agent", "for": "a", "lists": {"own": ["y"]}}
    )
    assert error.message == "`lists.own` is said twice, first in `0.yaml`, line 1"
    book({"lists": {"own": ["x"]}, "constants": {"own": 1}})


# ── What is wrong is told where it was written ───────────────────────────────────────────────

FAULTS = {
    "an unknown name": (
        "lists: {payees: [a]}\nrules:\n  - id: r\n    when: args.x in lists.payes\n    then: block\n    reason: x\n",
        (4, 21),
        "rule `r`: there is no `lists.payes`",
        "did you mean `lists.payees`?",
    ),
    "a section alone": (
        "rules:\n  - id: r\n    when: size(lists) > 0\n    then: block\n    reason: x\n",
        (3, 16),
        "rule `r`: `lists` is not a value by itself",
        "write `lists.NAME`",
    ),
    "a circle": (
        "macros:\n  a: macros.b || true\n  b: true && macros.a\n",
        (3, 14),
        "`macros.a` stands for itself: macros.a → macros.b → macros.a",
        "break the circle",
    ),
    "a macro of itself": (
        "macros:\n  a: '!macros.a'\n",
        (2, 8),
        "`macros.a` stands for itself: macros.a → macros.a",
        "break the circle",
    ),
    "a fault behind a name": (
        "constants: {most: 500}\nrules:\n  - id: r\n    when: |\n      constants.most > 5 &&\n        scoer > 1\n    then: block\n    reason: x\n",
        (6, 9),
        "rule `r`: undeclared reference to 'scoer'",
        "did you mean `score`?",
    ),
    "a fault behind a macro": (
        "rules:\n  - id: r\n    when: >-\n      amount_over(500)\n      && tol == 'x'\n    then: block\n    reason: x\n",
        (5, 10),
        "rule `r`: undeclared reference to 'tol'",
        "did you mean `tool`?",
    ),
    "a fault within a macro's value": (
        "rules:\n  - id: r\n    when: 'amount_over(200 + scroe)'\n    then: block\n    reason: x\n",
        (3, 30),
        "rule `r`: undeclared reference to 'scroe'",
        "did you mean `score`?",
    ),
    "a macro of the wrong type": (
        "macros:\n  m: 1 + 'x'\n",
        (2, 8),
        "found no matching overload for '_+_' applied to '(int, string)'",
        "what is compared must be of one kind: text has quotes, numbers do not",
    ),
    "a name of the wrong type": (
        "constants: {most: '500'}\nrules:\n  - id: r\n    when: score > constants.most\n    then: block\n    reason: x\n",
        (4, 17),
        "rule `r`: found no matching overload for '_>_' applied to '(int, string)'",
        "what is compared must be of one kind: text has quotes, numbers do not",
    ),
    "approvers nobody listed": (
        "rules:\n  - id: r\n    then: require_approval\n    reason: x\n    approvers: [ann, lists.them]\n",
        (5, 22),
        "there is no `lists.them`",
        "say it below `lists:`",
    ),
    "approvers that are numbers": (
        "lists: {them: [1]}\nrules:\n  - id: r\n    then: require_approval\n    reason: x\n    approvers: lists.them\n",
        (6, 16),
        "`lists.them` does not list names",
        "write the names between quotes",
    ),
    "a bad name": (
        "lists:\n  Payees: [a]\n",
        (2, 3),
        "this is not a name",
        "use up to 100 lower-case letters, digits, `.`, `_` and `-`, a letter or digit first",
    ),
    "a mixed list": (
        "lists:\n  a: [1, x]\n",
        (2, 6),
        "the list has values of different kinds",
        "make all text, or all numbers",
    ),
    "a huge number": (
        "constants:\n  a: 9007199254740993\n",
        (2, 6),
        "the number is beyond 2^53",
        "write it as text, between quotes",
    ),
    "no number": (
        "constants:\n  a: null\n",
        (2, 6),
        "expected text, a number, `true` or `false`",
        "write one value",
    ),
    "a macro that grows": (
        "macros:\n"
        "  m0: args.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx == 1\n"
        + "".join(f"  m{n}: macros.m{n - 1} || macros.m{n - 1}\n" for n in range(1, 20)),
        (12, 21),
        "what this stands for is longer than 50000 characters",
        "say less, or split it into several rules",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_told_where_it_was_written(name):
    text, place, message, hint = FAULTS[name]
    error = refused(text)
    assert (error.line, error.column) == place, str(error)
    assert (error.message, error.hint) == (message, hint)


def test_every_section_of_names_is_a_key_of_a_document():
    assert set(SECTIONS) < set(Document.model_fields)
    assert json.loads(json.dumps(SECTIONS)) == ["lists", "constants", "tables", "windows", "macros"]
