"""What only the world can tell: the time, and names that nobody else gives."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count


def utc_now() -> str:
    """Return the time as RFC 3339 text, in UTC, to the microsecond; such texts sort."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{nanoseconds // 1000:06d}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class _Names:
    """A random name for this process, and a number."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self._process, self._numbers = uuid.uuid4().hex, count()

    def new(self) -> str:
        return f"{self._process}-{next(self._numbers)}"


_names = _Names()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_names.renew)


def nonce() -> str:
    """Return a name that no other call of this function returns, in any process."""
    return _names.new()
