"""A contained tool stays what it was: what naive wrappers lose, one test each."""

from __future__ import annotations

import asyncio
import copy
from contextvars import copy_context
from typing import Annotated, Any

import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from langchain.tools import ToolRuntime
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import (
    BaseTool,
    InjectedToolCallId,
    StructuredTool,
    Tool,
    ToolException,
    tool,
)
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command
from pydantic import BaseModel, Field

from lockgate import Refused, Rulebook, WiringError
from lockgate.adapters.langchain import contained
from lockgate.demo.model import ScriptedModel
from lockgate.record import EventKind

ALLOW = "rules: [{id: all, then: allow, reason: a test}]"


@pytest.fixture
def gate(world):
    world.gate.use(Rulebook.parse(ALLOW))
    return world.gate


def judged(gate: Any) -> list[Any]:
    return [event.data["arguments"] for event in gate.store.of_kind(EventKind.DECIDED)]


def through_node(made: BaseTool, args: dict[str, Any]) -> ToolMessage:
    graph = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode([made]))
    graph.add_edge(START, "tools")
    graph.add_edge("tools", END)
    call = {"name": made.name, "args": args, "id": "cid", "type": "tool_call"}
    said = ScriptedModel(script=[]).invoke("x").model_copy(update={"tool_calls": [call]})
    found = graph.compile().invoke({"messages": [said]})["messages"]
    return found[-1]


@tool
def plain(x: int, y: int = 5) -> str:
    """Add."""
    return str(x + y)


def test_the_class_the_schema_and_the_signature_for_the_model_survive(gate):
    made = contained(plain, gate)
    assert isinstance(made, StructuredTool)
    assert type(made).__name__ == "StructuredTool"
    assert convert_to_openai_tool(made) == convert_to_openai_tool(plain)
    assert (made.name, made.description, made.args) == (plain.name, plain.description, plain.args)


def test_containing_twice_decides_once(gate):
    made = contained(contained(plain, gate), gate)
    assert made.invoke({"x": 1}) == "6"
    assert len(judged(gate)) == 1


def test_a_list_a_callable_and_a_copy_are_contained(gate):
    def double(x: int) -> int:
        """Double."""
        return 2 * x

    first, second = contained([plain, double], gate)
    for made in (first, copy.deepcopy(first), first.model_copy()):
        assert made.invoke({"x": 1}) == "6"
    assert second.invoke({"x": 4}) == 8
    assert len(judged(gate)) == 4


def test_validated_arguments_and_defaults_are_judged(gate):
    contained(plain, gate).invoke({"x": "1"})
    assert judged(gate) == [{"x": 1, "y": 5}]


def test_invalid_arguments_never_reach_the_gate(gate):
    with pytest.raises(ValueError, match="x"):
        contained(plain, gate).invoke({"x": "many"})
    assert judged(gate) == []


def test_artifact_survives_now_and_when_replayed(gate):
    @tool(response_format="content_and_artifact")
    def make_report(x: int) -> tuple[str, dict[str, int]]:
        """Make."""
        return f"report {x}", {"a": x}

    made = contained(make_report, gate)
    for _ in range(2):
        call = {"name": "make_report", "args": {"x": 1}, "id": "c", "type": "tool_call"}
        said = made.invoke(call, {"configurable": {"thread_id": "t"}})
        assert (said.content, said.artifact, said.status) == ("report 1", {"a": 1}, "success")
    assert len(gate.store.of_kind(EventKind.STARTED)) == 1


def test_injected_arguments_reach_the_tool_and_nobody_else(gate):
    @tool
    def identified(
        x: int, call_id: Annotated[str, InjectedToolCallId], runtime: ToolRuntime
    ) -> str:
        """Tell."""
        return f"{call_id} {runtime.tool_call_id}"

    assert through_node(contained(identified, gate), {"x": 1}).content == "cid cid"
    assert judged(gate) == [{"x": 1}]


def test_a_model_can_not_forge_what_is_injected(gate):
    @tool
    def identified(x: int, call_id: Annotated[str, InjectedToolCallId]) -> str:
        """Tell."""
        return call_id

    assert through_node(contained(identified, gate), {"x": 1, "call_id": "forged"}).content == "cid"


@pytest.mark.parametrize("name", ["callbacks", "run_manager", "config"])
@pytest.mark.parametrize("way", ["invoke", "func"])
def test_nothing_reaches_a_tool_unjudged_under_a_name_of_the_frameworks(gate, name, way):
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    got: list[Any] = []
    made = contained(
        StructuredTool.from_function(
            func=lambda **given: got.append(given), name="m", description="d", args_schema=schema
        ),
        gate,
    )
    given = {"x": 1, name: "from the model"}
    made.invoke(given) if way == "invoke" else made.func(**given)
    assert judged(gate) == got


class Configurable(BaseTool):
    name: str = "configure"
    description: str = "Set."

    def _run(self, config: str) -> str:
        return config


def test_an_argument_that_is_called_config_is_judged(gate):
    assert contained(Configurable(), gate).invoke({"config": "fast"}) == "fast"
    assert judged(gate) == [{"config": "fast"}]


def test_a_field_that_is_called_callbacks_is_judged(gate):
    class Wanted(BaseModel):
        callbacks: str

    @tool(args_schema=Wanted)
    def subscribe(**given: Any) -> str:
        """Subscribe."""
        return str(given)

    assert contained(subscribe, gate).invoke({"callbacks": "https://example.com"})
    assert judged(gate) == [{"callbacks": "https://example.com"}]


class Renamed(BaseTool):
    name: str = "renamed"
    description: str = "Tell."

    def _run(self, x: int, where: RunnableConfig) -> str:
        return str(where["configurable"]["user"])


def test_the_runs_configuration_is_no_argument_whatever_it_is_called(gate):
    @tool
    def named(x: int, where: RunnableConfig) -> str:
        """Tell."""
        return str(where["configurable"]["user"])

    config: Any = {"configurable": {"user": "ann"}}
    first, second = contained([Renamed(), named], gate)
    assert first.invoke({"x": 1}, config) == second.invoke({"x": 1}, config) == "ann"
    assert second.func(x=1, where=config) == "ann"
    assert judged(gate) == [{"x": 1}] * 3


def test_positional_arguments_are_judged_under_the_names_they_have(gate):
    class Reversed(BaseModel):
        to: str
        amount: int

    @tool(args_schema=Reversed)
    def pay(amount: int, to: str, note: str = "none", *, tries: float = 1.0) -> str:
        """Pay."""
        return f"{amount} to {to}, {note}, {tries}"

    assert contained(pay, gate).func(5, "ann") == "5 to ann, none, 1.0"
    assert judged(gate) == [{"amount": 5, "to": "ann", "note": "none", "tries": 1}]


def test_what_a_function_fills_in_is_judged_and_a_placeholder_is_not(gate):
    @tool
    def act(x: int = 2, note: str = Field("none", description="A note.")) -> str:
        """Act."""
        return str(x)

    assert contained(act, gate).func() == "2"
    assert judged(gate) == [{"x": 2}]


def test_what_a_tool_leaves_behind_is_a_call_of_its_own(gate):
    left: list[Any] = []

    @tool
    def start(x: int) -> str:
        """Start."""
        left.append(copy_context())
        return str(x)

    made = contained(start, gate)
    made.invoke({"x": 1})
    assert left[0].run(made.func, x=2) == "2"
    assert judged(gate) == [{"x": 1}, {"x": 2}]


def test_callbacks_are_told_the_same_arguments_as_of_the_tool_itself(gate):
    class Listening(BaseCallbackHandler):
        def on_tool_start(self, *args: Any, **told: Any) -> None:
            heard.append((args, told["inputs"]))

    heard: list[Any] = []

    @tool
    def identified(x: int, call_id: Annotated[str, InjectedToolCallId]) -> str:
        """Tell."""
        return call_id

    args = {"x": 1, "call_id": "forged", "callbacks": "odd", "more": 2}
    call = {"name": "identified", "args": args, "id": "c", "type": "tool_call"}
    for made in (identified, contained(identified, gate)):
        made.invoke(call, {"callbacks": [Listening()]})
    assert heard[0] == heard[1]


def test_annotations_that_can_not_be_resolved_do_no_harm(gate):
    class Wanted(BaseModel):
        x: int

    def act(x: "Nowhere", y: "int" = 2) -> "Nowhere":  # noqa: F821, UP037
        """Act."""
        return x + y

    made = StructuredTool.from_function(func=act, args_schema=Wanted)
    assert contained(made, gate).invoke({"x": 1}) == made.invoke({"x": 1}) == 3


def test_return_direct_extras_tags_and_metadata_survive(gate):
    plain_copy = plain.model_copy(
        update={"return_direct": True, "extras": {"k": 1}, "tags": ["t"], "metadata": {"m": 2}}
    )
    made = contained(plain_copy, gate)
    assert made.return_direct
    assert (made.extras, made.tags, made.metadata) == ({"k": 1}, ["t"], {"m": 2})


@pytest.mark.parametrize(
    ("handler", "said"),
    [(True, "boom"), ("static", "static"), (lambda error: f"own: {error}", "own: boom")],
)
def test_the_tools_own_error_handling_survives(gate, handler, said):
    @tool
    def fail(x: int) -> str:
        """Fail."""
        raise ToolException("boom")

    fail.handle_tool_error = handler
    answer = through_node(contained(fail, gate), {"x": 1})
    assert (answer.status, answer.content) == ("error", said)


def test_an_unhandled_error_of_the_tool_stays_unhandled_and_is_recorded(gate):
    @tool
    def fail(x: int) -> str:
        """Fail."""
        raise ToolException("boom")

    with pytest.raises(ToolException, match="boom"):
        contained(fail, gate).invoke({"x": 1})
    (failed,) = gate.store.of_kind(EventKind.FAILED)
    assert failed.data["error"] == "ToolException: boom"


class SyncOnly(BaseTool):
    name: str = "sync_only"
    description: str = "Tell."

    def _run(self, x: int, config: RunnableConfig, run_manager: Any = None) -> str:
        return f"{bool(config)} {run_manager is not None}"


def test_a_sync_only_class_keeps_its_config_and_callbacks_on_the_async_path(gate):
    made = contained(SyncOnly(), gate)
    assert asyncio.run(made.ainvoke({"x": 1})) == "True True"
    assert asyncio.run(made.arun({"x": 1}, config={})) == asyncio.run(
        SyncOnly().arun({"x": 1}, config={})
    )
    assert len(judged(gate)) == 2


class Mixed(BaseTool):
    name: str = "mixed"
    description: str = "Tell."

    def _run(self, x: int) -> str:
        return "sync"

    async def _arun(self, x: int) -> str:
        return "async"


def test_a_class_with_both_forms_is_governed_in_both(gate):
    made = contained(Mixed(), gate)
    assert (made.invoke({"x": 1}), asyncio.run(made.ainvoke({"x": 1}))) == ("sync", "async")
    assert len(judged(gate)) == 2


def test_a_single_input_tool_takes_text(gate):
    upper = Tool(name="upper", func=str.upper, description="Shout.")
    assert contained(upper, gate).invoke("ab") == "AB"
    assert judged(gate) == [{"tool_input": "ab"}]


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "object", "properties": {}}])
def test_a_tool_whose_schema_names_no_parameters_is_contained(gate, schema):
    made = StructuredTool.from_function(
        func=lambda **given: f"got {given}", name="noop", description="Do.", args_schema=schema
    )
    assert contained(made, gate).invoke({}) == made.invoke({})
    assert len(judged(gate)) == 1


def test_a_command_passes_through(gate):
    @tool
    def command(x: int, call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
        """Go."""
        return Command(update={"messages": [ToolMessage("ok", tool_call_id=call_id)]})

    assert through_node(contained(command, gate), {"x": 1}).content == "ok"


def test_callbacks_are_told_once(gate):
    class Counting(BaseCallbackHandler):
        started = ended = failed = 0

        def on_tool_start(self, *args: Any, **kwargs: Any) -> None:
            self.started += 1

        def on_tool_end(self, *args: Any, **kwargs: Any) -> None:
            self.ended += 1

        def on_tool_error(self, *args: Any, **kwargs: Any) -> None:
            self.failed += 1

    counting = Counting()
    contained(plain, gate).invoke({"x": 1}, {"callbacks": [counting]})
    assert (counting.started, counting.ended, counting.failed) == (1, 1, 0)


def test_the_tool_can_not_change_what_was_recorded_nor_what_the_caller_holds(gate):
    @tool
    def clear(items: list[int]) -> str:
        """Clear."""
        items.clear()
        return "cleared"

    given = [1, 2]
    contained(clear, gate).invoke({"items": given})
    assert given == [1, 2]
    assert judged(gate) == [{"items": [1, 2]}]


def test_a_tool_that_calls_itself_is_judged_each_time(gate):
    @tool
    def countdown(x: int) -> str:
        """Count."""
        return str(x) if x == 0 else f"{x} {made.invoke({'x': x - 1})}"

    made = contained(countdown, gate)
    assert made.invoke({"x": 2}) == "2 1 0"
    assert judged(gate) == [{"x": 2}, {"x": 1}, {"x": 0}]


def test_a_soft_block_keeps_an_artifact_tool_alive(world):
    @tool(response_format="content_and_artifact")
    def never(x: int) -> tuple[str, int]:
        """Never."""
        world.effects.append(x)
        return "v", 1

    said = through_node(contained(never, world.gate), {"x": 1})
    assert (said.status, world.effects) == ("error", [])
    assert "never run this" in said.content


def test_a_hard_block_raises(world):
    @tool
    def never(x: int) -> str:
        """Never."""
        return "v"

    made = contained(never, world.gate, on_block="raise")
    with pytest.raises(Refused, match="never run this"):
        made.invoke({"x": 1})
    with pytest.raises(Refused, match="never run this"):
        through_node(made, {"x": 1})


def test_telling_about_a_held_call_lets_the_loop_go_on(world):
    @tool
    def held(x: int) -> str:
        """Held."""
        world.effects.append(x)
        return "v"

    made = contained(held, world.gate, on_hold="tell")
    said = through_node(made, {"x": 1})
    assert said.status == "error"
    assert "pending approval" in said.content
    assert world.effects == []


def test_what_is_no_tool_is_refused_at_once(gate):
    with pytest.raises(WiringError, match="no tool that runs here"):
        contained([{"type": "web_search"}], gate)
    with pytest.raises(WiringError, match="on_hold"):
        contained(plain, gate, on_hold="pray")


def test_a_declared_action_is_used_and_a_mistyped_one_refused(gate):
    contained(plain, gate, actions={"plain": "payments.refund"})
    assert gate.tools["langchain", "plain"].classification.action.id == "payments.refund"
    with pytest.raises(WiringError, match="did you mean `payments.refund`"):
        contained(plain, gate, actions={"plain": "payment.refund"})
