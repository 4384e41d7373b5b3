"""What is written: events, each chained to the one before.

An event's body is the exact bytes that are stored, and its hash covers the hash before
it and those bytes (RFC 9162 hashes stored bytes for the same reason: a verifier then
needs no canonical form). Ids are deterministic, so that writing an event twice writes
it once. Secrets are masked here, before anything is hashed. A chain alone can't tell
that its newest events were cut off; compare the head with one kept elsewhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import orjson

from lockgate.call import Identity
from lockgate.errors import ChainError
from lockgate.redact import Redacted, redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GENESIS: Final = "0" * 64
"""The hash before the first event."""


class EventKind(StrEnum):
    """What can happen in the life of a call, what is said, and what becomes of the rulebook."""

    SAID = "said"
    OBSERVED = "observed"
    DECIDED = "decided"
    HELD = "held"
    ASKED = "asked"
    ADOPTED = "adopted"
    RESOLVED = "resolved"
    REFUSED = "refused"
    STARTED = "started"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"
    RECONCILED = "reconciled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    ENFORCED = "enforced"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before the store gives it its place.

    Attributes:
        id: Deterministic; the same happening has the same id.
        kind: What happened.
        at: RFC 3339 time.
        thread: The conversation.
        run: One invocation of the agent.
        call: The host's identity of the call, empty for what is not about a call.
        fingerprint: The exact call, empty likewise.
        request: The approval request it is about, or empty.
        data: What there is to tell, with secrets masked.
        masked: Which paths were masked.
        encoded: Its body, where somebody has it already.
    """

    id: str
    kind: EventKind
    at: str
    thread: str
    run: str = ""
    call: str = ""
    fingerprint: str = ""
    request: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    masked: tuple[str, ...] = ()
    encoded: bytes = b""

    @property
    def body(self) -> bytes:
        """What is stored of it, but for its number."""
        return self.encoded or _body(
            {name: getattr(self, name) for name in COLUMNS}, self.data, self.masked
        )

    @classmethod
    def read(cls, body: bytes) -> Draft:
        """Return the draft that has this body."""
        told = orjson.loads(body)
        kind, masked = EventKind(told.pop("kind")), tuple(told.pop("masked"))
        return cls(kind=kind, masked=masked, encoded=body, **told)


def _body(columns: dict[str, Any], data: object, masked: tuple[str, ...]) -> bytes:
    whole = {**columns, "masked": masked, "data": data}
    return orjson.dumps(whole, option=orjson.OPT_NON_STR_KEYS)


COLUMNS: Final = ("id", "kind", "at", "thread", "run", "call", "fingerprint", "request")
"""The parts of an event that stores index; each must agree with the body."""

OF_RULES: Final = frozenset(
    {EventKind.PUBLISHED, EventKind.WITHDRAWN, EventKind.ENFORCED, EventKind.KEPT}
)
"""The kinds that tell of the rulebook, and of no call."""
TURNING: Final = (
    frozenset(EventKind)
    - OF_RULES
    - {EventKind.SAID, EventKind.OBSERVED, EventKind.DECIDED, EventKind.REFUSED}
)
"""The kinds that change where a call stands; its past is folded from these alone."""


def ties(event: Draft | Event) -> bool:
    """Say whether an event ties its call to an approval request."""
    return event.request != "" or event.kind is EventKind.ADOPTED


def draft(  # noqa: PLR0913 - the parts of an event
    kind: EventKind,
    about: Identity,
    at: str,
    data: Mapping[str, Any],
    *,
    key: tuple[object, ...] = (),
    request: str = "",
) -> Draft:
    """Draft an event about a call; `key` tells it from others of its kind."""
    clean = redact(dict(data)) if data else _NOTHING
    columns: dict[str, Any] = {
        "id": about.key(kind, *key),
        "kind": kind,
        "at": at,
        "thread": about.thread,
        "run": about.run,
        "call": about.call,
        "fingerprint": about.fingerprint,
        "request": request,
    }
    body = _body(columns, orjson.Fragment(clean.encoded), clean.masked)
    return Draft(**columns, data=clean.value, masked=clean.masked, encoded=body)


_NOTHING: Final = Redacted({}, b"{}")


def said(thread: str, run: str, message_id: str, text: str, at: str) -> Draft:
    """Draft what a user said; the same message is recorded once."""
    about = Identity(thread, run, "", "")
    return draft(EventKind.SAID, about, at, {"text": text}, key=(message_id,))


class Role(StrEnum):
    """What a rulebook is there for: to be enforced, or to be tried beside the one that is."""

    FORCE = "force"
    SHADOW = "shadow"


class Trust(StrEnum):
    """How far what reached a conversation may be believed."""

    USER = "user"
    AGENT = "agent"
    UNTRUSTED = "untrusted"


def observed(  # noqa: PLR0913, PLR0917 - what there is to tell of a moment
    thread: str,
    run: str,
    source: str,
    trust: Trust,
    text: str,
    moment: str,
    at: str,
    more: Mapping[str, Any],
) -> Draft:
    """Draft what reached a conversation; the same text of the same moment is recorded once."""
    told = {"source": source, "trust": trust.value, "text": text, **more}
    key = (moment, hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest())
    return draft(EventKind.OBSERVED, Identity(thread, run, "", ""), at, told, key=key)


def of_rules(kind: EventKind, at: str, data: Mapping[str, Any], *key: object) -> Draft:
    """Draft what became of the rulebook; `key` tells it from others of its kind."""
    return draft(kind, Identity("", "", "", ""), at, data, key=key)


def resolved(about: Identity, request: str, told: Mapping[str, Any], at: str) -> Draft:
    """Draft the end of a request: it has one id, so that the first answer wins."""
    return draft(EventKind.RESOLVED, about, at, told, key=(request,), request=request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the record: a draft with its place in the chain."""

    seq: int
    id: str
    kind: EventKind
    at: str
    thread: str
    run: str
    call: str
    fingerprint: str
    request: str
    body: bytes
    prev: str
    hash: str

    @property
    def data(self) -> dict[str, Any]:
        """What the event tells, read from its body."""
        return orjson.loads(self.body)["data"]  # type: ignore[no-any-return]

    @property
    def about(self) -> Identity:
        """The call it is about."""
        return Identity(self.thread, self.run, self.call, self.fingerprint)

    @property
    def masked(self) -> tuple[str, ...]:
        """The paths that were masked."""
        return tuple(orjson.loads(self.body)["masked"])

    def to_dict(self) -> dict[str, Any]:
        """Return the body with the hashes, for people and for export."""
        return {**orjson.loads(self.body), "prev": self.prev, "hash": self.hash}


def seal(drafted: Draft, seq: int, prev: str) -> Event:
    """Give a draft its place: number it and chain it to `prev`."""
    body = b'{"seq":%d,' % seq + drafted.body[1:]
    return Event(
        seq=seq,
        id=drafted.id,
        kind=drafted.kind,
        at=drafted.at,
        thread=drafted.thread,
        run=drafted.run,
        call=drafted.call,
        fingerprint=drafted.fingerprint,
        request=drafted.request,
        body=body,
        prev=prev,
        hash=_chain(prev, body),
    )


def _chain(prev: str, body: bytes) -> str:
    return hashlib.sha256(prev.encode() + b"\n" + body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A record that holds together: how long it is, and the hash of its last event."""

    length: int
    head: str


def verify(events: Iterable[Event]) -> Verified:
    """Check every event of a whole record, in order.

    Raises:
        ChainError: At the first event that does not fit; it names the event.
    """
    head, length = GENESIS, 0
    for event in events:
        length += 1
        fault = _fault(event, length, head)
        if fault:
            raise ChainError(f"event {length} (`{event.id}`) {fault}", seq=length)
        head = event.hash
    return Verified(length=length, head=head)


def altered(event: Event) -> str:
    """Say what shows of an event by itself that it was altered, or nothing.

    Whoever rewrote the chain from it on is found by `verify` alone, and a head that was kept.
    """
    return _fault(event, event.seq, event.prev)


def _fault(event: Event, seq: int, prev: str) -> str:
    """Say what is wrong with one event, or nothing."""
    if event.seq != seq:
        return f"has number {event.seq}: events are missing or were inserted"
    if event.prev != prev:
        return "is not chained to the event before it"
    if not isinstance(event.body, bytes) or _chain(prev, event.body) != event.hash:
        return "has been altered: its hash does not match its body"
    told = _told(event.body)
    wrong = [name for name in ("seq", *COLUMNS) if told.get(name) != getattr(event, name)]
    return f"has been altered: column `{wrong[0]}` differs from its body" if wrong else ""


def _told(body: bytes) -> dict[str, Any]:
    """Read a body; one that is no JSON object tells nothing, and agrees with no column."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
