"""A file of drafts that the record has not taken yet.

To leave a draft here costs a microsecond, and it outlives the process: the operating system
has it. Its owner holds a lock on the file for as long as it lives. A spool that nobody holds
belongs to a process that died; whoever opens the record next takes what it left.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from lockgate.record import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # no such locks here: nothing can be left, so everything is appended at once
    SPOOLS = False
else:
    SPOOLS = True


class Spool:
    """The drafts that this process left beside one record."""

    def __init__(self, record: Path) -> None:
        """Make an empty file beside `record`, and hold it.

        Raises:
            OSError: If it can't be made.
        """
        name = uuid.uuid4().hex
        unheld = record.with_name(f"{record.name}-new-{name}")
        self._path = record.with_name(f"{record.name}-spool-{name}")
        self._size = 0
        self._file = os.open(unheld, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        flock(self._file, LOCK_EX | LOCK_NB)
        unheld.rename(self._path)  # INVARIANT: nobody finds it before it is held

    def add(self, drafts: Sequence[Draft]) -> None:
        """Write drafts that the operating system will keep, whatever becomes of this process.

        Raises:
            OSError: If they were not written whole.
        """
        lines = b"".join([drafted.body + b"\n" for drafted in drafts])
        written = os.write(self._file, lines)
        if written != len(lines):
            os.ftruncate(self._file, self._size)
            raise OSError(f"{written} of {len(lines)} bytes could be written")
        self._size += written

    def clear(self) -> None:
        """Forget what is in it: the record has taken it."""
        if self._size:
            os.ftruncate(self._file, 0)
            self._size = 0

    def close(self, *, keep: bool = False) -> None:
        """Let go of the file, and remove it unless something is to be kept in it."""
        if not keep:
            self._path.unlink(missing_ok=True)
        os.close(self._file)


class Orphan:
    """A spool whose owner died."""

    def __init__(self, path: Path, file: int) -> None:
        """Hold the file that was found at `path`."""
        self._path, self._file = path, file

    def drafts(self) -> tuple[Draft, ...]:
        """Return what was left; a line that was not written whole is not there."""
        with os.fdopen(os.dup(self._file), "rb") as file:
            lines = file.read().split(b"\n")[:-1]
        return tuple(map(Draft.read, lines))

    def remove(self) -> None:
        """Remove the file, after the record has taken what was in it."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)


def orphans(record: Path) -> Iterator[Orphan]:
    """Find the spools beside `record` that nobody holds, and hold each."""
    for path in sorted(record.parent.glob(f"{record.name}-spool-*")):
        file = _held(path)
        if file is not None:
            yield Orphan(path, file)


def _held(path: Path) -> int | None:
    """Hold a file and return it, unless somebody else does or has removed it."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file
