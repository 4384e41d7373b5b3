"""Planted faults: each weakens the core in one place, and a named law must notice it."""

from __future__ import annotations
import __future__

import importlib
import inspect
import types
from itertools import chain, islice, product
from typing import NamedTuple

import pytest

from theorems.bags import THEOREMS
from theorems.drivers import sync_driver
from theorems.lives import Broken, Core, lives
from theorems.worlds import EFFECTS, IDENTITIES, ONCE, PERSONS, VERDICTS, World

PLAN = ("case", "hold", "contain")
ORDER = ("approve", "past", "decide", *PLAN)


class Mutant(NamedTuple):
    """Edits by module, and the law or theorem that notices them."""

    noticed_by: str
    edits: dict[str, tuple[str, str]]


def contain(noticed_by, old, new):
    """Edit the plan, in whichever of its files the text stands."""
    sources = {
        name: inspect.getsource(importlib.import_module(f"lockgate.{name}")) for name in PLAN
    }
    where = next((name for name in PLAN if old in sources[name]), "contain")
    return Mutant(noticed_by, {where: (old, new)})


def past(noticed_by, old, new):
    return Mutant(noticed_by, {"past": (old, new)})


def decide(noticed_by, old, new):
    return Mutant(noticed_by, {"decide": (old, new)})


MUTANTS = {
    "started is not written before the run": contain(
        "no_run_without_started",
        "write(decided, started,",
        "write(decided,",
    ),
    "the start of an effect does not wait for the disk": contain(
        "an_effect_waits_for_the_disk",
        "started, until=case.until(tied))",
        "started, until=type(case.until(tied)).LEFT)",
    ),
    "whether the start was new is ignored": contain(
        "what_ran_is_not_run_again", "if fresh is not None and not fresh[-1]:", "if False:"
    ),
    "every attempt may claim": contain(
        "what_ran_is_not_run_again",
        "key = case.nonce if case.free and request is None else past.generation",
        "key = case.nonce",
    ),
    "started is taken for new": contain(
        "an_unknown_end_is_told",
        "case Stage.STARTED | Stage.ABANDONED if",
        "case Stage.ABANDONED if",
    ),
    "abandoned is taken for new": contain(
        "an_unknown_end_is_told", "case Stage.STARTED | Stage.ABANDONED if", "case Stage.STARTED if"
    ),
    "a failed call is run again": contain(
        "what_failed_is_told", "case Stage.FAILED if", "case Stage.FAILED if False and"
    ),
    "a completed call is run again": contain(
        "what_completed_is_told_again",
        "case Stage.COMPLETED if",
        "case Stage.COMPLETED if False and",
    ),
    "a call in a thread is tied to nothing": contain(
        "an_unknown_end_is_told",
        "return self.reads or (self.call.repeatable and not self.call.thread)",
        "return True",
    ),
    "a store that fails is taken for one that works": contain(
        "no_run_without_started",
        'raise Unrecorded("the record could not be written: nothing was executed") from error',
        "return tuple(True for _ in drafts)",
    ),
    "an end that is not written is not told": contain(
        "every_run_has_an_end",
        "        raise OutcomeUnrecorded(message, result=result) from error",
        "        del message, error",
    ),
    "a tool that raises has no end": contain(
        "every_run_has_an_end",
        'yield from _write_end(case, end(EventKind.FAILED, {"error": describe(error)}))',
        "pass",
    ),
    "a cancelled tool has no end": contain(
        "every_run_has_an_end",
        'yield from _write_end(case, end(EventKind.ABANDONED, {"error": type(error).__name__}))',
        "pass",
    ),
    "a pause is taken for a failure": contain(
        "an_end_says_what_happened", "end(EventKind.SUSPENDED, {})", "end(EventKind.FAILED, {})"
    ),
    "a blocked call goes on": contain(
        "the_world_is_as_expected",
        "took)\n    if decision.verdict is Verdict.BLOCK:",
        "took)\n    if False:",
    ),
    "an edit is not judged anew": contain(
        "the_world_is_as_expected",
        "{})\n    if decision.verdict is Verdict.BLOCK:",
        "{})\n    if False:",
    ),
    "an edit is not what runs": contain(
        "what_runs_is_what_was_approved", "if resolution.arguments is not None:", "if False:"
    ),
    "an edit makes it another call": contain(
        "no_run_without_started",
        "return replace(self, call=call, profile=profile)",
        "return replace(self, call=call, profile=profile, identity=call.identity)",
    ),
    "an answer in the tool's place does not keep the tool from running": contain(
        "the_world_is_as_expected", "if resolution.state is State.ANSWERED:", "if False:"
    ),
    "a held call goes on": contain(
        "the_world_is_as_expected",
        "if decision.verdict is Verdict.REQUIRE_APPROVAL or request is not None:",
        "if request is not None:",
    ),
    "a standing request is forgotten when a rule allows": contain(
        "the_world_is_as_expected",
        "if decision.verdict is Verdict.REQUIRE_APPROVAL or request is not None:",
        "if decision.verdict is Verdict.REQUIRE_APPROVAL:",
    ),
    "a rejection is taken for an approval": contain(
        "the_world_is_as_expected", "if resolution.state is State.REJECTED:", "if False:"
    ),
    "an approval is good for ever": contain(
        "the_world_is_as_expected",
        "if resolution.state is State.EXPIRED or case.clock() >= request.expires_at:",
        "if resolution.state is State.EXPIRED:",
    ),
    "an expired request is taken for an approved one": contain(
        "the_world_is_as_expected",
        "if resolution.state is State.EXPIRED or case.clock() >= request.expires_at:",
        "if False:",
    ),
    "a request never expires": contain(
        "the_world_is_as_expected", "ended = expired(request, case.clock())", "ended = None"
    ),
    "the approval of another call is taken for this one's": Mutant(
        "the_world_is_as_expected",
        {
            "past": ("if event.fingerprint == call.fingerprint:", "if True:"),
            "hold": ("or request.fingerprint != case.call.fingerprint:", "or False:"),
        },
    ),
    "an approval outlives the call that used it": past(
        "an_approval_is_used_once", "        if event.kind in _ENDS:", "        if False:"
    ),
    "an unfinished start is not seen": past(
        "an_unknown_end_is_told", "stage=Stage.STARTED, generation", "stage=Stage.NEW, generation"
    ),
    "a lapsed approval stands in the way for ever": past(
        "the_world_is_as_expected", "or self.stage is not Stage.HELD:", "or True:"
    ),
    "an agent may answer for itself": Mutant(
        "the_world_is_as_expected",
        {
            "approve": (
                "if answer.by.strip().casefold() == request.agent.strip().casefold():",
                "if False:",
            )
        },
    ),
    "a pause is taken for a cancellation": contain(
        "an_end_says_what_happened", "except Suspended:", "except ZeroDivisionError:"
    ),
    "a judge that failed may grant": decide(
        "error_never_allows", "if finding.erred:", "if finding.erred is None:"
    ),
    "a lower layer may grant": decide(
        "a_lower_layer_never_loosens",
        "return None if finding.within and _granted([finding.kind]) else finding.kind",
        "return finding.kind",
    ),
    "a hold is taken for a grant": decide(
        "allowed_iff_granted_and_unopposed",
        "if Kind.HOLD in kinds or Kind.GRANT not in kinds:",
        "if Kind.GRANT not in kinds:",
    ),
    "a grant that needs approval does not": decide(
        "allowed_iff_granted_and_unopposed",
        "if Kind.HOLD in kinds or Kind.GRANT not in kinds:",
        "if Kind.HOLD in kinds:",
    ),
    "what nobody grants is allowed": decide(
        "default_deny",
        "if Kind.FORBID in kinds or not _granted(kinds):",
        "if Kind.FORBID in kinds:",
    ),
    "a grant outweighs a forbid": decide(
        "forbid_trumps_grant",
        "if Kind.FORBID in kinds or not _granted(kinds):",
        "if not _granted(kinds):",
    ),
    "more grants tighten": decide(
        "a_grant_never_tightens",
        "if Kind.HOLD in kinds or Kind.GRANT not in kinds:",
        "if set(kinds) != {Kind.GRANT}:",
    ),
}


def planted(mutant):
    """Return the core and the combination with the mutant's edits in them."""
    changed = {}
    for name in ORDER:
        module = importlib.import_module(f"lockgate.{name}")
        if name == "approve":
            if name in mutant.edits:
                changed[name] = types.SimpleNamespace(
                    resolve=_function(module.resolve, *mutant.edits[name])
                )
        elif name in mutant.edits or name in PLAN:
            changed[name] = _module(module, *mutant.edits.get(name, ("", "")), changed)
    combine = changed.get("decide", importlib.import_module("lockgate.decide")).combine
    return Core(changed["contain"].contain, changed["contain"].Case), combine


def _edited(source, old, new):
    assert not old or source.count(old) == 1, f"the text to change is not there once: {old}"
    return source.replace(old, new) if old else source


def _function(original, old, new):
    """Return a function from edited source that sees everything the original sees."""
    space = dict(vars(importlib.import_module(original.__module__)))
    source = _edited(inspect.getsource(original), old, new)
    code = compile(source, "<mutant>", "exec", flags=__future__.annotations.compiler_flag)
    exec(code, space)  # noqa: S102 - planting a fault
    return space[original.__name__]


def _module(original, old, new, changed):
    """Return a module from edited source, wired to what has been changed before it."""
    mutant = types.ModuleType(original.__name__)
    code = compile(_edited(inspect.getsource(original), old, new), "<mutant>", "exec")
    exec(code, vars(mutant))  # noqa: S102 - planting a fault
    for name in list(vars(mutant)):
        for other in changed.values():
            if hasattr(other, name) and not name.startswith("__"):
                setattr(mutant, name, getattr(other, name))
    return mutant


WORLDS = sorted(
    (World(*parts) for parts in product(VERDICTS, PERSONS, EFFECTS, IDENTITIES)),
    key=lambda world: (world.effect != "effect", world.identity == "nowhere"),
)
"""All worlds, those first in which most of what can go wrong is seen."""


def law_is_broken(law, core):
    """Live in world after world until the law is broken; first without faults at each step."""
    telling = WORLDS[: len(WORLDS) // len(EFFECTS)]
    simple = (islice(lives(world, sync_driver, core), 1 + len(ONCE)) for world in telling)
    faulty = (lives(world, sync_driver, core) for world in WORLDS)
    for life in chain.from_iterable(chain(simple, faulty)):
        try:
            life.live()
        except Broken:
            if law in {breach.law for breach in life.breaches}:
                return True
    return False


def theorem_is_broken(name, combine):
    try:
        THEOREMS[name](combine)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("name", MUTANTS)
def test_the_named_law_notices(name):
    mutant = MUTANTS[name]
    core, combine = planted(mutant)
    if mutant.noticed_by in THEOREMS:
        assert theorem_is_broken(mutant.noticed_by, combine)
    else:
        assert law_is_broken(mutant.noticed_by, core)


def test_without_a_mutation_nothing_is_noticed():
    """The machinery that plants faults plants none by itself."""
    core, combine = planted(Mutant("", {}))
    for name in THEOREMS:
        assert not theorem_is_broken(name, combine)
    for world in [World(verdict, "says yes", "effect", "host") for verdict in VERDICTS]:
        for life in lives(world, sync_driver, core):
            life.live()
