"""A scripted model for LlamaIndex's real agents, and a program that is one of several processes.

`python world.py start|resume FOLDER AMOUNT...`: everything that outlives a process is a file there.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from llama_index.core.agent.workflow import FunctionAgent, ToolCallResult
from llama_index.core.base.llms.types import TextBlock, ToolCallBlock
from llama_index.core.llms import ChatMessage
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.tools import FunctionTool, ToolOutput
from llama_index.core.workflow import Context

from lockgate import Gate, Rulebook
from lockgate.adapters.llamaindex import (
    ApprovalAnswered,
    ApprovalRequired,
    contained,
    dump,
    resume,
)
from lockgate.record import EventKind

RULES = """
rules:
  - {id: free, on: {tool: look}, then: allow, reason: fine}
  - {id: ask-first, on: {tool: pay}, then: require_approval, reason: a person must see it}
"""


def calling(name: str, call_id: str, **kwargs: Any) -> ToolCallBlock:
    return ToolCallBlock(tool_call_id=call_id, tool_name=name, tool_kwargs=kwargs)


def scripted(*turns: list[ToolCallBlock] | str) -> MockFunctionCallingLLM:
    """Return a model that plays its turns in order; which is next is read from the conversation."""

    def answer(messages: list[ChatMessage], **_: Any) -> ChatMessage:
        at = sum(message.role == "assistant" for message in messages)
        turn = turns[at] if at < len(turns) else "done"
        blocks = [TextBlock(text=turn)] if isinstance(turn, str) else turn
        return ChatMessage(role="assistant", blocks=blocks)

    return MockFunctionCallingLLM(response_generator=answer)


def agent_of(tools: list[Any], *turns: list[ToolCallBlock] | str, **rest: Any) -> FunctionAgent:
    return FunctionAgent(tools=tools, llm=scripted(*turns), timeout=None, **rest)


def tool_of(world: Any, name: str, *, slow: bool = False) -> FunctionTool:
    async def effect(x: int) -> str:
        """Do it."""
        world.effects.append(x)
        await asyncio.sleep(0.05 if slow else 0)
        return f"did {x}"

    return FunctionTool.from_defaults(async_fn=effect, name=name, description="Do it.")


def approval(event: ApprovalRequired, choice: str = "approve", **rest: Any) -> ApprovalAnswered:
    return ApprovalAnswered(request_id=event.request_id, choice=choice, by="ann", **rest)


async def played(handler: Any, react: Any = None) -> tuple[str, dict[str, ToolOutput], list[Any]]:
    """Play a run to its end; `react` is given every held call and the handler's context."""
    outputs, asked = {}, []
    async with asyncio.timeout(20):
        async for event in handler.stream_events():
            if isinstance(event, ToolCallResult):
                assert event.tool_id not in outputs, "one call must have one result"
                outputs[event.tool_id] = event.tool_output
            if isinstance(event, ApprovalRequired):
                asked.append(event)
                if react is not None:
                    await react(event, handler.ctx)
        return str(await handler), outputs, asked


async def approving(event: ApprovalRequired, ctx: Context) -> None:
    ctx.send_event(approval(event))


async def rejecting(event: ApprovalRequired, ctx: Context) -> None:
    ctx.send_event(approval(event, "reject", comment="not today"))


def judged(gate: Gate) -> list[Any]:
    return [event.data["arguments"] for event in gate.store.of_kind(EventKind.DECIDED)]


# ── One process ──────────────────────────────────────────────────────────────────────────────


def clerk(folder: Path, amounts: list[str]) -> FunctionAgent:
    gate = Gate.open(Rulebook.parse(RULES), store=str(folder / "lockgate.db"))

    def pay(amount: float) -> str:
        """Pay."""
        with (folder / "effects").open("a") as effects:
            effects.write(f"paid {amount}\n")
        return f"paid {amount}"

    async def look(at: str) -> str:
        """Look."""
        with (folder / "effects").open("a") as effects:
            effects.write(f"looked at {at}\n")
        return f"saw {at}"

    pays = [calling("pay", f"c{amount}", amount=amount) for amount in amounts]
    turn = [*pays, calling("look", "look", at="it")]
    return agent_of(contained([pay, look], gate), turn, "all done")


async def start(folder: Path, amounts: list[str]) -> None:
    handler = clerk(folder, amounts).run(user_msg="pay them")
    left = [ApprovalRequired] * len(amounts) + [ToolCallResult]
    async for event in handler.stream_events():
        if type(event) in left:
            left.remove(type(event))
        if not left:
            break
    await asyncio.sleep(0.05)  # until what was seen is kept: a read that was not is read again
    (folder / "saved.json").write_text(await dump(handler.ctx))
    await handler.cancel_run()


async def resume_twice(folder: Path, amounts: list[str]) -> None:
    for _ in range(2):
        handler = await resume(clerk(folder, amounts), (folder / "saved.json").read_text())
        async for event in handler.stream_events():
            if isinstance(event, ToolCallResult):
                sys.stdout.write(f"{event.tool_id}: {event.tool_output.content}\n")
        sys.stdout.write(f"agent: {await handler}\n")


if __name__ == "__main__":
    command = {"start": start, "resume": resume_twice}[sys.argv[1]]
    asyncio.run(command(Path(sys.argv[2]), sys.argv[3:]))
