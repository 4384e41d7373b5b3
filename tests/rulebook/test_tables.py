"""Decision tables: at most one row fits, and what fits none has no answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate import RulebookError
from rulebook.books import book, judged

LIMITS = {
    "of": ["args.tier", "args.years"],
    "rows": [
        ["gold", {"at_least": 5}, 2000],
        ["gold", {"below": 5}, 1000],
        [["silver", "bronze"], {"over": 1, "at_most": 3}, 300],
        [["silver", "bronze"], {"over": 3}, 500],
        ["none", "*", 0],
    ],
}


def value_of(table, arguments, otherwise=-1):
    """Return which value the table has for a call, or nothing where it has no answer."""
    values = {row[-1] for row in table["rows"]} | {otherwise}
    rules = [
        {"id": f"is{nth}", "when": f"tables.t == {literal(value)}", "then": "block", "reason": "x"}
        for nth, value in enumerate(sorted(values, key=str))
    ]
    made = judged(book({"tables": {"t": table}, "rules": rules}), "get_order", arguments)
    if made.erring:
        return None
    found = [item.rule for item in made.findings if item.rule.startswith("is")]
    assert len(found) <= 1
    return sorted(values, key=str)[int(found[0][2:])] if found else None


def literal(value):
    return f"'{value}'" if isinstance(value, str) else str(value)


@pytest.mark.parametrize(
    ("tier", "years", "value"),
    [
        ("gold", 5, 2000),
        ("gold", 4.99, 1000),
        ("silver", 1, None),
        ("silver", 1.01, 300),
        ("bronze", 3, 300),
        ("bronze", 4, 500),
        ("none", 0, 0),
        ("none", "many", 0),
        ("gold", "many", None),
        ("tin", 3, None),
        (None, 3, None),
    ],
)
def test_a_table_has_the_value_of_the_row_that_fits(tier, years, value):
    assert value_of(LIMITS, {"tier": tier, "years": years}) == value


def test_what_fits_no_row_has_no_answer_unless_the_table_says_otherwise():
    arguments = {"tier": "tin", "years": 3}
    rules = [{"id": "r", "when": "args.years > tables.t", "then": "allow", "reason": "x"}]
    made = judged(book({"tables": {"t": LIMITS}, "rules": rules}), "get_order", arguments)
    assert "no row of the table t fits" in made.reason
    assert value_of({**LIMITS, "otherwise": 7}, arguments, 7) == 7
    assert value_of({**LIMITS, "otherwise": 7}, {"tier": "gold"}, 7) is None
    assert value_of({**LIMITS, "otherwise": 7}, {"years": 3}, 7) is None


@pytest.mark.parametrize("otherwise", [{}, {"otherwise": "rest"}])
def test_a_table_of_texts(otherwise):
    table = {
        "of": "args.x",
        "rows": [["a", "first"], [["b", "c"], "second"], ["a", "first"]],
        **otherwise,
    }
    last = otherwise.get("otherwise")
    told = {"a": "first", "b": "second", "c": "second", "d": last, 5: last}
    assert {x: value_of(table, {"x": x}, "rest") for x in told} == told


def test_names_and_macros_can_stand_in_a_column():
    table = {"of": "reach_over(constants.many)", "rows": [[True, "many"], [False, "few"]]}
    rules = [{"id": "r", "when": "tables.size == 'many'", "then": "block", "reason": "x"}]
    made = book({"constants": {"many": 1}, "tables": {"size": table}, "rules": rules})
    assert judged(made, "send_mail", {"to": ["a@b.org", "c@d.org"]}).rule == "r"
    assert judged(made, "send_mail", {"to": ["a@b.org"]}).rule != "r"


def test_whole_numbers_and_fractions_go_together():
    table = {"of": "args.x", "rows": [["a", 1], ["b", 2.5]]}
    rules = [{"id": "r", "when": "args.y > tables.t", "then": "block", "reason": "x"}]
    made = book({"tables": {"t": table}, "rules": rules})
    assert judged(made, "get_order", {"x": "a", "y": 2}).rule == "r"
    assert judged(made, "get_order", {"x": "b", "y": 2}).rule != "r"


def test_two_hundred_rows_in_two_columns_are_not_nested_too_deeply():
    table = {
        "of": ["args.a", "args.n"],
        "rows": [[f"k{nth}", {"at_least": nth}, nth] for nth in range(200)],
        "otherwise": -7,
    }
    rules = [{"id": "r", "when": "tables.t == args.n", "then": "block", "reason": "x"}]
    made = book({"tables": {"t": table}, "rules": rules})
    for nth in (0, 99, 199):
        assert judged(made, "get_order", {"a": f"k{nth}", "n": nth}).rule == "r"
        assert judged(made, "get_order", {"a": f"k{nth}", "n": nth - 1}).rule != "r"


# ── At most one row fits ─────────────────────────────────────────────────────────────────────

NUMBER = st.integers(-3, 3)
SPANS = st.fixed_dictionaries(
    {}, optional={"over": NUMBER, "at_least": NUMBER, "below": NUMBER, "at_most": NUMBER}
).filter(lambda cell: cell and any(fits(cell, nth / 2) for nth in range(-8, 9)))
CELLS = st.one_of(
    st.just("*"),
    NUMBER,
    st.sampled_from(["a", "b"]),
    SPANS,
    st.lists(NUMBER, min_size=1, max_size=3),
)


def fits(cell, value):
    match cell:
        case "*":
            return True
        case list():
            return value in cell
        case dict() if isinstance(value, str):
            return False
        case dict():
            return (
                value > cell.get("over", -9)
                and value >= cell.get("at_least", -9)
                and value < cell.get("below", 9)
                and value <= cell.get("at_most", 9)
            )
        case _:
            return value == cell


@given(CELLS, CELLS)
@settings(max_examples=400, deadline=None)
def test_two_rows_that_can_both_fit_are_refused_and_no_others(one, two):
    points = [*(nth / 2 for nth in range(-8, 9)), "a", "b"]
    both = [value for value in points if fits(one, value) and fits(two, value)]
    said = ""
    try:
        book({"tables": {"t": {"of": "args.x", "rows": [[one, 1], [two, 2]]}}})
    except RulebookError as refused:
        said = refused.message
    wanted = "this row and row 1 can both fit, and say different things" if both else ""
    assert said == wanted, (one, two)


def test_two_rows_that_say_the_same_may_both_fit():
    book({"tables": {"t": {"of": "args.x", "rows": [["*", 1], ["a", 1]]}}})


# ── What is no table ─────────────────────────────────────────────────────────────────────────

BAD = {
    "too few cells": (
        "    rows: [[a, b, 1], [a, 1]]",
        (4, 23),
        "the row has 2 cells, and the table 2 columns and a value",
    ),
    "no value": ("    rows: [[a, b, [1]]]", (4, 12), "the value of a row is one value"),
    "values of two kinds": (
        "    rows: [[a, b, 1], [b, b, x]]",
        (4, 11),
        "the values are of different kinds: numbers and text",
    ),
    "otherwise of another kind": (
        "    rows: [[a, b, 1]]\n    otherwise: x",
        (4, 11),
        "the values are of different kinds: numbers and text",
    ),
    "rows that meet": (
        "    rows: [[a, '*', 1], ['*', b, 2]]",
        (4, 25),
        "this row and row 1 can both fit, and say different things",
    ),
    "a bound that is none": (
        "    rows: [[a, {more: 5}, 1]]",
        (4, 16),
        "a cell can't say this about a number",
    ),
    "bounds that exclude each other": (
        "    rows: [[a, {over: 5, at_most: 5}, 1]]",
        (4, 16),
        "no number lies between these bounds",
    ),
    "a bound that is text": (
        "    rows: [[a, {over: x}, 1]]",
        (4, 16),
        "`x` can't stand in this cell",
    ),
    "nothing in a cell": (
        "    rows: [[a, null, 1]]",
        (4, 16),
        "expected text, a number, `true` or `false`",
    ),
    "no rows": ("    rows: []", (4, 11), "the list is empty"),
    "rows missing": ("    otherwise: 1", (3, 5), "`rows` is missing"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_table_is_refused_where_it_stands(name):
    lines, place, message = BAD[name]
    with pytest.raises(RulebookError) as refused:
        book(f"tables:\n  t:\n    of: [args.x, args.y]\n{lines}\n")
    error = refused.value
    assert error.message == message
    assert (error.line, error.column) == place
    assert error.hint


@pytest.mark.parametrize(
    ("of", "rows", "message"),
    [
        ("args.x +", "[a, 1]", "Syntax error"),
        ("lists.none", "[a, 1]", "there is no `lists.none`"),
        ("score", "[a, 1]", "the cells do not fit the columns"),
    ],
)
def test_a_column_that_means_nothing_is_refused_where_it_stands(of, rows, message):
    with pytest.raises(RulebookError) as refused:
        book(f"tables:\n  t:\n    of: {of}\n    rows: [{rows}]\n")
    error = refused.value
    assert message in error.message
    assert error.line in {3, 4}
    assert error.hint
