"""Every way this library says no.

The whole tree, so that nobody has to look it up twice::

    LockgateError
    ├─ Refused                 the call did not run; carries `.call` and `.decision`
    │  ├─ Blocked              a judge forbids, or nothing grants
    │  ├─ PendingApproval      held for a person; not final
    │  ├─ Rejected             a person said no
    │  ├─ Expired              nobody answered in time
    │  ├─ Stale                not what was approved, or used already
    │  └─ OutcomeUnknown       an earlier attempt of this call has no known end
    ├─ Unrecorded              the record could not be written: nothing was executed
    │  └─ OutcomeUnrecorded    it ran and its end could not be written: wake somebody
    ├─ AnswerRefused           a person's answer can't be taken
    ├─ RulebookError           a rulebook is wrong; carries file, line, column and a hint
    ├─ WiringError             the gate is put together wrongly
    ├─ InventoryError          a list of tools, or their inventory, can't be read
    ├─ StoreError              the store failed; the driver's own error is `__cause__`
    └─ ChainError              the record has been altered; says where

    Suspended(BaseException)   not an error: the host paused

Messages are lowercase, without a final period, with user input in backticks,
and they name the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from lockgate.call import ToolCall
    from lockgate.decide import Decision


def describe(error: BaseException) -> str:
    """Return the type and message of an error, whatever its own `__str__` does."""
    name = type(error).__name__
    try:
        return f"{name}: {error}"
    except Exception:  # noqa: BLE001 - INVARIANT: an error that can't be told is still recorded
        return name


class LockgateError(Exception):
    """The root of every error that this library raises."""


class Refused(LockgateError):
    """The call did not run.

    Attributes:
        call: The call that was refused.
        decision: What was decided, or `None` when the call never reached a decision.
        final: Whether asking again with the same call is pointless.
        outcome: One word for tables and messages, such as `blocked`.
    """

    final: ClassVar[bool] = True
    outcome: ClassVar[str] = "refused"

    def __init__(
        self, reason: str, *, call: ToolCall, decision: Decision | None = None, tell: str = ""
    ) -> None:
        """Refuse `call` for `reason`; `tell` is what the model may do instead."""
        super().__init__(reason)
        self.reason = reason
        self.call = call
        self.decision = decision
        self.tell = tell

    def to_model(self) -> str:
        """Return what the agent is told: only what it may act upon."""
        said = f"{self.outcome}: `{self.call.tool}` was not executed: {self.reason}"
        if self.decision is not None and self.decision.reason == self.reason:
            said += f" (rule `{self.decision.rule}`)"
        return f"{said}. {self.tell}" if self.tell else said

    def explain(self) -> str:
        """Return what a person is told: the message, then every finding."""
        lines = [f"{self.outcome}: `{self.call.tool}`: {self.reason}"]
        if self.tell:
            lines.append(f"  instead: {self.tell}")
        if self.decision is not None:
            lines.extend(self.decision.lines())
        return "\n".join(lines)


class Blocked(Refused):
    """A judge forbids the call, or no rule grants it."""

    outcome = "blocked"


class PendingApproval(Refused):
    """The call is held until a person answers; the same call may be made again.

    Attributes:
        request_id: The approval request to answer.
        expires_at: RFC 3339 time after which it can no longer be answered.
    """

    final = False
    outcome = "pending approval"

    def __init__(
        self,
        reason: str,
        *,
        call: ToolCall,
        decision: Decision | None,
        request_id: str,
        expires_at: str,
    ) -> None:
        """Hold `call` under `request_id` until `expires_at`."""
        super().__init__(
            reason,
            call=call,
            decision=decision,
            tell="A person has been asked. Do not try another way around.",
        )
        self.request_id = request_id
        self.expires_at = expires_at

    def explain(self) -> str:
        """Return the findings and where to answer."""
        answer = (
            f"  answer: lockgate approvals approve {self.request_id} --store RECORD "
            f"(until {self.expires_at})"
        )
        return f"{super().explain()}\n{answer}"


class Rejected(Refused):
    """A person said no."""

    outcome = "rejected"


class Expired(Refused):
    """Nobody answered in time."""

    outcome = "expired"


class Stale(Refused):
    """What was approved is not what would run, or it was used already."""

    outcome = "stale"


class OutcomeUnknown(Refused):
    """An earlier attempt of this very call started and has no known end."""

    outcome = "unknown"


class Unrecorded(LockgateError):
    """The record could not be written, so nothing was executed."""


class OutcomeUnrecorded(Unrecorded):
    """The call ran and its end could not be written: a person must look.

    Attributes:
        result: What the tool returned, or `None` when it raised.
    """

    def __init__(self, message: str, *, result: object = None) -> None:
        """Carry the `result` that the record could not take."""
        super().__init__(message)
        self.result = result


class AnswerRefused(LockgateError):
    """A person's answer can't be taken; the message says why."""


class RulebookError(LockgateError):
    """A rulebook is wrong.

    Attributes:
        file: Name of the document, or `<rulebook>` for text given in memory.
        line: Line of the fault, counted from one.
        column: Column of the fault, counted from one.
        hint: What to do about it, possibly empty.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str = "<rulebook>",
        line: int = 1,
        column: int = 1,
        hint: str = "",
    ) -> None:
        """Say what is wrong at `file:line:column`."""
        text = f"{file}:{line}:{column}: {message}"
        super().__init__(f"{text} (hint: {hint})" if hint else text)
        self.message, self.hint = message, hint
        self.file, self.line, self.column = file, line, column


class WiringError(LockgateError):
    """The gate is put together wrongly; the message says how to mend it."""


class InventoryError(LockgateError):
    """A list of tools, or an inventory of them, can't be read; the message says where and why."""


class StoreError(LockgateError):
    """The store failed; the driver's own error is the cause."""


class ChainError(LockgateError):
    """The record has been altered.

    Attributes:
        seq: Position of the first event that does not fit, counted from one.
    """

    def __init__(self, message: str, *, seq: int) -> None:
        """Name the event at `seq`."""
        super().__init__(message)
        self.seq = seq


class Suspended(BaseException):
    """The host paused; its own signal is the cause and is handed back untouched."""

    def __init__(self, signal: BaseException) -> None:
        """Carry the host's own `signal` through the plan."""
        super().__init__("the host paused this call")
        self.signal = signal
