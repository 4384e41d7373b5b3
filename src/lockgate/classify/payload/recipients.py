"""How many people a message reaches, when that can be counted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SEPARATOR: Final = re.compile(r"[,;\s]+")


def count_recipients(arguments: Mapping[str, object], parameters: tuple[str, ...]) -> int | None:
    """Return the number of recipients, or `None` when a group or nothing is named."""
    counts = [_count(arguments[name]) for name in parameters if name in arguments]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _count(value: object) -> int | None:
    if isinstance(value, list):
        counts = [_count(item) for item in value]
        return None if None in counts else sum(count or 0 for count in counts)
    if not isinstance(value, str):
        return None
    parts = [part for part in _SEPARATOR.split(value) if part]
    return len(parts) if parts and all("@" in part for part in parts) else None
