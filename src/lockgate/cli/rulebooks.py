"""`check` and `simulate`: a rulebook before it is in force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from lockgate.call import Principal
from lockgate.classify import Signature
from lockgate.cli.printing import (
    BLOCKED,
    COLOURS,
    HELD,
    WRONG,
    AsJson,
    Rules,
    json_object,
    line,
    out,
    print_json,
)
from lockgate.decide import Verdict
from lockgate.errors import RulebookError
from lockgate.gate import Gate
from lockgate.rulebook import Rulebook
from lockgate.rulebook.lint import lint

if TYPE_CHECKING:
    from lockgate.rulebook.lint import Remark


def check(
    rulebook: Annotated[list[Path], typer.Argument(help="Files, and folders of them.")],
    strict: Annotated[bool, typer.Option("--strict", help="Fail on remarks too.")] = False,
    json: AsJson = False,
) -> None:
    """Check a rulebook: each fault with its place, and what is probably not meant."""
    try:
        book = Rulebook.load(*rulebook)
    except RulebookError as error:
        if not json:
            raise
        place = {"file": error.file, "line": error.line, "column": error.column}
        print_json({"valid": False, "error": error.message, "hint": error.hint, **place})
        raise typer.Exit(WRONG) from None
    remarks = lint(book)
    levels = {level.value: handling.value for level, handling in book.levels.items()}
    told = {
        "valid": True,
        "name": book.name,
        "rules": len(book.rules),
        "levels": levels,
        "revision": book.revision,
        "remarks": [remark.to_dict() for remark in remarks],
    }
    if json:
        print_json(told)
    else:
        for remark in remarks:
            _print(remark)
        out.print(f"[green]ok[/] {book.name}: {len(book.rules)} rules, revision {book.revision}")
    if strict and remarks:
        raise typer.Exit(WRONG)


def _print(remark: Remark) -> None:
    file, row, column = remark.place
    place = escape(f"{file}:{row}:{column}: rule `{remark.rule}`: {remark.message}")
    line(f"[yellow]remark:[/] {place} (hint: {escape(remark.hint)})")


def simulate(  # noqa: PLR0913, PLR0917 - a call has this many parts
    tool: Annotated[str, typer.Argument(help="Name of the tool.")],
    arguments: Annotated[str, typer.Argument(help="Its arguments, as a JSON object.")] = "{}",
    rulebook: Rules = None,
    action: Annotated[str | None, typer.Option(help="Its canonical action.")] = None,
    environment: Annotated[str, typer.Option(help="Where it would act.")] = "production",
    agent: Annotated[str, typer.Option(help="Who would act.")] = "agent",
    json: AsJson = False,
) -> None:
    """Say what would be decided about a call; nothing is executed or recorded."""
    given = json_object(arguments)
    gate = Gate.open(
        rulebook, store="memory://", principal=Principal(agent=agent), environment=environment
    )
    shape: dict[str, Any] = {"properties": {name: {} for name in given}}
    gate.register(Signature(name=tool, parameters=shape, action=action))
    decision = gate.decide(tool, given)
    if json:
        print_json(decision.to_dict())
    else:
        out.print(f"[bold {COLOURS[decision.verdict]}]{decision.verdict.value}[/] {decision.rule}")
        out.print(escape("\n".join(decision.lines())))
    code = {Verdict.ALLOW: 0, Verdict.REQUIRE_APPROVAL: HELD, Verdict.BLOCK: BLOCKED}
    raise typer.Exit(code[decision.verdict])
