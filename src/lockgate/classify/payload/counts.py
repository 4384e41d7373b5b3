"""How many instances, replicas or records a call is about, when its arguments say so.

A number that is no number, and `all`, can't be counted. Nothing left at all, such as zero replicas,
is an outage.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.payload.parameters import either, fields, told, types, values, word_set
from lockgate.classify.profile import Effect, Reader, Reading
from lockgate.classify.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockgate.classify.payload.parameters import Spot
    from lockgate.classify.profile import Action

_NUMBERS: Final = frozenset(
    {"count", "replica", "capacity", "desired", "quantity", "num", "number"}
)
_MACHINES: Final = frozenset({"instance", "node", "worker", "server", "machine", "vm", "pod"})
_NO_NUMBER: Final = either(
    "id name type disk memory gb gib mb volume storage page batch limit min minimum retry timeout "
    "port version class family region zone"
)
_ROWS: Final = frozenset({"row", "record"})
_LISTED: Final = frozenset({"id", "uuid", "record", "row"})
_NO_LIST: Final = either(
    "field column select label tag scope include exclude option header attachment property"
)
_PEOPLE: Final = frozenset({"communication", "web", "files", "memory", "agents", "mcp"})
_EVERYTHING: Final = frozenset({"all", "any", "every", "everything"})
_DIGITS: Final = re.compile(r" *[0-9]{1,18} *")
_SEPARATOR: Final = re.compile(r"[,;\s]+")


def bind(action: Action, parameters: Mapping[str, Any]) -> Reader | None:
    """Return a reader for tools that start machines, and for those that take or count records."""
    room = action.id.partition(".")[0]
    machines = room == "infrastructure"
    if room in _PEOPLE:
        return None
    found = dict(fields(parameters))
    is_number = _is_number if machines else _is_rows
    numbers = tuple(spot for spot, it in found.items() if is_number(spot[-1], it))
    listed = _LISTED | _MACHINES if machines else _LISTED
    lists = tuple(spot for spot, it in found.items() if _is_list(spot[-1], it, listed))
    lists = tuple(spot for spot in lists if spot not in numbers)
    if not numbers and not lists:
        return None
    unit = "instances" if machines else "rows"
    effect = action.effect
    stops = machines and effect not in {Effect.READ, Effect.CREATE}
    read = partial(read_counts, numbers, lists, unit=unit, stops=stops)
    return Reader(name="counts", parameters=told((*numbers, *lists)), read=read)


def _is_number(name: str, schema: Any) -> bool:
    found, kinds = word_set(name), types(schema)
    numeric = bool(kinds & {"integer", "number"})
    wanted = _NUMBERS | _MACHINES if numeric else _NUMBERS
    return (numeric or not kinds) and bool(found & wanted) and not found & _NO_NUMBER


def _is_rows(name: str, schema: Any) -> bool:
    """Say whether a parameter tells how many rows there are: `row_count`, `affected_rows`."""
    found, kinds = word_set(name), types(schema)
    numeric = bool(kinds & {"integer", "number"})
    counted = numeric or (not kinds and bool(found & _NUMBERS))
    return counted and bool(found & _ROWS) and not found & (_NO_NUMBER | {"id"})


def _is_list(name: str, schema: Any, wanted: frozenset[str]) -> bool:
    """Say whether a parameter lists things: `customer_ids`, or an `id` that may be a list."""
    found, kinds = words(name), types(schema)
    if not found or word_set(name) & _NO_LIST or not word_set(found[-1]) & wanted:
        return False
    return "array" in kinds or found[-1].endswith("s")


def read_counts(
    numbers: tuple[Spot, ...],
    lists: tuple[Spot, ...],
    arguments: Mapping[str, Any],
    *,
    unit: str,
    stops: bool,
) -> Reading:
    """Return how many things a call is about.

    Args:
        numbers: Where their number stands.
        lists: Where they are listed.
        arguments: The arguments of the call.
        unit: What they are.
        stops: Whether none left means that a service stops.
    """
    given = [value for spot in numbers for value in values(arguments, spot)]
    listed = [value for spot in lists for value in values(arguments, spot)]
    if not given and not listed:
        return Reading()
    counts = [*map(_number, given), *map(_listed, listed)]
    everything = any(_is_everything(value) for value in listed)
    hazards = {"unbounded": everything, "outage": stops and 0 in [*map(_number, given)]}
    known = [count for count in counts if count is not None]
    return Reading(
        reach=max(known) if len(known) == len(counts) else None,
        unit=unit,
        hazards=tuple(name for name, there in hazards.items() if there),
    )


def _number(value: Any) -> int | None:
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if plain and value >= 0 and value == int(value) else None


def _listed(value: Any) -> int | None:
    """Count what a list has, or a text that separates by commas."""
    if _is_everything(value):
        return None
    if isinstance(value, list):
        return len(value)
    if isinstance(value, str):
        return len([part for part in _SEPARATOR.split(value) if part])
    return 1 if isinstance(value, int) and not isinstance(value, bool) else None


def _is_everything(value: Any) -> bool:
    """Say whether a list stands for everything there is."""
    parts = value if isinstance(value, list) else [value]
    return any(
        isinstance(part, str)
        and (part.strip().lower() in _EVERYTHING or "*" in part or "%" in part)
        for part in parts
    )
