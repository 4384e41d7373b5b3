"""Events in one SQLite file: no set-up, durable before an effect, shared by processes.

Write-ahead log with `synchronous=FULL`. `writer.Writer` gathers what the threads of a process
have to say into transactions.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from contextlib import ExitStack, closing
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from lockgate.errors import StoreError
from lockgate.record import GENESIS, Event, EventKind, seal
from lockgate.stores.schema import FIELDS, VERSION, statements
from lockgate.stores.spool import SPOOLS, orphans
from lockgate.stores.writer import Batch, Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.record import Draft

BUSY_SECONDS: Final = 30.0
"""How long a writer waits for another process."""
BUSY_PAUSE: Final = 0.005
"""How long to wait before trying again what SQLite does not wait for, in seconds."""
_SQL: Final = statements(SQLiteDialect_pysqlite(paramstyle="named"))
_INSERT: Final = statements(SQLiteDialect_pysqlite(paramstyle="qmark")).insert
"""Rows are many and short-lived: tuples cost half of what mappings do."""


class SqliteStore:
    """A store in one file."""

    blocks = True

    def __init__(self, path: str | Path) -> None:
        """Open the file, and make it if it is not there.

        Raises:
            StoreError: If it can't be opened, or was written by a newer version.
        """
        self.path = Path(path)
        self._reader = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write, self._read = _open(self.path)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"can't open the record `{path}`: {error}") from error
        self._writer = Writer(self.path, partial(_commit, self._write))
        self._ended = weakref.finalize(self, _end, self._writer, self._write, self._read)
        self._adopt()

    def _adopt(self) -> None:
        """Append what processes that died have left."""
        for orphan in orphans(self.path) if SPOOLS else ():
            self.note(orphan.drafts())
            orphan.remove()

    def append(self, drafts: Sequence[Draft]) -> tuple[bool, ...]:
        """Append what is new, in order and all together, durably."""
        return self._writer.add(drafts, flush=True)

    def note(self, drafts: Sequence[Draft]) -> tuple[bool, ...]:
        """Append what is new, and let a later append flush it to the disk."""
        return self._writer.add(drafts, flush=False)

    def leave(self, drafts: Sequence[Draft]) -> None:
        """Leave drafts in the spool; the writer takes them from there."""
        self._writer.leave(drafts)

    def requests_of(self, thread: str, call: str) -> tuple[Event, ...]:
        """Return the events that tie one call to approval requests; what is left never does."""
        return self._rows(_SQL.requests_of, thread=thread, call=call)

    def of_call(self, thread: str, call: str, latest: int | None = None) -> tuple[Event, ...]:
        """Return the events that changed where one call stands, oldest first."""
        newest = self._select(_SQL.of_call, thread=thread, call=call, latest=latest or -1)
        return newest[::-1]

    def of_thread(self, thread: str, after: int = 0) -> tuple[Event, ...]:
        """Return the events of one thread, oldest first."""
        return self._select(_SQL.of_thread, thread=thread, after=after)

    def of_request(self, request: str) -> tuple[Event, ...]:
        """Return the events about one approval request, oldest first."""
        return self._select(_SQL.of_request, request=request)

    def of_kind(self, *kinds: EventKind, after: int = 0) -> tuple[Event, ...]:
        """Return the events of some kinds, oldest first."""
        found = [self._select(_SQL.of_kind, kind=kind.value, after=after) for kind in kinds]
        return tuple(sorted((event for some in found for event in some), key=_seq))

    def unresolved(self) -> tuple[Event, ...]:
        """Return the `held` events whose request has no resolution."""
        held, resolved = EventKind.HELD.value, EventKind.RESOLVED.value
        return self._select(_SQL.unresolved, held=held, resolved=resolved)

    def page(self, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to `limit` events, oldest first."""
        return self._select(_SQL.page, after=after, limit=limit)

    def _select(self, sql: str, **parameters: Any) -> tuple[Event, ...]:
        self._writer.settled()
        return self._rows(sql, **parameters)

    def _rows(self, sql: str, **parameters: Any) -> tuple[Event, ...]:
        try:
            with self._reader:
                rows = self._read.execute(sql, parameters).fetchall()
            return tuple(map(_event, rows))
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(f"can't read the record `{self.path}`: {error}") from error

    def close(self) -> None:
        """Append what was left, and close both connections."""
        with self._reader:
            self._ended()


def _end(writer: Writer, *connections: sqlite3.Connection) -> None:
    """Let go of a store that is closed, forgotten or outlived by nothing but its file."""
    writer.close()
    for connection in connections:
        connection.close()


def _open(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """Open the connections to write and to read; leave none open if that fails."""
    with ExitStack() as stack:
        opened = [stack.enter_context(closing(_connect(path))) for _ in range(2)]
        for connection in opened:
            _log_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
        _prepare(opened[0], path)
        stack.pop_all()
        return opened[0], opened[1]


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; SQLite itself does not wait for others here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= deadline:
                raise
            time.sleep(BUSY_PAUSE)
        else:
            return


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file; refuse one that a newer version wrote."""
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in _SQL.create:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")
    if version > VERSION:
        raise StoreError(f"`{path}` was written by a newer lockgate: upgrade this one")


def _commit(connection: sqlite3.Connection, batches: list[Batch]) -> list[tuple[bool, ...]]:
    """Append the drafts of all batches in one transaction, flushed if any of them asks for it."""
    flush = any(batch.flush for batch in batches)
    connection.execute(f"PRAGMA synchronous={'FULL' if flush else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        seq, head = connection.execute(_SQL.last).fetchone() or (0, GENESIS)
        known = _known(connection, batches)
        fresh, rows = [], []
        for batch in batches:
            new = []
            for drafted in batch.drafts:
                new.append(drafted.id not in known)
                if new[-1]:
                    event = seal(drafted, seq + 1, head)
                    rows.append(_row(event))
                    known.add(event.id)
                    seq, head = event.seq, event.hash
            fresh.append(tuple(new))
        connection.executemany(_INSERT, rows)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return fresh


def _known(connection: sqlite3.Connection, batches: list[Batch]) -> set[str]:
    """Return the ids of these drafts that are in the record already."""
    ids = [drafted.id for batch in batches for drafted in batch.drafts]
    told = {"ids": orjson.dumps(ids).decode("utf-8")}
    return {found for (found,) in connection.execute(_SQL.known, told)}


_row: Final = attrgetter(*FIELDS)


def _event(row: tuple[Any, ...]) -> Event:
    told = dict(zip(FIELDS, row, strict=True))
    return Event(**{**told, "kind": EventKind(told["kind"])})


def _seq(event: Event) -> int:
    return event.seq
