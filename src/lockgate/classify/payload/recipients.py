"""How many people a message reaches, when that can be counted."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.profile import Effect, Reader, Reading
from lockgate.classify.words import among

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockgate.classify.profile import Action

_SEPARATOR: Final = re.compile(r"[,;\s]+")
_RECIPIENTS: Final = frozenset({"to", "cc", "bcc", "recipient", "recipients", "emails", "audience"})


def bind(action: Action, parameters: Mapping[str, Any]) -> Reader | None:
    """Return a reader for tools that send."""
    if action.effect is not Effect.SEND:
        return None
    names = among(parameters, _RECIPIENTS)
    return Reader(name="recipients", parameters=names, read=partial(count_recipients, names))


def count_recipients(parameters: tuple[str, ...], arguments: Mapping[str, Any]) -> Reading:
    """Count the recipients; a group, or nobody named, can't be counted."""
    counts = [_count(arguments[name]) for name in parameters if name in arguments]
    known = [count for count in counts if count is not None]
    reach = sum(known) if known and len(known) == len(counts) else None
    return Reading(reach=reach, unit="recipients")


def _count(value: object) -> int | None:
    if isinstance(value, list):
        counts = [_count(item) for item in value]
        return None if None in counts else sum(count or 0 for count in counts)
    if not isinstance(value, str):
        return None
    parts = [part for part in _SEPARATOR.split(value) if part]
    return len(parts) if parts and all("@" in part for part in parts) else None
