"""What can't be right in a condition, given what a tool's arguments can be.

The engine checks what it knows the types of, and it knows none of the arguments'. Here
each node is given the shape of the values it may have, and a fault is what has no answer,
or always the same one, whatever the arguments are.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Final

from lockgate.evaluate import ConditionError
from lockgate.rulebook.compile.functions import COMPARISONS, DISPATCHERS, OVERLOADS
from lockgate.rulebook.compile.shapes import ANYTHING, Shape, either, named, of, of_schema
from lockgate.rulebook.compile.tree import (
    Call,
    Collected,
    Has,
    Let,
    ListOf,
    Literal,
    MapOf,
    Name,
    Quantified,
    Select,
)
from lockgate.rulebook.compile.values import NUMBERS, Kind, Optional, Undecided

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lockgate.rulebook.compile.tree import Checked, Node

_ARITHMETIC: Final = frozenset({"_+_", "_-_", "_*_", "_/_", "_%_"})
_ORDERED: Final = NUMBERS | {str, bool, bytes}
_NOTHING: Final = frozenset({type(None)})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can't be right.

    Attributes:
        offset: How many characters of the condition stand before it.
        message: What is wrong.
        hint: What to write instead, possibly empty.
    """

    offset: int
    message: str
    hint: str = ""


def faults(
    checked: Checked, variables: Mapping[str, frozenset[type]], parameters: object
) -> tuple[Fault, ...]:
    """Return what can't be right in a condition about a tool.

    Args:
        checked: The condition.
        variables: What it can name, and which kinds of values that may be.
        parameters: The tool's JSON Schema; `None` if nothing is known of it.
    """
    shapes = {name: Shape(kinds) for name, kinds in variables.items()}
    arguments = of_schema(parameters)
    if dict in arguments.kinds:
        shapes["args"] = named(Shape(frozenset({dict}), fields=arguments.fields), "args")
    reader = _Reader(checked.offsets, shapes)
    reader.truth(checked.root)
    return tuple(sorted(reader.found, key=lambda fault: fault.offset))


@dataclass(slots=True)
class _Reader:
    """Gives every node a shape, and notes what is found on the way."""

    offsets: Mapping[int, int]
    shapes: Mapping[str, Shape]
    found: list[Fault] = field(default_factory=list)

    def fault(self, node: Node, message: str, hint: str = "", *, after: int = 0) -> Shape:
        """Note a fault; what it is worth is unknown, so that it is told once."""
        self.found.append(Fault(self.offsets.get(node.id, 0) + after, message, hint))
        return ANYTHING

    def truth(self, node: Node) -> None:
        """Read a node that must be true or false."""
        shape = self.read(node)
        if bool not in shape.kinds:
            self.fault(node, f"this is {shape.told}, not true or false")

    def read(self, node: Node) -> Shape:
        """Return what a node may be."""
        match node:
            case Literal(_, value):
                choices = frozenset({value}) if isinstance(value, str) else None
                return Shape(frozenset({type(value)}), choices=choices)
            case Name(_, name):
                return self.shapes.get(name, of(Kind))
            case Select(_, operand, name):
                return self._field(node, self.read(operand), name)
            case Has(_, operand, name):
                self._field(node, self.read(operand), name)
                return of(bool)
            case ListOf(_, items):
                shapes = [self.read(item) for item in items]
                return Shape(frozenset({list}), inner=either(*shapes) if shapes else None)
            case MapOf(_, entries):
                for part in (part for entry in entries for part in entry):
                    self.read(part)
                return of(dict)
            case Call(_, function, arguments):
                return self._call(node, function, arguments)
            case _:
                return self._macro(node)

    # ── Fields ───────────────────────────────────────────────────────────────────────────

    def _field(self, node: Node, shape: Shape, name: str) -> Shape:
        if shape.kinds == {Optional}:
            inner = self._field(node, shape.inner or ANYTHING, name)
            return Shape(frozenset({Optional}), inner=inner)
        if dict not in shape.kinds and Optional not in shape.kinds:
            what = f"`{shape.name}`" if shape.name else "this"
            return self.fault(node, f"{what} is {shape.told}: it has no field `{name}`", after=1)
        whole = f"{shape.name}.{name}" if shape.name else name
        if shape.fields is None:
            return named(ANYTHING, whole)
        if name not in shape.fields:
            near = difflib.get_close_matches(name, shape.fields, n=1)
            known = ", ".join(f"`{known}`" for known in shape.fields)
            hint = f"did you mean `{near[0]}`?" if near else f"there is {known or 'nothing'}"
            return self.fault(node, f"there is no `{whole}`", hint, after=1)
        return named(shape.fields[name], whole)

    # ── Functions ────────────────────────────────────────────────────────────────────────

    def _call(self, node: Node, function: str, arguments: tuple[Node, ...]) -> Shape:
        match function, arguments:
            case "_&&_" | "_||_" | "!_", _:
                for term in arguments:
                    self.truth(term)
                return of(bool)
            case "_?_:_", (condition, yes, no):
                self.truth(condition)
                return either(self.read(yes), self.read(no))
            case "_[_]", (operand, Literal(_, str(name))):
                return self._field(node, self.read(operand), name)
            case "_?._" | "_[?_]", (operand, Literal(_, str(name))):
                inner = self._field(node, self.read(operand), name)
                return Shape(frozenset({Optional}), inner=inner)
            case "or" | "orValue", (target, other):
                inner = self.read(target)
                kept = inner if function == "or" else inner.inner or ANYTHING
                return either(kept, self.read(other))
        return self._strict(node, function, arguments)

    def _strict(self, node: Node, function: str, arguments: tuple[Node, ...]) -> Shape:
        shapes = [self.read(argument) for argument in arguments]
        match function, shapes:
            case "_==_" | "_!=_", [a, b]:
                return self._equality(node, a, b)
            case "@in", [value, container]:
                return self._membership(node, value, container)
            case "_<_" | "_<=_" | "_>_" | "_>=_", [a, b]:
                return self._order(node, function, a, b)
            case _:
                return self._apply(node, function, shapes, arguments)

    def _equality(self, node: Node, a: Shape, b: Shape) -> Shape:
        if not _alike(a.kinds, b.kinds) and _NOTHING not in (a.kinds, b.kinds):
            message = f"{_what(a)} is never the same as {_what(b)}"
            return self.fault(node, message, _conversion(a, b))
        self._choices(node, a, b)
        return of(bool)

    def _choices(self, node: Node, a: Shape, b: Shape) -> None:
        """Note a text that something can't be."""
        known, asked = (a, b) if a.name else (b, a)
        if not known.name or asked.name or known.choices is None or asked.choices is None:
            return
        for text in sorted(asked.choices - known.choices):
            near = difflib.get_close_matches(text, known.choices, n=1)
            listed = ", ".join(f"`{choice}`" for choice in sorted(known.choices))
            hint = f"did you mean `{near[0]}`?" if near else f"it can be {listed}"
            self.fault(node, f"{_what(known)} is never `{text}`", hint)

    def _membership(self, node: Node, value: Shape, container: Shape) -> Shape:
        if container.kinds.isdisjoint({list, dict}):
            message = f"{_what(container)} is no list or map that something could be in"
            return self.fault(node, message)
        inner = container.inner if container.kinds == {list} else None
        if inner is not None:
            self._equality(node, value, inner)
        return of(bool)

    def _order(self, node: Node, function: str, a: Shape, b: Shape) -> Shape:
        if not _alike(a.kinds & _ORDERED, b.kinds & _ORDERED) and not _timed(a, b):
            symbol = COMPARISONS[function][0]
            message = f"{_what(a)} can't be compared with {_what(b)} by `{symbol}`"
            return self.fault(node, message, _conversion(a, b))
        return of(bool)

    def _apply(
        self, node: Node, function: str, shapes: list[Shape], arguments: Sequence[Node]
    ) -> Shape:
        table = OVERLOADS.get(function)
        if table is None:
            return ANYTHING
        combinations = list(product(*(shape.kinds for shape in shapes)))
        fitting = [table[kinds] for kinds in combinations if kinds in table]
        name = function.strip("@_").replace("_", "")
        if function in _ARITHMETIC and _mixed(shapes):
            return self._mixture(node, name, shapes)
        if not fitting:
            told = " and ".join(map(_what, shapes))
            return self.fault(node, f"`{name}` does not apply to {told}")
        self._constant(node, function, arguments)
        inner = shapes[0].inner if function in {"value", "_[_]", "optional.of"} else None
        if function in {"value", "_[_]"}:
            return inner or ANYTHING
        return Shape(frozenset().union(*(overload.result for overload in fitting)), inner=inner)

    def _mixture(self, node: Node, name: str, shapes: Sequence[Shape]) -> Shape:
        read = [shape.name for shape in shapes if shape.name]
        told = " and ".join(f"`{one}`" for one in read)
        message = f"`{name}` does not mix whole numbers and fractions"
        if any(len(shape.kinds) > 1 for shape in shapes):
            message += f", and {told} can be either (10.0 arrives as 10)"
        hint = " and ".join(f"`double({one})`" for one in read)
        return self.fault(node, message, f"write {hint}, and `2.0` for `2`" if hint else "")

    def _constant(self, node: Node, function: str, arguments: Sequence[Node]) -> None:
        """Try what is written out: a pattern that is none, a time that never was."""
        last = arguments[-1] if arguments else None
        if not isinstance(last, Literal) or function not in {"matches", "timestamp", "duration"}:
            return
        values = ["", last.value] if function == "matches" else [last.value]
        try:
            DISPATCHERS[function](*values)
        except ConditionError as error:
            self.fault(node, str(error))
        except Undecided:
            return

    # ── Macros ───────────────────────────────────────────────────────────────────────────

    def _macro(self, node: Node) -> Shape:
        match node:
            case Let(_, name, value, body):
                return self._within(name, self.read(value)).read(body)
            case Quantified(_, _, element, over, test):
                self._within(element, self._element(node, element, over)).truth(test)
                return of(bool)
            case Collected(_, element, over, keep, each):
                inside = self._within(element, self._element(node, element, over))
                if keep is not None:
                    inside.truth(keep)
                return Shape(frozenset({list}), inner=inside.read(each))
            case _:
                return ANYTHING

    def _within(self, name: str, shape: Shape) -> _Reader:
        return _Reader(self.offsets, {**self.shapes, name: shape}, self.found)

    def _element(self, node: Node, name: str, over: Node) -> Shape:
        shape = self.read(over)
        if shape.kinds.isdisjoint({list, dict}):
            return self.fault(node, f"{_what(shape)} has no elements to go through")
        element = of(str) if shape.kinds == {dict} else shape.inner or ANYTHING
        return named(element, name)


def _what(shape: Shape) -> str:
    return f"`{shape.name}` ({shape.told})" if shape.name else shape.told


def _alike(a: frozenset[type], b: frozenset[type]) -> bool:
    """Say whether values of these kinds can be the same; all numbers are alike."""
    return not a.isdisjoint(b) or not (a.isdisjoint(NUMBERS) or b.isdisjoint(NUMBERS))


def _timed(a: Shape, b: Shape) -> bool:
    return not (a.kinds & b.kinds).isdisjoint(a.kinds - _ORDERED)


def _mixed(shapes: Sequence[Shape]) -> bool:
    """Say whether all are numbers, and may be of different kinds."""
    numbers = [shape.kinds for shape in shapes if shape.kinds <= NUMBERS]
    return len(shapes) == len(numbers) > 1 and len(frozenset().union(*numbers)) > 1


def _conversion(a: Shape, b: Shape) -> str:
    """Say what to write where a number meets a text."""
    for shape, other in ((a, b), (b, a)):
        if shape.kinds <= NUMBERS and other.kinds == {str}:
            return (
                f"write `double({other.name})`" if other.name else "write the number without quotes"
            )
    return ""
