"""LangGraph's checkpoints in PostgreSQL: asked, answered and resumed in three processes."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")
psycopg = pytest.importorskip("psycopg", reason="needs `psycopg[binary]`")
pytest.importorskip("langgraph.checkpoint.postgres", reason="needs `langgraph-checkpoint-postgres`")

from doors.langchain import postgres_server
from lockgate import Answer, Choice, Gate
from lockgate.observe import calls, every_event

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(postgres_server.missing()), reason=postgres_server.missing()),
]
SHOP = Path(__file__).with_name("shop_process.py")
_numbers = count()


@pytest.fixture(scope="module")
def server():
    with postgres_server.server() as folder:
        yield folder


@pytest.fixture
def database(server):
    """Return how to connect to a database that is empty."""
    name = f"shop_{next(_numbers)}"
    told = f"host={server} user=postgres dbname="
    with psycopg.connect(f"{told}postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return told + name


class Shop:
    """Processes that share a folder and a database."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database

    def start(self, word: str, loop: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, str(SHOP), str(self.folder), word, loop],
            stdout=subprocess.PIPE,
            env={**os.environ, "SHOP_POSTGRES": self.database},
        )

    def told(self, started: subprocess.Popen[bytes]) -> dict[str, Any]:
        said, _ = started.communicate(timeout=120)
        assert started.returncode == 0
        return orjson.loads(said)

    def run(self, word: str, loop: str) -> dict[str, Any]:
        return self.told(self.start(word, loop))

    def answer(self, request: str, choice: Choice) -> None:
        """Answer from here: this is another process than the one that asked."""
        with Gate.open(store=str(self.folder / "record.db")) as gate:
            assert [item.id for item in gate.desk.pending()] == [request]
            gate.desk.answer(request, Answer(choice=choice, by="ann", comment="seen"))

    def stages(self) -> list[str]:
        with Gate.open(store=str(self.folder / "record.db")) as gate:
            return [row.state for row in calls(every_event(gate.store))]


@pytest.fixture
def shop(tmp_path, database):
    return Shop(tmp_path, database)


@pytest.mark.parametrize("loop", ["sync", "async"])
def test_started_answered_and_resumed_in_three_processes_it_runs_once(shop, loop):
    started = shop.run("start", loop)
    assert started["effects"] == 0
    shop.answer(*started["waiting"], Choice.APPROVE)
    resumed = shop.run("resume", loop)
    assert (resumed["effects"], resumed["told"]) == (1, ["paid 7"])
    assert shop.run("again", loop)["effects"] == 1
    assert shop.stages() == ["completed"]


@pytest.mark.parametrize("loop", ["sync", "async"])
def test_resumed_by_four_processes_at_once_it_runs_once(shop, loop):
    started = shop.run("start", loop)
    shop.answer(*started["waiting"], Choice.APPROVE)
    together = [shop.start("resume", loop) for _ in range(4)]
    for process in together:
        shop.told(process)
    assert shop.run("resume", loop)["effects"] == 1
    assert shop.stages() == ["completed"]


def test_a_rejection_in_another_process_reaches_the_model(shop):
    started = shop.run("start", "sync")
    shop.answer(*started["waiting"], Choice.REJECT)
    resumed = shop.run("resume", "async")
    assert resumed["effects"] == 0
    assert "ann rejected it: seen" in resumed["told"][0]


def test_the_checkpoints_are_in_the_database_and_nowhere_else(shop):
    shop.run("start", "sync")
    with psycopg.connect(shop.database) as connection:
        (found,) = connection.execute("SELECT count(*) FROM checkpoints").fetchone()
    assert found > 0
    assert not (shop.folder / "graph.db").exists()
