"""Moments and lengths of time, to the nanosecond.

Text is read here in the strict forms of RFC 3339 and of Go's durations. What the engine
may read besides is left to it, and so are lengths near the longest one it knows.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lockgate.evaluate import ConditionError
from lockgate.rulebook.compile.overloads import overload
from lockgate.rulebook.compile.values import Duration, Timestamp, Undecided

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = -62_135_596_800 * SECOND
_LAST: Final = 253_402_300_800 * SECOND
_LONGEST: Final = 300_000_000_000 * SECOND
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)
_OFFSET: Final = re.compile(r"([+-]?)([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_LENGTH: Final = re.compile(r"-?(?:\d{1,12}(?:\.\d{1,9})?(?:ns|us|ms|h|m|s))+", re.ASCII)
_PART: Final = re.compile(r"(\d+)(?:\.(\d+))?([a-z]+)", re.ASCII)
_UNITS: Final = {
    "h": 3600 * SECOND,
    "m": 60 * SECOND,
    "s": SECOND,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}


def _moment(ns: int) -> Timestamp:
    if _FIRST <= ns < _LAST:
        return Timestamp(ns)
    raise ConditionError("a time must lie in the years 1 to 9999")


def _length(ns: int) -> Duration:
    if -_LONGEST <= ns <= _LONGEST:
        return Duration(ns)
    raise Undecided


@overload("timestamp")
def timestamp_of_text(text: str) -> Timestamp:
    """Read a moment as RFC 3339 writes it."""
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise Undecided
    try:
        whole = datetime.fromisoformat(found[1] + found[3]) - _EPOCH
    except (ValueError, OverflowError):
        raise Undecided from None
    fraction = int((found[2] or "").ljust(9, "0"))
    return _moment((whole.days * 86_400 + whole.seconds) * SECOND + fraction)


@overload("timestamp")
def timestamp_of_seconds(seconds: int) -> Timestamp:
    """Return the moment so many seconds after 1970."""
    return _moment(seconds * SECOND)


@overload("timestamp", total=True)
def same_timestamp(moment: Timestamp) -> Timestamp:
    """Return a moment as it is."""
    return moment


@overload("duration")
def duration_of_text(text: str) -> Duration:
    """Read a length of time such as `1h30m`."""
    if _LENGTH.fullmatch(text) is None:
        raise Undecided
    total = sum(_part(*found.groups()) for found in _PART.finditer(text))
    return _length(-total if text.startswith("-") else total)


def _part(whole: str, fraction: str | None, unit: str) -> int:
    digits = fraction or ""
    scale: int = 10 ** len(digits)
    ns, rest = divmod(int(whole + digits) * _UNITS[unit], scale)
    if rest:
        raise Undecided
    return ns


@overload("duration", total=True)
def same_duration(length: Duration) -> Duration:
    """Return a length of time as it is."""
    return length


@overload("_+_")
def later(moment: Timestamp, length: Duration) -> Timestamp:
    """Return the moment a length of time later."""
    return _moment(moment.ns + length.ns)


@overload("_+_")
def later_than(length: Duration, moment: Timestamp) -> Timestamp:
    """Return the moment a length of time later."""
    return _moment(moment.ns + length.ns)


@overload("_-_")
def earlier(moment: Timestamp, length: Duration) -> Timestamp:
    """Return the moment a length of time earlier."""
    return _moment(moment.ns - length.ns)


@overload("_-_")
def between(until: Timestamp, since: Timestamp) -> Duration:
    """Return how long it is from one moment to another."""
    return _length(until.ns - since.ns)


@overload("_+_")
def longer(a: Duration, b: Duration) -> Duration:
    """Add lengths of time."""
    return _length(a.ns + b.ns)


@overload("_-_")
def shorter(a: Duration, b: Duration) -> Duration:
    """Subtract lengths of time."""
    return _length(a.ns - b.ns)


@overload("int", total=True)
def seconds_of(moment: Timestamp) -> int:
    """Return the whole seconds since 1970."""
    return moment.ns // SECOND


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    found = _OFFSET.fullmatch(name)
    if found is None:
        return _named(name)
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))


def _named(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except Exception:  # noqa: BLE001 - whatever is wrong with the name, the engine says so
        raise Undecided from None


def _local(moment: Timestamp, zone: tzinfo) -> datetime:
    try:
        return (_EPOCH + timedelta(seconds=moment.ns // SECOND)).astimezone(zone)
    except OverflowError:
        raise Undecided from None


_GETTERS: Final[dict[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDate": lambda at: at.day,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
}
"""The parts of a date; months, days of the month and of the year count from zero in CEL."""


def _enter(name: str, part: Callable[[datetime], int]) -> None:
    @overload(name)
    def in_utc(moment: Timestamp) -> int:
        return part(_local(moment, UTC))

    @overload(name)
    def in_zone(moment: Timestamp, zone: str) -> int:
        return part(_local(moment, _zone(zone)))


for _name, _getter in _GETTERS.items():
    _enter(_name, _getter)


@overload("getMilliseconds")
def milliseconds_of(moment: Timestamp) -> int:
    """Return the milliseconds within the second."""
    return moment.ns % SECOND // 1_000_000


@overload("getMilliseconds")
def milliseconds_in(moment: Timestamp, zone: str) -> int:
    """Return the milliseconds within the second; no zone changes them."""
    _zone(zone)
    return milliseconds_of(moment)


def _toward_zero(ns: int, unit: int) -> int:
    return -(-ns // unit) if ns < 0 else ns // unit


@overload("getHours", total=True)
def hours_of(length: Duration) -> int:
    """Return the whole hours of a length of time."""
    return _toward_zero(length.ns, _UNITS["h"])


@overload("getMinutes", total=True)
def minutes_of(length: Duration) -> int:
    """Return the whole minutes of a length of time."""
    return _toward_zero(length.ns, _UNITS["m"])


@overload("getSeconds", total=True)
def whole_seconds_of(length: Duration) -> int:
    """Return the whole seconds of a length of time."""
    return _toward_zero(length.ns, SECOND)


@overload("getMilliseconds", total=True)
def milliseconds_of_duration(length: Duration) -> int:
    """Return the milliseconds within the second of a length of time."""
    return _toward_zero(length.ns, 1_000_000) - 1000 * _toward_zero(length.ns, SECOND)
