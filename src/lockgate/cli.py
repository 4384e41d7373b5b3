"""The command line: everything the gate knows, for people and for scripts.

Tables by default, JSON with `--json`. Exit codes: 0 done or allowed, 1 refused or found wrong, 2
wrong usage, 3 a person's approval is needed, 4 blocked.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lockgate import __version__
from lockgate.approve import Answer, Choice
from lockgate.approvers import Desk
from lockgate.call import Principal
from lockgate.classify import Signature
from lockgate.decide import Verdict
from lockgate.errors import ChainError, LockgateError
from lockgate.gate import Gate, default_store, utc_now
from lockgate.observe import calls, every_event, runs
from lockgate.record import verify
from lockgate.rulebook import Rulebook
from lockgate.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lockgate.approve import ApprovalRequest
    from lockgate.observe import CallRow
    from lockgate.stores import Store

WRONG, USAGE, HELD, BLOCKED = 1, 2, 3, 4

app = typer.Typer(help="Contain what AI agents do.", no_args_is_help=True, add_completion=False)
approvals = typer.Typer(help="See and answer held calls.", no_args_is_help=True)
record = typer.Typer(help="Read and verify the record.", no_args_is_help=True)
app.add_typer(approvals, name="approvals")
app.add_typer(record, name="record")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Where = Annotated[
    str, typer.Option("--store", help="The record: a file or URL.", envvar="LOCKGATE_STORE")
]
By = Annotated[str, typer.Option("--by", help="Who answers.")]
Comment = Annotated[str, typer.Option("--comment", help="Why; told to the agent.")]
Rules = Annotated[Path | None, typer.Option("--rulebook", help="A rulebook file.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
COLOURS = {"ALLOW": "green", "REQUIRE_APPROVAL": "yellow", "BLOCK": "red"}


def main() -> None:
    """Run the command line; every error of ours ends in a sentence and an exit code."""
    try:
        app()
    except LockgateError as error:
        err.print(f"[red]error:[/] {escape(str(error))}")
        sys.exit(WRONG)


# ── Rulebooks ────────────────────────────────────────────────────────────────────────────────


@app.command()
def check(rulebook: Path, json: AsJson = False) -> None:
    """Check a rulebook: syntax, types and names, each fault with its place."""
    book = Rulebook.load(rulebook)
    levels = {level.value: handling.value for level, handling in book.levels.items()}
    told = {
        "valid": True,
        "name": book.name,
        "rules": len(book.rules),
        "levels": levels,
        "revision": book.revision,
    }
    if json:
        _print_json(told)
    else:
        out.print(f"[green]ok[/] {book.name}: {len(book.rules)} rules, revision {book.revision}")


@app.command()
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
    given = _object(arguments)
    gate = Gate.open(
        rulebook, store="memory://", principal=Principal(agent=agent), environment=environment
    )
    shape: dict[str, Any] = {"properties": {name: {} for name in given}}
    gate.register(Signature(name=tool, parameters=shape, action=action))
    decision = gate.decide(tool, given)
    if json:
        _print_json(decision.to_dict())
    else:
        out.print(f"[bold {COLOURS[decision.verdict]}]{decision.verdict.value}[/] {decision.rule}")
        out.print(escape("\n".join(decision.lines())))
    code = {Verdict.ALLOW: 0, Verdict.REQUIRE_APPROVAL: HELD, Verdict.BLOCK: BLOCKED}
    raise typer.Exit(code[decision.verdict])


def _object(text: str) -> dict[str, Any]:
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        _usage(f"the arguments are not JSON: {error}")
    if not isinstance(given, dict):
        _usage("the arguments must be a JSON object")
    return given


def _usage(message: str) -> NoReturn:
    err.print(f"[red]error:[/] {escape(message)}")
    raise typer.Exit(USAGE)


# ── Approvals ────────────────────────────────────────────────────────────────────────────────


@approvals.command("list")
def approvals_list(store: Where = "", json: AsJson = False) -> None:
    """List the calls that wait for an answer."""
    waiting = _desk(store).pending()
    if json:
        _print_json([request.to_dict() for request in waiting])
        return
    rows = [
        (item.id, item.tool, _short(item.arguments), f"{item.level} {item.score}", item.reason)
        for item in waiting
    ]
    _table(("request", "tool", "arguments", "risk", "why"), rows, empty="nothing is waiting")


@approvals.command("show")
def approvals_show(request_id: str, store: Where = "", json: AsJson = False) -> None:
    """Show one held call and how it ended."""
    request, ended = _desk(store).find(request_id)
    told = {**request.to_dict(), "resolution": ended.to_dict() if ended else None}
    if json:
        _print_json(told)
    else:
        _table(("", ""), [(key, _short(value, 400)) for key, value in told.items()])


@approvals.command("approve")
def approvals_approve(
    request_id: str, by: By = "", comment: Comment = "", store: Where = "", json: AsJson = False
) -> None:
    """Approve a held call: exactly this call, once."""
    _answer(request_id, Choice.APPROVE, by, comment, store, json)


@approvals.command("reject")
def approvals_reject(
    request_id: str, by: By = "", comment: Comment = "", store: Where = "", json: AsJson = False
) -> None:
    """Reject a held call."""
    _answer(request_id, Choice.REJECT, by, comment, store, json)


def _answer(  # noqa: PLR0917, PLR0913 - what both commands were given
    request_id: str, choice: Choice, by: str, comment: str, store: str, json: bool
) -> None:
    answer = Answer(choice=choice, by=by or getpass.getuser(), comment=comment)
    ended = _desk(store).answer(request_id, answer)
    if json:
        _print_json({"request": request_id, **ended.to_dict()})
    else:
        out.print(f"{request_id} {ended.state.value} by {escape(ended.by)}")


# ── The record ───────────────────────────────────────────────────────────────────────────────


@app.command("runs")
def runs_list(store: Where = "", json: AsJson = False) -> None:
    """List conversations with what became of their calls."""
    found = runs(calls(every_event(_existing(store))))
    if json:
        _print_json([run.to_dict() for run in found])
        return
    names = ("thread", "began", "calls", "allowed", "held", "blocked", "executed", "unknown")
    rows = [[str(getattr(run, name)) for name in names] for run in found]
    _table(names, rows, empty="nothing is recorded")


@record.command("show")
def record_show(
    thread: Annotated[str, typer.Argument(help="A conversation; all by default.")] = "",
    store: Where = "",
    events: Annotated[bool, typer.Option("--events", help="Every event instead.")] = False,
    json: AsJson = False,
) -> None:
    """Show what happened, one row a call, or every event."""
    chosen = [item for item in every_event(_existing(store)) if thread in {"", item.thread}]
    if events:
        for event in chosen:
            _print_json(event.to_dict())
        return
    rows = calls(chosen)
    if json:
        _print_json([row.to_dict() for row in rows])
    else:
        _table(_CALL_COLUMNS, map(_call_row, rows), empty="nothing is recorded")


@record.command("verify")
def record_verify(store: Where = "", json: AsJson = False) -> None:
    """Check that no event was altered, removed, inserted or reordered."""
    try:
        verified = verify(every_event(_existing(store)))
    except ChainError as error:
        if json:
            _print_json({"valid": False, "broken_at": error.seq, "why": str(error)})
            raise typer.Exit(WRONG) from None
        raise
    if json:
        _print_json({"valid": True, "length": verified.length, "head": verified.head})
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
    _desk(store).reconcile(thread, call, happened=happened, by=signed, comment=comment)
    if json:
        _print_json({"thread": thread, "call": call, "happened": happened, "by": signed})
    else:
        out.print(f"{escape(call)} {'happened' if happened else 'did not happen'}, says {signed}")


# ── Things to see ────────────────────────────────────────────────────────────────────────────


@app.command()
def demo(
    yes: Annotated[bool, typer.Option("--yes", help="Answer held calls by a script.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Where to put the files.")] = None,
    json: AsJson = False,
) -> None:
    """Watch an agent run a small shop behind the gate."""
    try:
        from lockgate.demo.story import answer_by_script, tell
    except ImportError as error:
        _usage(f"{error}: the demo needs `pip install 'lockgate[langchain]'`")
    scripted = yes or json or not sys.stdin.isatty()
    told = tell(
        folder=folder,
        answer=answer_by_script if scripted else _answer_here,
        show=_nothing if json else _show_call,
        say=_nothing if json else _show_turn,
    )
    if json:
        _print_json(told.to_dict())
    else:
        _show_end(told)
    if not told.chain_valid or told.executions > told.totals.executed:
        raise typer.Exit(WRONG)


def _answer_here(request: ApprovalRequest, path: Path) -> None:
    """Ask whoever sits at the terminal."""
    out.print(f"  [yellow]held[/] {escape(request.reason)}: {escape(_short(request.arguments))}")
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
    out.print(f"  [{colour}]{row.state:10}[/] {row.action}  {escape(_short(row.arguments))}")
    out.print(f"             [dim]{risk} · {row.rule} · {escape(row.reason)}[/]")
    if row.tell and row.state == "blocked":
        out.print(f"             [dim]the agent is told: {escape(row.tell)}[/]")


def _show_end(told: Any) -> None:
    facts = told.to_dict()
    names = ("judged", "allowed", "held", "blocked", "executed", "executed_without_permit")
    out.print()
    _table(names, [[str(facts[name]) for name in names]])
    rows = [
        (name, f"{told.with_gate[name]:g}", f"{told.without_gate[name]:g}")
        for name in ("customers", "archived", "refunded", "mails")
    ]
    _table(("the shop afterwards", "with the gate", "without"), rows)
    good = "[green]verified[/]" if told.chain_valid else "[red]altered[/]"
    out.print(f"record {good}: {told.record}  ({told.seconds:.1f} s)")
    out.print("next:")
    for words in ("record show", "record verify", "runs"):
        out.print(f"  lockgate {words} --store {told.record}")


# ── Printing ─────────────────────────────────────────────────────────────────────────────────

_CALL_COLUMNS = ("#", "at", "tool", "arguments", "risk", "verdict", "rule", "state")


def _call_row(row: CallRow) -> Sequence[str]:
    risk = f"{row.level} {row.score}".strip()
    verdict = row.verdict or "-"
    told = _short(row.arguments)
    return str(row.seq), row.at[:19], row.tool, told, risk, verdict, row.rule, row.state


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str = "") -> None:
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table if table.rows or not empty else empty)


def _short(value: Any, most: int = 60) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return text if len(text) <= most else f"{text[:most]}…"


def _print_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value).decode() + "\n")


def _existing(where: str) -> Store:
    """Open a record for reading; a file that is not there is a mistake, not an empty record."""
    place = where or default_store()
    if "://" not in place and not Path(place).is_file():
        _usage(f"there is no record `{place}`: name one with --store")
    return open_store(place)


def _desk(where: str) -> Desk:
    return Desk(_existing(where), utc_now)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)
