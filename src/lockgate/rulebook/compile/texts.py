"""What one asks of text, in Unicode code points; patterns are RE2, which never backtracks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from lockgate.evaluate import ConditionError
from lockgate.rulebook.compile.overloads import overload
from lockgate.rulebook.compile.values import Undecided, mismatch

_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_UPPER: Final = {lower: upper for upper, lower in _LOWER.items()}
_SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""Unicode's White_Space; what Python strips has control characters besides."""


@overload("_+_", total=True)
def concatenated(a: str, b: str) -> str:
    """Put one text behind another."""
    return a + b


@overload("_+_", total=True)
def concatenated_bytes(a: bytes, b: bytes) -> bytes:
    """Put bytes behind others."""
    return a + b


@overload("contains", total=True)
def contains(text: str, part: str) -> bool:
    """Say whether a text has another within."""
    return part in text


@overload("startsWith", total=True)
def starts_with(text: str, part: str) -> bool:
    """Say whether a text begins with another."""
    return text.startswith(part)


@overload("endsWith", total=True)
def ends_with(text: str, part: str) -> bool:
    """Say whether a text ends with another."""
    return text.endswith(part)


@overload("matches")
def matches(text: str, pattern: str) -> bool:
    """Say whether a pattern is found anywhere in a text."""
    return search(pattern)(text) is not None


@lru_cache(maxsize=512)
def search(pattern: str) -> Any:
    """Return what looks for a pattern in a text.

    Raises:
        ConditionError: If it is not an RE2 pattern.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options).search
    except re2.error as error:
        told = error.args[0]
        reason = told.decode() if isinstance(told, bytes) else told
        raise ConditionError(f"`{pattern}` is not a pattern: {reason}") from None


@overload("lowerAscii", total=True)
def lower_ascii(text: str) -> str:
    """Lower the letters A to Z."""
    return text.translate(_LOWER)


@overload("upperAscii", total=True)
def upper_ascii(text: str) -> str:
    """Raise the letters a to z."""
    return text.translate(_UPPER)


@overload("trim", total=True)
def trim(text: str) -> str:
    """Drop white space at both ends."""
    return text.strip(_SPACE)


@overload("reverse", total=True)
def reverse(text: str) -> str:
    """Turn a text around."""
    return text[::-1]


@overload("replace", total=True)
def replace(text: str, old: str, new: str) -> str:
    """Put one text for another."""
    return text.replace(old, new)


@overload("replace", total=True)
def replace_some(text: str, old: str, new: str, limit: int) -> str:
    """Put one text for another, so many times at most."""
    return text.replace(old, new, max(-1, limit))


@overload("split", total=True)
def split(text: str, by: str) -> list[Any]:
    """Cut a text into pieces."""
    return split_some(text, by, -1)


@overload("split", total=True)
def split_some(text: str, by: str, limit: int) -> list[Any]:
    """Cut a text into so many pieces at most."""
    if limit == 0:
        return []
    if by:
        return text.split(by, limit - 1 if limit > 0 else -1)
    if limit < 0 or limit >= len(text):
        return list(text) or [""]
    return [*text[: limit - 1], text[limit - 1 :]]


@overload("join")
def join(parts: list[Any]) -> str:
    """Put texts behind one another."""
    return join_by(parts, "")


@overload("join")
def join_by(parts: list[Any], by: str) -> str:
    """Put texts behind one another, with something between."""
    for part in parts:
        if type(part) is not str:
            raise mismatch("join", part)
    return by.join(parts)


def _place(at: int, text: str) -> int:
    if 0 <= at <= len(text):
        return at
    raise ConditionError(f"there is no place {at} in a text of {len(text)} characters")


@overload("charAt")
def char_at(text: str, at: int) -> str:
    """Return the character at a place; the end has none."""
    return text[_place(at, text) :][:1]


@overload("substring")
def substring_from(text: str, start: int) -> str:
    """Return what follows a place."""
    return text[_place(start, text) :]


@overload("substring")
def substring(text: str, start: int, end: int) -> str:
    """Return what stands between two places."""
    if start > end:
        raise ConditionError(f"a text can't be cut from {start} to {end}")
    if end == len(text):
        raise Undecided  # the engine has an answer for some of these only
    return text[_place(start, text) : _place(end, text)]


@overload("indexOf", total=True)
def index_of(text: str, part: str) -> int:
    """Return where a text first stands within another, or -1."""
    return text.find(part)


@overload("indexOf")
def index_of_from(text: str, part: str, start: int) -> int:
    """Return where a text first stands within another from a place on, or -1."""
    return text.find(part, _place(start, text))


@overload("lastIndexOf", total=True)
def last_index_of(text: str, part: str) -> int:
    """Return where a text last stands within another, or -1."""
    return text.rfind(part)


@overload("lastIndexOf")
def last_index_of_until(text: str, part: str, start: int) -> int:
    """Return where a text last starts within another, up to a place, or -1."""
    return text.rfind(part, 0, _place(start, text) + len(part))
