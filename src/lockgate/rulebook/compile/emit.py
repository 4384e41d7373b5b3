"""Tree → Python: each node becomes an expression, or lines and the name of what they find.

The semantics are the language's. Wherever it is known beforehand that a part has an answer
and what kind of value that is, the code is the plain Python expression; elsewhere it asks
`functions`, which looks at the values. What is not strict is written by `logic`, macros by
`loops`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lockgate.evaluate import ConditionError
from lockgate.rulebook.compile import containers, logic, loops, times
from lockgate.rulebook.compile.fragments import BOOL, TEXT, Declined, Fragment, Part
from lockgate.rulebook.compile.functions import COMPARISONS, DISPATCHERS, OVERLOADS
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
    path,
)
from lockgate.rulebook.compile.values import (
    BUDGET,
    EXACT,
    KINDS,
    NONE,
    NUMBERS,
    Absent,
    Exhausted,
    Kind,
    Timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.rulebook.compile.fragments import Kinds, Path, Vocabulary
    from lockgate.rulebook.compile.overloads import Overloads
    from lockgate.rulebook.compile.tree import Node
    from lockgate.rulebook.compile.writer import Line, Writer

NAMESPACE: Final[dict[str, Any]] = {
    "__builtins__": {"dict": dict, "str": str, "type": type},
    "ConditionError": ConditionError,
    "Exhausted": Exhausted,
    "boolean": containers.boolean,
    "budget": BUDGET,
    "different": containers.different,
    "elements": containers.elements,
    "equal": containers.equal,
    "field": containers.field,
    "has": containers.has,
    "in_order": containers.in_order,
    "mapping": containers.mapping,
    "moment": times.timestamp_of_text,
    "none": NONE,
    "numbers": NUMBERS,
    "optional": containers.optional,
    "present": containers.present,
}
"""What generated code can name, besides constants: nothing of Python but three types."""


class Emitter:
    """Emits conditions into one function, which reads what they share only once.

    Attributes:
        writer: Where the lines go.
    """

    def __init__(self, writer: Writer, vocabulary: Vocabulary) -> None:
        """Emit into `writer` what is written in `vocabulary`."""
        self.writer = writer
        self._vocabulary = vocabulary
        self._reads: dict[Path, str] = {}
        self._numbers: dict[Path, str] = {}
        self._bound: dict[str, Fragment] = {}

    def condition(self, node: Node) -> Part:
        """Emit what must be true or false, and set its lines aside."""
        part = self.value(node)
        return replace(part, fragment=part.fragment.truth)

    def value(self, node: Node) -> Part:
        """Emit an expression of any type, and set its lines aside."""
        with self.writer.aside() as lines:
            fragment = self.fragment(node)
        return Part(lines, fragment)

    def within(self, name: str, meaning: Fragment, node: Node) -> Fragment:
        """Emit `node`, in which `name` has a meaning of its own."""
        outer = self._bound
        self._bound = {**outer, name: meaning}
        fragment = self.fragment(node)
        self._bound = outer
        return fragment

    def prologue(self) -> list[Line]:
        """Return the lines that read what all conditions share; they raise nothing."""
        lines = []
        for where, name in self._reads.items():
            lines.append((0, f"{name} = {self._read(where)}"))
            if where in self._numbers:
                lines.append((0, f"{self._numbers[where]} = type({name}) in numbers"))
        return lines

    def _read(self, where: Path) -> str:
        key = self.writer.constant(where[-1], "key")
        if len(where) == 1:
            return f"variables[{key}]"
        absent = self.writer.constant(Absent(".".join(where)), "no")
        root, *inner = where[:-1]
        above = self._reads[where[:-1]]
        get = f"{above}.get({key}, {absent})"
        if not inner and self._vocabulary.kinds[root] == {dict}:
            return get
        return f"{get} if type({above}) is dict else {absent}"

    def reading(self, where: Path) -> str:
        """Return the name of what is read at `where` before all conditions."""
        if where not in self._reads:
            if len(where) > 1:
                self.reading(where[:-1])
            self._reads[where] = self.writer.fresh("read")
        return self._reads[where]

    def fragment(self, node: Node) -> Fragment:
        """Emit one node; what must run before it is written at once."""
        match node:
            case Literal(_, value):
                return self._literal(value)
            case Name(_, name):
                return self._name(name)
            case Select(_, operand, field):
                return self._select(operand, field)
            case Has(_, operand, field):
                return self._has(operand, field)
            case Call(_, function, arguments):
                return self._call(function, arguments)
            case ListOf(_, items):
                return self._list(items)
            case MapOf(_, entries):
                return self._map(entries)
            case Let() | Quantified() | Collected():
                return loops.macro(self, node)

    # ── Names, fields and constants ──────────────────────────────────────────────────────

    def _literal(self, value: Any) -> Fragment:
        kind = type(value)
        exact = kind is float or (kind in NUMBERS and abs(value) <= EXACT)
        return Fragment(self.writer.constant(value), frozenset({kind}), sure=True, exact=exact)

    def _name(self, name: str) -> Fragment:
        known = self._vocabulary
        if name in self._bound:
            return self._bound[name]
        if name in known.rare:
            key = self.writer.constant(name, "key")
            return Fragment(f"variables[{key}]", known.kinds[name], sure=True)
        if name in known.moments:
            return Fragment(f"moment({self.reading((name,))})", frozenset({Timestamp}))
        if name in known.kinds:
            where = (name,) if name in known.exact else ()
            return Fragment(self.reading((name,)), known.kinds[name], sure=True, path=where)
        if name in KINDS:
            return self._literal(Kind(name))
        raise Declined(name)

    def _is_number(self, where: Path) -> str:
        """Return the name that says whether what is read at `where` is a number."""
        if where not in self._numbers:
            self._numbers[where] = self.writer.fresh("number")
        return self._numbers[where]

    def _path(self, node: Node) -> Path:
        """Return where a node reads an exact variable, such as `args.amount`, or nothing."""
        where = path(node)
        known = where and where[0] in self._vocabulary.exact and where[0] not in self._bound
        return where if known else ()

    def _select(self, operand: Node, field: str) -> Fragment:
        above = self._path(operand)
        if above:
            where = (*above, field)
            return Fragment(self.reading(where), maybe=True, path=where)
        inner = self.fragment(operand)
        return Fragment(f"field({inner.code}, {self.writer.constant(field, 'key')})")

    def _has(self, operand: Node, field: str) -> Fragment:
        inner, key = self.fragment(operand), self.writer.constant(field, "key")
        if inner.kinds == {dict}:
            return Fragment(f"({key} in {inner.code})", BOOL, inner.sure)
        return Fragment(f"has({inner.code}, {key})", BOOL)

    def _list(self, nodes: Sequence[Node]) -> Fragment:
        items = [self.fragment(node) for node in nodes]
        code = ", ".join(item.there for item in items)
        return Fragment(f"[{code}]", frozenset({list}), all(item.sure for item in items))

    def _map(self, entries: Sequence[tuple[Node, Node]]) -> Fragment:
        parts = [self.fragment(part).there for entry in entries for part in entry]
        return Fragment(f"mapping({', '.join(parts)})", frozenset({dict}))

    # ── Functions ────────────────────────────────────────────────────────────────────────

    def _call(self, function: str, arguments: tuple[Node, ...]) -> Fragment:
        match function, arguments:
            case "_&&_" | "_||_", _:
                return logic.junction(self, function, arguments)
            case "_?_:_", (condition, yes, no):
                return logic.choice(self, condition, yes, no)
            case "or" | "orValue", (target, other):
                return logic.default(self, function, target, other)
            case "_[_]", (operand, Literal(_, str(field))) if self._path(operand):
                return self._select(operand, field)
            case "@in", (value, ListOf(_, items)) if texts(items):
                return self._one_of(self.fragment(value), texts(items))
            case _:
                return self._strict(function, [self.fragment(node) for node in arguments])

    def _strict(self, function: str, arguments: list[Fragment]) -> Fragment:
        match function, arguments:
            case "!_", (operand,):
                return Fragment(f"(not {operand.truth.code})", BOOL, operand.truth.sure)
            case "_==_" | "_!=_", (a, b):
                return self._equality(function, a, b)
            case "_<_" | "_<=_" | "_>_" | "_>=_", (a, b):
                symbol, slow = COMPARISONS[function]
                compare = self.writer.constant(slow, "compare")
                return self._numerically(symbol, f"{compare}({a.code}, {b.code})", a, b)
            case _:
                return self._apply(function, arguments)

    def _apply(self, function: str, arguments: list[Fragment]) -> Fragment:
        """Call an overload that is known beforehand, or the one that fits at the time."""
        table = OVERLOADS.get(function)
        if table is None:
            raise Declined(function)
        code = ", ".join(argument.code for argument in arguments)
        known = all(len(argument.kinds) == 1 for argument in arguments)
        found = table.get(tuple(kind for argument in arguments for kind in argument.kinds))
        if known and found:
            run = self.writer.constant(found.run, "function")
            sure = found.total and all(argument.sure for argument in arguments)
            return Fragment(f"{run}({code})", found.result, sure)
        run = self.writer.constant(DISPATCHERS[function], "function")
        results: Kinds = frozenset().union(*(overload.result for overload in table.values()))
        return Fragment(self._usually(table, arguments, code, f"{run}({code})"), results)

    def _usually(self, table: Overloads, arguments: list[Fragment], code: str, slow: str) -> str:
        """Try the one overload that fits if the one argument of unknown kind is what it must be."""
        unknown = [at for at, argument in enumerate(arguments) if len(argument.kinds) != 1]
        if len(unknown) != 1 or not arguments[unknown[0]].path:
            return slow
        fitting = [
            (kinds[unknown[0]], overload)
            for kinds, overload in table.items()
            if len(kinds) == len(arguments)
            and all(kind in argument.kinds for kind, argument in zip(kinds, arguments, strict=True))
        ]
        if len(fitting) != 1:
            return slow
        kind, overload = fitting[0]
        run = self.writer.constant(overload.run, "function")
        test = f"type({arguments[unknown[0]].code}) is {self.writer.constant(kind, 'kind')}"
        return f"({run}({code}) if {test} else {slow})"

    def _equality(self, function: str, a: Fragment, b: Fragment) -> Fragment:
        symbol, slow = ("==", "equal") if function == "_==_" else ("!=", "different")
        if TEXT in (a.kinds, b.kinds):  # text equals nothing else in Python either
            return Fragment(f"({a.code} {symbol} {b.code})", BOOL, a.sure and b.sure)
        found = self._numerically(symbol, f"{slow}({a.code}, {b.code})", a, b)
        return replace(found, sure=a.sure and b.sure)

    def _numerically(self, symbol: str, slow: str, a: Fragment, b: Fragment) -> Fragment:
        """Use Python's own operator where both are numbers, and `slow` elsewhere."""
        plain = f"({a.code} {symbol} {b.code})"
        if a.kinds == b.kinds and len(a.kinds) == 1 and a.kinds <= NUMBERS:
            return Fragment(plain, BOOL, a.sure and b.sure)
        if not all(each.path or each.exact for each in (a, b)):
            return Fragment(slow, BOOL)
        tests = [self._is_number(each.path) for each in (a, b) if each.path]
        return Fragment(f"({plain} if {' and '.join(tests)} else {slow})", BOOL)

    def _one_of(self, value: Fragment, items: tuple[str, ...]) -> Fragment:
        """Look a text up among texts; any other value is compared with each."""
        known = self.writer.constant(frozenset(items), "texts")
        if value.kinds == TEXT:
            return Fragment(f"({value.code} in {known})", BOOL, value.sure)
        name = self.writer.fresh("value")
        run = self.writer.constant(DISPATCHERS["@in"], "function")
        slow = f"{run}({name}, {self.writer.constant(list(items), 'texts')})"
        test = f"type({name} := {value.code}) is str"
        return Fragment(f"({name} in {known} if {test} else {slow})", BOOL)


def texts(items: Sequence[Node]) -> tuple[str, ...]:
    """Return the texts that a list is written out of, or nothing if it holds anything else."""
    found = tuple(
        item.value for item in items if isinstance(item, Literal) and type(item.value) is str
    )
    return found if len(found) == len(items) else ()
