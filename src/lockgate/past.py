"""What happened before: events → where a call stands, and what a conversation knows.

Hosts replay: they re-enter a node or a step after a person answers, and after a crash. So
every call is first looked up by its own identity, and its events are folded into one
`Past`. Both folds are pure; the same events always give the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import orjson

from lockgate.approve import ApprovalRequest, Resolution
from lockgate.call import MAX_DEPTH
from lockgate.evaluate import Facts, PastCall
from lockgate.record import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockgate.call import ToolCall


class Stage(StrEnum):
    """How far a call got."""

    NEW = "new"
    HELD = "held"
    STARTED = "started"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"


_STAGES: Final = {
    EventKind.HELD: Stage.HELD,
    EventKind.STARTED: Stage.STARTED,
    EventKind.SUSPENDED: Stage.SUSPENDED,
    EventKind.COMPLETED: Stage.COMPLETED,
    EventKind.FAILED: Stage.FAILED,
    EventKind.ABANDONED: Stage.ABANDONED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Where one call stands.

    Attributes:
        stage: How far it got.
        request: The request that holds it, if any.
        resolution: How that request ended, if it did.
        held: Number of the event that made the last request, or zero.
        asks: How many times the host was asked to pause for the request.
        generation: Number of the event that started or ended it last, or zero; two who see
            the same generation can't both start the next.
        end: The event of the last end.
        round: Number of the event that ended the round before, or zero.
        adopted: The identity this call has taken on, or empty.
        other: Whether another call with this identity is held.
    """

    stage: Stage = Stage.NEW
    request: ApprovalRequest | None = None
    resolution: Resolution | None = None
    held: int = 0
    asks: int = 0
    generation: int = 0
    end: Event | None = None
    round: int = 0
    adopted: str = ""
    other: bool = False

    @classmethod
    def of(cls, call: ToolCall, events: Iterable[Event]) -> Past:
        """Fold the events of the identity that `call` has."""
        past, others = cls(), {}
        for event in _last_round(events) if call.repeatable else events:
            if event.fingerprint == call.fingerprint:
                past = past.after(event)
            elif event.kind in _STAGES or event.kind is EventKind.RESOLVED:
                others[event.fingerprint] = event.kind
        return replace(past, other=True) if EventKind.HELD in others.values() else past

    def after(self, event: Event) -> Past:
        """Return the past with one more event."""
        match event.kind:
            case EventKind.HELD:
                return self._hold(event)
            case EventKind.ADOPTED:
                return replace(self, adopted=event.data["call"])
            case EventKind.ASKED:
                return replace(self, asks=self.asks + 1)
            case EventKind.RESOLVED:
                return replace(self, resolution=Resolution.from_dict(event.data))
            case EventKind.STARTED:
                under = self if event.request else self._without_request()
                return replace(under, stage=Stage.STARTED, generation=event.seq)
            case EventKind.COMPLETED | EventKind.FAILED:
                return self._ended(_STAGES[event.kind], event)
            case EventKind.RECONCILED:
                return self._ended(Stage(event.data["stage"]), event)
            case EventKind.SUSPENDED | EventKind.ABANDONED:
                return replace(self, stage=_STAGES[event.kind])
            case _:
                return self

    @property
    def ended(self) -> dict[str, Any]:
        """What the last end told; with something masked it is no longer the value itself."""
        if self.end is None:
            return {}
        told = self.end.data
        return {**told, "faithful": False} if self.end.masked else told

    def _ended(self, stage: Stage, event: Event) -> Past:
        return replace(self, stage=stage, end=event, generation=event.seq, round=event.seq)

    def _hold(self, event: Event) -> Past:
        return replace(
            self,
            stage=Stage.HELD,
            request=ApprovalRequest.from_dict(event.data["request"]),
            resolution=None,
            held=event.seq,
            asks=1,
        )

    def reopened(self, now: str) -> Past:
        """Forget a request that ended and led to no start, once its time is over.

        For hosts that give calls no identity: the same call may then be asked for anew.
        """
        if self.request is None or self.resolution is None or self.stage is not Stage.HELD:
            return self
        if now < self.request.expires_at:
            return self
        return replace(self._without_request(), stage=Stage.NEW)

    def _without_request(self) -> Past:
        return replace(self, request=None, resolution=None, asks=0)


def has_end(events: Iterable[Event]) -> bool:
    """Say whether a call ended among these events: what came before is then another call."""
    return any(event.kind in _ENDS for event in events)


def _last_round(events: Iterable[Event]) -> list[Event]:
    """Return the events from the last end on: what came before is another call."""
    tail: list[Event] = []
    for event in events:
        if event.kind in _ENDS:
            tail = []
        tail.append(event)
    return tail


_ENDS: Final = frozenset({EventKind.COMPLETED, EventKind.FAILED, EventKind.RECONCILED})


class Conversation:
    """What one conversation knows, folded as the record grows.

    Attributes:
        seq: The last event that was folded.
    """

    __slots__ = ("_calls", "_observed", "_proposed", "_turns", "seq")

    def __init__(self) -> None:
        """Start with nothing."""
        self.seq = 0
        self._turns: list[str] = []
        self._observed: list[dict[str, Any]] = []
        self._calls: list[PastCall] = []
        self._proposed: dict[str, dict[str, Any]] = {}

    def extend(self, events: Iterable[Event]) -> None:
        """Fold the events that came since."""
        for event in events:
            self.seq = event.seq
            self._fold(event)

    def _fold(self, event: Event) -> None:
        match event.kind:
            case EventKind.SAID:
                self._turns.append(event.data["text"])
            case EventKind.OBSERVED:
                self._observed.append(event.data)
            case EventKind.DECIDED:
                self._proposed[event.call + event.fingerprint] = event.data
            case EventKind.COMPLETED:
                self._complete(event)
            case _:
                pass

    def _complete(self, event: Event) -> None:
        proposed = self._proposed.pop(event.call + event.fingerprint, None)
        if proposed is None:
            return
        self._calls.append(
            PastCall(
                tool=proposed["tool"],
                action=proposed["profile"]["action"],
                arguments=proposed["arguments"],
                result=_readable(event.data.get("result")),
            )
        )

    def facts(self, now: str) -> Facts:
        """Return the snapshot for a decision made at `now`."""
        return Facts(
            now=now,
            turns=tuple(self._turns),
            observed=tuple(self._observed),
            calls=tuple(self._calls),
        )


def _readable(result: Any) -> Any:
    """Read a result that is JSON text; tools often answer with text that holds values."""
    if not isinstance(result, str) or result[:1] not in {"{", "["}:
        return result
    try:
        value = orjson.loads(result)
    except orjson.JSONDecodeError:
        return result
    return value if _shallow(value, MAX_DEPTH) else result


def _shallow(value: Any, depth: int) -> bool:
    """Say whether a value is nested no deeper than `depth`; rules can't look further."""
    match value:
        case dict():
            return depth > 0 and all(_shallow(item, depth - 1) for item in value.values())
        case list():
            return depth > 0 and all(_shallow(item, depth - 1) for item in value)
        case _:
            return True
