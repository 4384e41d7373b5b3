"""Publications: rulebooks that people put into a record, for every gate that shares it.

A publication is an event of the chain. What is in force is found by going through them in order
and passing over what can't be taken, so that every gate that trusts the same keys comes to the
same rulebook, whenever it starts. A signed bundle that is not newer than what the record has
seen is passed over, so that nobody can bring an old one back; a rollback is published, and
signed, anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lockgate.errors import RulebookError
from lockgate.note import Note, NoteError
from lockgate.record import EventKind, Role, altered
from lockgate.rulebook.bundle import Bundle, Keyring
from lockgate.rulebook.edition import Edition
from lockgate.rulebook.watch import News, as_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lockgate.record import Event
    from lockgate.stores import Store

NOBODY: Final = Keyring(())
"""Trusts no key."""
ORIGIN: Final = "record"
"""The origin of a rulebook that was published."""


@dataclass(frozen=True, slots=True)
class Height:
    """The highest number that signed releases have reached.

    Attributes:
        number: The number; zero before the first one.
        digest: What the release of this number says.
    """

    number: int = 0
    digest: str = ""

    def reached(self, number: int, digest: str) -> Height:
        """Return the height after a release."""
        return Height(number, digest) if number > self.number else self

    def refusal(self, number: int, digest: str, name: str) -> RulebookError | None:
        """Return the refusal of a signed release that is not newer than what was seen.

        Args:
            number: Its number; what is exactly what was seen is no refusal.
            digest: What it says.
            name: File name for messages.
        """
        if number > self.number or (number, digest) == (self.number, self.digest):
            return None
        told = f"its number {number} is not above {self.number}, which was seen here"
        hint = f"sign it anew: `lockgate rulebook sign --number {self.number + 1}`"
        return RulebookError(f"the bundle is refused: {told}", file=name, hint=hint)


def height(events: Sequence[Event], keyring: Keyring) -> Height:
    """Return how high releases under the trusted keys have come, by what was in force here."""
    found = Height()
    for event in events:
        found = _enforced(event, found, keyring)
    return found


def _enforced(event: Event, before: Height, keyring: Keyring | None) -> Height:
    """Return the height after a gate put something in force; what is damaged does not count."""
    if keyring is None or altered(event):
        return before
    match event.data:
        case {"key": str(key), "number": int(number), "digest": str(digest)}:
            return before.reached(number, digest) if key in keyring.names else before
        case _:
            return before


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What one event of the record puts in the place of what was there.

    Attributes:
        event: The event.
        role: Which of the two rulebooks it is about.
        bundle: What was published, if it was signed.
        key: Name of the key that vouches for it.
        fault: Why it can't be taken.
        final: Whether nothing older can be taken either.
    """

    event: Event
    role: Role
    bundle: Bundle | None = None
    key: str = ""
    fault: RulebookError | None = None
    final: bool = False

    @property
    def mark(self) -> tuple[object, ...]:
        """The same for every gate that finds it."""
        return ("record", self.event.id)

    def news(self) -> News:
        """Return the rulebook, or why there is none."""
        if self.fault is not None:
            return News(role=self.role, fault=self.fault, mark=self.mark)
        if self.event.kind is EventKind.WITHDRAWN:
            return News(role=self.role, mark=self.mark)
        try:
            return News(role=self.role, edition=self._edition(), mark=self.mark)
        except Exception as error:  # noqa: BLE001 - INVARIANT: no publication stops a gate
            fault = as_fault(error, _name(self.event))
            return News(role=self.role, fault=fault, mark=self.mark)

    def _edition(self) -> Edition:
        if self.bundle is not None:
            return Edition.unpack(self.bundle, ORIGIN, self.key)
        told = self.event.data
        return Edition.of(documents(told), ORIGIN, by=told["by"], why=told["why"])


def documents(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the documents that an event tells of, by their names; nobody has vouched for them.

    Raises:
        RulebookError: If it was a bundle and is none any more.
    """
    if told.get("bundle"):
        try:
            return dict(Bundle.read(Note.read(told["bundle"].encode()).text).documents)
        except NoteError as error:
            raise RulebookError(f"what was published is damaged: {error}") from None
    return {item["name"]: item["text"] for item in told.get("documents", ())}


class RecordWatch:
    """Watches the publications of a record."""

    def __init__(
        self, store: Store, keyring: Keyring | None, clock: Callable[[], str], height: Height
    ) -> None:
        """Watch a record from its beginning.

        Args:
            store: The record.
            keyring: The keys of which one must have signed, if signatures are asked for.
            clock: Returns the time as RFC 3339 text in UTC.
            height: How high signed releases had come before any was published here.
        """
        self._store, self._keyring, self._clock = store, keyring, clock
        self._seq, self._height = 0, height
        self._found = self._seq, height

    def news(self) -> Sequence[News]:
        """Return what there is now of what was published, and why it is not the newest."""
        events = self._store.of_kind(*_WATCHED, after=self._seq)
        if not events:
            return ()
        found, height = [], self._height
        for event in events:
            item, height = self._read(event, height)
            found += [item] if item else []
        self._found = events[-1].seq, height
        return [news for role in Role for news in _latest(found, role)]

    def heard(self) -> None:
        """Look at later publications only."""
        self._seq, self._height = self._found

    def hurry(self) -> None:
        """Do nothing: a publication is there as a whole or not at all."""

    def _read(self, event: Event, height: Height) -> tuple[Publication | None, Height]:
        """Understand one event as far as is cheap, and say how high releases are after it."""
        if event.kind is EventKind.ENFORCED:
            return None, _enforced(event, height, self._keyring)
        fault = _tampered(event)
        if fault is not None:
            return Publication(event=event, role=Role.FORCE, fault=fault), height
        if event.kind is EventKind.WITHDRAWN:
            return Publication(event=event, role=Role.SHADOW), height
        try:
            return self._published(event, height)
        except Exception as error:  # noqa: BLE001 - INVARIANT: no publication stops a gate
            fault = as_fault(error, _name(event))
            return Publication(event=event, role=Role.FORCE, fault=fault), height

    def _published(self, event: Event, height: Height) -> tuple[Publication, Height]:
        told = event.data
        role = Role(told["role"])
        if self._keyring is None and not told["bundle"]:
            return Publication(event=event, role=role), height
        return self._verified(event, role, height)

    def _verified(self, event: Event, role: Role, height: Height) -> tuple[Publication, Height]:
        """Ask whether somebody who is trusted vouches for it, and whether it is newer."""
        name = _name(event)
        try:
            bundle, trusted = (self._keyring or NOBODY).open(event.data["bundle"].encode(), name)
        except RulebookError as error:
            return Publication(event=event, role=role, fault=error), height
        if role is Role.FORCE:
            fault = height.refusal(bundle.number, bundle.digest, name)
            if fault is not None:
                return Publication(event=event, role=role, fault=fault), height
            height = height.reached(bundle.number, bundle.digest)
        expired, key = trusted.expiry(name, self._clock()), trusted.key.name
        final = expired is not None
        found = Publication(
            event=event, role=role, bundle=bundle, key=key, fault=expired, final=final
        )
        return found, height


_WATCHED: Final = (EventKind.PUBLISHED, EventKind.WITHDRAWN, EventKind.ENFORCED)


def _latest(found: Sequence[Publication], role: Role) -> list[News]:
    """Return the newest that can be taken, and why the newest of all can't be, if it can't."""
    refused: list[News] = []
    for item in reversed([item for item in found if item.role is role]):
        news = item.news()
        if news.fault is None:
            return [news, *refused[:1]]
        refused.append(news)
        if item.final:
            break
    return refused[:1]


def _tampered(event: Event) -> RulebookError | None:
    why = altered(event)
    hint = "`lockgate record verify` says where the record was altered"
    return RulebookError(f"the publication {why}", file=_name(event), hint=hint) if why else None


def _name(event: Event) -> str:
    return f"<publication {event.seq}>"
