"""The answer of this room: what kind of thing a call would do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal


class Effect(StrEnum):
    """What a call does to the world."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SEND = "send"
    PAY = "pay"
    EXECUTE = "execute"
    GRANT = "grant"
    UNKNOWN = "unknown"


class Reversibility(StrEnum):
    """Whether what was done can be undone."""

    HARMLESS = "harmless"
    REVERSIBLE = "reversible"
    COSTLY = "costly"
    IRREVERSIBLE = "irreversible"


UNKNOWN_ACTION: Final = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One canonical action of the catalogue.

    Attributes:
        id: Dotted id, such as `payments.refund`.
        effect: What it does.
        resource: The class of thing it acts on, such as `payment`.
        reversibility: Whether it can be undone.
        base_risk: Points (0 to 100) before anything is known of the call.
        hazards: What is known to go wrong, as ids.
        aliases: Other names that people give it, as words.
    """

    id: str
    effect: Effect
    resource: str
    reversibility: Reversibility
    base_risk: int
    hazards: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def danger(self) -> tuple[bool, int, int]:
        """What to order actions by, the most dangerous last; a read is below everything else."""
        return self.effect is not Effect.READ, self.base_risk, _UNDOING.index(self.reversibility)


_UNDOING: Final = tuple(Reversibility)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one reader found in the arguments of one call.

    Attributes:
        action: Id of the canonical action that the payload makes of the call, such as
            `database.delete` for a tool that runs any SQL; empty where the tool's own stands.
        also: What it does besides, as ids: the other statements, the other commands.
        reversibility: Whether it can be undone, where the payload tells more than the action.
        reach: How many rows, recipients, hosts or files, when countable.
        unit: What `reach` counts; empty where nothing is to be counted.
        amount: Money moved, in major units.
        amount_missing: Whether money moves and no amount was readable.
        currency: ISO 4217 code, when it was given.
        targets: What is acted on, in one normal form: tables, hosts, addresses, paths.
        hazards: What is dangerous about this payload, as ids of `HAZARDS`.
        flaws: What about the payload can't be right, each a sentence; each forbids the call.
        because: Why, in words.
    """

    action: str = ""
    also: tuple[str, ...] = ()
    reversibility: Reversibility | None = None
    reach: int | None = None
    unit: str = ""
    amount: Decimal | None = None
    amount_missing: bool = False
    currency: str = ""
    targets: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    flaws: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads some parameters of one tool; bound when the tool is registered.

    Attributes:
        name: Which reader, such as `sql`.
        parameters: The parameters it reads.
        actions: Every canonical action its readings may name.
        read: Reads the arguments of a call. What it can't parse is the most dangerous
            plausible thing; should it raise, the call is forbidden.
    """

    name: str
    parameters: tuple[str, ...]
    actions: tuple[str, ...] = ()
    read: Callable[[Mapping[str, Any]], Reading]


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What a tool does, decided once when it is registered.

    Attributes:
        action: The canonical action, or the unknown one.
        confidence: From 0 to 1; 1 is the author's own word.
        because: Why, in words.
        readers: What is read of each call's arguments.
        doubt: Why the tool is not as a person reviewed it; empty if it is, or none was asked for.
    """

    action: Action
    confidence: float
    because: tuple[str, ...]
    readers: tuple[Reader, ...] = ()
    doubt: str = ""

    @property
    def known(self) -> bool:
        """Whether the tool was recognised at all."""
        return self.action.id != UNKNOWN_ACTION

    @property
    def actions(self) -> tuple[str, ...]:
        """Ids of every action that a call of this tool may turn out to be."""
        named = (action for reader in self.readers for action in reader.actions)
        return tuple(dict.fromkeys((self.action.id, *named)))

    @cached_property
    def plain(self) -> Profile:
        """The profile of every call whose payload says nothing more."""
        return Profile(classification=self, action=self.action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one call would do: its classification, and what its arguments say.

    Attributes:
        classification: The static part.
        action: The canonical action of this very call; the payload may tell more than the tool.
        also: What the call does besides: the other statements, the other commands.
        reversibility: Whether this very call can be undone, where the payload tells more.
        amount: Money moved, in major units, when it could be read.
        amount_missing: Whether the action moves money and no amount was readable.
        currency: ISO 4217 code, when it was given.
        reach: How many rows, recipients, hosts or files, when countable.
        unit: What `reach` counts; empty where nothing is to be counted.
        targets: What is acted on, in one normal form: tables, hosts, addresses, paths.
        hazards: What is dangerous about this payload, as ids.
        flaws: What about the payload can't be right, each a sentence.
        because: What the readers say, in words.
    """

    classification: Classification
    action: Action
    also: tuple[Action, ...] = ()
    reversibility: Reversibility | None = None
    amount: Decimal | None = None
    amount_missing: bool = False
    currency: str = ""
    reach: int | None = None
    unit: str = ""
    targets: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    flaws: tuple[str, ...] = ()
    because: tuple[str, ...] = ()

    @property
    def irreversible(self) -> bool:
        """Whether this call can't be undone."""
        return (self.reversibility or self.action.reversibility) is Reversibility.IRREVERSIBLE

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form that is recorded."""
        return {
            "action": self.action.id,
            "also": [action.id for action in self.also],
            "effect": self.action.effect.value,
            "resource": self.action.resource,
            "confidence": self.classification.confidence,
            "because": [*self.classification.because, *self.because],
            "amount": None if self.amount is None else str(self.amount),
            "currency": self.currency,
            "reach": self.reach,
            "unit": self.unit,
            "targets": list(self.targets),
            "hazards": list(self.hazards),
            "flaws": list(self.flaws),
            **({"doubt": self.classification.doubt} if self.classification.doubt else {}),
        }


def merged(
    classification: Classification, readings: Iterable[Reading], catalogue: Mapping[str, Action]
) -> Profile:
    """Return the profile that several readings lead to: of each part, the worst."""
    found = list(readings)
    if len(found) == 1 and not found[0].also:
        return _alone(classification, found[0], catalogue)
    actions = [catalogue[item.action] for item in found if item.action]
    action = max(actions, key=lambda action: action.danger, default=classification.action)
    beside = dict.fromkeys(name for item in found for name in (item.action, *item.also) if name)
    undone = [item.reversibility for item in found if item.reversibility]
    counted = [item for item in found if item.unit]
    reaches = [item.reach for item in counted]
    return Profile(
        classification=classification,
        action=action,
        also=tuple(catalogue[name] for name in beside if name != action.id),
        reversibility=max(undone, key=_UNDOING.index, default=None),
        amount=max((item.amount for item in found if item.amount is not None), default=None),
        amount_missing=any(item.amount_missing for item in found),
        currency=next((item.currency for item in found if item.currency), ""),
        reach=None if None in reaches or not reaches else max(filter(None, reaches), default=0),
        unit=next((item.unit for item in counted), ""),
        targets=_united(item.targets for item in found),
        hazards=_united(item.hazards for item in found),
        flaws=_united(item.flaws for item in found),
        because=_united(item.because for item in found),
    )


def _alone(
    classification: Classification, reading: Reading, catalogue: Mapping[str, Action]
) -> Profile:
    """Return the profile that one reading leads to; most calls have no more."""
    return Profile(
        classification=classification,
        action=catalogue[reading.action] if reading.action else classification.action,
        reversibility=reading.reversibility,
        amount=reading.amount,
        amount_missing=reading.amount_missing,
        currency=reading.currency,
        reach=reading.reach if reading.unit else None,
        unit=reading.unit,
        targets=_once(reading.targets),
        hazards=_once(reading.hazards),
        flaws=_once(reading.flaws),
        because=_once(reading.because),
    )


def _once(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items)) if items else ()


def _united(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part))
