"""A chat model that follows a script: real to LangChain, and the same on every machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from lockgate.call import digest

Turn = AIMessage | Callable[[Sequence[BaseMessage]], AIMessage]


class ScriptedModel(BaseChatModel):
    """Says the n-th turn of its script, where n is how often it spoke in this conversation.

    It keeps no state of its own, so that it goes on after a restart as a real model would.
    """

    script: Sequence[Any]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        """Take any tools; the script knows which it calls."""
        del tools, kwargs
        return self

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        del stop, run_manager, kwargs
        spoken = sum(isinstance(message, AIMessage) for message in messages)
        turn = self.script[spoken] if spoken < len(self.script) else AIMessage("Done.")
        said = turn(messages) if callable(turn) else turn.model_copy(deep=True)
        said.id = None
        return ChatResult(generations=[ChatGeneration(message=said)])


def calling(tool: str, **arguments: Any) -> AIMessage:
    """Return a turn that calls one tool; its id comes from what it calls."""
    call_id = f"call-{digest([tool, arguments])[:12]}"
    return AIMessage("", tool_calls=[{"name": tool, "args": arguments, "id": call_id}])


def last_refusal(messages: Sequence[BaseMessage]) -> str:
    """Return what the last tool call was refused with, or nothing."""
    last = messages[-1]
    refused = isinstance(last, ToolMessage) and last.status == "error"
    return str(last.content) if refused else ""
