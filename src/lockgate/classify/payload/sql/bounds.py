"""What a `WHERE` limits: nothing, some rows, or a number that can be counted.

Nothing is known of the rows. A condition counts as a limit unless it can be seen that it is none:
`1 = 1`, `id = id`, `TRUE OR …`, `name LIKE '%'`, `id > 0`, or no column in it at all.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from sqlglot import exp

_KEYS: Final = frozenset({"id", "_id", "uuid", "guid", "pk", "rowid", "_rowid_", "oid", "ctid"})
_REFLEXIVE: Final = (exp.EQ, exp.GTE, exp.LTE, exp.NullSafeEQ, exp.Like, exp.ILike, exp.Is)
_FLOORS: Final = (exp.GT, exp.GTE, exp.NEQ)


def always(condition: exp.Expr) -> bool:
    """Say whether a condition lets every row through, as far as can be seen."""
    match condition:
        case exp.Paren() | exp.Where():
            return always(condition.this)
        case exp.And():
            return all(always(side) for side in condition.flatten())
        case exp.Or() | exp.Xor():
            return any(always(side) for side in condition.flatten())
        case exp.Is() if condition.args.get("negate"):
            return _key_is_null(condition)
        case exp.Not():
            return _never(condition.this) or _key_is_null(condition.this)
        case exp.Like() | exp.ILike() if _text(condition.expression).strip("%") == "":
            return bool(condition.expression.is_string)
    if not any(condition.find_all(exp.Column, exp.Dot)):
        return not _never(condition)
    if isinstance(condition, _REFLEXIVE) and condition.this == condition.expression:
        return True
    return _floor(condition) or _itself(condition)


def reach(condition: exp.Expr | None, table: str) -> int | None:
    """Return how many rows of `table` a condition can be true for, if that can be counted."""
    match condition:
        case exp.Paren() | exp.Where():
            return reach(condition.this, table)
        case exp.And():
            found = [reach(side, table) for side in condition.flatten()]
            return min((count for count in found if count is not None), default=None)
        case exp.Or():
            found = [reach(side, table) for side in condition.flatten()]
            return sum(filter(None, found)) if None not in found else None
        case exp.EQ() if _is_key(condition.this, table):
            return 1 if isinstance(condition.expression, _VALUES) else None
        case exp.In() if _is_key(condition.this, table) and condition.expressions:
            if condition.args.get("negate"):
                return None
            return len({value.sql() for value in condition.expressions})
    return 0 if condition is not None and _never(condition) else None


_VALUES: Final = (exp.Literal, exp.Parameter, exp.Placeholder, exp.Neg, exp.Cast)


def _is_key(column: exp.Expr, table: str) -> bool:
    if not isinstance(column, exp.Column):
        return False
    name, owner = column.name.lower(), table.rpartition(".")[2].lower()
    own = {f"{owner}_id", f"{owner}id", f"{owner.removesuffix('s')}_id"}
    return name in _KEYS or name in own


def _never(condition: exp.Expr) -> bool:
    """Say whether a condition lets no row through, as far as can be seen."""
    match condition:
        case exp.Paren():
            return _never(condition.this)
        case exp.And():
            return any(_never(side) for side in condition.flatten())
        case exp.Or():
            return all(_never(side) for side in condition.flatten())
        case exp.Not():
            return always(condition.this)
        case exp.Boolean():
            return not condition.this
        case exp.Null():
            return True
        case exp.Literal():
            return _number(condition) == 0
        case exp.EQ():
            return _differ(condition.this, condition.expression)
    return False


def _differ(left: exp.Expr, right: exp.Expr) -> bool:
    """Say whether two literals of one kind differ; `'1' = 1` is true in some databases."""
    if not isinstance(left, exp.Literal) or not isinstance(right, exp.Literal):
        return False
    if left.is_string and right.is_string:
        return str(left.this).strip().lower() != str(right.this).strip().lower()
    one, other = _number(left), _number(right)
    return one is not None and other is not None and one != other


def _number(value: exp.Expr) -> Decimal | None:
    try:
        return Decimal(str(value.this)) if isinstance(value, exp.Literal) else None
    except InvalidOperation:
        return Decimal(0) if value.is_string else None  # some databases read text as zero


def _text(value: exp.Expr) -> str:
    return str(value.this) if isinstance(value, exp.Literal) and value.is_string else "-"


def _key_is_null(condition: exp.Expr) -> bool:
    return (
        isinstance(condition, exp.Is)
        and isinstance(condition.expression, exp.Null)
        and _is_key(condition.this, "")
    )


def _floor(condition: exp.Expr) -> bool:
    """Say whether this is `id > 0` or the like: true for every row that has an id."""
    if not isinstance(condition, _FLOORS) or not _is_key(condition.this, ""):
        return False
    value = condition.expression
    number = _number(value.this) if isinstance(value, exp.Neg) else _number(value)
    if number is None:
        return False
    return isinstance(value, exp.Neg) or number <= 1 or isinstance(condition, exp.NEQ)


def _itself(condition: exp.Expr) -> bool:
    """Say whether this is `x IN (SELECT x FROM …)` with nothing that limits the inner one."""
    if not isinstance(condition, exp.In) or not isinstance(condition.args.get("query"), exp.Expr):
        return False
    inner = condition.args["query"].unnest()
    limits = ("where", "limit", "joins", "having", "group")
    return (
        isinstance(inner, exp.Select)
        and not any(inner.args.get(limit) for limit in limits)
        and [column.name for column in inner.selects] == [condition.this.name]
    )
