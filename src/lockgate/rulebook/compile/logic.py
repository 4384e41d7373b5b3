"""What is not strict: `&&`, `||`, `?:`, `or` and `orValue`.

`false && x`, `true || x` and their mirror images have an answer although `x` may have
none. So an error is kept until it is known whether something else settles the matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockgate.rulebook.compile.fragments import BOOL, Fragment, Part
from lockgate.rulebook.compile.tree import Call, abrupt
from lockgate.rulebook.compile.values import ANY, Optional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.rulebook.compile.emit import Emitter
    from lockgate.rulebook.compile.tree import Node
    from lockgate.rulebook.compile.writer import Writer


def terms(function: str, arguments: Sequence[Node]) -> list[Node]:
    """Return what `function` joins, without the brackets between."""
    found: list[Node] = []
    for node in arguments:
        match node:
            case Call(_, name, inner) if name == function:
                found.extend(terms(function, inner))
            case _:
                found.append(node)
    return found


def junction(emitter: Emitter, function: str, arguments: Sequence[Node]) -> Fragment:
    """Emit `a && b && …` or `a || b || …`, as one whatever the brackets.

    What has an answer for sure is asked first: it may settle the matter, and costs least.
    """
    joined = terms(function, arguments)
    parts = [emitter.condition(term) for term in joined]
    if not any(map(abrupt, joined)):
        parts.sort(key=lambda part: bool(part.lines) or not part.fragment.sure)
    if any(part.lines for part in parts) or not all(part.fragment.sure for part in parts[:-1]):
        return _one_by_one(emitter.writer, parts, every=function == "_&&_")
    word = " and " if function == "_&&_" else " or "
    code = word.join(part.fragment.code for part in parts)
    return Fragment(f"({code})", BOOL, parts[-1].fragment.sure)


def _one_by_one(writer: Writer, parts: Sequence[Part], *, every: bool) -> Fragment:
    """Ask the parts in turn until one settles it; keep an error until none has."""
    found, error = start(writer, every=every)
    on = open_(found, every=every)
    for part in parts[:-1]:
        with writer.under(f"if {on}:"):
            attempt(writer, found, part, error)
    with writer.under(f"if {on}:"):
        writer.insert(parts[-1].lines)
        writer.write(f"{found} = {parts[-1].fragment.code}")
    sure = all(part.fragment.sure for part in parts)
    if not sure:
        unless_settled(writer, on, error)
    return Fragment(found, BOOL, sure)


def start(writer: Writer, *, every: bool) -> tuple[str, str]:
    """Write what is found before anything is asked; return its name and that of an error."""
    found, error = writer.fresh("found"), writer.fresh("error")
    writer.write(f"{found}, {error} = {every}, None")
    return found, error


def open_(found: str, *, every: bool) -> str:
    """Return the test that nothing has settled the matter yet."""
    return found if every else f"not {found}"


def attempt(writer: Writer, found: str, part: Part, error: str) -> None:
    """Write what finds a part's value, or keeps the error and leaves `found` alone."""
    if part.fragment.sure:
        writer.insert(part.lines)
        writer.write(f"{found} = {part.fragment.code}")
        return
    with writer.under("try:"):
        writer.insert(part.lines)
        writer.write(f"{found} = {part.fragment.code}")
    with writer.under("except ConditionError as raised:"):
        writer.write(f"{error} = raised.with_traceback(None)")


def unless_settled(writer: Writer, on: str, error: str) -> None:
    """Write that an error which was kept is raised if nothing settled the matter."""
    with writer.under(f"if {error} is not None and {on}:"):
        writer.write(f"raise {error}")


def choice(emitter: Emitter, condition: Node, yes: Node, no: Node) -> Fragment:
    """Emit `condition ? yes : no`."""
    test = emitter.fragment(condition).truth
    return _either(emitter.writer, test, emitter.value(yes), emitter.value(no))


def default(emitter: Emitter, function: str, target: Node, other: Node) -> Fragment:
    """Emit `target.orValue(other)` or `target.or(other)`."""
    inner, instead = emitter.fragment(target), emitter.value(other)
    name = emitter.writer.fresh("optional")
    known = inner.kinds == {Optional}
    code = inner.code if known else f"optional({inner.code})"
    test = Fragment(f"({name} := {code}) is not none", BOOL, inner.sure and known)
    if function == "orValue":
        kept = Part((), Fragment(f"{name}.value", ANY, sure=True))
        return _either(emitter.writer, test, kept, instead)
    kinds = frozenset({Optional})
    code = f"optional({instead.fragment.code})"
    kept = Part((), Fragment(name, kinds, sure=True))
    return _either(emitter.writer, test, kept, Part(instead.lines, Fragment(code, kinds)))


def _either(writer: Writer, test: Fragment, yes: Part, no: Part) -> Fragment:
    kinds = yes.fragment.kinds | no.fragment.kinds
    sure = test.sure and yes.fragment.sure and no.fragment.sure
    if not yes.lines and not no.lines:
        code = f"({yes.fragment.there} if {test.code} else {no.fragment.there})"
        return Fragment(code, kinds, sure)
    chosen = writer.fresh("chosen")
    for head, part in ((f"if {test.code}:", yes), ("else:", no)):
        with writer.under(head):
            writer.insert(part.lines)
            writer.write(f"{chosen} = {part.fragment.there}")
    return Fragment(chosen, kinds, sure)
