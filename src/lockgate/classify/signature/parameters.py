"""What the parameters tell: a switch between operations, a place to write to, a second thought.

Parameters never make a tool a read. They can show that it does more than its name says: it has
a switch with `delete` among its positions, or wants to know where to save what it found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.profile import Effect
from lockgate.classify.signature.phrases import speaks_of_statements
from lockgate.classify.signature.told import Told
from lockgate.classify.signature.verbs import Verb, verb_of
from lockgate.classify.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

_SWITCHES: Final = frozenset("action operation op method mode verb subcommand".split())
_SECOND_THOUGHTS: Final = frozenset(
    "confirm confirmed confirmation overwrite dryrun force commit apply".split()
)
_PLACE: Final = frozenset("path file filename dir directory folder location".split())
_OUTWARD: Final = frozenset({"output", "out", "save", "dest", "download", "export"})
_SAVES: Final = re.compile(
    r"\b(?:save|saves|saved|saving|write|written|writes|store|stored)\b", re.IGNORECASE
)
_HTTP: Final = frozenset("get head options trace post put patch delete".split())
_READING_HTTP: Final = frozenset({"get", "head", "options", "trace"})
DEEPEST: Final = 3
"""Levels of alternatives in a schema in which the positions of a switch are looked for."""
OPERATIONS: Final = 2
"""From how many verbs on a parameter `mode` is a switch between operations."""


def told_by_parameters(properties: Mapping[str, Any]) -> Told:
    """Say what a tool's parameters tell.

    Args:
        properties: The JSON Schema of each parameter, by name.
    """
    schemas = {
        name: schema if isinstance(schema, Mapping) else {} for name, schema in properties.items()
    }
    switched = [(name, verb) for name, schema in schemas.items() for verb in _verbs(name, schema)]
    doubts = (said for name, schema in schemas.items() for said in _doubts(name, schema))
    told = Told(
        verbs=tuple(verb for _, verb in switched),
        doubts=tuple(dict.fromkeys(doubts)),
        statements=any(_is_statement(name, schema) for name, schema in schemas.items()),
    )
    where = next((name for name, verb in switched if verb is told.verb), "")
    said = f"`{where}` can be `{told.verb.word}`" if told.verb else ""
    return Told(verbs=told.verbs, because=said, doubts=told.doubts, statements=told.statements)


def _is_statement(name: str, schema: Mapping[str, Any]) -> bool:
    """Say whether a parameter is a statement to be run."""
    if schema.get("type", "string") != "string":
        return False
    said = str(schema.get("description", ""))
    return "sql" in words(name) or speaks_of_statements(said)


def _verbs(name: str, schema: Mapping[str, Any]) -> Iterator[Verb]:
    """Yield what the positions of a switch do."""
    last = "".join(words(name)[-1:])
    if last not in _SWITCHES:
        return
    positions = [word for value in _values(schema, DEEPEST) for word in words(value)[:1]]
    if positions and _HTTP.issuperset(positions):
        effect = Effect.READ if _READING_HTTP.issuperset(positions) else Effect.SEND
        yield Verb("request", effect, firm=True)
        return
    found = [verb for verb in map(verb_of, positions) if verb is not None]
    if last != "mode" or len(found) >= OPERATIONS:
        yield from found


def _values(schema: object, depth: int) -> Iterator[str]:
    """Yield the text values that a schema allows."""
    if not isinstance(schema, Mapping) or depth == 0:
        return
    values = schema.get("enum")
    listed = [*values] if isinstance(values, list) else []
    yield from (value for value in (*listed, schema.get("const")) if isinstance(value, str))
    for key in ("anyOf", "oneOf", "allOf"):
        inner = schema.get(key)
        for part in inner if isinstance(inner, list) else ():
            yield from _values(part, depth - 1)
    yield from _values(schema.get("items"), depth - 1)


def _doubts(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    found = words(name)
    if not found:
        return
    if "".join(found) in _SECOND_THOUGHTS:
        yield f"it wants `{name}`"
    saves = _SAVES.search(str(schema.get("description", ""))) is not None
    if _PLACE.intersection(found) and (saves or _OUTWARD.intersection(found)):
        yield f"it may write to `{name}`"
    verb = verb_of(found[0])
    if schema.get("type") == "boolean" and verb is not None and verb.firm and verb.changes:
        yield f"it may `{verb.word}`: it has a switch `{name}`"
