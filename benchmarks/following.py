"""What following a rulebook costs a decision, what one look costs, and what a change costs.

    python benchmarks/following.py [--quick] [--json]

One process, one run: the rows of each kind stand beside a baseline that was measured in turn with
them, so read the ratios; microseconds are this machine's, of processor time. A gate looks once a
second at most, and the call that looks pays for the look. The call that finds a change also pays
for reading and compiling it; all others go on with the old one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate import Gate
from lockgate.classify import Signature
from lockgate.clock import utc_now
from lockgate.rulebook.edition import Edition
from lockgate.rulebook.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable

ARGUMENTS = {"order_id": "W-1001", "amount": 120.5, "currency": "EUR", "note": "broken mug"}
Row = tuple[str, float, str, float]


def rules(count: int, limit: int = 500) -> str:
    """Return a rulebook of which ten rules are about the tool, the rest about others."""
    lines = (
        f"  - {{id: r{n}, on: {{tool: {'refund_order' if n < 10 else f'tool_{n}'}}}, "
        f"when: 'args.amount > {limit + n}', then: require_approval, reason: over {limit + n}}}\n"
        for n in range(count)
    )
    return "rules:\n" + "".join(lines)


def gate(stack: ExitStack, *given: Any, **wiring: Any) -> Gate:
    opened = stack.enter_context(Gate.open(*given, **wiring))
    properties = {"properties": dict.fromkeys(ARGUMENTS, None)}
    opened.register(Signature(name="refund_order", parameters=properties))
    return opened


def in_turn(acts: dict[str, Callable[[], Any]], rounds: int, each: int) -> dict[str, float]:
    """Return the median of each, measured round by round in turn, so that a noise hits all."""
    for act in acts.values():
        act()
    times: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            began = time.process_time()
            for _ in range(each):
                act()
            times[name].append((time.process_time() - began) / each * 1e6)
    return {name: statistics.median(found) for name, found in times.items()}


def rows(found: dict[str, float]) -> list[Row]:
    base = next(iter(found))
    return [
        (name, took, "itself" if name == base else base, took / found[base])
        for name, took in found.items()
    ]


def deciding(stack: ExitStack, folder: Path, rounds: int, each: int) -> list[Row]:
    """Compare decisions of gates that follow nothing, a file, a record, and have a shadow."""
    file = folder / "rules.yaml"
    file.write_text(rules(10), "utf-8")
    gates = {
        "decide, following nothing": gate(stack, file, store="memory://"),
        "decide, following its file": gate(stack, file, store="memory://", reload="file"),
        "decide, following a SQLite record": gate(
            stack, file, store=str(folder / "record.db"), reload="record"
        ),
        "decide, with another rulebook in the shadow": gate(
            stack, file, store="memory://", shadow=file
        ),
    }

    def act(opened: Gate) -> Callable[[], Any]:
        return lambda: opened.decide("refund_order", ARGUMENTS)

    return rows(in_turn({name: act(opened) for name, opened in gates.items()}, rounds, each))


def looking(stack: ExitStack, folder: Path, rounds: int, each: int) -> list[Row]:
    """Compare one decision with one look at what did not change."""
    file = folder / "still.yaml"
    file.write_text(rules(10), "utf-8")
    plain = gate(stack, file, store="memory://")
    by_file = gate(stack, file, store="memory://", reload="file")
    by_record = gate(stack, file, store=str(folder / "looked.db"), reload="record")
    Library(by_record.store, utc_now).publish(Edition.read(file, None, utc_now()))
    by_record.reload()
    while by_file._in_force._watches[0]._known == ():  # noqa: SLF001 - until the file has rested
        by_file._in_force.look()  # noqa: SLF001
    acts = {
        "decide, following nothing": lambda: plain.decide("refund_order", ARGUMENTS),
        "a look at a file that did not change": by_file._in_force.look,  # noqa: SLF001
        "a look at a record with nothing new": by_record._in_force.look,  # noqa: SLF001
    }
    return rows(in_turn(acts, rounds, each))


def changing(stack: ExitStack, folder: Path, rounds: int) -> list[Row]:
    """Compare reading a rulebook once with taking it while a gate is at work."""
    return [row for count in (10, 1_000) for row in change_of(count, stack, folder, rounds)]


def change_of(count: int, stack: ExitStack, folder: Path, rounds: int) -> list[Row]:
    file, turns = folder / f"changing-{count}.yaml", iter(range(10**9))

    def write() -> None:
        file.write_text(rules(count, next(turns)), "utf-8")

    def change() -> None:
        write()
        opened.reload()

    def read() -> None:
        write()
        Edition.read(file, None, utc_now())

    write()
    opened = gate(stack, file, store="memory://", reload="file")
    acts = {f"reading {count:,} rules": read, f"taking {count:,} rules": change}
    return rows(in_turn(acts, rounds, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    rounds, each = (5, 100) if chosen.quick else (25, 400)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        found = deciding(stack, folder, rounds, each)
        found += looking(stack, folder, rounds, each)
        found += changing(stack, folder, max(3, rounds // 5))
    if chosen.json:
        names = ("what", "median_us", "baseline", "ratio")
        print(json.dumps([dict(zip(names, row, strict=True)) for row in found]))
        return
    print(f"{'':46} {'median µs':>12} {'ratio':>8}  to")
    for what, took, baseline, ratio in found:
        print(f"{what:46} {took:12.1f} {ratio:8.2f}  {baseline}")


if __name__ == "__main__":
    main()
