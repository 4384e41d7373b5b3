"""Every path to a tool × every outcome, with the effects counted; the page shows what was found.

The outcomes are those of the LangChain door. With LOCKGATE_WRITE_DOCS=1 the table of the page is
written instead of compared.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("llama_index.core", reason="the LlamaIndex door needs the `llamaindex` extra")

from llama_index.core.agent.workflow import AgentWorkflow
from llama_index.core.tools import FunctionTool
from llama_index.core.tools.tool_spec.load_and_search import LoadAndSearchToolSpec
from llama_index.core.workflow import Context
from tests.doors.conftest import World
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
from tests.doors.llamaindex.world import agent_of, approval, calling, played

from lockgate import Answer, Choice, Refused
from lockgate.adapters.llamaindex import (
    ApprovalRequired,
    contained,
    contained_agent,
    dump,
    resume,
)
from lockgate.record import verify

pytestmark = pytest.mark.filterwarnings(
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)
PAGE = Path(__file__).parents[3] / "docs" / "llamaindex.md"
EXPECTED = {
    "allowed": 1,
    "blocked": 0,
    "held": 0,
    "approved": 1,
    "rejected": 0,
    "edited": 1,
    "replayed": 1,
}
"""By outcome, how often the effect must have been had."""
THEN = {"allowed": "allow", "blocked": "block"}
CHOICES = {
    "approved": Choice.APPROVE,
    "rejected": Choice.REJECT,
    "edited": Choice.EDIT,
    "replayed": Choice.APPROVE,
}
RULES = """
rules:
  - {{id: it, on: {{tool: act}}, then: {act}, reason: so be it}}
  - {{id: code, on: {{action: code.execute}}, then: {code}, reason: so be it}}
  - {{id: on, on: {{tool: handoff}}, then: {handoff}, reason: so be it}}
"""
Path_ = Callable[[World, str], Awaitable[None]]


def sync_tool(world: World) -> FunctionTool:
    def act(input: str) -> str:  # noqa: A002 - as query engines call it
        """Do it."""
        world.effects.append(input)
        return f"did {input}"

    return FunctionTool.from_defaults(act)


def async_tool(world: World) -> FunctionTool:
    async def act(input: str) -> str:  # noqa: A002 - as query engines call it
        """Do it."""
        world.effects.append(input)
        return f"did {input}"

    return FunctionTool.from_defaults(async_fn=act)


def edited(shown: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments as a person edits them."""
    (name,) = shown.keys() & {"input", "code", "reason"}
    return {**shown, name: "y"}


def answer(request: Any, outcome: str) -> Answer:
    arguments = edited(request.arguments) if outcome == "edited" else None
    return Answer(choice=CHOICES[outcome], by="ann", arguments=arguments)


def directly(call: Callable[[Any], Any], make: Callable[[World], Any] = sync_tool) -> Path_:
    """Call a contained tool as code would: a held call is made again after the answer."""

    async def path(world: World, outcome: str) -> None:
        tool = contained(make(world), world.gate)

        async def make_it() -> None:
            with suppress(Refused):
                made = call(tool)
                await made if asyncio.iscoroutine(made) else None

        with world.gate.run("t"):
            await make_it()
            if outcome in CHOICES:
                assert world.effects == []
                (request,) = world.gate.desk.pending()
                world.gate.desk.answer(request.id, answer(request, outcome))
                await make_it()
            if outcome == "replayed":
                await make_it()

    return path


def running(make: Callable[[World], Any]) -> Path_:
    """Let a governed agent run: a held call is answered on its event stream.

    What is replayed is a saved run, answered at the desk and resumed twice.
    """

    async def path(world: World, outcome: str) -> None:
        agent = contained_agent(make(world), world.gate)
        handler = agent.run(user_msg="please")
        if outcome in THEN:
            await played(handler)
            return
        event = await asked(handler)
        assert world.effects == []
        if outcome == "held":
            await handler.cancel_run()
        elif outcome == "replayed":
            saved = await dump(handler.ctx)
            await handler.cancel_run()
            world.gate.desk.answer(event.request_id, answer(event, outcome))
            for _ in range(2):
                await played(await resume(agent, saved))
        else:
            told = answer(event, outcome)
            more = {"arguments": told.arguments} if told.arguments else {}
            handler.ctx.send_event(approval(event, told.choice, **more))
            await played(handler)

    return path


async def asked(handler: Any) -> ApprovalRequired:
    async with asyncio.timeout(10):
        async for event in handler.stream_events():
            if isinstance(event, ApprovalRequired):
                return event
    raise AssertionError("the run ended without asking")


CALL = [calling("act", "c1", input="x")]


def of(make: Callable[..., Any]) -> Path_:
    def agent(world: World) -> Any:
        made = make(world.effects.append, "act")
        return agent_of(made if isinstance(made, list) else [made], CALL, "done")

    return running(agent)


def returning(world: World) -> Any:
    tool = sync_tool(world)
    tool.metadata.return_direct = True
    agent = agent_of([tool])
    agent.llm = step_by_step(CALL, "done")
    return agent


def single(world: World) -> AgentWorkflow:
    agent = agent_of([sync_tool(world)], CALL, "done")
    return AgentWorkflow(agents=[agent], timeout=None)


def with_context(world: World) -> FunctionTool:
    async def act(ctx: Context, input: str) -> str:  # noqa: A002 - as query engines call it
        """Do it."""
        await ctx.store.set("kept", input)
        world.effects.append(input)
        return f"did {input}"

    return FunctionTool.from_defaults(async_fn=act)


def filled_in(world: World) -> FunctionTool:
    def act(input: str, user: str) -> str:  # noqa: A002 - as query engines call it
        """Do it."""
        assert user == "alice"
        world.effects.append(input)
        return f"did {input}"

    return FunctionTool.from_defaults(act, partial_params={"user": "alice"})


def loading(world: World) -> Any:
    """Load through a tool that keeps what it loads for another one to search."""

    class Index:
        @classmethod
        def from_documents(cls, documents: Any, **_: Any) -> Any:
            return cls()

        def insert(self, document: Any) -> None:
            """Keep it."""

    inner = spec_tools(world.effects.append, "act")[0]
    tools = LoadAndSearchToolSpec.from_defaults(inner, index_cls=Index).to_tool_list()
    return agent_of(tools, CALL, "done")


def handing_over(world: World) -> AgentWorkflow:
    flow = team([], handoff(), "stays")
    model = flow.agents["back"].llm
    inner = model.response_generator

    def answer(messages: Any, **told: Any) -> Any:
        world.effects.append("handed over")
        return inner(messages, **told)

    model.response_generator = answer
    return flow


def executing(world: World) -> Any:
    async def run(code: str) -> str:
        world.effects.append(code)
        return "ran"

    return coding([], "act()", run)


def calling_from_code(world: World) -> Any:
    act = contained(async_tool(world), world.gate).real_fn

    async def run(code: str) -> str:
        return str(await act(input=code))

    return coding([], "x", run)


async def coding_by_hand(world: World, outcome: str) -> None:
    """Run code as the agent would, from outside of it."""
    agent = contained_agent(executing(world), world.gate)
    call = directly(lambda _: agent.code_execute_fn("act()"))
    await call(world, outcome)


PATHS: dict[str, Path_] = {
    "`tool(...)`": directly(lambda tool: tool(input="x")),
    "`tool.call`": directly(lambda tool: tool.call(input="x")),
    "`tool.acall`": directly(lambda tool: tool.acall(input="x")),
    "`tool.fn`": directly(lambda tool: tool.fn(input="x")),
    "`tool.async_fn`": directly(lambda tool: tool.async_fn(input="x"), async_tool),
    "`tool.real_fn`": directly(lambda tool: tool.real_fn(input="x"), async_tool),
    "`FunctionAgent`": running(lambda world: agent_of([sync_tool(world)], CALL, "done")),
    "an async tool": running(lambda world: agent_of([async_tool(world)], CALL, "done")),
    "a tool with a `Context`": running(lambda world: agent_of([with_context(world)], CALL, "done")),
    "`partial_params`": running(lambda world: agent_of([filled_in(world)], CALL, "done")),
    "`ReActAgent`": running(lambda world: reacting([sync_tool(world)], "act", '{"input": "x"}')),
    "`CodeActAgent`: its code": running(executing),
    "`code_execute_fn`": coding_by_hand,
    "`CodeActAgent`: a tool in its code": running(calling_from_code),
    "`AgentWorkflow`, one agent": running(single),
    "`AgentWorkflow`, several": running(lambda world: team([sync_tool(world)], CALL, "done")),
    "`handoff`": running(handing_over),
    "a retrieved tool": running(lambda w: retrieving(sync_tool(w), turns=(CALL, "done"))),
    "`QueryEngineTool`": of(engine_tool),
    "`RetrieverTool`": of(finder_tool),
    "a tool of a `ToolSpec`": of(spec_tools),
    "`LoadAndSearchToolSpec`": running(loading),
    "a tool of an MCP server": of(mcp_tool),
    "`return_direct`": running(returning),
}


async def effects(path: str, outcome: str) -> list[object]:
    """Live through one cell in a world of its own; return the effects that were had."""
    then = THEN.get(outcome, "require_approval")
    code = "allow" if path.endswith("in its code") else then
    world = World(RULES.format(act=then, code=code, handoff=then))
    try:
        await PATHS[path](world, outcome)
        verify(world.gate.store.page())
    finally:
        world.gate.close()
    return world.effects


_rows: dict[str, dict[str, list[object]]] = {}


async def row(path: str) -> dict[str, list[object]]:
    if path not in _rows:
        _rows[path] = {outcome: await effects(path, outcome) for outcome in EXPECTED}
    return _rows[path]


@pytest.mark.parametrize("path", PATHS)
async def test_an_effect_is_had_once_if_it_is_permitted_and_never_otherwise(path):
    found = await row(path)
    assert {outcome: len(had) for outcome, had in found.items()} == EXPECTED
    assert found["edited"] == (["handed over"] if path == "`handoff`" else ["y"])


async def table() -> str:
    """Return the table as observed."""
    lines = [f"| path | {' | '.join(EXPECTED)} |", f"|---|{'---|' * len(EXPECTED)}"]
    for path in PATHS:
        counts = [str(len(had)) for had in (await row(path)).values()]
        lines.append(f"| {path} | {' | '.join(counts)} |")
    return "\n".join(lines)


async def test_the_page_shows_what_was_observed():
    begin, end = "<!-- table: paths -->\n", "\n<!-- /table -->"
    text = PAGE.read_text("utf-8")
    (shown,) = re.findall(f"{begin}(.*?){end}", text, re.DOTALL)
    found = await table()
    if os.environ.get("LOCKGATE_WRITE_DOCS"):
        PAGE.write_text(text.replace(begin + shown + end, begin + found + end), "utf-8")
        return
    assert shown == found
