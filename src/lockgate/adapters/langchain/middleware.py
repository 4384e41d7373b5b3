"""The middleware for `create_agent`: every tool the agent ever calls is governed.

It decides nothing itself: it sees to it that the tool about to run is a contained one. It also
records what the user said, so that rules can ask for it. Names that the agent invents are
refused and recorded.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import HumanMessage, ToolMessage

from lockgate.adapters.langchain.passage import is_nested, scope_of
from lockgate.adapters.langchain.wrapper import contained, is_contained
from lockgate.decide import Verdict
from lockgate.scope import within

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from langchain.agents.middleware import ModelRequest, ToolCallRequest
    from langchain_core.messages import BaseMessage
    from langchain_core.tools import BaseTool
    from langgraph.types import Command

    from lockgate.gate import Gate
    from lockgate.scope import Scope

    Answered = ToolMessage | Command[Any]


def containment(gate: Gate, **options: Any) -> Containment:
    """Return a middleware that governs every tool of an agent.

    Place it last in the list, nearest to the tools: what others change is then judged as changed.

    Args:
        gate: The gate.
        **options: As for `contained`.
    """
    return Containment(gate, **options)


class Containment(AgentMiddleware[Any, Any, Any]):
    """Sees to it that the tool about to run is a contained one."""

    def __init__(self, gate: Gate, **options: Any) -> None:
        """Govern by `gate`; `options` are those of `contained`."""
        super().__init__()
        self._gate = gate
        self._options = options
        self._contained: dict[int, tuple[BaseTool, BaseTool]] = {}

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Answered]
    ) -> Answered:
        """Let the call go on with a contained tool, or answer it with a refusal."""
        with within(self._scope(_messages(request.state))) as scope:
            refused = self._refused(request, scope)
            return refused or handler(self._governed(request))

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Answered]]
    ) -> Answered:
        """Let the call go on with a contained tool, or answer it with a refusal."""
        with within(self._scope(_messages(request.state))) as scope:
            refused = await asyncio.to_thread(self._refused, request, scope)
            return refused or await handler(self._governed(request))

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Any]
    ) -> Any:
        """Offer the model no tool of its provider's that the rulebook does not allow."""
        self._listen(request.messages)
        return handler(self._offered(request))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[Any]]
    ) -> Any:
        """Offer the model no tool of its provider's that the rulebook does not allow."""
        await asyncio.to_thread(self._listen, request.messages)
        return await handler(self._offered(request))

    def _offered(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        """Filter tools that run at the provider: once offered, no call of theirs passes here."""
        if not any(isinstance(tool, dict) for tool in request.tools):
            return request
        tools = [tool for tool in request.tools if not isinstance(tool, dict) or self._trusts(tool)]
        return request.override(tools=tools)

    def _trusts(self, tool: dict[str, Any]) -> bool:
        name = str(tool.get("name") or tool.get("type"))
        return self._gate.decide(name, {}, source="provider").verdict is Verdict.ALLOW

    def _scope(self, messages: Sequence[BaseMessage]) -> Scope:
        """Return thread and run; without a thread, the first message stands for it."""
        scope = scope_of(self._gate, None)
        first = messages[0].id if messages else None
        turn = next((item.id for item in reversed(messages) if item.type == "human"), None)
        return replace(
            scope,
            thread=scope.thread or (f"message:{first}" if first else ""),
            run=scope.run or turn or "",
        )

    def _listen(self, messages: Sequence[BaseMessage]) -> None:
        """Record what the user said; a new turn abandons what the graph had paused for.

        To a sub-agent the agent above it speaks as a user would; that is not the user speaking.
        """
        scope = self._scope(messages)
        if not scope.thread or is_nested():
            return
        heard = self._gate.hear(scope, _turns(messages))
        if heard and self._options.get("on_hold", "pause") == "pause":
            self._gate.desk.abandon(scope.thread)

    def _governed(self, request: ToolCallRequest) -> ToolCallRequest:
        tool = request.tool
        if tool is None or is_contained(tool):
            return request
        known = self._contained.get(id(tool))
        if known is None:
            known = tool, contained(tool, self._gate, **self._options)
            self._contained[id(tool)] = known  # keeps `tool` alive, so that its id stays its own
        return request.override(tool=known[1])

    def _refused(self, request: ToolCallRequest, scope: Scope) -> ToolMessage | None:
        """Refuse a tool that does not exist."""
        if request.tool is not None:
            return None
        name, call_id = request.tool_call["name"], request.tool_call["id"]
        tool = self._gate.unregistered(name, "nowhere")
        call = self._gate.propose(tool, request.tool_call["args"], id=call_id, scope=scope)
        refused = self._gate.turn_away(tool, call, "there is no such tool")
        return ToolMessage(
            refused.to_model(), name=name, tool_call_id=call_id or "", status="error"
        )


def _messages(state: Any) -> Sequence[BaseMessage]:
    """Return the conversation so far, whatever kind of state the graph has."""
    found = state.get("messages") if isinstance(state, dict) else getattr(state, "messages", None)
    return found or []


def _turns(messages: Sequence[BaseMessage]) -> Iterator[tuple[str, str]]:
    """Return id and text of what the user said; a message without an id is known by its place."""
    for at, message in enumerate(messages):
        if isinstance(message, HumanMessage):
            yield message.id or f"{at}", message.text
