"""The gate as a whole: what tools, stores and people do to it, and what comes of it."""

from __future__ import annotations

import asyncio
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from lockgate import (
    Answer,
    AnswerRefused,
    Blocked,
    Choice,
    Expired,
    Gate,
    OutcomeUnknown,
    OutcomeUnrecorded,
    PendingApproval,
    Rejected,
    Rulebook,
    Stale,
    Unrecorded,
)
from lockgate.classify import Signature
from lockgate.record import EventKind, verify
from lockgate.steps import Host, Ran
from lockgate.stores.memory import MemoryStore
from lockgate.stores.sqlite import SqliteStore
from lockgate.testing import FaultyStore, FrozenClock, Recorder, ScriptedApprover

ALLOW = "rules: [{id: all, then: allow, reason: the test says so}]"
HOLD = "rules: [{id: ask, then: require_approval, reason: look at it}]\napproval_seconds: 600"


class House:
    """A gate over one tool, and everything that can be seen of it."""

    def __init__(self, rules=ALLOW, *, store=None, approver=None, tool=None, **wiring):
        self.clock, self.recorder = FrozenClock(), Recorder()
        self.store = store or MemoryStore()
        self.gate = Gate(
            Rulebook.parse(rules), self.store, approver=approver, clock=self.clock, **wiring
        )

        def update_order(order, note=""):
            return f"updated {order}{note}"

        self.update = self.gate.contained(self.recorder.tool(tool or update_order))

    @property
    def done(self):
        return self.recorder.count()

    @property
    def kinds(self):
        verify(self.store.page())
        return [event.kind.value for event in self.store.page()]

    def approve(self, choice=Choice.APPROVE):
        (request,) = self.gate.desk.pending()
        self.gate.desk.answer(request.id, Answer(choice=choice, by="ann"))


# ── People ───────────────────────────────────────────────────────────────────────────────────


def test_an_approver_that_is_asked_while_the_caller_waits_lets_one_call_through():
    approver = ScriptedApprover.approving(times=2)
    house = House(HOLD, approver=approver)
    assert house.update("W1") == "updated W1"
    assert house.update("W1") == "updated W1"
    assert (house.done, len(approver.asked)) == (2, 2)
    with pytest.raises(PendingApproval):
        house.update("W1")
    assert house.done == 2


def test_an_approver_that_rejects_is_told_to_the_agent():
    house = House(HOLD, approver=ScriptedApprover.rejecting(comment="not today"))
    with pytest.raises(Rejected, match="reviewer rejected it: not today"):
        house.update("W1")
    with pytest.raises(Rejected):
        house.update("W1")
    assert house.done == 0


@pytest.mark.parametrize("by", ["agent", " Agent ", "", "  "])
def test_an_answer_that_can_not_be_taken_is_asked_for_once_and_leaves_the_request(by):
    approver = ScriptedApprover(*[Answer(choice=Choice.APPROVE, by=by)] * 5)
    house = House(HOLD, approver=approver)
    with pytest.raises(PendingApproval):
        house.update("W1")
    assert (len(approver.asked), house.done) == (1, 0)
    with pytest.raises(PendingApproval):
        asyncio.run(aupdate(house))
    house.approve()
    assert house.update("W1") == "updated W1"
    assert house.done == 1


async def aupdate(house):
    async def update_order(order, note=""):
        raise AssertionError("a call that nobody approved was executed")

    await house.gate.contained(update_order)("W1")


def test_an_approver_that_fails_lets_nothing_through():
    house = House(HOLD, approver=ScriptedApprover(ValueError("the pager is down")))
    with pytest.raises(ValueError, match="the pager is down"):
        house.update("W1")
    assert house.done == 0
    assert house.kinds == ["decided", "held"]


def test_an_approval_lets_through_only_what_was_approved():
    house = House(HOLD)
    with pytest.raises(PendingApproval):
        house.update("W1")
    house.approve()
    for other in (("W2",), ("W1", "!"), ("w1",)):
        with pytest.raises(PendingApproval):
            house.update(*other)
    assert house.update("W1") == "updated W1"
    assert house.done == 1


def test_an_approval_that_nobody_used_in_time_is_asked_for_anew():
    house = House(HOLD)
    with pytest.raises(PendingApproval) as first:
        house.update("W1")
    house.approve()
    house.clock.advance(600)
    with pytest.raises(PendingApproval) as second:
        house.update("W1")
    assert first.value.request_id != second.value.request_id
    house.approve()
    assert house.update("W1") == "updated W1"
    assert house.done == 1


def test_a_request_that_nobody_answered_in_time_is_told_once_and_then_made_anew():
    house = House(HOLD)
    with pytest.raises(PendingApproval):
        house.update("W1")
    house.clock.advance(599.999999)
    with pytest.raises(PendingApproval):
        house.update("W1")
    house.clock.advance(0.000001)
    with pytest.raises(Expired):
        house.update("W1")
    with pytest.raises(PendingApproval):
        house.update("W1")
    assert house.done == 0


def test_of_many_threads_with_one_approval_one_executes(tmp_path):
    house = House(HOLD, store=SqliteStore(tmp_path / "record.db"))
    with pytest.raises(PendingApproval):
        house.update("W1")
    house.approve()
    together = threading.Barrier(8)

    def attempt(_):
        together.wait()
        try:
            return house.update("W1")
        except (Stale, OutcomeUnknown, PendingApproval) as refused:
            return type(refused).__name__

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert house.done == 1
    assert outcomes.count("updated W1") == 1
    assert "completed" in house.kinds
    house.gate.close()


def test_of_two_who_settle_a_doubt_at_once_the_second_is_told():
    house = House(store=FaultyStore(MemoryStore(), append=[2]))
    with house.gate.run("t"), pytest.raises(OutcomeUnrecorded):
        house.update("W1")
    (started,) = house.store.of_kind(EventKind.STARTED)
    desk = house.gate.desk
    seen = house.store.of_call("t", started.call)
    desk.reconcile("t", started.call, happened=True, by="ann")
    house.store.of_call = lambda *_: seen  # bob looked at the same moment
    with pytest.raises(AnswerRefused, match="somebody else"):
        desk.reconcile("t", started.call, happened=False, by="bob")
    assert len(house.store.of_kind(EventKind.RECONCILED)) == 1


# ── Stores ───────────────────────────────────────────────────────────────────────────────────


def test_a_store_that_fails_before_the_effect_keeps_it_from_happening():
    for faults in ({"append": [1]}, {"look": [1]}):
        house = House(store=FaultyStore(MemoryStore(), **faults))
        with pytest.raises(Unrecorded, match="nothing was executed"):
            house.update("W1")
        assert (house.done, house.kinds) == (0, [])


def test_a_store_that_fails_after_the_effect_raises_the_alarm_with_the_result():
    house = House(store=FaultyStore(MemoryStore(), append=[2]))
    with pytest.raises(OutcomeUnrecorded, match="find out what happened") as alarm:
        house.update("W1")
    assert alarm.value.result == "updated W1"
    assert house.kinds == ["decided", "started"]


# ── Tools ────────────────────────────────────────────────────────────────────────────────────


class Wordless(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def test_an_error_without_words_is_recorded_by_its_name_and_handed_on():
    def update_order(order):
        raise Wordless

    house = House(tool=update_order)
    with pytest.raises(Wordless):
        house.update("W1")
    assert house.kinds == ["decided", "started", "failed"]
    assert house.store.page()[-1].data == {"error": "Wordless"}


@dataclass
class Basket:
    items: list
    vast: int
    secret: str


def odd_results():
    recursive = []
    recursive.append(recursive)
    deep = []
    for _ in range(10_000):
        deep = [deep]
    shallow = []
    for _ in range(100):
        shallow = [shallow]
    return {
        "recursive": recursive,
        "deep": deep,
        "a model that holds too much": Basket(shallow, 2**70, "Zq7planted"),
        "an object": object(),
        "a lone surrogate": "\ud800",
        "vast": 2**100,
        "bytes": b"\xff",
    }


@pytest.mark.parametrize("name", odd_results())
def test_a_tool_with_an_odd_result_has_completed_and_its_caller_gets_it(name):
    result = odd_results()[name]

    def update_order(order):
        return result

    house = House(tool=update_order)
    with house.gate.run("t"):
        assert house.update("W1") is result
    assert house.kinds == ["decided", "started", "completed"]
    assert house.store.page()[-1].data["faithful"] is False
    assert b"Zq7planted" not in house.store.page()[-1].body


def test_a_long_result_is_cut_in_the_record_unless_it_must_be_told_in_full():
    def update_order(order):
        return "x" * 100_000

    quiet = "\nlevels: {medium: by_rule_only}"
    for rules, length in ((ALLOW, 100_000), (ALLOW + quiet, 65_536)):
        house = House(rules, tool=update_order)
        assert len(house.update("W1")) == 100_000
        told = house.store.page()[-1].data
        assert (len(told["result"]), told["faithful"]) == (length, length == 100_000)


def test_a_generator_is_left_to_the_caller():
    def update_order(order):
        return (f"{order}-{n}" for n in range(3))

    house = House(tool=update_order)
    assert list(house.update("W1")) == ["W1-0", "W1-1", "W1-2"]


def test_what_the_tool_gets_is_what_was_judged_whatever_the_caller_does():
    orders = ["W1"]

    class Meddler:
        def ask(self, request):
            orders.append("W2")
            return Answer(choice=Choice.APPROVE, by="ann")

    def update_order(order):
        order.append("changed by the tool")
        return len(order)

    house = House(HOLD, approver=Meddler(), tool=update_order)
    assert house.update(orders) == 2
    assert orders == ["W1", "W2"]
    (held,) = house.store.of_kind(EventKind.HELD)
    assert held.data["request"]["arguments"] == {"order": ["W1"]}


def test_a_cancelled_tool_is_abandoned_and_the_cancellation_goes_on():
    async def update_order(order):
        await asyncio.sleep(0.5)

    house = House(tool=update_order)

    async def scenario():
        task = asyncio.create_task(house.update("W1"))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scenario())
    assert house.kinds == ["decided", "started", "abandoned"]


# ── History ──────────────────────────────────────────────────────────────────────────────────

AFTER_LOOKUP = """
rules:
  - {id: reads, on: {effect: read}, then: allow, reason: harmless}
  - {id: seen, on: {tool: update_order}, when: '"get_order" in done', then: allow, reason: looked up}
levels: {medium: by_rule_only, high: by_rule_only}
"""


@pytest.mark.parametrize(
    "result",
    [
        '{"id": 1234567890123456789}',
        {"id": 2**60},
        [1.5, None],
        "\ud800",
        '["\\ud800"]',
        "[123456789012345678901234567890, 1e400]",
        "[1" * 300,
        "[" * 500 + "]" * 500,
        '{"a":' * 200 + "1" + "}" * 200,
    ],
    ids=lambda result: repr(result)[:30],
)
def test_what_an_earlier_tool_answered_never_keeps_a_later_call_from_being_judged(result):
    house = House(AFTER_LOOKUP)

    def get_order(order):
        return result

    get = house.gate.contained(get_order)
    with house.gate.run("t"):
        with pytest.raises(Blocked):
            house.update("W1")
        get("W1")
        assert house.update("W1") == "updated W1"
    with house.gate.run("another"), pytest.raises(Blocked):
        house.update("W1")


def test_a_decision_can_be_asked_for_without_anything_being_recorded_or_run():
    house = House(HOLD)
    assert house.gate.decide("update_order", {"order": "W1"}).verdict == "REQUIRE_APPROVAL"
    assert house.gate.decide("rm_rf", {}).verdict == "REQUIRE_APPROVAL"
    assert (house.kinds, house.done) == ([], 0)


def test_however_often_a_call_was_asked_about_its_approval_expires():
    """The record of one call without identity may be longer than what is read at first."""
    house, asked = House(HOLD), []

    def ask(step):
        asked.append(step.nth)
        if step.resolution is None and len(asked) > 30:
            raise step.pending()

    tool = house.gate.register(Signature(name="update_order"))
    call = house.gate.propose(tool, {"order": "W1"})
    host = Host(ask, lambda _: Ran.of(house.update.__wrapped__("W1")))
    with pytest.raises(PendingApproval):
        house.gate.pass_call(tool, call, host)
    assert house.kinds.count("asked") == 30
    house.approve()
    house.clock.advance(600)
    with pytest.raises(PendingApproval):
        house.gate.pass_call(tool, call, host)
    assert house.done == 0
    house.approve()
    assert house.gate.pass_call(tool, call, host).value == "updated W1"
    assert house.done == 1


def test_no_two_attempts_have_one_name_even_after_a_fork():
    from lockgate.clock import _names, nonce

    names = {nonce() for _ in range(1000)}
    _names.renew()
    assert len(names | {nonce() for _ in range(1000)}) == 2000


def test_times_sort_as_they_come():
    from lockgate.clock import utc_now

    times = [utc_now() for _ in range(2000)]
    assert times == sorted(times)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", times[0])
