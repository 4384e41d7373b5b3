"""A rule about what a statement does governs the tool that runs any, through every door."""

from __future__ import annotations

import pytest

pytest.importorskip("llama_index.core", reason="needs the `llamaindex` extra")
pytest.importorskip("langchain_core.tools", reason="needs the `langchain` extra")

from contextlib import suppress

from langchain_core.tools import tool
from llama_index.core.tools import FunctionTool
from tests.doors.conftest import World

from lockgate import Refused
from lockgate.adapters import langchain, llamaindex
from lockgate.record import EventKind

RULES = """
rules:
  - id: nothing-is-deleted
    on: {action: database.delete}
    then: block
    reason: rows are archived and never deleted
  - id: temporary-tables
    on: {action: database.drop}
    then: allow
    reason: this agent may drop tables
"""


def runs_sql(world):
    def execute_sql(sql: str) -> str:
        """Run a statement."""
        world.effects.append(sql)
        return "done"

    return execute_sql


def by_function(world):
    return world.gate.contained(runs_sql(world))


def by_langchain(world):
    (contained,) = langchain.contained([tool(runs_sql(world))], world.gate)
    return lambda sql: contained.invoke({"sql": sql})


def by_llamaindex(world):
    (contained,) = llamaindex.contained([FunctionTool.from_defaults(runs_sql(world))], world.gate)
    return lambda sql: contained.call(sql=sql)


DOORS = [by_function, by_langchain, by_llamaindex]


@pytest.fixture(params=DOORS, ids=lambda door: door.__name__)
def door(request):
    world = World(RULES)
    yield world, request.param(world)
    world.gate.close()


def decided(door, sql):
    """Return what was decided on a statement, and check that only what is allowed ran."""
    world, run = door
    with suppress(Refused):
        run(sql)
    line = world.gate.store.of_kind(EventKind.DECIDED)[-1].data
    verdict = line["decision"]["verdict"]
    assert world.effects == ([sql] if verdict == "ALLOW" else [])
    return line["profile"]["action"], verdict, line["decision"]["rule"]


def test_a_look_is_allowed_by_the_baseline(door):
    action, verdict, by = decided(door, "SELECT name FROM users WHERE id = 7")
    assert (action, verdict, by) == ("database.read", "ALLOW", "level-low")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM users WHERE id = 7",
        "SELECT 1; delete from users where id = 7",
        "WITH gone AS (DELETE FROM users WHERE id = 7 RETURNING *) SELECT * FROM gone",
        "DELETE FROM users WHERE id = 7; DROP TABLE scratch",
    ],
)
def test_a_rule_on_deletion_meets_every_statement_that_deletes(door, sql):
    _, verdict, by = decided(door, sql)
    assert (verdict, by) == ("BLOCK", "nothing-is-deleted")


def test_what_can_not_be_read_does_not_run(door):
    action, verdict, _ = decided(door, "SELEC name FROM users")
    assert (action, verdict) == ("database.query", "BLOCK")
