"""`check` and `simulate`: a rulebook before it is in force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
    out,
    print_json,
)
from lockgate.decide import Verdict
from lockgate.errors import RulebookError
from lockgate.gate import Gate
from lockgate.rulebook import Rulebook


def check(rulebook: Path, json: AsJson = False) -> None:
    """Check a rulebook: syntax, types and names, each fault with its place."""
    try:
        book = Rulebook.load(rulebook)
    except RulebookError as error:
        if not json:
            raise
        place = {"file": error.file, "line": error.line, "column": error.column}
        print_json({"valid": False, "error": error.message, "hint": error.hint, **place})
        raise typer.Exit(WRONG) from None
    levels = {level.value: handling.value for level, handling in book.levels.items()}
    told = {
        "valid": True,
        "name": book.name,
        "rules": len(book.rules),
        "levels": levels,
        "revision": book.revision,
    }
    if json:
        print_json(told)
    else:
        out.print(f"[green]ok[/] {book.name}: {len(book.rules)} rules, revision {book.revision}")


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
