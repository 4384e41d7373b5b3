"""A tool's words and what it does → the canonical action."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from lockgate.classify.catalogue import ACTIONS
from lockgate.classify.profile import Action, Effect
from lockgate.classify.signature.naming import PREPOSITIONS, fused
from lockgate.classify.signature.verbs import FORMS, VERBS, common, severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lockgate.classify.signature.verbs import Verb

_Row = tuple[int, Action, str, frozenset[str]]
"""Where an alias stands, whose it is, the alias, and its words."""
_SHORT: Final = {
    "repo": "repository", "dir": "directory", "db": "database", "msg": "message",
    "config": "configuration", "org": "organization", "organisation": "organization",
    "auth": "authentication", "docs": "documentation", "img": "image", "env": "environment",
    "permissions": "permission", "indices": "index", "people": "person",
}  # fmt: skip
"""Other ways to write the nouns of aliases."""


_EMPTY: Final = frozenset(
    """
    detail info information value list id name metadata summary content config setting status
    count all batch tool item result by history
    """.split()
)
"""Nouns that say nothing of what a name is about."""


@dataclass(frozen=True, slots=True)
class Match:
    """An alias that a name has all words of.

    Attributes:
        action: Whose alias it is.
        alias: The alias.
    """

    action: Action
    alias: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word of an alias stands in a name.

    Attributes:
        weight: How much it counts.
        at: How far to the right, where English has what a name is about.
        literal: Whether it stands there itself, and not a word that is like it.
    """

    weight: int
    at: int
    literal: bool


def singular(word: str) -> str:
    """Return a noun in the form that aliases use."""
    word = _SHORT.get(word, word)
    if len(word) < 4 or word.endswith(("ss", "us", "is", "news")):  # noqa: PLR2004 - `gas`, `bus`
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word.removesuffix("s")


def matched(name: Sequence[str], verb: Verb, around: Sequence[str] = ()) -> Match | None:
    """Return the alias that says most about a tool, of those that fit what it does.

    Args:
        name: The tool's words.
        verb: What it does; the word need not be in the name.
        around: More words, such as those of an HTTP path.
    """
    places = _places(name, around, verb)
    best: tuple[tuple[int, int, int, int], Match] | None = None
    for row, action, alias, wanted in _candidates(places):
        if not places.keys() >= wanted or not _fits(action, wanted, verb, name):
            continue
        found = [places[word] for word in wanted]
        weight = sum(place.weight for place in found)
        literal = sum(place.literal for place in found)
        rank = (weight, literal, max(place.at for place in found), -row)
        if best is None or rank > best[0]:
            best = rank, Match(action, alias)
    return best[1] if best else None


def _head(name: Sequence[str]) -> str:
    """Return the noun that a name is about: the last before a preposition that says anything."""
    head = ""
    for word in name:
        if word in PREPOSITIONS:
            break
        head = head if singular(word) in _EMPTY else word
    return singular(head)


def _places(name: Sequence[str], around: Sequence[str], verb: Verb) -> Mapping[str, Place]:
    """Return the places of every word that an alias may have.

    What stands behind a preposition is not what is acted on, and weighs less.
    """
    found = {common(verb.word): Place(2, -1, literal=False)} if verb.word else {}
    placed = next((at for at, word in enumerate(name) if word in PREPOSITIONS), len(name))
    for at, word in enumerate((*name, *around, verb.word)):
        given = at == len(name) + len(around)
        place = Place(2 if at < placed or given else 1, -1 if given else at, literal=True)
        for form in _as_alias(word):
            here = replace(place, literal=form in {word, singular(word)})
            if form not in found or found[form].weight <= here.weight:
                found[form] = here
    return found


def _as_alias(word: str) -> set[str]:
    """Return the forms of a word that an alias may have."""
    verb = FORMS.get(word)
    return {word, singular(word), verb[0].word if verb else word}


def _fits(action: Action, wanted: frozenset[str], verb: Verb, name: Sequence[str]) -> bool:
    """Say whether an action can be what does this.

    It has the same effect, or its alias has the verb, or it is worse and its alias has the one that
    stands for the verb. A name without
    a verb, or with an open one, is whatever its alias is, if that is more than one word. Worse than the verb it is only if the
    alias has what the name is about: `list_secret_scanning_alerts` is about alerts.
    """
    if severity(action.effect) > severity(verb.effect) and _head(name) not in wanted:
        return False
    if verb.effect is Effect.UNKNOWN:
        return len(wanted) > 1 or verb.word in wanted or (not verb.word and _is_all(wanted, name))
    if severity(action.effect) < severity(verb.effect):
        return verb.word in wanted and action.effect is not Effect.READ
    return verb.effect is action.effect or verb.word in wanted or common(verb.word) in wanted


def _is_all(wanted: frozenset[str], name: Sequence[str]) -> bool:
    """Say whether an alias of one word is what a name without a verb ends in: `calculator`."""
    last = name[-1]
    return last in wanted or (singular(last) in wanted and singular(last) not in VERBS)


def _candidates(places: Mapping[str, Place]) -> Iterator[_Row]:
    index = _index()
    return (item for word in places for item in index.get(word, ()))


@cache
def _index() -> Mapping[str, list[_Row]]:
    """Return every alias by the last of its words."""
    index: defaultdict[str, list[_Row]] = defaultdict(list)
    for row, action in enumerate(ACTIONS):
        for alias in action.aliases:
            found = [singular(word) for word in fused(alias.split())]
            index[found[-1]].append((row, action, alias, frozenset(found)))
    return index
