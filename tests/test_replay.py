"""The past under another rulebook: what was known then, and nothing that came later."""

from __future__ import annotations

from lockgate import Gate, Rulebook
from lockgate.classify import Signature
from lockgate.errors import Refused
from lockgate.observe import every_event, replay
from test_cli import lockgate  # noqa: F401 - a fixture

BEFORE = """
rules:
  - id: look-first
    on: { action: payments.refund }
    when: '!has(seen.get_order)'
    then: block
    reason: look first
"""
AFTER = """
rules:
  - id: small-only
    on: { action: payments.refund }
    when: args.amount > 100
    then: block
    reason: too much
"""


def played(store):
    """Refund blindly, look, refund much, refund little."""
    gate = Gate.open(Rulebook.parse(BEFORE), store=store)

    def get_order(order_id: str) -> str:
        """Look an order up."""
        return "found"

    def refund_order(order_id: str, amount: float) -> str:
        """Pay an order back."""
        return "done"

    look, refund = gate.contained(get_order), gate.contained(refund_order)
    with gate.run("t"):
        for act in (
            lambda: refund("W1", 20.0),
            lambda: look("W1"),
            lambda: refund("W1", 150.0),
            lambda: refund("W1", 20.0),
        ):
            try:
                act()
            except Refused:
                continue
    return gate


def test_each_call_is_judged_on_what_was_known_then():
    gate = played("memory://")
    found = list(replay(every_event(gate.store), Rulebook.parse(BEFORE), Rulebook.parse(AFTER)))
    assert [item.tool for item in found] == ["refund_order", "get_order"] + ["refund_order"] * 2
    assert [item.before.rule for item in found][::2] == ["look-first", "level-medium"]
    assert [item.stricter for item in found] == [-2, 0, 2, 0]
    recorded = [e.data["decision"] for e in every_event(gate.store) if e.kind == "decided"]
    assert [item.before.verdict for item in found] == [told["verdict"] for told in recorded]
    assert [item.before.facts_digest for item in found] == [
        told["facts_digest"] if item.tool == "refund_order" else ""
        for item, told in zip(found, recorded, strict=True)
    ]


def test_the_same_rulebook_twice_differs_nowhere():
    gate = played("memory://")
    book = Rulebook.parse(BEFORE)
    assert [item.stricter for item in replay(every_event(gate.store), book, book)] == [0] * 4


def test_what_is_known_of_a_tool_is_used():
    gate = played("memory://")
    tools = {("function", "refund_order"): Signature(name="refund_order", action="orders.read")}
    book = Rulebook.parse(AFTER)
    found = list(replay(every_event(gate.store), book, book, tools))
    assert {item.after.rule for item in found} == {"level-low"}


def test_the_command_shows_the_lines_and_the_calls(lockgate, tmp_path):  # noqa: F811
    before, after, record = (tmp_path / name for name in ("a.yaml", "b.yaml", "record.db"))
    before.write_text(BEFORE, "utf-8")
    after.write_text(AFTER, "utf-8")
    played(str(record)).close()
    ran = lockgate("diff", before, after, "--store", record)
    assert ran.code == 0
    assert "+ when: args.amount > 100" in ran.said
    assert "4 recorded calls: 1 stricter, 1 looser, 2 with the same verdict" in ran.said
    told = lockgate("diff", before, after, "--store", record, "--json").json
    assert (told["stricter"], told["looser"], told["same"], told["calls"]) == (1, 1, 2, 4)
    assert told["differing"][0]["before"] == {"verdict": "BLOCK", "rule": "look-first"}
    assert "calls" not in lockgate("diff", before, after).said.split("@@")[-1].split("reason")[-1]
