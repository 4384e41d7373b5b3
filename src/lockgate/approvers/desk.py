"""The approval desk: see what stands in the store, and answer it from any process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from lockgate.approve import Answer, ApprovalRequest, Resolution, State, resolve
from lockgate.errors import AnswerRefused
from lockgate.past import Stage
from lockgate.record import Event, EventKind, draft, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lockgate.stores import Store


SHORTEST_NAP: Final = 0.05
LONGEST_NAP: Final = 1.0
"""How many seconds pass between two looks at the store, at first and after a while."""


class Desk:
    """Where requests are read and answered."""

    def __init__(self, store: Store, clock: Callable[[], str]) -> None:
        """Work on `store`; `clock` returns RFC 3339 time."""
        self._store, self._clock = store, clock

    def pending(self) -> list[ApprovalRequest]:
        """Return the requests that wait for an answer and have not expired, oldest first."""
        now = self._clock()
        requests = [_request(event) for event in self._store.unresolved()]
        return [request for request in requests if now < request.expires_at]

    def find(self, request_id: str) -> tuple[ApprovalRequest, Resolution | None]:
        """Return a request and how it ended, if it did.

        Raises:
            AnswerRefused: If there is no such request.
        """
        held, ended = self._events(request_id)
        return _request(held), ended

    def wait(
        self, request_id: str, seconds: float, *, sleep: Callable[[float], None] = time.sleep
    ) -> bool:
        """Wait until a request is answered or expires; say whether it is.

        Args:
            request_id: The request.
            seconds: How long to wait at most.
            sleep: What passes the time.

        Raises:
            AnswerRefused: If there is no such request.
        """
        nap = SHORTEST_NAP
        while True:
            request, ended = self.find(request_id)
            if ended is not None or self._clock() >= request.expires_at:
                return True
            if seconds <= 0:
                return False
            sleep(min(nap, seconds))
            seconds, nap = seconds - nap, min(2 * nap, LONGEST_NAP)

    def answer(self, request_id: str, answer: Answer) -> Resolution:
        """Answer a request; the first answer wins.

        Raises:
            AnswerRefused: If there is no such request, it has expired, it was answered
                before, or the agent answers for itself.
            StoreError: If the answer could not be written.
        """
        held, ended = self._events(request_id)
        if ended is not None:
            raise _answered(request_id, ended)
        resolution = resolve(_request(held), answer, self._clock())
        drafted = resolved(held.about, request_id, resolution.to_dict(), resolution.at)
        (fresh,) = self._store.append([drafted])
        if not fresh:
            _, first = self.find(request_id)
            raise _answered(request_id, first or resolution)
        return resolution

    def abandon(self, thread: str) -> None:
        """Let the requests of a conversation expire that its next turn has left behind."""
        now = self._clock()
        left = [event for event in self._store.unresolved() if event.thread == thread]
        ended = Resolution(state=State.EXPIRED, by="the next turn", comment="", at=now)
        drafts = [resolved(event.about, event.request, ended.to_dict(), now) for event in left]
        if drafts:
            self._store.append(drafts)

    def reconcile(
        self, thread: str, call: str, *, happened: bool, by: str, comment: str = ""
    ) -> None:
        """Settle a call that started and has no known end, after finding out what happened.

        Args:
            thread: The conversation.
            call: The host's identity of the call.
            happened: Whether its effect was had; if not, the same call may run again.
            by: Who found out.
            comment: What was found; the agent is told when it comes back for the result.

        Raises:
            AnswerRefused: If no such call is in doubt, or nobody signs.
            StoreError: If it could not be written.
        """
        in_doubt = _in_doubt(self._store.of_call(thread, call))
        if in_doubt is None:
            hint = "`lockgate runs` counts those that are"
            raise AnswerRefused(f"no call `{call}` of `{thread}` is in doubt: {hint}")
        if not by.strip():
            raise AnswerRefused("a reconciliation needs the name of who signs it")
        told = {
            "stage": (Stage.COMPLETED if happened else Stage.NEW).value,
            "result": comment,
            "faithful": False,
            "by": by,
        }
        about, key, request = in_doubt.about, (in_doubt.id,), in_doubt.request
        settled = draft(EventKind.RECONCILED, about, self._clock(), told, key=key, request=request)
        (fresh,) = self._store.append([settled])
        if not fresh:
            raise AnswerRefused(f"somebody else has settled `{call}` of `{thread}` just now")

    def _events(self, request_id: str) -> tuple[Event, Resolution | None]:
        held: Event | None = None
        ended: Resolution | None = None
        for event in self._store.of_request(request_id):
            if event.kind is EventKind.HELD:
                held = event
            elif event.kind is EventKind.RESOLVED:
                ended = Resolution.from_dict(event.data)
        if held is None:
            hint = "`lockgate approvals list` shows them"
            raise AnswerRefused(f"there is no approval request `{request_id}`: {hint}")
        return held, ended


_ENDS: Final = {
    EventKind.COMPLETED,
    EventKind.FAILED,
    EventKind.SUSPENDED,
    EventKind.RECONCILED,
}


def _in_doubt(events: Iterable[Event]) -> Event | None:
    """Return the start that has no known end, if there is one."""
    started: Event | None = None
    for event in events:
        if event.kind is EventKind.STARTED:
            started = event
        elif event.kind in _ENDS:
            started = None
    return started


def _request(held: Event) -> ApprovalRequest:
    return ApprovalRequest.from_dict(held.data["request"])


def _answered(request_id: str, first: Resolution) -> AnswerRefused:
    return AnswerRefused(
        f"`{request_id}` was already {first.state.value} by {first.by} at {first.at}"
    )
