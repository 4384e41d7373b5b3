"""Amounts of money, read without mercy: a finite number of major units, or a flaw.

Amounts are found by the words of names, at any depth of the arguments. Of what stands side by side
the largest counts, the elements of a list are added up, and a price is multiplied by the quantity
beside it. An amount in minor units, such as cents, is converted. What has two meanings has none:
`1,234` may be a thousand or one and a bit, so it is a flaw.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal, localcontext
from enum import Enum
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.payload.currencies import DECIMALS, SYMBOLS
from lockgate.classify.payload.parameters import either, fields, told, word_set
from lockgate.classify.profile import Effect, Reader, Reading
from lockgate.classify.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lockgate.classify.profile import Action

LARGEST: Final = Decimal(10) ** 15
"""Larger sums are taken for a mistake."""
LONGEST: Final = 64
"""Longer texts are not amounts."""
HAZARD: Final = "incorrect_amount"
_BILLION: Final = 10**9
_OF_MONEY: Final = frozenset({HAZARD, "unauthorised_transaction"})
_EXACT: Final = Context(prec=100)
"""Whatever the host application has set, sums are exact."""


class Role(Enum):
    """What the name of a parameter says that it holds."""

    AMOUNT = "amount"
    PRICE = "price"
    MAYBE = "maybe"
    CURRENCY = "currency"
    QUANTITY = "quantity"


_AMOUNTS: Final = frozenset({"amount", "amt", "total", "subtotal", "sum"})
_PRICES: Final = frozenset({"price", "cost", "fee"})
_MAYBE: Final = either(
    "charge payment refund transfer deposit withdrawal payout tip donation bid money credit fund "
    "salary wage bonus rent balance budget stake gift fare"
)
_MINOR: Final = frozenset({"cent", "pence", "penny", "minor", "satoshi"})
_AFTER: Final = either(
    "in per unit value due paid owed requested refunded charged major decimal gross net of"
)
_WITHIN: Final = frozenset({"value", "number", "unit", "quantity"})
_CURRENCY: Final = frozenset({"currency", "ccy"})
_QUANTITY: Final = frozenset({"quantity", "qty", "share"})
_SAYS_MINOR: Final = re.compile(
    r"\b(?:in|as)\s+(?:\w+\s+){0,3}(?:cents|pence|pennies)\b|\bminor\s+(?:currency\s+)?units?\b"
    r"|\bsmallest\s+(?:currency\s+)?units?\b|\bin cents\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def role(name: str) -> tuple[Role | None, bool]:
    """Return what a name says that its parameter holds, and whether in minor units.

    The last word decides, once those are taken away that only say more: `amount_in_cents` is an
    amount, `amount_id` is none.
    """
    core = [_singular(word) for word in words(name)]
    if core and core[-1] in {"code", "iso"} and _CURRENCY & set(core):
        return Role.CURRENCY, False
    minor = bool(_MINOR & set(core))
    while core and (core[-1] in _AFTER | _MINOR or core[-1].upper() in DECIMALS):
        core.pop()
    if not core:
        return (Role.AMOUNT if minor else None), minor
    for wanted, found in _ROLES:
        if core[-1] in wanted:
            return found, minor
    return None, minor


_ROLES: Final = (
    (_AMOUNTS, Role.AMOUNT),
    (_PRICES, Role.PRICE),
    (_MAYBE, Role.MAYBE),
    (_CURRENCY, Role.CURRENCY),
    (_QUANTITY, Role.QUANTITY),
)


def _singular(word: str) -> str:
    return "penny" if word == "pennies" else word.removesuffix("s")


def bind(action: Action, parameters: Mapping[str, Any]) -> Reader | None:
    """Return a reader for tools that pay, and for those whose amounts can be wrong."""
    pays = action.effect is Effect.PAY
    if not pays and not _OF_MONEY.intersection(action.hazards):
        return None
    found = [(spot, schema) for spot, schema in fields(parameters) if _counts(spot[-1])]
    if not (pays or found):
        return None
    minor = frozenset(spot[-1] for spot, schema in found if _says_minor(schema))
    named = told(spot for spot, _ in found)
    return Reader(name="money", parameters=named, read=partial(read_money, minor, pays=pays))


def _counts(name: str) -> bool:
    return role(name)[0] in {Role.AMOUNT, Role.PRICE, Role.MAYBE}


def _says_minor(schema: Any) -> bool:
    said = schema.get("description") if isinstance(schema, dict) else None
    return isinstance(said, str) and _SAYS_MINOR.search(said) is not None


def read_money(minor: frozenset[str], arguments: Mapping[str, Any], *, pays: bool) -> Reading:
    """Return the money that a call names.

    Args:
        minor: Names whose description says that they are in minor units.
        arguments: The arguments of the call.
        pays: Whether money moves for certain, so that it must be readable.
    """
    plain = _plain(minor, arguments)
    if plain is not None:
        return plain
    return read_with_care(minor, arguments, pays=pays)


def _plain(minor: frozenset[str], arguments: Mapping[str, Any]) -> Reading | None:
    """Read one number among flat arguments, with or without a currency: most calls are no more.

    INVARIANT: where it returns a reading, it is the one of `read_with_care`.
    """
    amount: int | float | None = None
    code = ""
    for name, item in arguments.items():
        kind = type(item)
        what, small = role(name)
        if kind is dict or kind is list or small:
            return None
        if what is Role.AMOUNT and amount is None and (kind is int or kind is float):
            amount = item
            if name in minor:
                return None
        elif what is Role.CURRENCY and not code and kind is str and item in DECIMALS:
            code = item
        elif what is not None:
            return None
    if amount is None or not 0 <= amount <= LARGEST:
        return None
    number = Decimal(repr(amount))
    return Reading(amount=number, currency=code) if _fits(number, code) else None


def _fits(number: Decimal, code: str) -> bool:
    """Say whether a number has no more decimals than its currency, if it has one."""
    exponent = number.as_tuple().exponent
    return not code or (isinstance(exponent, int) and -exponent <= DECIMALS[code])


def read_with_care(minor: frozenset[str], arguments: Mapping[str, Any], *, pays: bool) -> Reading:
    """Read as `read_money` does, whatever the arguments look like."""
    purse = _Purse(minor)
    with localcontext(_EXACT):
        amount = purse.within(arguments, "")
    codes = tuple(purse.codes)
    mixed = len(codes) > 1
    because = ("the amounts are in several currencies",) if mixed else ()
    return Reading(
        amount=amount,
        amount_missing=pays and amount is None,
        currency="" if mixed or not codes else codes[0],
        hazards=(HAZARD,) if mixed or purse.odd or (purse.flaws and not pays) else (),
        flaws=tuple(dict.fromkeys(purse.flaws)) if pays else (),
        because=because if pays else (*because, *purse.flaws),
    )


@dataclass(frozen=True, slots=True)
class _Field:
    """What is known of a value before it is read: its name, its unit, and its currency."""

    name: str
    currency: str
    minor: bool
    priced: bool = False

    def inside(self, key: str) -> _Field:
        """Return what is known of a part of this value."""
        return replace(self, name=f"{self.name}.{key}", minor=self.minor or role(key)[1])


@dataclass(slots=True)
class _Purse:
    """What is found on the way through the arguments of one call.

    Attributes:
        minor: Names whose description says that they are in minor units.
        codes: The currencies of the amounts, in the order they were found.
        flaws: What can't be right.
        odd: Whether a currency was named that does not exist.
    """

    minor: frozenset[str]
    codes: dict[str, None] = field(default_factory=dict)
    flaws: list[str] = field(default_factory=list)
    odd: bool = False

    def within(self, value: Any, currency: str) -> Decimal | None:
        """Return the largest amount in an object, or the sum of those in a list."""
        if isinstance(value, list):
            return _added(self.within(item, currency) for item in value)
        if not isinstance(value, dict):
            return None
        currency = self._currency(value) or currency
        return _largest(self._at(name, item, currency, value) for name, item in value.items())

    def _at(self, name: str, item: Any, currency: str, beside: dict[str, Any]) -> Decimal | None:
        what, minor = role(name)
        here = _Field(name, currency, minor or name in self.minor, what is Role.PRICE)
        match what:
            case Role.AMOUNT:
                return self._amount(here, item)
            case Role.PRICE:
                return _times(self._amount(here, item), beside)
            case Role.MAYBE if _looks_like_money(item):
                return self._amount(here, item)
            case _:
                return self.within(item, currency)

    def _amount(self, here: _Field, item: Any) -> Decimal | None:
        """Read what must be an amount; nothing where none was given."""
        match item:
            case None:
                return None
            case list():
                return _added(self._amount(here, part) for part in item)
            case dict():
                return self._inside(here, item)
            case _:
                return self._single(here, item)

    def _inside(self, here: _Field, item: dict[str, Any]) -> Decimal | None:
        """Read an amount that is an object, such as `{"value": "12.50", "currency": "EUR"}`."""
        here = replace(here, currency=self._currency(item) or here.currency)
        parts = [
            self._amount(here.inside(key), part) for key, part in item.items() if _is_part(key)
        ]
        if not parts:
            self.flaws.append(f"`{here.name}` is not an amount of money")
        most = _largest(parts)
        return most if most is None or "units" not in item else self._with_nanos(here, item, most)

    def _with_nanos(self, here: _Field, item: dict[str, Any], units: Decimal) -> Decimal | None:
        """Add the billionths of a unit that may stand beside `units`."""
        nanos = item.get("nanos") or 0
        if type(nanos) is int and 0 <= nanos < _BILLION:
            return units + Decimal(nanos) / _BILLION
        self.flaws.append(f"`{here.name}.nanos` is not a part of an amount")
        return None

    def _single(self, here: _Field, item: Any) -> Decimal | None:
        number, code, flaw = _parsed(item)
        if code and here.currency and code != here.currency:
            flaw = flaw or f"says {code}, and its currency is {here.currency}"
        code = code or here.currency
        if number is None:
            flaw = flaw or "is not an amount of money"
        elif not flaw:
            flaw = _doubt(number, here, DECIMALS.get(code)) or _doubtful_text(item, code)
        if number is None or flaw:
            self.flaws.append(f"`{here.name}` {flaw}")
            return None
        if code:
            self.codes[code] = None
        return number.scaleb(-DECIMALS.get(code, 2)) if here.minor else number

    def _currency(self, beside: dict[str, Any]) -> str:
        """Return the one currency that stands beside an amount; nothing if there are several."""
        named = [item for name, item in beside.items() if role(name)[0] is Role.CURRENCY]
        found = {_code(item.strip()) for item in named if isinstance(item, str)} - {""}
        self.odd = self.odd or bool(found - DECIMALS.keys())
        return found.pop() if len(found) == 1 and found <= DECIMALS.keys() else ""


def _is_part(key: str) -> bool:
    """Say whether a key of an amount that is an object holds its number."""
    return bool(word_set(key) & _WITHIN) or role(key)[0] in {Role.AMOUNT, Role.PRICE}


def _looks_like_money(item: Any) -> bool:
    """Say whether what may be an amount, such as `payment`, is one."""
    if isinstance(item, str):
        found = _MONEY.fullmatch(item.strip()) if len(item) <= LONGEST else None
        code = found and _code(found["before"] or found["after"] or "")
        return found is not None and (not code or code in DECIMALS)
    return isinstance(item, int | float) and not isinstance(item, bool)


_SIGN: Final = r"[^\d\s.,+-]{1,3}"
_MONEY: Final = re.compile(
    rf"(?P<sign>[+-]?)(?P<before>{_SIGN})?\s?(?P<inner>-?)(?P<number>\d[\d.,]*)(?:\s?(?P<after>{_SIGN}))?",
    re.ASCII,
)
_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}", re.ASCII)
_EITHER: Final = re.compile(r"(?<!\d)[1-9]\d{0,2}\.\d{3}(?!\d)", re.ASCII)


def _parsed(item: Any) -> tuple[Decimal | None, str, str]:
    """Return the number, the currency that the text itself names, and what is wrong."""
    if isinstance(item, int | float) and not isinstance(item, bool):
        number = Decimal(str(item))
        return (number if number.is_finite() else None), "", ""
    if not isinstance(item, str) or len(item) > LONGEST:
        return None, "", ""
    found = _MONEY.fullmatch(item.strip())
    if found is None or (found["before"] and found["after"]):
        return None, "", ""
    code = _code(found["before"] or found["after"] or "")
    if code and code not in DECIMALS:
        return None, "", f"names the currency `{code}`, which is not in ISO 4217"
    text = found["number"]
    if not (_PLAIN.fullmatch(text) or _GROUPED.fullmatch(text)):
        return None, code, "can be read in two ways: send plain digits with a decimal point"
    number = Decimal(text.replace(",", ""))
    return (-number if "-" in {found["sign"], found["inner"]} else number), code, ""


def _code(text: str) -> str:
    return SYMBOLS[text] if text in SYMBOLS else text.upper()


def _doubt(number: Decimal, here: _Field, decimals: int | None) -> str:
    """Say what is wrong with an amount, or nothing."""
    if number < 0:
        return "is negative"
    if number > LARGEST:
        return "is too large to be an amount of money"
    fraction = _fraction(number)
    if here.minor:
        return "is in minor units, and not a whole number of them" if fraction else ""
    if decimals is not None and fraction > decimals and not here.priced:
        return f"has {fraction} decimals, and its currency has {decimals}"
    return ""


def _doubtful_text(item: Any, code: str) -> str:
    """Say whether a point may stand between thousands: without a currency nobody knows."""
    if not code and isinstance(item, str) and _EITHER.search(item):
        return "can be read in two ways: name its currency, or send a number"
    return ""


def _fraction(number: Decimal) -> int:
    """Return how many decimals a number has, trailing zeros left out."""
    exponent = number.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _times(price: Decimal | None, beside: dict[str, Any]) -> Decimal | None:
    """Multiply a price by the quantity beside it."""
    counts = [item for name, item in beside.items() if role(name)[0] is Role.QUANTITY]
    most = _largest(_parsed(item)[0] for item in counts)
    return price if price is None or most is None else price * max(most, Decimal(1))


def _largest(parts: Iterable[Decimal | None]) -> Decimal | None:
    return max((part for part in parts if part is not None), default=None)


def _added(parts: Iterable[Decimal | None]) -> Decimal | None:
    found = [part for part in parts if part is not None]
    return sum(found, Decimal(0)) if found else None
