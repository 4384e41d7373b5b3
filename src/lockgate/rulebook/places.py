"""Where a character of a value stands in the text of its document.

YAML folds lines, strips indentation and unescapes; what it never does is to lose or to move a
character that is not white space. So the nth such character of a value is the nth of what
was written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PROPERTIES: Final = re.compile(r"(?:[!&]\S*\s+)*")
_ESCAPED: Final = re.compile(r"\\(?:x(..)|u(....)|U(........)|(.))?")
_NAMED: Final = {"0": "\0", "a": "\a", "b": "\b", "e": "\x1b", **dict.fromkeys("tnvfrN_LP ", " ")}
Place = tuple[int, int]


def place_of(lines: Sequence[str], start: Place, value: str, offset: int) -> Place:
    """Return line and column, from one, of the character at `offset` of a value.

    Args:
        lines: The lines of the document.
        start: Line and column where the value begins.
        value: The text that YAML made of it.
        offset: Which character; one that is white space stands for what follows.
    """
    wanted = sum(not character.isspace() for character in value[:offset])
    at_end = not value[offset:].strip()
    last = start
    for nth, (line, column, width) in enumerate(_solid(lines, start)):
        if nth == wanted and not at_end:
            return line, column
        if nth + 1 == wanted:
            last = line, column + width
            if at_end:
                return last
    return last


def _solid(lines: Sequence[str], start: Place) -> Iterator[tuple[int, int, int]]:
    """Yield line, column and width of everything written that is not white space."""
    row, column = start[0] - 1, start[1] - 1
    first = lines[row] if row < len(lines) else ""
    found = _PROPERTIES.match(first, column)
    column = found.end() if found else column
    quote = first[column : column + 1]
    if quote in {"|", ">"}:
        row, column = row + 1, 0
    elif quote in {"'", '"'}:
        column += 1
    for at in range(row, len(lines)):
        for begin, end, solid in _characters(lines[at], column, quote):
            if solid:
                yield at + 1, begin + 1, end - begin
        column = 0


def _characters(line: str, column: int, quote: str) -> Iterator[tuple[int, int, bool]]:
    """Yield where each character begins and ends, and whether it is not white space."""
    while column < len(line):
        end, character = column + 1, line[column]
        if quote == "'" and line[column : column + 2] == "''":
            end += 1
        elif quote == '"' and character == "\\" and (found := _ESCAPED.match(line, column)):
            end, character = found.end(), _unescaped(found)
        yield column, end, not character.isspace()
        column = end


def _unescaped(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    if digits:
        return chr(int(digits, 16))
    return _NAMED.get(found[4], found[4]) if found[4] else " "
