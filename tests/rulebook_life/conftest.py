"""What the tests of a rulebook's life share: files that are written, and gates that follow."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from lockgate import Gate, in_force
from lockgate.classify import Signature
from lockgate.note import Signer
from lockgate.record import OF_RULES
from lockgate.rulebook.bundle import Bundle

NOW = "2026-11-20T10:00:00.000000Z"
OLD, NEW = (Signer(f"example.com/{year}", bytes([seed]) * 32) for year, seed in [(26, 1), (27, 2)])


def rules(then: str, name: str = "shop") -> str:
    return f"name: {name}\nrules: [{{id: {then}, then: {then}, reason: a test}}]\n"


def signed(then: str, number: int, signer: Signer = OLD) -> bytes:
    documents = {"shop.yaml": rules(then)}
    return Bundle(number=number, issued=NOW, by="kim", why="a test", documents=documents).signed(
        signer
    )


class Place:
    """A folder with a rulebook file, a record, and gates over both."""

    def __init__(self, folder: Path, stack: ExitStack):
        self.folder, self._stack = folder, stack
        self.file, self.record = folder / "shop.yaml", str(folder / "record.db")

    def write(self, content, *, rested=True, file=None):
        """Write the file; a rested one was written a while ago."""
        path = file or self.file
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if rested:
            self.age(path)
        return path

    def age(self, path):
        state = path.stat()
        before = state.st_mtime_ns - 60_000_000_000
        os.utime(path, ns=(before, before))

    def gate(self, rulebook="file", **wiring):
        given = self.file if rulebook == "file" else rulebook
        gate = self._stack.enter_context(
            Gate.open(given, **{"store": self.record, "reload": "file", **wiring})
        )
        gate.register(Signature(name="refund", parameters={"properties": {"amount": {}}}))
        return gate


def rule(gate):
    """Return the rule that decides about a call that begins now."""
    return gate.decide("refund", {"amount": 1}).rule


def told(gate):
    """Return the kinds of what became of the rulebook."""
    return [event.kind.value for event in gate.store.of_kind(*OF_RULES)]


@pytest.fixture
def place(tmp_path):
    with ExitStack() as stack:
        yield Place(tmp_path, stack)


@pytest.fixture
def always(monkeypatch):
    """Have every call look whether there is a newer rulebook, instead of one in a second."""
    monkeypatch.setattr(in_force, "LOOK_SECONDS", 0)
