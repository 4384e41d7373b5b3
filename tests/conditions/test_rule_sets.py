"""Rules asked together find what the same rules find in turn, in the same order."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.call import ToolCall
from lockgate.classify import Signature, classify
from lockgate.evaluate import (
    Bounds,
    Facts,
    Kind,
    Level,
    Names,
    PastCall,
    Question,
    Risk,
    Rule,
    RulesInTurn,
    Then,
)
from lockgate.rulebook import CelCondition
from lockgate.rulebook.ruleset import RuleSet

PROFILE = classify(Signature(name="refund_order")).plain
FIELDS = ("amount", "to", "who")
NUMBERS = (-1, 0, 1, 1.5, 2, 500, 500.5)
TEXTS = ("", "EUR", "USD", "1")
ODD = (*NUMBERS, *TEXTS, True, False, None, [], [1], {}, {"to": "EUR"}, {"amount": 500})
HISTORY = Facts(calls=(PastCall(tool="look", action="orders.read", arguments={}, result=[1]),))


def asked(args, *, level=Level.HIGH, environment="production", facts=HISTORY):
    call = ToolCall.propose("refund_order", args, environment=environment)
    return Question(call=call, profile=PROFILE, risk=Risk(60, level, ()), facts=facts)


def rules(*conditions, levels=frozenset()):
    return tuple(
        Rule.build(
            id=f"r{at}",
            then=list(Then)[at % 3],
            reason=f"{at}",
            levels=levels,
            condition=None if text is None else CelCondition(text),
        )
        for at, text in enumerate(conditions)
    )


def same(some, question):
    """Ask both ways and return what was found, if it is the same."""
    together, in_turn = RuleSet(some).found(question), RulesInTurn(some).found(question)
    assert [found.to_dict() for found in together] == [found.to_dict() for found in in_turn]
    return together


def literal(value):
    return (
        {True: "true", False: "false"}.get(value)
        if isinstance(value, bool)
        else (f'"{value}"' if isinstance(value, str) else str(value))
    )


PATHS = st.sampled_from(["args.amount", "args['to']", "args.who.amount", "args.who.to", "score"])
ORDERS = st.sampled_from(["<", "<=", ">", ">="])
NUMBER = st.sampled_from(NUMBERS)
TEXT = st.sampled_from(TEXTS)
LIMITS = st.builds(
    lambda path, order, limit: f"{path} {order} {limit}",
    PATHS,
    ORDERS,
    st.sampled_from([0, 1, 2, 500]),
)
TURNED = st.builds(
    lambda limit, order, path: f"{limit} {order} {path}", st.sampled_from([0, 500]), ORDERS, PATHS
)
EQUAL = st.builds(
    lambda path, value: f"{path} == {literal(value)}",
    st.sampled_from(["args.amount", "args.to", "args.who.to", "environment", "agent"]),
    st.one_of(st.sampled_from(["production", "staging"]), TEXT),
)
ONE_OF = st.builds(
    lambda path, values: f"{path} in [{', '.join(map(literal, values))}]",
    st.sampled_from(["args.to", "args.who.to"]),
    st.lists(TEXT, min_size=1, max_size=3),
)
EITHER = st.builds(lambda a, b: f"(args.to == {literal(a)} || args.to == {literal(b)})", TEXT, TEXT)
OTHER = st.sampled_from(
    [
        "has(args.amount)",
        "!has(args.who.to)",
        "args.who.exists(k, k == 'to')",
        "args.to.contains('U')",
        "args.?amount.orValue(1) == 1",
        "args.?who.to.orValue('') == 'EUR'",
        "double(args.amount) > 1.0",
        "string(args.amount) == '1.5'",
        "'%s'.format([args.to]) == 'EUR'",
        "{args.to: 1, 'EUR': 2}.size() == 2",
        "seen.look[0][0] == 1",
        "done.size() == 1",
        "true",
    ]
)
TERMS = st.one_of(LIMITS, LIMITS, TURNED, EQUAL, EQUAL, ONE_OF, EITHER, OTHER)
CONDITIONS = st.one_of(
    LIMITS,
    EQUAL,
    ONE_OF,
    st.lists(TERMS, min_size=2, max_size=4).map(" && ".join),
    st.lists(TERMS, min_size=2, max_size=2).map(" || ".join),
    st.none(),
)
PLACES = st.sampled_from(
    [None, None, *(Bounds(environments=Names.of([name])) for name in ("prod*", "test"))]
)
LEVELS = st.one_of(
    st.just(frozenset()), st.sampled_from([frozenset({Level.LOW}), frozenset({Level.HIGH})])
)
RULES = st.lists(st.tuples(CONDITIONS, LEVELS), max_size=60)
ARGUMENTS = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(ODD), max_size=3)


@st.composite
def rule_sets(draw):
    """Draw rules; most of them look at one thing, so that they are filed."""
    drawn = draw(RULES)
    path, more = draw(PATHS), draw(st.sampled_from(["", " && has(args.to)"]))
    relation = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "in"]))
    values = NUMBER if relation in "<=>=" else TEXT
    if path == "score":
        values = st.integers(58, 62)
    for value in draw(st.lists(values, min_size=8, max_size=40)):
        compared = f"[{literal(value)}]" if relation == "in" else literal(value)
        place = draw(st.integers(0, len(drawn)))
        drawn.insert(place, (f"{path} {relation} {compared}{more}", draw(LEVELS)))
    return tuple(
        Rule.build(
            id=f"r{at}",
            then=list(Then)[at % 3],
            reason=f"{at}",
            levels=levels,
            bounds=draw(PLACES),
            condition=None if text is None else CelCondition(text),
        )
        for at, (text, levels) in enumerate(drawn)
    )


def alike(count):
    seen = Counter()

    @settings(max_examples=count, suppress_health_check=list(HealthCheck))
    @given(rule_sets(), ARGUMENTS, st.sampled_from([Level.LOW, Level.HIGH]))
    def one(some, args, level):
        together = RuleSet(some)
        found = same(some, asked(args, level=level))
        seen["filed"] += bool(together._files)
        seen["erred"] += any(finding.erred for finding in found)
        seen["found"] += bool(found)

    one()
    return seen


def test_rules_asked_together_find_what_they_find_in_turn():
    seen = alike(120)
    assert min(seen.values()) > 30


@pytest.mark.slow
def test_very_many_rules_asked_together_find_what_they_find_in_turn():
    seen = alike(1_000)
    assert min(seen.values()) > 300


OVER = tuple(f"args.amount > {limit}" for limit in range(100, 1100, 10))


@pytest.mark.parametrize("value", [*ODD, 105, 105.5, 1e300, -1e300, 2**53 - 1, 100, 1090, 1091])
@pytest.mark.parametrize("order", ["<", "<=", ">", ">="])
def test_a_limit_is_found_on_its_own_side(value, order):
    same(
        rules(*(f"args.amount {order} {limit}" for limit in (*range(100, 200, 10), 1e300))),
        asked({"amount": value}),
    )
    same(
        rules(*(f"{limit} {order} args.amount" for limit in range(100, 200, 10))),
        asked({"amount": value}),
    )


def test_a_call_meets_only_the_rules_that_it_could_concern():
    evaluated = []

    class Counted(CelCondition):
        def holds(self, variables):
            evaluated.append(self.text)
            return super().holds(variables)

    some = tuple(
        Rule.build(id=f"r{at}", then=Then.BLOCK, reason="x", condition=Counted(text))
        for at, text in enumerate(
            f"args.amount > {limit} && args.to == '{limit}'" for limit in range(1000)
        )
    )
    found = RuleSet(some).found(asked({"amount": 999, "to": "7"}))
    assert [finding.rule for finding in found] == ["r7"]
    assert evaluated == ["args.amount > 7 && args.to == '7'"]


@pytest.mark.parametrize("value", [2**53 - 1, 9007199254740996.0, 9223372036854775808.0])
@pytest.mark.parametrize("order", ["<", "<=", ">", ">=", "=="])
def test_limits_that_no_fraction_holds_are_not_filed(value, order):
    limits = range(9223372036854775800, 9223372036854775808)
    same(rules(*(f"args.amount {order} {limit}" for limit in limits)), asked({"amount": value}))


@pytest.mark.parametrize("value", [None, True, "105", [], {}, ...])
def test_what_an_index_says_nothing_about_concerns_every_rule(value):
    args = {} if value is ... else {"amount": value}
    found = same(rules(*OVER), asked(args))
    assert len(found) == len(OVER)
    assert all(finding.erred and finding.kind is Kind.FORBID for finding in found)


def test_a_loop_that_does_not_end_is_not_hidden_by_a_guard_behind_it():
    endless = "args.items.all(i, args.items.all(j, i + j > 0))"
    some = rules(
        *(f"{endless} && args.amount > {limit}" for limit in range(10)),
        *(f"args.amount > {limit} && {endless}" for limit in range(10)),
    )
    found = same(some, asked({"items": [1] * 150, "amount": -1}))
    assert [finding.rule for finding in found] == [f"r{at}" for at in range(10)]
    assert all("10000 steps" in finding.reason for finding in found)


def test_history_is_not_looked_up_for_rules_that_do_not_come_to_it():
    class Unwilling(tuple):
        __slots__ = ()

        def __iter__(self):
            raise AssertionError("history was looked up")

        __reversed__ = __iter__

    unread = Facts(calls=Unwilling())
    some = rules("args.amount > 500 && seen.look.size() > 0", *OVER, "done.size() > 3 || true")
    assert [
        finding.rule for finding in RuleSet(some[:-1]).found(asked({"amount": 1}, facts=unread))
    ] == []
    with pytest.raises(AssertionError):
        RuleSet(some).found(asked({"amount": 1}, facts=unread))


def test_no_rules_find_nothing():
    assert RuleSet(()).found(asked({})) == []
