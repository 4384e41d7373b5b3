"""What is published in a record is in force in every gate that follows it, in the same order."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate import Gate, Rulebook, RulebookError
from lockgate.clock import utc_now
from lockgate.errors import ChainError
from lockgate.observe import every_event
from lockgate.record import EventKind, Role, of_rules, verify
from lockgate.rulebook.beginning import begin
from lockgate.rulebook.bundle import Keyring
from lockgate.rulebook.edition import Edition
from lockgate.rulebook.library import Library
from lockgate.stores.memory import MemoryStore
from lockgate.testing import FrozenClock
from rulebook_life.conftest import NEW, OLD, rule, rules, signed, told

pytestmark = pytest.mark.usefixtures("always")


def edition(text, **more):
    return Edition.of({"shop.yaml": text}, "shop.yaml", by="kim", why="a test", **more)


def publish(store, what, role=Role.FORCE):
    """Publish a text, or a bundle that one of the two keys signed."""
    library = Library(store, utc_now)
    if isinstance(what, str):
        return library.publish(edition(what), role)
    bundle, key = Keyring.of([str(OLD.verifier), str(NEW.verifier)]).open(what, "a.bundle")
    return library.publish(Edition.unpack(bundle, "a.bundle", key.key.name), role, bundle=what)


def follow(place, *signers, **wiring):
    keys = [str(signer.verifier) for signer in signers]
    return place.gate(**{"rulebook": None, "reload": "record", "trusted": keys, **wiring})


def test_what_is_published_is_in_force_in_every_gate_from_its_next_call_on(place):
    first, second = follow(place), follow(place, rulebook=Rulebook.parse(rules("allow")))
    assert rule(first).startswith("level-")
    assert rule(second) == "allow"
    recorded = publish(first.store, rules("block"))
    assert (rule(first), rule(second), rule(follow(place))) == ("block", "block", "block")
    assert first.rulebook.revision == second.rulebook.revision == recorded["revision"]
    assert first.health.origin == "record"
    assert verify(every_event(first.store)).length == len(first.store.page())


OTHER = """
import sys
from lockgate import Gate, in_force
from lockgate.classify import Signature

in_force.LOOK_SECONDS = 0
gate = Gate.open(store=sys.argv[1], reload="record")
for line in sys.stdin:
    print(gate.decide("refund", {"amount": 1}).rule, flush=True)
gate.close()
"""


def test_another_process_takes_what_is_published(place):
    gate = follow(place)
    publish(gate.store, rules("allow"))
    command = [sys.executable, "-c", OTHER, place.record]
    with subprocess.Popen(
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:

        def ask():
            other.stdin.write("\n")
            other.stdin.flush()
            return other.stdout.readline().strip()

        assert ask() == "allow"
        publish(gate.store, rules("block"))
        assert ask() == "block"
        other.stdin.close()
        assert other.wait() == 0


def test_who_published_what_and_why_stands_in_the_record(place):
    gate = follow(place)
    publish(gate.store, rules("block"))
    event = gate.store.of_kind(EventKind.PUBLISHED)[0]
    assert event.data == {
        "revision": Rulebook.parse(rules("block")).revision,
        "name": "shop",
        "origin": "record",
        "digest": edition(rules("block")).digest,
        "number": 0,
        "key": "",
        "by": "kim",
        "why": "a test",
        "role": "force",
        "back_to": "",
        "bundle": "",
        "documents": [{"name": "shop.yaml", "text": rules("block")}],
    }


def smuggle(store, text="", bundle=b""):
    """Put a publication into the record as nobody could who uses the library."""
    data = {
        "role": "force",
        "by": "x",
        "why": "x",
        "bundle": bundle.decode(),
        "documents": [{"name": "shop.yaml", "text": text}],
    }
    event = of_rules(EventKind.PUBLISHED, utc_now(), data, "smuggled", len(store.page()))
    store.append([event])


BROKEN = "rules: 7"


def test_what_can_not_be_taken_is_passed_over_by_those_at_work_and_those_that_start(place):
    gate = follow(place)
    publish(gate.store, rules("block"))
    assert rule(gate) == "block"
    smuggle(gate.store, BROKEN)
    assert rule(gate) == "block"
    assert "list" in gate.health.faults[0]
    later = follow(place)
    assert rule(later) == "block"
    assert not later.health
    assert told(gate).count("kept") == 1
    publish(gate.store, rules("allow"))
    assert (rule(gate), rule(later)) == ("allow", "allow")
    assert gate.health
    assert later.health


def test_a_publication_that_was_altered_in_the_store_is_not_taken(place):
    gate = follow(place)
    publish(gate.store, rules("block"))
    assert rule(gate) == "block"
    publish(gate.store, rules("block", "other"))
    gate.close()
    with closing(sqlite3.connect(place.record)) as database, database:
        (body,) = database.execute("SELECT body FROM events ORDER BY seq DESC").fetchone()
        changed = body.replace(b"id: block, then: block", b"id: allow, then: allow")
        assert changed != body
        database.execute("UPDATE events SET body = ? WHERE body = ?", [changed, body])
    gate = follow(place)
    assert rule(gate) == "block"
    assert "has been altered" in gate.health.faults[0]
    with pytest.raises(ChainError):
        verify(every_event(gate.store))


ODD = [
    {},
    {"role": "force"},
    {"role": "boss", "bundle": "", "documents": []},
    {"role": "force", "bundle": 7, "documents": []},
    {"role": "force", "bundle": "", "documents": []},
    {"role": "force", "bundle": "", "documents": [7], "by": "x", "why": "x"},
    {"role": "force", "bundle": "", "documents": [{"name": "x"}], "by": "x", "why": "x"},
    {"role": "force", "bundle": "", "documents": [{"name": 1, "text": 2}], "by": "", "why": ""},
    {"role": "shadow", "bundle": "lockgate rulebook bundle 1\n", "documents": []},
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", [EventKind.PUBLISHED, EventKind.WITHDRAWN, EventKind.ENFORCED])
@pytest.mark.parametrize("signers", [(), (OLD,)], ids=["anybody", "trusted"])
def test_nothing_that_stands_in_a_record_stops_a_gate(place, odd, kind, signers):
    with Gate.open(store=place.record) as writer:
        publish(writer.store, signed("block", 1) if signers else rules("block"))
        writer.store.append([of_rules(kind, utc_now(), odd, "odd")])
    gate = follow(place, *signers)
    assert rule(gate) == "block"
    gate.store.append([of_rules(kind, utc_now(), odd, "odd again")])
    assert rule(gate) == "block"
    publish(gate.store, signed("allow", 2) if signers else rules("allow"))
    assert rule(gate) == "allow"
    assert gate.health or odd["role"] == "shadow"


def test_a_record_that_can_not_be_read_as_json_is_passed_over(place):
    gate = follow(place)
    publish(gate.store, rules("block"))
    assert rule(gate) == "block"
    publish(gate.store, rules("allow"))
    gate.close()
    with closing(sqlite3.connect(place.record)) as database, database:
        (last,) = database.execute("SELECT max(seq) FROM events").fetchone()
        database.execute("UPDATE events SET body = ? WHERE seq = ?", [b"\xff{", last])
    assert rule(follow(place)) == "block"


def test_what_looks_like_a_secret_is_not_published(place):
    gate = follow(place)
    text = rules("block").replace("a test", "'the password: hunter2222'")
    with pytest.raises(RulebookError, match="looks like a secret"):
        publish(gate.store, text)
    assert told(gate) == ["enforced"]


# ── Signed publications ──────────────────────────────────────────────────────────────────────


def test_where_keys_are_trusted_only_what_they_signed_is_taken(place):
    with Gate.open(store=place.record) as writer:
        publish(writer.store, signed("allow", 1))
    gate = follow(place, OLD)
    assert rule(gate) == "allow"
    for refused in (rules("block"), signed("block", 2, NEW)):
        publish(gate.store, refused)
        assert rule(gate) == "allow"
        assert "the bundle is refused" in gate.health.faults[0]
        assert rule(follow(place, OLD)) == "allow"
    publish(gate.store, signed("block", 2))
    assert rule(gate) == "block"
    assert rule(follow(place, OLD, NEW)) == "block"
    assert rule(follow(place, NEW)) == "block"


def test_where_keys_are_trusted_a_gate_does_not_begin_with_nothing(place):
    with pytest.raises(RulebookError, match="no key that is trusted has signed a rulebook yet"):
        follow(place, OLD)
    with Gate.open(store=place.record) as writer:
        publish(writer.store, rules("allow"))
    with pytest.raises(RulebookError, match="the bundle is refused: it is not signed"):
        follow(place, OLD)


def test_where_nobody_is_trusted_a_signed_publication_is_not_taken(place):
    gate = follow(place)
    publish(gate.store, signed("block", 1))
    assert rule(gate).startswith("level-")
    assert "is not trusted" in gate.health.faults[0]


def test_an_older_release_is_not_taken_again(place):
    gate = follow(place, OLD, rulebook=place.write(signed("block", 7)))
    for number in (6, 7):
        with pytest.raises(RulebookError, match=f"its number {number} is not above 7"):
            publish(gate.store, signed("allow", number))
        smuggle(gate.store, bundle=signed("allow", number))
        assert rule(gate) == "block"
        assert f"its number {number} is not above 7" in gate.health.faults[0]
        assert rule(follow(place, OLD, rulebook=place.file)) == "block"
    publish(gate.store, signed("allow", 8))
    assert rule(gate) == "allow"
    assert rule(follow(place, OLD)) == "allow"
    assert rule(follow(place, OLD, rulebook=place.file)) == "allow"


def test_a_file_that_is_newer_than_what_was_published_stays(place):
    gate = follow(place, OLD, rulebook=place.write(signed("block", 7)))
    publish(gate.store, signed("allow", 8))
    later = follow(place, OLD, rulebook=place.write(signed("block", 9)))
    assert rule(later) == "block"


def test_no_gate_starts_with_an_older_rulebook_because_a_key_has_expired(place):
    clock = FrozenClock()
    keys = [str(OLD.verifier), f"{NEW.verifier} until 2999-01-01"]
    with Gate.open(store=place.record) as writer:
        publish(writer.store, signed("allow", 1, OLD))
        publish(writer.store, signed("block", 2, NEW))
    gate = follow(place, trusted=keys)
    assert rule(gate) == "block"
    keys[1] = f"{NEW.verifier} until 2001-01-01"
    with pytest.raises(RulebookError, match="was trusted until 2001"):
        follow(place, trusted=keys, clock=clock)
    publish(gate.store, signed("allow", 3, OLD))
    assert rule(follow(place, trusted=keys, clock=clock)) == "allow"


KINDS = st.sampled_from(["good", "other", "broken", "unsigned", "stranger", "again"])


@given(st.lists(KINDS, max_size=8))
def test_whoever_starts_later_comes_to_the_same_rulebook(kinds):
    """Those at work take publications one by one, those that start take them all at once."""
    store = MemoryStore()
    keyring = [str(OLD.verifier)]

    publish(store, signed("block", 1))

    def beginning():
        return begin(None, store, utc_now, shadow=None, reload="record", trusted=keyring)

    gate = Gate(beginning(), store)
    for nth, kind in enumerate(kinds, 2):
        match kind:
            case "good":
                publish(store, signed("allow", nth))
            case "other":
                publish(store, signed("block", nth))
            case "broken":
                smuggle(store, BROKEN)
            case "unsigned":
                publish(store, rules("allow"))
            case "stranger":
                publish(store, signed("allow", nth, NEW))
            case "again":
                smuggle(store, bundle=signed("allow", 1))
        gate.reload()
        later = Gate(beginning(), store)
        assert later.rulebook.revision == gate.rulebook.revision
        assert bool(later.health) is bool(gate.health) is (kind in {"good", "other"})


# ── Back to an earlier one, and a shadow ─────────────────────────────────────────────────────


def test_an_earlier_rulebook_is_brought_back(place):
    gate = follow(place)
    library = Library(gate.store, utc_now)
    earlier = publish(gate.store, rules("block"))["revision"]
    publish(gate.store, rules("allow"))
    assert rule(gate) == "allow"
    recorded = library.rollback(earlier, "ann", "allow was too much")
    assert rule(gate) == "block"
    assert gate.rulebook.revision == earlier
    assert (recorded["back_to"], recorded["by"], recorded["why"]) == (
        earlier,
        "ann",
        "allow was too much",
    )
    assert recorded["origin"] == "record"


def test_what_was_followed_from_a_file_can_be_brought_back(place):
    place.write(rules("block"))
    earlier = place.gate().rulebook.revision
    gate = follow(place)
    publish(gate.store, rules("allow"))
    Library(gate.store, utc_now).rollback(earlier, "ann", "a test")
    assert rule(gate) == "block"


def test_where_releases_are_signed_a_rollback_is_signed_anew(place):
    with Gate.open(store=place.record) as writer:
        earlier = publish(writer.store, signed("block", 1))["revision"]
        publish(writer.store, signed("allow", 2))
    gate = follow(place, OLD, NEW)
    library = Library(gate.store, utc_now)
    with pytest.raises(RulebookError, match="must be signed too"):
        library.rollback(earlier, "ann", "a test")
    assert rule(gate) == "allow"
    recorded = library.rollback(earlier, "ann", "a test", NEW)
    assert rule(gate) == "block"
    assert (recorded["number"], recorded["key"]) == (3, NEW.name)
    assert rule(follow(place, OLD, NEW)) == "block"


@pytest.mark.parametrize("revision", ["rb-nothing", ""])
def test_what_the_record_does_not_have_can_not_be_brought_back(place, revision):
    gate = follow(place)
    with pytest.raises(RulebookError, match="does not have the documents"):
        Library(gate.store, utc_now).rollback(revision, "ann", "a test")


def test_what_was_masked_is_not_brought_back(place):
    place.write(rules("block").replace("a test", "'the password: hunter2222'"))
    revision = place.gate().rulebook.revision
    gate = follow(place)
    with pytest.raises(RulebookError, match="was not kept whole"):
        Library(gate.store, utc_now).rollback(revision, "ann", "a test")


def test_a_shadow_is_published_and_withdrawn(place):
    gate = follow(place, rulebook=Rulebook.parse(rules("allow")))
    library = Library(gate.store, utc_now)
    with pytest.raises(RulebookError, match="no rulebook is in the shadow"):
        library.withdraw("ann", "a test")
    revision = publish(gate.store, rules("block"), Role.SHADOW)["revision"]
    assert rule(gate) == "allow"
    assert gate.health.shadow == revision == follow(place).health.shadow
    library.withdraw("ann", "seen enough")
    assert rule(gate) == "allow"
    assert (gate.health.shadow, follow(place).health.shadow) == ("", "")
    with pytest.raises(RulebookError, match="no rulebook is in the shadow"):
        library.withdraw("ann", "a test")
    assert told(gate) == ["enforced", "published", "enforced", "withdrawn"]
