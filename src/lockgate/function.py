"""The door for plain functions, sync and async; signature and docstring survive.

The gate is known here only by what it does (`Passage`), so that it can offer this door itself.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Protocol, TypeVar, cast

from lockgate.classify import Signature
from lockgate.steps import Host, Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lockgate.call import ToolCall
    from lockgate.steps import Admit, Ask, Outcome, Run

P = ParamSpec("P")
R = TypeVar("R")

_JSON_TYPES: Final = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}


class Passage(Protocol):
    """What this door needs of the gate."""

    def register(self, signature: Signature) -> Any:
        """Classify a tool and find its rules."""
        ...

    def propose(self, tool: Any, arguments: Mapping[str, Any]) -> ToolCall:
        """Make a call of the current run."""
        ...

    def ask(self, step: Ask) -> Any:
        """Ask in the gate's own way."""
        ...

    async def aask(self, step: Ask) -> Any:
        """Ask in the gate's own way, without holding up the event loop."""
        ...

    def pass_call(self, tool: Any, call: ToolCall, host: Host) -> Outcome:
        """Live the life of one call."""
        ...

    async def apass_call(self, tool: Any, call: ToolCall, host: Host) -> Outcome:
        """Live the life of one call."""
        ...


def contained(
    gate: Passage, function: Callable[P, R], *, action: str | None = None, idempotent: bool = False
) -> Callable[P, R]:
    """Return `function` with every call of it sent through `gate`.

    Args:
        gate: What stands before it.
        function: What to contain; its signature and docstring survive.
        action: Its canonical action, if the author knows it.
        idempotent: Whether running it twice is the same as running it once.
    """
    shape = inspect.signature(function)
    tool = gate.register(signature_of(function, action, idempotent=idempotent))

    def propose(args: Any, kwargs: Any) -> ToolCall:
        bound = shape.bind(*args, **kwargs)
        bound.apply_defaults()
        return gate.propose(tool, bound.arguments)

    def admit(step: Admit) -> Mapping[str, Any]:
        return _complete(shape, step.arguments)

    def run(step: Run) -> Ran:
        args, kwargs = _unbound(shape, step.call.arguments.fresh())
        return Ran.of(function(*args, **kwargs))

    async def arun(step: Run) -> Ran:
        args, kwargs = _unbound(shape, step.call.arguments.fresh())
        return Ran.of(await cast("Any", function)(*args, **kwargs))

    @functools.wraps(function)
    def passed(*args: P.args, **kwargs: P.kwargs) -> R:
        host = Host(gate.ask, run, admit)
        return cast("R", gate.pass_call(tool, propose(args, kwargs), host).value)

    @functools.wraps(function)
    async def apassed(*args: P.args, **kwargs: P.kwargs) -> Any:
        host = Host(gate.aask, arun, admit)
        return (await gate.apass_call(tool, propose(args, kwargs), host)).value

    return cast("Callable[P, R]", apassed if inspect.iscoroutinefunction(function) else passed)


def signature_of(
    function: Callable[..., Any], action: str | None = None, *, idempotent: bool = False
) -> Signature:
    """Return what there is to tell about a plain function."""
    shape = inspect.signature(function)
    properties = {
        name: {"type": _JSON_TYPES[parameter.annotation]}
        if parameter.annotation in _JSON_TYPES
        else {}
        for name, parameter in shape.parameters.items()
    }
    return Signature(
        name=getattr(function, "__name__", "function"),
        description=inspect.getdoc(function) or "",
        parameters={"type": "object", "properties": properties},
        action=action,
        idempotent=idempotent,
    )


def _complete(shape: inspect.Signature, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return edited arguments with their defaults.

    Raises:
        TypeError: If one is not a parameter, or one that is required is not given.
    """
    unknown = arguments.keys() - shape.parameters.keys()
    if unknown:
        raise TypeError(f"there is no parameter `{min(unknown)}`")
    optional = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    for name, parameter in shape.parameters.items():
        required = parameter.default is parameter.empty and parameter.kind not in optional
        if required and name not in arguments:
            raise TypeError(f"`{name}` is missing")
    bound = inspect.BoundArguments(shape, cast("Any", dict(arguments)))
    bound.apply_defaults()
    return dict(bound.arguments)


def _unbound(
    shape: inspect.Signature, values: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Give the frozen values back to the parameters they were bound to."""
    bound = inspect.BoundArguments(shape, cast("Any", values))
    return bound.args, bound.kwargs
