"""A checked rulebook: compiled rules, an index over tools, and a revision.

A decision touches only rules whose `on` could match its tool, whatever the number of the
others: rules that name tools or actions literally are found by dictionary.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lockgate.call import digest
from lockgate.classify import BY_ID
from lockgate.errors import RulebookError
from lockgate.evaluate import Handling, Level, Policy, Rule
from lockgate.rulebook.condition import CelCondition, ConditionSyntaxError
from lockgate.rulebook.document import Document, On, read
from lockgate.rulebook.source import Source, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lockgate.classify import Action, Classification, Signature
    from lockgate.rulebook.document import RuleText

BASELINE: Final = Path(__file__).parent.parent / "packs" / "baseline.yaml"
"""The rulebook that is in force when nobody wrote one."""
_WILD: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class IndexedRule:
    """A compiled rule with what it speaks about.

    Attributes:
        rule: What the judge needs.
        on: What it matches.
        history: Whether its condition looks at the conversation.
    """

    rule: Rule
    on: On
    history: bool

    def could_match(self, signature: Signature, action: Action) -> bool:
        """Say whether a call of this tool that is this action could fall under the rule."""
        on = self.on
        return (
            _any(on.action, action.id)
            and _any(on.tool, signature.name)
            and _any(on.source, signature.source)
            and (not on.effect or action.effect in on.effect)
        )


@dataclass(frozen=True)
class Rulebook:
    """Rules, handling of levels, and the revision that names exactly these.

    Attributes:
        name: What people call it.
        rules: The compiled rules.
        levels: What happens to each level when no rule says more.
        approval_seconds: How long an approval can be given and used.
        revision: Digest of the content; the same rules in any order have the same.
    """

    name: str
    rules: tuple[IndexedRule, ...]
    levels: Mapping[Level, Handling]
    approval_seconds: int
    revision: str

    @classmethod
    def baseline(cls) -> Rulebook:
        """Return what is in force when nobody wrote a rule."""
        return cls._read(parse(BASELINE.read_text("utf-8"), BASELINE.name), {})

    @classmethod
    def load(cls, path: str | Path) -> Rulebook:
        """Read a file; levels it does not mention are handled as in the baseline.

        Raises:
            RulebookError: With file, line and column.
        """
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeError) as error:
            raise RulebookError(f"can't be read: {error}", file=str(path)) from None
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: str, name: str = "<rulebook>") -> Rulebook:
        """Read a rulebook from text, as `load` does from a file."""
        return cls._read(parse(text, name), cls.baseline().levels)

    @classmethod
    def _read(cls, source: Source, levels: Mapping[Level, Handling]) -> Rulebook:
        document = read(source)
        return cls(
            name=document.name,
            rules=tuple(_compiled(source, document)),
            levels={**levels, **document.levels},
            approval_seconds=document.approval_seconds,
            revision=_revision(document, levels),
        )

    def policy_for(self, signature: Signature, classification: Classification) -> Policy:
        """Return what this rulebook says about one tool; ask once, when it is registered."""
        found = {
            action: tuple(self._matching(signature, BY_ID.get(action, classification.action)))
            for action in classification.actions
        }
        return Policy(
            rules={action: tuple(item.rule for item in items) for action, items in found.items()},
            handling=self.levels,
            revision=self.revision,
            approval_seconds=self.approval_seconds,
            needs_history=any(item.history for items in found.values() for item in items),
        )

    def _matching(self, signature: Signature, action: Action) -> Iterator[IndexedRule]:
        for item in self._index.candidates(signature.name, action.id):
            if item.could_match(signature, action):
                yield item

    @cached_property
    def _index(self) -> _Index:
        return _Index(self.rules)


class _Index:
    """Finds the rules that could match, by literal tool, by literal action, or by trying."""

    def __init__(self, rules: Iterable[IndexedRule]) -> None:
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
        yield from self._by_tool.get(tool, ())
        yield from self._by_action.get(action, ())
        yield from self._others


def _any(patterns: Sequence[str], value: str) -> bool:
    return not patterns or any(re.match(translate(pattern), value) for pattern in patterns)


def _compiled(source: Source, document: Document) -> Iterator[IndexedRule]:
    for at, text in enumerate(document.rules):
        condition = _condition(source, at, text)
        rule = Rule.build(
            id=text.id,
            then=text.then,
            reason=text.reason,
            tell=text.tell,
            levels=frozenset(text.on.level),
            condition=condition,
        )
        yield IndexedRule(rule, text.on, condition is not None and condition.history)


def _condition(source: Source, at: int, text: RuleText) -> CelCondition | None:
    if text.when is None:
        return None
    try:
        return CelCondition(text.when)
    except ConditionSyntaxError as error:
        path = ("rules", at, "when")
        message = f"rule `{text.id}`: {error}"
        raise source.error_inside(path, error.line, error.column, message, error.hint) from None


def _revision(document: Document, levels: Mapping[Level, Handling]) -> str:
    told = document.model_dump(mode="json")
    told["rules"].sort(key=lambda rule: rule["id"])
    handled = {**levels, **document.levels}
    told["levels"] = {level.value: handled[level].value for level in handled}
    return f"rb-{digest(told)[:12]}"
