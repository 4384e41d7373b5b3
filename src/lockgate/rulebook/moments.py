"""Days, hours and dates of some place, as expressions over `now`.

The time zone database is that of the machine, or of the package `tzdata`. Hours are those of the
clock on the wall there: an hour that is skipped in spring is in no window, one that comes twice in
autumn is in it twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""The days of a week as the condition language counts them."""
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", re.ASCII)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def zone_of(name: str) -> str:
    """Return the name of a time zone that is known here.

    Raises:
        ValueError: If it is not.
    """
    try:
        known = _ZONE.fullmatch(name) is not None and ZoneInfo(name).key == name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        raise ValueError(f"the time zone `{name}` is not known here")
    return name


def minutes_of(text: str) -> int:
    """Return how many minutes after midnight `09:30` is.

    Raises:
        ValueError: If it is no time of day.
    """
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is not a time of day such as `09:30`")
    return int(found[1] or 24) * 60 + int(found[2] or 0)


def days_of(text: str) -> tuple[int, ...]:
    """Return the days that `mon-fri` or `sat,sun` names.

    Raises:
        ValueError: If one is no day.
    """
    return tuple(sorted({day for part in text.split(",") for day in _run(part.strip(), text)}))


def _run(part: str, text: str) -> Iterable[int]:
    first, dash, last = part.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"`{text}` is not days such as `mon-fri` or `sat,sun`")
    start = DAYS.index(first)
    length = (DAYS.index(last) - start) % 7 if dash else 0
    return ((start + nth) % 7 for nth in range(length + 1))


def date_of(text: str) -> int:
    """Return `2026-12-31` as the number 20261231.

    Raises:
        ValueError: If there is no such day.
    """
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(f"`{text}` is not a date such as `2026-12-31`")
    return (day.year * 100 + day.month) * 100 + day.day


@dataclass(frozen=True, slots=True)
class Clock:
    """What a clock and a calendar show in one time zone, as expressions.

    Attributes:
        zone: The time zone.
        moment: The expression for the time that they show.
    """

    zone: str
    moment: str = "now"

    @property
    def minute(self) -> str:
        """Minutes since midnight."""
        return f"({self._part('getHours')} * 60 + {self._part('getMinutes')})"

    @property
    def date(self) -> str:
        """The date as a number, such as 20261231."""
        year, month = self._part("getFullYear"), self._part("getMonth")
        return f"(({year} * 100 + {month} + 1) * 100 + {self._part('getDate')})"

    @property
    def day_before(self) -> Clock:
        """A clock that shows a time late on the day before.

        Counted from midnight, with two hours to spare for an hour that came twice.
        """
        back = f"duration(string(({self.minute} + 120) * 60) + 's')"
        return Clock(self.zone, f"({self.moment} - {back})")

    def between(self, since: int, until: int) -> str:
        """Say that the time of day lies between two, over midnight if need be.

        Raises:
            ValueError: If nothing lies between them.
        """
        if since == until:
            raise ValueError("there is no time between a moment and itself")
        joined = "&&" if since < until else "||"
        return f"({self.minute} >= {since} {joined} {self.minute} < {until})"

    def on_days(self, days: Iterable[int]) -> str:
        """Say that it is one of these days of the week."""
        return f"({self._part('getDayOfWeek')} in {list(days)})"

    def _part(self, name: str) -> str:
        zone = "" if self.zone == "UTC" else f"'{self.zone}'"
        return f"{self.moment}.{name}({zone})"
