"""A small shop with a real database, its tools, and an agent that goes too far.

The story: a customer asks where an order is, gets a small refund, then a large one; somebody
asks to clean up old customers, and to mail everybody. `play` runs it with a gate; `play_open`
runs the same script without one, to show what would have happened.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.tools import BaseTool, tool
from langgraph.checkpoint.sqlite import SqliteSaver

from lockgate.adapters.langchain import containment, resumption
from lockgate.demo.model import ScriptedModel, calling, last_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lockgate.approve import ApprovalRequest
    from lockgate.gate import Gate

RULEBOOK: Final = Path(__file__).with_name("shop.yaml")
THREAD: Final = "shop-demo"
CUSTOMERS: Final = 240
_SCHEMA: Final = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, last_order TEXT, archived INTEGER);
CREATE TABLE orders (id TEXT PRIMARY KEY, customer INTEGER, total REAL, status TEXT);
CREATE TABLE refunds (order_id TEXT, amount REAL);
CREATE TABLE outbox (recipient TEXT, subject TEXT);
CREATE TABLE executions (tool TEXT);
"""

USER_TURNS: Final = (
    "Where is my order 1001?",
    "The mug in it is broken. Please refund 12.50.",
    "Order 1002 never came at all. I want my 780.00 back.",
    "Here is the office: please clean up old customer records from before 2020.",
    "And tell all our customers about the spring sale.",
)


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop's database."""

    path: Path

    @classmethod
    def build(cls, path: Path) -> Shop:
        """Make a new shop with customers and orders."""
        shop = cls(path)
        with shop.connected() as database:
            database.executescript(_SCHEMA)
            database.executemany(
                "INSERT INTO customers VALUES (?, ?, ?, 0)",
                [
                    (n, f"customer{n}@example.org", f"{2016 + n % 9}-05-01")
                    for n in range(CUSTOMERS)
                ],
            )
            database.executemany(
                "INSERT INTO orders VALUES (?, ?, ?, ?)",
                [("1001", 7, 64.9, "delivered"), ("1002", 7, 780.0, "lost")],
            )
        return shop

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """Open the database for one transaction."""
        connection = sqlite3.connect(self.path, timeout=30)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def figures(self) -> dict[str, float]:
        """Return what has become of the shop."""
        with self.connected() as database:

            def one(query: str) -> float:
                return float(database.execute(query).fetchone()[0] or 0)

            return {
                "customers": one("SELECT count(*) FROM customers"),
                "archived": one("SELECT count(*) FROM customers WHERE archived"),
                "refunded": one("SELECT sum(amount) FROM refunds"),
                "mails": one("SELECT count(*) FROM outbox"),
                "executions": one("SELECT count(*) FROM executions"),
            }


def tools(shop: Shop) -> list[BaseTool]:
    """Return the shop's tools; each counts its own executions in the database."""

    def execute(name: str, query: str, rows: Sequence[Sequence[Any]]) -> int:
        with shop.connected() as database:
            database.execute("INSERT INTO executions VALUES (?)", [name])
            return database.executemany(query, rows).rowcount

    @tool
    def get_order(order_id: str) -> dict[str, Any]:
        """Look an order up."""
        with shop.connected() as database:
            database.execute("INSERT INTO executions VALUES ('get_order')")
            row = database.execute("SELECT total, status FROM orders WHERE id = ?", [order_id])
            total, status = row.fetchone()
        return {"order_id": order_id, "total": total, "status": status}

    @tool
    def refund_order(order_id: str, amount: float) -> str:
        """Pay money back to the customer of an order."""
        execute("refund_order", "INSERT INTO refunds VALUES (?, ?)", [(order_id, amount)])
        return f"refunded {amount:.2f} for order {order_id}"

    @tool
    def delete_customers(before: str) -> str:
        """Delete all customers whose last order is older than a date."""
        count = execute(
            "delete_customers", "DELETE FROM customers WHERE last_order < ?", [(before,)]
        )
        return f"deleted {count} customers"

    @tool
    def archive_customers(before: str) -> str:
        """Archive all customers whose last order is older than a date; can be undone."""
        query = "UPDATE customers SET archived = 1 WHERE last_order < ?"
        return f"archived {execute('archive_customers', query, [(before,)])} customers"

    @tool
    def send_email(to: list[str], subject: str) -> str:
        """Send a mail to people."""
        query = "INSERT INTO outbox VALUES (?, ?)"
        count = execute("send_email", query, [(address, subject) for address in to])
        return f"sent {count} mails"

    return [get_order, refund_order, delete_customers, archive_customers, send_email]


def script() -> list[Any]:
    """Return what the agent says and calls, turn by turn."""
    everybody = [f"customer{n}@example.org" for n in range(CUSTOMERS)]
    return [
        calling("get_order", order_id="1001"),
        AIMessage("Your order 1001 was delivered."),
        calling("refund_order", order_id="1001", amount=12.5),
        AIMessage("I refunded 12.50."),
        calling("refund_order", order_id="1002", amount=780.0),
        AIMessage("Your refund of 780.00 is on its way."),
        calling("delete_customers", before="2020-01-01"),
        _archive_if_told,
        AIMessage("The old customers are out of the way."),
        calling("send_email", to=everybody, subject="Spring sale"),
        AIMessage("That is all."),
    ]


def _archive_if_told(messages: Sequence[BaseMessage]) -> AIMessage:
    """Do what the refusal says is acceptable, as a model would."""
    if "archive_customers" in last_refusal(messages):
        return calling("archive_customers", before="2020-01-01")
    return calling("get_order", order_id="1001")


def play(  # noqa: PLR0913 - a story needs its listeners
    gate: Gate,
    shop: Shop,
    checkpoints: Path,
    *,
    answer: Callable[[ApprovalRequest], None],
    show: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    """Run the story under a gate.

    Args:
        gate: The gate.
        shop: The shop.
        checkpoints: File in which the graph keeps where it is.
        answer: Answers a held call, in this or in another process.
        show: Called after each step of the agent.
        say: Called with each thing the user says.
    """
    config: Any = {"configurable": {"thread_id": THREAD}}
    with SqliteSaver.from_conn_string(str(checkpoints)) as saver:
        agent = create_agent(
            ScriptedModel(script=script()),
            tools(shop),
            middleware=[containment(gate)],
            checkpointer=saver,
        )
        for turn in USER_TURNS:
            say(turn)
            step: Any = {"messages": [HumanMessage(turn)]}
            while step is not None:
                for _ in agent.stream(step, config, stream_mode="updates"):
                    show()
                step = _resumed(gate, agent.get_state(config), answer)


def _resumed(gate: Gate, state: Any, answer: Callable[[ApprovalRequest], None]) -> Any:
    """Have what is held answered, and return what resumes the graph; nothing if it is done."""
    if not state.interrupts:
        return None
    for paused in state.interrupts:
        request, ended = gate.desk.find(paused.value["request_id"])
        if ended is None:
            answer(request)
    return resumption(state)


def play_open(shop: Shop) -> None:
    """Run the same story with no gate at all."""
    agent = create_agent(ScriptedModel(script=script()), tools(shop))
    messages: list[Any] = []
    for turn in USER_TURNS:
        messages = agent.invoke({"messages": [*messages, HumanMessage(turn)]})["messages"]
