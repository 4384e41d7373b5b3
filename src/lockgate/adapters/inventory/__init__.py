"""Lists of tools, in whatever form they come → `Inventory`.

One door for each form: lists of LangChain and LlamaIndex tools, OpenAPI documents, what an MCP server
says of itself, and plain JSON. A door only reads: nothing is registered, and nothing runs but the
module that makes a Python list, and the MCP server that was asked for.
"""

from lockgate.adapters.inventory.source import read_tools
from lockgate.adapters.inventory.starter import starter_rulebook

__all__ = ["read_tools", "starter_rulebook"]
