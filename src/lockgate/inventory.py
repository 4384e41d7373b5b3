"""The tools that a person has looked at: the inventory, and what has changed since.

A tool is known by what a model is told of it: its name, its description, its parameters, and the
hints beside them. A digest of these stands in the inventory. This room judges nothing and opens no
gate: it says what is not as it was reviewed, and the judge of reviews holds it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from lockgate.call import Flaw, digest
from lockgate.classify import BY_ID, Signature
from lockgate.classify.schema import SchemaError, plain, squeezed
from lockgate.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FORMAT: Final = 1
MAX_BYTES: Final = 64_000_000
"""Longest inventory file that is read."""
LONGEST: Final = 200
"""Longest name of a source; rules match it as a pattern."""
AGAIN: Final = "look at it, and take it with `lockgate import SOURCE --out FILE --review`"
_PARTS: Final = {"description": str, "annotations": dict, "method": str, "path": str}
_MARKS: Final = ("action", "idempotent", "trusted")


@dataclass(frozen=True, slots=True)
class Change:
    """How one tool differs from what was reviewed.

    Attributes:
        source: Where the tool comes from.
        name: Which tool.
        what: In words: `is new`, `is gone`, or what changed.
    """

    source: str
    name: str
    what: str


@dataclass(frozen=True)
class Inventory:
    """Reviewed tools, in the order of their sources and names.

    Attributes:
        tools: Their signatures.
    """

    tools: tuple[Signature, ...] = ()

    @classmethod
    def of(cls, tools: Iterable[Signature]) -> Self:
        """Return the inventory of some tools.

        Raises:
            InventoryError: If two have one source and name, or one has no form to be compared in.
        """
        ordered = sorted(tools, key=lambda tool: (tool.source, tool.name))
        for one, other in pairwise(ordered):
            if _key(one) == _key(other):
                raise InventoryError(f"`{one.source}` has two tools called `{one.name}`")
        for tool in ordered:
            if not (tool.source.isprintable() and 0 < len(tool.source) <= LONGEST):
                raise InventoryError(f"`{tool.name}` needs a printable source: name it")
        made = cls(tuple(ordered))
        made.digests  # noqa: B018 - every tool is read once, here, where its fault can be told
        return made

    @cached_property
    def digests(self) -> Mapping[tuple[str, str], str]:
        """What was reviewed of each tool, by source and name."""
        return {_key(tool): reviewed(tool) for tool in self.tools}

    @property
    def revision(self) -> str:
        """Digest of all that was reviewed; where tools come from is left out."""
        return f"inv-{digest(sorted(self.digests.values()))[:12]}"

    # ── A tool as it is now ──────────────────────────────────────────────────────────────

    def find(self, tool: Signature) -> Signature | None:
        """Return what was reviewed under the name of a tool.

        What has its own source comes first. A door knows its framework and not the server behind
        it, so without one any source will do, and the one where nothing changed before the others.
        """
        named = self._by_name.get(tool.name, ())
        own = [item for item in named if item.source == tool.source]
        same = [item for item in named if self._is_same(item, tool)]
        return next(iter([*own, *same, *named]), None)

    def doubt(self, tool: Signature) -> str:
        """Say why a tool is not as it was reviewed, or nothing."""
        found = self.find(tool)
        if found is None:
            return f"`{tool.name}` is not in the inventory of reviewed tools: {AGAIN}"
        if self._is_same(found, tool):
            return ""
        told = tool if tool.annotations else replace(tool, annotations=found.annotations)
        return f"`{tool.name}` changed since it was reviewed, in {changed(found, told)}: {AGAIN}"

    def known(self, tool: Signature) -> Signature:
        """Return a tool with what its review says of it: where it comes from, and what it does.

        A tool that changed keeps to the rules of its source, and loses what its reviewer declared.
        """
        found = self.find(tool)
        if found is None:
            return tool
        if not self._is_same(found, tool):
            return replace(tool, source=found.source)
        return replace(
            tool,
            source=found.source,
            action=tool.action or found.action,
            idempotent=tool.idempotent or found.idempotent,
            annotations=found.annotations,
            trusted=found.trusted,
            method=found.method,
            path=found.path,
        )

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Signature, ...]]:
        found: dict[str, tuple[Signature, ...]] = {}
        for tool in self.tools:
            found[tool.name] = (*found.get(tool.name, ()), tool)
        return found

    def _is_same(self, found: Signature, tool: Signature) -> bool:
        """Compare; a door that tells no hints leaves those that were reviewed in force."""
        told = tool if tool.annotations else replace(tool, annotations=found.annotations)
        try:
            return self.digests[_key(found)] == reviewed(told)
        except InventoryError:
            return False

    # ── Another import ───────────────────────────────────────────────────────────────────

    def changes(self, others: Inventory) -> tuple[Change, ...]:
        """Return how the tools of `others` differ from those reviewed of the same sources.

        A source that nobody imported before is no change.
        """
        before = {_key(tool): tool for tool in self.tools}
        after = {_key(tool): tool for tool in others.tools}
        sources = {source for source, _ in before} & {source for source, _ in after}
        found = [
            Change(*key, "is gone") for key in before if key[0] in sources and key not in after
        ]
        for key, tool in after.items():
            if key[0] not in sources:
                continue
            if key not in before:
                found.append(Change(*key, "is new"))
            elif self.digests[key] != others.digests[key]:
                found.append(Change(*key, f"changed in {changed(before[key], tool)}"))
        return tuple(sorted(found, key=lambda change: (change.source, change.name)))

    def updated(self, others: Inventory) -> Inventory:
        """Return this inventory with all tools of the sources of `others` taken from there.

        What a reviewer declared of a tool that has not changed is kept.
        """
        sources = {tool.source for tool in others.tools}
        kept = [tool for tool in self.tools if tool.source not in sources]
        return Inventory.of([*kept, *map(self._declared, others.tools)])

    def _declared(self, tool: Signature) -> Signature:
        found = next((item for item in self.tools if _key(item) == _key(tool)), None)
        if found is None or not self._is_same(found, tool):
            return tool
        return replace(
            tool,
            action=tool.action or found.action,
            idempotent=tool.idempotent or found.idempotent,
            trusted=tool.trusted or found.trusted,
        )

    # ── The file ─────────────────────────────────────────────────────────────────────────

    @classmethod
    def load(cls, path: str | Path) -> Inventory:
        """Read an inventory file.

        Raises:
            InventoryError: If it is none, or was edited where it was reviewed.
        """
        where = Path(path)
        try:
            if where.stat().st_size > MAX_BYTES:
                raise InventoryError(f"`{path}` is longer than {MAX_BYTES} bytes")
            told = orjson.loads(where.read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            raise InventoryError(f"`{path}` can't be read: {error}") from None
        if not isinstance(told, dict) or told.get("lockgate_inventory") != FORMAT:
            hint = "write one with `lockgate import SOURCE --out FILE`"
            raise InventoryError(f"`{path}` is no inventory of format {FORMAT}: {hint}")
        return cls.of(_read_all(told.get("tools"), str(path)))

    def to_json(self) -> bytes:
        """Return what is written to an inventory file."""
        tools = [
            {
                "source": tool.source,
                "name": tool.name,
                "reviewed": self.digests[_key(tool)],
                **{name: getattr(tool, name) for name in _MARKS if getattr(tool, name)},
                "description": tool.description,
                "parameters": plain(tool.parameters, squeezed(tool.description)),
                **{name: getattr(tool, name) for name in _PARTS if getattr(tool, name)},
            }
            for tool in self.tools
        ]
        told = {"lockgate_inventory": FORMAT, "revision": self.revision, "tools": tools}
        return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _key(tool: Signature) -> tuple[str, str]:
    return tool.source, tool.name


def reviewed(tool: Signature) -> str:
    """Return the digest of what a person who reviews a tool looks at.

    Raises:
        InventoryError: If its schema can't be written out, or has no JSON form.
    """
    try:
        return digest(_told(tool))
    except (SchemaError, Flaw, RecursionError) as error:
        raise InventoryError(f"the tool `{tool.name}` can't be compared: {error}") from None


def _told(tool: Signature) -> dict[str, Any]:
    description = squeezed(tool.description)
    return {
        "name": tool.name,
        "description": description,
        "parameters": plain(tool.parameters, description),
        "annotations": {
            name: value for name, value in tool.annotations.items() if value is not None
        },
    }


def changed(before: Signature, after: Signature) -> str:
    """Say in words in what a tool differs from another of its name."""
    try:
        one, other = _told(before), _told(after)
    except SchemaError as error:
        return f"its parameters ({error})"
    found = []
    if one["description"] != other["description"]:
        found.append("its description")
    if one["parameters"] != other["parameters"]:
        named = sorted(_differing(one["parameters"], other["parameters"]))
        names = ", ".join(f"`{name}`" for name in named[:5])
        found.append(f"its parameters {names}" if names else "its parameters")
    if one["annotations"] != other["annotations"]:
        found.append("its hints")
    return " and ".join(found) or "nothing"


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    before, after = one["properties"], other["properties"]
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name) or (name in before) != (name in after):
            yield name


def _read_all(tools: Any, path: str) -> Iterator[Signature]:
    if not isinstance(tools, list):
        raise InventoryError(f"`{path}`: `$.tools` is no list: import it again")
    for at, told in enumerate(tools):
        yield _read(told, f"`{path}`: `$.tools[{at}]`")


def _read(told: Any, place: str) -> Signature:
    """Read one tool, and see that what was reviewed is what stands there."""
    names = ("source", "name", "reviewed")
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in names):
        raise InventoryError(f"{place} has no `source`, `name` and `reviewed`: import it again")
    action = told.get("action")
    if action is not None and action not in BY_ID:
        raise InventoryError(
            f"{place}: there is no action `{action}`: `docs/actions.md` lists them"
        )
    parameters = told.get("parameters")
    parts = {name: told[name] for name, kind in _PARTS.items() if isinstance(told.get(name), kind)}
    tool = Signature(
        name=told["name"],
        source=told["source"],
        parameters=parameters if isinstance(parameters, dict) else {},
        action=action,
        idempotent=told.get("idempotent") is True,
        trusted=told.get("trusted") is True,
        **parts,
    )
    if reviewed(tool) != told["reviewed"]:
        raise InventoryError(f"{place} (`{tool.name}`) is not what was reviewed: import it again")
    return tool
