"""A first rulebook for the tools of an inventory: reads run, everything else asks a person.

It is meant to be read and widened. Each rule speaks about one source and one action, and its comment
says which tools that are and what a wider rule would look like.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from lockgate.classify import BY_ID, CONTROLS, HAZARDS, Effect, classify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockgate.classify import Action, Signature
    from lockgate.inventory import Inventory

MOST_NAMES: Final = 8
"""How many tools a comment names."""
_HEAD: Final = """\
# A first rulebook for the tools of {sources}.
#
# Written by `lockgate import` from the inventory {revision}. What reads, runs; what changes
# something waits for a person. Widen a rule once you have seen what it holds:
# `lockgate tools INVENTORY --rulebook FILE` shows what governs each tool, `lockgate check FILE`
# finds mistakes.
lockgate: 1
name: {name}
rules:
"""
_WIDER: Final = {
    Effect.PAY: 'when: "amount == null || amount > 100"',
    Effect.SEND: "when: 'size(targets) == 0 || targets.exists(t, !t.endsWith(\"@example.com\"))'",
    Effect.DELETE: 'when: "reach == -1 || reach > 1"',
    Effect.EXECUTE: "when: 'environment == \"production\"'",
}


def starter_rulebook(inventory: Inventory) -> str:
    """Return the text of a rulebook that speaks about every tool of an inventory."""
    groups = dict(sorted(_groups(inventory).items(), key=lambda item: item[0]))
    sources = list(dict.fromkeys(source for source, _ in groups))
    head = _HEAD.format(
        sources=", ".join(f"`{_line(source)}`" for source in sources),
        revision=inventory.revision,
        name=_quoted(f"starter for {', '.join(sources)}"[:100]),
    )
    seen: set[str] = set()
    return head + "\n".join(
        "".join(_rule(source, action, tools, seen)) for (source, action), tools in groups.items()
    )


def _groups(inventory: Inventory) -> dict[tuple[str, str], list[Signature]]:
    found: dict[tuple[str, str], list[Signature]] = {}
    for tool in inventory.tools:
        found.setdefault((tool.source, classify(tool).action.id), []).append(tool)
    return found


def _rule(source: str, action_id: str, tools: list[Signature], seen: set[str]) -> Iterator[str]:
    action = BY_ID.get(action_id) or classify(tools[0]).action
    names = ", ".join(_line(tool.name) for tool in tools[:MOST_NAMES])
    more = f" and {len(tools) - MOST_NAMES} more" if len(tools) > MOST_NAMES else ""
    yield f"  # {names}{more}\n"
    reads = action.effect is Effect.READ
    if not reads:
        yield from _advice(action)
    yield f"  - id: {_id(source, action_id, seen)}\n"
    yield f"    on: {{ source: {_literal(source)}, action: {action_id} }}\n"
    yield f"    then: {'allow' if reads else 'require_approval'}\n"
    yield f"    reason: {_quoted(_reason(action))}\n"


def _advice(action: Action) -> Iterator[str]:
    """Yield comments on what can go wrong, and on how the rule may be widened."""
    if action.effect is Effect.UNKNOWN:
        yield '  # Nobody knows what these do: give each an `"action"` in the inventory, then import again.\n'
    for hazard in action.hazards:
        answer = HAZARDS[hazard].controls[0]
        yield f"  # {hazard}: {HAZARDS[hazard].description}; answered by {CONTROLS[answer].id}\n"
    if action.effect in _WIDER:
        yield f"  # Wider: add `{_WIDER[action.effect]}`, and a rule that allows the rest.\n"


def _reason(action: Action) -> str:
    if action.effect is Effect.READ:
        return f"{action.id} only reads"
    if action.effect is Effect.UNKNOWN:
        return "nobody knows what this tool does"
    return f"{action.id} is new here: a person looks at each call"


def _id(source: str, action_id: str, seen: set[str]) -> str:
    """Return an id of a rule that no other has."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{source}-{action_id}".lower()).strip("-")[:90] or "rule"
    found, at = words, 2
    while found in seen:
        found, at = f"{words}-{at}", at + 1
    seen.add(found)
    return found


def _literal(text: str) -> str:
    """Return a pattern that matches exactly this text, as YAML."""
    return _quoted(re.sub(r"([*?\[])", r"[\1]", text))


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _line(text: Any) -> str:
    """Return a text that ends no comment."""
    return "".join(char if char.isprintable() else " " for char in str(text))[:100]
