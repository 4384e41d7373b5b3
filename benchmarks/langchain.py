"""What governing costs in LangChain, beside the raw tool and LangChain's own human in the loop.

    python benchmarks/langchain.py [--quick] [--json]

One process, one run: every figure stands beside a baseline that was measured next to it, so
read the ratios; microseconds are this machine's. A turn is one run of `create_agent` over a
scripted model that calls one tool; LangChain itself charges for each hook of a middleware, so that
one with the same hooks that does nothing stands beside ours. A round trip is a turn that pauses, is approved, and is
resumed, with checkpoints in memory; LangChain's own middleware records nothing, ours records
each step, in memory or durably (SQLite, synchronous=FULL).
"""

# ruff: noqa: E402 - the path is mended before the frameworks are imported
from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

# This file is named like what it imports, and scripts find their own folder first.
sys.path = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).parent]

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from lockgate import Gate, Rulebook
from lockgate.adapters.langchain import contained, containment
from lockgate.demo.model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Row = tuple[str, float, str, float]

ARGUMENTS = {"order_id": "W-1001", "amount": 120.5, "currency": "EUR", "note": "broken mug"}
RULES = """
rules:
  - {id: look, on: {tool: get_order}, then: allow, reason: reading is fine}
  - {id: pay, on: {tool: refund_order}, then: require_approval, reason: a person must see it}
"""
APPROVE = Command(resume={"decisions": [{"type": "approve"}]})
PEOPLE = {"refund_order": True}

_numbers = count()


@tool
def get_order(order_id: str, amount: float, currency: str, note: str) -> str:
    """Look an order up."""
    return "ok"


@tool
def refund_order(order_id: str, amount: float, currency: str, note: str) -> str:
    """Pay an order back."""
    return "ok"


class Calling(ScriptedModel):
    """Calls one tool, with an identity that is new in each turn, then says that it is done."""

    name_of_tool: str

    def _generate(self, messages: list[Any], *args: Any, **kwargs: Any) -> ChatResult:
        said = AIMessage("done")
        if isinstance(messages[-1], HumanMessage):
            call = {"name": self.name_of_tool, "args": ARGUMENTS, "id": f"c{next(_numbers)}"}
            said = AIMessage("", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=said)])


class Idle(AgentMiddleware):
    """Does nothing in the hooks that containment has."""

    def wrap_tool_call(self, request: Any, handler: Any) -> Any:
        return handler(request)

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        return handler(request)


def interleaved(acts: dict[str, Callable[[], Any]], times: int) -> dict[str, float]:
    """Return medians in µs; the rivals act in turn, so that none has a quieter hour."""
    took: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(times):
        for name, act in acts.items():
            began = time.perf_counter()
            act()
            took[name].append((time.perf_counter() - began) * 1e6)
    return {name: statistics.median(each) for name, each in took.items()}


def rows(heading: str, took: dict[str, float], *baselines: str) -> list[Row]:
    """Return a row for each figure and each baseline it is read against."""
    first = baselines[0]
    found = [(f"{heading}, {first}", took[first], "itself", 1.0)]
    for name, figure in took.items():
        found += [
            (f"{heading}, {name}", figure, baseline, figure / took[baseline])
            for baseline in baselines
            if name not in baselines or (name != first and baseline == first)
        ]
    return found


def invoking(made: Any) -> Callable[[], Any]:
    return lambda: made.invoke(ARGUMENTS)


def turn(made: Any, layers: Sequence[Any] = ()) -> Callable[[], Any]:
    """Return one turn in which the tool runs without anybody being asked."""
    agent = create_agent(Calling(script=[], name_of_tool=made.name), [made], middleware=[*layers])
    return lambda: agent.invoke({"messages": [HumanMessage("u")]})


def round_trip(made: Any, layers: Sequence[Any] = ()) -> Callable[[], Any]:
    """Return one turn that pauses, is approved in the resume value, and goes on."""
    saver = InMemorySaver()
    model = Calling(script=[], name_of_tool=made.name)
    agent = create_agent(model, [made], middleware=[*layers], checkpointer=saver)

    def go() -> Any:
        config: Any = {"configurable": {"thread_id": f"t{next(_numbers)}"}}
        paused = agent.invoke({"messages": [HumanMessage("u")]}, config)
        assert "__interrupt__" in paused
        state = agent.invoke(APPROVE, config)
        assert state["messages"][-2].content == "ok"
        saver.delete_thread(config["configurable"]["thread_id"])
        return state

    return go


def measured(memory: Gate, durable: Gate, times: int) -> list[Row]:
    people = HumanInTheLoopMiddleware(interrupt_on=PEOPLE)
    calls = {
        "raw": invoking(get_order),
        "contained, memory record": invoking(contained(get_order, memory)),
        "contained, durable record": invoking(contained(get_order, durable)),
    }
    turns = {
        "raw": turn(get_order),
        "LangChain's human in the loop": turn(get_order, [people]),
        "a middleware that does nothing": turn(get_order, [Idle()]),
        "contained tool, memory record": turn(contained(get_order, memory)),
        "contained tool, durable record": turn(contained(get_order, durable)),
        "containment, memory record": turn(get_order, [containment(memory)]),
        "containment, durable record": turn(get_order, [containment(durable)]),
    }
    trips = {
        "LangChain's human in the loop": round_trip(refund_order, [people]),
        "contained tool, memory record": round_trip(contained(refund_order, memory)),
        "contained tool, durable record": round_trip(contained(refund_order, durable)),
        "containment, memory record": round_trip(refund_order, [containment(memory)]),
        "containment, durable record": round_trip(refund_order, [containment(durable)]),
    }
    fewer = times // 10
    rival = "LangChain's human in the loop"
    return [
        *rows("StructuredTool.invoke", interleaved(calls, times), "raw"),
        *rows("turn", interleaved(turns, fewer), "raw", rival),
        *rows("round trip", interleaved(trips, fewer), rival),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer times")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    times = 300 if chosen.quick else 4000
    book = Rulebook.parse(RULES)
    with (
        tempfile.TemporaryDirectory() as folder,
        Gate.open(book, store="memory://") as memory,
        Gate.open(book, store=str(Path(folder) / "record.db")) as durable,
    ):
        found = measured(memory, durable, times)
    if chosen.json:
        names = ("what", "median_us", "baseline", "ratio")
        print(json.dumps([dict(zip(names, row, strict=True)) for row in found]))
        return
    print(f"{'':54} {'median µs':>10} {'ratio':>8}  to")
    for what, took, baseline, ratio in found:
        print(f"{what:54} {took:10.1f} {ratio:8.2f}  {baseline}")


if __name__ == "__main__":
    main()
