"""One statement → its tree, by a parser that knows many dialects; and what the tree says.

The parser is only asked about rows: what selects, inserts, updates and deletes them. It is loaded
with this module, which is loaded when the first tool that takes SQL is registered.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.parser import logger

from lockgate.classify.payload.sql import verbs
from lockgate.classify.payload.sql.bounds import always, reach
from lockgate.classify.profile import Reading, Reversibility

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_quiet: ContextVar[bool] = ContextVar("_quiet", default=False)
logger.addFilter(lambda _record: not _quiet.get())  # it would write statements to the host's log


@contextmanager
def _in_silence() -> Iterator[None]:
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def load(dialects: Sequence[str]) -> None:
    """Load the grammars of dialects, so that no call waits for it."""
    for name in dialects:
        sqlglot.Dialect.get_or_raise(name).parser()


def tree(text: str, dialect: str) -> exp.Expr | None:
    """Return the tree of one statement in one dialect, if it is wholly understood there."""
    try:
        with _in_silence():
            found = sqlglot.parse(text, read=dialect)
    except (SqlglotError, RecursionError):
        return None
    if len(found) != 1 or found[0] is None or any(found[0].find_all(exp.Command)):
        return None
    return found[0]


def facts(root: exp.Expr) -> Iterator[Reading]:
    """Yield what each part of a tree does: the statement itself, and those inside it."""
    own = {cte.alias.lower() for cte in root.find_all(exp.CTE)}
    found = root.find_all(exp.Insert, exp.Update, exp.Delete, exp.Merge)
    changing = [part for part in found if not isinstance(part.parent, exp.When)]
    for part in changing:
        yield _changing(part)
    for made in root.find_all(exp.Create, exp.Into):
        if not isinstance(made.this, exp.Table) or not isinstance(made.this.this, exp.Parameter):
            yield Reading(
                action=verbs.MIGRATE,
                reversibility=Reversibility.COSTLY,
                targets=_named(made),
                because=("it makes a table",),
            )
    if not changing:
        yield _looking(root, own)
    elif looked := _looked_at(_tables(root, own), changing):
        yield Reading(action=verbs.READ, targets=looked)


def _looked_at(tables: tuple[str, ...], changing: Sequence[exp.Expr]) -> tuple[str, ...]:
    changed = {name for part in changing for name in _target(part)}
    return tuple(name for name in tables if name not in changed)


def _looking(root: exp.Expr, own: set[str]) -> Reading:
    tables = _tables(root, own)
    select = root.unnest() if isinstance(root, exp.Subquery) else root
    counted = _limit(select)
    if isinstance(select, exp.Select) and len(tables) == 1 and not select.args.get("joins"):
        counted = _least(counted, reach(select.args.get("where"), tables[0]))
    injected = any(
        isinstance(inner, exp.Or) and any(always(side) for side in inner.flatten())
        for where in root.find_all(exp.Where)
        for inner in where.find_all(exp.Or)
    )
    return Reading(
        action=verbs.READ,
        unit="rows",
        reach=counted,
        targets=tables,
        hazards=("injection",) if injected else (),
        because=("a condition that is always true stands behind an `OR`",)
        if injected
        else ("it only reads",),
    )


def _changing(part: exp.Expr) -> Reading:
    match part:
        case exp.Insert():
            return _inserting(part)
        case exp.Merge():
            said = ("it is `MERGE`",)
            return Reading(action=_merging(part), unit="rows", targets=_target(part), because=said)
        case exp.Update():
            return _limited(part, verbs.UPDATE, "`UPDATE`")
        case _:
            return _limited(part, verbs.DELETE, "`DELETE`")


def _inserting(part: exp.Insert) -> Reading:
    values = part.expression
    rows = len(values.expressions) if isinstance(values, exp.Values) else None
    rows = _limit(values) if isinstance(values, exp.Query) else rows
    found = Reading(
        action=verbs.INSERT,
        unit="rows",
        reach=rows,
        targets=_target(part),
        because=("it is `INSERT`",),
    )
    if part.args.get("overwrite"):
        said = "it overwrites what the table has"
        gone = Reversibility.IRREVERSIBLE
        return replace(found, hazards=("data_loss",), reversibility=gone, because=(said,))
    replaces = str(part.args.get("alternative") or "").upper() == "REPLACE"
    if replaces or _changes_on_conflict(part):
        return replace(found, action=verbs.UPDATE, because=("it changes rows that exist",))
    return found


def _changes_on_conflict(part: exp.Insert) -> bool:
    conflict = part.args.get("conflict")
    if conflict is None:
        return False
    return bool(conflict.args.get("duplicate")) or "UPDATE" in str(conflict.args.get("action"))


def _merging(part: exp.Merge) -> str:
    ways = {type(when.args.get("then")) for when in part.find_all(exp.When)}
    told = {str(when.args.get("then")).upper() for when in part.find_all(exp.When)}
    if "DELETE" in told or exp.Delete in ways:
        return verbs.DELETE
    return verbs.INSERT if ways <= {exp.Insert} else verbs.UPDATE


def _limited(part: exp.Expr, action: str, said: str) -> Reading:
    """Read what changes or deletes the rows that a condition lets through."""
    targets, where = _target(part), part.args.get("where")
    alone = not part.args.get("using") and not part.args.get("from_") and len(targets) == 1
    counted = reach(where, targets[0]) if alone and not _joined(part) else None
    counted = _least(_limit(part), counted)
    because = (f"it is {said}",)
    found = Reading(action=action, unit="rows", reach=counted, targets=targets, because=because)
    if counted is not None or (where is not None and not always(where)):
        return found
    why = "no `WHERE`" if where is None else "a `WHERE` that is always true"
    gone = Reversibility.IRREVERSIBLE
    return replace(
        found, hazards=("unbounded",), reversibility=gone, because=(f"{said} has {why}",)
    )


def _joined(part: exp.Expr) -> bool:
    return isinstance(part.this, exp.Table) and bool(part.this.args.get("joins"))


def _least(*counts: int | None) -> int | None:
    return min((count for count in counts if count is not None), default=None)


def _limit(part: exp.Expr | None) -> int | None:
    limit = part.args.get("limit") if part is not None else None
    match limit:
        case exp.Limit():
            number: Any = limit.expression
        case exp.Fetch() if not (limit.args.get("limit_options") or exp.Null()).args.get("percent"):
            number = limit.args.get("count")
        case _:
            return None
    return int(number.this) if isinstance(number, exp.Literal) and number.is_int else None


def _target(part: exp.Expr) -> tuple[str, ...]:
    several = part.args.get("tables") or [part.this]
    return tuple(dict.fromkeys(name for item in several if item for name in _named(item)))


def _named(part: exp.Expr) -> tuple[str, ...]:
    """Return the first table that a part names."""
    table = part.find(exp.Table)
    return (table_name(table),) if table is not None and table_name(table) else ()


def _tables(root: exp.Expr, own: set[str]) -> tuple[str, ...]:
    names = (table_name(table) for table in root.find_all(exp.Table))
    return tuple(dict.fromkeys(name for name in names if name and name not in own))


def table_name(table: exp.Table) -> str:
    """Return a table's name in lower case, with its schema and catalogue where given."""
    if isinstance(table.this, exp.Func):
        return ""
    return ".".join(part.name for part in table.parts if part.name).lower()
