"""The commands of a rulebook's life, as people type them."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from contextlib import suppress

import pytest

from lockgate import Gate, PendingApproval, Rulebook, cli
from rulebook_life.conftest import rules

WORDS = ["--by", "kim", "--why", "a test"]


class Shell:
    """Runs the program in this process, as its entry point does."""

    def __init__(self, folder, monkeypatch, capsys):
        self.folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys
        self.store = folder / "record.db"
        monkeypatch.chdir(folder)
        monkeypatch.setenv("LOCKGATE_STORE", str(self.store))

    def __call__(self, *words):
        self._monkeypatch.setattr(sys, "argv", ["lockgate", "rulebook", *map(str, words)])
        self._capsys.readouterr()
        self.code = 0
        try:
            cli.main()
        except SystemExit as end:
            self.code = end.code or 0
        self.out, self.err = self._capsys.readouterr()
        return self

    @property
    def json(self):
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def said(self):
        return " ".join((self.out + self.err).split())

    def write(self, then, name="shop.yaml"):
        path = self.folder / name
        path.write_text(rules(then), "utf-8")
        return path

    def key(self, name="example.com/a"):
        path = self.folder / f"{name.rpartition('/')[2]}.key"
        return path, self("key", name, "--out", path, "--json").json["public"]


@pytest.fixture
def lockgate(tmp_path, monkeypatch, capsys):
    return Shell(tmp_path, monkeypatch, capsys)


# ── Keys and bundles ─────────────────────────────────────────────────────────────────────────


def test_a_key_is_made_and_nobody_else_can_read_it(lockgate):
    ran = lockgate("key", "example.com/a", "--out", "a.key")
    assert ran.out.startswith("example.com/a+")
    path = lockgate.folder / "a.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    private = path.read_text("utf-8")
    assert private.startswith("PRIVATE+KEY+example.com/a+")
    assert private.strip().split("+", 4)[4] not in ran.out
    assert lockgate("key", "example.com/a", "--out", "a.key").code == 1
    assert path.read_text("utf-8") == private, "a key is never replaced"


def test_no_two_keys_are_alike(lockgate):
    assert lockgate.key()[1] != lockgate.key("example.com/b")[1]


def test_a_key_needs_a_name_that_keys_can_have(lockgate):
    ran = lockgate("key", "two words", "--out", "a.key")
    assert (ran.code, "can't name a key" in ran.said) == (1, True)
    assert not (lockgate.folder / "a.key").exists()


def test_a_bundle_is_signed_and_verified(lockgate):
    file, (key, public) = lockgate.write("block"), lockgate.key()
    told = lockgate("sign", file, "--key", key, "--out", "a.bundle", *WORDS, "--json").json
    assert told["revision"] == Rulebook.load(file).revision
    assert (told["number"], told["key"], told["by"]) == (1, "example.com/a", "kim")
    again = lockgate("sign", file, "--key", key, "--out", "a.bundle", *WORDS, "--json").json
    assert again["number"] == 2
    verified = lockgate("verify", "a.bundle", "--trusted", public, "--json").json
    assert verified == again
    assert (
        "number 2, signed by example.com/a for kim"
        in lockgate("verify", "a.bundle", "--trusted", public).said
    )
    told = lockgate(
        "sign", file, "--key", key, "--out", "a.bundle", *WORDS, "--number", 40, "--json"
    ).json
    assert told["number"] == 40


def test_a_bundle_that_is_not_what_it_should_be_is_refused(lockgate):
    file, (key, _), (_, other) = lockgate.write("block"), lockgate.key(), lockgate.key("b/b")
    lockgate("sign", file, "--key", key, "--out", "a.bundle", *WORDS)
    ran = lockgate("verify", "a.bundle", "--trusted", other)
    assert (ran.code, "is not trusted" in ran.said) == (1, True)
    (lockgate.folder / "keys.txt").write_text(f"# nobody else\n{other}\n", "utf-8")
    assert lockgate("verify", "a.bundle", "--trusted", "keys.txt").code == 1
    assert lockgate("verify", "a.bundle").code == 1
    ran = lockgate("verify", file, "--trusted", other)
    assert (ran.code, "it is not signed" in ran.said) == (1, True)


def test_a_fault_is_not_signed(lockgate):
    file, (key, _) = lockgate.write("maybe"), lockgate.key()
    ran = lockgate("sign", file, "--key", key, "--out", "a.bundle", *WORDS)
    assert (ran.code, "`maybe` is not one of" in ran.said) == (1, True)
    assert not (lockgate.folder / "a.bundle").exists()


def test_what_is_no_key_does_not_sign(lockgate):
    file, (_, public) = lockgate.write("block"), lockgate.key()
    (lockgate.folder / "public").write_text(public, "utf-8")
    for key in ("public", "nothing", file):
        ran = lockgate("sign", file, "--key", key, "--out", "a.bundle", *WORDS)
        assert (ran.code, "error:" in ran.err) == (1, True)


# ── Publications ─────────────────────────────────────────────────────────────────────────────


def in_force(lockgate, **wiring):
    with Gate.open(store=str(lockgate.store), reload="record", **wiring) as gate:
        return gate.rulebook.revision


def test_a_rulebook_is_published_shown_and_taken_back(lockgate):
    first = lockgate("publish", lockgate.write("block"), *WORDS, "--json").json["revision"]
    second = lockgate("publish", lockgate.write("allow"), *WORDS, "--json").json["revision"]
    assert in_force(lockgate) == second
    assert lockgate("show", first).out == rules("block")
    assert lockgate("show", first, "--json").json == [
        {"name": str(lockgate.folder / "shop.yaml"), "text": rules("block")}
    ]
    ran = lockgate("rollback", first, "--by", "ann", "--why", "too much")
    assert ran.said == f"ok shop {first}: back to {first}"
    assert in_force(lockgate) == first
    rows = lockgate("history", "--json").json
    told = [(row["what"], row["revision"], row["by"], row["why"]) for row in rows]
    assert told == [
        ("published", first, "kim", "a test"),
        ("published", second, "kim", "a test"),
        ("published", first, "ann", f"back to {first}: too much"),
    ]
    assert all(len(row["digest"]) == 64 for row in rows)
    printed = lockgate("history").out
    assert all(word in printed for word in (first, second, "kim", "ann"))


def test_a_folder_is_published_as_one_rulebook(lockgate):
    folder = lockgate.folder / "rules"
    folder.mkdir()
    (folder / "a.yaml").write_text(rules("block"), "utf-8")
    (folder / "b.yaml").write_text(rules("allow", "more"), "utf-8")
    revision = lockgate("publish", folder, *WORDS, "--json").json["revision"]
    assert revision == Rulebook.load(folder).revision == in_force(lockgate)
    shown = lockgate("show", revision).out
    assert shown.count("# document ") == 2
    assert rules("block") in shown


def test_a_signed_rulebook_is_published_and_taken_back(lockgate):
    (key, public), (other, _) = lockgate.key(), lockgate.key("b/b")
    file = lockgate.write("block")
    lockgate("sign", file, "--key", key, "--out", "a.bundle", *WORDS)
    first = lockgate("publish", "a.bundle", "--trusted", public, "--json").json
    assert (first["number"], first["key"], first["by"]) == (1, "example.com/a", "kim")
    ran = lockgate("publish", "a.bundle")
    assert (ran.code, "no key is trusted" in ran.said) == (1, True)
    ran = lockgate("publish", lockgate.write("allow"), *WORDS)
    assert (ran.code, "must be signed too" in ran.said) == (1, True)
    second = lockgate("publish", file, *WORDS, "--key", key, "--json").json
    assert second["number"] == 2
    assert in_force(lockgate, trusted=[public]) == second["revision"]
    lockgate("sign", file, "--key", key, "--out", "b.bundle", *WORDS)
    ran = lockgate("publish", "b.bundle", "--trusted", public)
    assert (ran.code, "its number 1 is not above 2" in ran.said) == (1, True)
    assert lockgate("rollback", first["revision"], "--why", "a test").code == 1
    told = lockgate("rollback", first["revision"], "--key", key, "--why", "a test", "--json").json
    assert (told["number"], told["back_to"]) == (3, first["revision"])
    assert in_force(lockgate, trusted=[public]) == first["revision"]
    lockgate("rollback", second["revision"], "--key", other, "--why", "another key")
    assert in_force(lockgate, trusted=[public]) == first["revision"]
    assert [row["what"] for row in lockgate("history", "--json").json][-1] == "kept"
    assert "is not trusted" in lockgate("history", "--json").json[-1]["why"]


def test_a_publication_says_what_for(lockgate):
    ran = lockgate("publish", lockgate.write("block"))
    assert (ran.code, "say what for" in ran.said) == (2, True)
    assert lockgate("rollback", "rb-1").code == 2


def test_a_fault_is_not_published(lockgate):
    ran = lockgate("publish", lockgate.write("maybe"), *WORDS)
    assert (ran.code, "`maybe` is not one of" in ran.said) == (1, True)
    assert lockgate("history", "--json").json == []
    assert "nothing was published" in lockgate("history").said


def test_whoever_is_logged_in_publishes(lockgate, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "whoever")
    told = lockgate("publish", lockgate.write("block"), "--why", "a test", "--json").json
    assert told["by"] == "whoever"


@pytest.mark.parametrize("words", [["show"], ["rollback", "--why", "a test"]])
def test_a_revision_that_is_not_there_is_told(lockgate, words):
    lockgate("publish", lockgate.write("block"), *WORDS)
    ran = lockgate(*words, "rb-nothing")
    assert (ran.code, "does not have the documents of `rb-nothing`" in ran.said) == (1, True)


@pytest.mark.parametrize(
    "words",
    [["history"], ["show", "rb-1"], ["compare"], ["rollback", "r", "--why", "w"], ["withdraw", "--why", "w"]],
)  # fmt: skip
def test_a_record_that_is_not_there_is_a_mistake(lockgate, words):
    ran = lockgate(*words)
    assert (ran.code, "there is no record" in ran.said) == (2, True)
    assert list(lockgate.folder.iterdir()) == []


def test_a_shadow_is_published_compared_and_withdrawn(lockgate):
    ran = lockgate("compare", "--store", "memory://")
    assert "nothing was tried in the shadow" in ran.out
    enforced = lockgate("publish", lockgate.write("require_approval"), *WORDS, "--json").json
    tried = lockgate("publish", lockgate.write("allow"), "--shadow", *WORDS, "--json").json
    with Gate.open(store=str(lockgate.store), reload="record") as gate:
        contained = gate.contained(lambda amount: amount)
        for amount in (1, 2):
            with suppress(PendingApproval):
                contained(amount)
    (trial,) = lockgate("compare", "--json").json
    difference = {
        "verdict": "REQUIRE_APPROVAL",
        "rule": "require_approval",
        "would": "ALLOW",
        "would_rule": "allow",
        "looser": True,
        "count": 2,
        "event": trial["differences"][0]["event"],
    }
    assert trial == {
        "revision": enforced["revision"],
        "shadow": tried["revision"],
        "decisions": 2,
        "same": 0,
        "looser": 2,
        "stricter": 0,
        "differences": [difference],
    }
    said = lockgate("compare").said
    assert "2 decisions, 0 the same, 2 looser, 0 stricter" in said
    assert lockgate("withdraw", "--why", "seen enough", "--json").json["why"] == "seen enough"
    assert lockgate("withdraw", "--why", "again").code == 1
    whats = [row["what"] for row in lockgate("history", "--json").json]
    assert whats == ["published", "published in shadow", "withdrawn in shadow"]
    with Gate.open(store=str(lockgate.store), reload="record") as gate:
        assert gate.health.shadow == ""


def test_the_program_itself_does_all_this(lockgate):
    """One way through, with the program as people start it."""

    def run(*words):
        command = [sys.executable, "-m", "lockgate", "rulebook", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    public = run("key", "example.com/a", "--out", "a.key").strip()
    run("sign", lockgate.write("block"), "--key", "a.key", "--out", "a.bundle", "--why", "first")
    run("publish", "a.bundle", "--trusted", public)
    with Gate.open(store=str(lockgate.store), reload="record", trusted=[public]) as gate:
        assert gate.decide("anything", {}).rule == "block"
        run("publish", lockgate.write("allow"), "--key", "a.key", "--why", "second")
        assert gate.reload()
        assert gate.decide("anything", {}).rule == "allow"
