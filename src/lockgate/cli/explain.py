"""`explain`: why a call is decided as it is, rule by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from lockgate.call import Principal, ToolCall
from lockgate.classify import Signature
from lockgate.cli.printing import (
    COLOURS,
    AsJson,
    Rules,
    existing,
    json_object,
    line,
    out,
    print_json,
    usage,
)
from lockgate.clock import utc_now
from lockgate.evaluate import Facts
from lockgate.observe import Asked, asked_in, every_event
from lockgate.rulebook import Rulebook
from lockgate.rulebook.explain import Said
from lockgate.rulebook.explain import explain as looked

if TYPE_CHECKING:
    from lockgate.decide import Decision
    from lockgate.rulebook.explain import Looked

Call = Annotated[
    str, typer.Argument(help="Name of a tool; or, with --store, the number of a `decided` event.")
]
Given = Annotated[str, typer.Argument(help="Its arguments, as a JSON object.")]
Where = Annotated[str | None, typer.Option("--store", help="Explain a call of this record.")]
Declared = Annotated[str | None, typer.Option("--action", help="The tool's canonical action.")]
There = Annotated[str, typer.Option("--environment", help="Where it would act.")]
Whole = Annotated[bool, typer.Option("--all", help="Show also rules that are about other calls.")]
_COLOUR: Final = {Said.APPLIES: "bold", Said.NO_ANSWER: "red", Said.OTHER_CALL: "dim"}


def explain(  # noqa: PLR0913, PLR0917 - a call has this many parts
    call: Call,
    arguments: Given = "{}",
    rulebook: Rules = None,
    store: Where = None,
    action: Declared = None,
    environment: There = "production",
    whole: Whole = False,
    json: AsJson = False,
) -> None:
    """Say what each rule says about a call, and why the answer is what it is."""
    book = Rulebook.load(rulebook) if rulebook else Rulebook.baseline()
    if store is None:
        asked = _imagined(call, json_object(arguments), action, environment)
    else:
        asked = _recorded(call, store)
    decision, rules = asked.decided_by(book), looked(book, asked.signature, asked.question(book))
    if json:
        print_json(_told(asked, decision, rules))
    else:
        _print(decision, [item for item in rules if whole or item.said is not Said.OTHER_CALL])
        out.print(f"{len(rules)} rules; --all shows those that are about other calls")


def _imagined(tool: str, given: dict[str, Any], action: str | None, environment: str) -> Asked:
    shape = {"type": "object", "properties": {name: {} for name in given}}
    signature = Signature(name=tool, parameters=shape, action=action)
    call = ToolCall.propose(
        tool, given, source=signature.source, principal=Principal(), environment=environment
    )
    return Asked(seq=0, signature=signature, call=call, facts=Facts(now=utc_now()))


def _recorded(number: str, store: str) -> Asked:
    if not number.isdecimal():
        usage(f"`{number}` is not the number of an event: `lockgate record show` has them")
    found = asked_in(every_event(existing(store)))
    asked = next((item for item in found if item.seq == int(number)), None)
    if asked is None:
        usage(f"event {number} is no `decided` event: `lockgate record show` has their numbers")
    return asked


def _told(asked: Asked, decision: Decision, rules: tuple[Looked, ...]) -> dict[str, Any]:
    return {
        "tool": asked.call.tool,
        "arguments": dict(asked.call.arguments.view),
        "decision": decision.to_dict(),
        "rules": [item.to_dict() for item in rules],
    }


def _print(decision: Decision, rules: list[Looked]) -> None:
    out.print(f"[bold {COLOURS[decision.verdict]}]{decision.verdict.value}[/] {decision.rule}")
    out.print(escape("\n".join(decision.lines())))
    for item in rules:
        file, row, _ = item.place
        colour = _COLOUR.get(item.said, "default")
        line(f"[{colour}]{item.said.value}[/]: {item.rule} ({item.then}, {file}:{row})")
        line(escape(f"  {item.detail}"))
    if not rules:
        line("no rule is about this call")
