"""A tool's signature → what it does.

The name is read as words; the description may only confirm it or make it more dangerous. No
language model, and no guess in favour: what is not recognised is *unknown*.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.catalogue import ACTIONS, BY_ID, GENERIC, UNKNOWN, suggestions
from lockgate.classify.payload import readers_for
from lockgate.classify.profile import Action, Classification, Effect
from lockgate.classify.words import words
from lockgate.errors import WiringError

if TYPE_CHECKING:
    from collections.abc import Mapping

VERBS: Final = {
    Effect.READ: "get list find search read show view describe lookup fetch count check track calculate compute",
    Effect.CREATE: "create add new insert register open book place make",
    Effect.UPDATE: "update modify change edit set rename move cancel exchange return archive restore write save merge close assign",
    Effect.DELETE: "delete remove erase purge drop truncate destroy wipe terminate clean cleanup clear",
    Effect.SEND: "send post publish email mail notify broadcast share export upload forward reply submit",
    Effect.PAY: "pay charge refund transfer withdraw wire reimburse",
    Effect.EXECUTE: "run execute exec eval shell bash invoke launch start deploy apply",
    Effect.GRANT: "grant invite authorize approve",
}
_EFFECT_OF: Final = {word: effect for effect, words in VERBS.items() for word in words.split()}
_DANGER: Final = tuple(VERBS)[1:]

_COMMON: Final = {
    Effect.READ: "read",
    Effect.CREATE: "create",
    Effect.UPDATE: "update",
    Effect.DELETE: "delete",
    Effect.SEND: "send",
    Effect.EXECUTE: "run",
}
"""The verb of an alias that stands for all of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a host tells about a tool.

    Attributes:
        name: The tool's name.
        description: Its description for the model.
        parameters: JSON Schema of its arguments.
        source: Where the tool comes from.
        action: The catalogue id its author declared, if any.
        idempotent: Whether its author says that running it twice is the same as once.
        annotations: Hints of the tool's author by their MCP names, such as `readOnlyHint`.
        trusted: Whether hints that make the tool look safer are believed.
        method: HTTP verb, where the tool is one operation of an HTTP service.
        path: HTTP path likewise.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source: str = "function"
    action: str | None = None
    idempotent: bool = False
    annotations: Mapping[str, bool] = field(default_factory=dict)
    trusted: bool = False
    method: str = ""
    path: str = ""


def classify(signature: Signature) -> Classification:
    """Say what a tool does, with reasons.

    Raises:
        WiringError: If the declared action is not in the catalogue.
    """
    action, confidence, because = _recognise(signature)
    return Classification(
        action=action,
        confidence=confidence,
        because=because,
        readers=readers_for(action, signature.parameters.get("properties") or {}),
    )


def _recognise(signature: Signature) -> tuple[Action, float, tuple[str, ...]]:
    if signature.action is not None:
        return _declared(signature.action), 1.0, ("declared by its author",)
    if not signature.name.isascii():
        return UNKNOWN, 0.0, ("the name is not plain text, and may imitate another",)
    name = words(signature.name)
    if not name:
        return UNKNOWN, 0.0, ("the name has no words",)
    found = _by_alias(name) or _by_verb(name)
    if found is None:
        return UNKNOWN, 0.0, (f"no known verb or alias in `{signature.name}`",)
    return _doubted(*found, name, words(signature.description))


def _declared(action_id: str) -> Action:
    if action_id in BY_ID:
        return BY_ID[action_id]
    near = suggestions(action_id)
    hint = f", did you mean `{near[0]}`" if near else ""
    raise WiringError(f"the action `{action_id}` is not in the catalogue{hint}")


def _by_alias(name: list[str]) -> tuple[Action, float, tuple[str, ...]] | None:
    """Find the action whose alias has the most words, all in the name, most of them literally."""
    literal = {form for word in name for form in (word, word.removesuffix("s"))}
    have = literal | {_kind(word) for word in name}
    fits = [
        (len(wanted), len(literal.intersection(wanted)), -at, alias)
        for at, action in enumerate(ACTIONS)
        for alias in action.aliases
        if have.issuperset(wanted := alias.split()) and _same_direction(name, action, wanted)
    ]
    if not fits:
        return None
    length, _, at, alias = max(fits)
    return ACTIONS[-at], 0.6 + 0.1 * min(length, 3), (f"the name says `{alias}`",)


def _kind(word: str) -> str:
    """Return the common verb that stands for `word`, or the word itself."""
    return _COMMON.get(_EFFECT_OF.get(word, Effect.UNKNOWN), word)


def _same_direction(name: list[str], action: Action, alias: list[str]) -> bool:
    """Say whether the leading verb allows this action: `list` never leads to a payment."""
    leading = _EFFECT_OF.get(name[0])
    if leading is None or _EFFECT_OF.get(alias[0]) is leading:
        return True
    return (leading is Effect.READ) == (action.effect is Effect.READ)


def _by_verb(name: list[str]) -> tuple[Action, float, tuple[str, ...]] | None:
    verbs = name[:-1] if name[-1] == "read" else name  # `mark_as_read` reads nothing
    effects = [(word, _EFFECT_OF[word]) for word in verbs if word in _EFFECT_OF]
    if not effects:
        return None
    word, effect = effects[0]
    action = replace(GENERIC[effect], resource=name[-1])
    return action, 0.6, (f"the name's verb is `{word}`",)


def _doubted(
    action: Action,
    confidence: float,
    because: tuple[str, ...],
    name: list[str],
    description: list[str],
) -> tuple[Action, float, tuple[str, ...]]:
    """Refuse to call a tool a read when its name or description confesses to more."""
    if action.effect is not Effect.READ:
        return action, confidence, because
    told = {"name": [*_severe(name), *_joined(name)], "description": _severe(description)}
    for where, confessed in told.items():
        if confessed:
            return UNKNOWN, 0.0, (*because, f"but its {where} says `{confessed[0]}`")
    return action, confidence, because


def _severe(text: list[str]) -> list[str]:
    """Return the words that delete or pay, wherever they stand."""
    return [
        word
        for word in text
        if _EFFECT_OF.get(word) in {Effect.DELETE, Effect.PAY}
        or _EFFECT_OF.get(word.removesuffix("s")) is Effect.DELETE
    ]


def _joined(name: list[str]) -> list[str]:
    """Return what a name does besides, as in `find_and_update`."""
    after = (word for joint, word in pairwise(name) if joint in {"and", "or", "then"})
    return [word for word in after if _EFFECT_OF.get(word, Effect.READ) is not Effect.READ]
