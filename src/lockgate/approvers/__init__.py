"""Who may be asked, and how, while the caller waits.

By default nobody waits: the request stands in the store, and anybody may answer it from
another process (`lockgate approvals`). An approver is asked in the caller's own process.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Protocol

from lockgate.approve import Answer, ApprovalRequest, Choice
from lockgate.approvers.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockgate.steps import Ask


class Approver(Protocol):
    """Somebody who can be asked."""

    def ask(self, request: ApprovalRequest) -> Answer | None:
        """Return an answer, or nothing to leave the request standing."""
        ...


class Queue:
    """Leaves every request standing in the store."""

    def ask(self, request: ApprovalRequest) -> Answer | None:
        """Answer nothing."""
        del request
        return None


class Callback:
    """Asks a function of the host application."""

    def __init__(self, function: Callable[[ApprovalRequest], Answer | None]) -> None:
        """Ask `function`."""
        self._function = function

    def ask(self, request: ApprovalRequest) -> Answer | None:
        """Return what the function answers."""
        return self._function(request)


class Console:
    """Asks whoever sits at the terminal; anything but a clear yes rejects."""

    def __init__(
        self,
        by: str | None = None,
        *,
        read: Callable[[str], str] = input,
        show: Callable[[str], None] = print,
    ) -> None:
        """Ask in the name of `by`, by default the account at the terminal."""
        self._by, self._read, self._show = by or getpass.getuser(), read, show

    def ask(self, request: ApprovalRequest) -> Answer | None:
        """Show the request and read an answer; at the end of input leave it standing."""
        self._show(f"{request.agent} wants `{request.tool}` {request.arguments}")
        self._show(f"  {request.reason} (risk {request.score}, {request.level})")
        for names in request.approvers:
            self._show(f"  for {' or '.join(names)} to answer")
        try:
            said = self._read("  approve? [y/N] ").strip().lower()
        except EOFError:
            return None
        choice = Choice.APPROVE if said in {"y", "yes"} else Choice.REJECT
        return Answer(choice=choice, by=self._by)


def asked(approver: Approver, step: Ask) -> Answer | None:
    """Ask an approver, once in an attempt; leave the request standing if need be.

    Whoever gave an answer that can't be taken is not asked the same again and again.

    Raises:
        PendingApproval: If nobody answered yet.
    """
    if step.resolution is not None:
        return None
    answer = None if step.nth else approver.ask(step.request)
    if answer is None:
        raise step.pending()
    return answer


__all__ = ["Approver", "Callback", "Console", "Desk", "Queue", "asked"]
