"""What is left for later is never lost, never twice, and never unseen by whoever reads."""

from __future__ import annotations

import os
import signal
import sqlite3
import time

import pytest

from lockgate import Gate
from lockgate.errors import StoreError, Unrecorded
from lockgate.record import Draft, EventKind, verify
from lockgate.stores import spool, writer
from lockgate.stores.sqlite import SqliteStore
from lockgate.testing import sample
from stores.processes import leave_and_die, start

pytestmark = pytest.mark.skipif(not spool.SPOOLS, reason="this system has no `flock`")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "record.db"


@pytest.fixture
def patient(monkeypatch):
    """Let nobody but those who read, write or close take what was left."""
    monkeypatch.setattr(writer, "SETTLE_SECONDS", 3600)


def spools(path):
    return sorted(path.parent.glob("*-spool-*"))


def ids(store):
    return [event.id for event in store.page()]


def test_a_draft_is_read_back_from_its_body():
    drafted = sample("a", EventKind.COMPLETED, request="apr-1", text="naïve \n 日本", nested=[1])
    assert Draft.read(drafted.body) == drafted


def test_what_is_left_is_found_by_whoever_reads_here(path, patient):
    store = SqliteStore(path)
    drafts = [sample(n) for n in range(5)]
    for drafted in drafts:
        store.leave([drafted])
    assert spools(path)[0].stat().st_size
    assert ids(store) == [drafted.id for drafted in drafts]
    assert spools(path)[0].stat().st_size == 0
    store.close()
    assert spools(path) == []


def test_what_is_left_comes_before_what_is_appended_later(path, patient):
    store = SqliteStore(path)
    store.leave([sample("left")])
    store.append([sample("appended")])
    store.leave([sample("left too")])
    store.close()
    again = SqliteStore(path)
    assert ids(again) == [sample(name).id for name in ("left", "appended", "left too")]
    assert verify(again.page()).length == 3
    again.close()


def test_what_is_left_is_appended_a_moment_later_without_anybody(path):
    store = SqliteStore(path)
    store.leave([sample("left")])
    reader = sqlite3.connect(path)
    for _ in range(500):
        if reader.execute("SELECT count(*) FROM events").fetchone() == (1,):
            break
        time.sleep(0.01)
    else:
        raise AssertionError("nobody took what was left")
    reader.close()
    store.close()


def test_what_a_killed_process_left_is_taken_by_whoever_opens_the_record_next(path):
    process = start(leave_and_die, path)
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    (left,) = spools(path)
    with left.open("ab") as torn:
        torn.write(b'{"id":"torn","ki')
    store = SqliteStore(path)
    expected = [name for n in range(7) for name in (sample(n).id, sample((n, "end")).id)]
    assert len(ids(store)) == 14
    assert ids(store)[::2] == expected[::2]
    assert verify(store.page()).length == 14
    assert spools(path) == []
    store.close()


def test_what_was_taken_before_the_process_died_is_not_taken_twice(path):
    store = SqliteStore(path)
    store.append([sample("a")])
    path.with_name(f"{path.name}-spool-dead").write_bytes(
        sample("a").body + b"\n" + sample("b").body + b"\n"
    )
    again = SqliteStore(path)
    assert ids(again) == [sample("a").id, sample("b").id]
    again.close()
    store.close()


def test_a_spool_that_somebody_holds_is_left_to_them(path, patient):
    mine = SqliteStore(path)
    mine.leave([sample("mine")])
    other = SqliteStore(path)
    assert ids(other) == []
    assert len(spools(path)) == 1
    other.close()
    assert ids(mine) == [sample("mine").id]
    mine.close()


def test_a_store_that_is_forgotten_appends_what_was_left(path, patient):
    store = SqliteStore(path)
    store.leave([sample("left")])
    del store
    assert spools(path) == []
    again = SqliteStore(path)
    assert ids(again) == [sample("left").id]
    again.close()


def test_a_full_disk_lets_nothing_run(path, monkeypatch):
    ran = []
    gate = Gate.open(store=str(path))

    def get_order(order_id: str) -> str:
        """Look an order up."""
        ran.append(order_id)
        return "ok"

    look = gate.contained(get_order)
    assert look("W1") == "ok"
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[: len(data) // 2]))
    with pytest.raises(Unrecorded, match="nothing was executed"):
        look("W2")
    monkeypatch.undo()
    assert look("W3") == "ok"
    assert ran == ["W1", "W3"]
    assert [
        event.data["arguments"]["order_id"] for event in gate.store.of_kind(EventKind.DECIDED)
    ] == [
        "W1",
        "W3",
    ]
    gate.close()


def test_while_what_was_left_can_not_be_appended_nothing_more_is_left(path, patient):
    store = SqliteStore(path)
    store.leave([sample("a")])
    rival = sqlite3.connect(path)
    rival.execute("ALTER TABLE events RENAME TO elsewhere")
    rival.commit()
    with pytest.raises(StoreError, match="can't write the record"):
        store.page()
    with pytest.raises(StoreError, match="can't write the record"):
        store.leave([sample("b")])
    rival.execute("ALTER TABLE elsewhere RENAME TO events")
    rival.commit()
    rival.close()
    store.leave([sample("c")])
    assert ids(store) == [sample("a").id, sample("c").id]
    store.close()


def test_what_can_not_be_appended_at_the_end_stays_for_the_next_one(path, patient):
    store = SqliteStore(path)
    store.leave([sample("a")])
    rival = sqlite3.connect(path)
    rival.execute("ALTER TABLE events RENAME TO elsewhere")
    rival.commit()
    store.close()
    rival.execute("ALTER TABLE elsewhere RENAME TO events")
    rival.commit()
    rival.close()
    assert len(spools(path)) == 1
    again = SqliteStore(path)
    assert ids(again) == [sample("a").id]
    again.close()


def test_too_much_left_makes_the_next_one_wait(path, patient, monkeypatch):
    monkeypatch.setattr(writer, "MOST_LEFT", 3)
    store = SqliteStore(path)
    for n in range(6):
        store.leave([sample(n)])
    reader = sqlite3.connect(path)
    assert reader.execute("SELECT count(*) FROM events").fetchone() == (4,)
    reader.close()
    store.close()
