"""OpenAPI 3 documents: each operation is a tool.

Its parameters and the properties of its JSON body become the parameters of one tool, as the usual
bridges from OpenAPI to tools do it. The verb gives the hints that the standards of HTTP promise (RFC
9110, section 9.2): `GET` reads, `PUT` and `DELETE` may be repeated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify import Signature
from lockgate.classify.schema import SchemaError, inlined
from lockgate.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERBS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_READS: Final = frozenset({"get", "head", "options", "trace", "query"})
_REPEATS: Final = frozenset({"put", "delete"})
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9]+")


def operations(document: dict[str, Any], source: str) -> Iterator[Signature]:
    """Yield each operation of a document as a tool.

    Raises:
        InventoryError: With the JSON path of what is wrong.
    """
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith("3."):
        raise InventoryError(
            f"`$.openapi` is `{version}`: only OpenAPI 3 is read, convert it first"
        )
    paths = document.get("paths")
    for path, item in (paths if isinstance(paths, dict) else {}).items():
        place = f"$.paths['{path}']"
        whole = _written_out(item, document, place)
        for verb in _VERBS:
            if isinstance(whole, dict) and isinstance(whole.get(verb), dict):
                yield _tool(whole, verb, path, source)


def _written_out(item: Any, document: dict[str, Any], place: str) -> Any:
    """Write out all that a tool is made of; what an operation answers is left alone."""
    if not isinstance(item, dict):
        return item
    kept = {
        key: {part: value for part, value in found.items() if part in _PARTS}
        if key in _VERBS and isinstance(found, dict)
        else found
        for key, found in item.items()
        if key in {*_VERBS, "parameters", "$ref"}
    }
    try:
        return inlined(kept, document)
    except SchemaError as error:
        raise InventoryError(f"`{place}`: {error}") from None


_PARTS: Final = ("operationId", "summary", "description", "parameters", "requestBody")


def _tool(item: dict[str, Any], verb: str, path: str, source: str) -> Signature:
    operation = item[verb]
    told = operation.get("description") or operation.get("summary")
    named = operation.get("operationId")
    return Signature(
        name=named if isinstance(named, str) and named else _name(verb, path),
        description=told if isinstance(told, str) else "",
        parameters=_parameters(item, operation),
        source=source,
        annotations=_hints(verb),
        method=verb.upper(),
        path=path,
    )


def _name(verb: str, path: str) -> str:
    return _NO_NAME.sub("_", f"{verb}_{path}").strip("_")


def _hints(verb: str) -> dict[str, bool]:
    if verb in _READS:
        return {"readOnlyHint": True}
    found = {"readOnlyHint": False, "destructiveHint": verb == "delete"}
    return found | ({"idempotentHint": True} if verb in _REPEATS else {})


def _parameters(item: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """Return one JSON Schema for everything that a caller sends."""
    properties: dict[str, Any] = {}
    required: set[str] = set()
    for parameter in [*_listed(item), *_listed(operation)]:
        name = parameter["name"]
        properties[name] = _described(parameter)
        if parameter.get("required") is True:
            required.add(name)
    body = operation.get("requestBody")
    _add_body(body if isinstance(body, dict) else {}, properties, required)
    whole = {"type": "object", "properties": properties}
    return whole | ({"required": sorted(required)} if required else {})


def _listed(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the parameters of a path or an operation; those in headers and cookies are the host's."""
    found = told.get("parameters")
    for parameter in found if isinstance(found, list) else ():
        placed = isinstance(parameter, dict) and parameter.get("in") in {"path", "query"}
        if placed and isinstance(parameter.get("name"), str):
            yield parameter


def _described(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = parameter.get("schema")
    found = dict(schema) if isinstance(schema, dict) else _of_content(parameter)
    if isinstance(parameter.get("description"), str):
        found.setdefault("description", parameter["description"])
    return found


def _of_content(told: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the JSON content; of any other where there is no JSON."""
    content = told.get("content")
    kinds = content if isinstance(content, dict) else {}
    ordered = sorted(kinds, key=lambda kind: "json" not in kind)
    media = kinds[ordered[0]] if ordered else {}
    schema = media.get("schema") if isinstance(media, dict) else None
    return dict(schema) if isinstance(schema, dict) else {}


def _add_body(body: dict[str, Any], properties: dict[str, Any], required: set[str]) -> None:
    """Add the properties of a body, or the body as one where it has none or one is taken."""
    schema = _of_content(body)
    inner = schema.get("properties")
    if not isinstance(inner, dict) or inner.keys() & properties.keys():
        if body:
            properties["body"] = schema
            required |= {"body"} if body.get("required") is True else set()
        return
    properties |= inner
    wanted = schema.get("required")
    if isinstance(wanted, list) and body.get("required") is True:
        required |= {name for name in wanted if isinstance(name, str)}
