"""Whatever is wrong with a document: one clear error with its place, and the old one stays."""

from __future__ import annotations

import faulthandler
import re

import pytest

from lockgate import Gate, Rulebook, RulebookError
from rulebook.malformed import CORPUS, LARGE

WATCHDOG_SECONDS = 60
"""Not a measure: a document that hangs the parser ends the tests with the place it hangs at."""
PYTHON = re.compile(
    r"NoneType|Traceback|<class|dict\b|\bstr\b|KeyError|TypeError|ValueError|pydantic"
)


@pytest.fixture(autouse=True)
def watchdog():
    faulthandler.dump_traceback_later(WATCHDOG_SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("wrong", [*CORPUS.values(), *LARGE.values()], ids=[*CORPUS, *LARGE])
def test_a_wrong_document_is_refused_with_its_place_and_a_hint(wrong):
    with pytest.raises(RulebookError) as raised:
        Rulebook.parse(wrong.text, "wrong.yaml")
    error = raised.value
    assert error.line == wrong.line, str(error)
    assert error.column >= 1
    assert wrong.said in error.message
    assert error.hint, str(error)
    assert str(error).startswith(f"wrong.yaml:{error.line}:{error.column}: ")
    assert not PYTHON.search(str(error)), str(error)
    assert len(str(error)) < 1000


def test_there_are_enough_of_them():
    assert len(CORPUS) + len(LARGE) >= 150


@pytest.mark.parametrize(
    ("encoded", "said"),
    [
        ("lockgate: 1\n".encode("utf-16"), "not UTF-8"),
        (b"name: \xff\n", "not UTF-8"),
        (b"lockgate: 1\nname: caf\xe9\n", "not UTF-8"),
    ],
)
def test_other_encodings_are_refused(tmp_path, encoded, said):
    path = tmp_path / "rules.yaml"
    path.write_bytes(encoded)
    with pytest.raises(RulebookError, match=said) as raised:
        Rulebook.load(path)
    assert raised.value.hint


def test_a_mark_of_byte_order_is_harmless(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"\xef\xbb\xbflockgate: 1\nname: marked\n")
    assert Rulebook.load(path).name == "marked"


def test_the_old_rulebook_stays_in_force():
    old = Rulebook.parse("lockgate: 1\nname: old\nlevels: {low: block}\n")
    gate = Gate.open(old, store="memory://")
    for wrong in CORPUS.values():
        with pytest.raises(RulebookError):
            gate.use(Rulebook.parse(wrong.text))
        assert gate.rulebook is old
    assert gate.decide("get_order", {}).revision == old.revision
