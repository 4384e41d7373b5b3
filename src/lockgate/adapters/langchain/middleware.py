"""The middleware for `create_agent`: every tool the agent ever calls is governed.

It decides nothing itself: it sees to it that the tool about to run is a contained one. It also
records what the user said, so that rules can ask for it. Names that the agent invents are
refused and recorded.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import HumanMessage, ToolMessage
from langgraph.prebuilt import ToolNode

from lockgate.adapters.langchain.passage import is_nested, scope_of
from lockgate.adapters.langchain.wire import Crossing
from lockgate.adapters.langchain.wrapper import contained, is_contained
from lockgate.decide import Verdict
from lockgate.errors import Blocked
from lockgate.scope import Scope, within

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from langchain.agents.middleware import ModelRequest, ToolCallRequest
    from langchain_core.messages import BaseMessage
    from langchain_core.tools import BaseTool
    from langgraph.types import Command

    from lockgate.gate import Gate

    Answered = ToolMessage | Command[Any]

_ADJACENT: Final = nullcontext()
MAX_REMEMBERED: Final = 1024
"""How many tools and conversations are remembered; forgetting costs looking again."""


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
        self._contained: OrderedDict[int, tuple[BaseTool, BaseTool]] = OrderedDict()
        self._heard: dict[str, list[str]] = {}

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Answered]
    ) -> Answered:
        """Let the call go on with a contained tool, or answer it with a refusal."""
        with within(self._scope(_messages(request.state))):
            if request.tool is None:
                return self._refused(request)
            crossing = self._crossing(request, handler)
            try:
                with crossing or _ADJACENT:
                    return handler(self._governed(request, request.tool))
            except Blocked as refused:
                return self._told(request, crossing, refused)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Answered]]
    ) -> Answered:
        """Let the call go on with a contained tool, or answer it with a refusal."""
        with within(self._scope(_messages(request.state))):
            if request.tool is None:
                return await asyncio.to_thread(self._refused, request)
            crossing = self._crossing(request, handler)
            try:
                with crossing or _ADJACENT:
                    return await handler(self._governed(request, request.tool))
            except Blocked as refused:
                return self._told(request, crossing, refused)

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Any]
    ) -> Any:
        """Offer the model no tool of its provider's that the rulebook does not allow."""
        turns = self._turns(request.messages)
        if turns is not None:
            self._hear(turns)
        return handler(self._offered(request))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[Any]]
    ) -> Any:
        """Offer the model no tool of its provider's that the rulebook does not allow."""
        turns = self._turns(request.messages)
        if turns is not None:
            await asyncio.to_thread(self._hear, turns)
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
        return Scope(
            thread=scope.thread or (f"message:{first}" if first else ""),
            run=scope.run or turn or "",
            principal=scope.principal,
        )

    def _turns(self, messages: Sequence[BaseMessage]) -> Turns | None:
        """Return what the user said, unless all of it was heard or nobody can tell who speaks.

        To a sub-agent the agent above it speaks as a user would; that is not the user speaking.
        """
        said = [(at, item) for at, item in enumerate(messages) if isinstance(item, HumanMessage)]
        named = [item.id or f"{at}" for at, item in said]
        scope = self._scope(messages)
        if not scope.thread or self._heard.get(scope.thread) == named or is_nested():
            return None
        return Turns(scope, tuple(zip(named, (item.text for _, item in said), strict=True)))

    def _hear(self, turns: Turns) -> None:
        """Record what the user said; a new turn abandons what the graph had paused for."""
        new = self._gate.hear(turns.scope, turns.said)
        if new and self._options.get("on_hold", "pause") == "pause":
            self._gate.desk.abandon(turns.scope.thread)
        if len(self._heard) >= MAX_REMEMBERED:
            self._heard.clear()
        self._heard[turns.scope.thread] = [which for which, _ in turns.said]

    def _governed(self, request: ToolCallRequest, tool: BaseTool) -> ToolCallRequest:
        if is_contained(tool):
            return request
        known = self._contained.get(id(tool))
        if known is None:
            known = tool, contained(tool, self._gate, **self._options)
            self._contained[id(tool)] = known  # keeps `tool` alive, so that its id stays its own
            if len(self._contained) > MAX_REMEMBERED:
                self._contained.popitem(last=False)
        return request.override(tool=known[1])

    def _crossing(self, request: ToolCallRequest, handler: object) -> Crossing | None:
        """Watch the call where another middleware stands between this one and the tools.

        It may put another tool in the place of the contained one, as a reviewer's edit does.
        """
        if getattr(handler, "__module__", "") == ToolNode.__module__:
            return None
        return Crossing(self._gate, request.tool_call["id"] or "")

    def _told(
        self, request: ToolCallRequest, crossing: Crossing | None, refused: Blocked
    ) -> ToolMessage:
        ours = crossing is not None and crossing.refused is refused
        if not ours or self._options.get("on_block") == "raise":
            raise refused
        return _message(request, refused)

    def _refused(self, request: ToolCallRequest) -> ToolMessage:
        """Refuse a tool that does not exist."""
        name, call_id = request.tool_call["name"], request.tool_call["id"]
        tool = self._gate.unregistered(name, "nowhere")
        call = self._gate.propose(tool, request.tool_call["args"], id=call_id)
        return _message(request, self._gate.turn_away(tool, call, "there is no such tool"))


def _message(request: ToolCallRequest, refused: Blocked) -> ToolMessage:
    name, call_id = request.tool_call["name"], request.tool_call["id"] or ""
    return ToolMessage(refused.to_model(), name=name, tool_call_id=call_id, status="error")


class Turns(NamedTuple):
    """What the user said in a conversation: id and text of each message."""

    scope: Scope
    said: tuple[tuple[str, str], ...]


def _messages(state: Any) -> Sequence[BaseMessage]:
    """Return the conversation so far, whatever kind of state the graph has."""
    found = state.get("messages") if isinstance(state, dict) else getattr(state, "messages", None)
    return found or []
