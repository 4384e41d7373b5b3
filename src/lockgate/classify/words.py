"""Names as words: what `camelCase`, `snake_case` and `kebab-case` have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def words(name: str) -> list[str]:
    """Split a name into lower-case words."""
    return [word.lower() for word in _WORD.findall(name)]


def among(names: Iterable[str], wanted: frozenset[str]) -> tuple[str, ...]:
    """Return the names that have one of the wanted words."""
    return tuple(name for name in names if wanted.intersection(words(name)))
