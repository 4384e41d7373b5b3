"""Lives of a call in a world, and the laws that hold in each of them.

One life is an attempt with one fault, and attempts after it without. The laws are
checked while the real plan is run by the real drivers; they read nothing but the record
and what happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from lockgate import contain as plan_module
from lockgate.approve import Answer, ApprovalRequest, Choice, resolve
from lockgate.errors import ChainError, OutcomeUnrecorded, Refused, Suspended, Unrecorded
from lockgate.evaluate import Facts
from lockgate.gather import LAST_ROUND
from lockgate.record import Event, EventKind, resolved, verify
from lockgate.steps import Admit, Ask, Known, Look, Ran, Run, Step, Until, Write
from lockgate.stores.memory import MemoryStore
from lockgate.testing import FaultyStore, FrozenClock
from theorems.drivers import sync_driver
from theorems.worlds import (
    AT_EACH_STEP,
    CALLS,
    CHOICES,
    EARLIER,
    EDITED,
    KINDS_OF_TOOL,
    NO_FAULT,
    ONCE,
    ORDER,
    OTHER_CALLS,
    POLICIES,
    SECONDS,
    TOO_FAR,
    VALUE,
    Boom,
    Crash,
    Fault,
    Pause,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lockgate.call import ToolCall

ENDS = (EventKind.COMPLETED, EventKind.FAILED, EventKind.SUSPENDED, EventKind.ABANDONED)


class Broken(AssertionError):
    """A law does not hold."""

    def __init__(self, law: str, life: Life, why: object = "") -> None:
        super().__init__(f"{law}: {life.world} {life.fault} {life.outcomes} {why}")
        self.law = law


class Core(NamedTuple):
    """The plan under test; a mutant has another."""

    contain: Callable[[Any], Any] = plan_module.contain
    case: type = plan_module.Case


REAL = Core()


@dataclass(slots=True)
class Life:
    """Attempts of one call in one world."""

    world: World
    fault: Fault = NO_FAULT
    driver: Callable[..., Any] = sync_driver
    core: Core = REAL
    clock: FrozenClock = field(default_factory=FrozenClock)
    memory: MemoryStore = field(default_factory=MemoryStore)
    store: Any = None
    call: ToolCall = None  # type: ignore[assignment]
    fired: bool = False
    dead: bool = False
    effects: int = 0
    keys: dict[int, set[str]] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    ending: dict[str, EventKind] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    breaches: list[Broken] = field(default_factory=list)
    nonce: Any = field(default_factory=count)
    step: int = 0

    def __post_init__(self) -> None:
        self.call = CALLS[self.world.identity]
        what, nth = self.fault
        failing = {what.removesuffix(" fails"): (nth,)} if what.endswith(" fails") else {}
        self.store = self.memory
        self._before()
        self.store = FaultyStore(self.memory, **failing)

    # ── What happens ─────────────────────────────────────────────────────────────────────

    def live(self) -> Life:
        """Attempt with the fault, then without, and check every law."""
        self.attempt()
        self.fired |= max(self.store.appends, self.store.looks) >= self.fault.nth > 0 and (
            self.fault.what in {"append fails", "look fails"}
        )
        self.store, faulty = self.memory, self.fault
        self.dead, self.fault = False, NO_FAULT
        for _ in range(1 if faulty.what in AT_EACH_STEP else 2):
            self.attempt()
        self.fault = faulty
        self._whole()
        if self.breaches:
            raise self.breaches[0]
        return self

    def attempt(self) -> None:
        """Drive the plan once, and check what must hold after any attempt."""
        ran_before, self.step = len(self.used), 0
        foreseen = self._foreseen()
        outcome = self._drive(self.world.verdict, self.call)
        self.outcomes.append(outcome)
        self._after(outcome, self.used[ran_before:])
        if self.fault == NO_FAULT and foreseen:
            law, expected = foreseen
            self.law(law, outcome == expected, f"expected {expected}")

    def _drive(self, verdict: str, call: ToolCall) -> str:
        plan = self.core.contain(self._case(verdict, call))
        try:
            outcome = self.driver(plan, self.perform)
        except (Refused, Unrecorded, Suspended, Boom, Crash, asyncio.CancelledError) as error:
            return type(error).__name__
        except Exception as error:  # noqa: BLE001 - a raw error is what the law forbids
            return f"raw {type(error).__name__}"
        self.law("the_value_is_the_tools", outcome.value == VALUE, outcome)
        if outcome.answered:
            return "answered"
        return "replayed" if outcome.replayed else "ran"

    def _case(self, verdict: str, call: ToolCall) -> Any:
        return self.core.case(
            call=call,
            identity=call.identity,
            profile=KINDS_OF_TOOL[self.world.effect].plain,
            idempotent=self.world.effect == "idempotent",
            policy=POLICIES[verdict],
            clock=self.clock,
            timer=lambda: 0,
            nonce=f"nonce-{next(self.nonce)}",
        )

    def perform(self, step: Step) -> Any:
        self.step += 1
        self._strike("before")
        reply = self._do(step)
        self._strike("after")
        return reply

    def _strike(self, when: str) -> None:
        """Let the fault happen, if this is its step."""
        if self.dead:
            raise Crash
        if self.fired or (self.fault.what.split()[-1], self.fault.nth) != (when, self.step):
            return
        self.fired = True
        match self.fault.what.split()[0]:
            case "crash":
                self.dead = True
                raise Crash
            case "cancel":
                raise asyncio.CancelledError
            case "rival":
                mine = self.step, self.driver
                self.driver = sync_driver
                self.attempt()
                self.step, self.driver = mine

    def _do(self, step: Step) -> Any:
        match step:
            case Look():
                return Known(self._past(step), Facts(now=self.clock()))
            case Write():
                return self._write(step)
            case Ask():
                return self._ask(step)
            case Admit():
                return self._admit(step)
            case Run():
                return self._run(step)

    def _past(self, step: Look) -> tuple[Event, ...]:
        if not step.tied:
            return self.store.requests_of(step.call.thread, step.call.id)
        latest = LAST_ROUND if step.call.repeatable else None
        return self.store.of_call(step.call.thread, step.call.id, latest)

    def _write(self, step: Write) -> tuple[bool, ...]:
        told = {drafted.kind for drafted in step.drafts}
        waits = self.world.effect != "read" and told & {EventKind.STARTED, *ENDS}
        self.law("an_effect_waits_for_the_disk", step.until is Until.FLUSHED or not waits, told)
        match step.until:
            case Until.FLUSHED:
                return self.store.append(step.drafts)
            case Until.APPENDED:
                return self.store.note(step.drafts)
            case Until.LEFT:
                fresh = [drafted.id not in self.memory._ids for drafted in step.drafts]
                self.law("what_is_left_is_new", all(fresh), told)
                return self.store.leave(step.drafts)

    def _fails(self, what: str) -> bool:
        hit = self.fault.what == what and not self.fired
        self.fired |= hit
        return hit

    def _ask(self, step: Ask) -> Answer | None:
        if self._fails("ask pauses"):
            raise Suspended(Pause())
        if self._fails("ask raises"):
            raise Boom
        if step.resolution is not None:
            return None
        by = step.request.agent if self.world.person == "answers itself" else "ann"
        if self.world.person in {"none", *EARLIER} or step.nth:
            raise step.pending()
        if self.world.person == "says yes late":
            self.clock.advance(SECONDS)
        choice = CHOICES.get(self.world.person, Choice.APPROVE)
        order = TOO_FAR if self.world.person == "edits too far" else EDITED
        return Answer(choice=choice, by=by, comment=VALUE, arguments={"order": order})

    def _admit(self, step: Admit) -> Mapping[str, Any]:
        if self._fails("edit does not fit"):
            raise Boom
        return step.arguments

    def _round(self) -> int:
        """Count the ends so far: without an identity of its own, a call after an end is another."""
        if self.world.identity == "host":
            return 0
        return len(self.memory.of_kind(EventKind.COMPLETED, EventKind.FAILED))

    def _run(self, step: Run) -> Ran:
        self._may_run(step)
        self.used.append(step.permit.id)
        self.keys.setdefault(self._round(), set()).add(step.permit.idempotency_key)
        if self._fails("tool pauses"):
            self.ending[step.permit.id] = EventKind.SUSPENDED
            raise Suspended(Pause())
        self.effects += 1
        if self._fails("tool raises"):
            self.ending[step.permit.id] = EventKind.FAILED
            raise Boom
        if self._fails("tool is cancelled"):
            self.ending[step.permit.id] = EventKind.ABANDONED
            raise asyncio.CancelledError
        return Ran.of(VALUE)

    def _before(self) -> None:
        """Let an earlier attempt be held, and a person do what this world says."""
        if self.world.person not in EARLIER:
            return
        identity = self.world.identity
        call = (OTHER_CALLS if self.world.person == "another" else CALLS)[identity]
        fault, self.fault = self.fault, NO_FAULT
        outcome = self._drive("REQUIRE_APPROVAL", call)
        self.fault = fault
        self.law("the_world_is_as_expected", outcome == "PendingApproval", outcome)
        if self.breaches:
            return
        if self.world.person in {"approved", "rejected", "lapsed", "another"}:
            self._answer(call, Choice.REJECT if self.world.person == "rejected" else Choice.APPROVE)
        if self.world.person in {"expired", "lapsed"}:
            self.clock.advance(SECONDS)

    def _answer(self, call: ToolCall, choice: Choice) -> None:
        (held,) = self.memory.unresolved()
        request = ApprovalRequest.from_dict(held.data["request"])
        told = resolve(request, Answer(choice=choice, by="ann"), self.clock()).to_dict()
        self.memory.append([resolved(call.identity, request.id, told, self.clock())])

    # ── The laws ─────────────────────────────────────────────────────────────────────────

    def law(self, name: str, holds: object, why: object = "") -> None:
        if not holds:
            self.breaches.append(Broken(name, self, why))

    @property
    def kinds(self) -> list[str]:
        """What was recorded, in order."""
        return [event.kind.value for event in self.memory.page()]

    def events(self, *kinds: EventKind) -> list[Event]:
        mine = [e for e in self.memory.page() if e.fingerprint == self.call.fingerprint]
        return [event for event in mine if not kinds or event.kind in kinds]

    def _may_run(self, step: Run) -> None:
        """Check what must hold in the moment of a `Run`."""
        started = [event.id for event in self.events(EventKind.STARTED)]
        request, approvals = self._standing()
        request = self._named(step) or request
        tied = request is not None or not self.world.free
        repeated = tied and self.world.effect != "idempotent" and self.effects
        ended = len(self.events(EventKind.COMPLETED, EventKind.FAILED))
        self.law("no_run_without_started", step.permit.id in started)
        self.law("a_permit_is_used_once", step.permit.id not in self.used)
        edited = self._edited(request) or {"order": ORDER}
        self.law("what_runs_is_what_was_approved", step.call.arguments.view == edited, edited)
        self.law("only_what_may_run_runs", self._permitted(request))
        self.law("what_ran_is_not_run_again", not (repeated and self.world.identity == "host"))
        self.law("an_unknown_end_is_not_repeated", not repeated or ended >= self.effects)
        if request is not None and self.world.effect != "idempotent":
            self.law("an_approval_is_used_once", approvals > self.effects, approvals)

    def _named(self, step: Run) -> ApprovalRequest | None:
        """Return the request that the start of this run names."""
        named = [event.request for event in self.events() if event.id == step.permit.id]
        held = [event for event in self.events(EventKind.HELD) if event.request in named]
        return ApprovalRequest.from_dict(held[0].data["request"]) if held else None

    def _standing(self) -> tuple[ApprovalRequest | None, int]:
        """Return the request that stands for this call, if any, and how often it was approved."""
        request, approvals = None, 0
        for event in self.events():
            if event.kind is EventKind.HELD:
                request = ApprovalRequest.from_dict(event.data["request"])
            elif event.kind is EventKind.RESOLVED and request is not None:
                approvals += event.data["state"] == "approved"
                over = self.call.repeatable and self.clock() >= request.expires_at
                request = None if over else request
            elif self.call.repeatable and event.kind in {EventKind.COMPLETED, EventKind.FAILED}:
                request = None
        return request, approvals

    def _edited(self, request: ApprovalRequest | None) -> dict[str, Any] | None:
        """Return the arguments as a person edited them, if one did."""
        ended = [e.data for e in self.events(EventKind.RESOLVED) if request]
        return next((e["arguments"] for e in reversed(ended) if e["state"] == "approved"), None)

    def _permitted(self, request: ApprovalRequest | None) -> bool:
        if request is None or self.world.verdict == "BLOCK":
            return self.world.verdict == "ALLOW"
        ended = [e.data for e in self.events(EventKind.RESOLVED) if e.request == request.id]
        approved = bool(ended) and ended[0]["state"] == "approved" and ended[0]["by"] == "ann"
        return approved and self.clock() < request.expires_at

    def _after(self, outcome: str, permits: list[str]) -> None:
        """Check what must hold after every attempt, whatever happened in it."""
        self.law("errors_are_told_as_our_own", not outcome.startswith("raw"), outcome)
        told = {event.id for event in self.events(*ENDS)}
        keys = self.call.identity.key
        for permit in permits:
            ends = [kind for kind in ENDS if keys(kind.value, permit) in told]
            wanted = self.ending.get(permit)
            excused = {OutcomeUnrecorded.__name__, "Crash"}
            if self.fault.what.startswith("cancel"):
                excused |= {"CancelledError"}
            self.law("every_run_has_an_end", ends or outcome in excused, outcome)
            self.law("an_end_says_what_happened", not ends or wanted in {None, *ends}, outcome)
        if outcome in {"Unrecorded", "replayed", "OutcomeUnknown", "Stale", "Blocked", "answered"}:
            rival = self.fault.what.startswith("rival")
            self.law("who_is_refused_did_not_run", not permits or rival, outcome)

    def _whole(self) -> None:
        """Check what must hold at the end of a life."""
        keys = {key for found in self.keys.values() for key in found}
        self.law("a_call_has_one_idempotency_key", len(keys) <= len(self.keys), self.keys)
        try:
            verify(self.memory.page())
        except ChainError as error:
            self.law("the_chain_holds", holds=False, why=error)

    def _foreseen(self) -> tuple[str, str] | None:
        """Return what the record says that the next attempt leads to, and by which law."""
        turns = self.events(EventKind.STARTED, *ENDS)
        if not turns:
            fresh = not self.outcomes
            return ("the_world_is_as_expected", self.world.expected) if fresh else None
        request, _ = self._standing()
        if request is None and self.world.free:
            return None
        retried = self.world.effect == "idempotent"
        host = self.world.identity == "host"
        match turns[-1].kind:
            case EventKind.STARTED | EventKind.ABANDONED:
                return ("an_unknown_end_is_told", "ran" if retried else "OutcomeUnknown")
            case EventKind.SUSPENDED:
                return ("what_paused_goes_on", "ran")
            case EventKind.COMPLETED if host:
                return ("what_completed_is_told_again", "replayed")
            case EventKind.FAILED if host:
                return ("what_failed_is_told", "ran" if retried else "Stale")
        return None


def lives(world: World, driver: Callable[..., Any], core: Core = REAL) -> Iterator[Life]:
    """Yield every life in a world: one without a fault, and one for each fault at each step."""
    yield Life(world, NO_FAULT, driver, core)
    for what in ONCE:
        yield Life(world, Fault(what, 1), driver, core)
    for what in AT_EACH_STEP:
        for nth in count(1):
            life = Life(world, Fault(what, nth), driver, core)
            yield life
            if not life.fired:
                break
