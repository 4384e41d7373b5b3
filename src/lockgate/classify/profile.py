"""The answer of this room: what kind of thing a call would do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What a tool does, decided once when it is registered.

    Attributes:
        action: The canonical action, or the unknown one.
        confidence: From 0 to 1; 1 is the author's own word.
        because: Why, in words.
        amount_parameters: Parameters that hold an amount of money.
        recipient_parameters: Parameters that hold recipients.
    """

    action: Action
    confidence: float
    because: tuple[str, ...]
    amount_parameters: tuple[str, ...] = ()
    recipient_parameters: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the tool was recognised at all."""
        return self.action.id != UNKNOWN_ACTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one call would do: its classification, and what its arguments say.

    Attributes:
        classification: The static part.
        amount: Money moved, in the unit of the argument, when it could be read.
        amount_missing: Whether the action moves money and no amount was readable.
        reach: How many recipients or rows, when countable.
        flaws: What about the payload can't be right, each a sentence.
    """

    classification: Classification
    amount: Decimal | None = None
    amount_missing: bool = False
    reach: int | None = None
    flaws: tuple[str, ...] = ()

    @property
    def action(self) -> Action:
        """The canonical action."""
        return self.classification.action

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form that is recorded."""
        return {
            "action": self.action.id,
            "effect": self.action.effect.value,
            "resource": self.action.resource,
            "confidence": self.classification.confidence,
            "because": list(self.classification.because),
            "amount": None if self.amount is None else str(self.amount),
            "reach": self.reach,
            "flaws": list(self.flaws),
        }
