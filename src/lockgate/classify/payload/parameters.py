"""Where in a call's arguments a reader looks: spots, found by the words of parameters' names.

A spot is a path of names from the arguments down. Spots are found once, in the schema; a call
only follows them. Names are all there is to go by: a schema says that `to` is text, not that it
names people.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Spot = tuple[str, ...]

MOST_DEPTH: Final = 6
"""How deep in a schema parameters are looked for."""
_SINGULAR: Final = frozenset({"address", "access", "process", "business", "dns", "sms", "status"})


def either(listed: str) -> frozenset[str]:
    """Return the words of a list that is written as one text."""
    return frozenset(listed.split())


@lru_cache(maxsize=4096)
def word_set(name: str) -> frozenset[str]:
    """Return the words of a name, each as it stands and without the `s` of a plural."""
    found = words(name)
    return frozenset([*found, *map(_singular, found)])


def _singular(word: str) -> str:
    if word in _SINGULAR or not word.endswith("s"):
        return word
    return word.removesuffix("es") if word.endswith(("sses", "xes")) else word.removesuffix("s")


def spots(
    parameters: Mapping[str, Any], wanted: frozenset[str], besides: frozenset[str] = frozenset()
) -> tuple[Spot, ...]:
    """Return where the parameters stand whose name has a wanted word and none of `besides`.

    Args:
        parameters: JSON Schema of each parameter, by name.
        wanted: Words in their singular.
        besides: Words that make a name mean something else.
    """
    return tuple(
        spot
        for spot, _ in fields(parameters)
        if word_set(spot[-1]) & wanted and not word_set(spot[-1]) & besides
    )


def fields(parameters: Mapping[str, Any], above: Spot = ()) -> Iterator[tuple[Spot, Any]]:
    """Yield each parameter and each property inside one, with its schema."""
    for name, schema in parameters.items():
        if not isinstance(name, str):
            continue
        yield (*above, name), schema
        if len(above) < MOST_DEPTH:
            for inner in _properties(schema):
                yield from fields(inner, (*above, name))


def _properties(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the properties of an object, of a list's items, and of each alternative."""
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("properties"), dict):
        yield schema["properties"]
    yield from _properties(schema.get("items"))
    for word in ("anyOf", "oneOf", "allOf"):
        options = schema.get(word)
        for option in options if isinstance(options, list) else ():
            yield from _properties(option)


def types(schema: Any) -> frozenset[str]:
    """Return the JSON types that a parameter may have; nothing where its schema does not say."""
    if not isinstance(schema, dict):
        return frozenset()
    kind = schema.get("type")
    found = {kind} if isinstance(kind, str) else set(kind) if isinstance(kind, list) else set()
    for word in ("anyOf", "oneOf"):
        options = schema.get(word)
        found.update(*map(types, options if isinstance(options, list) else ()))
    return frozenset(item for item in found if isinstance(item, str))


def values(arguments: Any, spot: Spot) -> Iterator[Any]:
    """Yield what a call has at a spot, in every element of the lists on the way."""
    if not spot:
        if arguments not in (None, "", [], {}):
            yield arguments
    elif isinstance(arguments, dict):
        yield from values(arguments.get(spot[0]), spot[1:])
    elif isinstance(arguments, list):
        for item in arguments:
            yield from values(item, spot)


def texts(value: Any) -> Iterator[Any]:
    """Yield every value inside a value that is neither list nor object."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)
    else:
        yield value


def told(found: Iterable[Spot]) -> tuple[str, ...]:
    """Return spots as people write them."""
    return tuple(dict.fromkeys(".".join(spot) for spot in found))
