"""A LangChain tool that stays what it is, with every way of calling it governed.

The copy belongs to a new subclass of the tool's own class. `run` and `arun` note who calls;
`_run` and `_arun`, which receive validated arguments, go through the gate; so do
`.func` and `.coroutine`. All reflection is done here, once.
"""

from __future__ import annotations

import functools
import inspect
import sys
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

from langchain_core.tools import BaseTool, ToolException
from langchain_core.tools import tool as as_tool

from lockgate.adapters.langchain.passage import (
    HIDDEN,
    Governed,
    OnBlock,
    OnHold,
    Passage,
    Told,
    is_inside,
    noted,
)
from lockgate.classify import Signature
from lockgate.errors import WiringError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lockgate.gate import Gate
    from lockgate.steps import Ran, Run


F = TypeVar("F", bound="Callable[..., Any]")


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
        positional=_positional(tool),
        artifact=tool.response_format == "content_and_artifact",
        parse=cast("Any", tool._parse_input),  # noqa: SLF001 - the tool's own validation
        on_hold=on_hold,
        on_block=on_block,
    )


def _parameters(tool: BaseTool) -> dict[str, Any]:
    schema: Any = tool.tool_call_schema
    return (
        schema if isinstance(schema, dict) else cast("dict[str, Any]", schema.model_json_schema())
    )


def _positional(tool: BaseTool) -> tuple[str, ...]:
    """Return the names that positional arguments get; a schema may well name none."""
    schema = tool.args_schema
    named = schema.get("properties", {}) if isinstance(schema, dict) else tool.args
    return tuple(named)


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
    @_like(inner)
    def run(self: BaseTool, tool_input: Any, *args: Any, **kwargs: Any) -> Any:
        with noted(governed, kwargs):
            return inner(self, tool_input, *args, **kwargs)

    return run


def _anoting(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @_like(inner)
    async def arun(self: BaseTool, tool_input: Any, *args: Any, **kwargs: Any) -> Any:
        with noted(governed, kwargs):
            return await inner(self, tool_input, *args, **kwargs)

    return arun


# ── Through the gate ─────────────────────────────────────────────────────────────────────────


def _method(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @_like(inner)
    def _run(self: BaseTool, *args: Any, **kwargs: Any) -> Any:
        return _passed(governed, functools.partial(inner, self), args, kwargs)

    return _run


def _amethod(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @_like(inner)
    async def _arun(self: BaseTool, *args: Any, **kwargs: Any) -> Any:
        return await _apassed(governed, functools.partial(inner, self), args, kwargs)

    return _arun


def _like(inner: Callable[..., Any]) -> Callable[[F], F]:
    """Decorate a stand-in with what `inner` is, its signature looked up once and for all."""

    def dressed(stand_in: F) -> F:
        functools.update_wrapper(stand_in, inner)
        cast("Any", stand_in).__signature__ = inspect.signature(inner)
        return stand_in

    return dressed


def _function(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @_like(inner)
    def function(*args: Any, **kwargs: Any) -> Any:
        return _passed(governed, inner, args, kwargs)

    @_like(inner)
    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        return await _apassed(governed, inner, args, kwargs)

    return coroutine if inspect.iscoroutinefunction(inner) else function


def _passed(
    governed: Governed, inner: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call `inner` through the gate, or straight if this is the inside of a permitted call."""
    if is_inside(governed):
        return inner(*args, **kwargs)
    passage = Passage(governed, args, kwargs)

    def run(step: Run) -> Ran:
        with passage.permitted():
            positional, named = passage.exact(step)
            return passage.ran(inner(*positional, **named))

    with passage.refusals():
        host = passage.host(passage.ask, run)
        return passage.result(governed.gate.pass_call(governed.tool, passage.call, host))


async def _apassed(
    governed: Governed, inner: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Do as `_passed` does, in the event loop."""
    if is_inside(governed):
        return await inner(*args, **kwargs)
    passage = Passage(governed, args, kwargs)

    async def run(step: Run) -> Ran:
        with passage.permitted():
            positional, named = passage.exact(step)
            return passage.ran(await inner(*positional, **named))

    with passage.refusals():
        host = passage.host(passage.aask, run)
        return passage.result(await governed.gate.apass_call(governed.tool, passage.call, host))
