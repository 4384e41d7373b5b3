"""The table of functions: for each name, what it does to which kinds of values.

A function of the language is a Python function whose annotations are its signature. The
table is read three ways: to find what a name does to values whose kinds are known before
the code runs, to find it while the code runs, and to say that no kinds would do.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args, get_origin, get_type_hints

from lockgate.rulebook.compile.values import ANY, mismatch

if TYPE_CHECKING:
    from collections.abc import Callable

Implementation = TypeVar("Implementation", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class Overload:
    """What a function does to values of certain kinds.

    Attributes:
        run: Does it, or raises `ConditionError`.
        result: What kinds of values may come out.
        total: Whether it has an answer for all of them.
    """

    run: Callable[..., Any]
    result: frozenset[type]
    total: bool


Overloads = dict[tuple[type, ...], Overload]
OVERLOADS: Final[dict[str, Overloads]] = {}
"""Every overload by the name of its function and the kinds it takes."""


def overload(*names: str, total: bool = False) -> Callable[[Implementation], Implementation]:
    """Enter a function under `names`; its annotations say which kinds it takes and gives.

    Args:
        names: What the language calls it.
        total: Whether it has an answer for all values of these kinds.
    """

    def enter(function: Implementation) -> Implementation:
        hints = get_type_hints(function)
        result = frozenset(_kinds(hints.pop("return")))
        entry = Overload(function, result, total)
        for name, kinds in product(names, product(*map(_kinds, hints.values()))):
            OVERLOADS.setdefault(name, {})[kinds] = entry
        return function

    return enter


def _kinds(hint: Any) -> tuple[type, ...]:
    if hint is Any:
        return tuple(ANY)
    if isinstance(hint, UnionType):
        return tuple(kind for part in get_args(hint) for kind in _kinds(part))
    return (get_origin(hint) or hint,)


def dispatcher(name: str) -> Callable[..., Any]:
    """Return a function that does what `name` does, by the kinds of the values it is given."""
    table = {kinds: entry.run for kinds, entry in OVERLOADS[name].items()}

    def run(*values: Any) -> Any:
        found = table.get(tuple([type(value) for value in values]))
        if found is None:
            raise mismatch(name, *values)
        return found(*values)

    return run
