"""A workflow's own pause: the step ends, and runs again for every event that answers it.

A held call waits for three kinds of events at once: our answers, our wake-ups, and the
framework's own `HumanResponseEvent`. The framework compares types exactly and keeps only the
latest event of each waiter, so each kind has a waiter of its own: no wake-up takes the place of an
answer. All of them name the request. Whatever an event says, the store's answer wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llama_index.core.workflow import Context, HumanResponseEvent
from workflows.runtime.types.results import (
    AddWaiter,
    DeleteWaiter,
    StepWorkerStateContextVar,
    WaitingForEvent,
)

from lockgate.adapters.llamaindex.answers import (
    ApprovalAnswered,
    ApprovalRequired,
    answer_in,
    shown,
)
from lockgate.adapters.llamaindex.governed import fault
from lockgate.approve import Choice
from lockgate.errors import AnswerRefused, Suspended

if TYPE_CHECKING:
    from lockgate.approve import Answer, ApprovalRequest
    from lockgate.steps import Ask

WAITER: Final = "lockgate-"
"""How the ids of this door's waiters begin."""
ASKING: Final = f"{WAITER}asking-"
"""How the ids of those begin that show the call to people: one a held call."""
SPARE: Final = f"{WAITER}spare-"
"""How the ids of those begin that wait for nothing."""

KINDS: Final[tuple[tuple[str, type[HumanResponseEvent], bool | None], ...]] = (
    (ASKING, ApprovalAnswered, True),
    (f"{WAITER}wake-", ApprovalAnswered, False),
    (f"{WAITER}stock-", HumanResponseEvent, None),
)
"""The waiters of a held call: how their ids begin, their events, and what these say they decide.

What an event decides also keeps the last two apart where a step takes subclasses of its events.
"""


async def pause(step: Ask) -> Answer | None:
    """Return what people answered; the plan records it and returns with the store's answer.

    Raises:
        Suspended: While nobody has answered; the framework's own signal is inside.
    """
    wait = _Wait(step.request)
    if step.resolution is not None:
        return None
    answers, problem = wait.heard()
    if step.nth < len(answers):
        return answers[step.nth]
    if problem:
        Context.get_step_context().write_event_to_stream(shown(step.request, problem))
    raise Suspended(wait.signal())


class _Wait:
    """How one request waits in the step that runs here."""

    def __init__(self, request: ApprovalRequest) -> None:
        """Look for its waiters; the step's end, and nothing before it, is their end too."""
        here = StepWorkerStateContextVar.get()
        self._request, self._returns = request, here.returns.return_values
        item = here.state.work_item_id
        self._spare = f"{SPARE}{item}"
        self._known = {waiter.waiter_id: waiter for waiter in here.state.collected_waiters}
        self._wanted = _waiters(request, f"{request.id}-{item}")
        ids = [self._spare, *(waiter.waiter_id for waiter in self._wanted)]
        self._returns += [DeleteWaiter(waiter_id=name) for name in ids]

    def heard(self) -> tuple[list[Answer], str]:
        """Return the answers that came, a refusal first, and what is wrong with the others."""
        answers, problem = [], ""
        for event in self._events():
            try:
                answer = answer_in(event, self._request)
            except AnswerRefused as error:
                problem = str(error)
            except ValueError as error:
                problem = fault(error)
            else:
                answers += [answer] if answer else []
        return sorted(answers, key=lambda item: item.choice is not Choice.REJECT), problem

    def _events(self) -> list[Any]:
        found = [self._known.get(waiter.waiter_id) for waiter in self._wanted]
        return [item.resolved_event for item in found if item and item.resolved_event]

    def signal(self) -> WaitingForEvent[Any]:
        """Return the signal to wait on, and have the step's result set up the other waiters.

        A waiter that still waits is left alone: it may have an answer by the time this step ends,
        and would lose it. The framework takes only one waiter from a signal; the others come
        before their own end, so that nothing waits on if somebody catches the signal.
        """
        missing = [waiter for waiter in self._wanted if not self._waits(waiter.waiter_id)]
        asking = [waiter for waiter in missing if waiter.waiter_id.startswith(ASKING)]
        self._returns[:0] = [waiter for waiter in missing if waiter not in asking]
        return WaitingForEvent(asking[0] if asking else _for_nothing(self._spare))

    def _waits(self, waiter_id: str) -> bool:
        """Say whether a waiter is there and open."""
        known = self._known.get(waiter_id)
        return known is not None and known.resolved_event is None


def _waiters(request: ApprovalRequest, name: str) -> list[AddWaiter[Any]]:
    """Return the waiters of a request; people's time has no bounds but the request's own."""
    return [
        AddWaiter(
            waiter_id=f"{prefix}{name}",
            waiter_event=shown(request) if prefix == ASKING else None,
            requirements={"request_id": request.id, "decides": decides},
            timeout=None,
            event_type=kind,
        )
        for prefix, kind, decides in KINDS
    ]


def _for_nothing(waiter_id: str) -> AddWaiter[Any]:
    """Wait for what is never sent in; without requirements, so that no restored run asks for them."""
    return AddWaiter(waiter_id=waiter_id, event_type=ApprovalRequired)


def waiting_for_nothing(delivery: str) -> WaitingForEvent[Any]:
    """Return the signal of a delivery that has brought its result already."""
    return WaitingForEvent(_for_nothing(f"{SPARE}{delivery}"))
