"""Rulebooks of many layers, calls that meet them, and the decisions that follow."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from lockgate import Rulebook
from lockgate.call import Principal, ToolCall
from lockgate.classify import Signature, classify, read
from lockgate.decide import Decision, decide
from lockgate.evaluate import Facts
from lockgate.rulebook.document import Layer

RANK = {"ALLOW": 0, "REQUIRE_APPROVAL": 1, "BLOCK": 2}
NOW = "2026-11-20T12:00:00.000000Z"
LOWER = [layer for layer in Layer if layer is not Layer.ORGANISATION]
NAMES = {
    "source": ["function", "mcp:files", "mcp:*"],
    "environment": ["production", "staging", "*"],
    "agent": ["support", "sales", "s*"],
    "run": ["case-1", "case-*"],
}
TOOLS = {
    "refund_order": "payments.refund",
    "get_order": "orders.read",
    "delete_customer": "customers.delete",
    "send_mail": "communication.send_email",
}


def book(*documents: dict[str, Any] | str) -> Rulebook:
    """Assemble documents; JSON is YAML."""
    texts = [
        item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
        for item in documents
    ]
    return Rulebook.assemble({f"{at}.yaml": text for at, text in enumerate(texts)})


def judged(  # noqa: PLR0913 - the parts of a call
    rulebook: Rulebook,
    tool: str = "refund_order",
    arguments: dict[str, Any] | None = None,
    *,
    action: str | None = None,
    source: str = "function",
    agent: str = "agent",
    environment: str = "production",
    thread: str = "",
    now: str = NOW,
    facts: Facts | None = None,
) -> Decision:
    """Decide one call as a gate would, without one."""
    given = arguments or {}
    shape = {"properties": {name: {} for name in given}}
    named = action or TOOLS.get(tool)
    signature = Signature(name=tool, source=source, action=named, parameters=shape)
    known = classify(signature)
    call = ToolCall.propose(
        tool,
        given,
        source=source,
        principal=Principal(agent=agent),
        environment=environment,
        thread=thread,
    )
    policy = rulebook.policy_for(signature, known)
    return decide(call, read(known, call.arguments.view), facts or Facts(now=now), policy)


# ── Whatever somebody might write ────────────────────────────────────────────────────────────

CONDITIONS = st.sampled_from(
    [
        "args.amount > 500",
        "args.amount <= 100",
        "has(args.amount) && args.amount > 50",
        "environment == 'production'",
        "agent.startsWith('s')",
        "score >= 40",
        "reach == -1 || reach > 2",
        "args.missing == 'x'",
        "now < timestamp('2026-12-01T00:00:00Z')",
        "size(args.to) > 1",
        "true",
    ]
)
ON = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(["payments.*", "payments.refund", "*.read", ["customers.*"]]),
        "tool": st.sampled_from(["refund_order", "*_order", "send_*"]),
        "source": st.sampled_from(["function", "mcp:*"]),
        "environment": st.sampled_from(NAMES["environment"]),
        "agent": st.sampled_from(NAMES["agent"]),
        "effect": st.sampled_from(["pay", "read", ["delete", "send"]]),
        "level": st.sampled_from(["low", "medium", ["high", "critical"]]),
        "hazard": st.sampled_from(["data_loss", "incorrect_amount"]),
    },
)
THEN = st.sampled_from(["allow", "require_approval", "block"])
HANDLING = st.sampled_from(["allow", "log", "require_approval", "by_rule_only", "block"])
MODE = st.sampled_from(["enforce", "enforce", "shadow", {"canary": 50}])


@st.composite
def rules(draw: st.DrawFn, then: st.SearchStrategy[str] = THEN) -> dict[str, Any]:
    """One rule; whoever puts it into a document gives it its id."""
    made = {"then": draw(then), "reason": "a test", "on": draw(ON), "mode": draw(MODE)}
    if draw(st.booleans()):
        made["when"] = draw(CONDITIONS)
    if made["then"] == "allow" and draw(st.booleans()):
        made["expires"] = draw(st.sampled_from(["2026-01-01", "2027-01-01"]))
    if made["then"] == "require_approval" and draw(st.booleans()):
        made["approvers"] = ["ann"]
    return made


@st.composite
def tops(draw: st.DrawFn) -> dict[str, Any]:
    """A document of the organisation."""
    made: dict[str, Any] = {"rules": draw(st.lists(rules(), max_size=4))}
    if draw(st.booleans()):
        made["levels"] = draw(st.dictionaries(LEVELS, HANDLING, max_size=4))
    return made


LEVELS = st.sampled_from(["low", "medium", "high", "critical"])
CLOSED = dict.fromkeys(["low", "medium", "high", "critical"], "by_rule_only")


@st.composite
def fences(draw: st.DrawFn) -> dict[str, Any]:
    """A document of a lower layer."""
    layer = draw(st.sampled_from(LOWER)).value
    made: dict[str, Any] = {"layer": layer, "for": draw(st.sampled_from(NAMES[layer]))}
    made["mode"] = draw(st.sampled_from(["enforce", "enforce", "shadow"]))
    made["rules"] = draw(st.lists(rules(), max_size=3))
    if draw(st.booleans()):
        made["levels"] = CLOSED
    else:
        made["rules"] = [rule for rule in made["rules"] if rule["then"] != "allow"]
        made["levels"] = draw(st.sampled_from([{}, {"critical": "block"}]))
    return made


def numbered(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give every rule an id of its own."""
    return [
        {
            **item,
            "rules": [{**rule, "id": f"r{at}.{nth}"} for nth, rule in enumerate(item["rules"])],
        }
        for at, item in enumerate(documents)
    ]


CALLS = st.fixed_dictionaries(
    {
        "tool": st.sampled_from(list(TOOLS)),
        "arguments": st.fixed_dictionaries(
            {},
            optional={
                "amount": st.sampled_from([10, 99.5, 501, "7", None, -3]),
                "to": st.sampled_from([["a@x.org"], ["a@x.org", "b@y.org", "c@z.org"]]),
            },
        ),
        "source": st.sampled_from(["function", "mcp:files"]),
        "agent": st.sampled_from(["support", "sales", "agent"]),
        "environment": st.sampled_from(["production", "staging"]),
        "thread": st.sampled_from(["", "case-1", "case-2", "other"]),
    }
)
