"""How a call comes back to the agent's loop: the four ways, and what each kind of tool makes of them."""

from __future__ import annotations

import asyncio
import threading
from typing import Annotated, Any

import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.types import Command

from doors.langchain import test_pause as pauses
from doors.langchain.test_pause import CONFIG, agent_of, asking_again, told, user
from lockgate import Choice
from lockgate.adapters.langchain import resumption
from lockgate.demo.model import calling
from lockgate.record import EventKind

held = pauses.held


@pytest.fixture
def somebody(world):
    """Somebody who answers each request as soon as it stands, in a thread of their own."""
    over = threading.Event()
    threads = []

    def answers(choice: Choice) -> None:
        def watch() -> None:
            while not over.wait(0.01):
                world.answer(choice)

        threads.append(threading.Thread(target=watch))
        threads[0].start()

    yield answers
    over.set()
    for thread in threads:
        thread.join()


LOOPS = {
    "sync": lambda agent: agent.invoke(user(), CONFIG),
    "async": lambda agent: asyncio.run(agent.ainvoke(user(), CONFIG)),
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_call_that_waits_runs_when_it_is_approved(world, held, somebody, loop):
    somebody(Choice.APPROVE)
    agent = agent_of(world, held, script=[calling("held", x=1)], on_hold="wait")
    loop(agent)
    assert (world.effects, told(agent)) == ([1], ["did 1"])
    assert not agent.get_state(CONFIG).interrupts


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_call_that_waits_is_told_of_a_rejection(world, held, somebody, loop):
    somebody(Choice.REJECT)
    agent = agent_of(world, held, script=[calling("held", x=1)], on_hold="wait")
    loop(agent)
    assert world.effects == []
    assert "ann rejected it: seen" in told(agent)[0]


def test_when_patience_ends_the_model_is_told_and_may_ask_again(world, held):
    agent = asking_again(world, held, 2, on_hold="wait", patience=0)
    agent.invoke(user(), CONFIG)
    assert "pending approval" in told(agent)[0]
    world.approve()
    agent.invoke(user(), CONFIG)
    assert (world.effects, told(agent)[-1]) == ([1], "did 1")


# ── What kinds of tools make of it ───────────────────────────────────────────────────────────


def last(agent: Any) -> Any:
    return agent.get_state(CONFIG).values["messages"][-1]


@pytest.mark.parametrize("name", ["free", "never"])
def test_a_tool_that_returns_directly_ends_the_run_with_what_it_or_the_refusal_says(world, name):
    def act(x: int) -> str:
        """Act."""
        world.effects.append(x)
        return f"did {x}"

    act.__name__ = name
    made = tool(act, return_direct=True)
    agent = agent_of(world, made, script=[calling(name, x=1), AIMessage("more")])
    agent.invoke(user(), CONFIG)
    assert isinstance(last(agent), ToolMessage)
    assert (last(agent).status, world.effects) == (
        ("success", [1]) if name == "free" else ("error", [])
    )


def test_a_held_tool_that_returns_directly_pauses_and_then_ends_the_run(world):
    @tool(return_direct=True)
    def held(x: int) -> str:
        """Act."""
        world.effects.append(x)
        return f"did {x}"

    agent = agent_of(world, held, script=[calling("held", x=1), AIMessage("more")])
    agent.invoke(user(), CONFIG)
    assert agent.get_state(CONFIG).interrupts
    world.approve()
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    assert (last(agent).content, world.effects) == ("did 1", [1])


ANSWERS = {"approved": ("content 1", {"a": 1}), "answered in its place": ("by hand", None)}


@pytest.mark.parametrize("how", ANSWERS)
def test_a_held_tool_with_an_artifact_has_one_if_it_ran(world, how):
    @tool(response_format="content_and_artifact")
    def held(x: int) -> tuple[str, dict[str, int]]:
        """Act."""
        return f"content {x}", {"a": x}

    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    answer = {"choice": "approve"} if how == "approved" else pauses.RESPONSES["ours"]
    if how != "approved":
        answer = {**answer, "comment": "by hand"}
    agent.invoke(Command(resume=answer), CONFIG)
    found = next(it for it in agent.get_state(CONFIG).values["messages"] if it.type == "tool")
    assert (found.content, found.artifact) == ANSWERS[how]


def test_a_refused_tool_with_a_command_changes_no_state(world):
    @tool
    def never(x: int, call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
        """Go elsewhere."""
        world.effects.append(x)
        return Command(update={"messages": [ToolMessage("went", tool_call_id=call_id)]})

    agent = agent_of(world, never, script=[calling("never", x=1)])
    agent.invoke(user(), CONFIG)
    assert world.effects == []
    assert "never run this" in told(agent)[0]


def test_what_a_tool_streams_leaves_while_it_runs_and_never_before_it_may(world):
    @tool
    def held(x: int, runtime: ToolRuntime) -> str:
        """Tell as it goes."""
        runtime.stream_writer(f"working on {x}")
        return f"did {x}"

    def streamed(step: Any) -> list[Any]:
        return list(agent.stream(step, CONFIG, stream_mode="custom"))

    agent = agent_of(world, held, script=[calling("held", x=1)])
    assert streamed(user()) == []
    world.approve()
    assert streamed(resumption(agent.get_state(CONFIG))) == ["working on 1"]
    (ended,) = world.gate.store.of_kind(EventKind.COMPLETED)
    assert "working on" not in ended.body.decode()


def test_the_model_is_told_the_rule_its_reason_and_what_would_be_acceptable(world):
    @tool
    def never(x: int) -> str:
        """Never."""
        return "v"

    agent = agent_of(world, never, script=[calling("never", x=1)])
    agent.invoke(user(), CONFIG)
    assert told(agent) == [
        "blocked: `never` was not executed: never run this (rule `never`). Use `free` instead."
    ]
