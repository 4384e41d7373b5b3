"""One rulebook and the same calls through every door: the records say the same, line by line."""

import pytest

pytest.importorskip("llama_index.core", reason="needs the `llamaindex` extra")
pytest.importorskip("langchain.agents", reason="needs the `langchain` extra")

from contextlib import suppress
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from tests.doors.conftest import World
from tests.doors.llamaindex.kinds import step_by_step
from tests.doors.llamaindex.world import agent_of, played
from tests.doors.llamaindex.world import calling as called

from lockgate import Refused
from lockgate.adapters import langchain, llamaindex
from lockgate.demo.model import ScriptedModel, calling
from lockgate.record import EventKind

pytestmark = pytest.mark.filterwarnings(
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)
RULES = """
rules:
  - {id: small, on: {tool: refund_order}, when: args.amount <= 100, then: allow, reason: small}
  - {id: large, on: {tool: refund_order}, when: args.amount > 100, then: require_approval, reason: large}
  - {id: huge, on: {tool: refund_order}, when: args.amount > 5000, then: block, reason: huge}
  - {id: reads, on: {tool: get_order}, then: allow, reason: a read}
"""
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("get_order", {"order_id": "1001"}),
    ("refund_order", {"order_id": "1001", "amount": 50}),
    ("refund_order", {"order_id": "1001", "amount": 50.5}),
    ("refund_order", {"order_id": "1001", "amount": 700, "note": "broken"}),
    ("refund_order", {"order_id": "1001", "amount": 9000}),
    ("delete_customer", {"customer_id": "7"}),
    ("run_sql", {"query": "DROP TABLE customers"}),
    ("run_sql", {"query": "SELECT 1"}),
    ("send_email", {"to": "a@example.com", "body": "hello"}),
    ("frobnicate", {"x": [1, {"y": None}]}),
]


def functions(world: World) -> list[Any]:
    def get_order(order_id: str) -> str:
        """Look an order up."""
        world.effects.append(("get_order", order_id))
        return "an order"

    def refund_order(order_id: str, amount: float, note: str = "") -> str:
        """Pay money back to the customer of an order."""
        world.effects.append(("refund_order", order_id, amount, note))
        return "refunded"

    def delete_customer(customer_id: str) -> str:
        """Delete a customer."""
        world.effects.append(("delete_customer", customer_id))
        return "deleted"

    def run_sql(query: str) -> str:
        """Run a query."""
        world.effects.append(("run_sql", query))
        return "rows"

    def send_email(to: str, body: str) -> str:
        """Send an email."""
        world.effects.append(("send_email", to, body))
        return "sent"

    def frobnicate(x: list[Any]) -> str:
        """Frobnicate."""
        world.effects.append(("frobnicate", x))
        return "done"

    return [get_order, refund_order, delete_customer, run_sql, send_email, frobnicate]


# ── The doors ────────────────────────────────────────────────────────────────────────────────


async def by_function(world: World) -> None:
    tools = {item.__name__: world.gate.contained(item) for item in functions(world)}
    with world.gate.run("t"):
        for name, arguments in CALLS:
            with suppress(Refused):
                tools[name](**arguments)


async def by_langchain(world: World) -> None:
    script = [calling(name, **arguments) for name, arguments in CALLS]
    made = langchain.containment(world.gate, on_hold="tell")
    agent = create_agent(
        ScriptedModel(script=script),
        functions(world),
        middleware=[made],
        checkpointer=InMemorySaver(),
    )
    config = {"configurable": {"thread_id": "t"}, "recursion_limit": 100}
    agent.invoke({"messages": [HumanMessage("please")]}, config)


async def by_llamaindex(world: World) -> None:
    agent = agent_of(functions(world))
    turns = [[called(name, f"c{at}", **given)] for at, (name, given) in enumerate(CALLS)]
    agent.llm = step_by_step(*turns, "all done")
    llamaindex.contained_agent(agent, world.gate, on_hold="tell")
    await played(agent.run(user_msg="please"))


DOORS = {"function": by_function, "langchain": by_langchain, "llamaindex": by_llamaindex}


OWN = {"id", "fingerprint", "thread", "call", "held_at", "expires_at"}
"""What is each door's own in a request: ids, also those of the host, and times."""


def lines(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Return the record line by line, without what is each door's own: source, ids and times.

    What the user said is recorded by the doors that hear it; a plain function hears nobody.
    """
    return [
        (event.kind, _told(event.kind, event.data))
        for event in world.gate.store.page()
        if event.kind is not EventKind.SAID
    ]


def _told(kind: EventKind, data: dict[str, Any]) -> dict[str, Any]:
    if kind is EventKind.DECIDED:
        line = {key: data[key] for key in ("tool", "arguments", "environment", "profile")}
        return {**line, "decision": {**data["decision"], "fingerprint": ""}}  # of the source too
    if kind is EventKind.HELD:
        return {key: item for key, item in data["request"].items() if key not in OWN}
    return data


async def through(door: str) -> tuple[list[tuple[str, dict[str, Any]]], list[Any]]:
    world = World(RULES)
    try:
        await DOORS[door](world)
        return lines(world), world.effects
    finally:
        world.gate.close()


@pytest.mark.parametrize("door", ["langchain", "llamaindex"])
async def test_every_door_records_what_the_plain_function_records(door):
    expected, had = await through("function")
    found, effects = await through(door)
    for mine, plain in zip(found, expected, strict=True):
        assert mine == plain
    assert effects == had


async def test_the_calls_meet_every_verdict_and_every_kind_of_line():
    found, _ = await through("function")
    decided = [told["decision"]["verdict"] for kind, told in found if kind == EventKind.DECIDED]
    assert len(decided) == len(CALLS)
    assert set(decided) == {"ALLOW", "REQUIRE_APPROVAL", "BLOCK"}
    assert {kind for kind, _ in found} == {"decided", "held", "started", "completed"}
