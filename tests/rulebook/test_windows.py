"""Windows and calendars: against a clock and a calendar of Python's own, also when hours jump."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lockgate import RulebookError
from lockgate.rulebook import CelCondition
from lockgate.rulebook.moments import DAYS, days_of
from rulebook.books import book, judged

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",  # jumps at midnight
    "Africa/Cairo",  # likewise
    "Australia/Lord_Howe",  # jumps by half an hour
    "Asia/Kathmandu",  # a quarter of an hour off
    "Pacific/Apia",  # left out a whole day in 2011
]


def is_open(window, now, calendars=None):
    names = {"windows": {"w": window}, "calendars": calendars or {}}
    rules = [{"id": "open", "when": "windows.w", "then": "block", "reason": "x"}]
    made = judged(book({**names, "rules": rules}), now=now)
    assert not made.erring
    return made.rule == "open"


def moment(local, zone, fold=0):
    when = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return f"{when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


# ── The same as a calendar on the wall ───────────────────────────────────────────────────────


def minutes(text):
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


def reference(window, now, calendars):
    """What the window means, in other words than those of the code."""
    local = datetime.fromisoformat(now).astimezone(ZoneInfo(window["zone"]))
    minute = local.hour * 60 + local.minute
    since, until = minutes(window.get("from", "00:00")), minutes(window.get("until", "24:00"))
    day = local.date()
    if since < until:
        if not since <= minute < until:
            return False
    elif minute < until:
        day -= timedelta(days=1)
    elif minute < since:
        return False
    fits = DAYS[(day.weekday() + 1) % 7] in {
        DAYS[nth] for nth in days_of(window.get("days", "mon-sun"))
    }
    fits &= window.get("first", "0001-01-01") <= day.isoformat() <= window.get("last", "9999-12-31")
    if "only" in window:
        fits &= day.isoformat() in calendars[window["only"]]
    if "except" in window:
        fits &= day.isoformat() not in calendars[window["except"]]
    return fits


CLOCK = st.builds(
    lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from([0, 15, 30, 59])
)
DATES = st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(date.isoformat)
WINDOWS = st.fixed_dictionaries(
    {"zone": st.sampled_from(ZONES)},
    optional={
        "days": st.sampled_from(["mon-fri", "sat,sun", "fri-mon", "wed"]),
        "from": CLOCK,
        "until": CLOCK,
        "first": DATES,
        "last": DATES,
        "only": st.just("some"),
        "except": st.just("others"),
    },
).filter(lambda item: item.get("from", "00:00") != item.get("until", "24:00"))
JUMPS = ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04"]
NOWS = st.one_of(
    st.datetimes(datetime(2025, 12, 30), datetime(2028, 1, 2)),  # noqa: DTZ001 - UTC is added
    st.builds(
        lambda day, seconds: datetime.fromisoformat(day) + timedelta(seconds=seconds),
        st.sampled_from(JUMPS),
        st.integers(-86_400, 172_800),
    ),
)
CALENDARS = {"some": [*JUMPS, "2026-12-25"], "others": ["2026-12-24", "2026-12-25", *JUMPS[:2]]}


@given(WINDOWS, NOWS)
@settings(max_examples=300, deadline=None)
@example(
    {"zone": "Europe/Berlin", "from": "22:00", "until": "06:00", "days": "sat"},
    datetime(2026, 3, 29, 1, 30),  # noqa: DTZ001
)
@example(
    {"zone": "Europe/Berlin", "from": "22:00", "until": "06:00", "days": "sat"},
    datetime(2026, 10, 25, 1, 30),  # noqa: DTZ001
)
@example(
    {"zone": "America/Havana", "from": "12:00", "until": "11:00", "days": "sat"},
    datetime(2026, 11, 1, 4, 59),  # noqa: DTZ001
)
def test_a_window_is_open_when_clock_and_calendar_say_so(window, at):
    window = dict(window)
    if window.get("first", "") > window.get("last", "9999"):
        window.pop("first")
    now = f"{at.isoformat(timespec='microseconds')}Z"
    assert is_open(window, now, CALENDARS) is reference(window, now, CALENDARS)


@pytest.mark.parametrize(
    ("local", "fold", "expected"),
    [
        ("2026-03-29T01:59", 0, True),
        ("2026-03-29T03:00", 0, False),  # two o'clock is three o'clock: half past two never comes
        ("2026-10-25T02:30", 0, True),
        ("2026-10-25T02:30", 1, True),  # it comes twice, and the window is open twice
        ("2026-10-25T03:00", 0, False),
    ],
)
def test_hours_that_are_skipped_or_come_twice(local, fold, expected):
    night = {"zone": "Europe/Berlin", "from": "01:00", "until": "03:00"}
    assert is_open(night, moment(local, "Europe/Berlin", fold)) is expected


def test_a_window_over_midnight_belongs_to_the_day_it_began_on():
    friday = {"zone": "Europe/Berlin", "days": "fri", "from": "22:00", "until": "06:00"}
    opened = [
        is_open(friday, moment(local, "Europe/Berlin"))
        for local in (
            "2026-11-20T21:59",
            "2026-11-20T22:00",
            "2026-11-21T05:59",
            "2026-11-21T06:00",
            "2026-11-21T22:30",
            "2026-11-20T05:00",
        )
    ]
    assert opened == [False, True, True, False, False, False]


def test_dates_are_those_of_the_zone_and_the_last_one_counts():
    freeze = {"zone": "Asia/Tokyo", "first": "2026-12-20", "last": "2027-01-02"}
    told = {
        "2026-12-19T14:59:59Z": False,
        "2026-12-19T15:00:00Z": True,
        "2027-01-02T14:59:59Z": True,
        "2027-01-02T15:00:00Z": False,
    }
    assert {now: is_open(freeze, now) for now in told} == told


def test_a_decision_by_a_window_tells_the_time():
    names = {"windows": {"w": {"zone": "UTC", "days": "thu"}}}
    made = book(
        {**names, "rules": [{"id": "r", "when": "windows.w", "then": "block", "reason": "x"}]}
    )
    assert judged(made, now="2026-01-01T00:00:00Z").now == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("zone", ZONES)
def test_what_was_compiled_agrees_with_the_engine(zone):
    names = {
        "windows": {
            "w": {
                "zone": zone,
                "days": "mon-fri",
                "from": "22:30",
                "until": "06:15",
                "except": "some",
            }
        },
        "calendars": CALENDARS,
    }
    made = book(
        {**names, "rules": [{"id": "r", "when": "windows.w", "then": "block", "reason": "x"}]}
    )
    condition = made.rules[0].rule.condition
    assert isinstance(condition, CelCondition)
    for hour in range(24 * 14):
        now = (
            (datetime(2026, 3, 22, tzinfo=UTC) + timedelta(hours=hour))
            .isoformat()
            .replace("+00:00", "Z")
        )
        found = judged(made, now=now).rule == "r"
        assert condition.ask(_Only(now)) is found, now


class _Only(dict):
    """Variables of which only the time matters."""

    def __init__(self, now):

        self.question = None
        self.prepared = None
        self._now = now

    def complete(self):
        return _EVERYTHING | {"now": self._now}


_EVERYTHING = {
    **dict.fromkeys(
        [
            "tool",
            "source",
            "action",
            "effect",
            "environment",
            "agent",
            "person",
            "organisation",
            "level",
            "unit",
            "currency",
        ],
        "",
    ),
    "args": {},
    "score": 0,
    "reach": 0,
    "amount": None,
    "targets": [],
    "hazards": [],
    "said": [],
    "observed": [],
    "calls": [],
    "done": [],
    "seen": {},
    "did": {},
}


# ── What is no window ────────────────────────────────────────────────────────────────────────

BAD = {
    "no zone": ("  w: { from: '09:00', until: '10:00' }", (2, 6), "`zone` is missing"),
    "an unknown zone": (
        "  w: { zone: Europe/Belin }",
        (2, 14),
        "the time zone `Europe/Belin` is not known here",
    ),
    "a path for a zone": (
        "  w: { zone: ../../etc/passwd }",
        (2, 14),
        "the time zone `../../etc/passwd` is not known here",
    ),
    "a folder of zones": (
        "  w: { zone: Europe }",
        (2, 14),
        "the time zone `Europe` is not known here",
    ),
    "no time": (
        "  w: { zone: UTC, from: '25:00' }",
        (2, 25),
        "`25:00` is not a time of day such as `09:30`",
    ),
    "never open": (
        "  w: { zone: UTC, from: '09:00', until: '09:00' }",
        (2, 41),
        "the window is never open: it ends when it begins",
    ),
    "from the end": (
        "  w: { zone: UTC, from: '24:00', until: '09:00' }",
        (2, 41),
        "the window is never open: it ends when it begins",
    ),
    "backwards": (
        "  w: { zone: UTC, first: 2026-12-31, last: 2026-01-01 }",
        (2, 44),
        "the window is never open: its last day comes before its first",
    ),
    "no date": (
        "  w: { zone: UTC, first: 2026-02-29 }",
        (2, 26),
        "`2026-02-29` is not a date such as `2026-12-31`",
    ),
    "no days": (
        "  w: { zone: UTC, days: weekdays }",
        (2, 25),
        "`weekdays` is not days such as `mon-fri` or `sat,sun`",
    ),
    "no calendar": (
        "  w: { zone: UTC, except: [holidays] }",
        (2, 28),
        "there is no `calendars.holidays`",
    ),
    "an unknown key": ("  w: { zone: UTC, unitl: '10:00' }", (2, 19), "unknown key `unitl`"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_window_is_refused_where_it_stands(name):
    line, place, message = BAD[name]
    with pytest.raises(RulebookError) as refused:
        book(f"windows:\n{line}\n")
    error = refused.value
    assert (error.line, error.column) == place, str(error)
    assert error.message == message
    assert error.hint


@pytest.mark.parametrize("text", ["mon", "mon-sun", "sat,sun", "fri-mon", "mon, wed ,fri"])
def test_days_are_read(text):
    assert days_of(text)


def test_days_go_round_the_week():
    assert days_of("fri-mon") == (0, 1, 5, 6)
    assert days_of("sun-sun") == (0,)
