"""The events of a pause: a held call as people are shown it, and what counts as their answer.

Only what names the call, the person and the choice is an answer. Everything else is told back to
the person with what is missing; nothing is guessed from it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from llama_index.core.workflow import HumanResponseEvent, InputRequiredEvent
from pydantic import model_validator

from lockgate.approve import Answer, Choice, resolve

if TYPE_CHECKING:
    from lockgate.approve import ApprovalRequest

WORDS: Final = {
    "approve": Choice.APPROVE,
    "yes": Choice.APPROVE,
    "y": Choice.APPROVE,
    "reject": Choice.REJECT,
    "no": Choice.REJECT,
    "n": Choice.REJECT,
}
"""The only texts that decide anything, in any case, with or without blanks around them."""


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
        prefix: All of this as one question, where the framework's own events have theirs.
        problem: Why what was answered before did not count, if that is why it is shown again.
    """

    request_id: str
    tool: str
    arguments: dict[str, Any]
    reason: str
    rule: str
    level: str
    expires_at: str
    prefix: str
    problem: str = ""


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

    @property
    def decides(self) -> bool:
        """Whether this is an answer rather than a wake-up; the framework's own events say neither."""
        return self.choice is not None

    @model_validator(mode="after")
    def _whole(self) -> ApprovalAnswered:
        if self.choice is not None and not self.by.strip():
            raise ValueError("an answer needs `by`: the name of who gives it")
        if self.choice is Choice.EDIT and self.arguments is None:
            raise ValueError("an edit needs `arguments`: all of them")
        return self


def shown(request: ApprovalRequest, problem: str = "") -> ApprovalRequired:
    """Return what the event stream shows of a request.

    Args:
        request: The request.
        problem: Why what was answered before did not count.
    """
    asked = json.dumps(request.arguments, ensure_ascii=False)
    question = f"`{request.tool}` with {asked} is held: {request.reason}. Approve it, yes or no?"
    return ApprovalRequired(
        request_id=request.id,
        tool=request.tool,
        arguments=request.arguments,
        reason=request.reason,
        rule=request.rule,
        level=request.level,
        expires_at=request.expires_at,
        prefix=f"{problem}. {question} " if problem else f"{question} ",
        problem=problem,
    )


def answer_in(event: HumanResponseEvent, request: ApprovalRequest) -> Answer | None:
    """Return the answer to `request` that `event` brings, or nothing if it only wakes the call.

    A restored waiter may be given what is for another one.

    Raises:
        ValueError: If it is meant as an answer and is none.
        AnswerRefused: If it may not be given.
    """
    if getattr(event, "request_id", None) != request.id:
        return None
    ours = event if isinstance(event, ApprovalAnswered) else _as_ours(event)
    if ours.choice is None:
        return None
    answer = Answer(choice=ours.choice, by=ours.by, comment=ours.comment, arguments=ours.arguments)
    resolve(request, answer, request.held_at)
    return answer


def _as_ours(event: HumanResponseEvent) -> ApprovalAnswered:
    """Read the framework's own event, whose fields are whatever its sender has put there."""
    told: dict[str, Any] = dict(event.items())
    words = told.pop("response", None)
    if words is not None and told.get("choice") is not None:
        raise ValueError("an answer is given as `choice` or as `response`, not both")
    if words is not None:
        told["choice"] = _choice(words)
    told["by"] = told.get("by") or told.get("user_name") or ""
    return ApprovalAnswered(**{name: told[name] for name in told.keys() & _FIELDS})


def _choice(words: object) -> Choice:
    choice = WORDS.get(words.strip().casefold()) if isinstance(words, str) else None
    if choice is None:
        raise ValueError("the response is neither `yes` nor `no`")
    return choice


_FIELDS: Final = ApprovalAnswered.model_fields.keys()
