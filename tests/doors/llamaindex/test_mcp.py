"""Tools of a real MCP server, through LlamaIndex's own bridge, behind the gate."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("llama_index.core", reason="the LlamaIndex door needs the `llamaindex` extra")
bridge = pytest.importorskip("llama_index.tools.mcp", reason="needs `llama-index-tools-mcp`")

from tests.doors.conftest import RULES
from tests.doors.llamaindex.world import agent_of, approving, calling, judged, played

from lockgate import Rulebook
from lockgate.adapters.llamaindex import contained
from lockgate.observe import calls, every_event

pytestmark = pytest.mark.filterwarnings(
    # Agents look at every attribute of themselves, those that pydantic has retired included.
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)
NAMES = ("free", "never", "held")

SERVER = Path(__file__).with_name("mcp_server.py")
MORE = "  - {id: fails, on: {tool: free_but_failing}, then: allow, reason: fine}\n"


@pytest.fixture
def shop(tmp_path):
    """Return the bridge to a server in a process of its own, and what its tools did so far."""
    effects = tmp_path / "effects"
    client = bridge.BasicMCPClient(sys.executable, args=[str(SERVER), str(effects)])
    spec = bridge.McpToolSpec(client)
    return spec, lambda: effects.read_text().splitlines() if effects.exists() else []


async def test_allowed_blocked_and_held_calls_of_a_real_server(world, shop):
    spec, effects = shop
    world.gate.use(Rulebook.parse(RULES + MORE))
    tools = contained(await spec.to_tool_list_async(), world.gate)
    asked_for = [
        calling("free", "c1", x=1),
        calling("never", "c2", x=2),
        calling("held", "c3", x=3),
        calling("free_but_failing", "c4", x=4),
    ]
    said, outputs, asked = await played(
        agent_of(tools, asked_for, "all done").run(user_msg="please"), approving
    )
    assert said == "all done"
    assert sorted(effects()) == ["free 1", "held 3"]
    assert "did 1" in outputs["c1"].content
    assert outputs["c2"].is_error
    assert "never run this" in outputs["c2"].content
    assert "did 3" in outputs["c3"].content
    assert outputs["c4"].is_error
    assert [event.tool for event in asked] == ["held"]
    assert {"x": 3} in judged(world.gate)
    states = {row.tool: row.state for row in calls(every_event(world.gate.store))}
    assert states == {
        "free": "completed",
        "never": "blocked",
        "held": "completed",
        "free_but_failing": "failed",
    }


async def test_arguments_that_the_server_does_not_know_are_refused_before_it_is_asked(world, shop):
    spec, effects = shop
    tools = contained(await spec.to_tool_list_async(), world.gate)
    _, outputs, _ = await played(
        agent_of(tools, [calling("free", "c1", x="many")], "all done").run(user_msg="please")
    )
    assert outputs["c1"].is_error
    assert effects() == []
