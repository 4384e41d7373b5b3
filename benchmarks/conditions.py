"""What conditions cost: hand-written Python, one generated function, each in turn, the engine.

    python benchmarks/conditions.py [--quick] [--json]

Every row is one way to hear the same rules about the same call, and all ways find the same
rules (checked before anything is timed). `python` is the floor: one function written out by
hand, without any of the checks that make a wrong kind of value an objection. `set` is what
a gate does. `in turn` hears each compiled condition on its own, `engine` has the engine
evaluate each, with its variables prepared once. Read the ratios to `python`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import TYPE_CHECKING, Any

from lockgate.call import ToolCall
from lockgate.classify import Signature, classify
from lockgate.evaluate import Level, Question, Risk, Rule, RulesInTurn, Then, Variables
from lockgate.rulebook import CelCondition
from lockgate.rulebook.ruleset import RuleSet

if TYPE_CHECKING:
    from collections.abc import Callable

ARGUMENTS = {"order_id": "W-1001", "amount": 120.5, "currency": "EUR", "note": "broken mug"}
ODD = ARGUMENTS | {"amount": "120.5"}
"""A text where a number should be: every rule that compares it objects."""


def over(count: int) -> list[str]:
    return [f"args.amount > {500 + n}" for n in range(count)]


def some_over(count: int) -> list[str]:
    return [f"args.amount > {120 - count // 100 + n}" for n in range(count)]


def mixed(count: int) -> list[str]:
    kinds = (
        "args.amount > {} && args.currency == 'EUR'",
        "args.currency == 'C{}' || args.note.contains('x{}')",
        "has(args.order_id) && args.order_id.startsWith('X-{}')",
        "environment == 'staging' && args.amount * 1.5 > {}.0",
    )
    return [kinds[n % 4].format(500 + n, n) for n in range(count)]


def searching(count: int) -> list[str]:
    return [f"args.note.contains('x{n}')" for n in range(count)]


KINDS = {
    "one comparison, none true": over,
    "one comparison, 1 % true": some_over,
    "four kinds": mixed,
    "search in text": searching,
}


def by_hand(conditions: list[str]) -> Callable[[dict[str, Any]], list[int]]:
    """Write the function that somebody who knows what comes would write."""
    lines = [f"    if {_python(text)}: found.append({at})" for at, text in enumerate(conditions)]
    text = "\n".join(
        ["def judge(args, environment):", "    found = []", *lines, "    return found"]
    )
    names: dict[str, Any] = {}
    exec(text, names)  # noqa: S102 - the benchmark's own conditions
    return lambda arguments: names["judge"](arguments, "production")


def _python(text: str) -> str:
    for cel, python in (
        ("&&", "and"),
        ("||", "or"),
        ("startsWith", "startswith"),
        ("has(args.order_id)", "'order_id' in args"),
        ("args.note.contains", "args['note'].__contains__"),
    ):
        text = text.replace(cel, python)
    for name in ARGUMENTS:
        text = text.replace(f"args.{name}", f"args['{name}']")
    return text


def asked(arguments: dict[str, Any]) -> Question:
    call = ToolCall.propose("refund_order", arguments)
    profile = classify(Signature(name="refund_order")).plain
    return Question(call=call, profile=profile, risk=Risk(60, Level.HIGH, ()))


def by_engine(conditions: list[CelCondition], question: Question) -> Callable[[], Any]:
    def judge() -> list[int]:
        variables = Variables(question)
        return [at for at, condition in enumerate(conditions) if condition.ask(variables)]

    return judge


def median_us(act: Callable[[], Any], rounds: int, seconds: float) -> float:
    """Return the median over rounds of the mean time of one call."""
    act()
    began = time.perf_counter()
    act()
    each = max(1, int(seconds / (time.perf_counter() - began)))
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(each):
            act()
        times.append((time.perf_counter() - began) / each * 1e6)
    return statistics.median(times)


def measured(name: str, count: int, rounds: int, seconds: float) -> list[dict[str, Any]]:
    texts = KINDS[name](count)
    conditions = [CelCondition(text) for text in texts]
    rules = tuple(
        Rule.build(id=f"r{at}", then=Then.BLOCK, reason="over", condition=condition)
        for at, condition in enumerate(conditions)
    )
    question, floor = asked(ARGUMENTS), by_hand(texts)
    in_turn, engine = RulesInTurn(rules), by_engine(conditions, question)
    began = time.perf_counter()
    together = RuleSet(rules)
    built = time.perf_counter() - began
    found = [f"r{at}" for at in floor(ARGUMENTS)]
    assert [finding.rule for finding in together.found(question)] == found
    assert [finding.rule for finding in in_turn.found(question)] == found
    assert [f"r{at}" for at in engine()] == found
    ways = {
        "python": lambda: floor(ARGUMENTS),
        "set": lambda: together.found(question),
        "in turn": lambda: in_turn.found(question),
        "engine": engine,
    }
    odd = asked(ODD)
    if "comparison" in name:
        ways["set, a text for the number"] = lambda: together.found(odd)
    rows = [
        {"rules": count, "kind": name, "way": way, "median_us": median_us(act, rounds, seconds)}
        for way, act in ways.items()
    ]
    for row in rows:
        row["ratio"] = row["median_us"] / rows[0]["median_us"]
    rows[1]["built_ms"] = built * 1e3
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds and sizes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    rounds, seconds = (3, 0.01) if chosen.quick else (15, 0.05)
    counts = (10, 1_000) if chosen.quick else (1, 10, 100, 1_000)
    rows = [
        row for name in KINDS for count in counts for row in measured(name, count, rounds, seconds)
    ]
    if chosen.json:
        print(json.dumps(rows))
        return
    print(f"{'rules':>6}  {'kind':28} {'way':28} {'median µs':>10} {'ratio to python':>16}")
    for row in rows:
        built = f"  built in {row['built_ms']:.0f} ms" if "built_ms" in row else ""
        print(
            f"{row['rules']:6}  {row['kind']:28} {row['way']:28} "
            f"{row['median_us']:10.1f} {row['ratio']:16.2f}{built}"
        )


if __name__ == "__main__":
    main()
