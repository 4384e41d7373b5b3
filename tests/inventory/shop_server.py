"""The shop of `shop.openapi.yaml` as a real MCP server over standard input and output."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server import MCPServer
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

server = MCPServer("shop")
OrderId = Annotated[str, Field(description="The number of the order.")]


class Money(BaseModel):
    amount: Annotated[float, Field(description="In major units.")]
    currency: Literal["EUR", "USD"]


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def list_orders(limit: int = 20) -> str:
    """List the latest orders."""
    return f"{limit} orders"


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def get_order(order_id: OrderId) -> str:
    """Look an order up."""
    return order_id


@server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False))
def refund_order(order_id: OrderId, money: Money) -> str:
    """Pay money back to the customer of an order."""
    return f"{order_id} {money.amount}"


@server.tool(
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True)
)
def delete_customer(customer_id: str) -> str:
    """Delete a customer and all of their orders."""
    return customer_id


if __name__ == "__main__":
    server.run()
