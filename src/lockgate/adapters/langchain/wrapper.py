"""A LangChain tool that stays what it is, with every way of calling it governed.

The copy belongs to a new subclass of the tool's own class. `run` and `arun` note who calls;
`_run` and `_arun`, which receive validated arguments, go through the gate; so do
`.func` and `.coroutine`. All reflection is done here, once.
"""

from __future__ import annotations

import functools
import inspect
import sys
from dataclasses import replace
from inspect import Parameter
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args

from langchain_core.tools import BaseTool, ToolException
from langchain_core.tools import tool as as_tool
from langchain_core.tools.base import _get_runnable_config_param

from lockgate.adapters.langchain.passage import (
    Governed,
    OnBlock,
    OnHold,
    Passage,
    Told,
    forget,
    is_inside,
    note,
)
from lockgate.call import Flaw, canonical
from lockgate.classify import Signature
from lockgate.errors import Refused, Suspended, WiringError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lockgate.gate import Gate
    from lockgate.steps import Ran, Run


F = TypeVar("F", bound="Callable[..., Any]")

FILTERED: Final = frozenset({"run_manager", "callbacks"})
"""Names that the framework shows to no callback, though a model may well send them."""
_POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME: Final = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def contained(  # noqa: PLR0913 - the ways to hand back, and what authors declare
    tools: Any,
    gate: Gate,
    *,
    on_hold: OnHold = "pause",
    on_block: OnBlock = "tell",
    patience: float = 60.0,
    actions: Mapping[str, str] | None = None,
    idempotent: Sequence[str] = (),
) -> Any:
    """Return the same tool, or list of tools, governed by `gate`.

    Args:
        tools: A LangChain tool, a plain callable, or a sequence of these.
        gate: The gate.
        on_hold: `pause` takes LangGraph's own pause where the graph can be resumed, and raises
            elsewhere; `raise` raises `PendingApproval`; `tell` tells the model; `wait` waits for
            an answer first.
        on_block: `tell` answers the model with an error message; `raise` raises.
        patience: How many seconds `wait` waits.
        actions: Canonical actions of tools by name, where their author knows them.
        idempotent: Names of tools that may be retried under the same idempotency key.

    Raises:
        WiringError: If something is no tool, or an option is unknown.
    """
    if on_hold not in get_args(OnHold) or on_block not in get_args(OnBlock):
        raise WiringError(f"unknown option: on_hold=`{on_hold}`, on_block=`{on_block}`")

    ways: dict[str, Any] = {"on_hold": on_hold, "on_block": on_block, "patience": patience}

    def one(tool: Any) -> BaseTool:
        plain = _as_tool(tool)
        if is_contained(plain):
            return plain
        signature = signature_of(
            plain, (actions or {}).get(plain.name), idempotent=plain.name in idempotent
        )
        governed = replace(_governed(plain, gate, signature), **ways)
        return _subclassed(plain, governed)

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


def signature_of(tool: BaseTool, action: str | None, *, idempotent: bool) -> Signature:
    """Return what there is to tell about a tool."""
    return Signature(
        name=tool.name,
        description=tool.description,
        parameters=_parameters(tool),
        source="langchain",
        action=action,
        idempotent=idempotent,
    )


def _governed(tool: BaseTool, gate: Gate, signature: Signature) -> Governed:
    return Governed(
        gate=gate,
        tool=gate.register(signature),
        hidden=tool._injected_args_keys | (_filtered(tool) - FILTERED),  # noqa: SLF001
        positional=_named(tool),
        defaults={},
        artifact=tool.response_format == "content_and_artifact",
        parse=cast("Any", tool._parse_input),  # noqa: SLF001 - the tool's own validation
    )


def _parameters(tool: BaseTool) -> dict[str, Any]:
    schema: Any = tool.tool_call_schema
    return (
        schema if isinstance(schema, dict) else cast("dict[str, Any]", schema.model_json_schema())
    )


def _named(tool: BaseTool) -> tuple[str, ...]:
    """Return the names that the schema gives; it may well give none."""
    schema = tool.args_schema
    named = schema.get("properties", {}) if isinstance(schema, dict) else tool.args
    return tuple(named)


def _filtered(tool: BaseTool) -> frozenset[str]:
    """Return the parameters that the framework does not show to callbacks; its own answer."""
    declared = dict.fromkeys(getattr(tool.get_input_schema(), "model_fields", {}))
    asked = dict.fromkeys(FILTERED | tool._injected_args_keys, None) | declared  # noqa: SLF001
    return frozenset(asked) - tool._filter_injected_args(asked).keys()  # noqa: SLF001


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
        "_filter_injected_args": _filtering(_filtered(tool)),
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


def _filtering(filtered: frozenset[str]) -> Callable[..., Any]:
    """Return what the framework asks in each call, answered without reflection."""

    def _filter_injected_args(self: BaseTool, tool_input: dict[str, Any]) -> dict[str, Any]:
        del self
        return {name: value for name, value in tool_input.items() if name not in filtered}

    return _filter_injected_args


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
        noted = note(governed, kwargs)
        try:
            return inner(self, tool_input, *args, **kwargs)
        finally:
            forget(noted)

    return run


def _anoting(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @_like(inner)
    async def arun(self: BaseTool, tool_input: Any, *args: Any, **kwargs: Any) -> Any:
        noted = note(governed, kwargs)
        try:
            return await inner(self, tool_input, *args, **kwargs)
        finally:
            forget(noted)

    return arun


# ── Through the gate ─────────────────────────────────────────────────────────────────────────


def _method(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    governed = _way_in(inner, governed, "run_manager")

    @_like(inner)
    def _run(self: BaseTool, *args: Any, **kwargs: Any) -> Any:
        return _passed(governed, functools.partial(inner, self), args, kwargs)

    return _run


def _amethod(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    governed = _way_in(inner, governed, "run_manager")

    @_like(inner)
    async def _arun(self: BaseTool, *args: Any, **kwargs: Any) -> Any:
        return await _apassed(governed, functools.partial(inner, self), args, kwargs)

    return _arun


def _function(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    governed = _way_in(inner, governed, "callbacks")

    @_like(inner)
    def function(*args: Any, **kwargs: Any) -> Any:
        return _passed(governed, inner, args, kwargs)

    @_like(inner)
    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        return await _apassed(governed, inner, args, kwargs)

    return coroutine if inspect.iscoroutinefunction(inner) else function


def _way_in(inner: Callable[..., Any], governed: Governed, callbacks: str) -> Governed:
    """Return how one function is governed: only what the framework fills in there is hidden."""
    shape = _shape(inner).parameters
    config = _get_runnable_config_param(inner) or callbacks
    hidden = governed.hidden | ({callbacks, config} & shape.keys())
    named = [name for name, it in shape.items() if name != "self" and it.kind in _POSITIONAL]
    defaults = {
        name: it.default
        for name, it in shape.items()
        if name not in hidden and it.kind in _BY_NAME and _has_form(it.default)
    }
    positional = tuple(dict.fromkeys((*named, *governed.positional)))
    return replace(governed, hidden=hidden, positional=positional, defaults=defaults)


def _has_form(value: object) -> bool:
    """Say whether a value can be judged; placeholders of other libraries can't."""
    try:
        canonical(value)
    except Flaw:
        return False
    return True


def _shape(inner: Callable[..., Any]) -> inspect.Signature:
    """Return the signature, with annotations that are not text wherever they can be resolved."""
    try:
        return inspect.signature(inner, eval_str=True)
    except Exception:  # noqa: BLE001 - resolving runs whatever text an annotation is
        return inspect.signature(inner)


def _like(inner: Callable[..., Any]) -> Callable[[F], F]:
    """Decorate a stand-in with what `inner` is, looked up once and not in each call."""
    shape = _shape(inner)
    resolved = {
        name: it.annotation
        for name, it in shape.parameters.items()
        if it.annotation is not it.empty
    }
    if shape.return_annotation is not shape.empty:
        resolved["return"] = shape.return_annotation

    def dressed(stand_in: F) -> F:
        functools.update_wrapper(stand_in, inner)
        stand_in.__annotations__ = resolved
        cast("Any", stand_in).__signature__ = shape
        return stand_in

    return dressed


def _passed(
    governed: Governed, inner: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call `inner` through the gate, or straight if this is the inside of a permitted call."""
    if is_inside(governed):
        return inner(*args, **kwargs)
    passage = Passage(governed, args, kwargs)

    def run(step: Run) -> Ran:
        with passage:
            positional, named = passage.exact(step)
            return passage.ran(inner(*positional, **named))

    try:
        host = passage.host(passage.ask, run)
        return passage.result(governed.gate.pass_call(governed.tool, passage.call, host))
    except (Refused, Suspended) as signal:
        passage.hand_back(signal)


async def _apassed(
    governed: Governed, inner: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Do as `_passed` does, in the event loop."""
    if is_inside(governed):
        return await inner(*args, **kwargs)
    passage = Passage(governed, args, kwargs)

    async def run(step: Run) -> Ran:
        with passage:
            positional, named = passage.exact(step)
            return passage.ran(await inner(*positional, **named))

    try:
        host = passage.host(passage.aask, run)
        return passage.result(await governed.gate.apass_call(governed.tool, passage.call, host))
    except (Refused, Suspended) as signal:
        passage.hand_back(signal)
