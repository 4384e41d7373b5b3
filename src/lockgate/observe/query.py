"""The record as people read it: one row a call, one row a run, and totals."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lockgate.decide import Verdict
from lockgate.record import OF_RULES, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lockgate.record import Event
    from lockgate.stores import Store

PAGE: Final = 1000


@dataclass(slots=True)
class CallRow:
    """One call, as far as the record tells.

    Attributes:
        seq: Number of its first event.
        state: The last thing that happened to it; `unknown` if it started and never ended.
        verdicts: Every verdict it was given, oldest first.
        executions: How many times it was started.
    """

    seq: int
    at: str
    thread: str
    run: str
    call: str
    fingerprint: str
    tool: str = ""
    action: str = ""
    agent: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    level: str = ""
    score: int = 0
    rule: str = ""
    reason: str = ""
    tell: str = ""
    state: str = ""
    request: str = ""
    verdicts: list[str] = field(default_factory=list)
    executions: int = 0

    @property
    def verdict(self) -> str:
        """The last verdict, or empty when it never reached one."""
        return self.verdicts[-1] if self.verdicts else ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**asdict(self), "verdict": self.verdict}


@dataclass(slots=True)
class RunRow:
    """One conversation in numbers."""

    thread: str
    began: str
    calls: int = 0
    allowed: int = 0
    held: int = 0
    blocked: int = 0
    executed: int = 0
    unknown: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole record in numbers.

    Attributes:
        judged: How many calls were judged.
        allowed: How many of them were allowed without asking.
        held: How many were ever held.
        blocked: How many were blocked or turned away.
        executed: How many executions were permitted.
        unknown: How many started and have no known end.
        levels: How many calls had each level.
    """

    judged: int
    allowed: int
    held: int
    blocked: int
    executed: int
    unknown: int
    levels: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def every_event(store: Store) -> Iterator[Event]:
    """Read the whole record, a page at a time."""
    seq = 0
    while events := store.page(seq, PAGE):
        yield from events
        seq = events[-1].seq


def calls(events: Iterable[Event]) -> list[CallRow]:
    """Fold events into one row a call, in the order of their first event."""
    rows: dict[tuple[str, str, str], CallRow] = {}
    for event in events:
        if event.kind in _OF_NO_CALL:
            continue
        key = event.thread, event.call, event.fingerprint
        row = rows.get(key)
        if row is None:
            row = rows[key] = CallRow(event.seq, event.at, event.thread, event.run, *key[1:])
        _tell(row, event)
    return list(rows.values())


_OF_NO_CALL: Final = OF_RULES | {EventKind.SAID, EventKind.OBSERVED}


_STATES: Final = {
    EventKind.HELD: "held",
    EventKind.ADOPTED: "asked again",
    EventKind.STARTED: "unknown",
    EventKind.SUSPENDED: "suspended",
    EventKind.COMPLETED: "completed",
    EventKind.FAILED: "failed",
    EventKind.ABANDONED: "unknown",
}


_STATE_OF: Final = {
    Verdict.ALLOW: "allowed",
    Verdict.REQUIRE_APPROVAL: "held",
    Verdict.BLOCK: "blocked",
}


def _tell(row: CallRow, event: Event) -> None:
    """Let one more event say what became of a call."""
    row.state = _STATES.get(event.kind, row.state)
    row.request = event.request or row.request
    match event.kind:
        case EventKind.DECIDED:
            _decided(row, event.data)
        case EventKind.RESOLVED:
            row.state = event.data["state"]
        case EventKind.RECONCILED:
            row.state = "completed" if event.data["stage"] == "completed" else "did not happen"
        case EventKind.REFUSED:
            _refused(row, event.data)
        case EventKind.STARTED:
            row.executions += 1
        case _:
            pass


def _decided(row: CallRow, told: dict[str, Any]) -> None:
    decision = told["decision"]
    row.tool, row.action = told["tool"], told["profile"]["action"]
    row.agent, row.arguments = told["principal"]["agent"], told["arguments"]
    row.level, row.score = decision["risk"]["level"], decision["risk"]["score"]
    row.rule, row.reason, row.tell = decision["rule"], decision["reason"], decision["tell"]
    row.verdicts.append(decision["verdict"])
    row.state = row.state or _STATE_OF[decision["verdict"]]


def _refused(row: CallRow, told: dict[str, Any]) -> None:
    row.tool, row.arguments = row.tool or told["tool"], row.arguments or told["arguments"]
    row.reason = told["reason"]
    row.state = row.state or told["outcome"]


def runs(rows: Iterable[CallRow]) -> list[RunRow]:
    """Fold calls into one row a conversation, in the order of their first call."""
    found: dict[str, RunRow] = {}
    for row in rows:
        run = found.setdefault(row.thread, RunRow(row.thread, row.at))
        run.calls += 1
        run.allowed += _allowed(row)
        run.held += _held(row)
        run.blocked += _blocked(row)
        run.executed += row.executions
        run.unknown += row.state == "unknown"
    return list(found.values())


def totals(rows: Iterable[CallRow]) -> Totals:
    """Count a record."""
    rows = list(rows)
    return Totals(
        judged=len(rows),
        allowed=sum(map(_allowed, rows)),
        held=sum(map(_held, rows)),
        blocked=sum(map(_blocked, rows)),
        executed=sum(row.executions for row in rows),
        unknown=sum(row.state == "unknown" for row in rows),
        levels=dict(Counter(row.level for row in rows if row.level)),
    )


def _held(row: CallRow) -> bool:
    return Verdict.REQUIRE_APPROVAL in row.verdicts


def _allowed(row: CallRow) -> bool:
    return row.verdict == Verdict.ALLOW and not _held(row)


def _blocked(row: CallRow) -> bool:
    return row.verdict == Verdict.BLOCK or not row.verdicts
