"""The judge of danger: an itemised score that only grows with each thing that is worse.

Every factor adds points and none takes any away, so the score is monotone: more
money, more recipients, less certainty never lower it. The judge itself objects
only where the payload can't be right.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from lockgate.classify import Effect
from lockgate.evaluate.finding import Factor, Finding, Kind, Level, Risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockgate.classify import Profile
    from lockgate.evaluate.finding import Question

THRESHOLDS: Final = ((80, Level.CRITICAL), (50, Level.HIGH), (25, Level.MEDIUM), (0, Level.LOW))
"""From how many points on a call has which level."""
HAZARD: Final = 20
"""Points for each hazard that a payload has."""
MOST_FOR_SIZE: Final = 40
"""Cap of the points for money and of those for reach."""


def assess(profile: Profile, environment: str) -> Risk:
    """Score one call from what it would do and where."""
    factors = tuple(factor for factor in _factors(profile, environment) if factor.points)
    score = min(100, sum(factor.points for factor in factors))
    return Risk(score, _level(score), factors)


def _level(score: int) -> Level:
    return next(level for least, level in THRESHOLDS if score >= least)


def _factors(profile: Profile, environment: str) -> Iterator[Factor]:
    action = profile.action
    yield Factor("action", action.base_risk, f"{action.id} starts at {action.base_risk}")
    if action.effect is Effect.READ:
        return
    if profile.irreversible:
        yield Factor("irreversible", 15, "it can't be undone")
    if environment == "production":
        yield Factor("environment", 5, "it acts on production")
    yield from _size_factors(profile)


def _size_factors(profile: Profile) -> Iterator[Factor]:
    if profile.flaws:
        yield Factor("payload", MOST_FOR_SIZE, profile.flaws[0])
    elif profile.amount_missing:
        yield Factor("amount", 15, "the amount is not stated")
    for hazard in profile.hazards:
        yield Factor(hazard, HAZARD, f"it has the hazard `{hazard}`")
    if profile.amount is not None:
        points = _points(10, 1 + float(profile.amount) / 50)
        yield Factor("amount", points, f"it moves {profile.amount}")
    if profile.reach is not None:
        yield Factor(
            "reach",
            _points(12, profile.reach),
            f"it reaches {profile.reach} {profile.unit}".rstrip(),
        )
    elif profile.unit:
        yield Factor("reach", 12, f"how many {profile.unit} it reaches is not countable")


def _points(weight: int, size: float) -> int:
    return round(min(MOST_FOR_SIZE, weight * math.log10(max(1.0, size))))


class RiskJudge:
    """Objects to payloads that can't be right."""

    name = "risk"

    def judge(self, question: Question) -> Iterator[Finding]:
        """Forbid each flaw of the payload."""
        for flaw in question.profile.flaws:
            yield Finding(
                kind=Kind.FORBID,
                judge=self.name,
                rule="payload",
                reason=flaw,
                tell="Send a positive number in plain digits.",
            )
