"""The arguments → what they say: how much money, how many recipients, which statement.

Readers are bound to a tool's parameters when it is registered; see `README.md` beside this file
for how to add one. What should be readable and is not counts as the worst plausible thing, never
as little.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from lockgate.classify.catalogue import BY_ID
from lockgate.classify.profile import Reading, merged
from lockgate.errors import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lockgate.classify.profile import Action, Classification, Profile, Reader


@cache
def _binders() -> tuple[Callable[[Action, Mapping[str, Any]], Reader | None], ...]:
    """Return what makes readers; loaded with the first tool, so that importing costs nothing."""
    from lockgate.classify.payload import counts, files, graphql, http, messages, money, sql

    rooms = (money, messages, http, graphql, files, counts, sql)
    return tuple(room.bind for room in rooms)


def readers_for(action: Action, parameters: Mapping[str, Any]) -> tuple[Reader, ...]:
    """Return what is to be read of every call of a tool.

    Args:
        action: What the tool does.
        parameters: JSON Schema of each of its parameters, by name.
    """
    bound = (bind(action, parameters) for bind in _binders())
    return tuple(reader for reader in bound if reader is not None)


def read(classification: Classification, arguments: Mapping[str, Any]) -> Profile:
    """Complete a tool's classification with what one call's arguments say."""
    readers = classification.readers
    if not readers:
        return classification.plain
    return merged(classification, [_reading(reader, arguments) for reader in readers], BY_ID)


def _reading(reader: Reader, arguments: Mapping[str, Any]) -> Reading:
    try:
        return reader.read(arguments)
    except Exception as error:  # noqa: BLE001 - INVARIANT: what can't be read is not harmless
        said = f"the {reader.name} reader can't read this payload: {describe(error)}"
        return Reading(flaws=(said,))
