"""The public test kit does what it says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from lockgate import Answer, Choice
from lockgate.errors import StoreError
from lockgate.stores.memory import MemoryStore
from lockgate.testing import Done, FaultyStore, FrozenClock, Recorder, ScriptedApprover, sample


def test_a_frozen_clock_stands_still_until_it_is_moved():
    clock = FrozenClock()
    assert clock() == clock() == "2026-01-01T00:00:00.000000Z"
    clock.advance(1.5)
    assert clock() == "2026-01-01T00:00:01.500000Z"
    clock.advance(86_400)
    assert datetime.fromisoformat(clock()) == datetime(2026, 1, 2, 0, 0, 1, 500_000, UTC)


def test_a_frozen_clock_can_start_anywhere_and_its_times_sort():
    clock = FrozenClock("1999-12-31T23:59:59Z")
    before = clock()
    clock.advance(1)
    assert before == "1999-12-31T23:59:59.000000Z" < clock() == "2000-01-01T00:00:00.000000Z"


def test_a_recorder_counts_what_was_executed_and_keeps_the_signature():
    recorder = Recorder()

    @recorder.tool
    def refund(order, amount=5):
        """Refund an order."""
        return amount

    @recorder.tool
    async def send(to):
        return to

    assert (refund("W1"), refund(order="W2", amount=7)) == (5, 7)
    assert asyncio.run(send("ann")) == "ann"
    assert refund.__doc__ == "Refund an order."
    assert recorder.done == [
        Done("refund", {"order": "W1", "amount": 5}),
        Done("refund", {"order": "W2", "amount": 7}),
        Done("send", {"to": "ann"}),
    ]
    assert (recorder.count(), recorder.count("send"), recorder.count("wipe")) == (3, 1, 0)


def test_a_recorder_counts_a_tool_that_raises():
    recorder = Recorder()

    @recorder.tool
    def refund():
        raise OSError("no route")

    with pytest.raises(OSError, match="no route"):
        refund()
    assert recorder.count("refund") == 1


def test_a_scripted_approver_gives_its_answers_in_order_and_then_none():
    yes = Answer(choice=Choice.APPROVE, by="ann")
    approver = ScriptedApprover(None, yes, ValueError("gone"))
    assert approver.ask("first") is None
    assert approver.ask("second") is yes
    with pytest.raises(ValueError, match="gone"):
        approver.ask("third")
    assert approver.ask("fourth") is None
    assert approver.asked == ["first", "second", "third", "fourth"]
    assert ScriptedApprover.approving("bob").ask("x") == Answer(choice=Choice.APPROVE, by="bob")
    assert ScriptedApprover.rejecting("bob", "no").ask("x").choice is Choice.REJECT


def test_a_faulty_store_fails_when_it_was_told_to_and_only_then():
    inner = MemoryStore()
    store = FaultyStore(inner, append=[2, 3], look=[1])
    assert store.append([sample(1)]) == (True,)
    for add in (store.append, store.note):
        with pytest.raises(StoreError, match="as the test asked"):
            add([sample(2)])
    assert store.append([sample(2)]) == (True,)
    with pytest.raises(StoreError, match="look 1"):
        store.of_call("thread", "call")
    assert len(store.of_call("thread", "call")) == 2
    assert (store.appends, store.looks) == (4, 2)
    assert store.page() == inner.page()
