"""Arithmetic and order: 64-bit whole numbers that never wrap, IEEE fractions, no mixing.

Comparison mixes kinds of numbers, arithmetic does not. That is the language's own rule;
`double(x)` and `int(x)` are how one crosses over.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, Final

from lockgate.evaluate import ConditionError
from lockgate.rulebook.compile.overloads import overload
from lockgate.rulebook.compile.values import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    Duration,
    Timestamp,
    Undecided,
    Unsigned,
    comparable,
    mismatch,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_ORDERED: Final = frozenset({int, float, str, bytes, bool, Timestamp, Duration})


def _int(value: int, *operands: int) -> int:
    if any(operand > INT_MAX for operand in operands):
        raise Undecided  # the engine takes such a number of the record for an unsigned one
    if INT_MIN <= value <= INT_MAX:
        return value
    raise ConditionError("a whole number grew beyond 64 bits")


def _unsigned(value: int) -> Unsigned:
    if 0 <= value <= UINT_MAX:
        return Unsigned(value)
    raise ConditionError("an unsigned number left its 64 bits")


def _nonzero(value: int) -> int:
    if value == 0:
        raise ConditionError("division by zero")
    return value


def _quotient(a: int, b: int) -> int:
    """Divide and drop the fraction, as CEL does; Python rounds down."""
    found = abs(a) // abs(_nonzero(b))
    return found if (a < 0) == (b < 0) else -found


@overload("_+_")
def add_int(a: int, b: int) -> int:
    """Add whole numbers."""
    return _int(a + b, a, b)


@overload("_-_")
def subtract_int(a: int, b: int) -> int:
    """Subtract whole numbers."""
    return _int(a - b, a, b)


@overload("_*_")
def multiply_int(a: int, b: int) -> int:
    """Multiply whole numbers."""
    return _int(a * b, a, b)


@overload("_/_")
def divide_int(a: int, b: int) -> int:
    """Divide whole numbers, towards zero."""
    return _int(_quotient(a, b), a, b)


@overload("_%_")
def remainder_int(a: int, b: int) -> int:
    """Return what division leaves; it has the sign of `a`."""
    quotient = _int(_quotient(a, b), a, b)
    return a - b * quotient


@overload("-_")
def negate_int(a: int) -> int:
    """Change the sign of a whole number."""
    return _int(-a, a)


@overload("_+_")
def add_unsigned(a: Unsigned, b: Unsigned) -> Unsigned:
    """Add unsigned numbers."""
    return _unsigned(int(a) + int(b))


@overload("_-_")
def subtract_unsigned(a: Unsigned, b: Unsigned) -> Unsigned:
    """Subtract unsigned numbers."""
    return _unsigned(int(a) - int(b))


@overload("_*_")
def multiply_unsigned(a: Unsigned, b: Unsigned) -> Unsigned:
    """Multiply unsigned numbers."""
    return _unsigned(int(a) * int(b))


@overload("_/_")
def divide_unsigned(a: Unsigned, b: Unsigned) -> Unsigned:
    """Divide unsigned numbers."""
    return _unsigned(int(a) // _nonzero(b))


@overload("_%_")
def remainder_unsigned(a: Unsigned, b: Unsigned) -> Unsigned:
    """Return what division leaves."""
    return _unsigned(int(a) % _nonzero(b))


@overload("_+_", total=True)
def add_double(a: float, b: float) -> float:
    """Add fractions."""
    return a + b


@overload("_-_", total=True)
def subtract_double(a: float, b: float) -> float:
    """Subtract fractions."""
    return a - b


@overload("_*_", total=True)
def multiply_double(a: float, b: float) -> float:
    """Multiply fractions."""
    return a * b


@overload("_/_", total=True)
def divide_double(a: float, b: float) -> float:
    """Divide fractions; by zero gives infinity, or no number at all (IEEE 754, section 7.3)."""
    if b:
        return a / b
    return math.nan if not a or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)


@overload("-_", total=True)
def negate_double(a: float) -> float:
    """Change the sign of a fraction."""
    return -a


def _comparison(name: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Compare two numbers of any kinds, or two values of one kind that has an order."""

    def run(a: Any, b: Any) -> bool:
        kind, other = type(a), type(b)
        if (kind is other and kind in _ORDERED) or comparable(a, b):
            return compare(a, b)
        raise mismatch(name, a, b)

    return run


COMPARISONS: Final = {
    "_<_": ("<", _comparison("<", operator.lt)),
    "_<=_": ("<=", _comparison("<=", operator.le)),
    "_>_": (">", _comparison(">", operator.gt)),
    "_>=_": (">=", _comparison(">=", operator.ge)),
}
"""The operators that compare: how Python writes each, and what does it to any two values."""
