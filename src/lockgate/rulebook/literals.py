"""Values as the condition language writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def literal(value: Any, *, fraction: bool = False) -> str:
    """Return a text, a number or a truth as a literal; `fraction` makes a whole number one."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            number = repr(float(value)) if fraction else repr(value)
            return f"({number})" if value < 0 else number
        case _:
            return json.dumps(value, ensure_ascii=False)


def literals(values: Iterable[Any]) -> str:
    """Return a list of them; whole numbers become fractions if there is a fraction."""
    some = list(values)
    fraction = any(type(value) is float for value in some)
    return f"[{', '.join(literal(value, fraction=fraction) for value in some)}]"
