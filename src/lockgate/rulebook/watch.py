"""Watches: whether there is a newer rulebook, asked at most once a second.

Nobody is woken: the call that finds it is time looks, and all others go on. So nothing runs
between calls, nothing is lost in a fork, and a call that begins two seconds after a file was
written is judged by it, whatever the machine was busy with. A look at a file that did not change
costs one `stat`. What can't be taken is told, never taken, and asked for again when it changes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from lockgate.errors import LockgateError, RulebookError, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lockgate.record import Role
    from lockgate.rulebook.edition import Edition

STILL_SECONDS: Final = 0.5
"""How long a file must have rested before it is taken: nobody is still writing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that a watch found.

    Attributes:
        role: Which of the two rulebooks it is about.
        edition: What there is now; nothing when the shadow was withdrawn or `fault` is set.
        fault: Why what there is can't be taken.
        mark: The same for everybody who finds the same.
    """

    role: Role
    edition: Edition | None = None
    fault: RulebookError | None = None
    mark: tuple[object, ...] = ()


def as_fault(error: Exception, file: str) -> RulebookError:
    """Return what is wrong with a rulebook, whatever was raised for it."""
    if isinstance(error, RulebookError):
        return error
    why = str(error) if isinstance(error, LockgateError) else describe(error)
    return RulebookError(f"it can't be taken: {why}", file=file)


class Watch(Protocol):
    """Somewhere that newer rulebooks come from."""

    def news(self) -> Sequence[News]:
        """Return what was found since `heard`, oldest first.

        Raises:
            StoreError: If it can't be looked at now.
        """
        ...

    def heard(self) -> None:
        """Take note that the last news have been acted upon; till then they are told again."""
        ...

    def hurry(self) -> None:
        """Take note that what there is now is complete: whoever says so knows it."""
        ...


Seen = tuple[tuple[str, int, int, int], ...]
_NOTHING: Final = (("", 0, 0, 0),)


class FileWatch:
    """Watches a rulebook file, a bundle, or a folder of documents."""

    def __init__(self, path: Path, role: Role, read: Callable[[], Edition], digest: str) -> None:
        """Watch `path`.

        Args:
            path: The file or folder.
            role: What its rulebook is there for.
            read: Reads and checks it; raises `RulebookError`.
            digest: What is known of it already.
        """
        self._path, self._role, self._read = path, role, read
        self._digest = digest
        self._known: Seen = ()
        self._before: Seen = ()
        self._found: tuple[Seen, str] = (), digest

    def news(self) -> Sequence[News]:
        """Return what the file says now, if that is new and nobody is still writing it."""
        seen = _seen(self._path)
        if seen == self._known:
            return ()
        rested, self._before = seen == self._before or _is_old(seen), seen
        if not rested:
            return ()
        mark = ("file", str(self._path), seen, self._digest)
        try:
            edition = self._read()
        except Exception as error:  # noqa: BLE001 - INVARIANT: no file stops a gate
            self._found = seen, ""
            return (News(role=self._role, fault=as_fault(error, str(self._path)), mark=mark),)
        self._found = seen, edition.digest
        if edition.digest == self._digest:
            self.heard()
            return ()
        return (News(role=self._role, edition=edition, mark=mark),)

    def heard(self) -> None:
        """Look no more at what was read, unless another write could leave the same traces."""
        seen, self._digest = self._found
        self._known = seen if seen == _NOTHING or _is_old(seen) else ()

    def hurry(self) -> None:
        """Take the file as it is for complete."""
        self._known, self._before = (), _seen(self._path)


def _seen(path: Path) -> Seen:
    """Return what tells one state of a file or folder from the next."""
    try:
        inside = sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]
        states = [(str(item), item.stat()) for item in inside]
    except OSError:
        return _NOTHING
    return tuple((name, at.st_mtime_ns, at.st_size, at.st_ino) for name, at in states)


def _is_old(seen: Seen) -> bool:
    """Say whether all of it was written a while ago; what is not there is never old."""
    latest = max((written for _, written, _, _ in seen), default=0)
    return seen != _NOTHING and time.time_ns() - latest >= STILL_SECONDS * 1e9
