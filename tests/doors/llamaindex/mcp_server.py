"""A real MCP server over standard input and output, whose tools write each effect to a file.

Usage: mcp_server.py FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

from mcp.server import MCPServer

EFFECTS = Path(sys.argv[1])
server = MCPServer("shop")


def effect(name: str, x: int) -> str:
    with EFFECTS.open("a") as file:
        file.write(f"{name} {x}\n")
    return f"did {x}"


@server.tool()
def free(x: int) -> str:
    """Do it."""
    return effect("free", x)


@server.tool()
def never(x: int) -> str:
    """Do it."""
    return effect("never", x)


@server.tool()
def held(x: int) -> str:
    """Do it."""
    return effect("held", x)


@server.tool(name="free_but_failing")
def failing(x: int) -> str:
    """Fail."""
    raise ValueError(f"no {x}")


server.run()
