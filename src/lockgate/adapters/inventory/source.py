"""Where tools are read from: a file, `module:attribute`, or `mcp:` and a server."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from lockgate.adapters.inventory.listed import tools_in
from lockgate.adapters.inventory.openapi import operations
from lockgate.adapters.inventory.python import described, tools_at
from lockgate.adapters.inventory.served import tools_of
from lockgate.errors import InventoryError, RulebookError
from lockgate.inventory import MAX_BYTES, Inventory

if TYPE_CHECKING:
    from lockgate.classify import Signature

_MODULE: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_YAML: Final = frozenset({".yaml", ".yml"})


def read_tools(where: Any, *, source: str = "", trusted: bool = False) -> Inventory:
    """Read tools from wherever they are.

    Args:
        where: A file (an inventory, an OpenAPI document, or a list in JSON), `module:attribute`,
            `mcp:ADDRESS` or `mcp:COMMAND`, or the tools themselves.
        source: What to call the place they come from; by default what it calls itself.
        trusted: Whether hints that make a tool look safer are believed.

    Raises:
        InventoryError: If they can't be read, saying where and why.
    """
    found = _tools(where, source)
    if source or trusted:
        named = (replace(tool, source=source or tool.source) for tool in found)
        found = [replace(tool, trusted=tool.trusted or trusted) for tool in named]
    if not found:
        raise InventoryError(f"there are no tools in `{where}`")
    return Inventory.of(found)


def _tools(where: Any, source: str) -> list[Signature]:
    if not isinstance(where, str | Path):
        return list(described(where, "tools"))
    text = str(where)
    if text.startswith("mcp:"):
        return tools_of(text.removeprefix("mcp:"), source)
    if _MODULE.fullmatch(text) and not Path(text).exists():
        return list(tools_at(text))
    return _in_file(Path(where), source)


def _in_file(path: Path, source: str) -> list[Signature]:
    document = _document(path)
    if isinstance(document, dict) and "lockgate_inventory" in document:
        return list(Inventory.load(path).tools)
    if isinstance(document, dict) and ("openapi" in document or "swagger" in document):
        return list(operations(document, source or _titled(document)))
    return list(tools_in(document, source or path.stem))


def _document(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InventoryError(f"`{path}` is longer than {MAX_BYTES} bytes")
        text = path.read_bytes()
        return _yaml(text, path) if path.suffix.lower() in _YAML else orjson.loads(text)
    except OSError as error:
        raise InventoryError(f"`{path}` can't be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise InventoryError(
            f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}"
        ) from None


def _yaml(text: bytes, path: Path) -> Any:
    from lockgate.rulebook.source import parse

    try:
        return parse(text.decode("utf-8"), str(path)).value
    except (RulebookError, UnicodeError) as error:
        raise InventoryError(str(error)) from None


def _titled(document: dict[str, Any]) -> str:
    """Return a name for an API, from its title."""
    info = document.get("info")
    title = info.get("title") if isinstance(info, dict) else ""
    words = re.sub(r"[^a-z0-9]+", "-", str(title or "").lower()).strip("-")
    return f"openapi:{words}" if words else "openapi"
