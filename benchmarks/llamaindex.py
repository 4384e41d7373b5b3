"""What a governed LlamaIndex call costs over the raw one, and an agent's turn over a raw turn.

    python benchmarks/llamaindex.py [--quick] [--json]

One process, one event loop. Each round measures the raw call and the governed ones one right after
the other, and a ratio is the median of the rounds' ratios, so that what else the machine does falls
on both; microseconds are this machine's. The raw tool does nothing at all, so that its time is the
framework's alone. The durable record is SQLite with synchronous=FULL.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.llms import ChatMessage, MockFunctionCallingLLM
from llama_index.core.tools import FunctionTool

from lockgate import Gate, Rulebook
from lockgate.adapters.llamaindex import contained, contained_agent

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


Act = Callable[[], Awaitable[Any]]


async def mean_us(act: Act, each: int) -> float:
    """Return the mean time of one call."""
    began = time.perf_counter()
    for _ in range(each):
        await act()
    return (time.perf_counter() - began) / each * 1e6


async def compared(acts: list[Act], rounds: int, each: int) -> list[tuple[float, float]]:
    """Return the median time of each act, and its median ratio to the first one."""
    for act in acts:
        await act()
    times = [[await mean_us(act, each) for act in acts] for _ in range(rounds)]
    return [
        (
            statistics.median(took[at] for took in times),
            statistics.median(took[at] / took[0] for took in times),
        )
        for at in range(len(acts))
    ]


def calling(made: Any) -> Act:
    return lambda: made.acall(**ARGUMENTS)


def turning(made: Any) -> Act:
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
        acts = [plain(), *(governed(gate) for gate in gates.values())]
        found = await compared(acts, rounds, max(1, each // fewer))
        labels = ["raw", *(f"governed, {store} record" for store in gates)]
        for label, (took, ratio) in zip(labels, found, strict=True):
            rows.append((f"{name}, {label}", took, "itself" if label == "raw" else "raw", ratio))
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
