"""What a value may be, as far as a tool's JSON Schema says.

A schema that says nothing, or says it in a way that is not read here, allows everything:
a shape may know too little, never too much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final

from lockgate.rulebook.compile.values import ANY, NAMES

MOST: Final = 2_000
"""How many parts of a schema are read; behind them anything may be."""
DEEPEST: Final = 24
"""How many parts within one another."""
_KINDS: Final[dict[Any, frozenset[type]]] = {
    "null": frozenset({type(None)}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "string": frozenset({str}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
}
_WHOLE: Final = _KINDS["number"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be.

    Attributes:
        kinds: Its possible kinds.
        fields: The fields it can have if it is a map, and their shapes; `None` if it may have any.
        inner: What its elements are if it is a list, or its value if it is an optional.
        choices: The only texts it can be, if it is a text; `None` if it may be any.
        name: How the condition calls it, if it is read from the call.
    """

    kinds: frozenset[type] = ANY
    fields: Mapping[str, Shape] | None = None
    inner: Shape | None = None
    choices: frozenset[str] | None = None
    name: str = ""

    @property
    def told(self) -> str:
        """What people call it."""
        if self.kinds == ANY:
            return "anything"
        kinds = self.kinds - _WHOLE if self.kinds >= _WHOLE else self.kinds
        words = ["a number"] if kinds != self.kinds else []
        return " or ".join([*words, *sorted(NAMES[kind] for kind in kinds)])


ANYTHING: Final = Shape()


def of(*kinds: type) -> Shape:
    """Return the shape of values of these kinds, of which nothing more is known."""
    return Shape(frozenset(kinds))


def either(*shapes: Shape) -> Shape:
    """Return the shape of what has one of several."""
    return reduce(_joined, shapes)


def _joined(a: Shape, b: Shape) -> Shape:
    """Join two shapes; of what only one of them can be, that one speaks alone."""
    return Shape(
        kinds=a.kinds | b.kinds,
        fields=_both(a, b, dict, "fields", lambda x, y: {**y, **x} if x == y else None),
        inner=_both(a, b, list, "inner", either),
        choices=_both(a, b, str, "choices", lambda x, y: x | y),
    )


def _both(a: Shape, b: Shape, kind: type, part: str, join: Any) -> Any:
    mine, other = getattr(a, part), getattr(b, part)
    if kind not in b.kinds:
        return mine
    if kind not in a.kinds:
        return other
    return None if mine is None or other is None else join(mine, other)


def named(shape: Shape, name: str) -> Shape:
    """Return a shape with the name that the condition has for the value."""
    return replace(shape, name=name)


def of_schema(schema: Any) -> Shape:
    """Return the shape of the values that a JSON Schema allows."""
    return _Reader(schema).read(schema)


@dataclass(slots=True)
class _Reader:
    """Reads a schema; one that refers to itself would go on for ever, so it reads only so much."""

    root: Any
    left: int = MOST
    depth: int = 0

    def read(self, schema: Any) -> Shape:
        """Return the shape of the values that a part of the schema allows."""
        self.left -= 1
        if not isinstance(schema, Mapping) or self.left < 0 or self.depth > DEEPEST:
            return ANYTHING
        self.depth += 1
        shape = self._shape(schema)
        self.depth -= 1
        return shape

    def _shape(self, schema: Mapping[str, Any]) -> Shape:
        if "$ref" in schema:
            return self.read(self._referred(schema["$ref"]))
        for word in ("anyOf", "oneOf"):
            if schema.get(word):
                return either(*map(self.read, schema[word]))
        if "allOf" in schema:
            parts = schema["allOf"]
            return self.read(parts[0]) if len(parts) == 1 else ANYTHING
        shape = _of_values(schema) or self._of_type(schema)
        return replace(shape, kinds=shape.kinds | {type(None)}) if schema.get("nullable") else shape

    def _referred(self, reference: Any) -> Any:
        """Return the part of the document that a local reference names (RFC 6901)."""
        found = self.root
        for step in str(reference).removeprefix("#").strip("/").split("/"):
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    def _of_type(self, schema: Mapping[str, Any]) -> Shape:
        said = schema.get("type", "object" if schema.get("properties") else None)
        words = said if isinstance(said, list) else [said]
        if not words or any(not isinstance(word, str) or word not in _KINDS for word in words):
            return ANYTHING
        kinds = frozenset(kind for word in words for kind in _KINDS[word])
        return Shape(
            kinds=kinds,
            fields=self._fields(schema) if dict in kinds else None,
            inner=self.read(schema.get("items")) if list in kinds else None,
        )

    def _fields(self, schema: Mapping[str, Any]) -> Mapping[str, Shape] | None:
        """Return the fields of a map that has declared ones and is not said to be open."""
        properties, more = schema.get("properties"), schema.get("additionalProperties", False)
        if not isinstance(properties, Mapping) or more is not False:
            return None
        if "patternProperties" in schema or self.left < len(properties):
            return None
        if not properties and "additionalProperties" not in schema:
            return None
        return {str(name): self.read(inner) for name, inner in properties.items()}


def _of_values(schema: Mapping[str, Any]) -> Shape | None:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list) or not values:
        return None
    texts = frozenset(value for value in values if isinstance(value, str))
    kinds = frozenset(type(value) for value in values)
    return Shape(kinds if kinds.isdisjoint(_WHOLE) else kinds | _WHOLE, choices=texts or None)
