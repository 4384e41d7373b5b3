"""What pydantic found wrong with a document → one error: the first, with its place and a hint."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic_core import ErrorDetails

    from lockgate.errors import RulebookError
    from lockgate.rulebook.source import Path, Source

Model = type[BaseModel]


def fault(message: str, hint: str, *key: str | int) -> PydanticCustomError:
    """Return the error that a validator raises: what is wrong, what to do, and below which key."""
    return PydanticCustomError(
        "rulebook", "{message}", {"message": message, "hint": hint, "key": key}
    )


def first_fault(source: Source, details: Iterable[ErrorDetails], model: Model) -> RulebookError:
    """Return the fault that comes first in the text."""
    told = [_fault(source, detail, model) for detail in details]
    return min(told, key=lambda error: (error.line, error.column))


def _fault(source: Source, detail: ErrorDetails, model: Model) -> RulebookError:
    path: Path = tuple("key" if part == "[key]" else part for part in detail["loc"])
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "rulebook":
            return source.error((*path, *context["key"]), context["message"], context["hint"])
        case "extra_forbidden":
            word = str(path[-1])
            hint = _near(word, list(_keys(model, path[:-1])))
            return source.error((*path, "key"), f"unknown key `{word}`", hint)
        case "missing":
            return source.error(path, f"`{path[-1]}` is missing", _LACKING.get(str(path[-1]), _SEE))
        case "enum":
            return source.error(path, *_not_one_of(detail["input"], context["expected"]))
        case kind if kind in _TOLD:
            message, hint = _TOLD[kind]
            return source.error(path, message.format(**context), hint)
        case _:
            said = detail["msg"].replace("String", "text").replace("Input", "this")
            return source.error(path, said[0].lower() + said[1:], _SEE)


_SEE: Final = "`docs/rulebook.md` has an example of each key"
_LACKING: Final = {
    "id": "give it a name of its own, such as `refund-over-500`",
    "then": "write `then: allow`, `then: require_approval` or `then: block`",
    "reason": "say why in a sentence; people and the model read it",
}
_TOLD: Final = {
    "model_type": ("expected a mapping of keys to values", "write `key: value`, one a line"),
    "dict_type": ("expected a mapping of keys to values", "write `key: value`, one a line"),
    "list_type": ("expected a list", "write `- ` in front of each item, or `[one, another]`"),
    "string_type": ("expected text", "put it between quotes"),
    "string_too_short": ("the text is empty", "write something, or remove the key"),
    "string_too_long": ("the text is longer than {max_length} characters", "shorten it"),
    "string_pattern_mismatch": (
        "this is not a name",
        "use up to 100 lower-case letters, digits, `.`, `_` and `-`, a letter or digit first",
    ),
    "too_short": ("the list is empty", "name at least one, or remove the key"),
    "too_long": ("the list is longer than {max_length} items", "split it"),
    "int_type": ("expected a whole number", "write it in plain digits, without quotes"),
    "float_type": ("expected a number", "write it in plain digits, without quotes"),
    "greater_than_equal": ("this is less than {ge}", "choose a larger number"),
    "less_than_equal": ("this is more than {le}", "choose a smaller number"),
}


def _not_one_of(word: object, expected: str) -> tuple[str, str]:
    """Return the message and the hint for a word that is not in a closed list."""
    known = [item.strip("' ") for item in expected.replace(" or ", ", ").split(",")]
    told = ", ".join(f"`{item}`" for item in known)
    near = difflib.get_close_matches(str(word), known, n=1)
    return (
        f"`{word}` is not one of {told}",
        f"did you mean `{near[0]}`?" if near else "write one of them",
    )


def _near(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    told = ", ".join(f"`{name}`" for name in known)
    return f"did you mean `{near[0]}`?" if near else f"the keys here are {told}"


def _keys(model: Model, path: Path) -> Iterator[str]:
    """Yield the keys that are known at `path`."""
    for part in path:
        field = next((item for name, item in _named(model) if name == part), None)
        found = None if field is None else _model_in(field.annotation)
        model = found or model
    yield from (name for name, _ in _named(model))


def _named(model: Model) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def _model_in(annotation: Any) -> Model | None:
    """Return the model that a field holds, alone, in a list or in a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)
