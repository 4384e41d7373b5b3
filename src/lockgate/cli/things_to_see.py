"""`demo` and `rehearse`: the gate at work, on a story and on recordings."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from lockgate.approve import Answer, Choice
from lockgate.approvers import Desk
from lockgate.cli.printing import (
    COLOURS,
    WRONG,
    AsJson,
    Rules,
    out,
    print_json,
    short,
    table,
    usage,
)
from lockgate.clock import utc_now
from lockgate.stores import open_store

if TYPE_CHECKING:
    from lockgate.approve import ApprovalRequest
    from lockgate.observe import CallRow


def demo(
    yes: Annotated[bool, typer.Option("--yes", help="Answer held calls by a script.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Where to put the files.")] = None,
    json: AsJson = False,
) -> None:
    """Watch an agent run a small shop behind the gate."""
    try:
        from lockgate.demo.story import answer_by_script, tell
    except ImportError as error:
        usage(f"{error}: the demo needs `pip install 'lockgate[langchain]'`")
    scripted = yes or json or not sys.stdin.isatty()
    told = tell(
        folder=folder,
        answer=answer_by_script if scripted else _answer_here,
        show=_nothing if json else _show_call,
        say=_nothing if json else _show_turn,
    )
    if json:
        print_json(told.to_dict())
    else:
        _show_end(told)
    if not told.chain_valid or told.executions > told.totals.executed:
        raise typer.Exit(WRONG)


def _answer_here(request: ApprovalRequest, path: Path) -> None:
    """Ask whoever sits at the terminal."""
    out.print(f"  [yellow]held[/] {escape(request.reason)}: {escape(short(request.arguments))}")
    choice = Choice.APPROVE if typer.confirm("  approve?", default=False) else Choice.REJECT
    by = getpass.getuser()
    Desk(open_store(str(path)), utc_now).answer(request.id, Answer(choice=choice, by=by))


def _nothing(_: object) -> None:
    """Show nothing."""


def _show_turn(text: str) -> None:
    out.print(f"\n[bold]user[/] {escape(text)}")


def _show_call(row: CallRow) -> None:
    colour = COLOURS.get(row.verdict, "red")
    risk = f"{row.level} {row.score}"
    out.print(f"  [{colour}]{row.state:10}[/] {row.action}  {escape(short(row.arguments))}")
    out.print(f"             [dim]{risk} · {row.rule} · {escape(row.reason)}[/]")
    if row.tell and row.state == "blocked":
        out.print(f"             [dim]the agent is told: {escape(row.tell)}[/]")


def _show_end(told: Any) -> None:
    facts = told.to_dict()
    names = ("judged", "allowed", "held", "blocked", "executed", "executed_without_permit")
    out.print()
    table(names, [[str(facts[name]) for name in names]])
    rows = [
        (name, f"{told.with_gate[name]:g}", f"{told.without_gate[name]:g}")
        for name in ("customers", "archived", "refunded", "mails")
    ]
    table(("the shop afterwards", "with the gate", "without"), rows)
    good = "[green]verified[/]" if told.chain_valid else "[red]altered[/]"
    out.print(f"record {good}: {told.record}  ({told.seconds:.1f} s)")
    out.print("next:")
    for words in ("record show", "record verify", "runs"):
        out.print(f"  lockgate {words} --store {told.record}")


def rehearse(
    recordings: Annotated[list[Path], typer.Argument(help="Files of recorded conversations.")],
    rulebook: Rules = None,
    limit: Annotated[int | None, typer.Option(help="How many of each file.")] = None,
    json: AsJson = False,
) -> None:
    """Play recorded conversations through a real agent loop, and count what the gate stops."""
    try:
        from lockgate.demo.conversations import rehearse as play
    except ImportError as error:
        usage(f"{error}: a rehearsal needs `pip install 'lockgate[langchain]'`")
    report = play(recordings, rulebook=rulebook, limit=limit)
    if json:
        print_json(report.to_dict())
    else:
        _show_report(report)
    if report.executed_without_permit or not report.chain_valid:
        raise typer.Exit(WRONG)


def _show_report(report: Any) -> None:
    rows = []
    for label, counts in report.labels.items():
        total = sum(counts.values())
        stopped = total - counts["allow"]
        share = f"{100 * stopped / total:.1f} %"
        figures = (total, stopped, share, counts["hold"], counts["block"])
        rows.append([label, *map(str, figures)])
    table(("label", "calls", "stopped", "share", "held", "blocked"), rows)
    good = "[green]verified[/]" if report.chain_valid else "[red]altered[/]"
    out.print(
        f"{report.conversations} conversations, {report.calls} calls, {report.executed} executed, "
        f"{report.executed_without_permit} without a permit; record of {report.events} events "
        f"{good}; {report.median_us:.0f} µs a decision (median), {report.seconds:.1f} s"
    )
