"""Beside LangChain's own middlewares, in either order: what runs, how often, and who is told what."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from langchain.agents import create_agent, middleware
from langchain.agents.middleware import (
    AgentMiddleware,
    HumanInTheLoopMiddleware,
    LLMToolEmulator,
    PIIMiddleware,
    ToolCallLimitMiddleware,
    ToolRetryMiddleware,
)
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from packaging.version import Version

from doors.langchain import test_reach as reach
from doors.langchain.test_pause import CONFIG, told, two_calls, user
from lockgate import Blocked, Rulebook
from lockgate.adapters.langchain import containment, resumption, wire
from lockgate.demo.model import ScriptedModel, calling
from lockgate.record import EventKind

tools = reach.tools


class Passing(AgentMiddleware[Any, Any, Any]):
    """Does nothing; it only stands there."""

    def wrap_tool_call(self, request: Any, handler: Any) -> Any:
        return handler(request)

    async def awrap_tool_call(self, request: Any, handler: Any) -> Any:
        return await handler(request)


def turned_to_text(error: Exception, request: Any) -> str:
    return f"an error of {request.tool_call['name']}: {error}"


BESIDE: dict[str, Any] = {
    "one that does nothing": Passing,
    "retries": lambda: ToolRetryMiddleware(max_retries=2, initial_delay=0),
    "a limit": lambda: ToolCallLimitMiddleware(run_limit=5),
    "personal data": lambda: PIIMiddleware("email"),
    "a reviewer of other tools": lambda: HumanInTheLoopMiddleware(interrupt_on={"other": True}),
}
if hasattr(middleware, "ToolErrorMiddleware"):
    BESIDE["errors"] = lambda: middleware.ToolErrorMiddleware(on_error=turned_to_text)
ORDERS = ["outside", "inside"]
RUNS = {
    "sync": lambda agent, step: agent.invoke(step, CONFIG),
    "async": lambda agent, step: asyncio.run(agent.ainvoke(step, CONFIG)),
}


def layered(world: Any, other: Any, order: str) -> list[Any]:
    """Return both middlewares; the one that is outside comes first."""
    ours = containment(world.gate)
    return [other, ours] if order == "outside" else [ours, other]


def agent_of(world: Any, layers: list[Any], made: Any, *script: Any) -> Any:
    saver = InMemorySaver()
    return create_agent(
        ScriptedModel(script=list(script)), made, middleware=layers, checkpointer=saver
    )


PAIRS = [(make, order) for make in BESIDE.values() for order in ORDERS]
NAMES = [f"{name}, {order}" for name in BESIDE for order in ORDERS]


SWALLOWS = Version(version("langchain")) < Version("1.3.12")


@pytest.fixture(params=PAIRS, ids=NAMES)
def governed(request, world, tools):
    """Return an agent that calls one tool, with the other middleware on one side of ours."""
    make, order = request.param

    def calling_one(name: str) -> Any:
        if SWALLOWS and name == "held" and make is BESIDE["retries"]:
            pytest.skip("here LangChain's retries take a pause for a failure; nothing runs then")
        layers = layered(world, make(), order)
        return agent_of(world, layers, list(tools.values()), calling(name, x=1))

    return calling_one


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
class TestEither:
    def test_allowed_runs_once(self, world, governed, run):
        run(agent := governed("free"), user())
        assert (world.effects, told(agent)) == ([("free", 1)], ["free 1"])
        assert world.count(EventKind.DECIDED) == 1

    def test_blocked_never_runs_and_is_judged_once(self, world, governed, run):
        run(agent := governed("never"), user())
        assert world.effects == []
        assert told(agent)[0].startswith("blocked: `never` was not executed: never run this")
        assert world.count(EventKind.DECIDED) == 1

    def test_held_pauses_and_runs_once_when_approved(self, world, governed, run):
        run(agent := governed("held"), user())
        assert (world.effects, len(agent.get_state(CONFIG).interrupts)) == ([], 1)
        world.approve()
        run(agent, resumption(agent.get_state(CONFIG)))
        assert (world.effects, told(agent)) == ([("held", 1)], ["held 1"])

    def test_held_never_runs_when_rejected(self, world, governed, run):
        run(agent := governed("held"), user())
        world.reject()
        run(agent, resumption(agent.get_state(CONFIG)))
        assert world.effects == []
        assert "ann rejected it: seen" in told(agent)[0]
        assert not agent.get_state(CONFIG).interrupts


ALL = Rulebook.parse("rules: [{id: all, then: allow, reason: a test}]")


@pytest.mark.parametrize("order", ORDERS)
def test_a_retry_runs_no_effect_again(world, order):
    @tool
    def update_it(x: int) -> str:
        """Fail."""
        world.effects.append(x)
        raise ConnectionError("lost")

    world.gate.use(ALL)
    retry = ToolRetryMiddleware(max_retries=2, initial_delay=0)
    agent = agent_of(world, layered(world, retry, order), [update_it], calling("update_it", x=1))
    agent.invoke(user(), CONFIG)
    assert world.effects == [1]
    assert "already ran and failed" in told(agent)[0]


@pytest.mark.parametrize("order", ORDERS)
def test_a_limit_stops_calls_before_anybody_judges_them(world, tools, order):
    limit = ToolCallLimitMiddleware(run_limit=1)
    layers = layered(world, limit, order)
    agent = agent_of(world, layers, [tools["free"]], two_calls("free", "free"))
    agent.invoke(user(), CONFIG)
    assert len(world.effects) == world.count(EventKind.DECIDED) == 1


@pytest.mark.parametrize("order", ORDERS)
def test_personal_data_is_masked_in_what_is_heard_and_not_in_what_is_called(world, order):
    @tool
    def free(to: str) -> str:
        """Write."""
        world.effects.append(to)
        return "written"

    mask = PIIMiddleware("email", strategy="redact")
    script = calling("free", to="ann@example.com")
    agent = agent_of(world, layered(world, mask, order), [free], script)
    agent.invoke({"messages": [HumanMessage("write to ann@example.com")]}, CONFIG)
    (heard,) = world.gate.store.of_kind(EventKind.SAID)
    assert heard.data["text"] == "write to [REDACTED_EMAIL]"
    assert world.effects == ["ann@example.com"]


@pytest.mark.parametrize("order", ORDERS)
def test_an_error_that_is_turned_into_text_is_recorded_as_a_failure(world, order):
    found = getattr(middleware, "ToolErrorMiddleware", None)
    if found is None:
        pytest.skip("this LangChain has no `ToolErrorMiddleware`")

    @tool
    def free(x: int) -> str:
        """Fail."""
        raise ConnectionError("lost")

    layers = layered(world, found(on_error=turned_to_text), order)
    agent = agent_of(world, layers, [free], calling("free", x=1))
    agent.invoke(user(), CONFIG)
    assert told(agent) == ["an error of free: lost"]
    assert world.count(EventKind.FAILED) == 1


@pytest.mark.parametrize("order", ORDERS)
def test_what_an_emulator_answers_has_no_effect(world, tools, order):
    emulator = LLMToolEmulator(model=ScriptedModel(script=[AIMessage("as if")]), tools=["held"])
    agent = agent_of(world, layered(world, emulator, order), [tools["held"]], calling("held", x=1))
    agent.invoke(user(), CONFIG)
    assert (world.effects, told(agent)) == ([], ["as if"])


# ── A reviewer beside us ─────────────────────────────────────────────────────────────────────


def edit(name: str, x: int) -> Any:
    edited = {"type": "edit", "edited_action": {"name": name, "args": {"x": x}}}
    return Command(resume={"decisions": [edited]})


def reviewed(world: Any, tools: Any, order: str, answer: Any, run: Any) -> Any:
    reviewer = HumanInTheLoopMiddleware(interrupt_on={"free": True})
    layers = layered(world, reviewer, order)
    agent = agent_of(world, layers, list(tools.values()), calling("free", x=1))
    run(agent, user())
    run(agent, answer)
    return agent


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("order", ORDERS)
class TestReviewer:
    def test_what_a_reviewer_edits_is_judged_as_edited(self, world, tools, order, run):
        world.gate.use(
            Rulebook.parse("""
rules:
  - {id: free, on: {tool: free}, then: allow, reason: fine}
  - {id: nine, on: {tool: free}, when: args.x == 9, then: block, reason: not nine}
""")
        )
        agent = reviewed(world, tools, order, edit("free", 9), run)
        assert world.effects == []
        assert "not nine" in told(agent)[0]

    def test_no_edit_leads_round_the_gate_to_another_tool(self, world, tools, order, run):
        agent = reviewed(world, tools, order, edit("never", 2), run)
        assert world.effects == []
        assert "`never` was not executed" in told(agent)[0]
        assert not agent.get_state(CONFIG).next

    def test_what_a_reviewer_rejects_is_not_judged(self, world, tools, order, run):
        no = Command(resume={"decisions": [{"type": "reject", "message": "no"}]})
        agent = reviewed(world, tools, order, no, run)
        assert (world.effects, world.count(EventKind.DECIDED)) == ([], 0)
        assert told(agent)[0].endswith("no")


class Swapping(AgentMiddleware[Any, Any, Any]):
    """Puts another tool in the place of the one that was asked for."""

    def __init__(self, instead: Any) -> None:
        super().__init__()
        self._instead = instead

    def wrap_tool_call(self, request: Any, handler: Any) -> Any:
        return handler(request.override(tool=self._instead))

    async def awrap_tool_call(self, request: Any, handler: Any) -> Any:
        return await handler(request.override(tool=self._instead))


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("order", ORDERS)
def test_a_tool_that_is_swapped_in_does_not_run_ungoverned(world, tools, order, run):
    layers = layered(world, Swapping(tools["never"]), order)
    agent = agent_of(world, layers, [tools["free"]], calling("free", x=1))
    run(agent, user())
    assert world.effects == []
    (refused,) = (
        event
        for event in world.gate.store.page()
        if event.kind in {EventKind.REFUSED, EventKind.DECIDED}
    )
    assert refused.data["tool"] == "never"


def test_a_swapped_tool_raises_where_blocks_raise(world, tools):
    layers = [containment(world.gate, on_block="raise"), Swapping(tools["never"])]
    agent = agent_of(world, layers, [tools["free"]], calling("free", x=1))
    with pytest.raises(Blocked, match="no gate stands in front"):
        agent.invoke(user(), CONFIG)
    assert world.effects == []


def test_a_raw_tool_that_a_contained_one_uses_is_left_alone(world, tools):
    @tool
    def free(x: int) -> str:
        """Use another."""
        return str(tools["held"].invoke({"x": x}))

    agent = agent_of(world, [containment(world.gate), Passing()], [free], calling("free", x=1))
    agent.invoke(user(), CONFIG)
    assert (world.effects, told(agent)) == ([("held", 1)], ["held 1"])


def test_nothing_is_watched_where_nothing_stands_between(world, tools, monkeypatch):
    def never(*args: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(wire.Crossing, "__init__", never)
    agent = agent_of(
        world, [Passing(), containment(world.gate)], [tools["free"]], calling("free", x=1)
    )
    agent.invoke(user(), CONFIG)
    asyncio.run(agent.ainvoke(user(), {"configurable": {"thread_id": "u"}}))
    assert [
        item.content
        for item in agent.get_state(CONFIG).values["messages"]
        if isinstance(item, ToolMessage)
    ] == ["free 1"]
