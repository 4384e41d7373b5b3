"""One call with everything the plan must be told, and what every part of the plan does with it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lockgate.classify import Effect, read
from lockgate.decide import decide
from lockgate.errors import Refused, StoreError, Unrecorded
from lockgate.record import EventKind, draft
from lockgate.steps import Look, Outcome, Step, Until, Write

if TYPE_CHECKING:
    from lockgate.call import Identity, ToolCall
    from lockgate.classify import Profile
    from lockgate.decide import Decision
    from lockgate.evaluate import Facts, Policy
    from lockgate.past import Past
    from lockgate.record import Draft

Plan = Generator[Step, Any, Outcome]
Part = Generator[Step, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call with everything that the plan must be told.

    Attributes:
        call: The call.
        identity: What the record knows it by; an edit does not make it another call.
        profile: What its tool does, and what its arguments say.
        idempotent: Whether its tool may be retried with the same idempotency key.
        policy: What the rulebook says about its tool.
        clock: Reads the time, as RFC 3339 text.
        timer: Reads a monotonic time in nanoseconds.
        nonce: Tells this attempt from others that look the same.
        asks_again: Whether the host, told that a call is held, asks again under another identity.
        current: Reads what the rulebook in force says about its tool, if that may change.
    """

    call: ToolCall
    identity: Identity
    profile: Profile
    idempotent: bool
    policy: Policy
    clock: Callable[[], str]
    timer: Callable[[], int]
    nonce: str
    asks_again: bool = False
    current: Callable[[], Policy] | None = None

    @property
    def outdated(self) -> bool:
        """Whether another rulebook came into force since the call began."""
        return self.current is not None and self.current() is not self.policy

    def renewed(self) -> Case:
        """Return the case of this call by the rulebook in force."""
        return self if self.current is None else replace(self, policy=self.current())

    @property
    def free(self) -> bool:
        """Whether nothing ties this call to an earlier one: a read, or outside any thread."""
        return self.reads or (self.call.repeatable and not self.call.thread)

    @property
    def reads(self) -> bool:
        """Whether the call has no effect on the world; its record may wait for a later flush."""
        return self.profile.action.effect is Effect.READ

    def edited(self, arguments: Mapping[str, Any]) -> Case:
        """Return the case of this call as a person edited it; its identity stays."""
        call = self.call.edited(arguments)
        profile = read(self.profile.classification, call.arguments.view)
        return replace(self, call=call, profile=profile)

    def known_as(self, call_id: str) -> Case:
        """Return the case of the same call under the identity it had before."""
        call = replace(self.call, id=call_id)
        return replace(self, call=call, identity=call.identity)

    def until(self, request: str = "") -> Until:
        """Say what the start and the end of the execution wait for."""
        if not self.reads:
            return Until.FLUSHED
        return Until.APPENDED if request else Until.LEFT

    def draft(
        self, kind: EventKind, data: dict[str, Any], *key: object, request: str = ""
    ) -> Draft:
        """Draft an event about this call."""
        return draft(kind, self.identity, self.clock(), data, key=key, request=request)


def judge(case: Case, facts: Facts) -> Decision:
    """Decide; nothing is performed and nothing is written."""
    return decide(case.call, case.profile, facts, case.policy)


def look(case: Case) -> Part:
    """Gather; a store that can't be read means that nothing runs."""
    try:
        return (yield Look(case.call, case.policy.needs_history, tied=not case.free))
    except StoreError as error:
        raise Unrecorded("the record could not be read: nothing was executed") from error


def write(*drafts: Draft, until: Until = Until.FLUSHED) -> Part:
    """Append; a store that can't be written means that nothing runs."""
    try:
        return (yield Write(drafts, until))
    except StoreError as error:
        raise Unrecorded("the record could not be written: nothing was executed") from error


def refuse(case: Case, kind: type[Refused], reason: str, tell: str = "") -> Part:
    """Record a refusal that is not a decision, then raise it."""
    yield from write(refusal(case, kind, reason))
    raise kind(reason, call=case.call, tell=tell)


def refusal(case: Case, kind: type[Refused], reason: str) -> Draft:
    """Draft a refusal that is not a decision."""
    told = {
        "outcome": kind.outcome,
        "reason": reason,
        "tool": case.call.tool,
        "arguments": case.call.arguments.view,
    }
    return case.draft(EventKind.REFUSED, told, kind.outcome, case.nonce)


def decided_draft(
    case: Case, past: Past, decision: Decision, at: str, took: dict[str, int]
) -> Draft:
    """Draft what was decided; the same decision about the same attempt is recorded once.

    It bears the time of the facts it was made on, so that it can be made again exactly.
    """
    told = {
        "tool": case.call.tool,
        "source": case.call.source,
        "principal": _principal(case.call),
        "environment": case.call.environment,
        "arguments": case.call.arguments.view,
        "profile": case.profile.to_dict(),
        "decision": decision.to_dict(),
        "took": took,
    }
    again = case.nonce if (case.call.repeatable or case.free) and past.request is None else ""
    edit = case.call.fingerprint if case.call.fingerprint != case.identity.fingerprint else ""
    key = (decision.verdict.value, decision.revision, past.generation, again, edit)
    return draft(EventKind.DECIDED, case.identity, at, told, key=key)


def _principal(call: ToolCall) -> dict[str, str | None]:
    who = call.principal
    return {"agent": who.agent, "person": who.person, "organisation": who.organisation}
