"""Signed notes are those that other tools write and read."""

from __future__ import annotations

import pytest

from lockgate.note import Note, NoteError, Signer, Verifier

# The published example of the form, in the documentation of Go's package `sumdb/note`.
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NOTE = (
    f"{TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n"
).encode()

ANN, BOB = (
    Signer(f"example.com/{name}", bytes([seed]) * 32) for name, seed in [("a", 1), ("b", 2)]
)


def test_the_published_example_is_read_and_written_byte_for_byte():
    signer, key = Signer.read(PRIVATE), Verifier.read(PUBLIC)
    assert signer.verifier == key
    assert bytes(Note.signed(TEXT, signer)) == NOTE
    assert Note.read(NOTE).vouched((key,)) == (key,)
    assert (str(key), signer.secret()) == (PUBLIC, PRIVATE)


def test_a_secret_is_not_shown():
    assert PRIVATE.rpartition("+")[2] not in repr(Signer.read(PRIVATE))
    with pytest.raises(NoteError) as error:
        Signer.read(PRIVATE[:-1])
    assert PRIVATE.rpartition("+")[2][:-1] not in str(error.value)


def test_strangers_are_passed_over_and_who_is_known_must_be_right():
    note = Note.signed("told\n", ANN, BOB)
    assert note.vouched((ANN.verifier,)) == (ANN.verifier,)
    assert note.vouched((BOB.verifier, ANN.verifier)) == (ANN.verifier, BOB.verifier)
    assert note.vouched((Verifier.read(PUBLIC),)) == ()
    altered = Note("other\n", note.signatures)
    with pytest.raises(NoteError, match="altered"):
        altered.vouched((BOB.verifier,))


def test_a_signature_under_a_wrong_name_or_of_another_key_of_that_name_does_not_count():
    other = Signer(ANN.name, BOB.seed)
    assert Note.signed("told\n", other).vouched((ANN.verifier,)) == ()
    assert other.verifier.id != ANN.verifier.id


@pytest.mark.parametrize(
    "line",
    [
        "",
        "name",
        PUBLIC[:-1],
        PUBLIC.replace("c74f20a3", "c74f20a4"),
        PUBLIC.replace("Peter", "Piet"),
        PUBLIC + "A",
        PUBLIC.replace("+ARpc", "+BRpc"),
        PRIVATE,
        f" {PUBLIC}",
    ],
)
def test_what_is_no_public_key_is_refused(line):
    with pytest.raises(NoteError):
        Verifier.read(line)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "x" * 201])
def test_a_name_that_no_key_can_have_is_refused(name):
    with pytest.raises(NoteError):
        Signer(name, bytes(32))


@pytest.mark.parametrize("text", ["no end", "tab\there\n", "return\r\n", "nothing\0\n"])
def test_a_text_that_no_note_can_hold_is_refused(text):
    with pytest.raises(NoteError):
        Note.signed(text, ANN)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"told\n",
        b"told\n\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE + b"more\n",
        NOTE.replace("—".encode(), b"-"),
        NOTE.replace(b"=\n", b"\n"),
        NOTE.replace(b"n", b"\xff", 1),
        NOTE.replace(b"\n", b"\r\n"),
        NOTE.replace(b"JnAM=", b"JnAN="),
    ],
)
def test_what_is_no_note_is_refused(raw):
    with pytest.raises(NoteError):
        Note.read(raw)


def test_a_note_may_have_empty_lines_and_is_read_as_it_was_written():
    for text in ("\n", "a\n\n\nb\n", "a\n\n", "\n\n\n"):
        note = Note.signed(text, ANN, BOB)
        assert Note.read(bytes(note)) == note
        assert note.vouched((BOB.verifier,))


def test_no_more_signatures_are_read_than_a_note_has_to_have():
    with pytest.raises(NoteError, match="more than 16"):
        Note.read(bytes(Note.signed("told\n", *[ANN] * 17)))
