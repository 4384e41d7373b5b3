"""Macros: what conditions often ask, written as a call of what is not a function.

A macro stands for an expression of the condition language, and is replaced by it before
the condition is compiled. What is not known counts as the worse case: an amount that can't be
read is over every limit, a recipient that can't be read is outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockgate.rulebook.moments import Clock, days_of, minutes_of, zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Template = list[str | int]
"""Text, and the positions of the values that stand between it."""


class Unknown(ValueError):
    """What has no meaning; the hint says what would have one."""

    def __init__(self, message: str, hint: str) -> None:
        """Say what has none, and what to do."""
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro.

    Attributes:
        usage: How it is written, for people.
        least: How many values it takes at least.
        most: How many at most.
        make: Makes the template from the values as they were written.
    """

    usage: str
    least: int
    most: int
    make: Callable[[Sequence[str]], Template]

    def template(self, values: Sequence[str]) -> Template:
        """Return what it stands for.

        Raises:
            Unknown: If it can't stand for anything with these values.
        """
        if not self.least <= len(values) <= self.most:
            raise Unknown(f"the macro does not take {len(values)} values", f"write `{self.usage}`")
        try:
            return self.make(values)
        except ValueError as error:
            raise Unknown(str(error), f"write `{self.usage}`") from None


_TEXT: Final = re.compile(r"""(?:'([^'\\\n]*)'|"([^"\\\n]*)")""")
_ARGUMENT: Final = re.compile(r"args\.([A-Za-z_][A-Za-z0-9_]*)")


def _text(value: str) -> str:
    """Return what a plain text in quotes says."""
    found = _TEXT.fullmatch(value)
    if found is None:
        raise ValueError(f"`{value}` is not a text in quotes")
    return found[1] if found[2] is None else found[2]


def _amount_over(values: Sequence[str]) -> Template:
    known: Template = ["(amount == null || amount > (", 0, "))"]
    if len(values) == 1:
        return known
    return ["(currency != (", 1, ") || ", *known, ")"]


def _reach_over(_: Sequence[str]) -> Template:
    return ["(reach < 0 || reach > (", 0, "))"]


def _recipients_outside(values: Sequence[str]) -> Template:
    if _TEXT.fullmatch(values[0]) is None and len(values) == 1:
        inside: Template = ["(", 0, ").exists(__d, __t.endsWith('@' + __d))"]
    else:
        domains = [_text(value) for value in values]
        wrong = [domain for domain in domains if not _DOMAIN.fullmatch(domain)]
        if wrong:
            raise ValueError(f"`{wrong[0]}` is not a domain in small letters")
        inside = [" || ".join(f"__t.endsWith('@{domain}')" for domain in domains)]
    return ["(size(targets) == 0 || targets.exists(__t, !(", *inside, ")))"]


_DOMAIN: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)


def _targets_outside(_: Sequence[str]) -> Template:
    return ["(size(targets) == 0 || targets.exists(__t, !(__t in (", 0, "))))"]


def _between(values: Sequence[str]) -> Template:
    since, until, zone = map(_text, values)
    clock = Clock(zone_of(zone))
    return [clock.between(minutes_of(since), minutes_of(until))]


def _on_days(values: Sequence[str]) -> Template:
    days, zone = map(_text, values)
    return [Clock(zone_of(zone)).on_days(days_of(days))]


def _repeats(values: Sequence[str]) -> Template:
    found = _ARGUMENT.fullmatch(values[0])
    if found is None:
        raise ValueError(f"`{values[0]}` is not an argument of the call")
    past = f"__c.args.{found[1]}"
    return _known(0, f"calls.exists(__c, __c.tool == tool && has({past}) && {past} == ", 0, ")")


def _mentioned(_: Sequence[str]) -> Template:
    said = "!= '' ? said.exists(__s, __s.lowerAscii().contains(string("
    return ["(string(", 0, f") {said}", 0, ").lowerAscii())) : false)"]


def _looked_up(values: Sequence[str]) -> Template:
    _, field = _text(values[0]), _text(values[1])
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", field, re.ASCII):
        raise ValueError(f"`{field}` is not the name of a field")
    result = f"].exists(__r, has(__r.{field}) && __r.{field} == "
    return _known(2, "(", 0, " in seen && seen[", 0, result, 2, "))")


def _known(which: int, *asked: str | int) -> Template:
    """Ask only if a value is there: `false && nothing` is false, and would let it pass."""
    return ["(size([", which, "]) == 1 ? ", *asked, " : false)"]


MACROS: Final = {
    "amount_over": Macro("amount_over(500, 'EUR')", 1, 2, _amount_over),
    "reach_over": Macro("reach_over(50)", 1, 1, _reach_over),
    "recipients_outside": Macro("recipients_outside('example.com')", 1, 20, _recipients_outside),
    "targets_outside": Macro("targets_outside(lists.hosts)", 1, 1, _targets_outside),
    "between": Macro("between('09:00', '17:00', 'Europe/Berlin')", 3, 3, _between),
    "on_days": Macro("on_days('mon-fri', 'Europe/Berlin')", 2, 2, _on_days),
    "repeats": Macro("repeats(args.invoice_id)", 1, 1, _repeats),
    "mentioned": Macro("mentioned(args.order_id)", 1, 1, _mentioned),
    "looked_up": Macro("looked_up('get_order', 'order_id', args.order_id)", 3, 3, _looked_up),
}
"""Every macro by its name; `docs/rulebook.md` says what each asks."""
