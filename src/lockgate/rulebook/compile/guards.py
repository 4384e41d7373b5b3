"""What makes a condition false for sure, and can be looked up instead of evaluated.

A guard is a term that stands in conjunction with all the rest, such as `args.amount > 500`
in `args.amount > 500 && …`. Where it is false the whole is false, whatever the rest is
worth and even if the rest has no answer. A guard speaks for values of one kind only: of a
missing value, or one of another kind, it says nothing, and the condition is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lockgate.rulebook.compile.logic import terms
from lockgate.rulebook.compile.tree import Call, ListOf, Literal, abrupt, path
from lockgate.rulebook.compile.values import EXACT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.rulebook.compile.fragments import Path, Vocabulary
    from lockgate.rulebook.compile.tree import Node

_TURNED: Final = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}
_ORDER: Final = {"_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">="}


@dataclass(frozen=True, slots=True)
class Guard:
    """A term that must be true.

    Attributes:
        path: What it looks at, such as `("args", "amount")`.
        relation: `<`, `<=`, `>`, `>=`, or `in`.
        kind: Of which kind of values it speaks: `float` stands for all numbers.
        values: The limit, or what the value must be one of.
        whole: Whether it is the whole condition.
    """

    path: Path
    relation: str
    kind: type
    values: tuple[Any, ...]
    whole: bool


def guards(root: Node, vocabulary: Vocabulary) -> list[Guard]:
    """Return the guards of a condition."""
    joined = terms("_&&_", [root])
    found = []
    for term in joined:
        if abrupt(term):  # it may end the condition before a later guard is asked
            break
        guard = _guard(term, vocabulary, whole=len(joined) == 1)
        if guard is not None:
            found.append(guard)
    return found


def _guard(term: Node, vocabulary: Vocabulary, *, whole: bool) -> Guard | None:
    match term:
        case Call(_, name, (Literal() as limit, a)) if name in _TURNED:
            return _made(vocabulary, a, _ORDER[_TURNED[name]], [limit], whole=whole)
        case Call(_, name, (a, b)) if name in _ORDER:
            return _made(vocabulary, a, _ORDER[name], [b], whole=whole)
        case Call(_, "_==_", (Literal() as value, a) | (a, value)):
            return _made(vocabulary, a, "in", [value], whole=whole)
        case Call(_, "@in", (a, ListOf(_, items))):
            return _made(vocabulary, a, "in", items, whole=whole)
        case Call(_, "_||_", (a, b)):
            return _either(_guard(a, vocabulary, whole=whole), _guard(b, vocabulary, whole=whole))
        case _:
            return None


def _made(
    vocabulary: Vocabulary, looked_at: Node, relation: str, given: Sequence[Node], *, whole: bool
) -> Guard | None:
    where = path(looked_at)
    values = tuple(node.value for node in given if isinstance(node, Literal))
    kinds = {_kind(value) for value in values}
    if not where or len(values) < len(given) or len(kinds) != 1:
        return None
    kind = kinds.pop()
    if kind is None or (relation != "in" and kind is str) or not _known(vocabulary, where):
        return None
    return Guard(where, relation, kind, values, whole)


def _kind(value: Any) -> type | None:
    if type(value) is str:
        return str
    exact = type(value) is float or (type(value) is int and abs(value) <= EXACT)
    return float if exact else None


def _known(vocabulary: Vocabulary, where: Path) -> bool:
    root, *inner = where
    if root in vocabulary.exact:
        return True
    return not inner and root in vocabulary.kinds.keys() - vocabulary.rare - vocabulary.moments


def _either(a: Guard | None, b: Guard | None) -> Guard | None:
    """Join two guards that name values of the same thing: it must be one of all of them."""
    if a is None or b is None or (a.path, a.relation, a.kind) != (b.path, "in", b.kind):
        return None
    return Guard(a.path, "in", a.kind, (*a.values, *b.values), a.whole)
