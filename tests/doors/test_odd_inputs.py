"""Odd values where a small amount belongs: through every door, none runs as if it were small."""

import json
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Any

import pytest

pytest.importorskip("llama_index.core", reason="needs the `llamaindex` extra")
pytest.importorskip("langchain_core", reason="needs the `langchain` extra")

from langchain_core.tools import StructuredTool
from llama_index.core.tools import FunctionTool

from lockgate import Gate, Refused, Rulebook
from lockgate.adapters import langchain, llamaindex
from lockgate.record import EventKind

pytestmark = pytest.mark.filterwarnings(
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)

# ── The values ───────────────────────────────────────────────────────────────────────────────


class Positional(float):
    """An amount that is handed over by its place, not by its name."""


MISSING = object()
SMALL = 10.0
ODD = {
    "a fraction": 1000.0,
    "text": "1000",
    "missing": MISSING,
    "no number": math.nan,
    "infinite": math.inf,
    "nothing": None,
    "true": True,
    "negative": -5,
    "too large for a fraction": json.loads("1e400"),
    "too large for 64 bits": 2**70,
    "a list": [1000],
    "an object": {"value": {"amount": 1000}},
    "by place": Positional(1000.0),
}

# ── The rules ────────────────────────────────────────────────────────────────────────────────

CLOSED = "levels: {low: by_rule_only, medium: by_rule_only, high: by_rule_only}"
ANY = "{id: any, on: {action: payments.refund}, then: allow, reason: a refund}"
OVER = (
    "{id: over, on: {action: payments.refund}, when: args.amount > 500, then: block, reason: over}"
)
UNDER = (
    "{id: under, on: {action: payments.refund}, when: args.amount <= 500, then: allow, "
    "reason: under}"
)
HELD = "{id: held, on: {tool: '*'}, when: args.amount > 500, then: require_approval, reason: over}"
WRITTEN = {
    "block when over": [ANY, OVER],
    "allow when under": [UNDER],
    "allow when under, block when over": [UNDER, OVER],
    "allow when under, hold when over": [UNDER, HELD],
}
ORDERS: dict[str, Callable[[list[str]], list[str]]] = {
    "as written": list,
    "the other way round": lambda rules: rules[::-1],
}


def rulebook(written: str, order: str) -> Rulebook:
    lines = "".join(f"  - {rule}\n" for rule in ORDERS[order](WRITTEN[written]))
    return Rulebook.parse(f"{CLOSED}\nrules:\n{lines}")


# ── The doors ────────────────────────────────────────────────────────────────────────────────


@dataclass
class Till:
    """A tool that pays out, and what it paid."""

    paid: list[Any] = field(default_factory=list)

    @property
    def typed(self) -> Callable[..., str]:
        def refund_order(order_id: str, amount: float) -> str:
            """Pay money back to the customer of an order."""
            self.paid.append(amount)
            return "refunded"

        return refund_order

    @property
    def untyped(self) -> Callable[..., str]:
        def refund_order(order_id: str, amount: Any = None) -> str:
            """Pay money back to the customer of an order."""
            self.paid.append(amount)
            return "refunded"

        return refund_order


def named(value: Any) -> dict[str, Any]:
    return {"order_id": "W-1"} | ({} if value is MISSING else {"amount": value})


def by_function(function: Callable[..., str], gate: Gate) -> Callable[[Any], Any]:
    refund = gate.contained(function, action="payments.refund")

    def call(value: Any) -> Any:
        by_place = isinstance(value, Positional)
        return refund("W-1", float(value)) if by_place else refund(**named(value))

    return call


def by_langchain(function: Callable[..., str], gate: Gate) -> Callable[[Any], Any]:
    tool = langchain.contained(StructuredTool.from_function(function), gate)
    return lambda value: tool.invoke(named(value))


def by_llamaindex(function: Callable[..., str], gate: Gate) -> Callable[[Any], Any]:
    tool = llamaindex.contained(FunctionTool.from_defaults(function), gate)

    def call(value: Any) -> Any:
        by_place = isinstance(value, Positional)
        return tool.call("W-1", float(value)) if by_place else tool.call(**named(value))

    return call


DOORS = {"function": by_function, "langchain": by_langchain, "llamaindex": by_llamaindex}


@cache
def opened(door: str, kind: str, written: str, order: str) -> tuple[Till, Gate, Callable[..., Any]]:
    till, gate = Till(), Gate.open(rulebook(written, order), store="memory://")
    return till, gate, DOORS[door](till.typed if kind == "typed" else till.untyped, gate)


def paid(door: str, kind: str, written: str, order: str, value: Any) -> tuple[Any, ...]:
    """Return what is paid when `value` stands where the amount belongs."""
    till, _, call = opened(door, kind, written, order)
    till.paid.clear()
    with suppress(Refused, TypeError, ValueError):  # a host may refuse what does not validate
        call(value)
    return tuple(till.paid)


def everywhere(door: str, kind: str, value: Any) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """Return what is paid under every rulebook in either order."""
    return {
        (written, order): paid(door, kind, written, order, value)
        for written in WRITTEN
        for order in ORDERS
    }


CASES = [
    (name, door, kind)
    for name, door, kind in product(ODD, DOORS, ["typed", "untyped"])
    if (name, kind) != ("true", "typed") or door == "function"
]
"""All but `true` for a declared number: pydantic makes 1.0 of it before anybody is asked."""
NOTHING: tuple[Any, ...] = ()


@pytest.mark.parametrize(("name", "door", "kind"), CASES)
def test_an_odd_amount_never_runs_as_a_small_one(name, door, kind):
    assert everywhere(door, kind, ODD[name]) == dict.fromkeys(product(WRITTEN, ORDERS), NOTHING)


@pytest.mark.parametrize("kind", ["typed", "untyped"])
@pytest.mark.parametrize("door", DOORS)
def test_a_small_amount_still_passes(door, kind):
    assert everywhere(door, kind, SMALL) == dict.fromkeys(product(WRITTEN, ORDERS), (SMALL,))


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("name", [*ODD, "small"])
def test_the_decision_does_not_depend_on_the_order_of_the_rules(name, written):
    value = SMALL if name == "small" else ODD[name]
    first, second = (
        gate.decide("refund_order", named(value)).to_dict()
        for _, gate, _ in (opened("function", "untyped", written, order) for order in ORDERS)
    )
    assert first == second
    assert (first["verdict"] == "ALLOW") is (name == "small")


@pytest.mark.parametrize("door", ["langchain", "llamaindex"])
def test_what_the_host_makes_of_a_value_is_what_is_judged(door):
    """The host validates first: what it makes of a value is judged, and is what runs."""
    assert paid(door, "typed", "allow when under", "as written", True) == (1.0,)
    _, gate, _ = opened(door, "typed", "allow when under", "as written")
    judged = [event.data["arguments"] for event in gate.store.of_kind(EventKind.DECIDED)]
    assert judged[-1] == {"order_id": "W-1", "amount": 1}
    assert type(judged[-1]["amount"]) is int
