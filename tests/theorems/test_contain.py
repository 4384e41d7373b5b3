"""The life of a call: every law, in every world, with every fault at every step, both drivers."""

from __future__ import annotations

from itertools import islice, product

import pytest

from theorems.drivers import AsyncDriver, begun_driver, sync_driver
from theorems.lives import Life, lives
from theorems.worlds import (
    AT_EACH_STEP,
    EARLIER,
    EFFECTS,
    IDENTITIES,
    ONCE,
    PERSONS,
    VERDICTS,
    Fault,
    World,
)


@pytest.fixture(scope="module")
def async_driver():
    driver = AsyncDriver()
    yield driver
    driver.loop.close()


def lived_alike(world, driver, other):
    """Live every life of a world with two drivers, and yield it when both went the same way."""
    both = zip(lives(world, driver), lives(world, other), strict=True)
    # Where nobody is asked, it makes no difference what a person would answer.
    nobody_asks = world.verdict != "REQUIRE_APPROVAL" and world.person not in {"none", *EARLIER}
    for one, two in islice(both, 1 + len(ONCE)) if nobody_asks else both:
        one.live()
        two.live()
        assert one.kinds == two.kinds, (world, one.fault)
        assert one.outcomes == two.outcomes, (world, one.fault)
        yield one


@pytest.mark.parametrize("person", PERSONS)
@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_law_holds_in_every_world_with_both_drivers(verdict, person, async_driver):
    lived = 0
    for effect, identity in product(EFFECTS, IDENTITIES):
        world = World(verdict, person, effect, identity)
        lived += sum(1 for _ in lived_alike(world, sync_driver, async_driver))
    assert lived >= len(EFFECTS) * len(IDENTITIES) * (1 + len(ONCE))


@pytest.mark.parametrize("person", ["none", "approved", "says yes"])
@pytest.mark.parametrize("verdict", ["ALLOW", "REQUIRE_APPROVAL"])
def test_every_law_holds_for_hosts_that_execute_by_themselves(verdict, person):
    for effect, identity in product(("effect", "read"), IDENTITIES):
        world = World(verdict, person, effect, identity)
        assert all(life.outcomes for life in lived_alike(world, sync_driver, begun_driver))


def test_every_fault_really_happens_somewhere():
    worlds = [
        World("REQUIRE_APPROVAL", person, "effect", "host") for person in ("says yes", "edits")
    ]
    lived = [life.live() for world in worlds for life in lives(world, sync_driver)]
    assert {life.fault.what for life in lived if life.fired} == {*ONCE, *AT_EACH_STEP}


def life(world, what="nothing", nth=1):
    return Life(World(*world), Fault(what, nth)).live()


HOST = ("ALLOW", "none", "effect", "host")


def test_a_call_that_is_allowed_runs_once_and_is_then_told_from_the_record():
    lived = life(HOST)
    assert lived.outcomes == ["ran", "replayed", "replayed"]
    assert (lived.effects, lived.kinds) == (1, ["decided", "started", "completed"])


def test_a_call_that_is_blocked_is_recorded_and_never_starts():
    lived = life(("BLOCK", "none", "effect", "host"))
    assert (lived.effects, lived.kinds) == (0, ["decided"])


def test_a_held_call_runs_once_after_a_person_approved_it():
    lived = life(("REQUIRE_APPROVAL", "approved", "effect", "host"))
    assert lived.outcomes == ["ran", "replayed", "replayed"]
    assert lived.kinds == ["decided", "held", "resolved", "started", "completed"]


def test_the_same_call_without_identity_needs_a_new_approval_each_time():
    lived = life(("REQUIRE_APPROVAL", "approved", "effect", "thread"))
    assert lived.outcomes == ["ran", "PendingApproval", "PendingApproval"]
    assert lived.effects == 1


def test_a_crash_between_the_start_and_its_end_is_told_and_not_repeated():
    before, after = life(HOST, "crash before", 3), life(HOST, "crash after", 3)
    assert before.outcomes == after.outcomes == ["Crash", "OutcomeUnknown"]
    assert (before.effects, after.effects) == (0, 1)


def test_a_crash_before_the_start_changes_nothing():
    lived = life(HOST, "crash before", 2)
    assert lived.outcomes == ["Crash", "ran"]
    assert lived.effects == 1


def test_what_is_idempotent_is_tried_again_with_the_same_key():
    lived = life(("ALLOW", "none", "idempotent", "host"), "crash after", 3)
    assert lived.outcomes == ["Crash", "ran"]
    assert (lived.effects, len(lived.used), len(lived.keys)) == (2, 2, 1)


def test_a_read_may_run_again():
    lived = life(("ALLOW", "none", "read", "host"), "crash after", 3)
    assert lived.outcomes == ["Crash", "ran"]


def test_nothing_runs_when_the_start_can_not_be_written():
    lived = life(HOST, "append fails", 1)
    assert lived.outcomes == ["Unrecorded", "ran"]
    assert lived.effects == 1


def test_an_end_that_can_not_be_written_is_told_with_its_own_error():
    lived = life(HOST, "append fails", 2)
    assert lived.outcomes == ["OutcomeUnrecorded", "OutcomeUnknown"]
    assert lived.effects == 1


def test_a_tool_that_failed_is_not_tried_again_by_itself():
    lived = life(HOST, "tool raises")
    assert lived.outcomes == ["Boom", "Stale", "Stale"]
    assert "failed" in lived.kinds


def test_a_tool_that_was_cancelled_has_an_unknown_end():
    lived = life(HOST, "tool is cancelled")
    assert lived.outcomes == ["CancelledError", "OutcomeUnknown", "OutcomeUnknown"]
    assert "abandoned" in lived.kinds


def test_a_pause_of_the_host_is_not_a_failure():
    lived = life(HOST, "tool pauses")
    assert lived.outcomes == ["Suspended", "ran", "replayed"]
    assert lived.kinds.count("suspended") == 1


def test_of_two_attempts_at_once_one_runs():
    lived = life(HOST, "rival before", 2)
    assert lived.outcomes == ["ran", "Stale", "replayed"]
    assert lived.effects == 1
