"""What the shapes of all documents are made of: names, texts, patterns, lists of them."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from lockgate.call import MAX_INTEGER
from lockgate.rulebook.faults import fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def listed(value: Any) -> Any:
    """Return a single text as a list of it."""
    return [value] if isinstance(value, str) else value


class Strict(BaseModel):
    """A mapping with exactly the keys it names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def near(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return a hint: the known word that is most like `word`, or something else."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean `{found[0]}`?" if found else otherwise


def told(check: Callable[[str], Any], hint: str) -> Callable[[str], str]:
    """Return a validator that refuses what `check` refuses, and adds the hint."""

    def validate(value: str) -> str:
        try:
            check(value)
        except ValueError as error:
            raise fault(str(error), hint) from None
        return value

    return validate


def scalar(value: Any) -> Any:
    """Refuse what a condition can't hold exactly as it is written."""
    match value:
        case bool():
            return value
        case int() if -MAX_INTEGER <= value <= MAX_INTEGER:
            return value
        case int():
            raise fault("the number is beyond 2^53", "write it as text, between quotes")
        case float() if math.isfinite(value):
            return value
        case str() if len(value) <= MAX_TEXT:
            return value
        case str():
            raise fault(f"the text is longer than {MAX_TEXT} characters", "shorten it")
        case _:
            raise fault("expected text, a number, `true` or `false`", "write one value")


def alike(values: list[Any]) -> list[Any]:
    """Refuse values of different kinds in one list."""
    if len({kind_of(value) for value in values}) > 1:
        raise fault("the list has values of different kinds", "make all text, or all numbers")
    return values


def kind_of(value: Any) -> str:
    """Return what people call the kind of a single value."""
    if isinstance(value, bool):
        return "true or false"
    return "numbers" if isinstance(value, int | float) else "text"


MAX_TEXT: Final = 1_000
Text = Annotated[str, Field(min_length=1, max_length=500)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Pattern = Annotated[str, Field(min_length=1, max_length=200)]
Patterns = Annotated[list[Pattern], BeforeValidator(listed), Field(min_length=1)]
Expression = Annotated[str, Field(min_length=1, max_length=10_000)]
Scalar = Annotated[Any, AfterValidator(scalar)]
Values = Annotated[list[Scalar], Field(min_length=1, max_length=1_000), AfterValidator(alike)]
