"""The stage: a real agent whose model follows a recording and whose tools answer from it.

The tools count their own executions, and each looks into the record before it answers: an
execution that the record did not announce is counted apart.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.memory import InMemorySaver

from lockgate.adapters.langchain import containment
from lockgate.demo.model import ScriptedModel
from lockgate.record import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from langchain_core.messages import BaseMessage

    from lockgate.demo.model import Turn as Line
    from lockgate.demo.recordings import RecordedCall, Recording
    from lockgate.gate import Gate


class Stage:
    """Plays recordings through one agent, behind one gate.

    Attributes:
        tools: Names of the tools that the agent has.
        executed: How many times the tool ran, by thread and call.
        without_permit: How many executions had no `started` in the record.
    """

    def __init__(self, gate: Gate, specs: Iterable[Mapping[str, Any]]) -> None:
        """Build the agent.

        Args:
            gate: What stands before the tools.
            specs: Name, description and JSON Schema of each tool.
        """
        tools = [self._tool(spec) for spec in specs]
        self.tools = frozenset(tool.name for tool in tools)
        self.executed: Counter[tuple[str, str]] = Counter()
        self.without_permit = 0
        self._gate = gate
        self._thread = ""
        self._call: RecordedCall | None = None
        self._model = ScriptedModel(script=())
        self._saver = InMemorySaver()
        self._agent: Any = create_agent(
            self._model,
            tools,
            middleware=[containment(gate, on_hold="tell")],
            checkpointer=self._saver,
        )

    def play(self, recording: Recording, thread: str) -> None:
        """Play one conversation from its first turn to its last."""
        self._thread, self._model.script = thread, tuple(self._script(recording))
        for turn in recording.turns:
            said = [] if turn.said is None else [HumanMessage(turn.said)]
            self._agent.invoke({"messages": said}, {"configurable": {"thread_id": thread}})
        self._saver.delete_thread(thread)

    def _script(self, recording: Recording) -> Iterator[Line]:
        """Return what the model says: each call, and the answer that ends each turn."""
        for turn in recording.turns:
            for call in turn.calls:
                yield self._proposing(call)
            yield AIMessage(turn.answer)

    def _proposing(self, call: RecordedCall) -> Line:
        def propose(_: Sequence[BaseMessage]) -> AIMessage:
            self._call = call
            wanted = {"name": call.tool, "args": dict(call.arguments), "id": call.id}
            return AIMessage(call.aside, tool_calls=[wanted])

        return propose

    def _tool(self, spec: Mapping[str, Any]) -> StructuredTool:
        """Make a tool with its real schema that answers what was recorded."""

        def answer(**_: Any) -> Any:
            return self._answer(spec["name"])

        return StructuredTool.from_function(
            answer,
            name=spec["name"],
            description=spec.get("description") or spec["name"],
            args_schema={"type": "object", "properties": {}, **spec.get("parameters", {})},
        )

    def _answer(self, tool: str) -> Any:
        """Count the effect, look for its permit, and answer for the call that is due."""
        call = self._call
        if call is None or call.tool != tool:
            self.without_permit += 1
            return ""
        key = self._thread, call.id
        self.executed[key] += 1
        kinds = [event.kind for event in self._gate.store.of_call(*key)]
        if kinds[-1:] != [EventKind.STARTED]:
            self.without_permit += 1
        return call.result
