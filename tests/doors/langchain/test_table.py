"""Every way of calling × every outcome, with the effects counted; the page shows what was found.

With LOCKGATE_WRITE_DOCS=1 the table of the page is written instead of compared.
"""

from __future__ import annotations

import contextlib
import os
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from doors.conftest import World
from doors.langchain import test_paths as paths
from lockgate import Answer, Choice, Refused
from lockgate.adapters.langchain import contained, resumption
from lockgate.record import verify

PAGE = Path(__file__).parents[3] / "docs" / "langchain.md"
BEGIN, END = "<!-- table: paths -->", "<!-- /table -->"

EXPECTED = {
    "allowed": [1],
    "blocked": [],
    "held": [],
    "approved": [1],
    "rejected": [],
    "edited": [9],
    "replayed": [1],
}
"""By outcome, the arguments that the tool's effects had: 1 as asked for, 9 as a person edited it."""
DOORS = {
    "wrapped": "`create_agent` with contained tools",
    "middleware": "`create_agent` with `containment`",
    "both": "`create_agent` with both",
    "bare ToolNode": "a graph of your own with `ToolNode`",
}


class Way(NamedTuple):
    """One way of calling.

    `tell` asks for a call, or asks again once it is answered. `again` does the same after
    the call has run: a host that replays it.
    """

    door: str
    name: str
    start: Any

    @property
    def title(self) -> str:
        return f"{self.door}: {self.name}"


class Direct:
    """A caller that holds the tool itself; it calls again after an answer."""

    def __init__(self, world: World, name: str, path: Any, asynchronous: bool) -> None:
        made = contained(paths.make(world, name, asynchronous), world.gate)
        self._call = lambda: path(made)
        self.resume()

    def resume(self) -> None:
        with contextlib.suppress(Refused):
            self._call()

    replay = resume


class Loop:
    """An agent that LangGraph runs; it is resumed after an answer, and from a checkpoint."""

    def __init__(self, world: World, name: str, build: Any, drive: Any, asynchronous: bool) -> None:
        made = paths.make(world, name, asynchronous)
        self._agent, self._drive = build(world, made), drive
        drive(self._agent, paths.asked(made) if build is paths.bare else paths.user())
        self._paused = self._agent.get_state(paths.CONFIG)

    def resume(self) -> None:
        self._drive(self._agent, resumption(self._agent.get_state(paths.CONFIG)))

    def replay(self) -> None:
        with mock.patch.object(paths, "CONFIG", self._paused.config):
            self._drive(self._agent, resumption(self._paused))


def ways() -> list[Way]:
    found = []
    for title, path, asynchronous in paths.CASES:
        kind = "async" if asynchronous else "sync"
        name = title.removesuffix(", async tool")
        start = lambda w, n, p=path, a=asynchronous: Direct(w, n, p, a)  # noqa: E731
        found.append(Way(f"a contained {kind} tool, by itself", name, start))
    for title, build, drive, asynchronous in paths.LOOPS:
        kind, _, name = title.partition(", ")
        start = lambda w, n, b=build, d=drive, a=asynchronous: Loop(w, n, b, d, a)  # noqa: E731
        found.append(Way(DOORS[kind], name, start))
    return found


WAYS = {way.title: way for way in ways()}


def answer(world: World, choice: Choice) -> None:
    (request,) = world.gate.desk.pending()
    arguments = {"x": 9} if choice is Choice.EDIT else None
    world.gate.desk.answer(
        request.id, Answer(choice=choice, by="ann", comment="seen", arguments=arguments)
    )


def effects(way: Way, outcome: str) -> list[object]:
    """Live through one cell in a world of its own; return the effects that the tool had."""
    world = World()
    try:
        tool = {"allowed": "free", "blocked": "never"}.get(outcome, "held")
        caller = way.start(world, tool)
        if outcome in ("approved", "replayed"):
            answer(world, Choice.APPROVE)
        elif outcome == "rejected":
            answer(world, Choice.REJECT)
        elif outcome == "edited":
            answer(world, Choice.EDIT)
        if outcome in ("approved", "rejected", "edited", "replayed"):
            caller.resume()
        if outcome == "replayed":
            assert world.effects == [1], "it has to have run before it is replayed"
            caller.replay()
        verify(world.gate.store.page())
        return world.effects
    finally:
        world.gate.close()


@cache
def row(title: str) -> dict[str, list[object]]:
    return {outcome: effects(WAYS[title], outcome) for outcome in EXPECTED}


@pytest.mark.parametrize("title", WAYS)
def test_each_outcome_has_the_effects_it_must_have(title):
    assert row(title) == EXPECTED


def test_there_are_as_many_ways_as_are_claimed():
    assert len(WAYS) == len(paths.CASES) + len(paths.LOOPS) == 39


def table() -> str:
    """Return the table as observed: ways with the same counts share a row within their door."""
    counts = {title: tuple(map(len, row(title).values())) for title in WAYS}
    lines = [
        f"| the tool is reached through | called by | {' | '.join(EXPECTED)} |",
        "|---|---|" + "---|" * len(EXPECTED),
    ]
    for (door, found), same in groupby(
        WAYS.values(), key=lambda way: (way.door, counts[way.title])
    ):
        names = ", ".join(_code(way.name) for way in same)
        lines.append(f"| {door} | {names} | {' | '.join(map(str, found))} |")
    return "\n".join(lines)


def _code(name: str) -> str:
    method, _, more = name.replace(",", "").partition(" ")
    return f"`{method}` ({more})" if more else f"`{method}`"


def test_the_page_shows_what_was_observed():
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(f"{BEGIN}\n")
    shown, _, after = rest.partition(END)
    assert after, f"{PAGE.name} has no markers for the table"
    if os.environ.get("LOCKGATE_WRITE_DOCS"):
        PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", "utf-8")
        return
    assert shown == f"{table()}\n"
