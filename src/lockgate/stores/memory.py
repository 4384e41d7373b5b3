"""Events in a list: for tests and trials, gone with the process."""

from __future__ import annotations

import threading
from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from lockgate.errors import StoreError
from lockgate.record import GENESIS, TURNING, Event, EventKind, seal, ties

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lockgate.record import Draft


_seq: Final = attrgetter("seq")


class MemoryStore:
    """A store that lasts as long as the process."""

    blocks = False

    def __init__(self) -> None:
        """Start empty."""
        self._events: list[Event] = []
        self._ids: set[str] = set()
        self._by_call: dict[tuple[str, str], list[Event]] = {}
        self._requests: dict[tuple[str, str], list[Event]] = {}
        self._by_thread: dict[str, list[Event]] = {}
        self._open: dict[str, Event] = {}
        self._lock = threading.Lock()

    def note(self, drafts: Sequence[Draft]) -> tuple[bool, ...]:
        """Append what is new: nothing here ever waits for a disk."""
        return self.append(drafts)

    def leave(self, drafts: Sequence[Draft]) -> None:
        """Append what is new."""
        self.append(drafts)

    def append(self, drafts: Sequence[Draft]) -> tuple[bool, ...]:
        """Append what is new, in order and all together."""
        with self._lock:
            sealed: dict[str, Event] = {}
            try:
                fresh = tuple(self._seal(drafted, sealed) for drafted in drafts)
            except (TypeError, ValueError) as error:
                raise StoreError(f"can't write the record: {error}") from error
            self._keep(sealed.values())
            return fresh

    def _seal(self, drafted: Draft, sealed: dict[str, Event]) -> bool:
        """Seal one draft behind the events that were sealed before, if its id is new."""
        if drafted.id in self._ids or drafted.id in sealed:
            return False
        last = next(reversed(sealed.values()), self._events[-1] if self._events else None)
        seq, prev = (last.seq, last.hash) if last else (0, GENESIS)
        sealed[drafted.id] = seal(drafted, seq + 1, prev)
        return True

    def _keep(self, sealed: Iterable[Event]) -> None:
        for event in sealed:
            self._ids.add(event.id)
            self._events.append(event)
            self._by_thread.setdefault(event.thread, []).append(event)
            if event.kind is EventKind.HELD:
                self._open[event.request] = event
            elif event.kind is EventKind.RESOLVED:
                self._open.pop(event.request, None)
            if event.kind in TURNING:
                self._by_call.setdefault((event.thread, event.call), []).append(event)
                if ties(event):
                    self._requests.setdefault((event.thread, event.call), []).append(event)

    def of_call(self, thread: str, call: str, latest: int | None = None) -> tuple[Event, ...]:
        """Return the events that changed where one call stands, oldest first."""
        with self._lock:
            found = self._by_call.get((thread, call), ())
            return tuple(found[-latest:] if latest else found)

    def requests_of(self, thread: str, call: str) -> tuple[Event, ...]:
        """Return the events that tie one call to approval requests, oldest first."""
        with self._lock:
            return tuple(self._requests.get((thread, call), ()))

    def of_thread(self, thread: str, after: int = 0) -> tuple[Event, ...]:
        """Return the events of one thread, oldest first."""
        with self._lock:
            found = self._by_thread.get(thread, [])
            return tuple(found[bisect_right(found, after, key=_seq) :])

    def of_request(self, request: str) -> tuple[Event, ...]:
        """Return the events about one approval request, oldest first."""
        return self._where(lambda event: event.request == request != "", 0)

    def of_kind(self, *kinds: EventKind, after: int = 0) -> tuple[Event, ...]:
        """Return the events of some kinds, oldest first."""
        return self._where(lambda event: event.kind in kinds, after)

    def unresolved(self) -> tuple[Event, ...]:
        """Return the `held` events whose request has no resolution."""
        with self._lock:
            return tuple(self._open.values())

    def page(self, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return up to `limit` events, oldest first."""
        with self._lock:
            return tuple(self._events[after : after + limit])

    def _where(self, wanted: Callable[[Event], bool], after: int) -> tuple[Event, ...]:
        with self._lock:
            return tuple(event for event in self._events[after:] if wanted(event))

    def close(self) -> None:
        """Keep everything: it goes with the process."""
