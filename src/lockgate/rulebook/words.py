"""The words of a condition, so that names in it can be given their meaning before it is compiled.

This is no parser: the language's own engine parses. It only tells names from text and
remarks, and finds where the values in a pair of brackets begin and end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORD: Final = re.compile(
    r"""
      (?P<remark>//[^\n]*)
    | (?P<text>[rR]?[bB]?[rR]?(?:'''(?:\\.|[^\\])*?'''|\"""(?:\\.|[^\\])*?\"""))
    | (?P<raw>[bB]?[rR][bB]?(?:'[^'\n]*'|"[^"\n]*"))
    | (?P<line>[bB]?(?:'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>\d[\w.]*)
    | (?P<space>\s+)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Word:
    """One word: what kind it is, what it says, and where it begins."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next word begins."""
        return self.start + len(self.text)


def words(text: str) -> list[Word]:
    """Return the words of a condition, without space and remarks."""
    found = (Word(_kind(item), item.group(), item.start()) for item in _WORD.finditer(text))
    return [word for word in found if word.kind not in {"space", "remark"}]


def _kind(found: re.Match[str]) -> str:
    kind = found.lastgroup or "sign"
    return "text" if kind in {"raw", "line"} else kind


def is_field(some: Sequence[Word], at: int) -> bool:
    """Say whether a name is a field of what stands before it: `.name`, `.?name`."""
    before = "".join(word.text for word in some[max(0, at - 2) : at])
    return before.endswith((".", ".?"))


def values(some: Sequence[Word], opening: int) -> tuple[list[tuple[int, int]], int] | None:
    """Return the values in a pair of brackets, and the position of the closing one.

    Args:
        some: The words.
        opening: Position of the opening bracket.

    Returns:
        First and last position of the words of each value, and of the bracket; nothing if the
        bracket is never closed.
    """
    found: list[tuple[int, int]] = []
    depth, begun = 0, opening + 1
    for at, sign in _signs(some, opening):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if depth == 0:
            if at > begun:
                found.append((begun, at - 1))
            return found, at
        if depth == 1 and sign == ",":
            found.append((begun, at - 1))
            begun = at + 1
    return None


def _signs(some: Sequence[Word], opening: int) -> Iterator[tuple[int, str]]:
    for at in range(opening, len(some)):
        if some[at].kind == "sign":
            yield at, some[at].text
