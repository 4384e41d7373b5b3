"""Loops → the macros they were written as.

The parser writes every macro out as one kind of loop: an accumulator starts at a value,
each element makes a step while a condition holds, and an answer is read off. The loops of
the standard macros have shapes of their own, and they are known again here by shape.
A loop of any other shape is not guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockgate.rulebook.compile.tree import (
    Call,
    Collected,
    Let,
    ListOf,
    Literal,
    Name,
    Quantified,
    Quantity,
)
from lockgate.rulebook.compile.wire import Unreadable

if TYPE_CHECKING:
    from lockgate.rulebook.compile.tree import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop as the parser writes it.

    Attributes:
        id: Id of its node.
        element: The variable that stands for each element in turn.
        over: What is looped over.
        result: The variable that accumulates.
        start: What `result` is at first.
        condition: What must be true of `result` for another step.
        step: What `result` becomes with the next element.
        answer: What the loop is worth in the end.
    """

    id: int
    element: str
    over: Node
    result: str
    start: Node
    condition: Node
    step: Node
    answer: Node


def recognised(loop: Loop) -> Node:
    """Return the macro that a loop was written as.

    Raises:
        Unreadable: If it is none of the known ones.
    """
    match loop.start, loop.step:
        case Literal(_, True), Call(_, "_&&_", (Name(_, loop.result), test)):
            return Quantified(loop.id, Quantity.ALL, loop.element, loop.over, test)
        case Literal(_, False), Call(_, "_||_", (Name(_, loop.result), test)):
            return Quantified(loop.id, Quantity.SOME, loop.element, loop.over, test)
        case Literal(_, 0), Call(_, "_?_:_", (test, Call(_, "_+_", _), Name(_, loop.result))):
            return Quantified(loop.id, Quantity.ONE, loop.element, loop.over, test)
        case ListOf(_, ()), Call(_, "_+_", (Name(_, loop.result), ListOf(_, (each,)))):
            return Collected(loop.id, loop.element, loop.over, None, each)
        case ListOf(_, ()), Call(_, "_?_:_", (keep, adds, Name(_, loop.result))):
            return Collected(loop.id, loop.element, loop.over, keep, _added(adds, loop))
    match loop.over, loop.condition:
        case ListOf(_, ()), Literal(_, False):
            return Let(loop.id, loop.result, loop.start, loop.answer)
    raise Unreadable("a loop of an unknown shape")


def _added(step: Node, loop: Loop) -> Node:
    match step:
        case Call(_, "_+_", (Name(_, loop.result), ListOf(_, (each,)))):
            return each
        case _:
            raise Unreadable("a loop of an unknown shape")
