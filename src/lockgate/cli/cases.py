"""`test`: the cases that stand beside a rulebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from lockgate.cli.printing import WRONG, AsJson, line, print_json, usage
from lockgate.testing.cases import ENDING, Cases, Coverage, Result, coverage
from lockgate.testing.junit import junit_xml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Where = Annotated[
    list[Path] | None,
    typer.Argument(
        help=f"Files of cases, and folders where they end in `{ENDING}`; by default here."
    ),
]
Rulebooks = Annotated[
    list[Path] | None,
    typer.Option("--rulebook", help="Test this rulebook instead of the one that the cases name."),
]
Junit = Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML to this file.")]
Whole = Annotated[
    bool, typer.Option("--covered", help="Fail also if no case reaches a rule of the rulebook.")
]
Seen = tuple[Cases, list[Result], Coverage]
_MARK: Final = {True: "[green]ok[/]", False: "[red]failed[/]"}


def run_cases(
    where: Where = None,
    rulebook: Rulebooks = None,
    junit: Junit = None,
    covered: Whole = False,
    json: AsJson = False,
) -> None:
    """Judge the cases beside a rulebook, and say which rules none of them reaches."""
    seen = [_seen(path, rulebook or []) for path in _files(where or [Path()])]
    results = [result for _, found, _ in seen for result in found]
    if junit is not None:
        _write(junit, results)
    if json:
        print_json(_told(seen))
    else:
        _print(seen)
    unreached = covered and any(reached.unreached for _, _, reached in seen)
    if unreached or not all(result.passed for result in results):
        raise typer.Exit(WRONG)


def _files(where: Sequence[Path]) -> Iterator[Path]:
    for path in where:
        found = sorted(path.rglob(f"*{ENDING}")) if path.is_dir() else [path]
        if not found:
            usage(f"no file in `{path}` ends in `{ENDING}`")
        yield from found


def _seen(path: Path, rulebook: Sequence[Path]) -> Seen:
    cases = Cases.load(path, rulebook)
    results = cases.run()
    return cases, results, coverage(cases.book, results)


def _write(path: Path, results: Sequence[Result]) -> None:
    try:
        path.write_text(junit_xml(results), "utf-8")
    except OSError as error:
        usage(f"`{path}` can't be written: {error.strerror}")


def _told(seen: Sequence[Seen]) -> dict[str, Any]:
    results = [result for _, found, _ in seen for result in found]
    return {
        "passed": sum(result.passed for result in results),
        "failed": sum(not result.passed for result in results),
        "files": [_file(*item) for item in seen],
    }


def _file(cases: Cases, results: list[Result], reached: Coverage) -> dict[str, Any]:
    return {
        "file": cases.source.name,
        "revision": cases.book.revision,
        "rules": len(cases.book.rules),
        "unreached": list(reached.unreached),
        "verdicts": sorted(verdict.value for verdict in reached.verdicts),
        "cases": [
            {
                "name": item.name,
                "line": item.line,
                "passed": item.passed,
                "faults": list(item.faults),
                "verdict": item.decision.verdict.value if item.decision else None,
            }
            for item in results
        ],
    }


def _print(seen: Sequence[Seen]) -> None:
    for cases, results, reached in seen:
        for item in results:
            if not item.passed:
                place = f"{item.file}:{item.line}"
                line(f"{_MARK[False]} {escape(place)} {escape(item.name)}")
                line(escape("\n".join(f"  {fault}" for fault in item.faults)))
        passed = sum(item.passed for item in results)
        mark = _MARK[passed == len(results)]
        rules = len(cases.book.rules)
        share = f"{rules - len(reached.unreached)} of {rules} rules reached"
        line(f"{mark} {escape(cases.source.name)}: {passed} of {len(results)} cases, {share}")
        if reached.unreached:
            line(f"  no case reaches {escape(', '.join(reached.unreached))}")
