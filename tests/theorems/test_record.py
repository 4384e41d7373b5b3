"""What is written: every alteration is found and named, and no secret is ever among it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate import Gate, Rulebook
from lockgate.call import Identity
from lockgate.errors import ChainError
from lockgate.record import COLUMNS, GENESIS, EventKind, draft, seal, verify
from lockgate.redact import redact as redacted
from lockgate.stores import open_store
from lockgate.stores.memory import MemoryStore
from lockgate.testing import sample


def redact(value):
    """Mask, and check that what is encoded is what is told."""
    found = redacted(value)
    assert orjson.dumps(found.value) == found.encoded
    return found.value, found.masked


LENGTH = 6


def record(length=LENGTH):
    store = MemoryStore()
    kinds = list(EventKind)[:length]
    store.append([sample(n, kind, text=f"event {n}") for n, kind in enumerate(kinds)])
    return list(store.page())


EVENTS = record()


def resealed(event, prev, seq=None, **changes):
    """Return an event as somebody would write it who knows how the chain is made."""
    about = Identity(event.thread, event.run, event.call, event.fingerprint)
    made = draft(event.kind, about, event.at, {**event.data, **changes}, key=(changes,))
    return seal(made, seq or event.seq, prev)


# ── The chain ────────────────────────────────────────────────────────────────────────────────


def test_a_record_that_nobody_touched_holds_together():
    told = verify(EVENTS)
    assert (told.length, told.head) == (LENGTH, EVENTS[-1].hash)
    assert verify([]).head == GENESIS


@given(st.integers(0, LENGTH - 1), st.data())
def test_a_changed_byte_in_any_body_is_found_and_named(at, data):
    body = EVENTS[at].body
    where = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != body[where]))
    altered = body[:where] + bytes([byte]) + body[where + 1 :]
    with pytest.raises(ChainError, match="does not match its body") as found:
        verify([*EVENTS[:at], replace(EVENTS[at], body=altered), *EVENTS[at + 1 :]])
    assert found.value.seq == at + 1


@pytest.mark.parametrize("at", range(LENGTH))
@pytest.mark.parametrize("column", [*COLUMNS, "seq", "prev", "hash"])
def test_a_changed_column_is_found_and_named(at, column):
    value = getattr(EVENTS[at], column)
    other = value + 1 if column == "seq" else f"{value}x"
    with pytest.raises(ChainError) as found:
        verify([*EVENTS[:at], replace(EVENTS[at], **{column: other}), *EVENTS[at + 1 :]])
    assert found.value.seq == at + 1


@pytest.mark.parametrize("at", range(LENGTH - 1))
def test_a_deleted_event_is_found_where_it_is_missing(at):
    with pytest.raises(ChainError, match="missing or were inserted") as found:
        verify([*EVENTS[:at], *EVENTS[at + 1 :]])
    assert found.value.seq == at + 1


@given(st.permutations(range(LENGTH)).filter(lambda order: order != list(range(LENGTH))))
def test_any_other_order_is_found_at_the_first_event_out_of_place(order):
    with pytest.raises(ChainError) as found:
        verify([EVENTS[at] for at in order])
    assert found.value.seq == 1 + next(n for n, at in enumerate(order) if n != at)


@given(st.integers(0, LENGTH), st.integers(0, LENGTH - 1))
def test_an_event_that_is_there_twice_is_found(where, which):
    with pytest.raises(ChainError) as found:
        verify([*EVENTS[:where], EVENTS[which], *EVENTS[where:]])
    assert found.value.seq == where + 1 + (where == which)


@pytest.mark.parametrize("at", range(LENGTH))
def test_an_inserted_event_is_found_even_if_it_is_well_made(at):
    prev = EVENTS[at - 1].hash if at else GENESIS
    made = resealed(EVENTS[at], prev, forged=True)
    with pytest.raises(ChainError) as found:
        verify([*EVENTS[:at], made, *EVENTS[at:]])
    assert found.value.seq == at + 2  # the forged event fits; the one after it no longer does


@pytest.mark.parametrize("at", range(LENGTH - 1))
def test_a_rewritten_event_is_found_by_the_one_after_it(at):
    prev = EVENTS[at - 1].hash if at else GENESIS
    made = resealed(EVENTS[at], prev, text="rewritten")
    with pytest.raises(ChainError, match="not chained") as found:
        verify([*EVENTS[:at], made, *EVENTS[at + 1 :]])
    assert found.value.seq == at + 2


def test_a_body_that_is_no_event_is_found_even_if_its_hash_fits():
    for body in (b"no json", b"[]", b"3", b'"text"'):
        told = replace(EVENTS[0], body=body)
        told = replace(told, hash=_chained(GENESIS, body))
        with pytest.raises(ChainError, match="column `seq`"):
            verify([told])
    with pytest.raises(ChainError, match="does not match"):
        verify([replace(EVENTS[0], body=EVENTS[0].body.decode())])


def _chained(prev, body):
    return hashlib.sha256(prev.encode() + b"\n" + body).hexdigest()


@pytest.mark.parametrize("left", range(LENGTH))
def test_a_chain_can_not_tell_that_its_newest_events_were_cut_off(left):
    """The documented limit; only a head that is kept elsewhere shows it."""
    told = verify(EVENTS[:left])
    assert told.length == left
    assert told.head != verify(EVENTS).head


def test_a_chain_can_not_tell_that_it_was_rewritten_to_its_end():
    """The other half of the same limit."""
    forged, prev = [], GENESIS
    for event in EVENTS:
        forged.append(resealed(event, prev, forged=True))
        prev = forged[-1].hash
    assert verify(forged).length == LENGTH
    assert verify(forged).head != verify(EVENTS).head


def test_the_message_names_the_event_and_what_is_wrong():
    with pytest.raises(ChainError, match=f"event 2 \\(`{EVENTS[1].id}`\\) has been altered"):
        verify([EVENTS[0], replace(EVENTS[1], body=b"{}"), *EVENTS[2:]])


# ── Secrets ──────────────────────────────────────────────────────────────────────────────────

# Put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow0123\n-----END RSA PRIVATE KEY-----",
    "aws key": "AKIA" + "IOSFODNN7EXAMPLE",
    "github token": "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345",
    "slack token": "xoxb-" + "123456789012-abcdefghijkl",
    "stripe key": "sk_live_" + "0123456789abcdefghijklmn",
    "api key": "sk-" + "proj-0123456789abcdefghij",
    "google key": "AIza" + "SyA0123456789abcdefghijklmnopqrstuv",
    "web token": "eyJhbGciOi" + "JIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "bearer token": "Bearer " + "0123456789abcdefghij",
    "password in url": "postgres://admin:" + "hunter2secret@db.internal",
    "password": "password=" + "hunter2secret",
    "card number": "4111 1111 " + "1111 1111",
    "social security number": "078-05" + "-1120",
    "bank account": "DE89 3704 0044 " + "0532 0130 00",
}
NAMED = ("password", "api_key", "client_secret", "Authorization", "cvv", "userSsn", "access-token")
PLANTED = "Zq7planted"
CONTEXTS = {
    "alone": "{}",
    "in a sentence": "please use {} for this",
    "after a line break": "first line\n{}\nlast line",
    "after a tab": "key\t{}",
    "in quotes": 'he said "{}" twice',
    "after a word of another script": "ключ:{}",
}


def clear(secret):
    """Return the part of a secret that must not be found anywhere."""
    return secret.split("\n")[1] if "\n" in secret else secret


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_masked_wherever_it_stands(kind, context):
    text = CONTEXTS[context].format(SECRETS[kind])
    for value, path in (
        ({"a": text}, "$.a"),
        ({"a": [1, {"b": text}]}, "$.a[1].b"),
        ({"a": json.dumps({"b": [text]})}, "$.a.b[0]"),
        ({"a": json.dumps({"b": json.dumps([text])})}, "$.a.b[0]"),
    ):
        clean, masked = redact(value)
        assert clear(SECRETS[kind]) not in json.dumps(clean, ensure_ascii=False)
        assert any(item.startswith(f"{path}: ") for item in masked), (value, masked)


@pytest.mark.parametrize("name", NAMED)
def test_what_a_key_calls_secret_is_masked_whatever_it_is(name):
    for secret in (PLANTED, 12345, [PLANTED], {"deep": PLANTED}):
        for value in (
            {name: secret},
            {"a": {f"x_{name}": secret}},
            {"a": json.dumps({name: secret})},
        ):
            clean, masked = redact(value)
            assert PLANTED not in str(clean)
            assert "12345" not in str(clean)
            assert [item.rpartition(": ")[2] for item in masked] == ["by name"]


def test_nothing_is_masked_where_there_is_nothing():
    for empty in (None, "", [], {}):
        assert redact({"password": empty}) == ({"password": empty}, ())


def test_a_secret_that_is_a_key_is_masked_and_no_item_is_lost():
    first, second = SECRETS["aws key"], SECRETS["github token"]
    clean, masked = redact({first: 1, second: 2, "plain": 3})
    assert list(clean.values()) == [1, 2, 3]
    assert first not in str((clean, masked))
    assert second not in str((clean, masked))


@pytest.mark.parametrize(
    "text",
    [
        "ada.lovelace@example.com",
        "order #W2378156, reservation HATHAT",
        "call +44 20 7946 0958 or 555-0100",
        "1735689600000000 microseconds, 1735689600000 milliseconds",
        "0b1f3c0e-6f0e-4b59-9c1e-7d6f1f0a2b3c",
        "a password is needed; the passage is free",
        "the secret of the sketch, task-list and risk-based",
        "https://example.com:8080/path?q=1@2",
        "9876543210987654",
        'C:\\new\\table "quoted"',
    ],
)
def test_ordinary_text_is_left_as_it_is(text):
    value = {"text": text, "businessName": text, "compass": text, "tokens": 3}
    assert redact(value) == (value, ())


@pytest.mark.parametrize(
    "number", ["4111111111111111", "5555-5555-5555-4444", "3782 822463 10005", "6011111111111117"]
)
def test_a_card_number_is_masked_only_with_a_valid_check_digit(number):
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert redact([f"card {number}."])[0] == ["card [masked: card number]."]
    assert redact([f"card {wrong}."]) == ([f"card {wrong}."], ())


def test_a_card_number_is_masked_even_if_it_is_sent_as_a_number():
    assert redact({"n": 4111111111111111}) == (
        {"n": "[masked: card number]"},
        ("$.n: card number",),
    )
    assert redact({"n": 4111111111111112}) == ({"n": 4111111111111112}, ())


ANYTHING = st.recursive(
    st.text(st.characters()) | st.integers() | st.floats() | st.binary() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.text(), inner),
    max_leaves=8,
)


@given(ANYTHING)
def test_whatever_is_redacted_can_then_be_written_down(value):
    told, masked = redact({"value": value})
    assert set(orjson.loads(orjson.dumps(told))) == {"value"}
    assert not masked or "[masked" in str(told)


RULES = "rules: [{id: all, then: allow, reason: the test says so}]\nlevels: {critical: by_rule_only, high: by_rule_only}"


def test_no_planted_secret_reaches_the_bytes_on_the_disk(tmp_path):
    path = tmp_path / "record.db"
    gate = Gate(Rulebook.parse(RULES), open_store(str(path)))

    def lookup_order(note, options):
        return {"found": f"the result has\n{note}", "api_key": PLANTED, "as": json.dumps(options)}

    def read_file(name):
        raise OSError(f"no rights for {name}")

    lookup, read = gate.contained(lookup_order), gate.contained(read_file)
    with gate.run("thread") as scope:
        for kind, secret in SECRETS.items():
            gate.hear(scope, [(kind, f"my {kind} is\n{secret}\nthanks")])
            lookup(note=secret, options={"deep": [secret], "password": PLANTED})
            with pytest.raises(OSError, match="no rights"):
                read(secret)
    events = gate.store.page()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    gate.close()
    assert b"decided" in written
    assert b"my aws key is" in written
    for secret in (PLANTED, *map(clear, SECRETS.values())):
        assert secret.encode() not in written, secret
    verify(events)
    decided = [
        event for event in events if event.kind is EventKind.DECIDED and "lookup" in str(event.data)
    ]
    assert len(decided) == len(SECRETS)
    for kind, event in zip(SECRETS, decided, strict=True):
        assert f"$.arguments.note: {kind}" in event.masked
        assert "$.arguments.options.password: by name" in event.masked


def test_a_secret_in_a_held_call_is_not_shown_to_who_approves_it(tmp_path):
    path = tmp_path / "record.db"
    book = Rulebook.parse("rules: [{id: ask, then: require_approval, reason: look at it}]")
    gate = Gate(book, open_store(str(path)))
    held = gate.contained(lambda token: token)
    with pytest.raises(Exception, match="look at it"):
        held(SECRETS["github token"])
    (request,) = gate.desk.pending()
    gate.close()
    assert request.arguments == {"token": "[masked: github token]"}
    assert SECRETS["github token"].encode() not in path.read_bytes()


def test_the_stored_columns_are_the_ones_that_the_body_tells(tmp_path):
    store = open_store(str(tmp_path / "record.db"))
    store.append([sample(1, request="apr-1", text="x")])
    (event,) = store.page()
    store.close()
    rows = sqlite3.connect(tmp_path / "record.db")
    (row,) = rows.execute(f"select {', '.join(COLUMNS)} from events").fetchall()  # noqa: S608
    rows.close()
    assert dict(zip(COLUMNS, row, strict=True)) == {
        name: json.loads(event.body)[name] for name in COLUMNS
    }
