"""The macros: what is asked of all elements, and what is made of them.

Every step is counted as the engine counts it, so that no condition takes longer than its
budget, however deep its loops are nested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockgate.rulebook.compile.fragments import BOOL, Fragment, Part
from lockgate.rulebook.compile.logic import attempt, open_, start, unless_settled
from lockgate.rulebook.compile.tree import Collected, Let, Quantified, Quantity

if TYPE_CHECKING:
    from lockgate.rulebook.compile.emit import Emitter
    from lockgate.rulebook.compile.writer import Writer


def macro(emitter: Emitter, node: Let | Quantified | Collected) -> Fragment:
    """Emit a macro."""
    match node:
        case Let():
            return _let(emitter, node)
        case Quantified(_, Quantity.ONE):
            return _exactly_one(emitter, node)
        case Quantified():
            return _quantified(emitter, node)
        case Collected():
            return _collected(emitter, node)


def _let(emitter: Emitter, node: Let) -> Fragment:
    value = emitter.fragment(node.value)
    name = emitter.writer.fresh("local")
    emitter.writer.write(f"{name} = {value.there}")
    meaning = Fragment(name, value.kinds, sure=True)
    return emitter.within(node.name, meaning, node.body)


def _quantified(emitter: Emitter, node: Quantified) -> Fragment:
    writer, every = emitter.writer, node.quantity is Quantity.ALL
    over = emitter.fragment(node.over)
    found, error = start(writer, every=every)
    item, head = _loop(writer, over, "elements")
    with writer.aside() as lines:
        test = emitter.within(node.element, item, node.test).truth
    with writer.under(head):
        _step(writer)
        with writer.under(f"if {open_(found, every=not every)}:"):
            writer.write("break")
        attempt(writer, found, Part(lines, test), error)
    if not test.sure:
        unless_settled(writer, open_(found, every=every), error)
    return Fragment(found, BOOL, _listed(over) and test.sure)


def _exactly_one(emitter: Emitter, node: Quantified) -> Fragment:
    writer = emitter.writer
    over = emitter.fragment(node.over)
    count = writer.fresh("count")
    writer.write(f"{count} = 0")
    item, head = _loop(writer, over, "elements")
    with writer.under(head):
        _step(writer)
        test = emitter.within(node.element, item, node.test).truth
        with writer.under(f"if {test.code}:"):
            writer.write(f"{count} += 1")
    return Fragment(f"({count} == 1)", BOOL, _listed(over) and test.sure)


def _collected(emitter: Emitter, node: Collected) -> Fragment:
    writer = emitter.writer
    over = emitter.fragment(node.over)
    made = writer.fresh("made")
    writer.write(f"{made} = []")
    item, head = _loop(writer, over, "in_order")
    with writer.under(head):
        _step(writer)
        if node.keep is not None:
            keep = emitter.within(node.element, item, node.keep).truth
            with writer.under(f"if not {keep.code}:"):
                writer.write("continue")
        each = emitter.within(node.element, item, node.each)
        writer.write(f"{made}.append({each.there})")
    return Fragment(made, frozenset({list}))


def _loop(writer: Writer, over: Fragment, through: str) -> tuple[Fragment, str]:
    """Return what stands for each element, and the head of the loop."""
    item = writer.fresh("item")
    code = over.code if over.kinds == {list} else f"{through}({over.code})"
    return Fragment(item, sure=True), f"for {item} in {code}:"


def _step(writer: Writer) -> None:
    writer.loops = True
    writer.write("steps -= 1")
    with writer.under("if not steps:"):
        writer.write("raise Exhausted")


def _listed(over: Fragment) -> bool:
    return over.sure and over.kinds == {list}
