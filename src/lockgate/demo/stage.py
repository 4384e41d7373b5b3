"""The stage: a real agent whose model is a script and whose tools answer from a recording.

The tools count their own executions, and each looks into the record before it answers: an
execution that the record did not announce is counted apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator  # noqa: TC003 - pydantic reads them
from typing import TYPE_CHECKING, Any, Self

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.memory import InMemorySaver

from lockgate.adapters.langchain import containment
from lockgate.record import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from langchain_core.messages import BaseMessage
    from langchain_core.runnables import RunnableConfig

    from lockgate.demo.recordings import RecordedCall, Recording, Turn
    from lockgate.gate import Gate


class Scripted(BaseChatModel):
    """A chat model that says what it is handed, whatever it is told."""

    line: Callable[[], AIMessage]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Self:  # noqa: ARG002 - the script chose
        """Know the tools; the script has already chosen among them."""
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:  # noqa: ARG002 - deaf
        return ChatResult(generations=[ChatGeneration(message=self.line())])


class Stage:
    """Plays recordings through one agent, behind one gate.

    Attributes:
        executed: How many times the tool ran, by thread and call.
        without_permit: How many executions had no `started` in the record.
    """

    def __init__(self, gate: Gate, specs: Iterable[Mapping[str, Any]]) -> None:
        """Build the agent.

        Args:
            gate: What stands before the tools.
            specs: Name, description and JSON Schema of each tool.
        """
        self.executed: Counter[tuple[str, str]] = Counter()
        self.without_permit = 0
        self._gate = gate
        self._thread = ""
        self._lines: Iterator[AIMessage] = iter(())
        self._call: RecordedCall | None = None
        self._saver = InMemorySaver()
        self._agent: Any = create_agent(
            Scripted(line=lambda: next(self._lines)),
            [self._tool(spec) for spec in specs],
            middleware=[containment(gate, on_hold="tell")],
            checkpointer=self._saver,
        )

    def play(self, recording: Recording, thread: str) -> None:
        """Play one conversation from its first turn to its last."""
        self._thread = thread
        for turn in recording.turns:
            self._play(turn, {"configurable": {"thread_id": thread}})
        self._saver.delete_thread(thread)

    def _play(self, turn: Turn, config: RunnableConfig) -> None:
        self._lines = self._script(turn)
        said = [] if turn.said is None else [HumanMessage(turn.said)]
        self._agent.invoke({"messages": said}, config)

    def _script(self, turn: Turn) -> Iterator[AIMessage]:
        for call in turn.calls:
            self._call = call
            wanted = {"name": call.tool, "args": dict(call.arguments), "id": call.id}
            yield AIMessage(call.aside, tool_calls=[wanted])
        self._call = None
        yield AIMessage(turn.answer)

    def _tool(self, spec: Mapping[str, Any]) -> StructuredTool:
        """Make a tool with its real schema that answers what was recorded."""

        def answer(**_: Any) -> Any:
            return self._answer()

        return StructuredTool.from_function(
            answer,
            name=spec["name"],
            description=spec.get("description") or spec["name"],
            args_schema=spec["parameters"],
        )

    def _answer(self) -> Any:
        """Count the effect, look for its permit, and answer for the call that is due."""
        if self._call is None:
            self.without_permit += 1
            return ""
        key = self._thread, self._call.id
        self.executed[key] += 1
        kinds = [event.kind for event in self._gate.store.of_call(*key)]
        if kinds[-1:] != [EventKind.STARTED]:
            self.without_permit += 1
        return self._call.result
