"""Windows: times at which something holds, by name; and calendars of the days that are special."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lockgate.rulebook.faults import fault
from lockgate.rulebook.moments import Clock, date_of, days_of, minutes_of, zone_of
from lockgate.rulebook.shapes import Name, Strict, listed, told

if TYPE_CHECKING:
    from collections.abc import Mapping

Date = Annotated[str, AfterValidator(told(date_of, "write year, month and day: `2026-12-31`"))]
TimeOfDay = Annotated[str, AfterValidator(told(minutes_of, "write hours and minutes: `09:30`"))]
Days = Annotated[str, AfterValidator(told(days_of, "write `mon-fri`, `sat,sun` or one day"))]
Zone = Annotated[
    str,
    AfterValidator(told(zone_of, "write `UTC` or `Europe/Berlin`; the package `tzdata` has all")),
]
Dates = Annotated[list[Date], Field(min_length=1, max_length=1_000)]
Calendars = Annotated[list[Name], BeforeValidator(listed), Field(min_length=1)]
DAY: int = 24 * 60


class Window(Strict):
    """When something holds; every part that is given must fit.

    Attributes:
        zone: Whose clocks and calendars count.
        days: On which days of the week.
        since: From which time of day on.
        until: Up to which time of day; before `since`, it is that of the next day.
        first: On which day it begins.
        last: Which day is its last.
        only: Calendars that have the day.
        never: Calendars that do not have it.
    """

    zone: Zone
    days: Days = "mon-sun"
    since: TimeOfDay = Field(default="00:00", alias="from")
    until: TimeOfDay = "24:00"
    first: Date | None = None
    last: Date | None = None
    only: Calendars = Field(default_factory=list)
    never: Calendars = Field(default_factory=list, alias="except")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse a window that is never open."""
        if minutes_of(self.since) == minutes_of(self.until) or self.since == "24:00":
            hint = "leave `from` and `until` away for the whole day"
            raise fault("the window is never open: it ends when it begins", hint, "until")
        if self.first and self.last and date_of(self.first) > date_of(self.last):
            message = "the window is never open: its last day comes before its first"
            raise fault(message, "exchange `first` and `last`", "last")
        return self


def written(window: Window, calendars: Mapping[str, list[str]]) -> str:
    """Return the condition that the window is open."""
    clock = Clock(window.zone)
    since, until = minutes_of(window.since), minutes_of(window.until)
    today = _on(window, calendars, clock)
    if (since, until) == (0, DAY):
        return f"({today})"
    if since < until:
        return f"({today} && {clock.between(since, until)})"
    yesterday = _on(window, calendars, clock.day_before)
    late, early = f"{clock.minute} >= {since}", f"{clock.minute} < {until}"
    return f"(({late} && {today}) || ({early} && {yesterday}))"


def _on(window: Window, calendars: Mapping[str, list[str]], clock: Clock) -> str:
    """Return the condition that a window begins on the day that a clock shows."""
    days = days_of(window.days)
    parts = [clock.on_days(days)] if len(days) < 7 else []  # noqa: PLR2004 - days of a week
    if window.first:
        parts.append(f"{clock.date} >= {date_of(window.first)}")
    if window.last:
        parts.append(f"{clock.date} <= {date_of(window.last)}")
    if window.only:
        parts.append(f"{clock.date} in {_dates(calendars, window.only)}")
    if window.never:
        parts.append(f"!({clock.date} in {_dates(calendars, window.never)})")
    return " && ".join(parts) or "true"


def _dates(calendars: Mapping[str, list[str]], names: list[str]) -> list[int]:
    return sorted({date_of(day) for name in names for day in calendars[name]})
