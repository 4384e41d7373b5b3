"""Where the record is kept.

A store appends events durably, each id once, and finds them again. `open_store` takes a
URL, or the path of a SQLite file. To add a store, read the README beside this file.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Protocol

from lockgate.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.record import Draft, Event, EventKind

STORE_VARIABLE: Final = "LOCKGATE_STORE"
"""Environment variable that names the store when the code does not."""
DEFAULT_STORE: Final = "lockgate.db"
"""The SQLite file that is used when nothing names a store."""


class Store(Protocol):
    """What the gate needs of a store; `testing.StoreConformance` proves one.

    Attributes:
        blocks: Whether its calls wait for a disk or a network, so that an event loop must
            not make them itself.
    """

    blocks: bool

    def append(self, drafts: Sequence[Draft]) -> tuple[bool, ...]:
        """Append what is new, in order and all together, and return when it is durable.

        Returns:
            For each draft whether its id was new.

        Raises:
            StoreError: If nothing was appended.
        """
        ...

    def note(self, drafts: Sequence[Draft]) -> tuple[bool, ...]:
        """Append as `append` does, but return before the disk has confirmed it.

        What is noted survives the death of the process at once, and the death of the machine as
        soon as anything is appended after it. For what has no effect on the world.

        Returns:
            For each draft whether its id was new.

        Raises:
            StoreError: If nothing was appended.
        """
        ...

    def leave(self, drafts: Sequence[Draft]) -> None:
        """Leave drafts to be appended soon, in order; whoever reads the record here finds them.

        What is left survives the death of the process at once. For what has no effect on the
        world and has ids that nobody shares; this is called from event loops, so it never waits
        for a network.

        Raises:
            StoreError: If it could get lost, or what was left before could not be appended.
        """
        ...

    def requests_of(self, thread: str, call: str) -> tuple[Event, ...]:
        """Return the events that tie one call to approval requests, oldest first (`record.ties`).

        All there is to know of a call that nothing else ties; called from event loops likewise.
        """
        ...

    def of_call(self, thread: str, call: str, latest: int | None = None) -> tuple[Event, ...]:
        """Return the events that changed where one call stands, oldest first.

        Args:
            thread: The conversation.
            call: The host's identity of the call.
            latest: How many of the newest to return; by default all.
        """
        ...

    def of_thread(self, thread: str, after: int = 0) -> tuple[Event, ...]:
        """Return the events of one thread with a number above `after`, oldest first."""
        ...

    def of_request(self, request: str) -> tuple[Event, ...]:
        """Return the events about one approval request, oldest first."""
        ...

    def of_kind(self, *kinds: EventKind, after: int = 0) -> tuple[Event, ...]:
        """Return the events of some kinds with a number above `after`, oldest first."""
        ...

    def unresolved(self) -> tuple[Event, ...]:
        """Return the `held` events whose request has no resolution, oldest first."""
        ...

    def page(self, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to `limit` events with a number above `after`, oldest first."""
        ...

    def close(self) -> None:
        """Let go of files and connections; closing twice is harmless."""
        ...


def default_store() -> str:
    """Return the store that is used when the code names none."""
    return os.environ.get(STORE_VARIABLE, DEFAULT_STORE)


def open_store(where: str) -> Store:
    """Open a store by URL or path.

    Args:
        where: `memory://`, `sqlite:///path`, or a path.

    Raises:
        StoreError: If the URL names no known store, or it can't be opened.
    """
    scheme, separator, rest = where.partition("://")
    match scheme if separator else "path":
        case "memory":
            from lockgate.stores.memory import MemoryStore

            return MemoryStore()
        case "sqlite":
            return _sqlite(rest.removeprefix("/"))
        case "path":
            return _sqlite(where)
        case _:
            raise StoreError(f"no store for `{scheme}://`: use a file path or `sqlite:///path`")


def _sqlite(path: str) -> Store:
    from lockgate.stores.sqlite import SqliteStore

    return SqliteStore(path)


__all__ = ["Store", "default_store", "open_store"]
