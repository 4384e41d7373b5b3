"""Lists of tools in JSON: what MCP's `tools/list` answers, what models are sent, and plain lists.

They differ in where a tool's parts stand. Every tool has a name; what else it lacks is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lockgate.classify import BY_ID, Signature
from lockgate.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEMAS: Final = ("inputSchema", "input_schema", "parameters", "args_schema", "schema")
_HINTS: Final = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


def tools_in(document: Any, source: str) -> Iterator[Signature]:
    """Yield the tools of a list, or of an answer that holds one.

    Raises:
        InventoryError: With the JSON path of what is wrong.
    """
    path, found = "$", document
    for key in ("result", "tools"):
        if isinstance(found, dict) and key in found:
            path, found = f"{path}.{key}", found[key]
    if not isinstance(found, list):
        raise InventoryError(f"`{path}` is no list of tools, and no document that holds one")
    for at, told in enumerate(found):
        yield _tool(told, f"{path}[{at}]", source)


def _tool(told: Any, path: str, source: str) -> Signature:
    if isinstance(told, dict) and isinstance(told.get("function"), dict):
        told, path = told["function"], f"{path}.function"
    if not isinstance(told, dict) or not isinstance(told.get("name"), str) or not told["name"]:
        raise InventoryError(f"`{path}` has no name: each tool needs `name`")
    description = told.get("description")
    return Signature(
        name=told["name"],
        description=description if isinstance(description, str) else "",
        parameters=_schema(told, path),
        source=source,
        action=_action(told, path),
        annotations=hints(told.get("annotations")),
    )


def _schema(told: dict[str, Any], path: str) -> dict[str, Any]:
    for key in _SCHEMAS:
        found = told.get(key)
        if isinstance(found, dict):
            return found
        if found is not None:
            raise InventoryError(f"`{path}.{key}` is no JSON Schema of an object")
    return {}


def _action(told: dict[str, Any], path: str) -> str | None:
    action = told.get("action")
    if action is None or (isinstance(action, str) and action in BY_ID):
        return action
    raise InventoryError(
        f"`{path}.action`: there is no action `{action}`: `docs/actions.md` lists them"
    )


def hints(told: Any) -> dict[str, bool]:
    """Return the hints of MCP that are given."""
    found = told if isinstance(told, dict) else {}
    return {name: found[name] for name in _HINTS if isinstance(found.get(name), bool)}
