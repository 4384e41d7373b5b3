"""The judge of danger: an itemised score that only grows with each thing that is worse.

Every factor adds points and none takes any away, so the score is monotone: more
money, more recipients, less certainty never lower it. How many points is a matter of the
rulebook (`Weights`). The judge itself objects only where the payload can't be right.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lockgate.classify import Effect
from lockgate.evaluate.finding import Factor, Finding, Kind, Risk
from lockgate.evaluate.weights import DEFAULT, Weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockgate.classify import Profile
    from lockgate.evaluate.finding import Question


def assess(profile: Profile, environment: str, weights: Weights = DEFAULT) -> Risk:
    """Score one call from what it would do and where."""
    known = _before_payload(profile, environment, weights)
    if profile is profile.classification.plain or profile.action.effect is Effect.READ:
        return known
    found = [factor for factor in _payload_factors(profile, weights) if factor.points]
    return _risk((*known.factors, *found), weights) if found else known


def _before_payload(profile: Profile, environment: str, weights: Weights) -> Risk:
    """Score what does not depend on the arguments; the same answer is worked out once."""
    action = profile.action
    key = action.id, action.base_risk, action.effect, profile.irreversible, environment
    risk = weights.memory.get(key)
    if risk is None:
        factors = tuple(_standing_factors(profile, environment, weights))
        risk = _risk(tuple(factor for factor in factors if factor.points), weights)
        weights.memory[key] = risk
    return risk


def _risk(factors: tuple[Factor, ...], weights: Weights) -> Risk:
    score = min(100, sum([factor.points for factor in factors]))
    return Risk(score, weights.level(score), factors)


def _standing_factors(profile: Profile, environment: str, weights: Weights) -> Iterator[Factor]:
    action = profile.action
    yield Factor("action", action.base_risk, f"{action.id} starts at {action.base_risk}")
    if action.effect is Effect.READ:
        return
    if profile.irreversible:
        yield Factor("irreversible", weights.irreversible, "it can't be undone")
    there = weights.environments.get(environment, 0)
    yield Factor("environment", there, f"it acts on {environment}")


def _payload_factors(profile: Profile, weights: Weights) -> Iterator[Factor]:
    if profile.flaws:
        yield Factor("payload", weights.flaw, profile.flaws[0])
    elif profile.amount_missing:
        yield Factor("amount", weights.unstated, "the amount is not stated")
    for hazard in profile.hazards:
        points = weights.hazards.get(hazard, weights.hazard)
        yield Factor(hazard, points, f"it has the hazard `{hazard}`")
    if profile.amount is not None:
        points = _points(weights.amount, 1 + float(profile.amount) / 50, weights)
        yield Factor("amount", points, f"it moves {profile.amount} {profile.currency}".rstrip())
    yield from _reach_factors(profile, weights)


def _reach_factors(profile: Profile, weights: Weights) -> Iterator[Factor]:
    if profile.reach is not None:
        points = _points(weights.reach, profile.reach, weights)
        yield Factor("reach", points, f"it reaches {profile.reach} {profile.unit}".rstrip())
    elif profile.unit:
        because = f"how many {profile.unit} it reaches is not countable"
        yield Factor("reach", weights.uncountable, because)


def _points(weight: int, size: float, weights: Weights) -> int:
    return round(min(weights.most_for_size, weight * math.log10(max(1.0, size))))


class RiskJudge:
    """Objects to payloads that can't be right."""

    name = "risk"

    def judge(self, question: Question) -> list[Finding]:
        """Forbid each flaw of the payload."""
        return [
            Finding(
                kind=Kind.FORBID,
                judge=self.name,
                rule="payload",
                reason=flaw,
                tell="Send a positive number in plain digits.",
            )
            for flaw in question.profile.flaws
        ]
