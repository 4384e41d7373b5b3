"""Every way in which a LangChain tool is reached, each as a caller that asks, and asks again.

What can't be had here (a package that is not installed) is left out, and named in `MISSING`.
"""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple
from unittest import mock

from langchain.agents.middleware import AgentMiddleware
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import BaseTool, StructuredTool, tool
from langchain_core.tools.retriever import create_retriever_tool

from doors.conftest import RULES
from doors.langchain import test_paths as paths
from lockgate import Refused, Rulebook
from lockgate.adapters.langchain import contained, contained_deep_agent, containment, resumption
from lockgate.demo.model import ScriptedModel, calling

NEEDED = {"classic": "langchain_classic", "deep": "deepagents", "mcp": "mcp"}
MISSING = [package for package in NEEDED.values() if find_spec(package) is None]


class Way(NamedTuple):
    """One way of calling.

    `start` takes a world and the name of a tool, asks for a call of it with `x` = 1, and returns
    the caller.
    """

    door: str
    name: str
    start: Any

    @property
    def title(self) -> str:
        return f"{self.door}: {self.name}"


class Direct:
    """A caller that holds what it calls; it calls again after an answer."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self.resume()

    def resume(self) -> None:
        with contextlib.suppress(Refused):
            self._call()

    replay = resume


class Loop:
    """A graph that LangGraph runs; it is resumed after an answer, and from a checkpoint."""

    def __init__(self, agent: Any, drive: Any, first: Any) -> None:
        self._agent, self._drive = agent, drive
        if not agent.get_state(paths.CONFIG).values:
            self._go(first)
        self._paused = agent.get_state(paths.CONFIG)

    def _go(self, step: Any) -> None:
        with contextlib.suppress(Refused):
            self._drive(self._agent, step)

    def resume(self) -> None:
        self._go(resumption(self._agent.get_state(paths.CONFIG)))

    def replay(self) -> None:
        with mock.patch.object(paths, "CONFIG", self._paused.config):
            self._go(resumption(self._paused))


# ── Tools of other kinds ─────────────────────────────────────────────────────────────────────


class Shelf(BaseRetriever):
    world: Any

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        self.world.effects.append(int(query))
        return [Document(f"about {query}")]


def retrieving(world: Any, name: str) -> BaseTool:
    return create_retriever_tool(Shelf(world=world), name, "Search.")


def of_a_runnable(world: Any, name: str) -> BaseTool:
    def act(given: dict[str, int]) -> str:
        world.effects.append(given["x"])
        return "did it"

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is in beta
        return RunnableLambda(act).as_tool(name=name, description="Act.", arg_types={"x": int})


class Own(BaseTool):
    """A tool that is a class of its own."""

    world: Any

    def _run(self, x: int) -> str:
        self.world.effects.append(x)
        return f"did {x}"


def of_a_class(world: Any, name: str) -> BaseTool:
    return Own(name=name, description="Act.", world=world)


def of_a_server(world: Any, name: str) -> BaseTool:
    """Return a tool of an MCP server as adapters make them: a schema, and a call that is sent."""
    from mcp import Client
    from mcp.server import MCPServer

    server = MCPServer("shop")

    def act(x: int) -> str:
        world.effects.append(x)
        return f"did {x}"

    server.tool(name=name)(act)

    async def told() -> Any:
        async with Client(server) as client:
            return (await client.list_tools()).tools[0]

    async def send(**arguments: Any) -> str:
        async with Client(server) as client:
            return str((await client.call_tool(name, arguments)).content)

    found = asyncio.run(told())
    return StructuredTool(
        name=found.name, description="Act.", args_schema=found.input_schema, coroutine=send
    )


# ── Loops of other kinds ─────────────────────────────────────────────────────────────────────


class Bringing(AgentMiddleware[Any, Any, Any]):
    """Has a tool of its own."""

    def __init__(self, made: BaseTool) -> None:
        super().__init__()
        self.tools = [made]


class Adding(AgentMiddleware[Any, Any, Any]):
    """Finds a tool when it is called that nobody had listed."""

    def __init__(self, made: BaseTool) -> None:
        super().__init__()
        self._made = made

    def wrap_tool_call(self, request: Any, handler: Any) -> Any:
        return handler(request.override(tool=self._made))

    async def awrap_tool_call(self, request: Any, handler: Any) -> Any:
        return await handler(request.override(tool=self._made))


class Shortening(AgentMiddleware[Any, Any, Any]):
    """Runs the tool by itself, by the function behind it."""

    def __init__(self, made: BaseTool) -> None:
        super().__init__()
        self._made: Any = made

    def wrap_tool_call(self, request: Any, handler: Any) -> Any:
        said = self._made.func(**request.tool_call["args"])
        return ToolMessage(said, tool_call_id=request.tool_call["id"])

    async def awrap_tool_call(self, request: Any, handler: Any) -> Any:
        return self.wrap_tool_call(request, handler)


def brought(world: Any, made: BaseTool) -> Any:
    layers = [Bringing(made), containment(world.gate)]
    return paths.agent_over(world, [], calling(made.name, x=1), middleware=layers)


def added(world: Any, made: BaseTool) -> Any:
    layers = [Adding(made), containment(world.gate)]
    return paths.agent_over(world, [], calling(made.name, x=1), middleware=layers)


def shortened(world: Any, made: BaseTool) -> Any:
    inner = contained(made, world.gate)
    return paths.agent_over(world, [made], calling(made.name, x=1), middleware=[Shortening(inner)])


def handed_down(world: Any, made: BaseTool) -> Any:
    """Return an agent with a tool that runs another agent, each with its own containment."""
    inner = paths.create_agent(
        ScriptedModel(script=[calling(made.name, x=1)]),
        [made],
        middleware=[containment(world.gate)],
    )

    @tool
    def free(text: str) -> str:
        """Ask a sub-agent."""
        return str(inner.invoke({"messages": [HumanMessage(text)]})["messages"][-2].content)

    layers = [containment(world.gate)]
    return paths.agent_over(world, [free], calling("free", text="do"), middleware=layers)


class Sub(ScriptedModel):
    """Speaks another script where the conversation begins with a sub-agent's task."""

    sub: Any = ()

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        inside = any(isinstance(m, HumanMessage) and "SUB" in m.text for m in messages)
        speaker = ScriptedModel(script=self.sub if inside else self.script)
        return speaker._generate(messages, *args, **kwargs)


def deep(world: Any, made: BaseTool) -> Any:
    saver = getattr(world, "saver", None) or paths.InMemorySaver()
    model = ScriptedModel(script=[calling(made.name, x=1)])
    return contained_deep_agent(world.gate, model=model, tools=[made], checkpointer=saver)


def deep_below(world: Any, made: BaseTool) -> Any:
    saver = getattr(world, "saver", None) or paths.InMemorySaver()
    world.gate.use(
        Rulebook.parse(f"{RULES}  - {{id: task, on: {{tool: task}}, then: allow, reason: fine}}")
    )
    task = calling("task", description="SUB do it", subagent_type="general-purpose")
    model = Sub(script=[task], sub=[calling(made.name, x=1)])
    return contained_deep_agent(world.gate, model=model, tools=[made], checkpointer=saver)


def executing(world: Any, name: str) -> Any:
    from langchain_classic.agents import AgentExecutor, create_tool_calling_agent

    slots = [("human", "{input}"), ("placeholder", "{agent_scratchpad}")]
    governed = contained(paths.make(world, name, asynchronous=False), world.gate)
    model = ScriptedModel(script=[calling(name, x=1)])
    agent = create_tool_calling_agent(model, [governed], ChatPromptTemplate.from_messages(slots))
    return AgentExecutor(agent=agent, tools=[governed])


# ── All of them ──────────────────────────────────────────────────────────────────────────────

DOORS = {
    "wrapped": "`create_agent` with contained tools",
    "middleware": "`create_agent` with `containment`",
    "both": "`create_agent` with both",
    "bare ToolNode": "a graph of your own with `ToolNode`",
}
SYNC, ASYNC = ("invoke", "ainvoke")
BOTH = (SYNC, ASYNC)
CALLS = {
    SYNC: lambda made, given: made.invoke(given),
    ASYNC: lambda made, given: asyncio.run(made.ainvoke(given)),
}
KINDS: dict[str, Any] = {
    "a contained tool that is a class of its own": (of_a_class, BOTH, {"x": 1}),
    "a contained retriever": (retrieving, BOTH, {"query": "1"}),
    "a contained runnable": (of_a_runnable, BOTH, {"x": 1}),
    "a contained tool of an MCP server": (of_a_server, (ASYNC,), {"x": 1}),
}
BUILDS: dict[str, Any] = {
    "a tool that another middleware brings": brought,
    "a tool that another middleware adds at run time": added,
    "a middleware that runs a contained tool by its function": shortened,
    "a sub-agent": handed_down,
    "a Deep Agent": deep,
    "a sub-agent of a Deep Agent": deep_below,
}
NEEDS = {
    "a contained tool of an MCP server": "mcp",
    "a tool of an MCP server in `create_agent`": "mcp",
    "a Deep Agent": "deepagents",
    "a sub-agent of a Deep Agent": "deepagents",
    "a classic `AgentExecutor`": "langchain_classic",
}


def by_itself(make: Any, call: Any) -> Any:
    def start(world: Any, name: str) -> Direct:
        made = make(world, name)
        return Direct(lambda: call(made))

    return start


def in_a_loop(build: Any, drive: Any, make: Any) -> Any:
    def start(world: Any, name: str) -> Loop:
        made = make(world, name)
        first = paths.asked(made) if build is paths.bare else paths.user()
        return Loop(build(world, made), drive, first)

    return start


def making(asynchronous: bool) -> Any:
    return lambda world, name: paths.make(world, name, asynchronous)


def governing(make: Any) -> Any:
    return lambda world, name: contained(make(world, name), world.gate)


def by_themselves() -> Iterator[Way]:
    for title, path, asynchronous in paths.CASES:
        door = f"a contained {'async' if asynchronous else 'sync'} tool, by itself"
        made = governing(making(asynchronous))
        yield Way(door, title.removesuffix(", async tool"), by_itself(made, path))
    for door, (make, names, given) in KINDS.items():
        for name in names:
            yield Way(door, name, by_itself(governing(make), calls(name, given)))
    for name in BOTH:
        start = by_itself(executing, calls(name, {"input": "please"}))
        yield Way("a classic `AgentExecutor`", name, start)


def calls(name: str, given: Any) -> Any:
    return lambda made: CALLS[name](made, given)


def in_loops() -> Iterator[Way]:
    for title, build, drive, asynchronous in paths.LOOPS:
        kind, _, name = title.partition(", ")
        yield Way(DOORS[kind], name, in_a_loop(build, drive, making(asynchronous)))
    for door, build in BUILDS.items():
        for name in BOTH:
            yield Way(door, name, in_a_loop(build, paths.DRIVES[name], making(False)))
    door = "a tool of an MCP server in `create_agent`"
    yield Way(door, ASYNC, in_a_loop(paths.governed, paths.DRIVES[ASYNC], of_a_server))


ALL = (*by_themselves(), *in_loops())
WAYS = {way.title: way for way in ALL if NEEDS.get(way.door) not in MISSING}
