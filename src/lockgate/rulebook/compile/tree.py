"""The checked tree of a condition: what the parser understood, as plain values.

Macros such as `exists` stand here as themselves, not as the loops they abbreviate. Every
node carries the id under which the parser knows its place in the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant, as the value it has when the code runs."""

    id: int
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or the name of a type."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`."""

    id: int
    operand: Node
    field: str


@dataclass(frozen=True, slots=True)
class Has:
    """`has(operand.field)`."""

    id: int
    operand: Node
    field: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator; what stands before the dot is its first argument."""

    id: int
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list written out."""

    id: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map written out, as pairs of key and value."""

    id: int
    entries: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Let:
    """`name` stands for `value` within `body`."""

    id: int
    name: str
    value: Node
    body: Node


class Quantity(Enum):
    """Of how many elements a test must be true."""

    ALL = "all"
    SOME = "exists"
    ONE = "exists_one"


@dataclass(frozen=True, slots=True)
class Quantified:
    """`over.all(element, test)`, `over.exists(…)` or `over.exists_one(…)`."""

    id: int
    quantity: Quantity
    element: str
    over: Node
    test: Node


@dataclass(frozen=True, slots=True)
class Collected:
    """`over.filter(element, keep)` or `over.map(element, keep, each)`."""

    id: int
    element: str
    over: Node
    keep: Node | None
    each: Node


Node = Literal | Name | Select | Has | Call | ListOf | MapOf | Let | Quantified | Collected


@dataclass(frozen=True, slots=True)
class Checked:
    """A whole condition.

    Attributes:
        root: Its outermost node.
        offsets: How many characters stand before each node, by the node's id.
    """

    root: Node
    offsets: Mapping[int, int]


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below one, in the order in which they are written."""
    match node:
        case Literal() | Name():
            return ()
        case Select(_, operand, _) | Has(_, operand, _):
            return (operand,)
        case Call(_, _, items) | ListOf(_, items):
            return items
        case MapOf(_, entries):
            return tuple(part for entry in entries for part in entry)
        case Let(_, _, value, body):
            return (value, body)
        case Quantified(_, _, _, over, test):
            return (over, test)
        case Collected(_, _, over, keep, each):
            return (over, each) if keep is None else (over, keep, each)


_OPTIONAL = frozenset({"_?._", "_[?_]", "optional.of", "optional.ofNonZeroValue"})


def abrupt(node: Node) -> bool:
    """Say whether evaluating may end the whole condition, whatever stands beside.

    Most errors are settled by what they are joined with. A loop that takes too many steps,
    a key that is given twice, and a field of an optional that is no map are not.
    """
    match node:
        case Quantified() | Collected() | MapOf():
            return True
        case Select(_, operand, _) | Has(_, operand, _) | Call(_, "_[_]", (operand, _)):
            return _optional(operand) or any(map(abrupt, children(node)))
        case _:
            return any(map(abrupt, children(node)))


def _optional(node: Node) -> bool:
    if isinstance(node, Call) and node.function in _OPTIONAL:
        return True
    return any(map(_optional, children(node)))


def path(node: Node) -> tuple[str, ...]:
    """Return the variable and the fields that a node is read from, or nothing."""
    match node:
        case Name(_, name):
            return (name,)
        case Select(_, operand, field) | Call(_, "_[_]", (operand, Literal(_, str(field)))):
            above = path(operand)
            return (*above, field) if above else ()
        case _:
            return ()
