"""Macros: what each asks, on either side of its line, and that what is not known is the worse case."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockgate import RulebookError
from lockgate.evaluate import Facts, PastCall
from lockgate.rulebook import CelCondition
from lockgate.rulebook.macros import MACROS
from rulebook.books import NOW, book, judged

LISTS = {"lists": {"domains": ["example.com", "example.org"], "tables": ["orders", "stock"]}}


def past(tool="refund_order", result=None, **arguments):
    return PastCall(tool=tool, action="any", arguments=arguments, result=result)


def hit(when, **call):
    rules = [{"id": "r", "when": when, "then": "block", "reason": "a test"}]
    made = judged(book({**LISTS, "rules": rules}), **call)
    assert not made.erring, made.reason
    return made.rule == "r"


def money(amount, **more):
    return {"tool": "refund_order", "arguments": {"amount": amount, **more}}


def mail(*to):
    return {"tool": "send_mail", "arguments": {"to": list(to)}}


def history(*calls, said=()):
    return {"facts": Facts(now=NOW, calls=calls, turns=said)}


CASES = [
    ("amount_over(500)", money(500.01), True),
    ("amount_over(500)", money(500), False),
    ("amount_over(500)", {"tool": "refund_order"}, True),
    ("amount_over(args.limit * 2.0)", money(500.01, limit=250.5), False),
    ("amount_over(500, 'EUR')", money(501, currency="EUR"), True),
    ("amount_over(500, 'EUR')", money(500, currency="EUR"), False),
    ("amount_over(500, 'EUR')", money(5, currency="USD"), True),
    ("amount_over(500, 'EUR')", money(5), True),
    ("reach_over(2)", mail("a@x.org", "b@x.org", "c@x.org"), True),
    ("reach_over(2)", mail("a@x.org", "b@x.org"), False),
    ("reach_over(2)", mail("everybody"), True),
    ("reach_over(2)", {"tool": "get_order"}, True),
    ("recipients_outside('example.com')", mail("a@example.com"), False),
    ("recipients_outside('example.com')", mail("a@EXAMPLE.com"), False),
    ("recipients_outside('example.com')", mail("a@example.com", "b@example.org"), True),
    ("recipients_outside('example.com')", mail("a@evil-example.com"), True),
    ("recipients_outside('example.com')", mail("a@example.com.evil.org"), True),
    ("recipients_outside('example.com')", mail("a@sub.example.com"), True),
    ("recipients_outside('example.com', 'example.org')", mail("b@example.org"), False),
    ("recipients_outside(lists.domains)", mail("a@example.com", "b@example.org"), False),
    ("recipients_outside(lists.domains)", mail("a@example.com", "b@example.net"), True),
    ("recipients_outside(['example.net'])", mail("b@example.net"), False),
    ("recipients_outside('example.com')", mail(), True),
    ("recipients_outside('example.com')", {"tool": "send_mail"}, True),
    ("targets_outside(lists.domains)", mail("a@example.com"), True),
    ("targets_outside(['a@example.com'])", mail("a@example.com"), False),
    ("targets_outside(['a@example.com'])", {"tool": "get_order"}, True),
    ("between('12:30', '13:30', 'Europe/Berlin')", {"now": "2026-11-20T12:00:00Z"}, True),
    ("between('13:01', '14:00', 'Europe/Berlin')", {"now": "2026-11-20T12:00:00Z"}, False),
    ("between('13:00', '13:00', 'UTC') || true", {}, None),
    ("between('22:00', '06:00', 'UTC')", {"now": "2026-11-20T05:59:59Z"}, True),
    ("between('22:00', '06:00', 'UTC')", {"now": "2026-11-20T06:00:00Z"}, False),
    ("on_days('mon-fri', 'Asia/Tokyo')", {"now": "2026-11-20T14:59:59Z"}, True),
    ("on_days('mon-fri', 'Asia/Tokyo')", {"now": "2026-11-20T15:00:00Z"}, False),
    ("repeats(args.id)", {"arguments": {"id": 7}, **history(past(id=6), past(id=7))}, True),
    ("repeats(args.id)", {"arguments": {"id": 7}, **history(past(id="7"), past(other=7))}, False),
    ("repeats(args.id)", {"arguments": {"id": 7}, **history(past("other", id=7))}, False),
    ("mentioned(args.id)", {"arguments": {"id": "a-1"}, **history(said=("Refund A-1!",))}, True),
    ("mentioned(args.id)", {"arguments": {"id": "a-2"}, **history(said=("Refund A-1!",))}, False),
    ("mentioned(args.id)", {"arguments": {"id": ""}, **history(said=("Refund A-1!",))}, False),
    ("mentioned(args.id)", {"arguments": {"id": 12}, **history(said=("order 12",))}, True),
    (
        "looked_up('get', 'id', args.id)",
        {"arguments": {"id": 1}, **history(past("get", {"id": 2}), past("get", {"id": 1}))},
        True,
    ),
    ("looked_up('get', 'id', args.id)", {"arguments": {"id": 1}, **history(past("get", {}))}, False),
    ("looked_up('get', 'id', args.id)", {"arguments": {"id": 1}}, False),
]  # fmt: skip


@pytest.mark.parametrize(("when", "call", "expected"), CASES)
def test_a_macro_asks_what_it_says(when, call, expected):
    if expected is None:
        with pytest.raises(RulebookError, match="no time between a moment and itself"):
            hit(when, **call)
    else:
        assert hit(when, **call) is expected
        assert hit(f"!{when}", **call) is not expected


def test_each_macro_is_tried_on_both_sides():
    for name in MACROS:
        told = {expected for when, _, expected in CASES if when.startswith(name)}
        assert {True, False} <= told, name


@pytest.mark.parametrize(
    "when", ["repeats(args.id)", "mentioned(args.id)", "looked_up('a', 'b', args.id)"]
)
@pytest.mark.parametrize("not_", ["", "!"])
def test_an_argument_that_is_missing_is_no_answer(when, not_):
    rules = [{"id": "r", "when": f"{not_}{when}", "then": "allow", "reason": "a test"}]
    facts = Facts(now=NOW, calls=(past(id=1), past("a", {"b": 1})), turns=("x",))
    made = judged(book({"rules": rules}), "get_order", facts=facts)
    assert (made.verdict, made.erring[0].rule) == ("BLOCK", "r")


WRONG = {
    "amount_over()": "the macro does not take 0 values",
    "reach_over(1, 2)": "the macro does not take 2 values",
    "between(args.since, '10:00', 'UTC')": "`args.since` is not a text in quotes",
    "between('9:00', '10:00', 'UTC')": "`9:00` is not a time of day such as `09:30`",
    "on_days('mon-fri', 'Nowhere/Land')": "the time zone `Nowhere/Land` is not known here",
    "on_days('weekdays', 'UTC')": "`weekdays` is not days such as `mon-fri` or `sat,sun`",
    "recipients_outside('Example.com')": "`Example.com` is not a domain in small letters",
    "recipients_outside('@example.com')": "`@example.com` is not a domain in small letters",
    "recipients_outside('a.org', lists.domains)": "`lists.domains` is not a text in quotes",
    "repeats(score)": "`score` is not an argument of the call",
    "looked_up('get', 'a b', 1)": "`a b` is not the name of a field",
    "reach_over(1": "the bracket of `reach_over` is never closed",
}


@pytest.mark.parametrize("when", WRONG)
def test_a_macro_that_is_used_wrongly_is_refused_where_it_stands(when):
    rules = f"rules:\n  - id: r\n    when: true && {when}\n    then: block\n    reason: x\n"
    with pytest.raises(RulebookError) as refused:
        book(LISTS, rules)
    error = refused.value
    assert (error.line, error.column, error.message) == (3, 19, f"rule `r`: {WRONG[when]}")
    assert error.hint.startswith(("write `", "add `)`"))


@pytest.mark.parametrize("name", MACROS)
def test_the_usage_of_a_macro_is_right(name):
    assert MACROS[name].usage.startswith(f"{name}(")
    usage = MACROS[name].usage.replace("lists.hosts", "lists.domains")
    made = book({**LISTS, "rules": [{"id": "r", "when": usage, "then": "block", "reason": "x"}]})
    assert isinstance(made.rules[0].rule.condition, CelCondition)


def test_macros_go_into_one_another():
    when = "[1, 2].exists(x, x == 2 && amount_over(500, 'EUR')) && !reach_over(size(lists.domains))"
    assert hit(when, tool="refund_order", arguments={"amount": 501}) is False


def test_what_is_no_call_is_no_macro():
    assert hit(
        "args.between == 1 && args.amount_over > 0", arguments={"between": 1, "amount_over": 2}
    )


@pytest.mark.parametrize("name", MACROS)
def test_each_macro_is_documented(name):
    page = (Path(__file__).parents[2] / "docs/rulebook.md").read_text("utf-8")
    assert f"| `{MACROS[name].usage}` |" in page
