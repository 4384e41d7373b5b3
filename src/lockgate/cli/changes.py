"""`diff`: what changes from one rulebook to another, in its text and in what it decides."""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from lockgate.cli.printing import AsJson, existing, out, print_json, short, table
from lockgate.observe import every_event, replay
from lockgate.rulebook import Rulebook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.observe import Replayed

MOST_SHOWN: Final = 20
Before = Annotated[Path, typer.Argument(help="The rulebook as it is.")]
After = Annotated[Path, typer.Argument(help="The rulebook as it would be.")]
Where = Annotated[
    str | None, typer.Option("--store", help="Also judge every call of this record under both.")
]
_SIGNS: Final = {"+": "green", "-": "red", "@": "cyan"}


def diff(before: Before, after: After, store: Where = None, json: AsJson = False) -> None:
    """Show what changes from one rulebook to another: its text, and what it decides."""
    books = Rulebook.load(before), Rulebook.load(after)
    lines = _lines(before, after)
    found = [] if store is None else list(replay(every_event(existing(store)), *books))
    differing = [item for item in found if _differs(item)]
    if json:
        print_json(_told(books, lines, found, differing))
        return
    for line in lines:
        colour = _SIGNS.get(line[:1], "default")
        out.print(f"[{colour}]{escape(line)}[/]")
    if store is not None:
        _print(found, differing)


def _lines(before: Path, after: Path) -> list[str]:
    old, new = (path.read_text("utf-8").splitlines() for path in (before, after))
    return list(difflib.unified_diff(old, new, str(before), str(after), lineterm=""))


def _differs(item: Replayed) -> bool:
    return (item.before.verdict, item.before.rule) != (item.after.verdict, item.after.rule)


def _counts(found: Sequence[Replayed]) -> dict[str, int]:
    ways = Counter((item.stricter > 0) - (item.stricter < 0) for item in found)
    return {"stricter": ways[1], "looser": ways[-1], "same": ways[0]}


def _told(
    books: tuple[Rulebook, Rulebook],
    lines: list[str],
    found: Sequence[Replayed],
    differing: Sequence[Replayed],
) -> dict[str, Any]:
    return {
        "before": books[0].revision,
        "after": books[1].revision,
        "text": lines,
        "calls": len(found),
        **_counts(found),
        "differing": [item.to_dict() for item in differing],
    }


def _print(found: Sequence[Replayed], differing: Sequence[Replayed]) -> None:
    told = _counts(found)
    out.print(
        f"{len(found)} recorded calls: {told['stricter']} stricter, {told['looser']} looser, "
        f"{told['same']} with the same verdict"
    )
    rows = [
        [
            str(item.seq),
            f"{item.tool} {short(item.arguments, 40)}",
            f"{item.before.verdict.value} {item.before.rule}",
            f"{item.after.verdict.value} {item.after.rule}",
        ]
        for item in differing[:MOST_SHOWN]
    ]
    if rows:
        table(["event", "call", "before", "after"], rows)
    if len(differing) > MOST_SHOWN:
        out.print(f"… and {len(differing) - MOST_SHOWN} more: --json has all of them")
