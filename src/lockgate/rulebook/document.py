"""The shape of a rulebook file; pydantic checks it and says where it is wrong."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lockgate.classify import BY_ID, Effect
from lockgate.evaluate import Handling, Level, Then

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from lockgate.errors import RulebookError
    from lockgate.rulebook.source import Path, Source


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


KNOWN_ACTIONS: Final = (*BY_ID, *(f"generic.{effect.value}" for effect in Effect))
Pattern = Annotated[str, Field(min_length=1, max_length=200)]
Patterns = Annotated[list[Pattern], BeforeValidator(_listed), Field(min_length=1)]
Levels = Annotated[list[Level], BeforeValidator(_listed), Field(min_length=1)]
Effects = Annotated[list[Effect], BeforeValidator(_listed), Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class On(_Strict):
    """What a rule speaks about; every part that is given must match.

    Attributes:
        action: Canonical actions; `*` matches any run of characters.
        tool: Tool names, likewise.
        source: Where the tool comes from, likewise.
        effect: What the action does.
        level: How dangerous the call is.
    """

    action: Patterns = Field(default_factory=list)
    tool: Patterns = Field(default_factory=list)
    source: Patterns = Field(default_factory=list)
    effect: Effects = Field(default_factory=list)
    level: Levels = Field(default_factory=list)


class RuleText(_Strict):
    """One rule as it is written.

    Attributes:
        id: Its name, unique in the rulebook.
        on: What it speaks about; nothing means every call.
        when: A condition; nothing means always.
        then: What happens.
        reason: Why, for people and for the model.
        tell: What the model may do instead.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
    on: On = Field(default_factory=On)
    when: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    then: Then
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    tell: Annotated[str, Field(max_length=500)] = ""


class Document(_Strict):
    """A rulebook file.

    Attributes:
        lockgate: Version of the format.
        name: What people call it.
        rules: The rules; their order does not matter.
        levels: What happens to each level when no rule says more.
        approval_seconds: How long an approval can be given and used.
    """

    lockgate: Annotated[int, Field(ge=1, le=1)] = 1
    name: Annotated[str, Field(min_length=1, max_length=100)] = "rulebook"
    rules: list[RuleText] = Field(default_factory=list)
    levels: dict[Level, Handling] = Field(default_factory=dict)
    approval_seconds: Annotated[int, Field(ge=1, le=31_536_000)] = 86_400


def read(source: Source) -> Document:
    """Check the shape of a document.

    Raises:
        RulebookError: At the first fault, with the place.
    """
    try:
        document = Document.model_validate(source.value)
    except ValidationError as error:
        raise _fault(source, error.errors()[0]) from None
    _unique(source, document)
    _known_actions(source, document)
    return document


def _known_actions(source: Source, document: Document) -> None:
    """Refuse a rule about an action that does not exist: it would never be hit."""
    for at, rule in enumerate(document.rules):
        for nth, pattern in enumerate(rule.on.action):
            if not any(fnmatchcase(action, pattern) for action in KNOWN_ACTIONS):
                near = difflib.get_close_matches(pattern, KNOWN_ACTIONS, n=1)
                hint = f"did you mean `{near[0]}`?" if near else "`docs/actions.md` lists them"
                path = ("rules", at, "on", "action", nth)
                raise source.error(path, f"there is no action `{pattern}`", hint)


def _unique(source: Source, document: Document) -> None:
    seen: dict[str, int] = {}
    for at, rule in enumerate(document.rules):
        if rule.id in seen:
            line, _ = source.places["rules", seen[rule.id], "id"]
            message = f"the rule id `{rule.id}` is used twice, first in line {line}"
            raise source.error(("rules", at, "id"), message, "give it another id")
        seen[rule.id] = at


_MODELS: Final = (Document, RuleText, On)


def _fault(source: Source, detail: ErrorDetails) -> RulebookError:
    path: Path = tuple(detail["loc"])
    match detail["type"]:
        case "extra_forbidden":
            word = str(path[-1])
            names = [name for model in _MODELS for name in model.model_fields]
            near = difflib.get_close_matches(word, names, n=1)
            hint = f"did you mean `{near[0]}`?" if near else ""
            return source.error((*path, "key"), f"unknown key `{word}`", hint)
        case "missing":
            return source.error(path, f"`{path[-1]}` is missing")
        case "enum":
            expected = detail.get("ctx", {}).get("expected", "")
            return source.error(path, f"`{detail['input']}` is not one of {expected}")
        case "model_type" | "dict_type":
            return source.error(path, "expected a mapping of keys to values")
        case _:
            said = detail["msg"].replace("String", "text").replace("Input", "this")
            return source.error(path, said[0].lower() + said[1:])
