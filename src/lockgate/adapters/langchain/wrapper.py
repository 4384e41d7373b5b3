"""A LangChain tool that stays what it is, with every way of calling it governed.

The copy belongs to a new subclass of the tool's own class. `run` and `arun` note who calls;
`_run` and `_arun`, which receive validated arguments, go through the gate; so do
`.func` and `.coroutine`. All reflection is done here, once.
"""

from __future__ import annotations

import functools
import inspect
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

from langchain_core.runnables.config import ensure_config
from langchain_core.tools import BaseTool, ToolException
from langchain_core.tools import tool as as_tool

from lockgate.adapters.langchain.pause import can_pause, pause
from lockgate.call import projected
from lockgate.classify import Signature
from lockgate.errors import PendingApproval, Refused, Suspended, WiringError
from lockgate.steps import Host, Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from langchain_core.runnables import RunnableConfig

    from lockgate.call import ToolCall
    from lockgate.gate import Gate, Scope, Tool
    from lockgate.steps import Ask, Outcome, Run

OnHold = Literal["pause", "raise", "tell"]
OnBlock = Literal["tell", "raise"]
HIDDEN: Final = frozenset({"run_manager", "callbacks", "config"})
"""Parameters that the framework fills in for itself."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Who calls: what `run` was told besides the arguments."""

    tool: int
    tool_call_id: str | None
    config: RunnableConfig | None


@dataclass(frozen=True, slots=True)
class Governed:
    """How one tool is governed; everything about it that needs reflection."""

    gate: Gate
    tool: Tool
    hidden: frozenset[str]
    positional: tuple[str, ...]
    artifact: bool
    on_hold: OnHold
    on_block: OnBlock


_frame: ContextVar[Frame | None] = ContextVar("lockgate_langchain_frame", default=None)
_permitted: ContextVar[int] = ContextVar("lockgate_langchain_permitted", default=0)


class Told(ToolException):
    """A refusal on its way to the model as an error message."""

    def __init__(self, refused: Refused) -> None:
        """Tell what the model may act upon."""
        super().__init__(refused.to_model())
        self.refused = refused


def contained(  # noqa: PLR0913 - the ways to hand back, and what authors declare
    tools: Any,
    gate: Gate,
    *,
    on_hold: OnHold = "pause",
    on_block: OnBlock = "tell",
    actions: Mapping[str, str] | None = None,
    idempotent: Sequence[str] = (),
) -> Any:
    """Return the same tool, or list of tools, governed by `gate`.

    Args:
        tools: A LangChain tool, a plain callable, or a sequence of these.
        gate: The gate.
        on_hold: `pause` takes LangGraph's own pause where the graph can be resumed, and raises
            elsewhere; `raise` raises `PendingApproval`; `tell` tells the model.
        on_block: `tell` answers the model with an error message; `raise` raises.
        actions: Canonical actions of tools by name, where their author knows them.
        idempotent: Names of tools that may be retried under the same idempotency key.

    Raises:
        WiringError: If something is no tool, or an option is unknown.
    """
    if on_hold not in get_args(OnHold) or on_block not in get_args(OnBlock):
        raise WiringError(f"unknown option: on_hold=`{on_hold}`, on_block=`{on_block}`")

    def one(tool: Any) -> BaseTool:
        plain = _as_tool(tool)
        if is_contained(plain):
            return plain
        signature = _signature(plain, (actions or {}).get(plain.name), plain.name in idempotent)
        return _subclassed(plain, _governed(plain, gate, signature, on_hold, on_block))

    return [one(tool) for tool in tools] if isinstance(tools, list | tuple) else one(tools)


def is_contained(tool: object) -> bool:
    """Say whether calls of this tool already go through a gate."""
    return hasattr(type(tool), "__lockgate__")


def _as_tool(tool: Any) -> BaseTool:
    if isinstance(tool, BaseTool):
        return tool
    if not callable(tool):
        raise WiringError(f"`{tool!r}` is no tool that runs here: it can't be contained")
    return cast("BaseTool", as_tool(tool))


def _signature(tool: BaseTool, action: str | None, idempotent: bool) -> Signature:  # noqa: FBT001
    return Signature(
        name=tool.name,
        description=tool.description,
        parameters=_parameters(tool),
        source="langchain",
        action=action,
        idempotent=idempotent,
    )


def _governed(
    tool: BaseTool, gate: Gate, signature: Signature, on_hold: OnHold, on_block: OnBlock
) -> Governed:
    return Governed(
        gate=gate,
        tool=gate.register(signature),
        hidden=_hidden(tool),
        positional=tuple(tool.args),
        artifact=tool.response_format == "content_and_artifact",
        on_hold=on_hold,
        on_block=on_block,
    )


def _parameters(tool: BaseTool) -> dict[str, Any]:
    schema: Any = tool.tool_call_schema
    return (
        schema if isinstance(schema, dict) else cast("dict[str, Any]", schema.model_json_schema())
    )


def _hidden(tool: BaseTool) -> frozenset[str]:
    """Return the parameters that hosts inject and models never send."""
    declared = dict.fromkeys(getattr(tool.get_input_schema(), "model_fields", {}))
    kept = tool._filter_injected_args(declared)  # noqa: SLF001 - the framework's own answer
    return HIDDEN | tool._injected_args_keys | (declared.keys() - kept.keys())  # noqa: SLF001


def _subclassed(tool: BaseTool, governed: Governed) -> BaseTool:
    """Return a copy of `tool` whose class is a subclass of its own class."""
    base: Any = type(tool)
    body: dict[str, Any] = {
        "__lockgate__": governed,
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": base.__doc__,
        "run": _noting(base.run, governed),
        "arun": _anoting(base.arun, governed),
        "_run": _method(base._run, governed),  # noqa: SLF001 - where validated arguments arrive
    }
    if base._arun is not BaseTool._arun:  # noqa: SLF001 - BaseTool itself compares them
        body["_arun"] = _amethod(base._arun, governed)  # noqa: SLF001
    copy = tool.model_copy()
    object.__setattr__(copy, "__class__", type(base)(base.__name__, (base,), body))
    copy.handle_tool_error = cast("Any", _Handling(tool.handle_tool_error))
    for name in ("func", "coroutine"):
        function = getattr(copy, name, None)
        if function is not None:
            object.__setattr__(copy, name, _function(function, governed))
    return copy


class _Handling:
    """The tool's own error handling, and besides it ours for refusals alone.

    The framework asks whether there is a handler while the error is being handled, so
    the answer may depend on which error it is; the tool's own errors go their own way.
    """

    def __init__(self, original: Any) -> None:
        self._original = original

    def __bool__(self) -> bool:
        return bool(self._original) or isinstance(sys.exception(), Told)

    def __call__(self, error: ToolException) -> Any:
        if isinstance(error, Told) or self._original is True:
            return error.args[0] if error.args else "Tool execution error"
        return self._original(error) if callable(self._original) else self._original


# ── Who calls ────────────────────────────────────────────────────────────────────────────────


def _noting(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @functools.wraps(inner)
    def run(self: BaseTool, tool_input: Any, *args: Any, **kwargs: Any) -> Any:
        with _noted(governed, kwargs):
            return inner(self, tool_input, *args, **kwargs)

    return run


def _anoting(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @functools.wraps(inner)
    async def arun(self: BaseTool, tool_input: Any, *args: Any, **kwargs: Any) -> Any:
        with _noted(governed, kwargs):
            return await inner(self, tool_input, *args, **kwargs)

    return arun


@contextmanager
def _noted(governed: Governed, kwargs: Mapping[str, Any]) -> Iterator[None]:
    """Note who calls; a call made from inside a permitted one is a call of its own."""
    frame = _frame.set(Frame(id(governed), kwargs.get("tool_call_id"), kwargs.get("config")))
    permit = _permitted.set(0)
    try:
        yield
    finally:
        _permitted.reset(permit)
        _frame.reset(frame)


# ── Through the gate ─────────────────────────────────────────────────────────────────────────


def _method(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @functools.wraps(inner)
    def _run(self: BaseTool, *args: Any, **kwargs: Any) -> Any:
        return _passed(governed, functools.partial(inner, self), args, kwargs)

    return _run


def _amethod(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @functools.wraps(inner)
    async def _arun(self: BaseTool, *args: Any, **kwargs: Any) -> Any:
        return await _apassed(governed, functools.partial(inner, self), args, kwargs)

    return _arun


def _function(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @functools.wraps(inner)
    def function(*args: Any, **kwargs: Any) -> Any:
        return _passed(governed, inner, args, kwargs)

    @functools.wraps(inner)
    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        return await _apassed(governed, inner, args, kwargs)

    return coroutine if inspect.iscoroutinefunction(inner) else function


def _passed(
    governed: Governed, inner: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call `inner` through the gate, or straight if this is the inside of a permitted call."""
    if _permitted.get() == id(governed):
        return inner(*args, **kwargs)
    passage = Passage(governed, args, kwargs)

    def run(step: Run) -> Ran:
        with passage.permitted():
            positional, named = passage.exact(step)
            return passage.ran(inner(*positional, **named))

    with passage.refusals():
        host = Host(passage.ask, run)
        return passage.result(governed.gate.pass_call(governed.tool, passage.call, host))


async def _apassed(
    governed: Governed, inner: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Do as `_passed` does, in the event loop."""
    if _permitted.get() == id(governed):
        return await inner(*args, **kwargs)
    passage = Passage(governed, args, kwargs)

    async def run(step: Run) -> Ran:
        with passage.permitted():
            positional, named = passage.exact(step)
            return passage.ran(await inner(*positional, **named))

    with passage.refusals():
        host = Host(passage.aask, run)
        return passage.result(await governed.gate.apass_call(governed.tool, passage.call, host))


class Passage:
    """One call on its way: all that its sync and async forms share."""

    def __init__(self, governed: Governed, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Propose the call: what was injected is neither judged nor recorded."""
        self._governed = governed
        self._names = governed.positional[: len(args)]
        self._injected = {name: kwargs[name] for name in kwargs.keys() & governed.hidden}
        judged = {name: kwargs[name] for name in kwargs.keys() - governed.hidden}
        frame = _frame.get()
        self._inside = frame is not None and frame.tool == id(governed)
        config = frame.config if frame is not None and self._inside else None
        call_id = frame.tool_call_id if frame is not None and self._inside else None
        scope = scope_of(governed.gate, config)
        self.call: ToolCall = governed.gate.propose(
            governed.tool,
            dict(zip(self._names, args, strict=True)) | judged,
            id=call_id if scope.thread else None,
            scope=scope,
        )

    def exact(self, step: Run) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the frozen arguments as the tool takes them, with what was injected."""
        values = step.call.arguments.fresh()
        return tuple(values.pop(name) for name in self._names), values | self._injected

    def ask(self, step: Ask) -> Any:
        """Ask in the way that was chosen and is possible here."""
        if self._governed.on_hold == "pause" and can_pause():
            return pause(step)
        return self._governed.gate.ask(step)

    def aask(self, step: Ask) -> Any:
        """Ask as `ask` does, without holding up the event loop."""
        if self._governed.on_hold == "pause" and can_pause():
            return pause(step)
        return self._governed.gate.aask(step)

    @contextmanager
    def permitted(self) -> Iterator[None]:
        """Let the inside of the tool through; a pause of its own is not a failure."""
        from langgraph.errors import GraphBubbleUp

        token = _permitted.set(id(self._governed))
        try:
            yield
        except GraphBubbleUp as signal:
            raise Suspended(signal) from None
        finally:
            _permitted.reset(token)

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Hand refusals to the model where that was chosen, and the host its own pause."""
        try:
            yield
        except Suspended as paused:
            raise paused.signal from None
        except Refused as refused:
            pending = isinstance(refused, PendingApproval)
            way = self._governed.on_hold if pending else self._governed.on_block
            if way == "tell" and self._inside:
                raise Told(refused) from refused
            raise

    def ran(self, value: Any) -> Ran:
        """Wrap what the tool returned; an artifact pair is recorded as a list."""
        if self._governed.artifact and isinstance(value, tuple):
            return Ran(value, *projected(list(value)))
        return Ran.of(value)

    def result(self, outcome: Outcome) -> Any:
        """Return what the tool returned, now or when it ran before."""
        if outcome.replayed and self._governed.artifact:
            return tuple(outcome.value)
        return outcome.value


def scope_of(gate: Gate, config: RunnableConfig | None) -> Scope:
    """Return the thread and run of a LangGraph call, else the gate's current scope."""
    settings = (config or ensure_config()).get("configurable", {})
    thread, run = settings.get("thread_id"), _run_id()
    if thread is None and run is None:
        return gate.scope
    return replace(gate.scope, thread=str(thread or f"run:{run}"), run=run or "")


def _run_id() -> str | None:
    """Return the id of the running graph, if there is one."""
    try:
        from langgraph.runtime import get_runtime

        information = get_runtime().execution_info
    except (ImportError, RuntimeError, KeyError):
        return None
    return str(information.run_id) if information and information.run_id else None
