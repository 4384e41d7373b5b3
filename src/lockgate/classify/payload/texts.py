"""Parameters that hold text in some language, and what is common to reading them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.catalogue import BY_ID
from lockgate.classify.payload.parameters import texts, told, values
from lockgate.classify.payload.worst import united
from lockgate.classify.profile import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lockgate.classify.payload.parameters import Spot
    from lockgate.classify.profile import Action, Reading

REMEMBERED: Final = 256
"""How many texts are remembered with their reading."""
SHORT: Final = 10_000
"""Characters of the longest text that is remembered."""


def described(schema: Any) -> str:
    """Return what the schema of a parameter says about it."""
    if not isinstance(schema, dict):
        return ""
    return f"{schema.get('title', '')} {schema.get('description', '')}"


def remembered(read: Callable[[str], Reading]) -> Callable[[str], Reading]:
    """Return `read`, which remembers the latest short texts."""
    known = lru_cache(REMEMBERED)(read)
    return lambda text: known(text) if len(text) <= SHORT else read(text)


def bound_reader(  # noqa: PLR0913 - what a reader of texts is made of
    name: str,
    found: tuple[Spot, ...],
    action: Action,
    any_of: frozenset[str],
    *,
    actions: tuple[str, ...],
    read: Callable[[str], Reading],
) -> Reader:
    """Return a reader of texts.

    Args:
        name: What it is called.
        found: Where the texts stand.
        action: What the tool does.
        any_of: The actions of tools that are whatever their text is; the text of any other tool
            can only make it worse.
        actions: What a text can turn out to be.
        read: Reads one text.
    """
    floor = None if action.id in any_of else action
    reading = partial(_read, found, floor, read)
    return Reader(name=name, parameters=told(found), actions=actions, read=reading)


def _read(
    found: tuple[Spot, ...],
    floor: Action | None,
    read: Callable[[str], Reading],
    arguments: Mapping[str, Any],
) -> Reading:
    given = (value for spot in found for value in values(arguments, spot))
    reading = united([read(str(text)) for value in given for text in texts(value)])
    return reading if floor is None else at_least(reading, floor)


def at_least(reading: Reading, floor: Action) -> Reading:
    """Return the reading of a tool that does one thing, and may do worse."""
    if not reading.action or BY_ID[reading.action].danger > floor.danger:
        return reading
    also = tuple(name for name in (reading.action, *reading.also) if name != floor.id)
    return replace(reading, action="", also=also, reversibility=None)
