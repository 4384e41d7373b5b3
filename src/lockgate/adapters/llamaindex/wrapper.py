"""A LlamaIndex tool that stays what it is, with every way of calling it governed.

The copy belongs to a new subclass of the tool's own class, because the framework looks at the
class to hand over its context. `call`, `acall` and `__call__` go through the gate, and so do
`.fn`, `.async_fn` and `.real_fn`.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from llama_index.core.tools import BaseTool, FunctionTool
from llama_index.core.tools.types import AsyncBaseTool

from lockgate.adapters.llamaindex.governed import Governed, OnBlock, OnHold
from lockgate.adapters.llamaindex.passage import Passage
from lockgate.adapters.llamaindex.place import Place, place
from lockgate.classify import Signature
from lockgate.errors import Refused, WiringError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lockgate.gate import Gate


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

    Agents answer the model with whatever a tool raises, so what is raised reaches only those
    who call a tool themselves.

    Args:
        tools: A LlamaIndex tool, a plain callable, or a sequence of these.
        gate: The gate.
        on_hold: `pause` waits for an event where a workflow runs, and raises elsewhere; `raise`
            raises `PendingApproval`; `tell` tells the model.
        on_block: `tell` answers the model with an error output; `raise` raises.
        actions: Canonical actions of tools by name, where their author knows them.
        idempotent: Names of tools that may be retried under the same idempotency key.

    Raises:
        WiringError: If something is no tool, or an option is unknown.
    """
    if on_hold not in get_args(OnHold) or on_block not in get_args(OnBlock):
        raise WiringError(f"unknown option: on_hold=`{on_hold}`, on_block=`{on_block}`")

    def one(item: Any) -> BaseTool:
        tool = _as_tool(item)
        if hasattr(type(tool), "__lockgate__"):
            return tool
        plain = signature_of(tool)
        signature = replace(
            plain, action=(actions or {}).get(plain.name), idempotent=plain.name in idempotent
        )
        return _subclassed(tool, Governed.of(tool, gate, signature, on_hold, on_block))

    return [one(item) for item in tools] if isinstance(tools, list | tuple) else one(tools)


def signature_of(tool: BaseTool) -> Signature:
    """Return what there is to tell about a tool."""
    return Signature(
        name=tool.metadata.get_name(),
        description=tool.metadata.description,
        parameters=tool.metadata.get_parameters_dict(),
        source="llamaindex",
    )


def _as_tool(item: Any) -> BaseTool:
    if isinstance(item, BaseTool):
        return item
    if not callable(item):
        raise WiringError(f"`{item!r}` is no tool: it can't be contained")
    return FunctionTool.from_defaults(item)


def _subclassed(tool: BaseTool, governed: Governed) -> BaseTool:
    """Return a copy of `tool` whose class is a subclass of its own class.

    The copy shares what the tool knows, and lets the tool itself do what is permitted: what the
    tool calls of itself inside is not a call of its own.
    """
    base: Any = type(tool)
    is_async = isinstance(tool, AsyncBaseTool)
    call = _method(base.call if is_async else base.__call__, tool, governed)
    acall = _amethod(base.acall if is_async else _threaded(base.__call__), tool, governed)
    body = {
        "__lockgate__": governed,
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": base.__doc__,
        "__call__": call,
        "call": call,
        "acall": acall,
    }
    if isinstance(tool, FunctionTool):
        body |= _functions(tool, governed)
    made = copy.copy(tool)
    bases = (base,) if is_async else (base, AsyncBaseTool)
    object.__setattr__(made, "__class__", type(base)(base.__name__, bases, body))
    object.__setattr__(made, "__dict__", vars(tool))
    return made


def _functions(tool: FunctionTool, governed: Governed) -> dict[str, Any]:
    """Return the properties that hand out a tool's function, governed."""
    function = _function(tool.fn, governed)
    coroutine = _coroutine(tool.async_fn, governed)
    is_async = inspect.iscoroutinefunction(tool.real_fn)
    real = (_coroutine if is_async else _function)(tool.real_fn, governed)
    return {
        "fn": property(lambda _: function),
        "async_fn": property(lambda _: coroutine),
        "real_fn": property(lambda _: real),
    }


# ── Through the gate ─────────────────────────────────────────────────────────────────────────


def _method(function: Callable[..., Any], tool: BaseTool, governed: Governed) -> Any:
    inner = functools.partial(function, tool)

    @functools.wraps(function)
    def call(_: BaseTool, /, *args: Any, **kwargs: Any) -> Any:
        passage = Passage(governed, Place(governed.gate.scope), args, kwargs)
        try:
            return passage.output(passage.go(inner))
        except Refused as refused:
            return passage.refusal(refused)

    return call


def _amethod(function: Callable[..., Any], tool: BaseTool, governed: Governed) -> Any:
    inner = functools.partial(function, tool)

    @functools.wraps(function)
    async def acall(_: BaseTool, /, *args: Any, **kwargs: Any) -> Any:
        where = await place(governed.gate, governed.tool.signature.name)
        passage = Passage(governed, where, args, kwargs)
        try:
            return passage.output(await passage.ago(inner))
        except Refused as refused:
            return passage.refusal(refused)

    return acall


def _threaded(inner: Callable[..., Any]) -> Callable[..., Any]:
    """Call a tool that is not asynchronous as the framework does: in a thread."""

    @functools.wraps(inner)
    async def acall(*args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(inner, *args, **kwargs)

    return acall


def _function(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @functools.wraps(inner)
    def function(*args: Any, **kwargs: Any) -> Any:
        return Passage(governed, Place(governed.gate.scope), args, kwargs).go(inner).value

    return function


def _coroutine(inner: Callable[..., Any], governed: Governed) -> Callable[..., Any]:
    @functools.wraps(inner)
    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        where = await place(governed.gate, governed.tool.signature.name)
        return (await Passage(governed, where, args, kwargs).ago(inner)).value

    return coroutine
