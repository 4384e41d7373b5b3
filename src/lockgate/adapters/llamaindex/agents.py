"""An agent, or a workflow of agents, with every tool that it ever calls governed.

It decides nothing itself: it sees to it that whatever tool is about to run is a contained one,
be it retrieved later or made by the framework. It also records what the user said, and under
whose name the agent acts.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from llama_index.core.agent.workflow import AgentWorkflow, CodeActAgent, ToolCall
from llama_index.core.agent.workflow.base_agent import DEFAULT_AGENT_NAME, BaseWorkflowAgent
from llama_index.core.agent.workflow.codeact_agent import EXECUTE_TOOL_NAME
from llama_index.core.workflow import Context
from workflows.runtime.types.results import StepWorkerStateContextVar

from lockgate.adapters.llamaindex.place import is_nested, scope_in, turns
from lockgate.adapters.llamaindex.wrapper import contained
from lockgate.errors import Refused, WiringError
from lockgate.scope import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llama_index.core.tools import BaseTool, ToolOutput
    from workflows.events import StartEvent

    from lockgate.gate import Gate
    from lockgate.scope import Scope

A = TypeVar("A", bound="BaseWorkflowAgent | AgentWorkflow")

NAMELESS: Final = frozenset({DEFAULT_AGENT_NAME, "code_act_agent"})
"""What agents are called that nobody gave a name."""
SEAMS: Final = ("get_tools", "_call_tool", "_init_context")
"""What the framework's agents call to find a tool, to call it, and to begin; two are private."""
MAX_KEPT: Final = 256
"""How many tools that came later are kept contained."""


def contained_agent(agent: A, gate: Gate, **options: Any) -> A:
    """Return the same agent, or workflow of agents, with every tool call governed by `gate`.

    Tools that are retrieved later, the handoff between agents and the code that an agent writes
    are governed too. The object itself is changed, so that no ungoverned one is left over.

    Args:
        agent: A `FunctionAgent`, `ReActAgent`, `CodeActAgent`, `AgentWorkflow`, or one's own.
        gate: The gate.
        **options: As for `contained`; here `on_block="raise"` and `on_hold="raise"` end the run.

    Raises:
        WiringError: If it is no agent, or an option is unknown, or this version of the framework
            calls tools in another way.
    """
    if not isinstance(agent, BaseWorkflowAgent | AgentWorkflow):
        raise WiringError(f"`{agent!r}` is no agent: it can't be contained")
    if missing := [name for name in SEAMS if not hasattr(agent, name)]:
        said = f"this version of LlamaIndex has no `{missing[0]}`, through which tools are called"
        raise WiringError(f"{said}: use one that `lockgate[llamaindex]` allows")
    governor = Governor(gate, options)
    for member in agent.agents.values() if isinstance(agent, AgentWorkflow) else ():
        _govern(member, governor)
    _govern(agent, governor)
    return agent


class Governor:
    """Sees to it that the tools of an agent are contained ones."""

    def __init__(self, gate: Gate, options: dict[str, Any]) -> None:
        """Govern by `gate`; `options` are those of `contained`."""
        contained([], gate, **options)
        self.gate = gate
        self._options = options
        self._kept: dict[int, tuple[BaseTool, Any]] = {}

    def tool(self, tool: BaseTool, **declared: str) -> Any:
        """Return a tool contained; the same tool is contained once.

        Args:
            tool: Any tool.
            **declared: Actions of tools by name, unless the options say otherwise.
        """
        if hasattr(type(tool), "__lockgate__"):
            return tool
        known = self._kept.get(id(tool))
        if known is None:
            actions = declared | dict(self._options.get("actions") or {})
            made = contained(tool, self.gate, **{**self._options, "actions": actions})
            known = tool, made  # keeps `tool` alive, so that its id stays its own
            self._kept[id(tool)] = known
            while len(self._kept) > MAX_KEPT:
                del self._kept[next(iter(self._kept))]
        return known[1]

    async def offered(self, tools: Sequence[BaseTool]) -> list[Any]:
        """Return an agent's tools contained; refuse a call of one that is not among them."""
        event = StepWorkerStateContextVar.get().event
        known = {tool.metadata.name for tool in tools}
        if isinstance(event, ToolCall) and event.tool_name not in known:
            await self._refuse(event)
        return [self.tool(tool) for tool in tools]

    async def _refuse(self, event: ToolCall) -> None:
        """Record a call of a tool that does not exist; the framework itself tells the model."""
        scope, _ = await scope_in(self.gate, Context.get_step_context())
        tool = self.gate.unregistered(event.tool_name, "nowhere")
        call = self.gate.propose(tool, event.tool_kwargs, id=event.tool_id or None, scope=scope)
        await asyncio.to_thread(self.gate.turn_away, tool, call, "there is no such tool")

    def acting(self, agent: object) -> Scope:
        """Return the scope in which `agent` acts: under its own name, if it has one."""
        name = getattr(agent, "name", DEFAULT_AGENT_NAME)
        if name in NAMELESS:
            return self.gate.scope
        return replace(self.gate.scope, principal=self.gate.principal_named(name))

    async def hear(self, event: StartEvent, *, history: bool) -> None:
        """Record what the user said; an agent that speaks to another one is no user."""
        if is_nested():
            return
        scope, run = await scope_in(self.gate, Context.get_step_context())
        said = turns(event, run, history=history)
        await asyncio.to_thread(self.gate.hear, scope, list(said))


def _govern(agent: Any, governor: Governor) -> None:
    """Let `agent` ask `governor` for its tools, and see what it has already contained."""
    if not hasattr(type(agent), "__lockgate__"):
        base: Any = type(agent)
        made = type(base)(base.__name__, (base,), _body(base, governor))
        object.__setattr__(agent, "__class__", made)
    if getattr(agent, "tools", None):
        declared = {EXECUTE_TOOL_NAME: "code.execute"} if isinstance(agent, CodeActAgent) else {}
        agent.tools = [governor.tool(tool, **declared) for tool in agent.tools]
    if isinstance(agent, CodeActAgent):
        agent.code_execute_fn = _named(agent.tools, EXECUTE_TOOL_NAME).real_fn


def _named(tools: Any, name: str) -> Any:
    return next(tool for tool in tools if tool.metadata.name == name)


def _body(base: Any, governor: Governor) -> dict[str, Any]:
    """Return what a governed agent does differently from what it was."""

    async def get_tools(self: Any, *args: Any, **kwargs: Any) -> Sequence[BaseTool]:
        return await governor.offered(await base.get_tools(self, *args, **kwargs))

    async def _call_tool(self: Any, ctx: Context, tool: Any, tool_input: Any) -> ToolOutput:
        made = governor.tool(tool)
        with within(governor.acting(self)):
            output: ToolOutput = await base._call_tool(self, ctx, made, tool_input)  # noqa: SLF001
        refused = output.exception
        if isinstance(refused, Refused) and type(made).__lockgate__.way(refused) == "raise":
            raise refused
        return output

    async def _init_context(self: Any, ctx: Context, ev: StartEvent) -> None:
        await base._init_context(self, ctx, ev)  # noqa: SLF001
        await governor.hear(ev, history=not any(_writes_code(self)))

    return {
        "__lockgate__": governor,
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": base.__doc__,
        "get_tools": get_tools,
        "_call_tool": _call_tool,
        "_init_context": _init_context,
    }


def _writes_code(agent: Any) -> Iterator[bool]:
    """Say of each agent whether it writes results of code into the history in the user's name."""
    for member in agent.agents.values() if isinstance(agent, AgentWorkflow) else [agent]:
        yield isinstance(member, CodeActAgent)
