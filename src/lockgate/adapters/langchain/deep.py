"""Deep Agents: one call that governs the main agent and every sub-agent.

A middleware of the main agent does not reach its sub-agents; each compiles into a graph of its
own. So the middleware is put into every one of them, the default one included. A sub-agent
that comes ready-made, or runs elsewhere, can't be reached and is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lockgate.adapters.langchain.middleware import containment
from lockgate.errors import WiringError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lockgate.gate import Gate

_OUT_OF_REACH: Final = ("runnable", "graph_id")
"""Keys of specifications whose inside can't be governed from here."""


def contained_deep_agent(
    gate: Gate,
    *,
    subagents: Sequence[Mapping[str, Any]] = (),
    middleware: Sequence[Any] = (),
    containing: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Return a deep agent whose tools, built-in ones included, are governed at every depth.

    Args:
        gate: The gate.
        subagents: Specifications of sub-agents, as `create_deep_agent` takes them.
        middleware: Other middleware of the main agent; ours stands nearest to the tools.
        containing: Options of `contained`, such as `on_hold`.
        **options: Everything else that `create_deep_agent` takes.

    Raises:
        WiringError: If a sub-agent can't be governed from here, or Deep Agents is not installed.
    """
    try:
        from deepagents import create_deep_agent
        from deepagents.middleware.subagents import GENERAL_PURPOSE_SUBAGENT
    except ImportError as error:
        raise WiringError(f"{error}: install `deepagents` to use this") from error

    def governed(spec: Mapping[str, Any]) -> Any:
        _reachable(spec)
        layers = [*spec.get("middleware", ()), containment(gate, **(containing or {}))]
        return {**spec, "middleware": layers}

    specs = list(subagents)
    if all(spec["name"] != GENERAL_PURPOSE_SUBAGENT["name"] for spec in specs):
        specs.append(GENERAL_PURPOSE_SUBAGENT)
    return create_deep_agent(
        subagents=[governed(spec) for spec in specs],
        middleware=[*middleware, containment(gate, **(containing or {}))],
        **options,
    )


def _reachable(spec: Mapping[str, Any]) -> None:
    for key in _OUT_OF_REACH:
        if key in spec:
            raise WiringError(
                f"sub-agent `{spec['name']}` has a `{key}`: its tools can't be governed from here; "
                "contain them where it is built"
            )
