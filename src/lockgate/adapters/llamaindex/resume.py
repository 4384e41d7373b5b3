"""A waiting run, carried into another process.

The framework's own snapshot is not enough: it may drop the memory, it fails over a result that has
no JSON form, and it forgets what each waiter waits for, so that after it any answer would fit any
of them. So the messages are carried along, such results as the record has them, and every held
call is delivered afresh.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from typing import TYPE_CHECKING, Any

from llama_index.core.agent.workflow import ToolCallResult
from llama_index.core.llms import ChatMessage
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.workflow import Context, JsonSerializer

from lockgate.adapters.llamaindex.passage import executing
from lockgate.adapters.llamaindex.pause import ASKING, WAITER
from lockgate.call import projected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llama_index.core.memory import BaseMemory
    from workflows import Workflow
    from workflows.handler import WorkflowHandler


async def dump(ctx: Context) -> str:
    """Return a waiting run as JSON text, to be kept anywhere and resumed by any process.

    Args:
        ctx: The context of its handler.

    Raises:
        ValueError: If an event or a state of the workflow's own has no JSON form.
    """
    memory: BaseMemory | None = await ctx.store.get("memory", default=None)
    messages = None if memory is None else await memory.aget_all()
    return json.dumps({"context": _snapshot(ctx), "messages": messages}, default=_plain)


def _snapshot(ctx: Context) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that it drops the memory
        return ctx.to_dict(serializer=Projecting())


class Projecting(JsonSerializer):
    """Writes what a tool returned without a JSON form as the record would."""

    def serialize_value(self, value: Any) -> Any:
        """Return the JSON form of `value`."""
        try:
            return super().serialize_value(value)
        except ValueError:
            if not isinstance(value, ToolCallResult):
                raise
            return super().serialize_value(_projected(value))


def _projected(result: ToolCallResult) -> ToolCallResult:
    output = result.tool_output
    told = {name: projected(getattr(output, name))[0] for name in ("raw_input", "raw_output")}
    return result.model_copy(update={"tool_output": output.model_copy(update=told)})


def _plain(message: ChatMessage) -> dict[str, Any]:
    return message.model_dump(mode="json")


async def resume(
    workflow: Workflow, saved: str, *, memory: BaseMemory | None = None
) -> WorkflowHandler:
    """Go on with a run in this process; return when every held call waits again or goes on.

    Calls that were answered meanwhile go on by themselves; the others are on the event stream
    again. If several processes resume one run, each call is still executed once.

    Args:
        workflow: The same agent or workflow, made anew.
        saved: What `dump` returned.
        memory: The agent's memory, if it is kept elsewhere; by default a new one is filled.
    """
    told = json.loads(saved)
    held = _delivered_afresh(told["context"])
    handler = workflow.run(ctx=Context.from_dict(workflow, told["context"]))
    store = handler.ctx.store
    if memory is None and await store.get("memory", default=None) is None:
        memory = _filled(workflow, told["messages"])
    if memory is not None:  # before anything is awaited that lets the run go on without it
        await store.set("memory", memory)
    while _arriving(handler, held):  # noqa: ASYNC110 - the framework has no event for it
        await asyncio.sleep(0.01)
    return handler


def _filled(workflow: Workflow, messages: list[Any] | None) -> BaseMemory | None:
    if messages is None:
        return None
    history = [ChatMessage.model_validate(item) for item in messages]
    return ChatMemoryBuffer.from_defaults(chat_history=history, llm=getattr(workflow, "llm", None))


def _delivered_afresh(context: dict[str, Any]) -> set[str]:
    """Put the events of held calls back into the queue they came from, and return them.

    A waiter with an answer that was not read yet stays; it only may not ask for its step again.
    """
    held = set()
    for worker in context["workers"].values():
        moving = {_work(item) for item in _moving(worker)}
        for waiter in filter(_is_ours, list(worker["collected_waiters"])):
            if waiter["resolved_event"]:
                waiter["has_requirements"] = False
                continue
            worker["collected_waiters"].remove(waiter)
            if waiter["waiter_id"].startswith(ASKING) and _work(waiter) not in moving:
                worker["queue"].append(waiter)
                held.add(waiter["event"])
    return held


def _work(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return what tells one delivery of a step from another: equal calls have equal events."""
    return item["event"], item["work_item_id"]


def _is_ours(waiter: Mapping[str, Any]) -> bool:
    return str(waiter["waiter_id"]).startswith(WAITER)


def _arriving(handler: WorkflowHandler, held: set[str]) -> bool:
    """Say whether a held call has yet to come to where it waits or is executed."""
    if handler.is_done():
        return False
    try:
        workers = _snapshot(handler.ctx)["workers"].values()
    except ValueError:  # an event without a JSON form came in: the run has gone on
        return False
    moving = [item["event"] for worker in workers for item in _moving(worker)]
    return sum(event in held for event in moving) > executing.count(handler.run_id)


def _moving(worker: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*worker["queue"], *worker["in_progress"]]
