"""Where a call is made from: its thread, its run, and the model's own identity of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from llama_index.core.agent.workflow import ToolCall
from llama_index.core.llms import ChatMessage, MessageRole
from llama_index.core.workflow import Context, WorkflowRuntimeError
from llama_index_instrumentation.dispatcher import active_instrument_tags
from workflows.runtime.types.results import StepWorkerStateContextVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflows.context.state_store import StateStore
    from workflows.events import StartEvent

    from lockgate.gate import Gate
    from lockgate.scope import Scope

THREAD: Final = "lockgate_thread"
"""Where a workflow's store keeps the thread, so that it goes where the context goes."""

_inside: ContextVar[object] = ContextVar("lockgate_llamaindex_inside", default=None)
"""The step inside which a permitted call is being executed."""
_NO_STEP: Final = object()
_outer: ContextVar[tuple[str, Counter[str]] | None] = ContextVar("lockgate_outer", default=None)
"""The identity of that call, and how often each call was made inside of it."""

MAX_THREADS: Final = 4096
_threads: dict[str, str] = {}
"""The threads of the latest workflow runs, for those who can't wait for the store."""


class Place(NamedTuple):
    """Where a call is made from.

    Attributes:
        scope: Its thread and run.
        workflow_run: The run of the workflow around it, if there is one.
        call: The model's identity of it, if it has one.
        delivery: What the workflow started the step for, if it was for this call.
        store: The store of the workflow's run.
    """

    scope: Scope
    workflow_run: str | None = None
    call: str | None = None
    delivery: str | None = None
    store: StateStore[Any] | None = None


async def place(gate: Gate, tool: str) -> Place:
    """Find out where a call of `tool` is made from."""
    try:
        context = Context.get_step_context()
    except WorkflowRuntimeError:
        return Place(gate.scope)
    scope, run = await scope_in(gate, context)
    return Place(scope, run, *_delivered(tool), context.store)


async def scope_in(gate: Gate, context: Context) -> tuple[Scope, str]:
    """Return the thread and run of what is done in a workflow's context, and its own run."""
    run = workflow_run()
    thread = await _thread(context, gate.scope.thread or run)
    _threads[run] = thread
    while len(_threads) > MAX_THREADS:
        _threads.pop(next(iter(_threads)), None)
    scope = replace(gate.scope, thread=thread, run=gate.scope.run or run)
    agent = await context.store.get("current_agent_name", default=None)
    if agent is not None:  # which of several agents acts, as the framework knows it
        scope = replace(scope, principal=gate.principal_named(str(agent)))
    return scope, run


def workflow_run() -> str:
    """Return the workflow's run, or nothing outside of one."""
    return str(active_instrument_tags.get().get("llamaindex.run_id", ""))


def scope_seen(gate: Gate) -> Scope:
    """Return the thread and run as far as they are known without asking the workflow's store."""
    run = workflow_run()
    thread = _threads.get(run) or gate.scope.thread or run
    return replace(gate.scope, thread=thread, run=gate.scope.run or run)


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
def inside(call: str | None) -> Iterator[None]:
    """Mark the inside of a permitted call; what is called there is a call of its own.

    Args:
        call: Its identity, if the host has one for it.
    """
    token = _inside.set(StepWorkerStateContextVar.get(None) or _NO_STEP)
    outer = _outer.set((call, Counter()) if call else None)
    try:
        yield
    finally:
        _outer.reset(outer)
        _inside.reset(token)


def nested(fingerprint: str) -> str | None:
    """Name a call that is made inside another one, the same whenever the outer one runs again.

    The outer one runs from its beginning after a pause inside; what had ended must not be repeated.
    """
    outer = _outer.get()
    if outer is None or not is_executing():
        return None
    call, made = outer
    made[fingerprint] += 1
    return f"{call}/{fingerprint[:16]}/{made[fingerprint]}"


def is_nested() -> bool:
    """Say whether a permitted call is being executed around here, however far outside."""
    return _inside.get() is not None


def is_executing() -> bool:
    """Say whether a permitted call is being executed in this very step."""
    return _inside.get() is (StepWorkerStateContextVar.get(None) or _NO_STEP)


def turns(event: StartEvent, run: str, *, history: bool) -> Iterator[tuple[str, str]]:
    """Return id and text of what the user said, as the host hands it to a run.

    Args:
        event: What the run starts with.
        run: The workflow's run.
        history: Whether the history that is handed over may be believed.
    """
    earlier = event.get("chat_history", None) or []
    for at, message in enumerate(earlier if history else ()):
        if message.role == MessageRole.USER:
            yield _message_id(f"{at}", message.content), message.content or ""
    said = event.get("user_msg", None)
    text = said.content if isinstance(said, ChatMessage) else said
    if text and not (isinstance(said, ChatMessage) and said.role != MessageRole.USER):
        yield _message_id(f"{len(earlier)}" if earlier else run, text), text


def _message_id(at: str, text: str | None) -> str:
    """Name a message by its place and its text: the framework gives it no id."""
    return f"{at}:{hashlib.sha256((text or '').encode('utf-8', 'backslashreplace')).hexdigest()}"
