"""Where a call is made from: its thread, its run, and the model's own identity of it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from llama_index.core.agent.workflow import ToolCall
from llama_index.core.workflow import Context, WorkflowRuntimeError
from llama_index_instrumentation.dispatcher import active_instrument_tags
from workflows.runtime.types.results import StepWorkerStateContextVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockgate.gate import Gate
    from lockgate.scope import Scope

THREAD: Final = "lockgate_thread"
"""Where a workflow's store keeps the thread, so that it goes where the context goes."""

_inside: ContextVar[object] = ContextVar("lockgate_llamaindex_inside", default=None)
"""The step inside which a permitted call is being executed."""


class Place(NamedTuple):
    """Where a call is made from.

    Attributes:
        scope: Its thread and run.
        workflow_run: The run of the workflow around it, if there is one.
        call: The model's identity of it, if it has one.
        delivery: What the workflow started the step for, if it was for this call.
    """

    scope: Scope
    workflow_run: str | None = None
    call: str | None = None
    delivery: str | None = None


async def place(gate: Gate, tool: str) -> Place:
    """Find out where a call of `tool` is made from."""
    try:
        context = Context.get_step_context()
    except WorkflowRuntimeError:
        return Place(gate.scope)
    run = str(active_instrument_tags.get().get("llamaindex.run_id", ""))
    thread = await _thread(context, gate.scope.thread or run)
    scope = replace(gate.scope, thread=thread, run=gate.scope.run or run)
    agent = await context.store.get("current_agent_name", default=None)
    if agent is not None:  # which of several agents acts, as the framework knows it
        scope = replace(scope, principal=gate.principal_named(str(agent)))
    return Place(scope, run, *_delivered(tool))


async def _thread(context: Context, new: str) -> str:
    """Return the thread that the workflow's store keeps, or keep a new one there.

    Calls that are made at once may both find nothing, so they must bring the same new one.
    """
    kept = await context.store.get(THREAD, default=None)
    if kept is None:
        with suppress(ValueError):  # a typed state without such a field keeps nothing
            await context.store.set(THREAD, new)
    return str(kept or new)


def _delivered(tool: str) -> tuple[str | None, str | None]:
    """Return the ids of the call and of the work for which the step was started, if it is this one.

    Some models give calls no ids, and the framework then puts the tool's name in their place.
    """
    here = StepWorkerStateContextVar.get()
    event = here.event
    if _inside.get() is here or not isinstance(event, ToolCall) or event.tool_name != tool:
        return None, None
    return event.tool_id if event.tool_id not in {"", tool} else None, here.state.work_item_id


@contextmanager
def inside() -> Iterator[None]:
    """Mark the inside of a permitted call; what is called there is a call of its own."""
    token = _inside.set(StepWorkerStateContextVar.get(None))
    try:
        yield
    finally:
        _inside.reset(token)
