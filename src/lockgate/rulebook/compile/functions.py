"""Every function of the language, in one table; the rooms that define them enter them here."""

from __future__ import annotations

from typing import Final

from lockgate.rulebook.compile import containers, conversions, texts, times
from lockgate.rulebook.compile.numbers import COMPARISONS
from lockgate.rulebook.compile.overloads import OVERLOADS, dispatcher

ROOMS: Final = (containers, conversions, texts, times)
DISPATCHERS: Final = {name: dispatcher(name) for name in OVERLOADS}
"""For each function, what does it to values whose kinds are not known beforehand."""

__all__ = ["COMPARISONS", "DISPATCHERS", "OVERLOADS", "ROOMS"]
