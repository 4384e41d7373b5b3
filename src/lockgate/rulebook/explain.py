"""Why a call is decided as it is: every rule that was looked at, and what each said.

The decision itself comes from `decide`; here only the silent rules are made to speak.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lockgate.evaluate import ConditionError, Variables
from lockgate.rulebook.document import Way
from lockgate.rulebook.index import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lockgate.classify import Signature
    from lockgate.evaluate import Question
    from lockgate.rulebook.book import Rulebook
    from lockgate.rulebook.index import IndexedRule


class Said(StrEnum):
    """What a rule said about a call."""

    APPLIES = "applies"
    WOULD_APPLY = "would apply"
    OTHER_CALL = "is about other calls"
    NOT_NOW = "does not cover this call"
    NOT_TRUE = "its condition is not true"
    NO_ANSWER = "could not be judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One rule, and what it said.

    Attributes:
        rule: Its id.
        place: File, line and column.
        layer: The layer it belongs to.
        then: What it does when it applies.
        said: What it said.
        detail: Which part of it, in words.
    """

    rule: str
    place: tuple[str, int, int]
    layer: str
    then: str
    said: Said
    detail: str

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        file, line, column = self.place
        return {
            "rule": self.rule,
            "file": file,
            "line": line,
            "column": column,
            "layer": self.layer,
            "then": self.then,
            "said": self.said.value,
            "detail": self.detail,
        }


def explain(book: Rulebook, signature: Signature, question: Question) -> tuple[Looked, ...]:
    """Return what every rule of a rulebook says about one call, those that apply first."""
    told = Variables(question)
    found = [
        _looked(chapter.name, item, *_said(item, signature, question, told))
        for chapter in (book.top, *book.fences)
        for item in chapter.rules
    ]
    return tuple(sorted(found, key=lambda looked: list(Said).index(looked.said)))


def _looked(layer: str, item: IndexedRule, said: Said, detail: str) -> Looked:
    rule = item.rule
    return Looked(
        rule=rule.id, place=item.place, layer=layer, then=rule.then.value, said=said, detail=detail
    )


def _said(
    item: IndexedRule, signature: Signature, question: Question, told: Variables
) -> tuple[Said, str]:
    elsewhere = next(_elsewhere(item, signature, question), "")
    if elsewhere:
        return Said.OTHER_CALL, elsewhere
    rule = item.enforced or item.rule
    if rule.bounds is not None and not rule.bounds.cover(question):
        return Said.NOT_NOW, "its environment, agent, hazard, expiry or share is another"
    if rule.condition is not None:
        try:
            if not rule.condition.holds(told):
                return Said.NOT_TRUE, str(getattr(rule.condition, "text", ""))
        except ConditionError as error:
            return Said.NO_ANSWER, str(error)
    if item.way is Way.SHADOW:
        return Said.WOULD_APPLY, "it is in shadow: recorded, not enforced"
    return Said.APPLIES, rule.reason


def _elsewhere(item: IndexedRule, signature: Signature, question: Question) -> Iterator[str]:
    """Yield each part of `on` that the call does not match."""
    on, action = item.on, question.profile.action
    if not named(on.action, action.id):
        yield f"the action is `{action.id}`, not {_either(on.action)}"
    if not named(on.tool, signature.name):
        yield f"the tool is `{signature.name}`, not {_either(on.tool)}"
    if not named(on.source, signature.source):
        yield f"the source is `{signature.source}`, not {_either(on.source)}"
    if on.effect and action.effect not in on.effect:
        yield f"the effect is `{action.effect.value}`, not {_either(map(str, on.effect))}"
    level = question.risk.level
    if on.level and level not in on.level:
        yield f"the level is {level.value}, not {_either(map(str, on.level))}"


def _either(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)
