"""Equality, and what one asks of lists, maps and optionals."""

from __future__ import annotations

from typing import Any, Final

from lockgate.evaluate import ConditionError
from lockgate.rulebook.compile.overloads import overload
from lockgate.rulebook.compile.values import (
    NONE,
    Absent,
    Duration,
    Kind,
    Optional,
    Timestamp,
    Undecided,
    Unsigned,
    comparable,
    mismatch,
)

Key = str | int | Unsigned | float | bool
_KEYS: Final = frozenset({str, int, Unsigned, float, bool})
_PLAIN: Final = frozenset({int, float, str, bool, type(None), bytes, Timestamp, Duration, Kind})
_MISSING: Final = object()


def equal(a: Any, b: Any) -> bool:
    """Say whether two values are the same; values of different kinds are not."""
    kind, other = type(a), type(b)
    if (kind is other and kind in _PLAIN) or comparable(a, b):
        return bool(a == b)
    if kind is Absent or other is Absent:
        raise mismatch("==", a, b)
    if kind is not other:
        return False
    if kind is list:
        return len(a) == len(b) and all(map(equal, a, b))
    if kind is dict:
        return len(a) == len(b) and all(key in b and equal(a[key], b[key]) for key in a)
    return _equal_optionals(a, b)


def _equal_optionals(a: Optional, b: Optional) -> bool:
    if a is NONE or b is NONE:
        return a is b
    return equal(a.value, b.value)


def different(a: Any, b: Any) -> bool:
    """Say whether two values are not the same."""
    return not equal(a, b)


def present(value: Any) -> Any:
    """Return a value that is there."""
    if type(value) is Absent:
        raise value.error()
    return value


def boolean(value: Any) -> bool:
    """Return a value that is true or false, and nothing that Python takes for it."""
    if value is True or value is False:
        return bool(value)
    raise mismatch("true or false", value)


def elements(value: Any) -> list[Any]:
    """Return what a loop goes through: the elements of a list, the keys of a map."""
    if type(value) is list:
        return value
    if type(value) is dict:
        return list(value)
    raise mismatch("a loop", value)


def in_order(value: Any) -> list[Any]:
    """Return the elements of a list; the keys of a map have no order that is the language's."""
    if type(value) is dict:
        raise Undecided
    return elements(value)


def mapping(*pairs: Any) -> dict[Any, Any]:
    """Make a map of keys and values in turn."""
    keys = pairs[::2]
    for key in keys:
        if type(key) is float or type(key) not in _KEYS:
            raise mismatch("a key of a map", key)
    kinds = set(map(type, keys))
    made = dict(zip(keys, pairs[1::2], strict=True))
    if len(made) < len(keys) or (bool in kinds and len(kinds) > 1):
        raise Undecided  # the engine refuses a key that is given twice
    return made


@overload("size", total=True)
def size(value: str | bytes | list[Any] | dict[Any, Any]) -> int:
    """Count characters, bytes, elements or entries."""
    return len(value)


@overload("_+_", total=True)
def joined(a: list[Any], b: list[Any]) -> list[Any]:
    """Put one list behind another."""
    return a + b


@overload("@in", total=True)
def element_of(value: Any, items: list[Any]) -> bool:
    """Say whether a list has an element that equals a value."""
    return any(equal(value, item) for item in items)


@overload("@in", total=True)
def key_of(value: Key, entries: dict[Any, Any]) -> bool:
    """Say whether a map has a key."""
    return _entry(entries, value) is not _MISSING


def _entry(entries: dict[Any, Any], key: Key) -> Any:
    """Look a key up; Python would take `true` for 1."""
    found = entries.get(key, _MISSING)
    if found is _MISSING or type(key) is str:
        return found
    same = any((type(other) is bool) is (type(key) is bool) for other in entries if other == key)
    return found if same else _MISSING


@overload("_[_]")
def entry(entries: dict[Any, Any], key: Key) -> Any:
    """Return what stands under a key."""
    found = _entry(entries, key)
    if found is _MISSING:
        raise ConditionError(f"there is no key `{key}`")
    return found


@overload("_[_]")
def element(items: list[Any], at: int | Unsigned | float) -> Any:
    """Return the element at a place, counted from zero."""
    if type(at) is float and not at.is_integer():
        raise mismatch("a place in a list", at)
    if 0 <= at < len(items):
        return items[int(at)]
    raise ConditionError(f"there is no element {int(at)} in a list of {len(items)}")


@overload("_[_]")
def element_of_optional(items: Optional, _at: Any) -> Any:
    """Return the element, if there is a list or map."""
    if items is NONE:
        return NONE
    raise Undecided


def field(value: Any, name: str) -> Any:
    """Return a field of a map, or of a map that may be there."""
    if type(value) is dict:
        found = value.get(name, _MISSING)
        if found is _MISSING:
            raise ConditionError(f"there is no `{name}`")
        return found
    if type(value) is Optional:
        return optional_field(value, name) if _is_map(value) else _left()
    raise mismatch(f".{name}", value)


def has(value: Any, name: str) -> bool:
    """Say whether a map has a field."""
    if type(value) is dict:
        return name in value
    if type(value) is Optional:
        return value is not NONE and name in (value.value if _is_map(value) else _left())
    raise mismatch(f"has .{name}", value)


def _is_map(value: Optional) -> bool:
    return value is NONE or type(value.value) is dict


def _left() -> Any:
    raise Undecided


@overload("_?._", total=True)
def optional_field(value: dict[Any, Any] | Optional, name: str) -> Optional:
    """Return a field of a map if it is there."""
    return optional_entry(value, name)


@overload("_[?_]", total=True)
def optional_entry(value: dict[Any, Any] | Optional, key: Key) -> Optional:
    """Return what stands under a key if it is there."""
    if isinstance(value, Optional):
        return value if value is NONE else _optional_within(value.value, key)
    found = _entry(value, key)
    return NONE if found is _MISSING else Optional(found)


@overload("_[?_]")
def optional_element(items: list[Any], at: int) -> Optional:
    """Return the element at a place if it is there."""
    return Optional(items[at]) if 0 <= at < len(items) else NONE


def _optional_within(value: Any, key: Any) -> Optional:
    if type(value) is dict and type(key) in _KEYS:
        return optional_entry(value, key)
    raise Undecided


@overload("optional.of", total=True)
def optional_of(value: Any) -> Optional:
    """Return an optional that has a value."""
    return Optional(value)


@overload("optional.none", total=True)
def optional_none() -> Optional:
    """Return an optional that is empty."""
    return NONE


@overload("optional.ofNonZeroValue")
def optional_of_nonzero(value: Any) -> Optional:
    """Return an optional that is empty for nothing, zero, false and what has no content."""
    if type(value) in {Timestamp, Duration, Kind, Optional}:
        raise Undecided
    return Optional(value) if value else NONE


def optional(value: Any) -> Optional:
    """Return a value that is an optional."""
    if type(value) is Optional:
        return value
    raise mismatch("or", value)


@overload("hasValue", total=True)
def has_value(value: Optional) -> bool:
    """Say whether an optional has a value."""
    return value is not NONE


@overload("value")
def value_of(value: Optional) -> Any:
    """Return the value of an optional."""
    return present(value.value)
