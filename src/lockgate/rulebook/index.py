"""Which rules could match a tool: found by its name, by its action, or by trying.

Rules that name tools or actions literally are found by dictionary, whatever the number of others.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from fnmatch import translate
from typing import TYPE_CHECKING, Final

from lockgate.evaluate import ANYWHERE, Rule, Share
from lockgate.rulebook.condition import CelCondition
from lockgate.rulebook.document import On, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lockgate.classify import Action, Signature
    from lockgate.errors import RulebookError
    from lockgate.rulebook.condition import ConditionSyntaxError

_WILD: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class IndexedRule:
    """A compiled rule with what it speaks about.

    Attributes:
        rule: What the judge needs, as if it were in force for all.
        on: What it matches.
        names: What its condition names.
        way: Whether it is in force.
        share: For how many, in a canary.
        place: File, line and column it is written at.
        located: Places an error of its condition in its document.
    """

    rule: Rule
    on: On
    names: frozenset[str]
    way: Way
    share: Share | None
    place: tuple[str, int, int]
    located: Callable[[ConditionSyntaxError], RulebookError]

    def check(self, signature: Signature) -> None:
        """Check the condition against what a tool declares, if the rule names just this one.

        A rule about several tools may ask which of them has a field.

        Raises:
            RulebookError: At the first thing that can't be right.
        """
        if self.on.tool == [signature.name] and isinstance(self.rule.condition, CelCondition):
            for fault in self.rule.condition.faults(signature.parameters):
                raise self.located(fault)

    @property
    def enforced(self) -> Rule | None:
        """What the judge needs, for those the rule is in force for."""
        match self.way:
            case Way.SHADOW:
                return None
            case Way.CANARY:
                bounds = replace(self.rule.bounds or ANYWHERE, share=self.share)
                return replace(self.rule, bounds=bounds)
            case _:
                return self.rule

    def could_match(self, signature: Signature, action: Action) -> bool:
        """Say whether a call of this tool that is this action could fall under the rule."""
        on = self.on
        return (
            named(on.action, action.id)
            and named(on.tool, signature.name)
            and named(on.source, signature.source)
            and (not on.effect or action.effect in on.effect)
        )


class Index:
    """Finds the rules that could match, by literal tool, by literal action, or by trying."""

    def __init__(self, rules: Iterable[IndexedRule]) -> None:
        """Index `rules`."""
        self._by_tool: defaultdict[str, list[IndexedRule]] = defaultdict(list)
        self._by_action: defaultdict[str, list[IndexedRule]] = defaultdict(list)
        self._others: list[IndexedRule] = []
        for item in rules:
            self._place(item)

    def _place(self, item: IndexedRule) -> None:
        for patterns, index in (
            (item.on.tool, self._by_tool),
            (item.on.action, self._by_action),
        ):
            if patterns and not any(map(_WILD.search, patterns)):
                for literal in dict.fromkeys(patterns):
                    index[literal].append(item)
                return
        self._others.append(item)

    def candidates(self, tool: str, action: str) -> Iterator[IndexedRule]:
        """Yield every rule that could match, and others that turn out not to."""
        yield from self._by_tool.get(tool, ())
        yield from self._by_action.get(action, ())
        yield from self._others


def _any(patterns: Sequence[str], value: str) -> bool:
    return not patterns or any(re.match(translate(pattern), value) for pattern in patterns)


def named(patterns: Sequence[str], value: str) -> bool:
    """Say whether `value` is one of `patterns`; none of them means every value."""
    return not patterns or any(re.match(translate(pattern), value) for pattern in patterns)
