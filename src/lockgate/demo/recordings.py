r"""Recorded conversations: one JSON object a line → turns that an agent can play again.

The format is that of the public tau-bench trajectories::

    {"id": "retail/7", "domain": "retail", "events": [
      {"type": "user", "content": "Please cancel #W1."},
      {"type": "call", "tool": "get_order_details", "args": {"order_id": "#W1"},
       "recorded_result": "{\"order_id\": \"#W1\", \"status\": \"delivered\"}"},
      {"type": "call", "tool": "cancel_pending_order", "args": {"order_id": "#W1"},
       "recorded_result": "Error: ...", "write": true, "label": "env_rejected",
       "violates": ["R06"]},
      {"type": "assistant", "content": "It is delivered already, so it can't be cancelled."}]}

`label` and `violates` are optional and never reach the gate; they only sort the counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lockgate.errors import WiringError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SPECS: Final = "tau_tool_specs.json"
"""The file beside the recordings that holds the tools of each domain."""

SOFT: Final = frozenset({"A02", "A17i", "A20", "R03", "R17"})
"""Written rules that only the text of the conversation can settle; they decide no label."""
PROCESS: Final = frozenset({"A01", "A23", "R05"})
"""Written rules about the order of steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A tool call as it was made.

    Attributes:
        id: Its identity within the conversation, by its place.
        tool: The tool's name.
        arguments: What it was called with.
        result: What it answered.
        aside: What the assistant said in the same breath.
        label: How the call turned out; `read` for what changes nothing.
        breaks: The written rules it breaks.
    """

    id: str
    tool: str
    arguments: Mapping[str, Any]
    result: Any
    aside: str
    label: str
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """What the user said, the calls that followed, and what the assistant answered."""

    said: str | None
    calls: tuple[RecordedCall, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded conversation.

    Attributes:
        id: Its name.
        domain: The business it is about.
        turns: What happened, in order.
        tools: JSON Schemas of its own tools, if it brings them.
    """

    id: str
    domain: str
    turns: tuple[Turn, ...]
    tools: tuple[Mapping[str, Any], ...] = ()

    @property
    def calls(self) -> tuple[RecordedCall, ...]:
        """Every call, in order."""
        return tuple(call for turn in self.turns for call in turn.calls)


def recordings(path: str | Path) -> Iterator[Recording]:
    """Read the conversations of one file.

    Raises:
        WiringError: If it can't be read, or at the first line that is no conversation.
    """
    for number, line in enumerate(_text(path).split("\n"), 1):
        if line.strip():
            yield _recording(line, f"{Path(path).name}:{number}")


def tool_specs(path: str | Path) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Read the tools of each domain: `{"retail": {"tools": [{"name": …, "parameters": …}]}}`.

    Raises:
        WiringError: If it can't be read, or holds something else.
    """
    try:
        told = json.loads(_text(path))
        return {domain: tuple(item["tools"]) for domain, item in told.items()}
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise WiringError(f"{Path(path).name} holds no tools: {error!r}") from None


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise WiringError(f"the file can't be read: {error}") from None


def _recording(line: str, place: str) -> Recording:
    try:
        told = json.loads(line)
        turns = tuple(_turns(told["events"]))
        return Recording(
            str(told.get("id", place)), told.get("domain", ""), turns, tuple(told.get("tools", ()))
        )
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise WiringError(f"{place} is no recorded conversation: {error!r}") from None


def _turns(events: Sequence[Mapping[str, Any]]) -> Iterator[Turn]:
    """Cut at every user message; what the assistant says before a call belongs to the call."""
    said: str | None = None
    calls: list[RecordedCall] = []
    texts: list[str] = []
    count = 0
    for event in events:
        match event["type"]:
            case "user":
                if said is not None or calls or texts:
                    yield Turn(said, tuple(calls), "\n\n".join(texts))
                said, calls, texts = event["content"], [], []
            case "assistant":
                texts.append(event["content"] or "")
            case "call":
                count += 1
                calls.append(_call(event, f"call-{count}", "\n\n".join(texts)))
                texts = []
            case _:
                pass
    yield Turn(said, tuple(calls), "\n\n".join(texts))


def _call(event: Mapping[str, Any], call_id: str, aside: str) -> RecordedCall:
    return RecordedCall(
        id=call_id,
        tool=event["tool"],
        arguments=event["args"],
        result=event["recorded_result"],
        aside=aside,
        label=_label(event),
        breaks=tuple(event.get("violates", ())),
    )


def _label(event: Mapping[str, Any]) -> str:
    """Name what became of a call; a wrong one by the hardest kind of rule it breaks."""
    label = str(event.get("label", "write" if event.get("write") else "read"))
    if label != "wrong":
        return label
    hard = set(event.get("violates", ())) - SOFT
    if hard - PROCESS:
        return "wrong_policy"
    return "wrong_process" if hard else "wrong_intent"
