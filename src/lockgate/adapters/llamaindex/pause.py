"""A workflow's own pause: the step ends, and runs again for every event that answers it.

An event with a choice is an answer; one without only wakes the call. Either way the store's
answer wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llama_index.core.workflow import Context, HumanResponseEvent, InputRequiredEvent
from pydantic import model_validator
from workflows.runtime.types.results import AddWaiter, StepWorkerStateContextVar, WaitingForEvent

from lockgate.approve import Answer, Choice
from lockgate.errors import Suspended

if TYPE_CHECKING:
    from lockgate.approve import ApprovalRequest
    from lockgate.steps import Ask

WAITER: Final = "lockgate-"
"""How the ids of this door's waiters begin."""
SPARE: Final = f"{WAITER}spare-"
"""How the ids of those begin that wait for nothing."""


class ApprovalRequired(InputRequiredEvent):
    """A held call, on the event stream for a person to see; plain JSON.

    Attributes:
        request_id: What to answer.
        tool: The tool's name.
        arguments: Its arguments, with secrets masked.
        reason: Why it is held.
        rule: Which rule holds it.
        level: How dangerous it is.
        expires_at: RFC 3339 time after which it can no longer be answered.
    """

    request_id: str
    tool: str
    arguments: dict[str, Any]
    reason: str
    rule: str
    level: str
    expires_at: str


class ApprovalAnswered(HumanResponseEvent):
    """A person's answer, or without a choice a wake-up: the store is then asked.

    Attributes:
        request_id: What is answered.
        choice: `approve`, `reject`, `edit` or `respond`.
        by: Who answers; never the agent itself.
        comment: Why, told to the agent when rejected; or the answer in the tool's place.
        arguments: All arguments, as edited.
    """

    request_id: str
    choice: Choice | None = None
    by: str = ""
    comment: str = ""
    arguments: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _whole(self) -> ApprovalAnswered:
        if self.choice is not None and not self.by.strip():
            raise ValueError("an answer needs `by`: the name of who gives it")
        if self.choice is Choice.EDIT and self.arguments is None:
            raise ValueError("an edit needs `arguments`: all of them")
        return self


async def pause(step: Ask) -> Answer | None:
    """Wait for an answer, and read it.

    A call that is resolved uses its waiter up if it has one; delivered afresh it has none.

    Raises:
        Suspended: While nobody has answered; the framework's own signal is inside.
    """
    request, state = step.request, StepWorkerStateContextVar.get().state
    waiter = f"{WAITER}{request.id}-{state.work_item_id}"
    waits = any(item.waiter_id == waiter for item in state.collected_waiters)
    if step.resolution is not None and (step.nth or not waits):
        return None
    if step.nth:
        raise Suspended(_waiting(waiter, request.id))
    try:
        event = await Context.get_step_context().wait_for_event(
            ApprovalAnswered,
            waiter_event=shown(request),
            waiter_id=waiter,
            requirements={"request_id": request.id},
            timeout=None,
        )
    except WaitingForEvent as signal:
        raise Suspended(signal) from None
    return _answer(event, request)


def _waiting(waiter: str, request_id: str) -> WaitingForEvent[ApprovalAnswered]:
    """Return the signal to wait on with the same waiter.

    With a second one for the same request, every event would run the step twice.
    """
    wanted = {"request_id": request_id}
    return WaitingForEvent(
        AddWaiter(waiter_id=waiter, requirements=wanted, event_type=ApprovalAnswered)
    )


def waiting_for_nothing(delivery: str) -> WaitingForEvent[ApprovalAnswered]:
    """Return the signal of a delivery that has brought its result already."""
    return _waiting(f"{SPARE}{delivery}", "")


def shown(request: ApprovalRequest) -> ApprovalRequired:
    """Return what the event stream shows of a request."""
    return ApprovalRequired(
        request_id=request.id,
        tool=request.tool,
        arguments=request.arguments,
        reason=request.reason,
        rule=request.rule,
        level=request.level,
        expires_at=request.expires_at,
    )


def _answer(event: ApprovalAnswered, request: ApprovalRequest) -> Answer | None:
    if event.choice is None or event.request_id != request.id:
        return None
    return Answer(
        choice=event.choice, by=event.by, comment=event.comment, arguments=event.arguments
    )
