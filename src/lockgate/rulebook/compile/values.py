"""What a compiled condition computes with, beyond what JSON has.

JSON values are the plain Python ones, and only these: a boolean is never taken for a
whole number. A value that is not there is an `Absent`; using it has no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NoReturn

from lockgate.evaluate import ConditionError

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
UINT_MAX: Final = 2**64 - 1
BUDGET: Final = 10_000
"""How many steps all loops of one condition may take together."""


class Undecided(Exception):
    """The compiled code leaves this one case to the engine, which answers for it."""


class Exhausted(Exception):
    """The loops took too many steps; no other part of the condition can settle it."""


class Unsigned(int):
    """A whole number that was written with a `u`; it adds up with its own kind only."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment, in nanoseconds since 1970."""

    ns: int


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time, in nanoseconds."""

    ns: int


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value, as a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may be none; `value` is an `Absent` then."""

    value: Any


class Absent:
    """Stands where a value was looked for and not found.

    It may be passed along and asked whether it is there; whatever looks at its value is
    told that there is none.
    """

    __slots__ = ("path",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, path: str) -> None:
        """Remember which `path` leads to nothing."""
        self.path = path

    def error(self) -> ConditionError:
        """Return what is to be said of it."""
        return ConditionError(f"there is no `{self.path}`")

    def __eq__(self, other: object) -> NoReturn:
        """Refuse to be compared."""
        raise self.error()

    __ne__ = __eq__


NONE: Final = Optional(Absent("value of an optional that is empty"))
EXACT: Final = 2**53
"""Up to here every whole number is also a fraction, and comparing the two is exact."""
NUMBERS: Final = frozenset({int, float, Unsigned})
NAMES: Final[dict[type, str]] = {
    type(None): "nothing",
    bool: "true or false",
    int: "a whole number",
    Unsigned: "an unsigned number",
    float: "a fraction",
    str: "text",
    bytes: "bytes",
    list: "a list",
    dict: "a map",
    Timestamp: "a time",
    Duration: "a duration",
    Kind: "a type",
    Optional: "an optional",
}
"""What people call the kinds of values."""

ANY: Final = frozenset(NAMES)
KINDS: Final = {
    "null_type": type(None),
    "bool": bool,
    "int": int,
    "uint": Unsigned,
    "double": float,
    "string": str,
    "bytes": bytes,
    "list": list,
    "map": dict,
    "google.protobuf.Timestamp": Timestamp,
    "google.protobuf.Duration": Duration,
    "type": Kind,
    "optional_type": Optional,
}
"""The types that a condition can name."""


def mismatch(function: str, *values: object) -> ConditionError:
    """Return the error that `function` does not apply to `values`."""
    for value in values:
        if type(value) is Absent:
            return value.error()
    kinds = " and ".join(NAMES.get(type(value), "another value") for value in values)
    return ConditionError(f"`{function.strip('@_').replace('_', '')}` does not apply to {kinds}")


def comparable(a: Any, b: Any) -> bool:
    """Say whether both are numbers; where the engine would round to compare, it does so itself."""
    kind, other = type(a), type(b)
    if kind not in NUMBERS or other not in NUMBERS:
        return False
    if (kind is float) is not (other is float) and abs(b if kind is float else a) > EXACT:
        raise Undecided
    return True
