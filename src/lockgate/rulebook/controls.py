"""What answers the hazards of a tool, and what is missing.

The catalogue says which controls answer which hazard; this file finds them in the rules that govern
a tool. A person's approval of every call, and a ban, answer each hazard. It decides nothing about a
call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lockgate.classify import HAZARDS, Effect
from lockgate.classify.payload.money import Role, role
from lockgate.evaluate import ANYWHERE, Handling, Level, Then, assess

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lockgate.classify import Classification
    from lockgate.evaluate import Bounds, Fence, Policy, Rule

SERIOUS: Final = frozenset(
    {Effect.PAY, Effect.DELETE, Effect.GRANT, Effect.EXECUTE, Effect.UNKNOWN}
)
"""Effects whose hazards have to be answered at any level of risk."""
BUILT_IN: Final = frozenset({"once_only"})
"""What the gate does by itself."""

_CLOSED: Final = frozenset({Handling.REQUIRE_APPROVAL, Handling.BLOCK, Handling.BY_RULE_ONLY})
_NAMED: Final = {
    "amount": ("cap_on_amount",),
    "reach": ("cap_on_reach",),
    "targets": ("list_of_targets",),
    "environment": ("fence",),
    "agent": ("fence",),
    "organisation": ("fence",),
    "said": ("wanted_by_user",),
    "did": ("cap_on_count",),
    "calls": ("cap_on_count", "looked_up_first", "recomputed"),
    "done": ("looked_up_first", "cap_on_count"),
    "seen": ("looked_up_first", "recomputed"),
}
_LITERAL: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_LISTED: Final = re.compile(r"\bin\s*\[")


@dataclass(frozen=True, slots=True)
class Gap:
    """A hazard that nothing answers.

    Attributes:
        hazard: Its id.
        controls: What would answer it, the best first.
    """

    hazard: str
    controls: tuple[str, ...]


def governing(policy: Policy) -> tuple[Rule, ...]:
    """Return the rules that speak about a tool, each once, in the order of the rulebook."""
    parts: list[Policy | Fence] = [policy, *policy.fences]
    rules = (rule for part in parts for each in part.rules.values() for rule in each.rules)
    return tuple({rule.id: rule for rule in rules}.values())


def level_of(classification: Classification, policy: Policy, environment: str) -> Level:
    """Return how dangerous a tool is before the arguments of a call are known."""
    return assess(classification.plain, environment, policy.weights).level


def gaps(classification: Classification, policy: Policy, environment: str) -> tuple[Gap, ...]:
    """Return the hazards of a serious tool that nothing answers; nothing for any other tool."""
    action = classification.action
    level = level_of(classification, policy, environment)
    if action.effect not in SERIOUS and level not in {Level.HIGH, Level.CRITICAL}:
        return ()
    near = [item for item in policy.fences if _reaches(item.bounds, environment)]
    parts: list[Policy | Fence] = [policy, *near]
    if any(_asks(part, action.id, level, environment) for part in parts):
        return ()
    rules = [rule for part in parts for rule in part.rules[action.id].rules]
    present = BUILT_IN | frozenset(_controls(rules, environment))
    return tuple(
        Gap(hazard, HAZARDS[hazard].controls)
        for hazard in action.hazards
        if not present.intersection(HAZARDS[hazard].controls)
    )


def _reaches(bounds: Bounds | None, environment: str) -> bool:
    """Say whether what lies within `bounds` holds for every call in an environment."""
    if bounds is None:
        return True
    there = bounds.environments is None or bounds.environments.have(environment)
    return there and replace(bounds, environments=None) == ANYWHERE


def _asks(part: Policy | Fence, action: str, level: Level, environment: str) -> bool:
    """Say whether a person is asked about every call, or each is forbidden.

    So it is by a rule without a condition, or by the level where no rule may lift that; and it has
    to be so at every level that the arguments can raise a call to.
    """
    rules = part.rules[action].rules
    levels = frozenset(tuple(Level)[tuple(Level).index(level) :])
    if any(
        rule.condition is None
        and rule.then is not Then.ALLOW
        and (not rule.levels or levels <= rule.levels)
        and _reaches(rule.bounds, environment)
        for rule in rules
    ):
        return True
    handled = {part.handling.get(item, part.unsaid) for item in levels}
    if handled == {Handling.BLOCK}:
        return True
    return handled <= _CLOSED and not any(rule.then is Then.ALLOW for rule in rules)


def _controls(rules: Iterable[Rule], environment: str) -> Iterator[str]:
    """Yield what the conditions of rules that object look at."""
    for rule in rules:
        reached = rule.then is not Then.ALLOW and _reaches(rule.bounds, environment)
        if rule.condition is None or not reached:
            continue
        text = _LITERAL.sub("''", rule.condition.text)
        for word in _WORD.findall(text):
            yield from _NAMED.get(word, ())
            if role(word)[0] in {Role.AMOUNT, Role.PRICE}:
                yield "cap_on_amount"
        if _LISTED.search(text):
            yield "list_of_targets"
        if rule.then is Then.BLOCK and rule.tell:
            yield "safe_alternative"
