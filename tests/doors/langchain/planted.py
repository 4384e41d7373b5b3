"""Faults planted into the LangChain door, or into the plan behind it, for as long as one test."""

from __future__ import annotations
import __future__

import importlib
import inspect
import sys
import textwrap
from typing import Any, NamedTuple

DOOR = ("wrapper", "passage", "pause", "middleware", "handlers", "wire", "deep")
_OURS = ("lockgate.", "doors.")


class Edit(NamedTuple):
    """A change of the text of one function or method, such as `passage.Passage.exact`."""

    place: str
    old: str
    new: str

    def plant(self, monkeypatch: Any) -> None:
        module, owner, name = located(self.place)
        original = getattr(owner, name)
        source = textwrap.dedent(inspect.getsource(original))
        assert source.count(self.old) == 1, f"the text to change is not there once: {self.old}"
        made: dict[str, Any] = {}
        code = compile(
            source.replace(self.old, self.new),
            f"<fault in {self.place}>",
            "exec",
            flags=__future__.annotations.compiler_flag,
        )
        exec(code, vars(module), made)  # noqa: S102 - planting a fault
        replace(monkeypatch, owner, name, made[name])


class Put(NamedTuple):
    """Another value in some place."""

    place: str
    value: Any

    def plant(self, monkeypatch: Any) -> None:
        _, owner, name = located(self.place)
        replace(monkeypatch, owner, name, self.value)


class Gone(NamedTuple):
    """A method that is not there."""

    place: str

    def plant(self, monkeypatch: Any) -> None:
        _, owner, name = located(self.place)
        monkeypatch.delattr(owner, name)


def located(place: str) -> tuple[Any, Any, str]:
    """Return the module, the owner in it and the name of what a place names."""
    room, *path, name = place.split(".")
    inside = f"adapters.langchain.{room}" if room in DOOR else room
    module = owner = importlib.import_module(f"lockgate.{inside}")
    for part in path:
        owner = getattr(owner, part)
    return module, owner, name


def replace(monkeypatch: Any, owner: Any, name: str, value: Any) -> None:
    """Replace what a name stands for, wherever in the library or in a check it was imported."""
    original = getattr(owner, name)
    monkeypatch.setattr(owner, name, value)
    if not inspect.ismodule(owner):
        return
    for module in [found for key, found in sys.modules.items() if key.startswith(_OURS)]:
        if getattr(module, name, None) is original:
            monkeypatch.setattr(module, name, value)
