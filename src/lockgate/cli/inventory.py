"""`import` and `tools`: what an agent can call, before it calls anything."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from lockgate.adapters.inventory import read_tools, starter_rulebook
from lockgate.cli.printing import WRONG, AsJson, Rules, err, out, print_json, table, usage
from lockgate.gate import Gate
from lockgate.inventory import Inventory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockgate.inventory import Change
    from lockgate.tools import Coverage

DEFAULT: Final = Path("inventory.json")
_COLOURS: Final = {"low": "green", "medium": "cyan", "high": "yellow", "critical": "red"}


def import_tools(  # noqa: PLR0913, PLR0917 - what is read, and the two files that are written
    where: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A file, `module:attribute`, or `mcp:SERVER`."),
    ],
    out_file: Annotated[Path, typer.Option("--out", help="The inventory.")] = DEFAULT,
    rulebook: Annotated[
        Path | None, typer.Option("--rulebook", help="Also write a first rulebook here.")
    ] = None,
    source: Annotated[
        str, typer.Option("--source", help="What to call where they come from.")
    ] = "",
    review: Annotated[
        bool, typer.Option("--review", help="Take what has changed as reviewed.")
    ] = False,
    trust_hints: Annotated[
        bool, typer.Option("--trust-hints", help="Believe hints that make a tool look safer.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Read a list of tools into an inventory, and say what has changed since the last time."""
    if rulebook is not None and rulebook.exists():
        usage(f"`{rulebook}` is there already: name another file, or remove it")
    found = read_tools(where, source=source, trusted=trust_hints)
    known = Inventory.load(out_file) if out_file.exists() else None
    changes = known.changes(found) if known else ()
    taken = review or not changes
    if taken:
        kept = (known or Inventory()).updated(found)
        out_file.write_bytes(kept.to_json())
    if rulebook is not None and taken:
        rulebook.write_text(starter_rulebook(found), "utf-8")
    report = _report(found)
    if json:
        told: dict[str, Any] = {"written": str(out_file) if taken else None}
        told |= {"rulebook": str(rulebook) if rulebook and taken else None}
        told |= {"revision": found.revision, "changes": [_change(item) for item in changes]}
        print_json(told | {"tools": [asdict(item) for item in report]})
    else:
        _show_import(report, changes, out_file if taken else None, rulebook)
    if not taken:
        raise typer.Exit(WRONG)


def tools(  # noqa: PLR0913, PLR0917 - what is looked at, and against what
    where: Annotated[
        str, typer.Argument(metavar="[SOURCE]", help="As for `import`; an inventory by default.")
    ] = str(DEFAULT),
    rulebook: Rules = None,
    inventory: Annotated[
        Path | None, typer.Option("--inventory", help="The reviewed tools, to compare with.")
    ] = None,
    environment: Annotated[str, typer.Option(help="Where they would act.")] = "production",
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if anything is amiss.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Show every tool with its action, its level before the arguments, and its rules."""
    known = Inventory.load(inventory) if inventory else None
    found = read_tools(where)
    report = _report(found, rulebook, known, environment)
    if json:
        print_json([{**asdict(item), "faults": item.faults} for item in report])
    else:
        _show_tools(report)
    if strict and any(item.faults for item in report):
        raise typer.Exit(WRONG)


def _report(
    found: Inventory,
    rulebook: Path | None = None,
    known: Inventory | None = None,
    environment: str = "production",
) -> list[Coverage]:
    """Register the tools with a gate that runs nothing, and ask it what it makes of them."""
    with Gate.open(rulebook, store="memory://", inventory=known, environment=environment) as gate:
        for tool in found.tools:
            gate.register(tool)
        return list(gate.check_tools())


def _change(change: Change) -> dict[str, str]:
    return {"source": change.source, "tool": change.name, "what": change.what}


def _show_import(
    report: list[Coverage],
    changes: Iterable[Change],
    written: Path | None,
    rulebook: Path | None,
) -> None:
    for change in changes:
        out.print(f"[yellow]{escape(change.name)}[/] ({escape(change.source)}) {change.what}")
    if written is None:
        err.print("nothing was written: look at what changed, then add --review")
        return
    unknown = [item.tool for item in report if item.unknown]
    named = f": {', '.join(unknown[:8])}" if unknown else ""
    out.print(f"[green]ok[/] {len(report)} tools, {len(unknown)} unknown{escape(named)}")
    out.print(f"inventory: {escape(str(written))}")
    if rulebook is not None:
        out.print(f"rulebook: {escape(str(rulebook))}")
    out.print(f"next: lockgate tools {escape(str(written))}")


def _row(item: Coverage) -> tuple[str, ...]:
    why, rules = "; ".join(item.because), ", ".join(item.rules) or "-"
    return item.tool, item.source, item.action, item.level, why, rules


def _show_tools(report: list[Coverage]) -> None:
    table(
        ("tool", "source", "action", "level", "why", "rules"),
        map(_row, report),
    )
    wrong = [item for item in report if item.faults]
    for item in wrong:
        for fault in item.faults:
            out.print(f"[yellow]{escape(item.tool)}[/]: {escape(fault)}")
    levels = {level: sum(item.level == level for item in report) for level in _COLOURS}
    told = ", ".join(f"[{_COLOURS[level]}]{count} {level}[/]" for level, count in levels.items())
    out.print(f"{len(report)} tools: {told}; {len(wrong)} to look at")
