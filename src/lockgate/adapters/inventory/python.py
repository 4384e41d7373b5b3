"""Tools that are Python objects: lists of LangChain and LlamaIndex tools, ToolSpecs, plain functions.

The module that makes them is imported, so it runs. A tool is described as its own door describes it:
what is reviewed here is what the gate compares there.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lockgate.errors import InventoryError, describe
from lockgate.function import signature_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockgate.classify import Signature


def tools_at(place: str) -> Iterator[Signature]:
    """Yield the tools at `module:attribute`: a list, a ToolSpec or toolkit, or one tool.

    Raises:
        InventoryError: If there is none, or something in the list is no tool.
    """
    module, _, attribute = place.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does: modules beside the caller are found
    try:
        found: Any = import_module(module)
        for name in attribute.split("."):
            found = getattr(found, name)
    except Exception as error:
        raise InventoryError(f"`{place}` can't be imported: {describe(error)}") from error
    yield from described(found, place)


def described(found: Any, place: str) -> Iterator[Signature]:
    """Yield what there is to tell about the tools in a value.

    Raises:
        InventoryError: If something in it is no tool.
    """
    if isinstance(found, list | tuple):
        for at, item in enumerate(found):
            yield from described(item, f"{place}[{at}]")
    elif hasattr(found, "to_tool_list"):
        yield from described(found.to_tool_list(), place)
    elif hasattr(found, "get_tools"):
        yield from described(found.get_tools(), place)
    else:
        yield _one(found, place)


def _one(tool: Any, place: str) -> Signature:
    """Describe one tool; a class that is no framework's is asked for neither."""
    families = {base.__module__.partition(".")[0] for base in type(tool).__mro__}
    if "langchain_core" in families and hasattr(tool, "tool_call_schema"):
        from lockgate.adapters.langchain import wrapper as langchain

        return langchain.signature_of(tool, None, idempotent=False)
    if "llama_index" in families and hasattr(tool, "metadata"):
        from lockgate.adapters.llamaindex import wrapper as llamaindex

        return llamaindex.signature_of(tool)
    if callable(tool) and hasattr(tool, "__name__"):
        return signature_of(tool)
    raise InventoryError(f"`{place}` is no tool, no list of tools, and no function")
