"""Whom a message reaches: addresses in one normal form, counted when they can be.

A list, a channel or a group can't be counted, and neither can what is no address. `all-staff` and
`@everyone` reach more people than anybody meant to write to; that is the hazard `bulk`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.catalogue import BY_ID
from lockgate.classify.payload.domains import hides, imitates, mixes, normal
from lockgate.classify.payload.parameters import either, spots, texts, told, values, word_set
from lockgate.classify.profile import Effect, Reader, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockgate.classify.payload.parameters import Spot
    from lockgate.classify.profile import Action

MANY: Final = 50
"""More named recipients than this make a message one to many people."""
SOME: Final = 10
"""More than this make it one when there are others that can't be counted."""
LONGEST: Final = 320
"""The longest an address can be (RFC 3696, erratum 1690); targets are cut there."""
BULK: Final = "communication.send_bulk"

_TO: Final = either(
    "to cc bcc recipient addressee attendee invitee participant guest audience channel room "
    "distribution segment subscriber"
)
_PERHAPS: Final = either(
    "email mail address phone mobile number user member contact person people chat conversation "
    "group list team handle username msisdn"
)
_NOT: Final = either(
    "from sender reply in own my owner template subject body content text html name type format "
    "thread message attachment mode limit max count status title"
)
_GROUPS: Final = either(
    "channel room audience segment group list team chat conversation distribution"
)
_EVERYBODY: Final = either(
    "all everyone everybody anyone anybody staff employees company organisation organization "
    "subscribers customers users members newsletter announce announcements broadcast list lists "
    "group groups here channel allhands"
)
_MENTION: Final = re.compile(
    r"(?<![\w.])@(?:everyone|channel|here|all)\b|<!(?:everyone|channel|here)"
)
_TEXTS: Final = frozenset({"text", "message", "body", "content", "markdown"})
_WHO: Final = ("email", "address", "mail", "phone", "number", "handle", "username", "user", "id")
_SEPARATORS: Final = re.compile(r'("(?:[^"\\]|\\.)*")|[,;\r\n][\s,;]*')
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ().-]{5,20}", re.ASCII)
_PERSON: Final = re.compile(r"@[\w.-]+|[UWD][A-Z0-9]{7,}", re.ASCII)
_LOCAL: Final = re.compile(r'"[^"\x00-\x1f]*"|[^\s"(),:;<>@\[\\\]\x00-\x1f]+')


def bind(action: Action, parameters: Mapping[str, Any]) -> Reader | None:
    """Return a reader for tools that write to people."""
    wrongly = "wrong_recipient" in action.hazards
    sends = action.effect is Effect.SEND
    certain = spots(parameters, _TO, _NOT)
    if not (sends and wrongly) and not ((sends or wrongly) and certain):
        return None
    to = certain or spots(parameters, _PERHAPS, _NOT)
    chats = action.id in {"communication.send_message", "generic.send"}
    said = tuple(spot for spot in spots(parameters, _TEXTS) if chats and spot not in to)
    ours = action.id.startswith(("communication.", "generic."))
    bulk = BULK if ours and BY_ID[BULK].danger > action.danger else ""
    return Reader(
        name="messages",
        parameters=told((*to, *said)),
        actions=(bulk,) if bulk else (),
        read=partial(read_messages, to, said, bulk=bulk, mass=action.id == BULK),
    )


def read_messages(
    to: tuple[Spot, ...],
    said: tuple[Spot, ...],
    arguments: Mapping[str, Any],
    *,
    bulk: str,
    mass: bool,
) -> Reading:
    """Return who is written to, and how many that is.

    Args:
        to: Where the recipients stand.
        said: Where the text stands that chats look for mentions in.
        arguments: The arguments of the call.
        bulk: The action of a message to many; empty where the tool's own is no less.
        mass: Whether the tool writes to many by itself, so that this is nothing to point out.
    """
    crowd = _Crowd()
    for spot in to:
        grouped = bool(word_set(spot[-1]) & _GROUPS)
        for value in values(arguments, spot):
            crowd.add(value, grouped=grouped)
    crowd.everybody = crowd.everybody or _mentions(said, arguments)
    countable = crowd.countable and not crowd.everybody
    reach = len(crowd.people) if countable and crowd.people else None
    many = len(crowd.people) > (SOME if reach is None else MANY)
    hazards = {"bulk": crowd.everybody and not mass, "obfuscated": crowd.imitated}
    hazards["unreadable"] = crowd.unreadable
    return Reading(
        action=bulk if many else "",
        reach=reach,
        unit="recipients",
        targets=tuple(crowd.people),
        hazards=tuple(name for name, there in hazards.items() if there),
        because=(f"it names {len(crowd.people)} recipients",) if many else (),
    )


def _mentions(said: tuple[Spot, ...], arguments: Mapping[str, Any]) -> bool:
    """Say whether a text calls everybody in a channel."""
    found = (text for spot in said for value in values(arguments, spot) for text in texts(value))
    return any(isinstance(text, str) and _MENTION.search(text) is not None for text in found)


@dataclass(slots=True)
class _Crowd:
    """Who is written to, as far as it was read.

    Attributes:
        people: Each recipient once, in normal form.
        countable: Whether each of them is one person.
        everybody: Whether one of them stands for everybody.
        imitated: Whether one of them looks like another.
        unreadable: Whether one of them is no address.
    """

    people: dict[str, None] = field(default_factory=dict)
    countable: bool = True
    everybody: bool = False
    imitated: bool = False
    unreadable: bool = False

    def add(self, value: Any, *, grouped: bool) -> None:
        """Add what stands in a parameter of recipients."""
        match value:
            case str():
                self._text(value.strip())
            case bool() | None:
                self.countable = False
            case int():
                self._one(str(value), countable=not grouped)
            case list():
                for item in value:
                    self.add(item, grouped=grouped)
            case dict():
                self._record(value, grouped=grouped)
            case _:
                self.countable = False

    def _record(self, value: dict[str, Any], *, grouped: bool) -> None:
        """Add a person described by an object, or the people under `to`, `cc` and `bcc`."""
        inner = [item for name, item in value.items() if word_set(name) & _TO]
        known = [
            item for word in _WHO for name, item in value.items() if word in word_set(name) and item
        ]
        for item in inner or known[:1]:
            self.add(item, grouped=grouped)
        self.countable = self.countable and bool(inner or known)

    def _text(self, text: str) -> None:
        text = text.removeprefix("mailto:")
        if "@" in text[1:]:
            for address in _addresses(text):
                self._address(address)
        else:
            for part in _SEPARATORS.split(text):
                if part and part.strip():
                    self._handle(part.strip())

    def _address(self, address: str) -> None:
        local, _, name = address.rpartition("@")
        domain = normal(name.strip("[]").removeprefix("IPv6:"))
        self.imitated = self.imitated or imitates(domain) or mixes(local) or hides(address)
        if not domain or _LOCAL.fullmatch(local) is None:
            self._one(address.casefold(), countable=False)
            self.unreadable = True
            return
        self._one(f"{local.lower()}@{domain}", countable=not self._for_all(local))

    def _handle(self, handle: str) -> None:
        """Add what is no address: a telephone number, a name in a chat, or a group."""
        if _PHONE.fullmatch(handle):
            digits = re.sub(r"\D", "", handle)
            self._one(f"+{digits}" if handle.startswith("+") else digits, countable=True)
            return
        general = handle.casefold() == "#general"
        everybody = self._for_all(handle) or general
        self.everybody = self.everybody or general
        self.imitated = self.imitated or mixes(handle) or hides(handle)
        single = _PERSON.fullmatch(handle) is not None and not everybody
        self._one(handle.casefold(), countable=single)

    def _for_all(self, name: str) -> bool:
        """Note whether a name stands for everybody."""
        everybody = bool(word_set(name) & _EVERYBODY)
        self.everybody = self.everybody or everybody
        return everybody

    def _one(self, who: str, *, countable: bool) -> None:
        if who:
            self.people[who[:LONGEST]] = None
        self.countable = self.countable and countable


def _addresses(text: str) -> list[str]:
    """Return the addresses of a header's text; what is none comes back as it is."""
    from email.utils import getaddresses

    if not _QUOTED.search(text):
        return [part for part in re.split(r"[,;\s]+", text) if part]
    separated = _SEPARATORS.sub(lambda found: found[1] or ", ", text).strip(", ")
    return [address for _, address in getaddresses([separated])]


_QUOTED: Final = re.compile(r'["<>()]')
