"""A witness: records what reaches a conversation, with a label of trust.

What the user said, what the model said and what it cost, what tools returned that no gate stood
in front of, what retrievers found. The framework swallows whatever an instrumentation handler
raises, so a witness can't refuse anything: contain the tools or the agent for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from llama_index.core.agent.workflow.workflow_events import AgentWorkflowStartEvent
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events.llm import LLMChatEndEvent, LLMCompletionEndEvent
from llama_index.core.instrumentation.events.retrieval import RetrievalEndEvent
from llama_index.core.instrumentation.span import BaseSpan
from llama_index.core.instrumentation.span_handlers import BaseSpanHandler
from llama_index.core.tools import BaseTool, ToolOutput
from llama_index_instrumentation import get_dispatcher
from pydantic import BaseModel, PrivateAttr

from lockgate.adapters.llamaindex.place import (
    is_executing,
    is_nested,
    scope_seen,
    turns,
    workflow_run,
)
from lockgate.record import Trust

if TYPE_CHECKING:
    from inspect import BoundArguments

    from llama_index_instrumentation.base import BaseEvent
    from llama_index_instrumentation.dispatcher import Dispatcher

    from lockgate.gate import Gate


class Witness:
    """Records what reaches a conversation, while it is attached; also a context manager."""

    def __init__(self, gate: Gate, dispatcher: Dispatcher | None = None) -> None:
        """Record for `gate` what passes `dispatcher`, by default everything in this process."""
        self._dispatcher = dispatcher or get_dispatcher()
        self._events, self._spans = _Events(), _Spans()
        self._events._gate = self._spans._gate = gate  # noqa: SLF001 - its own parts

    def attach(self) -> Self:
        """Begin to record."""
        self._dispatcher.add_event_handler(self._events)
        self._dispatcher.add_span_handler(self._spans)
        return self

    def detach(self) -> None:
        """Record no longer."""
        events, spans = self._dispatcher.event_handlers, self._dispatcher.span_handlers
        events[:] = [item for item in events if item is not self._events]
        spans[:] = [item for item in spans if item is not self._spans]

    __enter__ = attach

    def __exit__(self, *exc: object) -> None:
        """Detach."""
        self.detach()


class _Events(BaseEventHandler):
    """Sees what models say and what retrievers find."""

    _gate: Any = PrivateAttr()

    def handle(self, event: BaseEvent, **told: Any) -> None:
        """Record one event."""
        match event:
            case LLMChatEndEvent(response=response) if response is not None:
                text = response.message.content or ""
                self._observe(event, "model", Trust.AGENT, text, usage=_usage(response.raw))
            case LLMCompletionEndEvent(response=response):
                usage = _usage(response.raw)
                self._observe(event, "model", Trust.AGENT, response.text, usage=usage)
            case RetrievalEndEvent(nodes=nodes):
                text = "\n\n".join(item.node.get_content() for item in nodes)
                self._observe(event, "retriever", Trust.UNTRUSTED, text)
            case _:
                pass

    def _observe(self, event: BaseEvent, source: str, trust: Trust, text: str, **more: Any) -> None:
        scope = scope_seen(self._gate)
        self._gate.observe(scope, source, trust, text, about=event.id_, **more)


class _Spans(BaseSpanHandler[BaseSpan]):
    """Sees runs begin, and tools return."""

    _gate: Any = PrivateAttr()

    def new_span(self, *args: Any, **told: Any) -> None:
        """Keep nothing open."""

    def prepare_to_exit_span(
        self,
        id_: str,
        bound_args: BoundArguments,
        instance: Any = None,
        result: Any = None,
        **told: Any,
    ) -> None:
        """Record what the user said, when a run has begun, or what a tool returned."""
        event = bound_args.arguments.get("ev")
        if isinstance(event, AgentWorkflowStartEvent) and not is_nested():
            said = turns(event, workflow_run(), history=False)
            self._gate.hear(scope_seen(self._gate), list(said))
        if isinstance(instance, BaseTool) and isinstance(result, ToolOutput):
            self._returned(id_, instance, result)

    def _returned(self, id_: str, tool: BaseTool, result: ToolOutput) -> None:
        """Record what a tool returned, unless a gate stood in front of it."""
        if hasattr(type(tool), "__lockgate__") or is_executing():
            return
        source = f"tool:{tool.metadata.name}"
        scope = scope_seen(self._gate)
        self._gate.observe(scope, source, Trust.UNTRUSTED, result.content, about=id_)

    def prepare_to_drop_span(self, *args: Any, **told: Any) -> None:
        """Record nothing: there is no result."""


def _usage(raw: Any) -> dict[str, Any]:
    """Return the tokens that a turn used, where the provider's own response tells them."""
    told = raw.get("usage") if isinstance(raw, dict) else getattr(raw, "usage", None)
    if isinstance(told, BaseModel):
        told = told.model_dump(mode="json")
    return dict(told) if isinstance(told, dict) else {}
