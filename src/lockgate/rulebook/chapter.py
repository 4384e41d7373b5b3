"""What one layer of a rulebook says, compiled: its rules and how it handles levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from lockgate.classify import BY_ID
from lockgate.evaluate import ANYWHERE, Bounds, Fence, Handling, Level, Names, Rule, Share, Then
from lockgate.rulebook.condition import CelCondition, ConditionSyntaxError
from lockgate.rulebook.document import Layer, Way
from lockgate.rulebook.expand import NameFault, expand
from lockgate.rulebook.index import Index, IndexedRule
from lockgate.rulebook.layers import in_force, strictest
from lockgate.rulebook.macros import Unknown
from lockgate.rulebook.ruleset import RuleSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lockgate.classify import Action, Classification, Signature
    from lockgate.errors import RulebookError
    from lockgate.rulebook.document import Document, RuleText
    from lockgate.rulebook.expand import Expanded
    from lockgate.rulebook.layers import Written
    from lockgate.rulebook.names import Lexicon
    from lockgate.rulebook.source import Source

_CLOCK: Final = frozenset({"now"})


@dataclass(frozen=True)
class Chapter:
    """One document, or all of the organisation's together, compiled.

    Attributes:
        name: What it is called, such as `agent support`.
        sources: Where the tools come from that it is about; empty for anywhere.
        bounds: Which calls of these it is about.
        rules: Its rules.
        levels: What happens to each level that it speaks about.
        trial: The same as if everything in shadow were enforced.
    """

    name: str
    sources: tuple[str, ...]
    bounds: Bounds
    rules: tuple[IndexedRule, ...]
    levels: Mapping[Level, Handling]
    trial: Mapping[Level, Handling]

    @cached_property
    def _index(self) -> Index:
        return Index(self.rules)

    @cached_property
    def _heard(self) -> dict[tuple[Rule, ...], RuleSet]:
        return {}

    def heard(self, rules: tuple[Rule, ...]) -> RuleSet:
        """Return some of the rules as one; the same for all tools and actions they are for."""
        if rules not in self._heard:
            self._heard[rules] = RuleSet(rules)
        return self._heard[rules]

    def about(self, signature: Signature, classification: Classification) -> About:
        """Return what is said about one tool.

        Raises:
            RulebookError: If a rule about just this tool can't be right, as it declares itself.
        """
        own = classification.action
        actions = {name: BY_ID.get(name, own) for name in classification.actions}
        rules = {name: self._governing(signature, own, item) for name, item in actions.items()}
        for item in {item.rule.id: item for items in rules.values() for item in items}.values():
            item.check(signature)
        return About(self, rules)

    def _governing(self, signature: Signature, own: Action, called: Action) -> list[IndexedRule]:
        """Return the rules for calls of a tool that turn out to be `called`.

        A payload that makes a call worse than its tool does not take it out of reach of what
        objects to the tool: one recipient more must not turn a ban on mail into none.
        """
        found = self._matching(signature, called)
        if called.danger <= own.danger:
            return found
        objecting = (item for item in self._matching(signature, own) if item not in found)
        return sorted(
            [*found, *(item for item in objecting if item.rule.then is not Then.ALLOW)], key=_by_id
        )

    def _matching(self, signature: Signature, action: Action) -> list[IndexedRule]:
        found = self._index.candidates(signature.name, action.id)
        return sorted((item for item in found if item.could_match(signature, action)), key=_by_id)


def _by_id(item: IndexedRule) -> str:
    return item.rule.id


@dataclass(frozen=True, slots=True)
class About:
    """What one chapter says about one tool: the rules that could match, by action."""

    chapter: Chapter
    rules: Mapping[str, Sequence[IndexedRule]]

    @property
    def items(self) -> Iterator[IndexedRule]:
        """Every rule that could match, once for each action."""
        return (item for items in self.rules.values() for item in items)

    @property
    def tried(self) -> bool:
        """Whether anything would be otherwise if everything in shadow were enforced."""
        chapter = self.chapter
        ways = {item.way for item in self.items}
        return ways - {Way.ENFORCE} != set() or chapter.levels != chapter.trial

    def names(self, some: frozenset[str]) -> bool:
        """Say whether a condition names one of these variables."""
        return any(not some.isdisjoint(item.names) for item in self.items)

    @property
    def timed(self) -> bool:
        """Whether anything depends on the time."""
        expire = any(item.rule.bounds and item.rule.bounds.until for item in self.items)
        return expire or self.names(_CLOCK)

    def chosen(self, *, trial: bool) -> dict[str, RuleSet]:
        """Return what the judge needs of the rules, for each action."""
        chosen = {
            action: [item.rule if trial else item.enforced for item in items]
            for action, items in self.rules.items()
        }
        heard = self.chapter.heard
        return {action: heard(tuple(filter(None, rules))) for action, rules in chosen.items()}

    def levels(self, *, trial: bool) -> Mapping[Level, Handling]:
        """Return what happens to each level."""
        return self.chapter.trial if trial else self.chapter.levels

    def fence(self, *, trial: bool) -> Fence | None:
        """Return the fence that the judge needs, if there is anything to say."""
        rules, levels = self.chosen(trial=trial), self.levels(trial=trial)
        if not levels and not any(heard.rules for heard in rules.values()):
            return None
        chapter = self.chapter
        return Fence(name=chapter.name, bounds=chapter.bounds, rules=rules, handling=levels)


def top(
    written: Sequence[Written], lexicon: Lexicon, otherwise: Mapping[Level, Handling]
) -> Chapter:
    """Compile the organisation's documents, which speak as one."""
    documents = [document for _, document in written]
    return Chapter(
        name=Layer.ORGANISATION.value,
        sources=(),
        bounds=ANYWHERE,
        rules=tuple(rule for pair in written for rule in _compiled(*pair, lexicon)),
        levels=strictest(in_force(documents), otherwise),
        trial=strictest(documents, otherwise),
    )


def fence(source: Source, document: Document, lexicon: Lexicon) -> Chapter:
    """Compile a document of a lower layer, which speaks for itself."""
    names, layer = Names.of(document.whom), document.layer
    name = f"{layer.value} {', '.join(document.whom)}"
    return Chapter(
        name=name,
        sources=tuple(document.whom) if layer is Layer.SOURCE else (),
        bounds=Bounds(
            environments=names if layer is Layer.ENVIRONMENT else None,
            agents=names if layer is Layer.AGENT else None,
            threads=names if layer is Layer.RUN else None,
        ),
        rules=tuple(_compiled(source, document, lexicon, name)),
        levels=strictest(in_force([document]), {}),
        trial=strictest([document], {}),
    )


def _compiled(
    source: Source, document: Document, lexicon: Lexicon, within: str = ""
) -> Iterator[IndexedRule]:
    seen = lexicon.seen_from(document.layer)
    for at, text in enumerate(document.rules):
        expanded = _expanded(source, seen, at, text)
        located = partial(_located, source, at, text, expanded)
        condition = _condition(expanded, located)
        rule = Rule.build(
            id=text.id,
            then=text.then,
            reason=text.reason,
            tell=text.tell,
            within=within,
            approvers=_approvers(source, seen, at, text),
            obligations=tuple(text.obligations),
            levels=frozenset(text.on.level),
            bounds=_bounds(text),
            condition=condition,
        )
        mode = text.mode or document.mode
        drawn = text.id if text.mode else f"document {document.name}"
        yield IndexedRule(
            rule=rule,
            on=text.on,
            names=condition.names if condition else frozenset(),
            way=mode.way,
            share=Share(drawn, mode.percent),
            place=source.place(("rules", at, "id")),
            located=located,
        )


def _approvers(source: Source, lexicon: Lexicon, at: int, text: RuleText) -> tuple[str, ...]:
    """Return the names of those who may answer; `lists.NAME` stands for the names it lists."""
    names: list[str] = []
    for nth, name in enumerate(text.approvers):
        section, _, rest = name.partition(".")
        try:
            names += lexicon.members(rest) if section == "lists" else [name]
        except Unknown as error:
            path = ("rules", at, "approvers", nth)
            raise source.error(path, str(error), error.hint) from None
    return tuple(dict.fromkeys(names))


def _bounds(text: RuleText) -> Bounds | None:
    """Return what a call must tell for the rule to speak about it, or nothing."""
    bounds = Bounds(
        environments=Names.of(text.on.environment),
        agents=Names.of(text.on.agent),
        hazards=frozenset(text.on.hazard),
        until=text.expires or "",
    )
    return None if bounds == ANYWHERE else bounds


def _expanded(source: Source, lexicon: Lexicon, at: int, text: RuleText) -> Expanded | None:
    """Give the names in a condition their meaning."""
    if text.when is None:
        return None
    try:
        return expand(text.when, lexicon)
    except NameFault as error:
        path, message = ("rules", at, "when"), f"rule `{text.id}`: {error}"
        raise source.error_at(path, text.when, error.offset, message, error.hint) from None


def _condition(
    expanded: Expanded | None, located: Callable[[ConditionSyntaxError], RulebookError]
) -> CelCondition | None:
    if expanded is None:
        return None
    try:
        return CelCondition(expanded.text)
    except ConditionSyntaxError as error:
        raise located(error) from None


def _located(
    source: Source,
    at: int,
    text: RuleText,
    expanded: Expanded | None,
    error: ConditionSyntaxError,
) -> RulebookError:
    """Place an error of a rule's condition in the document."""
    path, message = ("rules", at, "when"), f"rule `{text.id}`: {error}"
    if expanded is None or text.when is None:
        return source.error(path, message, error.hint)
    offset = expanded.origin(error.line, error.column)
    return source.error_at(path, text.when, offset, message, error.hint)
