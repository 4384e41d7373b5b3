"""Every store does what the gate needs of one; a file says clearly when it can't."""

from __future__ import annotations

import sqlite3
from collections import Counter

import pytest

from lockgate.errors import ChainError, StoreError
from lockgate.record import COLUMNS, verify
from lockgate.stores import open_store
from lockgate.stores.memory import MemoryStore
from lockgate.stores.sqlite import SqliteStore
from lockgate.testing import FaultyStore, StoreConformance, sample
from stores.processes import append_many, context, finish, start


class TestMemory(StoreConformance):
    @pytest.fixture
    def store(self):
        return MemoryStore()


class TestSqlite(StoreConformance):
    @pytest.fixture
    def store(self, tmp_path):
        store = SqliteStore(tmp_path / "record.db")
        yield store
        store.close()


class TestWrapped(StoreConformance):
    """The store that fails on demand is a store while nothing is demanded."""

    @pytest.fixture
    def store(self):
        return FaultyStore(MemoryStore())


# ── Opening ──────────────────────────────────────────────────────────────────────────────────


def test_a_store_is_opened_by_url_or_path(tmp_path):
    assert isinstance(open_store("memory://"), MemoryStore)
    for where in (f"sqlite:///{tmp_path}/a.db", str(tmp_path / "new" / "folder" / "b.db")):
        store = open_store(where)
        assert isinstance(store, SqliteStore)
        assert store.path.is_file()
        store.close()


def test_a_url_that_nobody_knows_is_refused():
    with pytest.raises(StoreError, match="no store for `redis://`"):
        open_store("redis://localhost")


def test_what_was_written_is_there_when_the_file_is_opened_again(tmp_path):
    first = SqliteStore(tmp_path / "record.db")
    first.append([sample(1)])
    before = first.page()
    first.close()
    second = SqliteStore(tmp_path / "record.db")
    assert second.page() == before
    assert second.append([sample(1), sample(2)]) == (False, True)
    assert verify(second.page()).length == 2
    second.close()


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "record.db"
    SqliteStore(path).close()
    change(path, "PRAGMA user_version=99")
    with pytest.raises(StoreError, match="newer lockgate: upgrade"):
        SqliteStore(path)
    assert read(path, "PRAGMA user_version") == [(99,)]


@pytest.mark.parametrize("make", ["folder", "text", "file as folder"])
def test_what_is_no_database_is_refused_with_its_path(tmp_path, make):
    path = tmp_path / "record.db"
    if make == "folder":
        path.mkdir()
    else:
        path.write_text("this is no database, and long enough not to be taken for a header " * 20)
    path = path / "record.db" if make == "file as folder" else path
    with pytest.raises(StoreError, match=f"can't open the record `{path}`") as refused:
        SqliteStore(path)
    assert isinstance(refused.value.__cause__, sqlite3.Error | OSError)


def test_a_file_that_another_program_made_is_refused_or_left_readable(tmp_path):
    path = tmp_path / "record.db"
    change(path, "CREATE TABLE events (something TEXT)")
    with pytest.raises(StoreError, match="events"):
        SqliteStore(path)
    assert read(path, "SELECT * FROM events") == []


def test_a_closed_store_says_that_it_can_not_write_or_read(tmp_path):
    store = SqliteStore(tmp_path / "record.db")
    store.close()
    with pytest.raises(StoreError, match="can't write"):
        store.append([sample(1)])
    with pytest.raises(StoreError, match="can't read"):
        store.page()


def test_a_file_that_fails_later_is_told_with_the_drivers_own_error(tmp_path):
    path = tmp_path / "record.db"
    store = SqliteStore(path)
    change(path, "DROP TABLE events")
    with pytest.raises(StoreError) as refused:
        store.append([sample(1)])
    assert isinstance(refused.value.__cause__, sqlite3.Error)
    store.close()


# ── Many at once ─────────────────────────────────────────────────────────────────────────────


def test_two_processes_with_several_threads_append_each_id_once(tmp_path):
    names, processes, threads = range(40), 2, 4
    together = context.Barrier(processes)
    path = tmp_path / "record.db"
    finish(*[start(append_many, path, names, threads, together) for _ in range(processes)])
    store = SqliteStore(path)
    events = store.page()
    store.close()
    won = [int(name) for told in tmp_path.glob("won *") for name in told.read_text().split()]
    assert Counter(won) == Counter(names)
    assert verify(events).length == len(names)
    assert {event.id for event in events} == {sample(n, thread=f"thread {n % 3}").id for n in names}


# ── Alterations ──────────────────────────────────────────────────────────────────────────────


def change(path, statement, *values):
    database = sqlite3.connect(path)
    with database:
        database.execute(statement, values)
    database.close()


def read(path, statement):
    database = sqlite3.connect(path)
    rows = database.execute(statement).fetchall()
    database.close()
    return rows


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "record.db"
    store = SqliteStore(path)
    store.append([sample(n, request=f"apr-{n}", text=f"event {n}") for n in range(4)])
    store.close()
    return path


def checked(path):
    store = SqliteStore(path)
    try:
        return verify(store.page())
    finally:
        store.close()


def test_a_file_that_nobody_touched_holds_together(path):
    assert checked(path).length == 4


def test_any_flipped_byte_of_a_stored_body_is_found(path):
    ((body,),) = read(path, "SELECT body FROM events WHERE seq=3")
    for at in range(0, len(body), 7):
        flipped = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        change(path, "UPDATE events SET body=? WHERE seq=3", flipped)
        with pytest.raises(ChainError, match="event 3"):
            checked(path)
    change(path, "UPDATE events SET body=? WHERE seq=3", body)
    assert checked(path).length == 4


@pytest.mark.parametrize("column", [*sorted({*COLUMNS} - {"kind"}), "prev", "hash"])
def test_a_flipped_byte_of_a_column_is_found(path, column):
    ((value,),) = read(path, f"SELECT {column} FROM events WHERE seq=3")  # noqa: S608
    flipped = value[:-1] + chr(ord(value[-1]) ^ 1)
    change(path, f"UPDATE events SET {column}=? WHERE seq=3", flipped)  # noqa: S608
    with pytest.raises(ChainError, match="event 3"):
        checked(path)


def test_another_kind_is_found_and_one_that_does_not_exist_can_not_be_read(path):
    change(path, "UPDATE events SET kind='completed' WHERE seq=3")
    with pytest.raises(ChainError, match="event 3 .* column `kind`"):
        checked(path)
    change(path, "UPDATE events SET kind='complete' WHERE seq=3")
    with pytest.raises(StoreError, match="complete"):
        checked(path)


def test_another_number_and_a_missing_row_are_found(path):
    change(path, "UPDATE events SET seq=9 WHERE seq=3")
    with pytest.raises(ChainError, match="event 3"):
        checked(path)
    change(path, "DELETE FROM events WHERE seq=9")
    with pytest.raises(ChainError, match="event 3"):
        checked(path)


def test_a_value_of_another_type_is_found(path):
    change(path, "UPDATE events SET body=CAST(body AS TEXT) WHERE seq=2")
    with pytest.raises(ChainError, match="event 2"):
        checked(path)


def test_a_record_is_on_the_disk_before_an_append_returns(tmp_path):
    """The write-ahead log is flushed for an append; what is only noted waits for the next."""
    store = SqliteStore(tmp_path / "record.db")
    store.note([sample(1)])
    assert store._write.execute("PRAGMA synchronous").fetchone() == (1,)
    store.append([sample(2)])
    assert store._write.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._write.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
