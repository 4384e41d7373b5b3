"""The approval desk: who may answer, once, in time; and settling what is in doubt."""

from __future__ import annotations

import asyncio

import pytest

from lockgate import (
    Answer,
    AnswerRefused,
    Choice,
    Expired,
    Gate,
    OutcomeUnknown,
    PendingApproval,
    Rejected,
    Rulebook,
    current_permit,
)
from lockgate.observe import calls, every_event
from lockgate.record import EventKind

RULES = """
approval_seconds: 60
rules:
  - {id: ask, on: {tool: pay}, then: require_approval, reason: money}
  - {id: do, on: {tool: move}, then: allow, reason: a test}
"""


class Clock:
    def __init__(self) -> None:
        self.minute = 0

    def __call__(self) -> str:
        return f"2026-01-01T00:{self.minute:02}:00.000000Z"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def gate(clock):
    with Gate.open(Rulebook.parse(RULES), store="memory://", clock=clock) as made:
        yield made


@pytest.fixture
def effects():
    return []


@pytest.fixture
def pay(gate, effects):
    def pay(x: int) -> str:
        effects.append(x)
        return f"paid {x}"

    return gate.contained(pay)


def held(call, *args) -> str:
    with pytest.raises(PendingApproval) as caught:
        call(*args)
    return caught.value.request_id


def yes(by: str = "ann") -> Answer:
    return Answer(choice=Choice.APPROVE, by=by)


def test_the_first_answer_wins(gate, pay, effects):
    request = held(pay, 5)
    gate.desk.answer(request, Answer(choice=Choice.REJECT, by="bob", comment="no money"))
    with pytest.raises(AnswerRefused, match="already rejected by bob"):
        gate.desk.answer(request, yes())
    with pytest.raises(Rejected, match="bob rejected it: no money"):
        pay(5)
    assert effects == []


def test_nobody_answers_for_itself_or_without_a_name(gate, pay):
    request = held(pay, 5)
    for by in ("agent", " "):
        with pytest.raises(AnswerRefused):
            gate.desk.answer(request, yes(by))
    assert [item.id for item in gate.desk.pending()] == [request]


def test_an_unknown_request_is_named(gate):
    with pytest.raises(AnswerRefused, match="apr-none"):
        gate.desk.answer("apr-none", yes())


def test_an_approval_is_for_exactly_this_call(gate, pay, effects):
    gate.desk.answer(held(pay, 5), yes())
    held(pay, 6)
    assert pay(5) == "paid 5"
    held(pay, 5)
    assert effects == [5]


def test_a_request_that_expired_can_not_be_answered_and_may_be_made_anew(gate, pay, clock, effects):
    request = held(pay, 5)
    clock.minute = 1
    assert gate.desk.pending() == []
    with pytest.raises(AnswerRefused, match="expired"):
        gate.desk.answer(request, yes())
    with pytest.raises(Expired):
        pay(5)
    assert held(pay, 5) != request
    assert effects == []


def test_an_approval_that_was_not_used_in_time_is_void(gate, pay, clock, effects):
    request = held(pay, 5)
    gate.desk.answer(request, yes())
    clock.minute = 2
    assert held(pay, 5) != request
    assert effects == []


class Died(BaseException):
    """Stands for the death of the process while the tool runs."""


def in_doubt(gate: Gate) -> tuple[str, str]:
    (started,) = gate.store.of_kind(EventKind.STARTED)
    return started.thread, started.call


@pytest.fixture
def move(gate, effects):
    def move(x: int) -> str:
        effects.append(x)
        if len(effects) == 1:
            raise Died
        return "moved"

    moved = gate.contained(move)
    with gate.run("t"), pytest.raises(Died):
        moved(1)
    return moved


def test_a_call_in_doubt_is_not_repeated_until_somebody_finds_out(gate, move, effects):
    with gate.run("t"), pytest.raises(OutcomeUnknown, match="no known end"):
        move(1)
    assert calls(every_event(gate.store))[0].state == "unknown"
    gate.desk.reconcile(*in_doubt(gate), happened=False, by="ann")
    with gate.run("t"):
        assert move(1) == "moved"
    assert effects == [1, 1]


def test_a_call_that_did_happen_is_settled_and_a_new_one_may_follow(gate, move, effects):
    gate.desk.reconcile(*in_doubt(gate), happened=True, by="ann", comment="seen at the bank")
    assert calls(every_event(gate.store))[0].state == "completed"
    with gate.run("t"):
        assert move(1) == "moved"
    assert effects == [1, 1]


def test_only_what_is_in_doubt_is_settled_and_only_signed(gate, move):
    with pytest.raises(AnswerRefused, match="in doubt"):
        gate.desk.reconcile("t", "another", happened=True, by="ann")
    with pytest.raises(AnswerRefused, match="signs"):
        gate.desk.reconcile(*in_doubt(gate), happened=True, by="")


def test_a_tool_knows_its_permit_and_an_attempt_made_again_has_the_same_key(gate):
    keys: list[str] = []

    def move(x: int) -> None:
        keys.append(current_permit().idempotency_key)
        if len(keys) == 1:
            raise Died

    async def amove(x: int) -> None:
        keys.append(current_permit().idempotency_key)

    moved = gate.contained(move, idempotent=True)
    with gate.run("t"):
        with pytest.raises(Died):
            moved(1)
        moved(1)
        moved(1)
        asyncio.run(gate.contained(amove, action="files.write")(1))
    first, again, another, other = keys
    assert first == again
    assert len({first, another, other}) == 3
    assert current_permit() is None


class TestWaiting:
    def test_it_ends_with_an_answer(self, gate, pay):
        request = held(pay, 5)
        naps = []

        def sleep(seconds):
            naps.append(seconds)
            if len(naps) == 3:
                gate.desk.answer(request, yes())

        assert gate.desk.wait(request, 60, sleep=sleep)
        assert naps == [0.05, 0.1, 0.2]

    def test_it_ends_when_the_request_expires(self, gate, pay, clock):
        request = held(pay, 5)
        naps = []

        def sleep(seconds):
            naps.append(seconds)
            clock.minute += 1

        assert gate.desk.wait(request, 600, sleep=sleep)
        assert len(naps) == 1

    def test_it_naps_no_longer_than_it_was_told(self, gate, pay):
        request = held(pay, 5)
        naps = []
        assert not gate.desk.wait(request, 4.0, sleep=naps.append)
        assert sum(naps) == pytest.approx(4.0)
        assert max(naps) == 1.0

    def test_there_has_to_be_such_a_request(self, gate):
        with pytest.raises(AnswerRefused, match="there is no approval request"):
            gate.desk.wait("apr-nowhere", 1)
