"""The judge of danger: whatever is worse never scores less, and odd amounts never slip through."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate import Blocked, Gate, Rulebook
from lockgate.classify import (
    ACTIONS,
    UNKNOWN,
    Classification,
    Effect,
    Profile,
    Reversibility,
    read,
    readers_for,
)
from lockgate.errors import Refused
from lockgate.evaluate import Kind, Level, assess
from lockgate.record import EventKind
from lockgate.stores.memory import MemoryStore
from lockgate.testing import FrozenClock, Recorder

ALL_ACTIONS = (UNKNOWN, *ACTIONS)
ORDER = list(Level)
AMOUNTS = st.decimals(0, 10**12, allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal(0), Decimal("1e400"), Decimal("1e-400"), Decimal("9" * 400)]
)
REACH = st.none() | st.integers(0, 10**9)


@st.composite
def profiles(draw, *, action=None):
    known = Classification(
        action=action or draw(st.sampled_from(ALL_ACTIONS)), confidence=1.0, because=()
    )
    amount = draw(st.none() | AMOUNTS)
    return Profile(
        classification=known,
        action=known.action,
        amount=amount,
        amount_missing=amount is None and draw(st.booleans()),
        reach=draw(REACH),
        flaws=draw(st.sampled_from([(), ("`amount` is not an amount of money",)])),
    )


ENVIRONMENTS = st.sampled_from(["production", "staging", "development", ""])


def acted(profile, **parts):
    action = replace(profile.action, **parts)
    return replace(profile, action=action)


def never_less(better, worse):
    assert worse.score >= better.score
    assert ORDER.index(worse.level) >= ORDER.index(better.level)


@given(profiles(), ENVIRONMENTS)
def test_the_score_is_the_sum_of_its_factors_and_at_most_a_hundred(profile, environment):
    risk = assess(profile, environment)
    assert risk.score == min(100, sum(factor.points for factor in risk.factors))
    assert all(factor.points > 0 and factor.because for factor in risk.factors)
    names = [factor.name for factor in risk.factors]
    assert len(names) == len(set(names))


@given(profiles(), ENVIRONMENTS)
def test_the_level_follows_from_the_score_alone(profile, environment):
    risk = assess(profile, environment)
    expected = next(
        level
        for least, level in ((80, "critical"), (50, "high"), (25, "medium"), (0, "low"))
        if risk.score >= least
    )
    assert risk.level == expected


@given(profiles(), ENVIRONMENTS, AMOUNTS, AMOUNTS)
def test_more_money_never_scores_less(profile, environment, one, other):
    less, more = sorted((one, other))
    stated = replace(profile, amount_missing=False)
    never_less(
        assess(replace(stated, amount=less), environment),
        assess(replace(stated, amount=more), environment),
    )


@given(profiles(), ENVIRONMENTS, st.integers(0, 10**12), st.integers(0, 10**12))
def test_more_recipients_never_score_less(profile, environment, one, other):
    less, more = sorted((one, other))
    never_less(
        assess(replace(profile, reach=less), environment),
        assess(replace(profile, reach=more), environment),
    )


@given(profiles(), ENVIRONMENTS)
def test_what_can_not_be_undone_never_scores_less(profile, environment):
    for kind in Reversibility:
        never_less(
            assess(acted(profile, reversibility=kind), environment),
            assess(acted(profile, reversibility=Reversibility.IRREVERSIBLE), environment),
        )


@given(profiles(), ENVIRONMENTS)
def test_production_never_scores_less(profile, environment):
    never_less(assess(profile, environment), assess(profile, "production"))


@given(profiles(), ENVIRONMENTS, st.integers(0, 100), st.integers(0, 100))
def test_a_more_dangerous_action_never_scores_less(profile, environment, one, other):
    less, more = sorted((one, other))
    never_less(
        assess(acted(profile, base_risk=less), environment),
        assess(acted(profile, base_risk=more), environment),
    )


@given(profiles(), ENVIRONMENTS)
def test_what_is_wrong_with_a_payload_never_scores_less(profile, environment):
    wrong = replace(profile, flaws=("`amount` is not an amount of money",))
    never_less(assess(replace(profile, flaws=()), environment), assess(wrong, environment))


@given(profiles(), ENVIRONMENTS)
def test_an_amount_that_is_not_stated_never_scores_less_than_none(profile, environment):
    nothing = replace(profile, amount=Decimal(0), amount_missing=False, flaws=())
    missing = replace(profile, amount=None, amount_missing=True, flaws=())
    never_less(assess(nothing, environment), assess(missing, environment))


def test_a_factor_is_named_for_each_thing_that_is_worse():
    pay = next(action for action in ACTIONS if action.id == "payments.transfer")
    known = Classification(
        action=pay, confidence=1.0, because=(), readers=readers_for(pay, {"amount": {}})
    )
    risk = assess(read(known, {"amount": 1000}), "production")
    told = {factor.name: factor.points for factor in risk.factors}
    assert told == {"action": 35, "irreversible": 15, "environment": 5, "amount": 13}
    assert (risk.score, risk.level) == (68, "high")


def test_a_read_is_scored_by_its_action_alone():
    for action in ACTIONS:
        if action.effect is Effect.READ:
            known = Classification(action=action, confidence=1.0, because=())
            risk = assess(replace(known.plain, amount=Decimal(10**9)), "production")
            assert risk.score == action.base_risk


# ── Odd amounts, through the whole gate ──────────────────────────────────────────────────────

OVER = "{id: too-much, on: {tool: refund}, when: args.amount > 500, then: block, reason: too much}"
ELSE_ALLOW = "{id: rest, on: {tool: refund}, then: allow, reason: small}"
UNDER = "{id: small, on: {tool: refund}, when: args.amount <= 500, then: allow, reason: small}"
ELSE_BLOCK = (
    "{id: rest, on: {tool: refund}, when: '!(args.amount <= 500)', then: block, reason: too much}"
)
LEVELS = "{low: by_rule_only, medium: by_rule_only, high: by_rule_only, critical: by_rule_only}"
BOOKS = {
    "block over, else allow": (OVER, ELSE_ALLOW),
    "allow under, else block": (UNDER, ELSE_BLOCK),
}
ODD = {
    "too much as float": 1000.0,
    "too much": 501,
    "too much as text": "1000",
    "little as text": "10",
    "nothing": None,
    "not a number": math.nan,
    "infinite": math.inf,
    "beyond every float": 1e400,
    "infinite as text": "1e400",
    "not a number as text": "NaN",
    "true": True,
    "negative": -5,
    "negative and large": -1e300,
    "vast": 2**70,
    "a list": [1],
    "an object": {"a": 1},
    "empty": "",
}


def door(book, order, environment="production"):
    rules = ", ".join(BOOKS[book][::order])
    gate = Gate(
        Rulebook.parse(f"rules: [{rules}]\nlevels: {LEVELS}"),
        MemoryStore(),
        environment=environment,
        clock=FrozenClock(),
    )
    recorder = Recorder()

    def refund(amount):
        return f"refunded {amount}"

    async def arefund(amount):
        return f"refunded {amount}"

    arefund.__name__ = "refund"
    sync = gate.contained(recorder.tool(refund), action="payments.refund")
    other = gate.contained(recorder.tool(arefund), action="payments.refund")
    return gate, recorder, sync, other


ORDERS = (1, -1)


@pytest.mark.parametrize("order", ORDERS, ids=["as written", "turned round"])
@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("name", ODD)
def test_an_odd_amount_executes_nothing(name, book, order):
    gate, recorder, refund, arefund = door(book, order)
    with pytest.raises(Blocked):
        refund(ODD[name])
    with pytest.raises(Blocked):
        asyncio.run(arefund(amount=ODD[name]))
    assert recorder.done == []
    kinds = {event.kind for event in gate.store.page()}
    assert kinds == {EventKind.DECIDED}


@pytest.mark.parametrize("order", ORDERS, ids=["as written", "turned round"])
@pytest.mark.parametrize("book", BOOKS)
def test_an_amount_that_is_left_out_executes_nothing(book, order):
    gate, recorder, refund, _ = door(book, order)
    with pytest.raises(TypeError, match="amount"):
        refund()
    assert gate.decide("refund", {}).verdict == "BLOCK"
    assert gate.decide("refund", {"amounts": 10}).verdict == "BLOCK"
    assert recorder.done == []


@pytest.mark.parametrize("order", ORDERS, ids=["as written", "turned round"])
@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("amount", [10.0, 10, 0.01, 500, 500.0])
def test_an_ordinary_amount_executes_once(amount, book, order):
    _, recorder, refund, arefund = door(book, order)
    assert refund(amount) == f"refunded {amount}"
    assert asyncio.run(arefund(amount)) == f"refunded {amount}"
    assert [done.arguments for done in recorder.done] == [{"amount": amount}] * 2


def test_the_blocked_call_says_which_judge_could_not_answer():
    _, _, refund, _ = door("block over, else allow", 1)
    with pytest.raises(Refused) as refused:
        refund("1000")
    decision = refused.value.decision
    assert [item.rule for item in decision.erring] == ["too-much"]
    assert all(item.kind is Kind.FORBID for item in decision.determining)


def test_the_order_of_rules_makes_no_difference_to_the_decision():
    for name, book in product(ODD, BOOKS):
        decisions = []
        for order in ORDERS:
            gate, *_ = door(book, order)
            decisions.append(gate.decide("refund", {"amount": ODD[name]}))
        one, other = decisions
        assert one.verdict == other.verdict == "BLOCK", name
        assert one.revision == other.revision
        assert {item.rule for item in one.findings} == {item.rule for item in other.findings}
