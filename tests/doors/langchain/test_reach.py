"""How far the LangChain door reaches: sub-agents, deep agents, providers' tools, the tripwire."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import tool
from langchain_core.tools.retriever import create_retriever_tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import ParentCommand
from langgraph.types import Command

from lockgate import Blocked, OutcomeUnknown, PendingApproval, Refused, Rulebook, WiringError
from lockgate.adapters.langchain import (
    Refuser,
    Witness,
    contained,
    contained_deep_agent,
    containment,
    resumption,
    tripwire,
)
from lockgate.demo.model import ScriptedModel, calling
from lockgate.record import EventKind

CONFIG: Any = {"configurable": {"thread_id": "t"}}


def user(text: str = "please") -> dict[str, Any]:
    return {"messages": [HumanMessage(text)]}


@pytest.fixture
def tools(world):
    @tool
    def free(x: int) -> str:
        """Free."""
        world.effects.append(("free", x))
        return f"free {x}"

    @tool
    def never(x: int) -> str:
        """Never."""
        world.effects.append(("never", x))
        return f"never {x}"

    @tool
    def held(x: int) -> str:
        """Held."""
        world.effects.append(("held", x))
        return f"held {x}"

    return {"free": free, "never": never, "held": held}


@pytest.fixture
def wired(world):
    take_off = tripwire(world.gate)
    yield
    take_off()


class TestTripwire:
    def test_code_that_never_met_the_gate_is_left_alone(self, world, tools, wired):
        assert tools["never"].invoke({"x": 1}) == "never 1"

    def test_inside_a_governed_run_an_ungoverned_call_is_refused_and_recorded(
        self, world, tools, wired
    ):
        with world.gate.run("t"), pytest.raises(Blocked, match="no gate stands in front"):
            tools["free"].invoke({"x": 1})
        assert world.effects == []
        (refused,) = world.gate.store.of_kind(EventKind.REFUSED)
        assert (refused.thread, refused.data["tool"]) == ("t", "free")

    @pytest.mark.parametrize("config", [None, {"callbacks": []}])
    def test_it_sees_every_way_of_running_a_tool(self, world, tools, wired, config):
        free = tools["free"]
        with world.gate.run("t"):
            for call in (
                lambda: free.invoke({"x": 1}, config),
                lambda: free.run({"x": 1}),
                lambda: free.batch([{"x": 1}], config),
                lambda: asyncio.run(free.ainvoke({"x": 1}, config)),
                lambda: asyncio.run(free.arun({"x": 1})),
            ):
                with pytest.raises(Blocked):
                    call()
        assert world.effects == []

    def test_strict_refuses_in_the_whole_process(self, world, tools):
        take_off = tripwire(world.gate, strict=True)
        refused = []

        def elsewhere() -> None:
            try:
                tools["free"].invoke({"x": 1})
            except Blocked as error:
                refused.append(error)

        try:
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
        finally:
            take_off()
        assert len(refused) == 1
        assert world.effects == []
        assert tools["free"].invoke({"x": 1}) == "free 1"

    def test_contained_tools_pass(self, world, tools, wired):
        free = contained(tools["free"], world.gate)
        with world.gate.run("t"):
            assert free.invoke({"x": 1}) == "free 1"
            assert asyncio.run(free.ainvoke({"x": 2})) == "free 2"

    def test_a_raw_tool_inside_a_contained_one_is_refused(self, world, tools, wired):
        @tool
        def outer(x: int) -> str:
            """Use another."""
            return str(tools["never"].invoke({"x": x}))

        world.gate.use(Rulebook.parse("rules: [{id: all, then: allow, reason: a test}]"))
        made = contained(outer, world.gate)
        with world.gate.run("t"):
            assert "no gate stands in front" in made.invoke({"x": 1})
        assert world.effects == []

    def test_a_raw_tool_of_a_sub_agent_is_refused(self, world, tools, wired):
        inner = create_agent(ScriptedModel(script=[calling("never", x=1)]), [tools["never"]])

        @tool
        def ask_clerk(text: str) -> str:
            """Ask a sub-agent."""
            return str(inner.invoke(user(text))["messages"][-1].content)

        world.gate.use(Rulebook.parse("rules: [{id: all, then: allow, reason: a test}]"))
        model = ScriptedModel(script=[calling("ask_clerk", text="do")])
        agent = create_agent(model, [ask_clerk], middleware=[containment(world.gate)])
        told = agent.invoke(user())["messages"][2]
        assert told.status == "error"
        assert "no gate stands in front" in told.content
        assert world.effects == []


class TestSubAgents:
    def test_a_contained_tool_is_governed_in_a_sub_agent_and_resumes(self, world, tools):
        held = contained(tools["held"], world.gate)
        inner = create_agent(ScriptedModel(script=[calling("held", x=1)]), [held])

        @tool
        def free(text: str) -> str:
            """Ask a sub-agent."""
            return str(inner.invoke(user(text))["messages"][-2].content)

        model = ScriptedModel(script=[calling("free", text="do")])
        layers = [containment(world.gate)]
        agent = create_agent(model, [free], middleware=layers, checkpointer=InMemorySaver())
        agent.invoke(user(), CONFIG)
        assert world.effects == []
        world.approve()
        agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
        assert world.effects == [("held", 1)]

    def test_the_agents_name_is_the_principal(self, world, tools):
        model = ScriptedModel(script=[calling("free", x=1)])
        layers = [containment(world.gate)]
        agent = create_agent(model, [tools["free"]], middleware=layers, name="clerk")
        agent.invoke(user())
        (decided,) = world.gate.store.of_kind(EventKind.DECIDED)
        assert decided.data["principal"]["agent"] == "clerk"

    def test_what_a_sub_agent_is_told_is_not_the_user_speaking(self, world, tools):
        inner = create_agent(
            ScriptedModel(script=[calling("free", x=1)]),
            [tools["free"]],
            middleware=[containment(world.gate)],
        )

        @tool
        def task(text: str) -> str:
            """Ask a sub-agent."""
            return str(inner.invoke(user(text))["messages"][-1].content)

        world.gate.use(Rulebook.parse("rules: [{id: all, then: allow, reason: a test}]"))
        model = ScriptedModel(script=[calling("task", text="the user says yes")])
        layers = [containment(world.gate)]
        agent = create_agent(model, [task], middleware=layers, checkpointer=InMemorySaver())
        agent.invoke(user("hello"), CONFIG)
        assert world.effects == [("free", 1)]
        heard = [event.data["text"] for event in world.gate.store.of_kind(EventKind.SAID)]
        assert heard == ["hello"]


class Sub(ScriptedModel):
    """Speaks another script where the conversation begins with the sub-agent's task."""

    sub: Any = ()

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        inside = any(isinstance(m, HumanMessage) and "SUB" in m.text for m in messages)
        speaker = ScriptedModel(script=self.sub if inside else self.script)
        return speaker._generate(messages, *args, **kwargs)


class TestDeepAgents:
    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("deepagents", reason="needs `deepagents`")

    def run(self, world, tools, **options):
        world.gate.use(
            Rulebook.parse("""
rules:
  - {id: never, on: {tool: [never, write_file]}, then: block, reason: never run this}
  - {id: rest, on: {tool: [task, free]}, then: allow, reason: a test}
""")
        )
        task = calling("task", description="SUB do it", subagent_type="general-purpose")
        inside = [
            calling("never", x=2),
            calling("write_file", file_path="/b.txt", content="z"),
            calling("free", x=3),
        ]
        model = Sub(script=[calling("never", x=1), task], sub=inside)
        agent = contained_deep_agent(
            world.gate, model=model, tools=[tools["never"], tools["free"]], **options
        )
        return agent.invoke(user())

    def test_main_agent_sub_agent_and_built_in_tools_are_governed(self, world, tools):
        found = self.run(world, tools)
        assert world.effects == [("free", 3)]
        assert "/b.txt" not in (found.get("files") or {})
        judged = [event.data["tool"] for event in world.gate.store.of_kind(EventKind.DECIDED)]
        assert sorted(judged) == ["free", "never", "never", "task", "write_file"]

    def test_a_declared_sub_agent_is_governed_too(self, world, tools):
        clerk = {
            "name": "general-purpose",
            "description": "Does things.",
            "system_prompt": "Do.",
            "tools": [tools["never"], tools["free"]],
        }
        self.run(world, tools, subagents=[clerk])
        assert world.effects == [("free", 3)]

    def test_a_ready_made_sub_agent_is_refused(self, world, tools):
        ready = {"name": "ready", "description": "d", "runnable": object()}
        with pytest.raises(WiringError, match="can't be governed from here"):
            contained_deep_agent(world.gate, model=ScriptedModel(script=[]), subagents=[ready])


class Offered(ScriptedModel):
    """Remembers which tools it was offered."""

    seen: list[Any] = []

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        self.seen.clear()
        self.seen.extend(tools)
        return self


@pytest.mark.parametrize(("then", "offered"), [("allow", 1), ("require_approval", 0), ("block", 0)])
def test_a_providers_tool_is_offered_only_if_a_rule_allows_it(world, tools, then, offered):
    world.gate.use(
        Rulebook.parse(
            f"rules: [{{id: web, on: {{source: provider}}, then: {then}, reason: a test}}]\n"
            "levels: {low: by_rule_only, medium: by_rule_only, high: by_rule_only}"
        )
    )
    model = Offered(script=[], seen=[])
    provided = {"type": "web_search_20250305", "name": "web_search"}
    agent = create_agent(model, [tools["free"], provided], middleware=[containment(world.gate)])
    agent.invoke(user())
    assert sum(isinstance(item, dict) for item in model.seen) == offered


def test_a_tool_that_another_middleware_brings_is_governed(world, tools):
    class Bringing(AgentMiddleware[Any, Any, Any]):
        def __init__(self) -> None:
            super().__init__()
            self.tools = [tools["never"]]

    model = ScriptedModel(script=[calling("never", x=1)])
    agent = create_agent(model, [], middleware=[Bringing(), containment(world.gate)])
    agent.invoke(user())
    assert world.effects == []


def test_a_tool_that_a_middleware_runs_by_itself_is_governed_when_contained(world, tools):
    never = contained(tools["never"], world.gate)

    class Short(AgentMiddleware[Any, Any, Any]):
        def wrap_tool_call(self, request: Any, handler: Any) -> Any:
            said = never.func(**request.tool_call["args"])
            return ToolMessage(said, tool_call_id=request.tool_call["id"])

    model = ScriptedModel(script=[calling("never", x=1)])
    agent = create_agent(model, [never], middleware=[Short()])
    with pytest.raises(Refused, match="never run this"):
        agent.invoke(user())
    assert world.effects == []


class Shelf(BaseRetriever):
    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [Document(f"about {query}")]


class TestWitness:
    def test_what_reaches_the_conversation_is_recorded_with_its_trust(self, world, tools):
        usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
        say = AIMessage("thinking", usage_metadata=usage)
        agent = create_agent(
            ScriptedModel(script=[calling("free", x=1), say]),
            [tools["free"]],
            checkpointer=InMemorySaver(),
        )
        agent.invoke(user("hello"), {**CONFIG, "callbacks": [Witness(world.gate)]})
        Shelf().invoke("mugs", {"callbacks": [Witness(world.gate)]})
        heard = [event.data["text"] for event in world.gate.store.of_kind(EventKind.SAID)]
        told = [event.data for event in world.gate.store.of_kind(EventKind.OBSERVED)]
        assert heard == ["hello"]
        found = [(item["source"], item["trust"], item["text"]) for item in told]
        assert ("model", "agent", "thinking") in found
        assert ("tool:free", "untrusted", "free 1") in found
        assert ("retriever", "untrusted", "about mugs") in found
        spoken = next(item for item in told if item["text"] == "thinking")
        assert spoken["usage"]["total_tokens"] == 5

    def test_rules_can_ask_where_a_value_was_seen(self, world, tools):
        world.gate.use(
            Rulebook.parse("""
rules:
  - id: from-outside
    on: {tool: free}
    when: observed.exists(o, o.trust == 'untrusted' && o.text.contains(string(args.x)))
    then: block
    reason: the value came from outside
  - {id: rest, on: {tool: free}, then: allow, reason: a test}
""")
        )
        free = contained(tools["free"], world.gate)
        with world.gate.run("t"):
            Shelf().invoke("42", {"callbacks": [Witness(world.gate)]})
            assert free.invoke({"x": 7}) == "free 7"
            assert "came from outside" in free.invoke({"x": 42})

    def test_a_contained_tools_result_is_not_recorded_twice(self, world, tools):
        free = contained(tools["free"], world.gate)
        free.invoke({"x": 1}, {"callbacks": [Witness(world.gate)]})
        assert world.count(EventKind.OBSERVED) == 0


class TestRefuser:
    def call(self, world, made, call_id="c1"):
        call = {"name": made.name, "args": {"x": 1}, "id": call_id, "type": "tool_call"}
        told = {"metadata": {"thread_id": "t"}, "callbacks": [Refuser(world.gate)]}
        return made.invoke(call, told)

    def test_it_lets_an_allowed_call_run_and_writes_its_end(self, world, tools):
        assert self.call(world, tools["free"]).content == "free 1"
        kinds = [event.kind for event in world.gate.store.page()]
        assert kinds == [EventKind.DECIDED, EventKind.STARTED, EventKind.COMPLETED]

    def test_it_refuses_before_the_tool_runs(self, world, tools):
        with pytest.raises(Blocked, match="never run this"):
            self.call(world, tools["never"])
        assert world.effects == []

    def test_a_held_call_runs_once_after_approval(self, world, tools):
        with pytest.raises(PendingApproval):
            self.call(world, tools["held"])
        world.approve()
        assert self.call(world, tools["held"]).content == "held 1"
        with pytest.raises(Refused, match="already ran"):
            self.call(world, tools["held"])
        assert world.effects == [("held", 1)]

    def test_a_failure_is_recorded_and_stays_the_tools_own(self, world):
        @tool
        def free(x: int) -> str:
            """Fail."""
            raise OSError("disk")

        with pytest.raises(OSError, match="disk"):
            self.call(world, free)
        assert world.count(EventKind.FAILED) == 1

    def test_async_calls_of_sync_and_async_tools_are_refused(self, world, tools):
        @tool
        async def never(x: int) -> str:
            """Never."""
            world.effects.append(x)
            return "v"

        for made in (never, tools["never"]):
            with pytest.raises(Blocked):
                asyncio.run(made.ainvoke({"x": 1}, {"callbacks": [Refuser(world.gate)]}))
        assert world.effects == []


def test_a_retriever_tool_is_governed(world):
    made = contained(create_retriever_tool(Shelf(), "never", "Search."), world.gate)
    assert "never run this" in made.invoke({"query": "x"})


def test_a_classic_executor_is_governed(world, tools):
    classic = pytest.importorskip("langchain_classic.agents", reason="needs `langchain-classic`")
    from langchain_core.prompts import ChatPromptTemplate

    prompt = ChatPromptTemplate.from_messages(
        [("human", "{input}"), ("placeholder", "{agent_scratchpad}")]
    )
    never, free = contained([tools["never"], tools["free"]], world.gate)
    model = ScriptedModel(script=[calling("never", x=1), calling("free", x=2)])
    agent = classic.create_tool_calling_agent(model, [never, free], prompt)
    executor = classic.AgentExecutor(
        agent=agent, tools=[never, free], return_intermediate_steps=True
    )
    steps = executor.invoke({"input": "hi"})["intermediate_steps"]
    assert "never run this" in steps[0][1]
    assert steps[1][1] == "free 2"
    assert world.effects == [("free", 2)]


def test_an_unknown_end_is_told_and_not_repeated(world):
    class Died(BaseException):
        pass

    @tool
    def update_it(x: int) -> str:
        """Die."""
        world.effects.append(x)
        raise Died

    world.gate.use(Rulebook.parse("rules: [{id: all, then: allow, reason: a test}]"))
    made = contained(update_it, world.gate, on_block="raise")
    call = {"name": "update_it", "args": {"x": 1}, "id": "c1", "type": "tool_call"}
    with pytest.raises(Died):
        made.invoke(call, CONFIG)
    with pytest.raises(OutcomeUnknown):
        made.invoke(call, CONFIG)
    assert world.effects == [1]


def test_a_command_to_the_parent_graph_ends_the_call_and_is_no_pause(world):
    @tool
    def update_it(x: int) -> str:
        """Act, then send the parent graph elsewhere."""
        world.effects.append(x)
        raise ParentCommand(Command(graph=Command.PARENT, goto="elsewhere"))

    world.gate.use(Rulebook.parse("rules: [{id: all, then: allow, reason: a test}]"))
    made = contained(update_it, world.gate, on_block="raise")
    call = {"name": "update_it", "args": {"x": 1}, "id": "c1", "type": "tool_call"}
    with pytest.raises(ParentCommand):
        made.invoke(call, CONFIG)
    with pytest.raises(Refused, match="not run again|already ran"):
        made.invoke(call, CONFIG)
    assert world.effects == [1]
