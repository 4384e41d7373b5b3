"""Every path to a tool × every outcome: how often the effect was had; the page shows this table."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("llama_index.core", reason="the LlamaIndex door needs the `llamaindex` extra")

from llama_index.core.agent.workflow import AgentWorkflow
from llama_index.core.tools import FunctionTool
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
from tests.doors.llamaindex.world import agent_of, approving, calling, played, rejecting

from lockgate import Refused
from lockgate.adapters.llamaindex import contained, contained_agent

pytestmark = pytest.mark.filterwarnings(
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)
PAGE = Path(__file__).parents[3] / "docs" / "llamaindex.md"
THEN = {
    "allowed": "allow",
    "blocked": "block",
    "held, approved": "require_approval",
    "held, rejected": "require_approval",
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


def directly(call: Callable[[Any], Any], make: Callable[[World], Any] = sync_tool) -> Path_:
    """Call a contained tool as code would: a held call is made again after the answer."""

    async def path(world: World, outcome: str) -> None:
        tool = contained(make(world), world.gate)
        with world.gate.run("t"):
            for _ in range(2 if outcome.startswith("held") else 1):
                try:
                    made = call(tool)
                    await made if asyncio.iscoroutine(made) else None
                except Refused:
                    pass
                (world.reject if outcome.endswith("rejected") else world.approve)()

    return path


def running(make: Callable[[World], Any]) -> Path_:
    """Let a governed agent run: a held call is answered on its event stream."""

    async def path(world: World, outcome: str) -> None:
        agent = contained_agent(make(world), world.gate)
        react = rejecting if outcome.endswith("rejected") else approving
        await played(agent.run(user_msg="please"), react)

    return path


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


PATHS: dict[str, Path_] = {
    "`tool(...)`": directly(lambda tool: tool(input="x")),
    "`tool.call`": directly(lambda tool: tool.call(input="x")),
    "`tool.acall`": directly(lambda tool: tool.acall(input="x")),
    "`tool.fn`": directly(lambda tool: tool.fn(input="x")),
    "`tool.async_fn`": directly(lambda tool: tool.async_fn(input="x"), async_tool),
    "`tool.real_fn`": directly(lambda tool: tool.real_fn(input="x"), async_tool),
    "`FunctionAgent`": running(lambda world: agent_of([sync_tool(world)], CALL, "done")),
    "`ReActAgent`": running(lambda world: reacting([sync_tool(world)], "act", '{"input": "x"}')),
    "`CodeActAgent`: its code": running(executing),
    "`CodeActAgent`: a tool in its code": running(calling_from_code),
    "`AgentWorkflow`, one agent": running(single),
    "`AgentWorkflow`, several": running(lambda world: team([sync_tool(world)], CALL, "done")),
    "`handoff`": running(handing_over),
    "a retrieved tool": running(lambda w: retrieving(sync_tool(w), turns=(CALL, "done"))),
    "`QueryEngineTool`": of(engine_tool),
    "`RetrieverTool`": of(finder_tool),
    "a tool of a `ToolSpec`": of(spec_tools),
    "a tool of an MCP server": of(mcp_tool),
    "`return_direct`": running(returning),
}
EXPECTED = {"allowed": 1, "blocked": 0, "held, approved": 1, "held, rejected": 0}


async def effects(path: str, outcome: str) -> int:
    then = THEN[outcome]
    code = "allow" if path.endswith("in its code") else then
    world = World(RULES.format(act=then, code=code, handoff=then))
    try:
        await PATHS[path](world, outcome)
    finally:
        world.gate.close()
    return len(world.effects)


@pytest.mark.parametrize("outcome", THEN)
@pytest.mark.parametrize("path", PATHS)
async def test_an_effect_is_had_once_if_it_is_permitted_and_never_otherwise(path, outcome):
    assert await effects(path, outcome) == EXPECTED[outcome]


def table() -> str:
    rows = [f"| path | {' | '.join(EXPECTED)} |", f"|---|{'---|' * len(EXPECTED)}"]
    counts = " | ".join(str(count) for count in EXPECTED.values())
    return "\n".join([*rows, *(f"| {path} | {counts} |" for path in PATHS)])


def test_the_page_shows_this_table():
    begin, end = "<!-- table: paths -->\n", "\n<!-- /table -->"
    text = PAGE.read_text("utf-8")
    (shown,) = re.findall(f"{begin}(.*?){end}", text, re.DOTALL)
    if os.environ.get("LOCKGATE_WRITE_DOCS"):
        PAGE.write_text(text.replace(begin + shown + end, begin + table() + end), "utf-8")
        shown = table()
    assert shown == table()
