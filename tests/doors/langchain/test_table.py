"""Every way of calling × every outcome, with the effects counted; the page shows what was found.

With LOCKGATE_WRITE_DOCS=1 the table of the page is written instead of compared.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from doors.conftest import World
from doors.langchain.dying import FiledWorld
from doors.langchain.ways import ALL, MISSING, WAYS, Way
from lockgate import Answer, Choice
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
KILLED = {"killed": [1]}
"""What only processes can show, which takes its time."""


def answer(world: World, choice: Choice) -> None:
    (request,) = world.gate.desk.pending()
    (argument,) = request.arguments
    arguments = {argument: 9 if argument == "x" else "9"} if choice is Choice.EDIT else None
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


def observed(title: str) -> dict[str, list[object]]:
    return {outcome: effects(WAYS[title], outcome) for outcome in EXPECTED}


@pytest.mark.parametrize("title", WAYS)
def test_each_outcome_has_the_effects_it_must_have(title):
    assert observed(title) == EXPECTED


def killed(folder: Path) -> dict[str, list[object]]:
    """Return the effects of calls whose process was killed, after they are made or resumed again."""
    program = Path(__file__).with_name("dying.py")
    died = subprocess.run(
        [sys.executable, str(program), str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == 0, died.stderr
    found = {}
    for at, (title, way) in enumerate(WAYS.items()):
        world = FiledWorld(folder / str(at))
        way.start(world, "held").resume()
        found[title] = world.effects.seen()
        verify(world.gate.store.page())
        world.gate.close()
    return found


@pytest.mark.slow
def test_killed_while_it_runs_no_call_runs_again(tmp_path):
    assert killed(tmp_path) == dict.fromkeys(WAYS, KILLED["killed"])


def test_there_are_as_many_ways_as_are_claimed():
    assert len(ALL) == 63


def table(rows: dict[str, dict[str, list[object]]]) -> str:
    """Return the table of what was observed: ways with the same counts share a row of their door."""
    counts = {title: tuple(map(len, row.values())) for title, row in rows.items()}
    outcomes = EXPECTED | KILLED
    lines = [
        f"| the tool is reached through | called by | {' | '.join(outcomes)} |",
        "|---|---|" + "---|" * len(outcomes),
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


@pytest.mark.skipif(bool(MISSING), reason=f"not all ways are there: {', '.join(MISSING)}")
def test_the_page_shows_what_was_observed(tmp_path):
    """The test of each way has found it to be as expected; to write the page it is observed anew."""
    writing = bool(os.environ.get("LOCKGATE_WRITE_DOCS"))
    rows = dict.fromkeys(WAYS, EXPECTED | KILLED)
    if writing:
        dead = killed(tmp_path)
        rows = {title: observed(title) | {"killed": dead[title]} for title in WAYS}
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(f"{BEGIN}\n")
    shown, _, after = rest.partition(END)
    assert after, f"{PAGE.name} has no markers for the table"
    if writing:
        PAGE.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", "utf-8")
        return
    assert shown == f"{table(rows)}\n"
