"""`approvals`: see held calls and answer them, from any process."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from lockgate.approve import Answer, Choice
from lockgate.cli.printing import (
    AsJson,
    By,
    Comment,
    Where,
    desk,
    json_object,
    out,
    print_json,
    short,
    table,
)

if TYPE_CHECKING:
    from lockgate.approve import ApprovalRequest

approvals = typer.Typer(help="See and answer held calls.", no_args_is_help=True)


@approvals.command("list")
def approvals_list(store: Where = "", json: AsJson = False) -> None:
    """List the calls that wait for an answer."""
    waiting = desk(store).pending()
    if json:
        print_json([request.to_dict() for request in waiting])
        return
    rows = [
        (
            item.id,
            item.tool,
            short(item.arguments),
            f"{item.level} {item.score}",
            _who(item),
            item.reason,
        )
        for item in waiting
    ]
    table(("request", "tool", "arguments", "risk", "for", "why"), rows, empty="nothing is waiting")


def _who(request: ApprovalRequest) -> str:
    return " and ".join(" or ".join(names) for names in request.approvers) or "anybody"


@approvals.command("show")
def approvals_show(request_id: str, store: Where = "", json: AsJson = False) -> None:
    """Show one held call and how it ended."""
    request, ended = desk(store).find(request_id)
    told = {**request.to_dict(), "resolution": ended.to_dict() if ended else None}
    if json:
        print_json(told)
    else:
        table(("", ""), [(key, short(value, 100_000)) for key, value in told.items()])


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


@approvals.command("edit")
def approvals_edit(  # noqa: PLR0913, PLR0917 - an answer has this many parts
    request_id: str,
    arguments: Annotated[str, typer.Argument(help="All arguments, as a JSON object.")],
    by: By = "",
    comment: Comment = "",
    store: Where = "",
    json: AsJson = False,
) -> None:
    """Approve a held call with other arguments; they are judged anew before they run."""
    given = json_object(arguments)
    _answer(request_id, Choice.EDIT, by, comment, store, json, given)


@approvals.command("respond")
def approvals_respond(
    request_id: str,
    comment: Annotated[str, typer.Argument(help="The answer that the agent gets.")],
    by: By = "",
    store: Where = "",
    json: AsJson = False,
) -> None:
    """Answer in the tool's place: the call does not run."""
    _answer(request_id, Choice.RESPOND, by, comment, store, json)


def _answer(  # noqa: PLR0917, PLR0913 - what these commands were given
    request_id: str,
    choice: Choice,
    by: str,
    comment: str,
    store: str,
    json: bool,
    arguments: dict[str, Any] | None = None,
) -> None:
    who = by or getpass.getuser()
    answer = Answer(choice=choice, by=who, comment=comment, arguments=arguments)
    ended = desk(store).answer(request_id, answer)
    if json:
        print_json({"request": request_id, **ended.to_dict()})
    else:
        out.print(f"{request_id} {ended.state.value} by {escape(ended.by)}")
