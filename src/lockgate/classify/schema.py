"""JSON Schemas with their references written out, in one form that can be compared.

A schema may come from a server that nobody trusts. So only references inside the document are
followed, never a file or an address; what refers to itself ends; and what unfolds beyond a bound is
refused. Libraries for references follow any address, or unfold without a bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_PARTS: Final = 20_000
"""How many values a schema may unfold to."""
MOST_DEPTH: Final = 64
_ENCODED: Final = re.compile(r"%([0-9a-fA-F]{2})")
_LETTERS: Final = re.compile(r"[^0-9a-z]+")
_SHARED: Final = ("$defs", "definitions", "$schema", "$id")


class SchemaError(ValueError):
    """A schema can't be written out; the message says which reference and why."""


def inlined(part: Any, document: Any = None) -> Any:
    """Return a schema with every reference replaced by what it refers to.

    Args:
        part: The schema, or any part of a document with schemas in it.
        document: What references start from; the schema itself by default.

    Raises:
        SchemaError: If a reference leads nowhere or outside, or the whole grows too large.
    """
    return _Unfolding(part if document is None else document).of(part, (), 0)


@dataclass(slots=True)
class _Unfolding:
    """One document that is being written out, and how large it has grown."""

    document: Any
    parts: int = 0

    def of(self, part: Any, within: tuple[str, ...], depth: int) -> Any:
        """Return a part with its references written out; `within` are those being followed."""
        self.parts += 1
        if self.parts > MOST_PARTS or depth > MOST_DEPTH:
            raise SchemaError("the schema is too large once its references are written out")
        if isinstance(part, list):
            return [self.of(item, within, depth + 1) for item in part]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference, part, within, depth)
        return {key: self.of(item, within, depth + 1) for key, item in part.items()}

    def _referred(
        self, reference: str, part: dict[str, Any], within: tuple[str, ...], depth: int
    ) -> Any:
        if reference in within:
            return {}  # it is a part of itself: anything may stand here
        found = pointed(self.document, reference)
        beside = {key: item for key, item in part.items() if key != "$ref"}
        whole = {**found, **beside} if isinstance(found, dict) else found
        return self.of(whole, (*within, reference), depth + 1)


def pointed(document: Any, reference: str) -> Any:
    """Return what a reference inside a document leads to (RFC 6901).

    Raises:
        SchemaError: If it leads nowhere, or outside.
    """
    if not reference.startswith("#"):
        raise SchemaError(f"`{reference}` leads outside of the document: put it into one file")
    found = document
    for step in reference[1:].split("/")[1:]:
        key = _ENCODED.sub(lambda code: chr(int(code[1], 16)), step)
        key = key.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise SchemaError(f"`{reference}` leads nowhere")
    return found


def plain(schema: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    """Return the parameters of a tool in the one form that is reviewed.

    What tools of different frameworks say about the same parameters differs in titles that nobody
    wrote and in definitions that are written out; what a model reads stays.

    Raises:
        SchemaError: If a reference can't be written out.
    """
    whole = inlined(dict(schema))
    kept = {key: item for key, item in whole.items() if key not in _SHARED and key != "title"}
    if squeezed(kept.get("description")) in {"", description}:
        kept.pop("description", None)
    properties = kept.get("properties")
    named = properties if isinstance(properties, dict) else {}
    kept |= {
        "type": "object",
        "properties": {key: _untitled(item, key) for key, item in named.items()},
    }
    required = kept.pop("required", None)
    if isinstance(required, list) and required:
        kept["required"] = sorted(map(str, required))
    return kept


def squeezed(text: Any) -> str:
    """Return a text with each run of white space as one space."""
    return " ".join(text.split()) if isinstance(text, str) else ""


def _untitled(schema: Any, name: str) -> Any:
    """Drop the titles that are made of names, and descriptions that say nothing, here and below."""
    if not isinstance(schema, dict):
        return schema
    title = schema.get("title")
    kept = dict(schema)
    if kept.get("description") == "":
        del kept["description"]
    if isinstance(title, str) and _letters(title) == _letters(name):
        del kept["title"]
    properties = kept.get("properties")
    if isinstance(properties, dict):
        kept["properties"] = {key: _untitled(item, key) for key, item in properties.items()}
        if isinstance(title, str):
            kept.pop("title", None)  # the name of a class; the property has its own
    for key in ("items", "anyOf", "oneOf", "allOf"):
        inner = kept.get(key)
        if isinstance(inner, list):
            kept[key] = [_untitled(item, name) for item in inner]
        elif isinstance(inner, dict):
            kept[key] = _untitled(inner, name)
    return kept


def _letters(text: str) -> str:
    return _LETTERS.sub("", text.lower())
