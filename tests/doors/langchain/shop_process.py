"""One process of the cross-process tests: an agent that wants to pay, over two SQLite files.

Usage: shop_process.py FOLDER start|resume|again|killed sync|async

With SHOP_POSTGRES in the environment, LangGraph keeps its checkpoints in that PostgreSQL database.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import orjson
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite import SqliteSaver

from lockgate import Gate, Rulebook
from lockgate.adapters.langchain import containment, resumption
from lockgate.demo.model import ScriptedModel, calling

FOLDER, WORD, LOOP = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
EFFECTS = FOLDER / "effects"
POSTGRES = os.environ.get("SHOP_POSTGRES", "")
CONFIG: Any = {"configurable": {"thread_id": "t"}}
RULES = "rules: [{id: ask, on: {tool: pay}, then: require_approval, reason: money}]"


@tool
def pay(x: int) -> str:
    """Pay."""
    with EFFECTS.open("a") as file:
        file.write(f"{x}\n")
        file.flush()
        os.fsync(file.fileno())
    if WORD == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return f"paid {x}"


def agent_over(gate: Gate, saver: BaseCheckpointSaver[Any]) -> Any:
    model = ScriptedModel(script=[calling("pay", x=7)])
    return create_agent(model, [pay], middleware=[containment(gate)], checkpointer=saver)


def first_step(state: Any) -> Any:
    if WORD == "start":
        return {"messages": [HumanMessage("pay 7")]}
    return resumption(state)


@contextmanager
def checkpoints() -> Iterator[BaseCheckpointSaver[Any]]:
    if not POSTGRES:
        with SqliteSaver.from_conn_string(str(FOLDER / "graph.db")) as saver:
            yield saver
        return
    from langgraph.checkpoint.postgres import PostgresSaver

    with PostgresSaver.from_conn_string(POSTGRES) as saver:
        if WORD == "start":
            saver.setup()
        yield saver


@asynccontextmanager
async def acheckpoints() -> AsyncIterator[BaseCheckpointSaver[Any]]:
    if not POSTGRES:
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        async with AsyncSqliteSaver.from_conn_string(str(FOLDER / "graph.db")) as saver:
            yield saver
        return
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

    async with AsyncPostgresSaver.from_conn_string(POSTGRES) as saver:
        if WORD == "start":
            await saver.setup()
        yield saver


def sync(gate: Gate) -> Any:
    with checkpoints() as saver:
        agent = agent_over(gate, saver)
        config = paused(agent.get_state_history(CONFIG)) if WORD == "again" else CONFIG
        agent.invoke(first_step(agent.get_state(config)), config)
        return agent.get_state(CONFIG)


def paused(history: Any) -> Any:
    """Return where the graph once waited: to resume from there is to travel in time."""
    return next(item for item in history if item.interrupts).config


async def async_(gate: Gate) -> Any:
    async with acheckpoints() as saver:
        agent = agent_over(gate, saver)
        history = [item async for item in agent.aget_state_history(CONFIG)]
        config = paused(history) if WORD == "again" else CONFIG
        await agent.ainvoke(first_step(await agent.aget_state(config)), config)
        return await agent.aget_state(CONFIG)


def main() -> None:
    with Gate.open(Rulebook.parse(RULES), store=str(FOLDER / "record.db")) as gate:
        state = asyncio.run(async_(gate)) if LOOP == "async" else sync(gate)
        messages = state.values["messages"]
        found = {
            "effects": len(EFFECTS.read_text().split()) if EFFECTS.exists() else 0,
            "waiting": [request.id for request in gate.desk.pending()],
            "told": [item.content for item in messages if isinstance(item, ToolMessage)],
        }
    sys.stdout.write(orjson.dumps(found).decode())


main()
