"""What is allowed and probably not meant: rules that never apply, that others hide, that disagree.

A fault keeps a rulebook from loading; a remark does not. Every remark names the place and says
what to do. Whatever is only suspected is not said: no remark is a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from lockgate.call import ToolCall
from lockgate.classify import BY_ID, UNKNOWN, Classification, Effect, classify
from lockgate.evaluate import ConditionError, Question, Then, Variables, assess
from lockgate.rulebook.document import Way
from lockgate.rulebook.index import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lockgate.classify import Action, Signature
    from lockgate.rulebook.book import Rulebook
    from lockgate.rulebook.index import IndexedRule

_STRICTNESS: Final = (Then.ALLOW, Then.REQUIRE_APPROVAL, Then.BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that is probably not meant.

    Attributes:
        rule: The rule it is about.
        place: File, line and column.
        kind: What kind of remark: `never`, `hidden`, `twice`, `disagree`, `unused`, `mistyped`.
        message: What is the matter.
        hint: What to do.
    """

    rule: str
    place: tuple[str, int, int]
    kind: str
    message: str
    hint: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        file, line, column = self.place
        where = {"file": file, "line": line, "column": column}
        told = {"message": self.message, "hint": self.hint}
        return {"rule": self.rule, "kind": self.kind, **told, **where}


def lint(book: Rulebook, tools: Iterable[Signature] = ()) -> list[Remark]:
    """Return what is probably not meant, in the order of the text.

    Args:
        book: The rulebook.
        tools: The tools it is for, where they are known: then rules that none of them can fall
            under, and conditions that do not fit their parameters, are told as well.
    """
    found = [*_each(book.rules), *_pairs(book)]
    known = list(tools)
    if known:
        found += _against(book, known)
    return sorted(found, key=lambda remark: remark.place)


def _remark(item: IndexedRule, kind: str, message: str, hint: str) -> Remark:
    return Remark(rule=item.rule.id, place=item.place, kind=kind, message=message, hint=hint)


# ── One rule by itself ───────────────────────────────────────────────────────────────────────


def _each(rules: Sequence[IndexedRule]) -> Iterator[Remark]:
    for item in rules:
        if not any(_could(item, action) for action in BY_ID.values()) and _catalogued(item):
            message = "no action of the catalogue has all that `on` asks for"
            yield _remark(item, "never", message, "take one part of `on` away")
        constant = _constant(item)
        if constant is False:
            yield _remark(item, "never", "its condition is never true", "remove the rule")
        if constant is True:
            yield _remark(item, "twice", "its condition is always true", "remove the condition")


def _catalogued(item: IndexedRule) -> bool:
    """Say whether a rule is about actions of the catalogue and not of a family of their own."""
    return not any("generic" in pattern or pattern == "*" for pattern in item.on.action)


def _could(item: IndexedRule, action: Action) -> bool:
    on = item.on
    fits = not on.effect or action.effect in on.effect
    return named(on.action, action.id) and (fits or action.effect is Effect.UNKNOWN)


def _constant(item: IndexedRule) -> bool | None:
    """Return the value of a condition that names nothing, or nothing."""
    condition = item.rule.condition
    if condition is None or item.names:
        return None
    try:
        return condition.holds(Variables(_nothing()))
    except ConditionError:
        return False


def _nothing() -> Question:
    """Return a question that a condition without names never looks at."""
    known = Classification(action=UNKNOWN, confidence=0.0, because=()).plain
    risk = assess(known, "")
    return Question(call=ToolCall.propose("", {}), profile=known, risk=risk)


# ── Two rules together ───────────────────────────────────────────────────────────────────────


def _pairs(book: Rulebook) -> Iterator[Remark]:
    for chapter in (book.top, *book.fences):
        inforce = [item for item in chapter.rules if item.way is Way.ENFORCE]
        for pair in combinations(inforce, 2):
            yield from _same(*pair)
        for item in inforce:
            yield from _hidden(item, inforce)


def _same(one: IndexedRule, other: IndexedRule) -> Iterator[Remark]:
    """Tell two rules that are about exactly the same calls."""
    if (one.on, _text(one), one.rule.bounds) != (other.on, _text(other), other.rule.bounds):
        return
    file, line, _ = one.place
    first = f"`{one.rule.id}` ({file}:{line})"
    if one.rule.then is other.rule.then:
        yield _remark(other, "twice", f"it says the same as {first}", "remove one of them")
    else:
        message = f"it is about the same calls as {first} and says otherwise"
        yield _remark(other, "disagree", message, "the stricter one counts: remove the other")


def _hidden(item: IndexedRule, rules: Sequence[IndexedRule]) -> Iterator[Remark]:
    """Tell a rule that changes nothing because a stricter one always applies where it does."""
    for other in rules:
        if other is item or not _always(other) or not _covers(other, item):
            continue
        stricter = _STRICTNESS.index(other.rule.then) - _STRICTNESS.index(item.rule.then)
        if stricter > 0 and other.rule.then is Then.BLOCK:
            file, line, _ = other.place
            message = f"`{other.rule.id}` ({file}:{line}) blocks every call it is about"
            yield _remark(item, "hidden", message, "narrow that rule, or remove this one")
            return


def _always(item: IndexedRule) -> bool:
    return item.rule.condition is None and item.rule.bounds is None


def _covers(wide: IndexedRule, narrow: IndexedRule) -> bool:
    """Say whether every call that `narrow` is about is one that `wide` is about."""
    texts = (
        (wide.on.action, narrow.on.action),
        (wide.on.tool, narrow.on.tool),
        (wide.on.source, narrow.on.source),
        ([str(item) for item in wide.on.effect], [str(item) for item in narrow.on.effect]),
        ([str(item) for item in wide.on.level], [str(item) for item in narrow.on.level]),
    )
    return all(_within(of_wide, of_narrow) for of_wide, of_narrow in texts)


def _within(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    """Say whether every name that `narrow` can match is surely matched by `wide`."""
    if not wide:
        return True
    return bool(narrow) and all(any(_matches(item, by) for by in wide) for item in narrow)


def _matches(pattern: str, by: str) -> bool:
    literal = not any(sign in pattern for sign in "*?[")
    return pattern == by or (literal and fnmatchcase(pattern, by))


def _text(item: IndexedRule) -> str:
    return str(getattr(item.rule.condition, "text", ""))


# ── Rules and tools ──────────────────────────────────────────────────────────────────────────


def _against(book: Rulebook, tools: Sequence[Signature]) -> Iterator[Remark]:
    """Tell rules that no known tool can fall under."""
    known = [(tool, classify(tool)) for tool in tools]
    actions = [
        (tool, BY_ID.get(name, classification.action))
        for tool, classification in known
        for name in classification.actions
    ]
    for item in book.rules:
        if not any(item.could_match(tool, action) for tool, action in actions):
            hint = "check its `on`, or remove it"
            yield _remark(item, "unused", "no known tool can fall under it", hint)
