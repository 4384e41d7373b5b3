"""What a governed LlamaIndex call costs over the raw one, and an agent's turn over a raw turn.

    python benchmarks/llamaindex.py [--quick] [--json]

One process, one event loop: every figure stands beside a baseline that was measured next to it,
so read the ratios; microseconds are this machine's. The raw tool does nothing at all, so that its
time is the framework's alone. The durable record is SQLite with synchronous=FULL.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.llms import ChatMessage, MockFunctionCallingLLM
from llama_index.core.tools import FunctionTool

from lockgate import Gate, Rulebook
from lockgate.adapters.llamaindex import contained, contained_agent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ARGUMENTS = {"order_id": "W-1001", "amount": 120.5, "currency": "EUR", "note": "broken mug"}
RULES = "rules: [{id: reads, on: {tool: get_order}, then: allow, reason: a read}]"

Row = tuple[str, float, str, float]


async def get_order(order_id: str, amount: float, currency: str, note: str) -> str:
    """Look an order up."""
    return "ok"


def play(messages: list[ChatMessage], **_: Any) -> ChatMessage:
    """Stand for a model: call the tool once, then end."""
    if messages[-1].role != "user":
        return ChatMessage(role="assistant", content="done")
    call = ToolCallBlock(tool_call_id="c1", tool_name="get_order", tool_kwargs=ARGUMENTS)
    return ChatMessage(role="assistant", blocks=[call])


def tool() -> FunctionTool:
    return FunctionTool.from_defaults(async_fn=get_order)


def agent() -> FunctionAgent:
    return FunctionAgent(tools=[tool()], llm=MockFunctionCallingLLM(response_generator=play))


async def median_us(act: Callable[[], Awaitable[Any]], rounds: int, each: int) -> float:
    """Return the median over rounds of the mean time of one call."""
    await act()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(each):
            await act()
        times.append((time.perf_counter() - began) / each * 1e6)
    return statistics.median(times)


def calling(made: Any) -> Callable[[], Awaitable[Any]]:
    return lambda: made.acall(**ARGUMENTS)


def turning(made: Any) -> Callable[[], Awaitable[Any]]:
    async def turn() -> None:
        await made.run(user_msg="look it up")

    return turn


async def measured(folder: Path, rounds: int, each: int) -> list[Row]:
    gates = {
        "memory": Gate.open(Rulebook.parse(RULES), store="memory://"),
        "durable": Gate.open(Rulebook.parse(RULES), store=str(folder / "record.db")),
    }
    kinds: list[tuple[str, Any, Any, int]] = [
        ("FunctionTool.acall", lambda: calling(tool()), lambda g: calling(contained(tool(), g)), 1),
        (
            "FunctionAgent turn",
            lambda: turning(agent()),
            lambda g: turning(contained_agent(agent(), g)),
            20,
        ),
    ]
    rows: list[Row] = []
    for name, plain, governed, fewer in kinds:
        raw = await median_us(plain(), rounds, max(1, each // fewer))
        rows.append((f"{name}, raw", raw, "itself", 1.0))
        for store, gate in gates.items():
            took = await median_us(governed(gate), rounds, max(1, each // fewer))
            rows.append((f"{name}, governed, {store} record", took, "raw", took / raw))
    for gate in gates.values():
        gate.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    rounds, each = (3, 60) if chosen.quick else (15, 200)
    warnings.simplefilter("ignore")  # the framework warns of its own future
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measured(Path(folder), rounds, each))
    if chosen.json:
        names = ("what", "median_us", "baseline", "ratio")
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
        return
    print(f"{'':52} {'median µs':>10} {'ratio':>8}  to")
    for what, took, baseline, ratio in rows:
        print(f"{what:52} {took:10.1f} {ratio:8.2f}  {baseline}")


if __name__ == "__main__":
    main()
