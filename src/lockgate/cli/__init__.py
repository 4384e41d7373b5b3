"""The command line: everything the gate knows, for people and for scripts.

Tables by default, JSON with `--json`. Exit codes: 0 done or allowed, 1 refused or found wrong, 2
wrong usage, 3 a person's approval is needed, 4 blocked.
"""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from lockgate import __version__
from lockgate.cli.approvals import approvals
from lockgate.cli.cases import run_cases
from lockgate.cli.changes import diff
from lockgate.cli.explain import explain
from lockgate.cli.inventory import import_tools, tools
from lockgate.cli.printing import WRONG, err, out
from lockgate.cli.record import record, runs_list
from lockgate.cli.rulebook_life import rulebook
from lockgate.cli.rulebooks import check, simulate
from lockgate.cli.things_to_see import demo, rehearse
from lockgate.errors import LockgateError

app = typer.Typer(help="Contain what AI agents do.", no_args_is_help=True, add_completion=False)
app.command()(demo)
app.command()(rehearse)
app.command()(check)
app.command("test")(run_cases)
app.command()(diff)
app.command()(explain)
app.command()(simulate)
app.add_typer(rulebook, name="rulebook")
app.command("import")(import_tools)
app.command()(tools)
app.add_typer(rulebook, name="rulebook")
app.add_typer(approvals, name="approvals")
app.command("runs")(runs_list)
app.add_typer(record, name="record")


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)


def main() -> None:
    """Run the command line; every error of ours ends in a sentence and an exit code."""
    try:
        app()
    except LockgateError as error:
        err.print(f"[red]error:[/] {escape(str(error))}")
        sys.exit(WRONG)
