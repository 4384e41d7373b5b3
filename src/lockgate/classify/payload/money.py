"""Amounts of money, read without mercy: a positive finite number or a flaw."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.profile import Effect, Reader, Reading
from lockgate.classify.words import among

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockgate.classify.profile import Action

_AMOUNTS: Final = frozenset({"amount", "total", "price", "sum", "charge", "payment", "refund"})


def bind(action: Action, parameters: Mapping[str, Any]) -> Reader | None:
    """Return a reader for tools that pay."""
    if action.effect is not Effect.PAY:
        return None
    names = among(parameters, _AMOUNTS)
    return Reader(name="money", parameters=names, read=partial(read_amount, names))


def read_amount(parameters: tuple[str, ...], arguments: Mapping[str, Any]) -> Reading:
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
    amount = max(amounts, default=None)
    return Reading(amount=amount, amount_missing=amount is None, flaws=tuple(flaws))


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
