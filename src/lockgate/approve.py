"""Who agrees: a held call becomes a request; an answer resolves it once.

A request is bound to the fingerprint of exactly one call. Whoever resolves it first wins,
because the event that resolves it has one deterministic id. An approval is used by one
execution, and only until it expires. This room asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from lockgate.call import Arguments
from lockgate.errors import AnswerRefused
from lockgate.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lockgate.call import ToolCall
    from lockgate.decide import Decision


class Choice(StrEnum):
    """What a person can answer."""

    APPROVE = "approve"
    REJECT = "reject"
    EDIT = "edit"
    RESPOND = "respond"


class State(StrEnum):
    """The states of a request; all but the first are final.

    `APPROVED` also covers an approval with edited arguments; `ANSWERED` is a person's answer in
    the place of the tool, which then does not run.
    """

    PENDING = "pending"
    APPROVED = "approved"
    ANSWERED = "answered"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A person's answer.

    Attributes:
        choice: Approve, reject, approve with other arguments, or answer in the tool's place.
        by: Who answers; never the agent itself.
        comment: Why, told to the agent when rejected; or the answer itself.
        arguments: All arguments, as edited; they are judged anew.
    """

    choice: Choice
    by: str
    comment: str = ""
    arguments: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How a request ended.

    Attributes:
        state: One of the final states.
        by: Who ended it.
        comment: Why, or the answer in the tool's place.
        at: RFC 3339 time.
        arguments: All arguments as edited, or nothing.
    """

    state: State
    by: str
    comment: str
    at: str
    arguments: dict[str, Any] | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Resolution:
        """Read the recorded form."""
        return cls(**{**data, "state": State(data["state"])})

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form that is recorded."""
        return {
            "state": self.state.value,
            "by": self.by,
            "comment": self.comment,
            "at": self.at,
            "arguments": self.arguments,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """A held call, as it is shown to a person.

    Attributes:
        id: What to answer to.
        fingerprint: The exact call it is bound to.
        thread: The conversation.
        call: The host's identity of the call.
        tool: The host's name of the tool.
        action: Its canonical action.
        agent: Who wants it.
        arguments: With secrets masked.
        reason: Why it is held.
        rule: Which rule holds it.
        level: How dangerous it is.
        score: The risk score.
        approvers: Who may answer: somebody of each of these groups; no group means anybody.
        held_at: RFC 3339 time.
        expires_at: RFC 3339 time from which it can neither be answered nor used.
    """

    id: str
    fingerprint: str
    thread: str
    call: str
    tool: str
    action: str
    agent: str
    arguments: dict[str, Any]
    reason: str
    rule: str
    level: str
    score: int
    held_at: str
    expires_at: str
    approvers: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ApprovalRequest:
        """Read the recorded form; one that names no approvers was written before they were."""
        told = {name: data[name] for name in cls.__slots__ if name != "approvers"}
        return cls(**told, approvers=tuple(map(tuple, data.get("approvers", ()))))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form that is recorded and shown."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {**told, "approvers": [list(names) for names in self.approvers]}


def request_for(  # noqa: PLR0913 - the parts of a request
    call: ToolCall,
    decision: Decision,
    *,
    action: str,
    arguments: dict[str, Any],
    now: str,
    seconds: int,
    nth: tuple[int, int],
) -> ApprovalRequest:
    """Hold `call`: make the request a person will see; `nth` tells it from earlier ones."""
    return ApprovalRequest(
        id=f"apr-{call.identity.key('held', *nth)[:20]}",
        fingerprint=call.fingerprint,
        thread=call.thread,
        call=call.id,
        tool=call.tool,
        action=action,
        agent=call.principal.agent,
        arguments=arguments,
        reason=decision.reason,
        rule=decision.rule,
        level=decision.risk.level.value,
        score=decision.risk.score,
        held_at=now,
        expires_at=later(now, seconds),
        approvers=decision.approvers,
    )


def resolve(request: ApprovalRequest, answer: Answer, now: str) -> Resolution:
    """Turn a person's answer into the resolution of a request.

    Raises:
        AnswerRefused: If the request has expired, the agent answers for itself, a rule names
            who may answer and this is somebody else, or an edit has no arguments or holds a
            secret, which could not be recorded.
    """
    if now >= request.expires_at:
        raise AnswerRefused(f"`{request.id}` expired at {request.expires_at}")
    if not answer.by.strip():
        raise AnswerRefused("an answer needs the name of who gives it")
    if answer.by.strip().casefold() == request.agent.strip().casefold():
        raise AnswerRefused(f"`{answer.by}` made this call and can't answer for it")
    wanted = unheard(request.approvers, answer.by)
    if wanted:
        names = ", ".join(f"`{name}`" for name in wanted)
        raise AnswerRefused(f"`{answer.by}` can't answer `{request.id}`: it is for {names}")
    edited = _edited(answer) if answer.choice is Choice.EDIT else None
    state = _STATE_OF[answer.choice]
    return Resolution(state=state, by=answer.by, comment=answer.comment, at=now, arguments=edited)


def unheard(approvers: Iterable[tuple[str, ...]], by: str) -> tuple[str, ...]:
    """Return the first group of `approvers` that `by` is not in, or nothing."""
    who = by.strip().casefold()
    groups = (names for names in approvers if who not in {name.casefold() for name in names})
    return next(groups, ())


_STATE_OF: Final = {
    Choice.APPROVE: State.APPROVED,
    Choice.EDIT: State.APPROVED,
    Choice.REJECT: State.REJECTED,
    Choice.RESPOND: State.ANSWERED,
}


def _edited(answer: Answer) -> dict[str, Any]:
    """Return the edited arguments: what is recorded is what will run, so nothing may be masked."""
    if answer.arguments is None:
        raise AnswerRefused("an edit needs all arguments of the call")
    frozen = Arguments.freeze(answer.arguments)
    if frozen.flaw:
        raise AnswerRefused(f"the edited arguments can't be judged: {frozen.flaw}")
    masked = redact(frozen.view).masked
    if masked:
        raise AnswerRefused(f"the edited arguments hold a secret: {masked[0]}")
    return dict(frozen.view)


def expired(request: ApprovalRequest, now: str) -> Resolution | None:
    """Return the resolution by time, if its time has come."""
    if now < request.expires_at:
        return None
    return Resolution(state=State.EXPIRED, by="clock", comment="", at=now)


def later(now: str, seconds: float) -> str:
    """Return the RFC 3339 time `seconds` after `now`; such times compare as text."""
    moment = datetime.fromisoformat(now) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
