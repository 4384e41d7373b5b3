"""A live MCP server: what it says of its own tools.

The server of a command is started, asked, and ended. Needs the extra `mcp`.
"""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING, Any, Final

from lockgate.adapters.inventory.listed import tools_in
from lockgate.errors import InventoryError, describe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp import Client

    from lockgate.classify import Signature

PATIENCE: Final = 60.0
"""Seconds in which a server has to have answered."""
MOST_PAGES: Final = 100


def tools_of(where: str, source: str) -> list[Signature]:
    """Ask a server for its tools.

    Args:
        where: An address that starts with `http://` or `https://`, or a command to start it.
        source: What to call it; by default `mcp:` and its own name.

    Raises:
        InventoryError: If it can't be reached, or does not answer as a server should.
    """
    try:
        name, told = asyncio.run(_asked(where))
    except ImportError as error:
        raise InventoryError(
            f"{error}: an MCP server needs `pip install 'lockgate[mcp]'`"
        ) from None
    except InventoryError:
        raise
    except Exception as error:
        raise InventoryError(
            f"the MCP server `{where}` can't be asked: {describe(error)}"
        ) from error
    return list(tools_in(told, source or f"mcp:{name}"))


async def _asked(where: str) -> tuple[str, list[Any]]:
    from mcp import Client, StdioServerParameters

    server: Any = where
    if not where.startswith(("http://", "https://")):
        command, *arguments = shlex.split(where)
        server = StdioServerParameters(command=command, args=arguments)
    async with asyncio.timeout(PATIENCE), Client(server) as client:
        found = [tool async for tool in _pages(client)]
        name = client.server_info.name if client.server_info else "server"
    return name, [tool.model_dump(mode="json", by_alias=True) for tool in found]


async def _pages(client: Client) -> AsyncIterator[Any]:
    """Yield the tools of every page; a server that never ends is cut off."""
    cursor = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            yield tool
        cursor = page.next_cursor
        if not cursor:
            return
    raise InventoryError(f"the MCP server has more than {MOST_PAGES} pages of tools")
