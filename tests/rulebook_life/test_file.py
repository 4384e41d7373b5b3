"""A gate follows the file of its rulebook: whole changes, and none that is wrong."""

from __future__ import annotations

import asyncio
import gc
import os
import threading

import pytest

from lockgate import Blocked, Gate, Rulebook, RulebookError, WiringError, in_force
from lockgate.errors import StoreError
from lockgate.rulebook import watch
from rulebook_life.conftest import NEW, OLD, rule, rules, signed, told

pytestmark = pytest.mark.usefixtures("always")
BROKEN = "rules: [{id: a, then: maybe, reason: a test}]"


def test_the_call_after_an_edit_is_judged_by_it(place):
    place.write(rules("allow"))
    gate = place.gate()
    contained = gate.contained(lambda amount: amount)
    assert (contained(1), rule(gate)) == (1, "allow")
    before = gate.rulebook.revision
    place.write(rules("block"))
    assert rule(gate) == "block"
    assert gate.rulebook.revision != before
    assert gate.health.revision == gate.rulebook.revision
    assert gate.health.origin == str(place.file)
    assert gate.health
    assert told(gate) == ["enforced", "enforced"]


def test_between_two_looks_a_call_pays_for_none(place, monkeypatch):
    monkeypatch.setattr(in_force, "LOOK_SECONDS", 3600)
    looks = []
    seen = watch._seen
    monkeypatch.setattr(watch, "_seen", lambda path: looks.append(path) or seen(path))
    place.write(rules("allow"))
    gate = place.gate()
    for _ in range(10):
        assert rule(gate) == "allow"
    assert len(looks) == 1
    place.write(rules("block"))
    assert rule(gate) == "allow"
    assert gate.reload().revision == gate.rulebook.revision
    assert rule(gate) == "block"


def test_a_gate_that_follows_nothing_never_looks(place, monkeypatch):
    def look(path):
        raise AssertionError("nobody asked to follow the file")

    monkeypatch.setattr(watch, "_seen", look)
    place.write(rules("allow"))
    gate = place.gate(reload=None)
    place.write(rules("block"))
    assert rule(gate) == "allow"
    with pytest.raises(WiringError, match="nothing is followed"):
        gate.reload()
    assert told(gate) == []


def test_the_old_one_stays_in_force_when_the_new_one_is_wrong(place):
    place.write(rules("allow"))
    gate = place.gate()
    place.write(BROKEN)
    for _ in range(3):
        assert rule(gate) == "allow"
    assert not gate.health
    (fault,) = gate.health.faults
    assert f"{place.file}:1:23: `maybe` is not one of" in fault
    assert told(gate) == ["enforced", "kept"]
    kept = gate.store.page()[-1].data
    assert kept["revision"] == gate.rulebook.revision
    assert (kept["file"], kept["line"], kept["column"]) == (str(place.file), 1, 23)
    place.write(rules("block"))
    assert rule(gate) == "block"
    assert gate.health


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"rules: [",
        b"\xff\xfe\x00",
        b"a: &a [*a]",
        b"rules: 7",
        b"\0" * 100,
        signed("block", 1),
    ],
)
def test_nothing_that_a_file_can_hold_fails_a_call(place, content):
    place.write(rules("allow"))
    gate = place.gate()
    place.write(content)
    assert rule(gate) == "allow"
    assert not gate.health


def test_what_is_put_back_as_it_was_is_well_again(place):
    place.write(rules("allow"))
    gate = place.gate()
    place.write(BROKEN)
    assert rule(gate) == "allow"
    assert not gate.health
    place.write(rules("allow"))
    assert rule(gate) == "allow"
    assert gate.health
    assert told(gate) == ["enforced", "kept"]


def test_a_file_that_is_gone_changes_nothing_until_it_is_back(place):
    place.write(rules("allow"))
    gate = place.gate()
    place.file.unlink()
    assert [rule(gate) for _ in range(3)] == ["allow"] * 3
    assert "can't be read" in gate.health.faults[0]
    place.write(rules("block"))
    assert rule(gate) == "block"


def test_a_file_that_is_gone_for_a_moment_is_no_fault(place):
    place.write(rules("allow"))
    gate = place.gate()
    rule(gate)
    place.file.unlink()
    rule(gate)
    assert gate.health
    place.write(rules("block"))
    assert rule(gate) == "block"
    assert told(gate) == ["enforced", "enforced"]


def test_a_file_that_somebody_is_still_writing_is_not_taken(place):
    place.write("rules:\n- {id: a, then: allow, reason: r}\n- {id: b, then: block, reason: r}\n")
    gate = place.gate()
    assert rule(gate) == "b"
    place.write("rules:\n- {id: a, then: allow, reason: r}\n", rested=False)
    assert rule(gate) == "b"
    place.write("rules:\n- {id: a, then: allow, reason: r}\n- {id: c, then: block", rested=False)
    assert rule(gate) == "b"
    assert gate.health
    place.write(
        "rules:\n- {id: a, then: allow, reason: r}\n- {id: c, then: block, reason: r}\n",
        rested=False,
    )
    assert rule(gate) == "b"
    assert rule(gate) == "c", "it did not change from one look to the next"


def test_two_writes_that_leave_the_same_traces_are_told_apart(place):
    place.write(rules("allow"), rested=False)
    gate = place.gate()
    assert gate.reload()
    state = place.file.stat()
    place.write(rules("block"), rested=False)
    os.utime(place.file, ns=(state.st_mtime_ns, state.st_mtime_ns))
    rule(gate)
    assert rule(gate) == "block"


def test_a_file_that_only_looks_newer_is_no_change(place):
    place.write(rules("allow"))
    gate = place.gate()
    rule(gate)
    os.utime(place.file, ns=(1, 1))
    rule(gate)
    assert told(gate) == ["enforced"]


def test_gates_that_share_a_record_say_it_once(place):
    place.write(rules("allow"))
    first, second = place.gate(), place.gate()
    place.write(BROKEN)
    assert (rule(first), rule(second)) == ("allow", "allow")
    place.write(rules("block"))
    assert (rule(first), rule(second)) == ("block", "block")
    place.write(rules("allow"))
    assert (rule(first), rule(second)) == ("allow", "allow")
    assert told(first) == ["enforced", "kept", "enforced", "enforced"]


def test_a_change_that_can_not_be_recorded_is_not_made_until_it_can(place, monkeypatch):
    place.write(rules("allow"))
    gate = place.gate()
    append = gate.store.append

    def fail(drafts):
        raise StoreError("the disk is full")

    monkeypatch.setattr(gate.store, "append", fail)
    place.write(rules("block"))
    assert rule(gate) == "allow"
    assert "the disk is full" in gate.health.faults[0]
    with pytest.raises(StoreError):
        gate.use(Rulebook.parse(rules("block")))
    assert rule(gate) == "allow"
    monkeypatch.setattr(gate.store, "append", append)
    assert rule(gate) == "block"
    assert gate.health


def test_whatever_goes_wrong_with_a_change_fails_no_call_and_is_tried_once(place, monkeypatch):
    place.write(rules("allow"))
    gate, tried = place.gate(), []

    def fail(*what):
        tried.append(what)
        raise RecursionError("too deep")

    for where in ("policy_for", "assemble"):
        tried.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Rulebook, where, fail)
            place.write(rules("block", where))
            for _ in range(3):
                gate._in_force.look()
        assert rule(gate) == "allow"
        assert "too deep" in gate.health.faults[0]
        assert len(tried) == 1
    assert told(gate) == ["enforced", "kept", "kept"]


def amounts(name):
    """Return a rulebook that is right about tools with an amount of that name alone."""
    return f"rules: [{{id: a, on: {{tool: pay}}, when: args.{name} > 5, then: block, reason: r}}]"


def pay(amount: int) -> int:
    return amount


def test_a_rulebook_that_is_wrong_about_a_tool_of_the_gate_is_kept_out(place):
    place.write(rules("allow"))
    gate = place.gate()
    first = gate.contained(pay)
    assert first(7) == 7
    place.write(amounts("amuont"))
    assert first(7) == 7
    assert "amuont" in gate.health.faults[0]
    assert told(gate) == ["enforced", "kept"]
    with pytest.raises(RulebookError, match="amuont"):
        gate.use(Rulebook.parse(amounts("amuont")))
    place.write(amounts("amount"))
    with pytest.raises(Blocked):
        first(7)
    assert first(3) == 3


def test_a_rulebook_that_is_wrong_about_a_tool_whose_name_went_to_another_is_kept_out(place):
    place.write(rules("allow"))
    gate = place.gate()
    first = gate.contained(pay)

    def other(total: int) -> int:
        return total

    other.__name__ = "pay"
    second = gate.contained(other)
    place.write(amounts("total"))
    assert (first(7), second(7)) == (7, 7)
    assert not gate.health
    del first
    gc.collect()
    place.write(amounts("total") + " # once more")
    with pytest.raises(Blocked):
        second(7)


def test_a_strict_gate_keeps_a_rulebook_out_that_leaves_a_hazard_without_an_answer(place):
    held = "rules: [{id: ask, on: {action: payments.refund}, then: require_approval, reason: r}]"
    place.write(held)
    gate = place.gate(strict=True)
    gate.contained(lambda amount: amount, action="payments.refund")
    place.write(rules("allow"))
    assert rule(gate) == "ask"
    assert "nothing answers its hazard" in gate.health.faults[0]
    with pytest.raises(WiringError, match="nothing answers its hazard"):
        gate.use(Rulebook.parse(rules("allow")))
    place.write(held + " # still")
    rule(gate)
    assert gate.health


def test_a_shadow_that_is_wrong_about_a_tool_is_not_tried_on_it(place):
    place.write(rules("allow"))
    gate = place.gate(shadow=Rulebook.parse(amounts("amuont")))
    assert gate.contained(pay)(7) == 7
    assert gate.decide("pay", {"amount": 7}).shadow is None
    assert gate.decide("refund", {"amount": 7}).shadow is not None
    tried = place.write(amounts("amount"), file=place.folder / "tried.yaml")
    gate = place.gate(shadow=tried)
    assert gate.contained(pay)(7) == 7
    assert gate.decide("pay", {"amount": 7}).shadow.rule == "a"
    place.write(amounts("amuont"), file=tried)
    assert gate.decide("pay", {"amount": 7}).shadow.rule == "a"
    assert "amuont" in gate.health.faults[0]


def test_an_event_loop_is_not_held_up_by_a_change(place):
    place.write(rules("allow"))
    gate = place.gate()
    loop_thread, readers = threading.get_ident(), set()
    read = gate._in_force._reader.read

    def noted(path):
        readers.add(threading.get_ident())
        return read(path)

    gate._in_force._reader.read = noted

    async def refund(amount: float) -> float:
        return amount

    async def calls():
        contained = gate.contained(refund)
        await contained(1.0)
        place.write(rules("allow", "other"))
        return await contained(2.0)

    assert asyncio.run(calls()) == 2.0
    assert gate.rulebook.name == "other"
    assert readers
    assert loop_thread not in readers


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_that_was_forked_follows_too(place):
    place.write(rules("allow"))
    gate = place.gate(store="memory://")
    rule(gate)
    place.write(rules("block"))
    with gate._in_force._changing, gate._in_force._registering:  # other threads are at it
        child = os.fork()
        if child == 0:
            os._exit(7 if rule(gate) == "block" else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


def test_a_shadow_follows_its_file(place):
    place.write(rules("allow"))
    tried = place.write(rules("block"), file=place.folder / "tried.yaml")
    gate = place.gate(shadow=tried)
    first = gate.health.shadow
    assert first == Rulebook.load(tried).revision
    place.write(rules("require_approval"), file=tried)
    assert rule(gate) == "allow"
    assert gate.health.shadow == Rulebook.load(tried).revision != first
    place.write(BROKEN, file=tried)
    assert rule(gate) == "allow"
    assert "maybe" in gate.health.faults[0]
    assert gate.store.page()[-1].data["role"] == "shadow"


@pytest.mark.parametrize("given", [None, Rulebook.parse(rules("allow"))])
def test_there_must_be_a_file_to_follow(given):
    with pytest.raises(WiringError, match="name the file"):
        Gate.open(given, store="memory://", reload="file")


def test_there_are_two_ways_to_follow():
    with pytest.raises(WiringError, match='"file" or "record", not `always`'):
        Gate.open(store="memory://", reload="always")


# ── Signed files ─────────────────────────────────────────────────────────────────────────────


def trusting(place, *signers, **wiring):
    keys = [str(signer.verifier) for signer in signers or (OLD,)]
    return place.gate(trusted=keys, **wiring)


def test_where_keys_are_trusted_nothing_else_is_ever_in_force(place):
    place.write(signed("allow", 1))
    gate = trusting(place)
    assert rule(gate) == "allow"
    for refused in (rules("block"), signed("block", 2, NEW), signed("block", 2)[:-9] + b"\n"):
        place.write(refused)
        assert rule(gate) == "allow"
        assert "the bundle is refused" in gate.health.faults[0]
    with pytest.raises(WiringError, match="signed bundle"):
        gate.use(Rulebook.parse(rules("block")))
    with pytest.raises(RulebookError, match="not signed"):
        gate.use(place.write(rules("block")))
    place.write(signed("block", 2))
    assert rule(gate) == "block"
    assert gate.health


@pytest.mark.parametrize("given", [None, Rulebook.parse(rules("allow"))])
def test_where_keys_are_trusted_a_gate_does_not_open_without_a_signature(place, given):
    with pytest.raises((WiringError, RulebookError)):
        trusting(place, rulebook=given, reload=None)
    with pytest.raises(RulebookError, match="not signed"):
        trusting(place, rulebook=place.write(rules("allow")))


def test_an_older_bundle_does_not_come_back(place):
    place.write(signed("block", 7))
    gate = trusting(place)
    place.write(signed("allow", 6))
    assert rule(gate) == "block"
    assert "its number 6 is not above 7" in gate.health.faults[0]
    place.write(signed("allow", 7))
    assert rule(gate) == "block"
    with pytest.raises(RulebookError, match="its number 6 is not above 7"):
        gate.use(place.write(signed("allow", 6)))
    place.write(signed("block", 7))
    assert rule(gate) == "block"
    assert gate.health


def test_the_record_remembers_how_far_releases_had_come(place):
    place.write(signed("block", 7))
    trusting(place, reload=None).close()
    place.write(signed("allow", 6))
    with pytest.raises(RulebookError, match="its number 6 is not above 7"):
        trusting(place, reload=None)
    place.write(signed("block", 7))
    assert rule(trusting(place, reload=None)) == "block"
    place.write(signed("allow", 8))
    assert rule(trusting(place, reload=None)) == "allow"


def test_releases_under_a_key_that_is_not_trusted_here_do_not_count(place):
    place.write(signed("block", 70, NEW))
    trusting(place, NEW).close()
    place.write(signed("allow", 6))
    assert rule(trusting(place)) == "allow"


def test_one_key_follows_another_while_gates_are_at_work(place):
    place.write(signed("allow", 1))
    gate = trusting(place, OLD, NEW)
    place.write(signed("block", 2, NEW))
    assert rule(gate) == "block"
    place.write(signed("allow", 1))
    assert rule(gate) == "block", "the old key does not bring the old rulebook back"
    assert rule(trusting(place, NEW, rulebook=place.write(signed("block", 2, NEW)))) == "block"


def test_trusted_keys_may_stand_in_a_file(place):
    keys = place.folder / "keys.txt"
    keys.write_text(f"# who may release\n{OLD.verifier} until 2999-01-01\n", "utf-8")
    place.write(signed("allow", 1))
    assert rule(place.gate(trusted=keys)) == "allow"
    assert rule(place.gate(trusted=str(keys))) == "allow"
    with pytest.raises(RulebookError, match="can't be read"):
        place.gate(trusted=place.folder / "nothing.txt")


def test_a_gate_that_does_not_open_leaves_no_record_open(place):
    place.write(rules("allow"))
    with pytest.raises(RulebookError):
        trusting(place)
    place.gate().close()
