"""Checked tree → Python code.

The engine parses and type-checks a condition when the rulebook is loaded. What it
understood is read here (`reading`) into a tree, and the tree is written out (`emit`) as a
Python function over the variables of one question. Code is generated from the checked
tree only, and every constant is handed over by reference: no character of a rulebook
becomes code.

What the compiler does not cover it declines, and what it can't decide in a single case it
leaves undecided; the engine answers for both. It never answers differently from the engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lockgate.rulebook.compile.emit import NAMESPACE, Emitter
from lockgate.rulebook.compile.faults import Fault, faults
from lockgate.rulebook.compile.fragments import Declined, Fragment, Part, Vocabulary
from lockgate.rulebook.compile.guards import Guard, guards
from lockgate.rulebook.compile.reading import read
from lockgate.rulebook.compile.tree import Checked, Literal
from lockgate.rulebook.compile.values import ANY, BUDGET, NUMBERS, Exhausted, Undecided
from lockgate.rulebook.compile.wire import Unreadable
from lockgate.rulebook.compile.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "ANY",
    "BUDGET",
    "NAMESPACE",
    "NUMBERS",
    "Checked",
    "Declined",
    "Emitter",
    "Exhausted",
    "Fault",
    "Fragment",
    "Guard",
    "Literal",
    "Part",
    "Undecided",
    "Unreadable",
    "Vocabulary",
    "Writer",
    "evaluator",
    "faults",
    "guards",
    "read",
    "written",
]


def evaluator(
    checked: Checked, vocabulary: Vocabulary, *, condition: bool = True
) -> Callable[[Mapping[str, Any]], Any]:
    """Return a function from the values of variables to the value of an expression.

    Args:
        checked: The expression.
        vocabulary: What it can name.
        condition: Whether only true and false are answers.

    Raises:
        Declined: If the compiler does not cover it.
    """
    writer = written(checked, vocabulary, condition=condition)
    try:
        return writer.function("evaluate", "variables")
    except SyntaxError:
        raise Declined("nested too deeply for Python") from None


def written(checked: Checked, vocabulary: Vocabulary, *, condition: bool = True) -> Writer:
    """Return the body of that function, before Python compiles it."""
    writer = Writer(NAMESPACE)
    emitter = Emitter(writer, vocabulary)
    part = (emitter.condition if condition else emitter.value)(checked.root)
    writer.insert(emitter.prologue())
    if writer.loops:
        writer.write("steps = budget")
    writer.insert(part.lines)
    writer.write(f"return {part.fragment.there}")
    return writer
