"""Every way of calling a LangChain tool × every outcome, with the side effects counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

from lockgate import PendingApproval, Refused
from lockgate.adapters.langchain import contained, containment, resumption
from lockgate.demo.model import ScriptedModel, calling
from lockgate.record import EventKind, verify

CONFIG: Any = {"configurable": {"thread_id": "t"}}


def user() -> dict[str, Any]:
    return {"messages": [HumanMessage("please")]}


def make(world: Any, name: str, asynchronous: bool) -> BaseTool:
    if asynchronous:

        async def effect(x: int) -> str:
            """Do it."""
            world.effects.append(x)
            return f"did {x}"
    else:

        def effect(x: int) -> str:
            """Do it."""
            world.effects.append(x)
            return f"did {x}"

    effect.__name__ = name
    return tool(effect)


def node(made: BaseTool, saver: Any = None) -> Any:
    graph = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode([made]))
    graph.add_edge(START, "tools")
    graph.add_edge("tools", END)
    return graph.compile(checkpointer=saver or InMemorySaver())


def agent_over(world: Any, tools: Any, *turns: Any, **options: Any) -> Any:
    saver = getattr(world, "saver", None) or InMemorySaver()
    model = ScriptedModel(script=list(turns))
    return create_agent(model, tools, checkpointer=saver, **options)


def asked(made: BaseTool) -> dict[str, Any]:
    return {"messages": [HumanMessage("u"), calling(made.name, x=1)]}


async def _collected(stream: Any) -> list[Any]:
    return [item async for item in stream]


# Each direct path calls a contained tool once and returns what came back.
DIRECT = {
    "invoke": lambda made: made.invoke({"x": 1}),
    "run": lambda made: made.run({"x": 1}),
    "batch": lambda made: made.batch([{"x": 1}])[0],
    "stream": lambda made: next(iter(made.stream({"x": 1}))),
    "func": lambda made: made.func(x=1),
    "func positional": lambda made: made.func(1),
    "_run": lambda made: made._run(x=1, config={}),
    "ainvoke": lambda made: asyncio.run(made.ainvoke({"x": 1})),
    "arun": lambda made: asyncio.run(made.arun({"x": 1})),
    "abatch": lambda made: asyncio.run(made.abatch([{"x": 1}]))[0],
    "astream": lambda made: asyncio.run(_collected(made.astream({"x": 1})))[0],
}
DIRECT_ASYNC = {
    **{name: DIRECT[name] for name in ("ainvoke", "arun", "abatch", "astream")},
    "coroutine": lambda made: asyncio.run(made.coroutine(x=1)),
    "_arun": lambda made: asyncio.run(made._arun(x=1, config={})),
}
CASES = [(name, path, False) for name, path in DIRECT.items()]
CASES += [(f"{name}, async tool", path, True) for name, path in DIRECT_ASYNC.items()]


@pytest.mark.parametrize(
    ("path", "asynchronous"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
class TestDirectPaths:
    def test_allowed_runs_once(self, world, path, asynchronous):
        made = contained(make(world, "free", asynchronous), world.gate)
        assert path(made) == "did 1"
        assert world.effects == [1]
        assert world.count(EventKind.DECIDED) == world.count(EventKind.STARTED) == 1

    def test_blocked_never_runs(self, world, path, asynchronous):
        made = contained(make(world, "never", asynchronous), world.gate)
        try:
            said = path(made)
        except Refused as refused:
            said = refused.to_model()
        assert "never run this" in said
        assert "Use `free` instead." in said
        assert world.effects == []
        assert world.count(EventKind.STARTED) == 0

    def test_held_runs_once_after_approval(self, world, path, asynchronous):
        made = contained(make(world, "held", asynchronous), world.gate)
        for _ in range(2):
            with pytest.raises(PendingApproval):
                path(made)
        assert world.effects == []
        assert len(world.gate.desk.pending()) == 1
        world.approve()
        assert path(made) == "did 1"
        with pytest.raises(PendingApproval):
            path(made)
        assert world.effects == [1]

    def test_rejected_never_runs(self, world, path, asynchronous):
        made = contained(make(world, "held", asynchronous), world.gate)
        with pytest.raises(PendingApproval):
            path(made)
        world.reject()
        try:
            said = path(made)
        except Refused as refused:
            said = refused.to_model()
        assert "ann rejected it: seen" in said
        assert world.effects == []


def wrapped(world: Any, made: BaseTool) -> Any:
    return agent_over(world, [contained(made, world.gate)], calling(made.name, x=1))


def governed(world: Any, made: BaseTool) -> Any:
    layers = [containment(world.gate)]
    return agent_over(world, [made], calling(made.name, x=1), middleware=layers)


def both(world: Any, made: BaseTool) -> Any:
    layers, tools = [containment(world.gate)], [contained(made, world.gate)]
    return agent_over(world, tools, calling(made.name, x=1), middleware=layers)


def bare(world: Any, made: BaseTool) -> Any:
    return node(contained(made, world.gate), getattr(world, "saver", None))


AGENTS = {"wrapped": wrapped, "middleware": governed, "both": both, "bare ToolNode": bare}
DRIVES = {
    "invoke": lambda agent, step: agent.invoke(step, CONFIG),
    "ainvoke": lambda agent, step: asyncio.run(agent.ainvoke(step, CONFIG)),
    "stream": lambda agent, step: list(agent.stream(step, CONFIG)),
    "astream": lambda agent, step: asyncio.run(_collected(agent.astream(step, CONFIG))),
}
ASYNC_ONLY = ("ainvoke", "astream")
LOOPS = [
    (f"{kind}, {drive}{', async tool' * asynchronous}", AGENTS[kind], DRIVES[drive], asynchronous)
    for kind in AGENTS
    for drive in DRIVES
    for asynchronous in (False, True)
    if not asynchronous or drive in ASYNC_ONLY
]


@pytest.mark.parametrize(
    ("build", "drive", "asynchronous"), [c[1:] for c in LOOPS], ids=[c[0] for c in LOOPS]
)
class TestAgentLoops:
    def start(self, world, build, drive, name, asynchronous):
        made = make(world, name, asynchronous)
        agent = build(world, made)
        drive(agent, asked(made) if build is bare else user())
        return agent

    def told(self, agent):
        messages = agent.get_state(CONFIG).values["messages"]
        return next(item for item in messages if isinstance(item, ToolMessage))

    def test_allowed_runs_once(self, world, build, drive, asynchronous):
        agent = self.start(world, build, drive, "free", asynchronous)
        assert self.told(agent).content == "did 1"
        assert world.effects == [1]
        assert world.count(EventKind.DECIDED) == world.count(EventKind.STARTED) == 1

    def test_blocked_is_told_and_the_loop_goes_on(self, world, build, drive, asynchronous):
        agent = self.start(world, build, drive, "never", asynchronous)
        said = self.told(agent)
        assert said.status == "error"
        assert "never run this" in said.content
        assert world.effects == []
        assert not agent.get_state(CONFIG).next

    def test_held_pauses_and_runs_once_after_approval(self, world, build, drive, asynchronous):
        agent = self.start(world, build, drive, "held", asynchronous)
        assert world.effects == []
        assert agent.get_state(CONFIG).interrupts
        world.approve()
        drive(agent, resumption(agent.get_state(CONFIG)))
        assert self.told(agent).content == "did 1"
        assert world.effects == [1]
        verify(world.gate.store.page())

    def test_rejected_is_told_and_does_not_wedge(self, world, build, drive, asynchronous):
        agent = self.start(world, build, drive, "held", asynchronous)
        world.reject()
        drive(agent, resumption(agent.get_state(CONFIG)))
        assert self.told(agent).status == "error"
        assert "ann rejected it: seen" in self.told(agent).content
        assert world.effects == []
        assert not agent.get_state(CONFIG).interrupts

    def test_waking_without_an_answer_asks_again(self, world, build, drive, asynchronous):
        agent = self.start(world, build, drive, "held", asynchronous)
        drive(agent, resumption(agent.get_state(CONFIG)))
        assert world.effects == []
        assert agent.get_state(CONFIG).interrupts
        world.approve()
        drive(agent, resumption(agent.get_state(CONFIG)))
        assert world.effects == [1]
