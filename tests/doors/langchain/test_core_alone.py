"""LangChain Core is enough for contained tools, the tripwire and the callback handlers.

This file imports no more of the framework than that. Its last test runs the others again where
the rest is hidden; `.ci/run` runs the file in an environment that has nothing else.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("langchain_core", reason="the LangChain door needs the `langchain` extra")

from langchain_core.documents import Document
from langchain_core.messages import HumanMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import tool

from lockgate import Blocked, PendingApproval
from lockgate.adapters.langchain import Refuser, Witness, contained, tripwire
from lockgate.demo.model import ScriptedModel
from lockgate.record import EventKind, verify

INSIDE = "LOCKGATE_TEST_CORE_ALONE"
ABOVE = ("langchain", "langgraph", "deepagents", "langchain_classic")
ALONE = f"""
import os, sys
for name in {ABOVE}:
    sys.modules[name] = None
import pytest
sys.exit(pytest.main([*sys.argv[1:], "-q", "-p", "no:cacheprovider", "--override-ini=addopts="]))
"""


def made(world: Any, name: str, asynchronous: bool = False) -> Any:
    def act(x: int) -> str:
        """Act."""
        world.effects.append(x)
        return f"did {x}"

    async def aact(x: int) -> str:
        """Act."""
        return act(x)

    function = aact if asynchronous else act
    function.__name__ = name
    return tool(function)


WAYS: dict[str, Any] = {
    "invoke": lambda it: it.invoke({"x": 1}),
    "run": lambda it: it.run({"x": 1}),
    "batch": lambda it: it.batch([{"x": 1}])[0],
    "stream": lambda it: next(iter(it.stream({"x": 1}))),
    "func": lambda it: it.func(x=1),
    "ainvoke": lambda it: asyncio.run(it.ainvoke({"x": 1})),
    "arun": lambda it: asyncio.run(it.arun({"x": 1})),
}
AWAYS: dict[str, Any] = {
    "ainvoke": WAYS["ainvoke"],
    "arun": WAYS["arun"],
    "coroutine": lambda it: asyncio.run(it.coroutine(x=1)),
}
CASES = [(way, False) for way in WAYS.values()] + [(way, True) for way in AWAYS.values()]
NAMES = [f"{name}, sync tool" for name in WAYS] + [f"{name}, async tool" for name in AWAYS]


@pytest.mark.parametrize(("way", "asynchronous"), CASES, ids=NAMES)
class TestEveryWay:
    def test_allowed_runs_once_and_is_recorded(self, world, way, asynchronous):
        assert way(contained(made(world, "free", asynchronous), world.gate)) == "did 1"
        assert world.effects == [1]
        assert [event.kind for event in verified(world)][-1] == EventKind.COMPLETED

    def test_blocked_never_runs(self, world, way, asynchronous):
        it = contained(made(world, "never", asynchronous), world.gate, on_block="raise")
        with pytest.raises(Blocked, match="never run this"):
            way(it)
        assert world.effects == []

    def test_held_raises_and_runs_once_after_approval(self, world, way, asynchronous):
        it = contained(made(world, "held", asynchronous), world.gate)
        with world.gate.run("t"), pytest.raises(PendingApproval):
            way(it)
        assert world.effects == []
        world.approve()
        with world.gate.run("t"):
            assert way(it) == "did 1"
        assert world.effects == [1]
        verified(world)


def verified(world: Any) -> Any:
    verify(world.gate.store.page())
    return list(world.gate.store.page())


def test_a_block_is_told_to_the_model(world):
    assert "never run this" in contained(made(world, "never"), world.gate).invoke({"x": 1})


def test_an_error_of_the_tools_own_passes_and_is_recorded(world):
    @tool
    def free(x: int) -> str:
        """Fail."""
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        contained(free, world.gate).invoke({"x": 1})
    assert world.count(EventKind.FAILED) == 1


def test_the_tripwire_refuses_what_no_gate_stands_in_front_of(world):
    take_off = tripwire(world.gate)
    try:
        with world.gate.run("t"):
            assert contained(made(world, "free"), world.gate).invoke({"x": 1}) == "did 1"
            with pytest.raises(Blocked, match="no gate stands in front"):
                made(world, "free").invoke({"x": 1})
    finally:
        take_off()
    assert world.effects == [1]


def test_the_refuser_refuses_and_lets_through(world):
    told = {"callbacks": [Refuser(world.gate)]}
    assert made(world, "free").invoke({"x": 1}, told) == "did 1"
    with pytest.raises(Blocked, match="never run this"):
        made(world, "never").invoke({"x": 2}, told)
    assert world.effects == [1]


def test_the_witness_records_what_was_said_and_found(world):
    class Shelf(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [Document(f"about {query}")]

    told: Any = {"callbacks": [Witness(world.gate)], "metadata": {"thread_id": "t"}}
    ScriptedModel(script=[]).invoke([HumanMessage("hello")], told)
    Shelf().invoke("mugs", told)
    heard = [event.data["text"] for event in world.gate.store.of_kind(EventKind.SAID)]
    seen = [event.data["text"] for event in world.gate.store.of_kind(EventKind.OBSERVED)]
    assert (heard, seen) == (["hello"], ["Done.", "about mugs"])


def test_all_that_is_offered_is_there_or_says_what_it_needs():
    from lockgate.adapters import langchain as door

    missing = {}
    for name in door.__all__:
        try:
            assert callable(getattr(door, name))
        except ImportError as error:
            missing[name] = (error.name.partition(".")[0], str(error))
    with pytest.raises(AttributeError, match="no attribute `contain`"):
        _ = door.contain
    if INSIDE not in os.environ:
        assert set(missing) <= {"containment", "contained_deep_agent"}
        return
    assert set(missing) == {"containment", "contained_deep_agent"}
    for name, (needed, said) in missing.items():
        assert needed == "langchain"
        assert said.startswith(f"`{name}` needs `langchain")
        assert said.endswith("is not installed: run `pip install 'lockgate[langchain]'`")


@pytest.mark.skipif(INSIDE in os.environ, reason="this is the inside")
def test_all_this_holds_where_the_rest_is_hidden():
    ran = subprocess.run(
        [sys.executable, "-c", ALONE, __file__],
        env=os.environ | {INSIDE: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert " passed, 1 skipped" in ran.stdout
