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

from typing import TYPE_CHECKING, Any, Final

from lockgate.approve import State
from lockgate.case import Case, Part, Plan, decided_draft, judge, look, refuse, write
from lockgate.decide import Verdict
from lockgate.errors import (
    Blocked,
    OutcomeUnknown,
    OutcomeUnrecorded,
    Stale,
    StoreError,
    Suspended,
    describe,
)
from lockgate.evaluate import LOG_IN_FULL
from lockgate.hold import adopted, anew, approved
from lockgate.past import Past, Stage
from lockgate.record import EventKind
from lockgate.steps import Known, Outcome, Permit, Ran, Run, Write

if TYPE_CHECKING:
    from lockgate.approve import ApprovalRequest
    from lockgate.decide import Decision
    from lockgate.record import Draft

FULFILLABLE: Final = frozenset({LOG_IN_FULL})
"""The obligations this plan can keep; a decision with any other does not run."""
MAX_RESULT: Final = 65_536
"""Longest result, in characters, that is recorded without the obligation to log in full."""


def contain(case: Case) -> Plan:
    """Live the life of one call.

    Raises:
        Refused: In one of its kinds, when the call may not run.
        Unrecorded: If the record could not be written; then nothing ran.
        OutcomeUnrecorded: If it ran and its end could not be written.
    """
    begun = case.timer()
    known: Known = yield from look(case)
    past = Past.of(case.call, known.past)
    if case.call.repeatable:
        past = past.reopened(case.clock())
    if past.adopted:
        return (yield from contain(case.known_as(past.adopted)))
    recorded: Outcome | None = yield from _settle(case, past)
    if recorded is not None:
        return recorded
    gathered = case.timer()
    decision = judge(case, known.facts)
    took = {"gather_ns": gathered - begun, "judge_ns": case.timer() - gathered}
    decided = decided_draft(case, past, decision, known.facts.now, took)
    if decision.verdict is Verdict.BLOCK:
        yield from write(decided)
        raise Blocked(decision.reason, call=case.call, decision=decision, tell=decision.tell)
    request = past.request
    if decision.verdict is Verdict.REQUIRE_APPROVAL and request is None and case.asks_again:
        earlier = yield from adopted(case, decided)
        if earlier:
            return (yield from contain(case.known_as(earlier)))
    if decision.verdict is Verdict.REQUIRE_APPROVAL or request is not None:
        request, resolution = yield from approved(case, past, decision, decided)
        if resolution.state is State.ANSWERED:
            return Outcome(resolution.comment, answered=True)
        if case.outdated or resolution.arguments is not None:
            judged = anew(case, past, known.facts, resolution)
            case, decision, decided = yield from judged
    permit = yield from _claim(case, past, decision, decided, request)
    outcome: Outcome = yield from _execute(case, decision, permit)
    return outcome


# ── The call's own past ──────────────────────────────────────────────────────────────────────


def _settle(case: Case, past: Past) -> Part:
    """Return what an earlier attempt led to, refuse, or let the plan go on with `None`."""
    if past.other:
        yield from refuse(case, Stale, "another call with this identity is being approved")
    if case.free and past.request is None:
        return None
    match past.stage:
        case Stage.STARTED | Stage.ABANDONED if not case.idempotent:
            yield from refuse(case, OutcomeUnknown, _UNKNOWN, _RECONCILE)
        case Stage.COMPLETED if not case.call.repeatable:
            return (yield from _replay(case, past))
        case Stage.FAILED if not (case.call.repeatable or case.idempotent):
            reason = f"it already ran and failed: {past.ended.get('error', '')}"
            yield from refuse(case, Stale, reason, "Propose it as a new call if needed.")
        case _:
            return None
    return None


_UNKNOWN: Final = "an earlier attempt of this call started and has no known end; it is not repeated"
_RECONCILE: Final = "A person must find out what happened."


def _replay(case: Case, past: Past) -> Part:
    if past.ended.get("faithful"):
        return Outcome(past.ended["result"], replayed=True)
    reason = "it already ran and is not run again"
    return (yield from refuse(case, Stale, reason, f"Its result: {past.ended.get('result')}"))


# ── The one execution ────────────────────────────────────────────────────────────────────────


def _claim(
    case: Case, past: Past, decision: Decision, decided: Draft, request: ApprovalRequest | None
) -> Part:
    """Write the intent; whoever writes it first executes, everybody else is refused."""
    unmet = set(decision.obligations) - FULFILLABLE
    if unmet:
        reason = f"the gate can't keep the obligation `{min(unmet)}`"
        yield from refuse(case, Blocked, reason)
    key = case.nonce if case.free and request is None else past.generation
    tied = request.id if request else ""
    started = case.draft(EventKind.STARTED, {}, key, request=tied)
    fresh = yield from write(decided, started, until=case.until(tied))
    if fresh is not None and not fresh[-1]:
        yield from refuse(case, Stale, "this call is being executed or was executed already")
    again = past.round if case.call.repeatable else 0
    return Permit(started.id, case.identity.key("effect", again), tied)


def _execute(case: Case, decision: Decision, permit: Permit) -> Part:
    """Run under the permit and write the end, whatever it is."""

    def end(kind: EventKind, data: dict[str, Any]) -> Draft:
        return case.draft(kind, data, permit.id, request=permit.request)

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
        yield Write((drafted,), case.until(drafted.request))
    except StoreError as error:
        message = "the call ran and its end could not be written: find out what happened"
        raise OutcomeUnrecorded(message, result=result) from error


def _result(ran: Ran, decision: Decision) -> dict[str, Any]:
    """Return what is told of a result; a long one is cut unless it must be logged in full."""
    long = isinstance(ran.told, str) and len(ran.told) > MAX_RESULT
    if long and LOG_IN_FULL not in decision.obligations:
        return {"result": ran.told[:MAX_RESULT], "faithful": False}
    return {"result": ran.told, "faithful": ran.faithful}
