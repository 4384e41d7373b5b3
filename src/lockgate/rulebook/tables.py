"""Decision tables: a value that depends on others, as rows that people can read.

At most one row fits, whatever the order of the rows: two that could both fit and say
different things are refused. A table without `otherwise` has no answer where no row fits, and a
condition without an answer objects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lockgate.rulebook.faults import fault
from lockgate.rulebook.literals import literal, literals
from lockgate.rulebook.shapes import Expression, Scalar, Strict, kind_of, listed, scalar

ANYTHING: Final = "*"
MAX_ROWS: Final = 200
MAX_INPUTS: Final = 5
BOUNDS: Final = {"over": ">", "at_least": ">=", "below": "<", "at_most": "<="}
"""What a cell can say about a number."""
_CELL: Final = "write a value, a list of values, `{ over: 5, at_most: 10 }`, or `'*'` for anything"


def _cell(value: Any) -> Any:
    match value:
        case dict() if value and value.keys() <= BOUNDS.keys():
            wrong = [bound for bound in value.values() if type(bound) not in {int, float}]
            if not wrong and _Span.of(value).is_empty:
                raise fault(
                    "no number lies between these bounds", "exchange them, or remove the row"
                )
        case dict():
            raise fault("a cell can't say this about a number", _CELL)
        case list() if value:
            wrong = [item for item in value if type(item) in {list, dict, type(None)}]
            value = [scalar(item) for item in value if not wrong]
        case _:
            return scalar(value)
    if wrong:
        raise fault(f"`{wrong[0]}` can't stand in this cell", _CELL)
    return value


Cell = Annotated[Any, AfterValidator(_cell)]


class Table(Strict):
    """One decision table.

    Attributes:
        of: What the value depends on: expressions, one for each column.
        rows: For each row a cell for each column, and the value.
        otherwise: The value where no row fits; without it, there is none.
    """

    of: Annotated[
        list[Expression], BeforeValidator(listed), Field(min_length=1, max_length=MAX_INPUTS)
    ]
    rows: Annotated[list[list[Cell]], Field(min_length=1, max_length=MAX_ROWS)]
    otherwise: Scalar | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        columns = len(self.of)
        for at, row in enumerate(self.rows):
            if len(row) != columns + 1:
                message = (
                    f"the row has {len(row)} cells, and the table {columns} columns and a value"
                )
                raise fault(message, "write a cell for each column, then the value", "rows", at)
            if type(row[-1]) in {list, dict}:
                raise fault("the value of a row is one value", "write text or a number", "rows", at)
        self._alike()
        self._unique()
        return self

    def _alike(self) -> None:
        """Refuse values of different kinds: what is compared with them could not be checked."""
        kinds = {kind_of(value) for value in self.outcomes}
        if len(kinds) > 1:
            message = f"the values are of different kinds: {' and '.join(sorted(kinds))}"
            raise fault(message, "make all of them text, or all numbers", "rows")

    def _unique(self) -> None:
        for (one, a), (two, b) in combinations(enumerate(self.rows), 2):
            meet = all(map(_meet, a[:-1], b[:-1]))
            if meet and a[-1] != b[-1]:
                message = f"this row and row {one + 1} can both fit, and say different things"
                raise fault(message, "narrow one of them", "rows", two)

    @property
    def outcomes(self) -> list[Any]:
        """Every value that it can have."""
        values = [row[-1] for row in self.rows]
        return values if self.otherwise is None else [*values, self.otherwise]


def _meet(a: Any, b: Any) -> bool:
    """Say whether one value can fit both cells."""
    if ANYTHING in (a, b):
        return True
    if isinstance(a, dict) and isinstance(b, dict):
        return _Span.of(a).meets(_Span.of(b))
    if isinstance(b, dict):
        a, b = b, a
    some = b if isinstance(b, list) else [b]
    if isinstance(a, dict):
        return any(kind_of(item) == "numbers" and _Span.of(a).has(item) for item in some)
    others = a if isinstance(a, list) else [a]
    return any(kind_of(x) == kind_of(y) and x == y for x in some for y in others)


@dataclass(frozen=True, slots=True)
class _Span:
    """The numbers between two bounds, each with whether it is among them."""

    low: tuple[float, bool]
    high: tuple[float, bool]

    @classmethod
    def of(cls, cell: dict[str, float]) -> Self:
        lows = [(cell["over"], False)] if "over" in cell else []
        lows += [(cell["at_least"], True)] if "at_least" in cell else []
        highs = [(cell["below"], False)] if "below" in cell else []
        highs += [(cell["at_most"], True)] if "at_most" in cell else []
        low = max(lows, key=lambda bound: (bound[0], not bound[1]), default=(-math.inf, False))
        return cls(low, min(highs, default=(math.inf, False)))

    def has(self, number: float) -> bool:
        (low, with_low), (high, with_high) = self.low, self.high
        return (low < number or (with_low and low == number)) and (
            number < high or (with_high and number == high)
        )

    def meets(self, other: _Span) -> bool:
        low = max(self.low, other.low, key=lambda bound: (bound[0], not bound[1]))
        return not _Span(low, min(self.high, other.high)).is_empty

    @property
    def is_empty(self) -> bool:
        (low, with_low), (high, with_high) = self.low, self.high
        return low > high or (low == high and not (with_low and with_high))


def written(name: str, table: Table, inputs: list[str]) -> str:
    """Return the expression for the value of a table.

    Args:
        name: What it is called.
        table: The table.
        inputs: The expressions of its columns, each in brackets.
    """
    fraction = any(type(value) is float for value in table.outcomes)
    values = [literal(row[-1], fraction=fraction) for row in table.rows]
    nothing = f"{{'a row': {values[0]}}}[{literal(f'no row of the table {name} fits')}]"
    rest = nothing if table.otherwise is None else literal(table.otherwise, fraction=fraction)
    keys = [_keys(row[:-1]) for row in table.rows]
    if all(keys):
        pairs = {key: value for some, value in zip(keys, values, strict=True) for key in some}
        known = f"{{{', '.join(f'{literal(key)}: {value}' for key, value in pairs.items())}}}"
        return f"({inputs[0]} in {known} ? {known}[{inputs[0]}] : {rest})"
    rows = [(_fits(inputs, row[:-1]), value) for row, value in zip(table.rows, values, strict=True)]
    return f"({_any(rows)} ? {_chosen(rows)} : {rest})"


def _keys(cells: list[Any]) -> list[str]:
    """Return the texts that a row fits, if it has one column and fits nothing else."""
    keys = cells[0] if isinstance(cells[0], list) else [cells[0]]
    plain = len(cells) == 1 and all(isinstance(key, str) and key != ANYTHING for key in keys)
    return list(dict.fromkeys(keys)) if plain else []


def _chosen(rows: list[tuple[str, str]]) -> str:
    """Choose among rows of which one fits, in halves: deep nesting would not be parsed."""
    if len(rows) == 1:
        return rows[0][1]
    half = len(rows) // 2
    return f"({_any(rows[:half])} ? {_chosen(rows[:half])} : {_chosen(rows[half:])})"


def _any(rows: list[tuple[str, str]]) -> str:
    return f"({' || '.join(fits for fits, _ in rows)})"


def _fits(inputs: list[str], cells: list[Any]) -> str:
    parts = [_cell_fits(value, cell) for value, cell in zip(inputs, cells, strict=True)]
    return f"({' && '.join(filter(None, parts)) or 'true'})"


def _cell_fits(value: str, cell: Any) -> str:
    match cell:
        case "*":
            return ""
        case list():
            return f"{value} in {literals(cell)}"
        case dict():
            bounds = [f"{value} {BOUNDS[bound]} {literal(cell[bound])}" for bound in sorted(cell)]
            return " && ".join(bounds)
        case _:
            return f"{value} == {literal(cell)}"
