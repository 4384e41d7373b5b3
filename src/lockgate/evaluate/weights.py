"""What risk is made of: points, and from how many of them on a call has which level."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lockgate.evaluate.finding import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockgate.evaluate.finding import Risk


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How many points each thing that is worse adds to a score of at most 100; none is negative.

    Attributes:
        medium: From how many points on a call has this level.
        high: Likewise.
        critical: Likewise.
        irreversible: Points for what can't be undone.
        environments: Points for acting on an environment, by its name.
        hazard: Points for a hazard of the payload that `hazards` does not name.
        hazards: Points for hazards of the payload, by their id.
        flaw: Points for a payload that can't be right.
        unstated: Points for money that moves without an amount.
        amount: Points for each tenfold of money, from 50 on.
        reach: Points for each tenfold of what is reached.
        uncountable: Points for a reach that can't be counted.
        most_for_size: Most points for money, and for reach.
        memory: What `assess` worked out before; a pure function may remember its answers.
    """

    medium: int = 25
    high: int = 50
    critical: int = 80
    irreversible: int = 15
    environments: Mapping[str, int] = field(default_factory=lambda: {"production": 5})
    hazard: int = 20
    hazards: Mapping[str, int] = field(default_factory=dict)
    flaw: int = 40
    unstated: int = 15
    amount: int = 10
    reach: int = 12
    uncountable: int = 12
    most_for_size: int = 40
    memory: dict[tuple[object, ...], Risk] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def level(self, score: int) -> Level:
        """Return the band that a score falls into."""
        if score >= self.critical:
            return Level.CRITICAL
        if score >= self.high:
            return Level.HIGH
        return Level.MEDIUM if score >= self.medium else Level.LOW


DEFAULT: Final = Weights()
"""What counts when a rulebook says nothing about it."""
