"""Tools with injected arguments that only the function declares, not the schema.

Annotations are not postponed here: LangChain Core before 1.6 does not see what is injected then.
"""

from typing import Annotated, Any

from langchain.tools import ToolRuntime
from langchain_core.tools import InjectedToolArg, tool
from pydantic import BaseModel


class Asked(BaseModel):
    x: int


@tool(args_schema=Asked)
def identified(x: int, runtime: ToolRuntime) -> str:
    """Tell."""
    return str(runtime.tool_call_id)


async def leaving_out(
    runtime: Annotated[object | None, InjectedToolArg()] = None, **arguments: Any
) -> str:
    """Tell what arrives, as tools of MCP adapters are made."""
    return f"{type(runtime).__name__} {arguments}"
