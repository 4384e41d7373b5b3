"""Rules filed by what they look at, so that a call meets only those that it could concern.

A rule is filed under one of its guards (`compile.guards`): where the guard is false, so is
the rule. A value of a kind that a guard says nothing about concerns every rule of the file.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lockgate.rulebook.compile import NUMBERS, guards
from lockgate.rulebook.condition import VOCABULARY, CelCondition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lockgate.evaluate import Rule
    from lockgate.rulebook.compile import Guard

MANY: Final = 8
"""From how many rules on that look at the same thing in the same way they are filed."""


@dataclass(frozen=True, slots=True)
class ByLimit:
    """Rules that compare a number with a limit.

    Attributes:
        relation: How they compare it.
        limits: The limits, ascending.
        rules: The places of the rules, in the same order.
    """

    relation: str
    limits: tuple[float, ...]
    rules: tuple[int, ...]

    def near(self, value: float) -> Sequence[int]:
        """Return the rules for which the comparison is true."""
        match self.relation:
            case ">":
                return self.rules[: bisect_left(self.limits, value)]
            case ">=":
                return self.rules[: bisect_right(self.limits, value)]
            case "<":
                return self.rules[bisect_right(self.limits, value) :]
            case _:
                return self.rules[bisect_left(self.limits, value) :]


@dataclass(frozen=True, slots=True)
class ByValue:
    """Rules that say which values something must have.

    Attributes:
        places: The places of the rules, by value.
        rules: The places of all of them.
    """

    places: Mapping[Any, Sequence[int]]
    rules: tuple[int, ...]

    def near(self, value: Any) -> Sequence[int]:
        """Return the rules that name this value."""
        return self.places.get(value, ())


@dataclass(frozen=True, slots=True)
class File:
    """Rules that look at the same thing in the same way.

    Attributes:
        path: What they look at.
        index: Finds those that a value concerns.
        kinds: The kinds of values that their guards speak of.
        whole: Whether the guard is all that each of them asks.
    """

    path: tuple[str, ...]
    index: ByLimit | ByValue
    kinds: frozenset[type]
    whole: bool


def filed(rules: Sequence[Rule]) -> list[File]:
    """File the rules that can be; of several files that one could stand in, the sharpest."""
    offers: dict[tuple[Any, ...], dict[int, Guard]] = {}
    for at, rule in enumerate(rules):
        for guard in _guards(rule):
            key = guard.path, guard.relation, guard.kind, guard.whole and rule.everywhere
            offers.setdefault(key, {})[at] = guard
    files, taken = [], set[int]()
    for key, offered in sorted(offers.items(), key=lambda offer: _share(offer[1])):
        mine = {at: guard for at, guard in offered.items() if at not in taken}
        if len(mine) >= MANY:
            files.append(_file(mine, whole=key[-1]))
            taken.update(mine)
    return files


def _guards(rule: Rule) -> Iterator[Guard]:
    if isinstance(rule.condition, CelCondition) and rule.condition.checked is not None:
        yield from guards(rule.condition.checked.root, VOCABULARY)


def _share(offered: Mapping[int, Guard]) -> float:
    """Guess which share of the rules a value would concern."""
    values = {value for guard in offered.values() for value in guard.values}
    ordered = any(guard.relation != "in" for guard in offered.values())
    return 0.5 if ordered else 1 / len(values)


def _file(offered: Mapping[int, Guard], *, whole: bool) -> File:
    one = next(iter(offered.values()))
    index = _by_value(offered) if one.relation == "in" else _by_limit(offered, one.relation)
    kinds = frozenset({str}) if one.kind is str else NUMBERS
    return File(one.path, index, kinds, whole)


def _by_limit(offered: Mapping[int, Guard], relation: str) -> ByLimit:
    pairs = sorted((guard.values[0], at) for at, guard in offered.items())
    return ByLimit(relation, tuple(limit for limit, _ in pairs), tuple(at for _, at in pairs))


def _by_value(offered: Mapping[int, Guard]) -> ByValue:
    places: dict[Any, list[int]] = {}
    for at, guard in offered.items():
        for value in dict.fromkeys(guard.values):
            places.setdefault(value, []).append(at)
    return ByValue(places, tuple(offered))
