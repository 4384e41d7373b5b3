"""The steps a plan yields and the replies it is sent: all that passes between plan and world."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from lockgate.call import projected
from lockgate.errors import PendingApproval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lockgate.approve import ApprovalRequest, Resolution
    from lockgate.call import ToolCall
    from lockgate.decide import Decision
    from lockgate.evaluate import Facts
    from lockgate.record import Draft, Event


@dataclass(frozen=True, slots=True)
class Look:
    """Gather what is known of the call; the reply is `Known`.

    Attributes:
        call: The call.
        history: Whether a rule looks at the conversation.
        tied: Whether anything but a request can tie this call to an earlier one.
    """

    call: ToolCall
    history: bool
    tied: bool = True


@dataclass(frozen=True, slots=True)
class Seek:
    """Find the identity under which the same call is held in this thread, or nothing."""

    call: ToolCall


class Until(Enum):
    """What the writer of an event waits for, with the verb of a store that does so."""

    FLUSHED = "append"
    """The disk has it: an effect waits for it, or was had."""
    APPENDED = "note"
    """The record has it, and says whether it was new."""
    LEFT = "leave"
    """It can't get lost with the process; the record takes it soon. For ids that nobody shares."""


@dataclass(frozen=True, slots=True)
class Write:
    """Append to the record; the reply says for each draft whether it was new.

    Attributes:
        drafts: What to append, all together.
        until: What to wait for.
    """

    drafts: tuple[Draft, ...]
    until: Until = Until.FLUSHED


@dataclass(frozen=True, slots=True)
class Ask:
    """Bring the request to a person in the host's way; the reply is an answer or nothing.

    Attributes:
        call: The held call.
        decision: Why it is held.
        request: What is asked.
        nth: Which asking of this request, from zero; hosts count their pauses.
        resolution: How it already ended; the host must still take its pause.
    """

    call: ToolCall
    decision: Decision
    request: ApprovalRequest
    nth: int
    resolution: Resolution | None

    def pending(self) -> PendingApproval:
        """Return the refusal of a host that can't wait for the answer."""
        return PendingApproval(
            self.request.reason,
            call=self.call,
            decision=self.decision,
            request_id=self.request.id,
            expires_at=self.request.expires_at,
        )


@dataclass(frozen=True, slots=True)
class Admit:
    """Have the host validate arguments that a person edited; the reply is what it would run.

    Attributes:
        call: The call as it was proposed.
        arguments: All arguments, as edited.
    """

    call: ToolCall
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Permit:
    """Single-use proof that lets one execution through.

    Attributes:
        id: The `started` event.
        idempotency_key: The same for every attempt of this call, for services that take one.
        request: The approval request under which it runs, or empty.
    """

    id: str
    idempotency_key: str
    request: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Execute the call with exactly its frozen arguments; the reply is `Ran`."""

    call: ToolCall
    permit: Permit


Step = Look | Seek | Write | Ask | Admit | Run


def may_wait(step: Step) -> bool:
    """Say whether a store may be long about this step."""
    match step:
        case Look():
            return step.tied or step.history
        case Write():
            return step.until is not Until.LEFT
        case _:
            return isinstance(step, Seek)


@dataclass(frozen=True, slots=True)
class Known:
    """The reply to `Look`: the call's own events, and the facts of its conversation."""

    past: tuple[Event, ...]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Ran:
    """The reply to `Run`.

    Attributes:
        value: What the tool returned.
        told: Its JSON form, for the record.
        faithful: Whether the JSON form is the value itself.
    """

    value: Any
    told: Any
    faithful: bool

    @classmethod
    def of(cls, value: object) -> Ran:
        """Wrap what a tool returned."""
        return cls(value, *projected(value))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the caller gets.

    Attributes:
        value: The tool's result, or a person's answer in its place.
        replayed: Whether the result comes from the record, because the call ran before.
        answered: Whether a person answered and the tool did not run.
    """

    value: Any
    replayed: bool = False
    answered: bool = False


def _as_given(step: Admit) -> Mapping[str, Any]:
    """Admit what hosts without a schema can't validate."""
    return step.arguments


@dataclass(frozen=True, slots=True)
class Host:
    """What a door does for the plan: its way of asking, and the execution.

    Attributes:
        ask: Brings a request to a person; returns an answer or nothing, or raises.
        run: Executes under a permit; returns `Ran`. Async hosts return awaitables.
        admit: Validates edited arguments as the host validates the agent's; raises if they
            do not fit.
        asks_again: Whether the agent, told that a call is held, asks again under another
            identity.
    """

    ask: Callable[[Ask], Any]
    run: Callable[[Run], Any]
    admit: Callable[[Admit], Mapping[str, Any]] = _as_given
    asks_again: bool = False
