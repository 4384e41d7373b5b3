"""Signed bundles: what is taken was released, letter for letter, by somebody who is trusted."""

from __future__ import annotations

import pytest

from lockgate import RulebookError
from lockgate.note import Note, Signer
from lockgate.rulebook.bundle import Bundle, Keyring, Trusted
from lockgate.rulebook.edition import Edition

TEXT = """lockgate: 1
name: shop

rules:
  - id: a
    then: block
    reason: "für alle — always"
"""
NOW = "2026-11-20T10:00:00.000000Z"
OLD, NEW = (Signer(f"example.com/{year}", bytes([seed]) * 32) for year, seed in [(26, 1), (27, 2)])


def bundle(text=TEXT, number=7, **more):
    told = {"issued": NOW, "by": "kim", "why": "a test", "documents": {"shop.yaml": text}, **more}
    return Bundle(number=number, **told)


def trusting(*signers):
    return Keyring.of([str(signer.verifier) for signer in signers])


def take(raw, keyring, now=NOW):
    return Edition.open(raw, "shop.bundle", keyring, now)


def test_a_bundle_says_what_was_released_by_whom_and_why():
    edition = take(bundle().signed(OLD), trusting(OLD))
    assert edition.documents == {"shop.yaml": TEXT}
    assert (edition.number, edition.key) == (7, OLD.name)
    assert (edition.by, edition.why) == ("kim", "a test")
    assert edition.rulebook.name == "shop"
    assert edition.rulebook.revision == Edition.of({"else": TEXT}, "else").rulebook.revision


def test_people_can_read_a_bundle():
    lines = bundle().signed(OLD).decode().splitlines()
    assert lines[:6] == [
        "lockgate rulebook bundle 1",
        "number 7",
        f"issued {NOW}",
        "by kim",
        "why a test",
        "document 7 shop.yaml",
    ]
    assert lines[6:13] == TEXT.splitlines()
    assert lines[13] == ""
    assert lines[14].startswith(f"— {OLD.name} ")


def test_a_bundle_with_one_byte_changed_is_refused():
    raw, keyring = bundle().signed(OLD), trusting(OLD)
    take(raw, keyring)
    for at, byte in enumerate(raw):
        for changed in {byte ^ 1, byte ^ 0x20, byte ^ 0x80, 0x0A, 0x20} - {byte}:
            with pytest.raises(RulebookError, match=r"^shop.bundle:1:1: the bundle is refused"):
                take(raw[:at] + bytes([changed]) + raw[at + 1 :], keyring)


def test_a_bundle_with_a_byte_more_or_less_is_refused():
    raw, keyring = bundle().signed(OLD), trusting(OLD)
    for at in range(len(raw) + 1):
        for changed in (raw[:at] + b"\n" + raw[at:], raw[:at] + b"A" + raw[at:], raw[:at]):
            if changed == raw:
                continue
            with pytest.raises(RulebookError, match="the bundle is refused"):
                take(changed, keyring)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (TEXT.encode(), "it is not signed"),
        (b"", "it is not signed"),
        (str(bundle()).encode(), "is no signature"),
        (bundle().signed(NEW), "`example.com/27\\+.{8}` is not trusted"),
        (bytes(Note.signed(str(bundle()), OLD, OLD)), "more than one signature"),
        (bytes(Note.signed(str(bundle()), OLD, NEW)), "more than one signature"),
        (bytes(Note.signed("lockgate rulebook bundle 2\n", OLD)), "it begins with"),
        (bytes(Note.signed("lockgate rulebook bundle 1\nnumber 1\n", OLD)), "does not say"),
        (bytes(Note.signed(str(bundle()).replace("number 7", "number 07"), OLD)), "does not say"),
        (bytes(Note.signed(str(bundle()).replace("ment 7", "ment 6"), OLD)), "announces"),
        (bytes(Note.signed(str(bundle()).replace("ment 7", "ment 8"), OLD)), "announces"),
        (bytes(Note.signed(str(bundle(documents={})), OLD)), "announces"),
    ],
)
def test_what_is_no_bundle_of_a_trusted_key_is_refused(raw, why):
    with pytest.raises(RulebookError, match=why) as refused:
        take(raw, trusting(OLD))
    assert refused.value.hint


def test_a_signed_fault_is_still_a_fault_at_its_place():
    broken = bundle(TEXT.replace("block", "maybe")).signed(OLD)
    with pytest.raises(RulebookError, match=r"^shop.yaml:6:11: `maybe` is not one of"):
        take(broken, trusting(OLD))


def test_a_bundle_is_not_taken_where_nobody_is_trusted(tmp_path):
    path = tmp_path / "shop.bundle"
    path.write_bytes(bundle().signed(OLD))
    with pytest.raises(RulebookError, match="can't be taken unverified"):
        Edition.read(path, None, NOW)


def test_one_key_follows_another():
    before, after = bundle(number=7).signed(OLD), bundle(number=8).signed(NEW)
    both = trusting(OLD, NEW)
    assert take(before, both).key == OLD.name
    assert take(after, both).key == NEW.name
    assert take(after, trusting(NEW)).number == 8
    with pytest.raises(RulebookError, match="is not trusted"):
        take(before, trusting(NEW))


def test_a_key_is_trusted_until_its_time():
    keyring = Keyring.of(
        [f"{OLD.verifier} until 2026-11-21", "", "# the next one", str(NEW.verifier)]
    )
    assert keyring.names == {OLD.name, NEW.name}
    raw = bundle().signed(OLD)
    assert take(raw, keyring, "2026-11-20T23:59:59.999999Z").number == 7
    with pytest.raises(RulebookError, match="was trusted until 2026-11-21T00:00:00.000000Z"):
        take(raw, keyring, "2026-11-21T00:00:00.000000Z")
    assert (
        Trusted.read(f"{OLD.verifier} until 2026-11-21T01:00:00+01:00").until
        == keyring.keys[0].until
    )


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "no key is trusted"),
        (["# none"], "no key is trusted"),
        (["nonsense"], "is no Ed25519 key"),
        ([OLD.secret()], "keep it secret"),
        ([f"{OLD.verifier} since 2026-01-01"], "is not `until` and a time"),
        ([f"{OLD.verifier} until tomorrow"], "is not a time"),
        ([f"{OLD.verifier} until"], "is not a time"),
    ],
)
def test_keys_that_say_nothing_are_refused(lines, why):
    with pytest.raises(RulebookError, match=why) as refused:
        Keyring.of(lines)
    assert refused.value.hint


def test_the_line_breaks_of_another_system_are_made_plain():
    raw = bundle(TEXT.replace("\n", "\r\n").removesuffix("\r\n")).signed(OLD)
    assert take(raw, trusting(OLD)).documents == {"shop.yaml": TEXT}


def test_what_no_bundle_can_hold_is_told_with_its_place():
    with pytest.raises(RulebookError, match=r"^shop.yaml:2:7: a bundle can't hold tabs"):
        bundle("a: 1\nabcde:\ty\n").signed(OLD)
    for field in ("by", "why"):
        with pytest.raises(RulebookError, match="does not fit into one line"):
            bundle(**{field: "a\nb"}).signed(OLD)


def test_several_documents_stay_apart():
    documents = {"a.yaml": "x: 1\n\n", "sub/b c.yaml": "\n", "document 1 x": "document 2 y\nz\n"}
    told = bundle(documents=documents)
    assert Bundle.read(Note.read(told.signed(OLD)).text) == told
