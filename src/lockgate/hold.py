"""A person's answer: the part of the plan that holds a call until exactly it is approved."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from lockgate.approve import State, expired, request_for, resolve, unheard
from lockgate.case import Case, Part, decided_draft, judge, look, refuse, write
from lockgate.decide import Verdict
from lockgate.errors import AnswerRefused, Blocked, Expired, Rejected, Stale, describe
from lockgate.past import Past
from lockgate.record import EventKind, resolved
from lockgate.redact import redact
from lockgate.steps import Admit, Ask, Known, Seek

if TYPE_CHECKING:
    from lockgate.approve import Answer, ApprovalRequest, Resolution
    from lockgate.decide import Decision
    from lockgate.evaluate import Facts
    from lockgate.record import Draft


def approved(case: Case, past: Past, decision: Decision, decided: Draft) -> Part:
    """Return the request with which a person has approved exactly this call; raise otherwise."""
    request: ApprovalRequest = past.request or (yield from _hold(case, past, decision, decided))
    resolution: Resolution | None = past.resolution
    for nth in count():
        resolution = resolution or (yield from _by_time(case, request))
        if resolution is not None and nth >= past.asks:
            break
        if nth >= max(past.asks, 1):
            yield from write(case.draft(EventKind.ASKED, {}, request.id, nth, request=request.id))
        answer: Answer | None = yield Ask(case.call, decision, request, nth, resolution)
        if resolution is None:
            resolution = yield from _answered(case, request, answer)
    return request, _checked(case, decision, request, resolution)


def adopted(case: Case, decided: Draft) -> Part:
    """Return the identity under which this very call is held already, if it is.

    Agents that are told that a call is held ask again, and their host gives the same call
    another identity. It takes on the earlier one for good: its request, its one execution and its
    result.
    """
    earlier: str = yield Seek(case.call)
    if earlier:
        told = {"call": earlier}
        yield from write(decided, case.draft(EventKind.ADOPTED, told))
    return earlier


def anew(case: Case, past: Past, facts: Facts, resolution: Resolution) -> Part:
    """Judge an approved call anew, as a person edited it and by the rulebook in force by now.

    What a judge forbids stays forbidden.
    """
    if case.outdated:
        case = case.renewed()
        known: Known = yield from look(case)
        facts = known.facts
    if resolution.arguments is not None:
        case = yield from _edited(case, resolution.arguments)
    decision = judge(case, facts)
    decided = decided_draft(case, past, decision, facts.now, {})
    if decision.verdict is Verdict.BLOCK:
        yield from write(decided)
        raise Blocked(decision.reason, call=case.call, decision=decision, tell=decision.tell)
    stale = _unheard(case, decision, resolution)
    if stale is not None:
        yield from write(decided)
        raise stale
    return case, decision, decided


def _edited(case: Case, arguments: dict[str, Any]) -> Part:
    try:
        admitted = yield Admit(case.call, arguments)
    except Exception as error:  # noqa: BLE001 - whatever the host's validation raises
        reason = f"the edited arguments do not fit the tool: {describe(error)}"
        yield from refuse(case, Stale, reason)
    return case.edited(admitted)


def _hold(case: Case, past: Past, decision: Decision, decided: Draft) -> Part:
    arguments = redact(dict(case.call.arguments.view)).value
    request = request_for(
        case.call,
        decision,
        action=case.profile.action.id,
        arguments=arguments,
        now=case.clock(),
        seconds=case.policy.approval_seconds,
        nth=(past.generation, past.held),
    )
    told = {"request": request.to_dict()}
    held = case.draft(EventKind.HELD, told, request.id, request=request.id)
    yield from write(decided, held)
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
    yield from write(resolved(case.call.identity, request.id, ended.to_dict(), case.clock()))
    return (yield from _resolution(case))


def _resolution(case: Case) -> Part:
    known: Known = yield from look(case)
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
    stale = _unheard(case, decision, resolution)
    if stale is not None:
        raise stale
    return resolution


def _unheard(case: Case, decision: Decision, resolution: Resolution) -> Stale | None:
    """Return the refusal if the rules that hold the call now do not name who answered."""
    wanted = unheard(decision.approvers, resolution.by)
    if not wanted:
        return None
    names = ", ".join(f"`{name}`" for name in wanted)
    reason = f"{resolution.by} approved it, and what would run is for {names} to approve"
    return Stale(reason, call=case.call, decision=decision)
