"""`runs` and `record`: what happened, whether it is unaltered, and settling what is in doubt."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from lockgate.cli.printing import (
    WRONG,
    AsJson,
    By,
    Comment,
    Where,
    desk,
    existing,
    out,
    print_json,
    short,
    table,
)
from lockgate.errors import ChainError
from lockgate.observe import calls, every_event, runs
from lockgate.record import verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.observe import CallRow

record = typer.Typer(help="Read and verify the record.", no_args_is_help=True)


def runs_list(store: Where = "", json: AsJson = False) -> None:
    """List conversations with what became of their calls."""
    found = runs(calls(every_event(existing(store))))
    if json:
        print_json([run.to_dict() for run in found])
        return
    names = ("thread", "began", "calls", "allowed", "held", "blocked", "executed", "unknown")
    rows = [[str(getattr(run, name)) for name in names] for run in found]
    table(names, rows, empty="nothing is recorded")


@record.command("show")
def record_show(
    thread: Annotated[str, typer.Argument(help="A conversation; all by default.")] = "",
    store: Where = "",
    events: Annotated[bool, typer.Option("--events", help="Every event instead.")] = False,
    json: AsJson = False,
) -> None:
    """Show what happened, one row a call, or every event."""
    chosen = [item for item in every_event(existing(store)) if thread in {"", item.thread}]
    if events:
        for event in chosen:
            print_json(event.to_dict())
        return
    rows = calls(chosen)
    if json:
        print_json([row.to_dict() for row in rows])
    else:
        table(_CALL_COLUMNS, map(_call_row, rows), empty="nothing is recorded")


@record.command("verify")
def record_verify(store: Where = "", json: AsJson = False) -> None:
    """Check that no event was altered, removed, inserted or reordered."""
    try:
        verified = verify(every_event(existing(store)))
    except ChainError as error:
        if json:
            print_json({"valid": False, "broken_at": error.seq, "why": str(error)})
            raise typer.Exit(WRONG) from None
        raise
    if json:
        print_json({"valid": True, "length": verified.length, "head": verified.head})
    else:
        out.print(f"[green]ok[/] {verified.length} events, head {verified.head}")
        out.print("keep the head elsewhere: it proves that nothing was cut off later")


@record.command("reconcile")
def record_reconcile(  # noqa: PLR0913, PLR0917 - a signed statement has this many parts
    thread: Annotated[str, typer.Argument(help="The conversation.")],
    call: Annotated[str, typer.Argument(help="The call, as `record show --json` names it.")],
    happened: Annotated[
        bool, typer.Option("--happened/--did-not-happen", help="Whether its effect was had.")
    ],
    by: By = "",
    comment: Comment = "",
    store: Where = "",
    json: AsJson = False,
) -> None:
    """Settle a call that started and has no known end; one that did not happen may run again."""
    signed = by or getpass.getuser()
    desk(store).reconcile(thread, call, happened=happened, by=signed, comment=comment)
    if json:
        print_json({"thread": thread, "call": call, "happened": happened, "by": signed})
    else:
        out.print(f"{escape(call)} {'happened' if happened else 'did not happen'}, says {signed}")


_CALL_COLUMNS = ("#", "at", "tool", "arguments", "risk", "verdict", "rule", "state")


def _call_row(row: CallRow) -> Sequence[str]:
    risk = f"{row.level} {row.score}".strip()
    verdict = row.verdict or "-"
    told = short(row.arguments)
    return str(row.seq), row.at[:19], row.tool, told, risk, verdict, row.rule, row.state
