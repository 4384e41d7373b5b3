"""What the door tests share: a gate over a rulebook of three tools, and effects that are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lockgate import Answer, Choice, Gate, Rulebook
from lockgate.record import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = """
rules:
  - {id: free, on: {tool: free}, then: allow, reason: fine}
  - {id: never, on: {tool: never}, then: block, reason: never run this, tell: Use `free` instead.}
  - {id: ask-first, on: {tool: held}, then: require_approval, reason: a person must see it}
"""


class World:
    """A gate in memory, and the effects that tools had."""

    def __init__(self, rules: str = RULES) -> None:
        self.gate = Gate.open(Rulebook.parse(rules), store="memory://")
        self.effects: list[object] = []

    def approve(self) -> None:
        self.answer(Choice.APPROVE)

    def reject(self) -> None:
        self.answer(Choice.REJECT)

    def answer(self, choice: Choice) -> None:
        for request in self.gate.desk.pending():
            self.gate.desk.answer(request.id, Answer(choice=choice, by="ann", comment="seen"))

    def count(self, kind: EventKind) -> int:
        return len(self.gate.store.of_kind(kind))


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.gate.close()
