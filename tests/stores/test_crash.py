"""Processes that die at any moment: no effect happens twice, and the record always holds."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from lockgate.record import EventKind, verify
from lockgate.stores.sqlite import SqliteStore
from stores.processes import (
    approve,
    approve_together,
    context,
    finish,
    hold,
    kill,
    pay,
    pay_together,
    start,
    wait_for,
)


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def recorded(folder):
    """Verify the record and return its events."""
    store = SqliteStore(folder / "record.db")
    events = store.page(limit=100_000)
    store.close()
    verify(events)
    return events


def killed_at(folder, moment, call="invoice-1", book="allow"):
    """Pay in a process that is killed at a moment of its life."""
    process = start(pay, folder, call, stop=moment, book=book)
    wait_for(folder / "reached")
    kill(process)
    (folder / "reached").unlink()


def paid_again(folder, call="invoice-1", book="allow"):
    """Pay the same in a new process, and return what became of it."""
    finish(start(pay, folder, call, book=book))
    return lines(folder / "outcomes")[-1]


def test_a_call_that_was_killed_inside_its_effect_is_not_repeated(tmp_path):
    killed_at(tmp_path, "inside")
    assert paid_again(tmp_path) == "OutcomeUnknown"
    assert paid_again(tmp_path) == "OutcomeUnknown"
    assert lines(tmp_path / "effects") == ["invoice-1"]
    kinds = [event.kind for event in recorded(tmp_path)]
    assert kinds.count(EventKind.STARTED) == 1
    assert EventKind.COMPLETED not in kinds


def test_a_call_that_was_killed_after_its_start_was_written_is_not_run_blindly(tmp_path):
    killed_at(tmp_path, "after 1")
    assert paid_again(tmp_path) == "OutcomeUnknown"
    assert lines(tmp_path / "effects") == []


def test_a_call_that_was_killed_before_its_start_was_written_runs_once(tmp_path):
    killed_at(tmp_path, "before 1")
    assert lines(tmp_path / "effects") == []
    assert paid_again(tmp_path) == "paid invoice-1"
    assert lines(tmp_path / "effects") == ["invoice-1"]


def test_a_call_that_was_killed_before_its_end_was_written_has_an_unknown_end(tmp_path):
    killed_at(tmp_path, "before 2")
    assert paid_again(tmp_path) == "OutcomeUnknown"
    assert lines(tmp_path / "effects") == ["invoice-1"]


def test_a_call_that_was_killed_after_its_end_was_written_has_ended(tmp_path):
    killed_at(tmp_path, "after 2")
    ended = [event.kind for event in recorded(tmp_path)]
    assert ended[-1] is EventKind.COMPLETED
    assert lines(tmp_path / "effects") == ["invoice-1"]


def test_killed_at_random_moments_no_effect_happens_twice(tmp_path):
    chance, kills = random.Random(7), 20  # noqa: S311 - any moments will do
    calls = [f"invoice-{n}" for n in range(2000)]
    for _ in range(kills):
        done = {*lines(tmp_path / "effects")}
        process = start(pay, tmp_path, *[call for call in calls if call not in done])
        wait_for(tmp_path / "paid one")
        time.sleep(chance.uniform(0.0, 0.03))
        kill(process)
        (tmp_path / "paid one").unlink()
        assert len(set(lines(tmp_path / "effects"))) == len(lines(tmp_path / "effects"))
        recorded(tmp_path)
    for call in [event.data["arguments"]["invoice"] for event in open_starts(tmp_path)]:
        assert paid_again(tmp_path, call) == "OutcomeUnknown"
    effects = Counter(lines(tmp_path / "effects"))
    assert len(effects) >= kills  # every process got somewhere
    assert set(effects.values()) == {1}
    kinds = Counter(event.kind for event in recorded(tmp_path))
    assert kinds[EventKind.COMPLETED] <= len(effects) <= kinds[EventKind.STARTED]


def open_starts(folder):
    """Return the decisions of the calls that were started and have no end."""
    events = recorded(folder)
    ended = {event.call for event in events if event.kind is EventKind.COMPLETED}
    started = {event.call for event in events if event.kind is EventKind.STARTED} - ended
    return [e for e in events if e.kind is EventKind.DECIDED and e.call in started]


def test_of_six_processes_that_answer_at_once_one_answers(tmp_path):
    request, together = hold(tmp_path, "invoice-1"), context.Barrier(6)
    finish(*[start(approve_together, tmp_path, request, together) for _ in range(6)])
    assert Counter(lines(tmp_path / "answers")) == {"answered": 1, "too late": 5}
    kinds = [event.kind for event in recorded(tmp_path)]
    assert kinds.count(EventKind.RESOLVED) == 1


def test_of_six_processes_that_use_one_approval_at_once_one_does(tmp_path):
    approve(tmp_path, hold(tmp_path, "invoice-1"))
    together = context.Barrier(6)
    finish(*[start(pay_together, tmp_path, "invoice-1", together) for _ in range(6)])
    assert lines(tmp_path / "effects") == ["invoice-1"]
    outcomes = Counter(lines(tmp_path / "outcomes"))
    assert outcomes["paid invoice-1"] == 1
    assert set(outcomes) <= {"paid invoice-1", "Stale", "OutcomeUnknown", "PendingApproval"}
    assert outcomes.total() == 6
    recorded(tmp_path)


@pytest.mark.parametrize("moment", ["inside", "before 2"])
def test_an_approval_is_used_up_by_a_call_that_was_killed(tmp_path, moment):
    approve(tmp_path, hold(tmp_path, "invoice-1"))
    killed_at(tmp_path, moment, book="hold")
    assert paid_again(tmp_path, book="hold") == "OutcomeUnknown"
    assert lines(tmp_path / "effects") == ["invoice-1"]
