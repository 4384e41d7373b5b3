"""The plan: the life of one call, written once.

A generator yields frozen steps and is sent replies; it performs nothing itself, so that
one text serves sync and async hosts and every fault can be tried in a test::

    Look ─▸ decide ─▸ BLOCK ─▸ Write(decided) ─▸ Blocked
                  ├─▸ REQUIRE_APPROVAL ─▸ Write(decided, held) ─▸ Ask ─▸ rejected ─▸ Rejected
                  │                                                  └─▸ approved ─┐
                  └─▸ ALLOW ─▸ Write(decided, started) ◂───────────────────────────┘
                               Run ─▸ Write(completed | failed | suspended | abandoned)

INVARIANT: no `Run` without a `started` event that this very plan wrote first.
INVARIANT: after every `Run` an end is written, or the caller is told that it was not.
Hosts replay, so a plan begins with the call's own past (`past.Past`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from lockgate.approve import State, expired, request_for, resolve
from lockgate.classify import Effect, read
from lockgate.decide import Verdict, decide
from lockgate.errors import (
    AnswerRefused,
    Blocked,
    Expired,
    OutcomeUnknown,
    OutcomeUnrecorded,
    Refused,
    Rejected,
    Stale,
    StoreError,
    Suspended,
    Unrecorded,
    describe,
)
from lockgate.evaluate import LOG_IN_FULL
from lockgate.past import Past, Stage
from lockgate.record import EventKind, draft, resolved
from lockgate.redact import redact
from lockgate.steps import Admit, Ask, Known, Look, Outcome, Permit, Ran, Run, Step, Write

if TYPE_CHECKING:
    from lockgate.approve import Answer, ApprovalRequest, Resolution
    from lockgate.call import Identity, ToolCall
    from lockgate.classify import Classification, Profile
    from lockgate.decide import Decision
    from lockgate.evaluate import Facts, Policy
    from lockgate.record import Draft

FULFILLABLE: Final = frozenset({LOG_IN_FULL})
"""The obligations this plan can keep; a decision with any other does not run."""
MAX_RESULT: Final = 65_536
"""Longest result, in characters, that is recorded without the obligation to log in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call with everything that the plan must be told.

    Attributes:
        call: The call.
        classification: What its tool does.
        idempotent: Whether its tool may be retried with the same idempotency key.
        policy: What the rulebook says about its tool.
        clock: Reads the time, as RFC 3339 text.
        timer: Reads a monotonic time in nanoseconds.
        nonce: Tells this attempt from others that look the same.
        about: What the call was before a person edited it.
    """

    call: ToolCall
    classification: Classification
    idempotent: bool
    policy: Policy
    clock: Callable[[], str]
    timer: Callable[[], int]
    nonce: str
    about: Identity | None = None

    @property
    def free(self) -> bool:
        """Whether nothing ties this call to an earlier one: a read, or outside any thread."""
        return self.reads or (self.call.repeatable and not self.call.thread)

    @property
    def reads(self) -> bool:
        """Whether the call has no effect on the world; its record may wait for a later flush."""
        return self.classification.action.effect is Effect.READ

    def draft(
        self, kind: EventKind, data: dict[str, Any], *key: object, request: str = ""
    ) -> Draft:
        """Draft an event about this call."""
        return draft(kind, self.identity, self.clock(), data, key=key, request=request)

    @property
    def identity(self) -> Identity:
        """What the record knows this call by: an edit does not make it another call."""
        return self.about or self.call.identity


Plan = Generator[Step, Any, Outcome]
Part = Generator[Step, Any, Any]


def contain(case: Case) -> Plan:
    """Live the life of one call.

    Raises:
        Refused: In one of its kinds, when the call may not run.
        Unrecorded: If the record could not be written; then nothing ran.
        OutcomeUnrecorded: If it ran and its end could not be written.
    """
    begun = case.timer()
    known: Known = yield from _look(case)
    past = Past.of(case.call, known.past)
    if case.call.repeatable:
        past = past.reopened(case.clock())
    recorded: Outcome | None = yield from _settle(case, past)
    if recorded is not None:
        return recorded
    gathered = case.timer()
    profile, decision = judge(case, known.facts)
    took = {"gather_ns": gathered - begun, "judge_ns": case.timer() - gathered}
    decided = _decided(case, past, profile, decision, took)
    if decision.verdict is Verdict.BLOCK:
        yield from _write(decided)
        raise Blocked(decision.reason, call=case.call, decision=decision, tell=decision.tell)
    request = past.request
    if decision.verdict is Verdict.REQUIRE_APPROVAL or request is not None:
        request, resolution = yield from _approved(case, past, decision, decided)
        if resolution.state is State.ANSWERED:
            return Outcome(resolution.comment, answered=True)
        if resolution.arguments is not None:
            edit = resolution.arguments
            case, decision, decided = yield from _edited(case, past, known.facts, edit)
    permit = yield from _claim(case, past, decision, decided, request)
    outcome: Outcome = yield from _execute(case, decision, permit)
    return outcome


def judge(case: Case, facts: Facts) -> tuple[Profile, Decision]:
    """Read the payload and decide; nothing is performed and nothing is written."""
    profile = read(case.classification, case.call.arguments.view)
    return profile, decide(case.call, profile, facts, case.policy)


def _look(case: Case) -> Part:
    """Gather; a store that can't be read means that nothing runs."""
    try:
        return (yield Look(case.call, history=case.policy.needs_history))
    except StoreError as error:
        raise Unrecorded("the record could not be read: nothing was executed") from error


def _write(*drafts: Draft, effect: bool = True) -> Part:
    """Append; a store that can't be written means that nothing runs."""
    try:
        return (yield Write(drafts, effect))
    except StoreError as error:
        raise Unrecorded("the record could not be written: nothing was executed") from error


# ── The call's own past ──────────────────────────────────────────────────────────────────────


def _settle(case: Case, past: Past) -> Part:
    """Return what an earlier attempt led to, refuse, or let the plan go on with `None`."""
    if past.other:
        yield from _refuse(case, Stale, "another call with this identity is being approved")
    if case.free and past.request is None:
        return None
    match past.stage:
        case Stage.STARTED | Stage.ABANDONED if not case.idempotent:
            yield from _refuse(case, OutcomeUnknown, _UNKNOWN, _RECONCILE)
        case Stage.COMPLETED if not case.call.repeatable:
            return (yield from _replay(case, past))
        case Stage.FAILED if not (case.call.repeatable or case.idempotent):
            reason = f"it already ran and failed: {past.ended.get('error', '')}"
            yield from _refuse(case, Stale, reason, "Propose it as a new call if needed.")
        case _:
            return None
    return None


_UNKNOWN: Final = "an earlier attempt of this call started and has no known end; it is not repeated"
_RECONCILE: Final = "A person must find out what happened."


def _replay(case: Case, past: Past) -> Part:
    if past.ended.get("faithful"):
        return Outcome(past.ended["result"], replayed=True)
    reason = "it already ran and is not run again"
    return (yield from _refuse(case, Stale, reason, f"Its result: {past.ended.get('result')}"))


def _refuse(case: Case, kind: type[Refused], reason: str, tell: str = "") -> Part:
    """Record a refusal that is not a decision, then raise it."""
    yield from _write(refusal(case, kind, reason))
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


# ── A person's answer ────────────────────────────────────────────────────────────────────────


def _approved(case: Case, past: Past, decision: Decision, decided: Draft) -> Part:
    """Return the request with which a person has approved exactly this call; raise otherwise."""
    request: ApprovalRequest = past.request or (yield from _hold(case, past, decision, decided))
    resolution: Resolution | None = past.resolution
    for nth in count():
        resolution = resolution or (yield from _by_time(case, request))
        if resolution is not None and nth >= past.asks:
            break
        if nth >= max(past.asks, 1):
            yield from _write(case.draft(EventKind.ASKED, {}, request.id, nth, request=request.id))
        answer: Answer | None = yield Ask(case.call, decision, request, nth, resolution)
        if resolution is None:
            resolution = yield from _answered(case, request, answer)
    return request, _checked(case, decision, request, resolution)


def _edited(case: Case, past: Past, facts: Facts, arguments: dict[str, Any]) -> Part:
    """Judge the call anew as a person edited it; what a judge forbids stays forbidden."""
    try:
        admitted = yield Admit(case.call, arguments)
    except Exception as error:  # noqa: BLE001 - whatever the host's validation raises
        reason = f"the edited arguments do not fit the tool: {describe(error)}"
        yield from _refuse(case, Stale, reason)
    edited = replace(case, call=case.call.edited(admitted), about=case.call.identity)
    profile, decision = judge(edited, facts)
    decided = _decided(edited, past, profile, decision, {})
    if decision.verdict is Verdict.BLOCK:
        yield from _write(decided)
        raise Blocked(decision.reason, call=edited.call, decision=decision, tell=decision.tell)
    return edited, decision, decided


def _hold(case: Case, past: Past, decision: Decision, decided: Draft) -> Part:
    arguments, _ = redact(dict(case.call.arguments.view))
    request = request_for(
        case.call,
        decision,
        action=case.classification.action.id,
        arguments=arguments,
        now=case.clock(),
        seconds=case.policy.approval_seconds,
        nth=(past.generation, past.held),
    )
    told = {"request": request.to_dict()}
    held = case.draft(EventKind.HELD, told, request.id, request=request.id)
    yield from _write(decided, held)
    return request


def _by_time(case: Case, request: ApprovalRequest) -> Part:
    """Let the request expire if its time has come."""
    ended = expired(request, case.clock())
    if ended is None:
        return None
    return (yield from _end(case, request, ended))


def _answered(case: Case, request: ApprovalRequest, answer: Answer | None) -> Part:
    """Record the host's answer, then return what the store says: the first answer won."""
    if answer is None:
        return (yield from _resolution(case))
    try:
        ended = resolve(request, answer, case.clock())
    except AnswerRefused:
        return (yield from _resolution(case))
    return (yield from _end(case, request, ended))


def _end(case: Case, request: ApprovalRequest, ended: Resolution) -> Part:
    yield from _write(resolved(case.call.identity, request.id, ended.to_dict(), case.clock()))
    return (yield from _resolution(case))


def _resolution(case: Case) -> Part:
    known: Known = yield from _look(case)
    return Past.of(case.call, known.past).resolution


def _checked(
    case: Case, decision: Decision, request: ApprovalRequest, resolution: Resolution | None
) -> Resolution:
    """Return the resolution if it lets exactly this call through, now; raise otherwise."""
    if resolution is None or request.fingerprint != case.call.fingerprint:
        raise Stale("what was approved is not this call", call=case.call, decision=decision)
    if resolution.state is State.REJECTED:
        said = f": {resolution.comment}" if resolution.comment else ""
        raise Rejected(
            f"{resolution.by} rejected it{said}",
            call=case.call,
            decision=decision,
            tell="Do not try it again in another way.",
        )
    if resolution.state is State.EXPIRED or case.clock() >= request.expires_at:
        reason = f"`{request.id}` expired: {resolution.by} came before an answer or its use"
        raise Expired(reason, call=case.call, decision=decision)
    return resolution


# ── The one execution ────────────────────────────────────────────────────────────────────────


def _decided(
    case: Case, past: Past, profile: Profile, decision: Decision, took: dict[str, int]
) -> Draft:
    told = {
        "tool": case.call.tool,
        "source": case.call.source,
        "principal": _principal(case.call),
        "environment": case.call.environment,
        "arguments": case.call.arguments.view,
        "profile": profile.to_dict(),
        "decision": decision.to_dict(),
        "took": took,
    }
    again = case.nonce if case.call.repeatable and past.request is None else ""
    edit = case.call.fingerprint if case.about else ""
    key = (decision.verdict.value, decision.revision, past.generation, again, edit)
    return case.draft(EventKind.DECIDED, told, *key)


def _principal(call: ToolCall) -> dict[str, str | None]:
    who = call.principal
    return {"agent": who.agent, "person": who.person, "organisation": who.organisation}


def _claim(
    case: Case, past: Past, decision: Decision, decided: Draft, request: ApprovalRequest | None
) -> Part:
    """Write the intent; whoever writes it first executes, everybody else is refused."""
    unmet = set(decision.obligations) - FULFILLABLE
    if unmet:
        reason = f"the gate can't keep the obligation `{min(unmet)}`"
        yield from _refuse(case, Blocked, reason)
    key = case.nonce if case.free and request is None else past.generation
    tied = request.id if request else ""
    started = case.draft(EventKind.STARTED, {}, key, request=tied)
    fresh = yield from _write(decided, started, effect=not case.reads)
    if not fresh[-1]:
        yield from _refuse(case, Stale, "this call is being executed or was executed already")
    return Permit(started.id, case.identity.key("effect"))


def _execute(case: Case, decision: Decision, permit: Permit) -> Part:
    """Run under the permit and write the end, whatever it is."""

    def end(kind: EventKind, data: dict[str, Any]) -> Draft:
        return case.draft(kind, data, permit.id)

    try:
        ran: Ran = yield Run(case.call, permit)
    except GeneratorExit:
        raise
    except Suspended:
        yield from _write_end(case, end(EventKind.SUSPENDED, {}))
        raise
    except Exception as error:
        yield from _write_end(case, end(EventKind.FAILED, {"error": describe(error)}))
        raise
    except BaseException as error:
        yield from _write_end(case, end(EventKind.ABANDONED, {"error": type(error).__name__}))
        raise
    yield from _write_end(case, end(EventKind.COMPLETED, _result(ran, decision)), ran.value)
    return Outcome(ran.value)


def _write_end(case: Case, drafted: Draft, result: object = None) -> Part:
    try:
        yield Write((drafted,), not case.reads)
    except StoreError as error:
        message = "the call ran and its end could not be written: find out what happened"
        raise OutcomeUnrecorded(message, result=result) from error


def _result(ran: Ran, decision: Decision) -> dict[str, Any]:
    """Return what is told of a result; a long one is cut unless it must be logged in full."""
    long = isinstance(ran.told, str) and len(ran.told) > MAX_RESULT
    if long and LOG_IN_FULL not in decision.obligations:
        return {"result": ran.told[:MAX_RESULT], "faithful": False}
    return {"result": ran.told, "faithful": ran.faithful}
