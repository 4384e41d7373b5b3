"""What every command shares: its options, its exit codes, and how it prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lockgate.approvers import Desk
from lockgate.clock import utc_now
from lockgate.stores import default_store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lockgate.stores import Store

WRONG: Final = 1
USAGE: Final = 2
HELD: Final = 3
BLOCKED: Final = 4

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Where = Annotated[
    str, typer.Option("--store", help="The record: a file or URL.", envvar="LOCKGATE_STORE")
]
By = Annotated[str, typer.Option("--by", help="Who answers.")]
Comment = Annotated[str, typer.Option("--comment", help="Why; told to the agent.")]
Rules = Annotated[Path | None, typer.Option("--rulebook", help="A rulebook file.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
COLOURS: Final = {"ALLOW": "green", "REQUIRE_APPROVAL": "yellow", "BLOCK": "red"}


def line(text: str) -> None:
    """Print one line that is not broken, however narrow the terminal: it has a place to copy."""
    out.print(text, soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str = "") -> None:
    """Print a table, or `empty` when there is nothing in it."""
    made = Table(*columns, box=None, pad_edge=False, header_style="bold")
    made.columns[0].no_wrap = True  # ids are copied from here
    for row in rows:
        made.add_row(*(escape(cell) for cell in row))
    out.print(made if made.rows or not empty else empty)


def short(value: Any, most: int = 60) -> str:
    """Return a value as text of at most `most` characters."""
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return text if len(text) <= most else f"{text[:most]}…"


def print_json(value: Any) -> None:
    """Print one line of JSON."""
    sys.stdout.write(orjson.dumps(value).decode() + "\n")


def usage(message: str) -> NoReturn:
    """End with the exit code of wrong usage."""
    err.print(f"[red]error:[/] {escape(message)}")
    raise typer.Exit(USAGE)


def json_object(text: str) -> dict[str, Any]:
    """Read an argument that must be a JSON object."""
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        usage(f"the arguments are not JSON: {error}")
    if not isinstance(given, dict):
        usage("the arguments must be a JSON object")
    return given


def existing(where: str) -> Store:
    """Open a record for reading; a file that is not there is a mistake, not an empty record."""
    place = where or default_store()
    path = place.removeprefix("sqlite:///")
    if "://" not in path and not Path(path).is_file():
        usage(f"there is no record `{place}`: name one with --store")
    return open_store(place)


def desk(where: str) -> Desk:
    """Open the approval desk of a record."""
    return Desk(existing(where), utc_now)
