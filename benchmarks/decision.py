"""What a decision costs, and what a governed LangChain call costs over the raw one.

    python benchmarks/decision.py [--quick] [--json]

One process, one run: every figure stands beside a baseline that was measured next to it, so
read the ratios; microseconds are this machine's. `decide` is classification of the payload,
risk, every rule that could match, combining and explanation; `floor` is the same rule as a
plain Python comparison. The durable record is a SQLite file; an effect waits until the disk
has what was written before it, a read does not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate import Gate, Rulebook
from lockgate.classify import Signature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ARGUMENTS = {"order_id": "W-1001", "amount": 120.5, "currency": "EUR", "note": "broken mug"}


def rule(number: int, tool: str) -> str:
    limit = 500 + number
    return (
        f"  - {{id: r{number}, on: {{tool: {tool}}}, when: 'args.amount > {limit}', "
        f"then: require_approval, reason: over {limit}}}\n"
    )


def one_per_tool(count: int) -> Rulebook:
    rules = "".join(rule(n, "refund_order" if n == 0 else f"tool_{n}") for n in range(count))
    return Rulebook.parse(f"rules:\n{rules}")


def same_tool(count: int) -> Rulebook:
    return Rulebook.parse("rules:\n" + "".join(rule(n, "refund_order") for n in range(count)))


def median_us(act: Callable[[], Any], rounds: int, each: int) -> float:
    """Return the median over rounds of the mean time of one call."""
    act()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(each):
            act()
        times.append((time.perf_counter() - began) / each * 1e6)
    return statistics.median(times)


def deciding(book: Rulebook) -> Callable[[], Any]:
    gate = Gate.open(book, store="memory://")
    gate.register(
        Signature(name="refund_order", parameters={"properties": dict.fromkeys(ARGUMENTS, None)})
    )
    return lambda: gate.decide("refund_order", ARGUMENTS)


def floor() -> Callable[[], Any]:
    def judge(arguments: dict[str, Any]) -> str:
        return "hold" if arguments["amount"] > 500 else "allow"

    return lambda: judge(ARGUMENTS)


def decisions(rounds: int, each: int) -> list[tuple[str, float, str, float]]:
    base = median_us(floor(), rounds, each * 10)
    books = {
        "10 rules, one per tool": one_per_tool(10),
        "1,000 rules, one per tool": one_per_tool(1_000),
        "10,000 rules, one per tool": one_per_tool(10_000),
        "10 rules, same tool": same_tool(10),
        "1,000 rules, same tool": same_tool(1_000),
    }
    rows = []
    first = 0.0
    for name, book in books.items():
        fewer = max(1, each // (20 if name.startswith("1,000 rules, same") else 1))
        took = median_us(deciding(book), rounds, fewer)
        first = first or took
        rows.append((f"decide, {name}", took, "10 rules, one per tool", took / first))
    return [("floor: one Python comparison", base, "itself", 1.0), *rows]


def governed(rounds: int, each: int) -> list[tuple[str, float, str, float]]:
    """Compare a raw tool with a contained one, and an agent turn with and without the gate."""
    # `langchain.py` in this folder must not stand in for the package that is measured.
    sys.path[:] = [place for place in sys.path if Path(place).resolve() != Path(__file__).parent]
    try:
        from langchain.agents import create_agent
        from langchain_core.messages import HumanMessage
        from langchain_core.tools import tool

        from lockgate.adapters.langchain import contained, containment
        from lockgate.demo.model import ScriptedModel, calling
    except ImportError:
        sys.stderr.write("the langchain extra is not installed: its rows are left out\n")
        return []

    @tool
    def get_order(order_id: str, amount: float, currency: str, note: str) -> str:
        """Look an order up."""
        return "ok"

    @tool
    def update_order(order_id: str, amount: float, currency: str, note: str) -> str:
        """Change an order."""
        return "ok"

    folder = tempfile.TemporaryDirectory()
    memory = Gate.open(store="memory://")
    durable = Gate.open(store=str(Path(folder.name) / "record.db"))

    def turn(layers: Sequence[Any]) -> Callable[[], Any]:
        model = ScriptedModel(script=[calling("get_order", **ARGUMENTS)])
        agent = create_agent(model, [get_order], middleware=list(layers))
        return lambda: agent.invoke({"messages": [HumanMessage("u")]})

    def invoking(made: Any) -> Callable[[], Any]:
        return lambda: made.invoke(ARGUMENTS)

    raw = median_us(invoking(get_order), rounds, each)
    rows = [("StructuredTool.invoke, raw", raw, "itself", 1.0)]
    for name, gate in (("memory", memory), ("durable", durable)):
        took = median_us(invoking(contained(get_order, gate)), rounds, each)
        rows.append((f"StructuredTool.invoke, governed, {name} record", took, "raw", took / raw))
    took = median_us(invoking(contained(update_order, durable)), rounds, each)
    rows.append(("StructuredTool.invoke, governed effect, durable record", took, "raw", took / raw))
    plain = median_us(turn([]), rounds, max(1, each // 10))
    rows.append(("agent turn, raw", plain, "itself", 1.0))
    took = median_us(turn([containment(durable)]), rounds, max(1, each // 10))
    rows.append(("agent turn, governed, durable record", took, "raw turn", took / plain))
    folder.cleanup()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    rounds, each = (5, 100) if chosen.quick else (25, 400)
    rows = decisions(rounds, each) + governed(rounds, each)
    if chosen.json:
        names = ("what", "median_us", "baseline", "ratio")
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
        return
    print(f"{'':52} {'median µs':>10} {'ratio':>8}  to")
    for what, took, baseline, ratio in rows:
        print(f"{what:52} {took:10.1f} {ratio:8.2f}  {baseline}")


if __name__ == "__main__":
    main()
