"""One rulebook follows another: whole, from the next call on, for every tool there is."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress

import pytest

from lockgate import (
    Answer,
    Blocked,
    Callback,
    Choice,
    Gate,
    PendingApproval,
    Refused,
    Rulebook,
    Stale,
)
from lockgate.classify import Signature
from lockgate.observe import every_event, trials
from lockgate.record import EventKind

ALLOW = "rules: [{id: all, then: allow, reason: a test}]"
BLOCK = "rules: [{id: none, then: block, reason: a test}]"
THREADS = 8


def book(letter, verdicts):
    """Return a rulebook of which every word can be told from those of the others."""
    rules = "".join(
        f"  - {{id: {letter}{nth}, on: {{tool: refund}}, when: 'args.amount > {nth}', "
        f"then: {verdict}, reason: {letter}}}\n"
        for nth, verdict in enumerate(verdicts)
    )
    levels = ", ".join(f"{name}: by_rule_only" for name in ("low", "medium", "high", "critical"))
    return Rulebook.parse(f"name: {letter}\nrules:\n{rules}levels: {{{levels}}}")


BOOKS = [
    book("a", ["allow", "require_approval", "allow"]),
    book("b", ["allow", "block"]),
    book("c", ["allow", "allow", "allow", "allow"]),
]


@pytest.fixture
def gate():
    with Gate.open(Rulebook.parse(ALLOW), store="memory://") as opened:
        yield opened


def refund(amount: float) -> float:
    return amount


def decided(gate):
    return [event.data["decision"] for event in gate.store.of_kind(EventKind.DECIDED)]


def test_the_next_call_of_a_tool_that_was_contained_before_is_judged_by_the_new_one(gate):
    contained = gate.contained(refund)
    assert contained(12.0) == 12.0
    stricter = Rulebook.parse(BLOCK)
    gate.use(stricter)
    assert gate.rulebook is stricter
    with pytest.raises(Blocked) as refused:
        contained(12.0)
    assert refused.value.decision.revision == stricter.revision
    first, second = decided(gate)
    assert (first["rule"], second["rule"]) == ("all", "none")
    assert first["revision"] == Rulebook.parse(ALLOW).revision


def test_a_tool_that_has_the_name_of_another_is_judged_by_the_new_one_too(gate):
    earlier, later = gate.contained(refund), gate.contained(refund)
    gate.use(Rulebook.parse(BLOCK))
    for contained in (earlier, later):
        with pytest.raises(Blocked):
            contained(12.0)


def test_a_tool_that_nobody_registered_is_judged_by_the_new_one(gate):
    assert gate.decide("refund", {"amount": 1}).rule == "all"
    gate.use(Rulebook.parse(BLOCK))
    assert gate.decide("refund", {"amount": 1}).rule == "none"


def test_a_call_that_has_begun_keeps_the_rulebook_it_began_with(gate):
    def update_order(order: str) -> str:
        gate.use(Rulebook.parse(BLOCK))
        return order

    contained = gate.contained(update_order)
    assert contained("W1") == "W1"
    with pytest.raises(Blocked):
        contained("W1")
    assert [told["rule"] for told in decided(gate)] == ["all", "none"]


class Succession:
    """Changes the rulebook as fast as it can, while others are at work."""

    def __init__(self, gate):
        self._gate, self._done = gate, threading.Event()
        gate.use(BOOKS[0])

    def _succeed(self):
        for item in itertools.cycle(BOOKS):
            self._gate.use(item)
            if self._done.is_set():
                return

    def during(self, work):
        changing = threading.Thread(target=self._succeed)
        working = [threading.Thread(target=work) for _ in range(THREADS)]
        for thread in (changing, *working):
            thread.start()
        for thread in working:
            thread.join()
        self._done.set()
        changing.join()


RULES = {item.revision: [rule.rule.id for rule in item.rules] for item in BOOKS}


def rules_found(findings):
    return list(dict.fromkeys(rule for judge, rule in findings if judge == "policy"))


@pytest.mark.parametrize(
    "total", [4_000, pytest.param(1_000_000, marks=pytest.mark.slow)], ids=["some", "a million"]
)
def test_no_decision_mixes_two_revisions(gate, total):
    gate.register(Signature(name="refund", parameters={"properties": {"amount": {}}}))
    counts, mixed = [], []

    def judge():
        mine = dict.fromkeys(RULES, 0)
        for _ in range(total // THREADS):
            decision = gate.decide("refund", {"amount": 100})
            mine[decision.revision] += 1
            found = rules_found((item.judge, item.rule) for item in decision.findings)
            if found != RULES[decision.revision]:
                mixed.append((decision.revision, found))
        counts.append(mine)

    Succession(gate).during(judge)
    assert mixed == []
    had = {revision: sum(mine[revision] for mine in counts) for revision in RULES}
    assert sum(had.values()) == total
    assert all(had.values()), "every rulebook had its turn"


def test_no_recorded_decision_mixes_two_revisions(gate):
    contained, amounts = gate.contained(refund), itertools.count(100)

    def call():
        for _ in range(50):
            with suppress(Refused):
                contained(float(next(amounts)))  # no two are alike, so none is tied to another

    Succession(gate).during(call)
    told = decided(gate)
    assert len(told) == 50 * THREADS
    for item in told:
        found = rules_found((finding["judge"], finding["rule"]) for finding in item["findings"])
        assert found == RULES[item["revision"]]


# ── Approvals ────────────────────────────────────────────────────────────────────────────────

HOLD = "rules: [{id: ask, then: require_approval, reason: a test}]"
NAMED = "rules: [{id: who, then: require_approval, approvers: finance, reason: a test}]"


def asking(gate, before):
    """Contain a tool behind a person who thinks for a while, during which `before` happens."""

    def answer(request):
        before()
        return Answer(choice=Choice.APPROVE, by="ann")

    gate._approver = Callback(answer)
    gate.use(Rulebook.parse(HOLD))
    done = []
    return gate.contained(lambda amount: done.append(amount) or amount), done


def test_an_approval_lets_nothing_through_that_is_forbidden_by_now(gate):
    contained, done = asking(gate, lambda: gate.use(Rulebook.parse(BLOCK)))
    with pytest.raises(Blocked) as refused:
        contained(12.0)
    assert refused.value.decision.rule == "none"
    assert done == []
    assert [told["rule"] for told in decided(gate)] == ["ask", "none"]


def test_an_approval_counts_for_what_still_has_to_be_approved_by_now(gate):
    contained, done = asking(gate, lambda: gate.use(Rulebook.parse(HOLD.replace("ask", "look"))))
    assert contained(12.0) == 12.0
    assert done == [12.0]
    assert [told["rule"] for told in decided(gate)] == ["ask", "look"]


def test_an_approval_does_not_count_if_somebody_else_has_to_give_it_by_now(gate):
    contained, done = asking(gate, lambda: gate.use(Rulebook.parse(NAMED)))
    with pytest.raises(Stale, match="is for `finance` to approve"):
        contained(12.0)
    assert done == []


def test_a_rulebook_that_looks_at_the_conversation_sees_it_when_it_judges_anew(gate):
    history = (
        "rules: [{id: once, when: 'size(done) > 0', then: block, reason: a test}, "
        "{id: all, then: allow, reason: a test}]"
    )
    earlier = gate.contained(lambda: None, action="orders.read")
    contained, done = asking(gate, lambda: gate.use(Rulebook.parse(history)))
    gate.use(Rulebook.parse(ALLOW))
    with gate.run("a thread"):
        earlier()
        gate.use(Rulebook.parse(HOLD))
        with pytest.raises(Blocked) as refused:
            contained(12.0)
    assert refused.value.decision.rule == "once"
    assert done == []


# ── A rulebook in the shadow ─────────────────────────────────────────────────────────────────


def shadowed(gate_rules, shadow_rules):
    return Gate.open(
        Rulebook.parse(gate_rules), store="memory://", shadow=Rulebook.parse(shadow_rules)
    )


def test_what_the_shadow_says_is_recorded_and_not_enforced():
    with shadowed(ALLOW, BLOCK) as gate:
        contained = gate.contained(refund)
        assert contained(12.0) == 12.0
        (told,) = decided(gate)
    assert (told["verdict"], told["rule"]) == ("ALLOW", "all")
    assert (told["shadow"]["verdict"], told["shadow"]["rule"]) == ("BLOCK", "none")
    assert told["revision"] == Rulebook.parse(ALLOW).revision
    assert told["shadow"]["revision"] == Rulebook.parse(BLOCK).revision


def test_the_shadow_loosens_nothing():
    with shadowed(BLOCK, ALLOW) as gate:
        with pytest.raises(Blocked):
            gate.contained(refund)(12.0)
        (told,) = decided(gate)
    assert told["shadow"]["verdict"] == "ALLOW"


def test_a_shadow_that_errs_changes_nothing():
    errs = "rules: [{id: errs, when: args.nothing > 1, then: allow, reason: a test}]"
    with shadowed(ALLOW, errs) as gate:
        assert gate.contained(refund)(12.0) == 12.0
        (told,) = decided(gate)
    assert told["verdict"] == "ALLOW"
    assert (told["shadow"]["verdict"], told["shadow"]["rule"]) == ("BLOCK", "errs")


def test_the_shadow_sees_the_conversation_even_if_nothing_else_looks_at_it():
    looks = "rules: [{id: first, when: size(done) == 0, then: allow, reason: a test}]"
    with shadowed(ALLOW, looks) as gate, gate.run("a thread"):
        contained = gate.contained(refund)
        contained(1.0)
        contained(2.0)
        first, second = decided(gate)
    assert first["shadow"]["rule"] == "first"
    assert second["shadow"]["rule"].startswith("level-")


def test_without_a_shadow_nothing_is_recorded_of_one(gate):
    gate.contained(refund)(12.0)
    (told,) = decided(gate)
    assert "shadow" not in told


def test_what_was_tried_is_counted_beside_what_was_enforced():
    tried = (
        "rules: [{id: small, when: args.amount < 10.0, then: allow, reason: a test}, "
        "{id: middle, when: args.amount == 50.0, then: require_approval, reason: a test}, "
        "{id: large, when: args.amount > 100.0, then: block, reason: a test}]"
    )
    with shadowed(HOLD, tried) as gate:
        contained = gate.contained(refund)
        for amount in (1.0, 2.0, 50.0, 500.0):
            with suppress(PendingApproval):
                contained(amount)
        (trial,) = trials(every_event(gate.store))
        events = {event.seq: event for event in gate.store.page()}
    assert (trial.decisions, trial.looser, trial.same, trial.stricter) == (4, 2, 1, 1)
    told = trial.to_dict()["differences"]
    assert [(item["count"], item["rule"], item["would_rule"]) for item in told] == [
        (2, "ask", "small"),
        (1, "ask", "large"),
    ]
    assert events[told[1]["event"]].data["arguments"] == {"amount": 500.0}
