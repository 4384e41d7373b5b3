"""Amounts of money, read without mercy: a positive finite number or a flaw."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_amount(
    arguments: Mapping[str, object], parameters: tuple[str, ...]
) -> tuple[Decimal | None, tuple[str, ...]]:
    """Return the largest amount among `parameters`, and what is wrong with any of them."""
    amounts, flaws = [], []
    for name in parameters:
        if name not in arguments:
            continue
        amount = _decimal(arguments[name])
        if amount is None or not amount.is_finite() or amount < 0:
            flaws.append(f"`{name}` is not an amount of money")
        else:
            amounts.append(amount)
    return max(amounts, default=None), tuple(flaws)


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
