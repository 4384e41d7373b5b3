"""From one kind of value to another.

Text is read here in plain decimal notation. What the engine may read besides, and how it
writes fractions and times, is left to it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from lockgate.evaluate import ConditionError
from lockgate.rulebook.compile.overloads import overload
from lockgate.rulebook.compile.values import (
    INT_MAX,
    INT_MIN,
    KINDS,
    Duration,
    Kind,
    Timestamp,
    Undecided,
    Unsigned,
)

_WHOLE: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_DECIMAL: Final = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_EDGE: Final = 2.0**62
_BOOLEANS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
_NAMES: Final = {kind: Kind(name) for name, kind in KINDS.items()}


@overload("int")
def same_int(value: int) -> int:
    """Return a whole number as it is."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise Undecided


@overload("int", total=True)
def int_of_bool(value: bool) -> int:  # noqa: FBT001 - the value that is converted
    """Return 1 for true and 0 for false: only where it is asked for by name."""
    return int(value)


@overload("int")
def int_of_unsigned(value: Unsigned) -> int:
    """Return an unsigned number as a whole one."""
    if value <= INT_MAX:
        return int(value)
    raise ConditionError(f"{value} is beyond 64 bits")


@overload("int")
def int_of_double(value: float) -> int:
    """Drop the fraction."""
    if -_EDGE < value < _EDGE:
        return int(value)
    raise Undecided


@overload("int")
def int_of_text(text: str) -> int:
    """Read a whole number."""
    if _WHOLE.fullmatch(text):
        return int(text)
    raise Undecided


@overload("uint")
def unsigned_of(value: int | float) -> Unsigned:
    """Return a number as an unsigned one."""
    if 0 <= value < _EDGE:
        return Unsigned(value)
    raise Undecided


@overload("uint", total=True)
def same_unsigned(value: Unsigned) -> Unsigned:
    """Return an unsigned number as it is."""
    return value


@overload("uint")
def unsigned_of_text(text: str) -> Unsigned:
    """Read an unsigned number."""
    if _WHOLE.fullmatch(text) and not text.startswith("-"):
        return Unsigned(text)
    raise Undecided


@overload("double", total=True)
def double_of(value: int | Unsigned | float) -> float:
    """Return a number as a fraction."""
    return float(value)


@overload("double")
def double_of_text(text: str) -> float:
    """Read a number in decimal notation."""
    if _DECIMAL.fullmatch(text):
        return float(text)
    raise Undecided


@overload("string", total=True)
def text_of(value: int | Unsigned | str) -> str:
    """Write a whole number, or return text as it is."""
    return str(value)


@overload("string", total=True)
def text_of_bool(value: bool) -> str:  # noqa: FBT001 - the value that is converted
    """Write true or false."""
    return "true" if value else "false"


@overload("string")
def text_of_bytes(value: bytes) -> str:
    """Read bytes as UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ConditionError("the bytes are not text") from None


@overload("string")
def text_of_others(_value: float | Timestamp | Duration) -> str:
    """Leave it to the engine how these are written."""
    raise Undecided


@overload("bytes", total=True)
def bytes_of(value: str) -> bytes:
    """Write text as UTF-8."""
    return value.encode()


@overload("bytes", total=True)
def same_bytes(value: bytes) -> bytes:
    """Return bytes as they are."""
    return value


@overload("bool")
def bool_of_text(text: str) -> bool:
    """Read true or false."""
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    raise ConditionError(f"`{text}` is neither true nor false")


@overload("bool", total=True)
def same_bool(value: bool) -> bool:  # noqa: FBT001 - the value that is converted
    """Return true or false as it is."""
    return value


@overload("dyn", total=True)
def same(value: Any) -> Any:
    """Return a value as it is; the checker no longer knows its type."""
    return value


@overload("type")
def type_of(value: Any) -> Kind:
    """Return the type of a value."""
    if type(value) is int and value > INT_MAX:
        raise Undecided
    return _NAMES[type(value)]
