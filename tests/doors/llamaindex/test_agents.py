"""Whole agents governed: every kind of agent, every kind of tool, refusals that end a run, witnesses."""

import asyncio
from typing import Any

import pytest

pytest.importorskip("llama_index.core", reason="the LlamaIndex door needs the `llamaindex` extra")

from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent
from llama_index.core.agent.workflow.base_agent import BaseWorkflowAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool, ToolOutput
from llama_index.core.tools.tool_spec.load_and_search import LoadAndSearchToolSpec
from llama_index.core.workflow import Context
from tests.doors.conftest import RULES, World
from tests.doors.llamaindex.kinds import (
    coding,
    engine_tool,
    finder_tool,
    handoff,
    mcp_tool,
    reacting,
    retrieving,
    spec_tools,
    step_by_step,
    team,
)
from tests.doors.llamaindex.world import (
    agent_of,
    approving,
    calling,
    judged,
    played,
    rejecting,
    tool_of,
)

from lockgate import Blocked, PendingApproval, WiringError
from lockgate.adapters.llamaindex import Witness, contained, contained_agent
from lockgate.record import EventKind

pytestmark = pytest.mark.filterwarnings(
    # Agents look at every attribute of themselves, those that pydantic has retired included.
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)
NAMES = ("free", "never", "held")


def raw(world: World) -> list[FunctionTool]:
    return [tool_of(world, name) for name in NAMES]


def every_outcome(prefix: str = "c") -> list[Any]:
    return [calling(name, f"{prefix}{x}", x=x) for x, name in enumerate(NAMES)]


def of_kind(world: World, kind: EventKind) -> list[Any]:
    return list(world.gate.store.of_kind(kind))


async def failing(handler: Any) -> BaseException:
    """Consume the stream to its end, and return what the run failed with."""
    async with asyncio.timeout(10):
        async for _ in handler.stream_events():
            pass
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller looks at it
            await handler
    return caught.value


# ── Every agent ──────────────────────────────────────────────────────────────────────────────


async def test_tools_that_nobody_wrapped_are_governed_and_judged_once(world):
    agent = agent_of(raw(world), every_outcome(), "all done")
    assert contained_agent(agent, world.gate) is agent
    said, outputs, asked = await played(agent.run(user_msg="please"), approving)
    assert (said, sorted(world.effects), len(asked)) == ("all done", [0, 2], 1)
    assert isinstance(outputs["c1"].exception, Blocked)
    assert {event.call for event in of_kind(world, EventKind.DECIDED)} == {"c0", "c1", "c2"}
    assert sorted(event.call for event in of_kind(world, EventKind.STARTED)) == ["c0", "c2"]


async def test_containing_twice_or_containing_contained_tools_decides_once(world):
    agent = agent_of(contained(raw(world), world.gate), [calling("free", "c1", x=1)], "all done")
    kind = type(contained_agent(agent, world.gate))
    assert type(contained_agent(agent, world.gate)) is kind
    await played(agent.run(user_msg="please"))
    assert (world.effects, world.count(EventKind.DECIDED)) == ([1], 1)


async def test_an_agent_stays_of_its_class_under_its_own_name(world):
    agent = contained_agent(agent_of(raw(world), "all done", name="clerk"), world.gate)
    assert isinstance(agent, FunctionAgent)
    assert type(agent).__qualname__ == "FunctionAgent"
    assert agent.name == "clerk"


async def test_retrieved_tools_are_governed(world):
    turns = (every_outcome(), "all done")
    agent = contained_agent(retrieving(*raw(world), turns=turns), world.gate)
    said, outputs, _ = await played(agent.run(user_msg="please"), approving)
    assert (said, sorted(world.effects)) == ("all done", [0, 2])
    assert outputs["c1"].is_error


async def test_tools_that_are_added_later_are_governed(world):
    agent = contained_agent(agent_of(raw(world), [calling("late", "c1", x=1)], "end"), world.gate)
    agent.tools = [*agent.tools, tool_of(world, "late")]
    _, outputs, asked = await played(agent.run(user_msg="please"), rejecting)
    assert (world.effects, len(asked), outputs["c1"].is_error) == ([], 1, True)


@pytest.mark.parametrize(("name", "effects"), [("free", [1]), ("never", []), ("held", [1])])
async def test_a_reasoning_agent_is_governed(world, name, effects):
    agent = contained_agent(reacting(raw(world), name, '{"x": 1}'), world.gate)
    said, _, _ = await played(agent.run(user_msg="please"), approving)
    assert (said, world.effects) == ("all done", effects)


async def test_a_workflow_of_agents_is_governed_whatever_its_agents_do(world):
    """An agent's own way of calling tools counts for nothing inside a workflow."""
    flow = contained_agent(team(raw(world), every_outcome(), "all done"), world.gate)
    said, outputs, _ = await played(flow.run(user_msg="please"), approving)
    assert (said, sorted(world.effects)) == ("all done", [0, 2])
    assert outputs["c1"].is_error
    (event, *_) = of_kind(world, EventKind.DECIDED)
    assert event.data["principal"]["agent"] == "front"


async def test_the_agents_of_a_governed_workflow_are_governed_by_themselves(world):
    flow = contained_agent(team(raw(world), "all done"), world.gate)
    alone = flow.agents["front"]
    alone.llm = step_by_step([calling("never", "c1", x=1)], "all done")
    _, outputs, _ = await played(alone.run(user_msg="please"))
    assert (world.effects, outputs["c1"].is_error) == ([], True)


HANDOFF = "  - {id: pass-on, on: {tool: handoff}, then: %s, reason: so be it}\n"


@pytest.mark.parametrize(
    ("then", "ended"),
    [("allow", "from back"), ("block", "from front"), ("require_approval", "from back")],
)
async def test_the_handoff_is_governed(then, ended):
    world = World(RULES + HANDOFF % then)
    flow = contained_agent(team(raw(world), handoff(), "from front"), world.gate)
    said, outputs, asked = await played(flow.run(user_msg="please"), approving)
    assert (said, len(asked)) == (ended, then == "require_approval")
    assert outputs["h1"].is_error == (then == "block")
    assert judged(world.gate)[0] == {"to_agent": "back", "reason": "it knows"}


async def test_after_a_handoff_the_other_agent_is_the_principal():
    world = World(RULES + HANDOFF % "allow")
    flow = team(raw(world), handoff())
    flow.agents["back"].llm = step_by_step([calling("free", "c1", x=1)], "all done")
    await played(contained_agent(flow, world.gate).run(user_msg="please"))
    agents = [event.data["principal"]["agent"] for event in of_kind(world, EventKind.DECIDED)]
    assert agents == ["front", "back"]


async def test_an_agent_by_itself_acts_under_its_name_if_it_has_one(world):
    for name in ({}, {"name": "clerk"}):
        agent = agent_of(raw(world), [calling("free", f"c{len(name)}", x=1)], "done", **name)
        await played(contained_agent(agent, world.gate).run(user_msg="please"))
    agents = [event.data["principal"]["agent"] for event in of_kind(world, EventKind.DECIDED)]
    assert agents == ["agent", "clerk"]


async def test_names_that_the_model_invents_are_recorded_as_refused(world):
    agent = agent_of(raw(world), [calling("nothing", "c1", x=1)], "all done")
    _, outputs, _ = await played(contained_agent(agent, world.gate).run(user_msg="please"))
    assert "not found" in outputs["c1"].content
    (refused,) = of_kind(world, EventKind.REFUSED)
    assert refused.call == "c1"


@pytest.mark.parametrize("wrong", [{"on_hold": "no"}, {"on_block": "no"}])
def test_options_are_checked_at_once(world, wrong):
    with pytest.raises(WiringError):
        contained_agent(agent_of(raw(world), "done"), world.gate, **wrong)


@pytest.mark.parametrize("name", ["get_tools", "_call_tool", "_init_context"])
@pytest.mark.parametrize(("kind", "make"), [(BaseWorkflowAgent, agent_of), (AgentWorkflow, team)])
def test_a_framework_that_calls_tools_in_another_way_is_refused(
    world, monkeypatch, kind, make, name
):
    agent = make(raw(world), "done")
    monkeypatch.delattr(kind, name)
    with pytest.raises(WiringError, match=f"has no `{name}`"):
        contained_agent(agent, world.gate)


def test_what_is_no_agent_is_refused(world):
    with pytest.raises(WiringError, match="is no agent"):
        contained_agent(object(), world.gate)


# ── Agents that write code ───────────────────────────────────────────────────────────────────

CODE = "  - {id: code, on: {action: code.execute}, then: %s, reason: code}\n"


def coder(world: World, code: str, **rest: Any) -> Any:
    """Return an agent whose code may call `free` and `never`."""

    def free(x: int) -> str:
        """Do it."""
        world.effects.append(x)
        return f"did {x}"

    def never(x: int) -> str:
        """Do it."""
        world.effects.append(x)
        return f"did {x}"

    tools = contained([free, never], world.gate)
    functions = {tool.metadata.name: tool.real_fn for tool in tools}

    async def run(code: str) -> str:
        world.effects.append("ran")
        exec(code, functions)  # noqa: S102 - what such agents are for
        return "it ran"

    return contained_agent(coding(tools, code, run, **rest), world.gate)


@pytest.mark.parametrize(
    ("then", "effects"),
    [("allow", ["ran", 1]), ("block", []), ("require_approval", ["ran", 1])],
)
async def test_code_is_judged_before_it_runs(then, effects):
    world = World(RULES + CODE % then)
    agent = coder(world, "free(x=1)")
    said, _, asked = await played(agent.run(user_msg="please"), approving)
    assert (said, world.effects) == ("all done", effects)
    assert [event.arguments for event in asked] == [{"code": "free(x=1)"}] * len(asked)
    assert len(asked) == (then == "require_approval")


async def test_what_code_calls_is_judged_too():
    world = World(RULES + CODE % "allow")
    _, outputs, _ = await played(coder(world, "never(x=1)").run(user_msg="please"))
    assert world.effects == ["ran"]
    (output,) = outputs.values()
    assert isinstance(output.exception, Blocked)


async def test_the_function_that_executes_code_is_governed_wherever_it_is_called():
    world = World(RULES + CODE % "block")
    with pytest.raises(Blocked):
        await coder(world, "").code_execute_fn("free(x=1)")
    assert world.effects == []


async def test_code_that_waits_runs_again_and_what_it_had_done_does_not():
    world = World(RULES + CODE % "allow")
    tools = contained(raw(world), world.gate)
    functions = {tool.metadata.name: tool.real_fn for tool in tools}

    async def run(code: str) -> str:
        done = [await functions["free"](x=1), await functions["free"](x=1)]
        return f"{done} {await functions['held'](x=2)} after {code}"

    agent = contained_agent(coding([], "it", run), world.gate)
    _, outputs, asked = await played(agent.run(user_msg="please"), approving)
    assert (world.effects, len(asked)) == ([1, 1, 2], 1)
    (output,) = outputs.values()
    assert output.content == "['did 1', 'did 1'] did 2 after it"


async def test_what_a_call_without_an_identity_calls_is_made_anew_each_time():
    world = World(RULES + "  - {id: outer, on: {tool: outer}, then: allow, reason: fine}\n")
    inner = contained(tool_of(world, "free"), world.gate)

    async def outer(x: int) -> str:
        """Do it twice."""
        return (await inner.acall(x=x)).content

    tool = contained(FunctionTool.from_defaults(async_fn=outer), world.gate)
    with world.gate.run("t"):
        assert [(await tool.acall(x=1)).content for _ in range(2)] == ["did 1", "did 1"]
    assert world.effects == [1, 1]


# ── A refusal that ends the run ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [agent_of, team])
async def test_a_block_can_end_the_run_and_its_event_stream(world, make):
    agent = make(raw(world), [calling("never", "c1", x=1)], [calling("free", "c2", x=2)], "end")
    error = await failing(contained_agent(agent, world.gate, on_block="raise").run(user_msg="hi"))
    assert isinstance(error, Blocked)
    assert world.effects == []


async def test_a_held_call_can_end_the_run(world):
    agent = agent_of(raw(world), [calling("held", "c1", x=1)], "all done")
    error = await failing(contained_agent(agent, world.gate, on_hold="raise").run(user_msg="hi"))
    assert isinstance(error, PendingApproval)
    assert world.effects == []


async def test_a_tools_own_error_does_not_end_the_run(world):
    def free(x: int) -> str:
        """Do it."""
        raise ValueError("no luck")

    agent = agent_of([free], [calling("free", "c1", x=1)], "all done")
    agent = contained_agent(agent, world.gate, on_block="raise")
    said, outputs, _ = await played(agent.run(user_msg="please"))
    assert (said, outputs["c1"].content) == ("all done", "no luck")


# ── Every kind of tool ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [engine_tool, finder_tool, spec_tools, mcp_tool])
@pytest.mark.parametrize(("name", "effects"), [("free", ["a"]), ("never", [])])
async def test_tools_of_every_kind_are_governed(world, make, name, effects):
    made = make(world.effects.append, name)
    tools = made if isinstance(made, list) else [made]
    agent = agent_of(tools, [calling(name, "c1", input="a")], "all done")
    _, outputs, _ = await played(contained_agent(agent, world.gate).run(user_msg="please"))
    assert world.effects == effects
    assert outputs["c1"].is_error == (not effects)
    assert not effects or "did a" in outputs["c1"].content


@pytest.mark.parametrize("marks", [{"isError": True}, {"is_error": True}])
async def test_a_result_that_says_it_is_an_error_is_recorded_as_a_failure(world, marks):
    tool = mcp_tool(world.effects.append, "free", **marks)
    agent = agent_of([tool], [calling("free", "c1", input="a")], "all done")
    _, outputs, _ = await played(contained_agent(agent, world.gate).run(user_msg="please"))
    assert (outputs["c1"].is_error, outputs["c1"].content) == (True, "did a")
    assert (world.count(EventKind.FAILED), world.count(EventKind.COMPLETED)) == (1, 0)
    (failed,) = of_kind(world, EventKind.FAILED)
    assert "did a" in failed.data["error"]
    assert outputs["c1"].raw_output.text == "did a"


async def test_an_error_output_that_a_function_returns_is_a_failure(world):
    def free(x: int) -> ToolOutput:
        """Do it."""
        return ToolOutput(content="no", tool_name="free", raw_input={}, raw_output=1, is_error=True)

    output = await contained(free, world.gate).acall(x=1)
    assert output.is_error
    assert world.count(EventKind.FAILED) == 1


async def test_a_function_that_returns_an_error_mark_hands_it_back_and_is_recorded(world):
    def free(x: int) -> dict[str, Any]:
        """Do it."""
        return {"isError": True, "x": x}

    tool = contained(free, world.gate)
    assert tool.fn(x=1) == {"isError": True, "x": 1}
    assert await tool.async_fn(x=2) == {"isError": True, "x": 2}
    assert world.count(EventKind.FAILED) == 2


async def test_load_and_search_keeps_what_was_loaded_and_loads_nothing_that_is_blocked(world):
    loaded = []

    class Index:
        @classmethod
        def from_documents(cls, documents, **kwargs):
            loaded.extend(document.text for document in documents)
            return cls()

    for name in ("free", "never"):
        inner = contained(spec_tools(world.effects.append, name)[0], world.gate)
        load = LoadAndSearchToolSpec.from_defaults(inner, index_cls=Index).to_tool_list()[0]
        await load.acall(input="a")
    assert world.effects == ["a"]
    assert loaded == ["did a", "None"]


@pytest.mark.parametrize(("name", "said"), [("free", "did 1"), ("never", "all done")])
async def test_a_tool_whose_answer_is_the_end_goes_on_when_it_is_blocked(world, name, said):
    tool = tool_of(world, name)
    tool.metadata.return_direct = True
    agent = agent_of([tool])
    agent.llm = step_by_step([calling(name, "c1", x=1)], "all done")
    ended, _, _ = await played(contained_agent(agent, world.gate).run(user_msg="please"))
    assert ended == said


# ── What is known of where values came from ──────────────────────────────────────────────────


def told(world: World, kind: EventKind, *keys: str) -> list[Any]:
    return [tuple(event.data[key] for key in keys) for event in of_kind(world, kind)]


@pytest.mark.filterwarnings("ignore::workflows.context.state_store.UnserializableKeyWarning")
async def test_what_the_user_said_is_recorded_in_the_thread_of_the_calls(world):
    agent = agent_of(raw(world), [calling("free", "c1", x=1)], "all done")
    contained_agent(agent, world.gate)
    context = Context(agent)
    await played(agent.run(user_msg="pay seven", ctx=context))
    await played(agent.run(user_msg=ChatMessage(role="user", content="yes"), ctx=context))
    assert told(world, EventKind.SAID, "text") == [("pay seven",), ("yes",)]
    threads = {event.thread for event in of_kind(world, EventKind.SAID)}
    assert threads == {event.thread for event in of_kind(world, EventKind.STARTED)}


async def test_rules_can_ask_what_the_user_said():
    rule = "{id: said, on: {tool: pay}, when: '\"pay 7\" in said', then: allow, reason: told so}"
    world = World(f"rules: [{rule}]")
    for text in ("nothing", "pay 7"):
        agent = agent_of([tool_of(world, "pay")], [calling("pay", f"c{len(text)}", x=7)], "done")
        await played(contained_agent(agent, world.gate).run(user_msg=text), rejecting)
    assert world.effects == [7]


async def test_a_history_that_the_host_hands_over_is_recorded_once(world):
    agent = contained_agent(agent_of(raw(world), "all done", "all done"), world.gate)
    history = [
        ChatMessage(role="user", content="first"),
        ChatMessage(role="assistant", content="not the user"),
    ]
    with world.gate.run("t"):
        await played(agent.run(user_msg="second", chat_history=history))
        await played(agent.run(user_msg="second", chat_history=history))
    assert told(world, EventKind.SAID, "text") == [("first",), ("second",)]


async def test_what_code_returned_is_not_what_the_user_said():
    world = World(RULES + CODE % "allow")
    agent = coder(world, "pass")
    history = [ChatMessage(role="user", content="Result of executing the code given:\n\npay")]
    await played(agent.run(user_msg="please", chat_history=history))
    assert told(world, EventKind.SAID, "text") == [("please",)]


async def test_an_agent_that_asks_another_one_is_no_user(world):
    async def free(x: int) -> str:
        """Ask another agent."""
        inner = contained_agent(agent_of([], "inner done"), world.gate)
        return str(await inner.run(user_msg="transfer everything"))

    agent = contained_agent(agent_of([free], [calling("free", "c1", x=1)], "end"), world.gate)
    with Witness(world.gate):
        await played(agent.run(user_msg="please"))
    assert told(world, EventKind.SAID, "text") == [("please",)]


async def test_a_witness_records_turns_and_what_ungoverned_tools_return(world):
    agent = agent_of([tool_of(world, "loose")], [calling("loose", "c1", x=1)], "all done")
    with Witness(world.gate):
        await played(agent.run(user_msg="please"))
    await played(agent.run(user_msg="no more"))
    assert told(world, EventKind.SAID, "text") == [("please",)]
    assert told(world, EventKind.OBSERVED, "source", "trust", "text") == [
        ("model", "agent", ""),
        ("tool:loose", "untrusted", "did 1"),
        ("model", "agent", "all done"),
    ]
    threads = {event.thread for event in world.gate.store.page()}
    assert len(threads) == 1


@pytest.mark.filterwarnings("ignore::workflows.context.state_store.UnserializableKeyWarning")
async def test_a_witness_leaves_governed_tools_to_the_gate_and_what_was_said_to_one_record(world):
    agent = contained_agent(
        agent_of(raw(world), [calling("free", "c1", x=1)], "all done"), world.gate
    )
    context = Context(agent)
    with Witness(world.gate):
        await played(agent.run(user_msg="please", ctx=context))
        await played(agent.run(user_msg="again", ctx=context))
    assert told(world, EventKind.SAID, "text") == [("please",), ("again",)]
    assert {source for (source,) in told(world, EventKind.OBSERVED, "source")} == {"model"}
    assert len({event.thread for event in world.gate.store.page()}) == 1


async def test_a_witness_labels_what_retrievers_find(world):
    tool = contained(finder_tool(world.effects.append, "free"), world.gate)
    with Witness(world.gate):
        await tool.acall(input="a")
    assert told(world, EventKind.OBSERVED, "source", "trust", "text") == [
        ("retriever", "untrusted", "did a")
    ]


def test_a_witness_records_the_tokens_that_were_used(world):
    from llama_index.core.instrumentation import get_dispatcher
    from llama_index.core.instrumentation.events.llm import LLMChatEndEvent
    from llama_index.core.llms import ChatResponse

    message = ChatMessage(role="assistant", content="hi")
    response = ChatResponse(message=message, raw={"usage": {"total_tokens": 7}})
    with Witness(world.gate):
        get_dispatcher().event(LLMChatEndEvent(messages=[], response=response))
    assert told(world, EventKind.OBSERVED, "usage") == [({"total_tokens": 7},)]


async def test_a_witness_can_not_refuse(world):
    """The framework swallows what handlers raise: a record that fails stops no tool."""
    agent = agent_of([tool_of(world, "loose")], [calling("loose", "c1", x=1)], "all done")
    world.gate.observe = world.gate.hear = lambda *_, **__: 1 / 0
    with Witness(world.gate):
        said, _, _ = await played(agent.run(user_msg="please"))
    assert (said, world.effects) == ("all done", [1])
