"""The one writer of a process to a SQLite file: group commit, and what is left for later.

Callers queue what they have; whoever gets the writer commits for everybody who is waiting, so that
one flush to disk serves many and a lone caller pays for no thread. What is only left is written to
a spool, and appended with the next batch: by the next caller who waits, by whoever reads, or by a
thread that looks a moment later.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from lockgate.errors import StoreError
from lockgate.stores.spool import SPOOLS, Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lockgate.record import Draft

SETTLE_SECONDS: Final = 0.02
"""How long what is left waits for company."""
MOST_LEFT: Final = 2048
"""How many batches may wait; then whoever leaves one more waits for all of them."""


class Batch:
    """What one caller wants appended, and what became of it.

    Attributes:
        drafts: What to append, all together.
        flush: Whether to wait for the disk.
        left: Whether nobody waits for it.
        fresh: For each draft whether it was new, once it is appended.
        error: Why it was not appended.
    """

    __slots__ = ("drafts", "error", "flush", "fresh", "left")

    def __init__(self, drafts: Sequence[Draft], *, flush: bool, left: bool = False) -> None:
        """Queue `drafts`."""
        self.drafts, self.flush, self.left = drafts, flush, left
        self.fresh: tuple[bool, ...] | None = None
        self.error: Exception | None = None


class Writer:
    """Appends for every thread of this process."""

    def __init__(self, path: Path, commit: Callable[[list[Batch]], list[tuple[bool, ...]]]) -> None:
        """Write to the record at `path`; `commit` appends batches in one transaction."""
        self._path, self._commit = path, commit
        self._waiting: list[Batch] = []
        self._queue = threading.Lock()
        self._writing = threading.Lock()
        self._spool: Spool | None = None
        self._settler: threading.Thread | None = None
        self._wake = threading.Event()
        self._end = threading.Event()
        self._fault: Exception | None = None

    def add(self, drafts: Sequence[Draft], *, flush: bool) -> tuple[bool, ...]:
        """Append, and return for each draft whether it was new.

        Raises:
            StoreError: If nothing was appended.
        """
        mine = Batch(drafts, flush=flush)
        with self._queue:
            self._waiting.append(mine)
        with self._writing:
            if mine.fresh is None and mine.error is None:
                self._commit_waiting()
        if mine.fresh is None:
            raise self._unwritten(mine.error) from mine.error
        return mine.fresh

    def leave(self, drafts: Sequence[Draft]) -> None:
        """Leave drafts where they can't get lost with the process.

        Raises:
            StoreError: If they could, or what was left before could not be appended.
        """
        if not SPOOLS:
            self.add(drafts, flush=False)
            return
        if self._fault is not None or len(self._waiting) > MOST_LEFT:
            self.settle()
        with self._queue:
            try:
                spool = self._spool or self._begin()
                spool.add(drafts)
            except OSError as error:
                raise self._unwritten(error) from error
            self._waiting.append(Batch(drafts, flush=False, left=True))
        self._wake.set()

    def settle(self) -> None:
        """Append what was left.

        Raises:
            StoreError: If it could not be appended; it stays where it is.
        """
        with self._writing:
            self._commit_waiting()
        if self._fault is not None:
            raise self._unwritten(self._fault) from self._fault

    def settled(self) -> None:
        """Append what was left, if anything was."""
        if self._waiting:
            self.settle()

    def close(self) -> None:
        """Append what was left, and stop; what can't be appended stays in the spool."""
        with self._queue:
            settler = self._settler
            self._end.set()
        self._wake.set()
        if settler is not None:
            settler.join()
        with self._writing:
            self._commit_waiting()
            if self._spool is not None:
                self._spool.close(keep=self._fault is not None)
                self._spool = None

    def _begin(self) -> Spool:
        """Make the spool, and start the thread that sees to it; needs the queue."""
        if self._end.is_set():
            raise OSError("the record is closed")
        self._spool = Spool(self._path)
        self._settler = threading.Thread(target=self._settle_again, daemon=True)
        self._settler.start()
        return self._spool

    def _settle_again(self) -> None:
        """Append what was left, a moment after somebody left it, until the end."""
        while not self._end.is_set():
            self._wake.wait()
            self._end.wait(SETTLE_SECONDS)
            self._wake.clear()
            with self._writing:
                self._commit_waiting()

    def _commit_waiting(self) -> None:
        """Commit for everybody who waits; on any error nobody's events are written."""
        with self._queue:
            batches, self._waiting = self._waiting, []
        if not batches:
            return
        try:
            fresh = self._commit(batches)
        except Exception as error:  # noqa: BLE001 - every waiting caller must hear of it
            self._put_back(batches, error)
            return
        for batch, new in zip(batches, fresh, strict=True):
            batch.fresh = new
        self._took()

    def _put_back(self, batches: list[Batch], error: Exception) -> None:
        left = [batch for batch in batches if batch.left]
        with self._queue:
            self._waiting = [*left, *self._waiting]
        self._fault = error if left else self._fault
        for batch in batches:
            batch.error = error

    def _took(self) -> None:
        """Empty the spool if the record has all of it."""
        self._fault = None
        with self._queue:
            if self._spool is not None and not any(batch.left for batch in self._waiting):
                self._spool.clear()

    def _unwritten(self, error: Exception | None) -> StoreError:
        return StoreError(f"can't write the record `{self._path}`: {error}")
