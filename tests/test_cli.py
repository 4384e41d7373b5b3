"""The command line: what each command prints, and with which exit code it ends."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from typing import NamedTuple

import orjson
import pytest

from lockgate import Blocked, Callback, Gate, PendingApproval, __version__, cli

GOOD = """
lockgate: 1
name: desk
rules:
  - id: refund-over-500
    on: { action: payments.refund }
    when: args.amount > 500
    then: block
    reason: nobody refunds more than 500 here
"""
BAD = """
lockgate: 1
rules:
  - id: a
    then: maybe
    reason: a test
"""
MISSPELT = """
lockgate: 1
rules:
  - id: a
    when: amout > 500
    then: block
    reason: a test
"""


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Everything that was printed, without the line breaks of a narrow terminal."""
        return " ".join((self.out + self.err).split())


@pytest.fixture
def lockgate(monkeypatch, capsys):
    """Run the program as its entry point does, in this process."""
    monkeypatch.delenv("LOCKGATE_STORE", raising=False)

    def run(*words) -> Ran:
        monkeypatch.setattr(sys, "argv", ["lockgate", *map(str, words)])
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def rulebook(tmp_path):
    path = tmp_path / "desk.yaml"
    path.write_text(GOOD, "utf-8")
    return path


def refund(order_id: str, amount: float) -> str:
    return f"refunded {amount} for {order_id}"


@pytest.fixture
def store(tmp_path):
    """A record with one call of each kind: allowed, held, blocked, and one that was cut off."""
    path = tmp_path / "record.db"

    def interrupted(to: str) -> None:
        raise KeyboardInterrupt

    with Gate.open(store=str(path)) as gate:
        contained = gate.contained(refund)
        allowed = gate.contained(interrupted, action="customers.update")
        with gate.run("ticket"):
            contained("1", 12.5)
            with pytest.raises(PendingApproval):
                contained("2", 780.0)
            with pytest.raises(Blocked):
                contained("3", -1.0)
            with suppress(KeyboardInterrupt):
                allowed("a@example.org")
    return path


@pytest.fixture
def request_id(lockgate, store):
    (request,) = lockgate("approvals", "list", "--store", store, "--json").json
    return request["id"]


# ── Rulebooks ────────────────────────────────────────────────────────────────────────────────


def test_check_accepts_a_good_rulebook(lockgate, rulebook):
    ran = lockgate("check", rulebook)
    assert ran.code == 0
    assert "ok desk: 1 rules, revision rb-" in ran.said


def test_check_tells_what_it_read_as_json(lockgate, rulebook):
    told = lockgate("check", rulebook, "--json").json
    assert told["valid"] is True
    assert told["name"] == "desk"
    assert told["rules"] == 1
    assert told["levels"]["critical"] == "block"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (BAD, ":5:11: `maybe` is not one of `allow`, `require_approval`, `block`"),
        (MISSPELT, ":5:11: rule `a`: undeclared reference to 'amout'"),
        ("rules: [", ":1:"),
        ("", ":1:1: the document is empty"),
    ],
)
def test_check_names_the_place_of_a_fault(lockgate, rulebook, text, fault):
    rulebook.write_text(text, "utf-8")
    ran = lockgate("check", rulebook)
    assert ran.code == 1
    assert fault in ran.said
    assert ran.out == ""


def test_check_tells_a_fault_as_json(lockgate, rulebook):
    rulebook.write_text(
        "rules:\n  - {id: a, on: {action: payments.refnd}, then: block, reason: r}\n"
    )
    ran = lockgate("check", rulebook, "--json")
    told = orjson.loads(ran.out)
    assert ran.code == 1
    assert (told["valid"], told["line"], told["column"]) == (False, 2, 26)
    assert told["hint"] == "did you mean `payments.refund`?"


def test_check_says_that_there_is_no_such_file(lockgate, tmp_path):
    ran = lockgate("check", tmp_path / "nothing.yaml")
    assert ran.code != 0
    assert "nothing.yaml" in "".join(ran.said.split())


# ── What would be decided ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "verdict", "code"),
    [
        (["get_order", '{"order_id": "1"}'], "ALLOW", 0),
        (["refund", '{"amount": 12}'], "ALLOW", 0),
        (["refund", '{"amount": 780}'], "REQUIRE_APPROVAL", 3),
        (["frobnicate"], "REQUIRE_APPROVAL", 3),
        (["frobnicate", "--action", "orders.read"], "ALLOW", 0),
        (["refund", '{"amount": "much"}'], "BLOCK", 4),
    ],
)
def test_simulate_ends_with_the_verdict(lockgate, words, verdict, code):
    ran = lockgate("simulate", *words)
    assert (ran.code, ran.out.split()[0]) == (code, verdict)
    ran = lockgate("simulate", *words, "--json")
    assert (ran.code, ran.json["verdict"]) == (code, verdict)


def test_simulate_uses_the_rulebook_that_is_named(lockgate, rulebook):
    words = ["simulate", "refund", '{"amount": 780}', "--json", "--rulebook", rulebook]
    ran = lockgate(*words)
    assert (ran.code, ran.json["rule"]) == (4, "refund-over-500")


def test_simulate_is_told_who_and_where(lockgate, rulebook):
    rulebook.write_text(
        "rules: [{id: a, when: environment == 'test' && agent == 'bot', then: block, reason: b}]",
        "utf-8",
    )
    words = ["simulate", "get_order", "{}", "--rulebook", rulebook]
    assert lockgate(*words).code == 0
    assert lockgate(*words, "--environment", "test", "--agent", "bot").code == 4


@pytest.mark.parametrize("arguments", ["amount=12", "[1]", '"text"', "{"])
def test_simulate_takes_nothing_but_a_json_object(lockgate, arguments):
    ran = lockgate("simulate", "refund", arguments)
    assert ran.code == 2
    assert "error:" in ran.err


def test_simulate_refuses_an_action_that_does_not_exist(lockgate):
    ran = lockgate("simulate", "refund", "{}", "--action", "payments.refnd")
    assert ran.code == 1
    assert "did you mean `payments.refund`" in ran.said


def test_simulate_leaves_no_record(lockgate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lockgate("simulate", "refund", '{"amount": 12}')
    assert list(tmp_path.iterdir()) == []


# ── Approvals ────────────────────────────────────────────────────────────────────────────────


def test_what_waits_is_listed(lockgate, store):
    ran = lockgate("approvals", "list", "--store", store)
    assert ran.code == 0
    assert "refund" in ran.out
    (request,) = lockgate("approvals", "list", "--store", store, "--json").json
    assert request["tool"] == "refund"
    assert request["arguments"] == {"order_id": "2", "amount": 780}


def test_a_request_is_shown_before_and_after_its_answer(lockgate, store, request_id):
    shown = lockgate("approvals", "show", request_id, "--store", store, "--json").json
    assert shown["id"] == request_id
    assert shown["resolution"] is None
    lockgate("approvals", "approve", request_id, "--by", "kim", "--store", store)
    shown = lockgate("approvals", "show", request_id, "--store", store, "--json").json
    assert shown["resolution"]["state"] == "approved"
    assert "approved" in lockgate("approvals", "show", request_id, "--store", store).said


@pytest.mark.parametrize(("choice", "state"), [("approve", "approved"), ("reject", "rejected")])
def test_a_request_is_answered_once(lockgate, store, request_id, choice, state):
    words = ["approvals", choice, request_id, "--by", "kim", "--comment", "a test"]
    told = lockgate(*words, "--store", store, "--json").json
    assert told["request"] == request_id
    assert (told["state"], told["by"], told["comment"]) == (state, "kim", "a test")
    for again in ("approve", "reject"):
        ran = lockgate("approvals", again, request_id, "--by", "ann", "--store", store)
        assert ran.code == 1
        assert f"was already {state} by kim" in ran.said
    assert lockgate("approvals", "list", "--store", store, "--json").json == []
    assert "nothing is waiting" in lockgate("approvals", "list", "--store", store).out


def test_a_request_is_approved_with_other_arguments(lockgate, store, request_id):
    edited = '{"order_id": "2", "amount": 20.5}'
    words = ["approvals", "edit", request_id, edited, "--by", "kim", "--store", store]
    assert lockgate(*words, "--json").json["state"] == "approved"
    assert lockgate(*words).code == 1
    with Gate.open(store=str(store)) as gate, gate.run("ticket"):
        assert gate.contained(refund)("2", 780.0) == "refunded 20.5 for 2"


@pytest.mark.parametrize("arguments", ["amount=12", "[1]"])
def test_an_edit_takes_nothing_but_a_json_object(lockgate, store, request_id, arguments):
    assert lockgate("approvals", "edit", request_id, arguments, "--store", store).code == 2


def test_a_request_is_answered_in_the_place_of_the_tool(lockgate, store, request_id):
    words = ["approvals", "respond", request_id, "it was paid", "--by", "kim", "--store", store]
    told = lockgate(*words, "--json").json
    assert (told["state"], told["comment"]) == ("answered", "it was paid")
    with Gate.open(store=str(store)) as gate, gate.run("ticket"):
        assert gate.contained(refund)("2", 780.0) == "it was paid"


def test_the_agent_cannot_answer_for_itself(lockgate, store, request_id):
    ran = lockgate("approvals", "approve", request_id, "--by", "Agent", "--store", store)
    assert ran.code == 1
    assert "can't answer for it" in ran.said


def test_whoever_is_logged_in_answers(lockgate, store, request_id, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "whoever")
    ran = lockgate("approvals", "approve", request_id, "--store", store)
    assert ran.out.split() == [request_id, "approved", "by", "whoever"]


@pytest.mark.parametrize(
    ("command", "rest"),
    [("show", []), ("approve", []), ("reject", []), ("edit", ["{}"]), ("respond", ["no"])],
)
def test_an_unknown_request_is_refused(lockgate, store, command, rest):
    ran = lockgate("approvals", command, "apr-nothing", *rest, "--store", store)
    assert ran.code == 1
    assert "there is no approval request `apr-nothing`" in ran.said


def test_an_approved_call_runs_in_the_process_that_asked(lockgate, store, request_id):
    lockgate("approvals", "approve", request_id, "--by", "kim", "--store", store)
    with Gate.open(store=str(store), approver=Callback(lambda _: None)) as gate:
        contained = gate.contained(refund)
        with gate.run("ticket"):
            assert contained("2", 780.0) == "refunded 780.0 for 2"
            with pytest.raises(PendingApproval):
                contained("2", 780.0)


# ── The record ───────────────────────────────────────────────────────────────────────────────


def test_runs_are_counted(lockgate, store):
    (run,) = lockgate("runs", "--store", store, "--json").json
    numbers = {name: run[name] for name in ("calls", "allowed", "held", "blocked", "executed")}
    assert numbers == {"calls": 4, "allowed": 2, "held": 1, "blocked": 1, "executed": 2}
    assert run["unknown"] == 1
    assert "ticket" in lockgate("runs", "--store", store).out


def test_calls_are_shown_in_order(lockgate, store):
    rows = lockgate("record", "show", "--store", store, "--json").json
    assert [row["state"] for row in rows] == ["completed", "held", "blocked", "unknown"]
    assert rows == lockgate("record", "show", "ticket", "--store", store, "--json").json
    assert lockgate("record", "show", "other", "--store", store, "--json").json == []
    assert "completed" in lockgate("record", "show", "--store", store).out


def test_events_are_shown_one_a_line(lockgate, store):
    lines = lockgate("record", "show", "--events", "--store", store).out.splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["kind"] for event in events[:3]] == ["decided", "started", "completed"]


def test_an_unaltered_record_verifies(lockgate, store):
    told = lockgate("record", "verify", "--store", store, "--json").json
    assert told["valid"] is True
    ran = lockgate("record", "verify", "--store", store)
    assert ran.code == 0
    assert told["head"] in ran.said
    assert f"{told['length']} events" in ran.said


def test_one_altered_byte_is_found(lockgate, store):
    flip(store, seq=3)
    ran = lockgate("record", "verify", "--store", store)
    assert ran.code == 1
    assert "event 3 (" in ran.said
    assert "altered" in ran.said
    ran = lockgate("record", "verify", "--store", store, "--json")
    assert (ran.code, ran.json["valid"], ran.json["broken_at"]) == (1, False, 3)


def test_a_removed_event_is_found(lockgate, store):
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("DELETE FROM events WHERE seq = 2")
    ran = lockgate("record", "verify", "--store", store)
    assert ran.code == 1
    assert "event 2 (" in ran.said


def flip(store, *, seq):
    """Change one bit of one byte in the middle of an event's body."""
    with closing(sqlite3.connect(store)) as database, database:
        (body,) = database.execute("SELECT body FROM events WHERE seq = ?", [seq]).fetchone()
        at = len(body) // 2
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        database.execute("UPDATE events SET body = ? WHERE seq = ?", [changed, seq])


@pytest.mark.parametrize(
    ("option", "stays"), [("--happened", "completed"), ("--did-not-happen", "did not happen")]
)
def test_a_call_in_doubt_is_settled_once(lockgate, store, option, stays):
    doubtful = lockgate("record", "show", "--store", store, "--json").json[-1]
    words = ["record", "reconcile", doubtful["thread"], doubtful["call"], option, "--store", store]
    told = lockgate(*words, "--by", "kim", "--comment", "asked the desk", "--json").json
    assert told["happened"] is (option == "--happened")
    assert told["by"] == "kim"
    assert lockgate("record", "show", "--store", store, "--json").json[-1]["state"] == stays
    ran = lockgate(*words)
    assert ran.code == 1
    assert "is in doubt" in ran.said


def test_a_call_that_is_not_in_doubt_cannot_be_settled(lockgate, store):
    done = lockgate("record", "show", "--store", store, "--json").json[0]
    ran = lockgate("record", "reconcile", "ticket", done["call"], "--happened", "--store", store)
    assert ran.code == 1


# ── Where the record is ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words",
    [
        ["runs"],
        ["record", "show"],
        ["record", "verify"],
        ["record", "reconcile", "thread", "call", "--happened"],
        ["approvals", "list"],
        ["approvals", "show", "apr-1"],
        ["approvals", "approve", "apr-1"],
        ["approvals", "reject", "apr-1"],
    ],
)
def test_a_record_that_is_not_there_is_a_mistake(lockgate, tmp_path, words):
    ran = lockgate(*words, "--store", tmp_path / "nothing.db")
    assert ran.code == 2
    assert "there is no record" in ran.said
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_record_is_refused(lockgate, tmp_path):
    path = tmp_path / "text.db"
    path.write_text("this is not a database " * 100, "utf-8")
    ran = lockgate("runs", "--store", path)
    assert ran.code == 1
    assert "can't open the record" in ran.said


def test_the_environment_names_the_record(lockgate, store, monkeypatch):
    monkeypatch.setenv("LOCKGATE_STORE", str(store))
    assert lockgate("record", "verify").code == 0


def test_without_a_name_the_record_is_the_one_in_this_folder(lockgate, store, monkeypatch):
    monkeypatch.chdir(store.parent)
    assert lockgate("runs").code == 2
    store.rename(store.with_name("lockgate.db"))
    assert lockgate("runs").code == 0


# ── The rest ─────────────────────────────────────────────────────────────────────────────────


def test_the_version_is_told(lockgate):
    assert lockgate("version").out.strip() == __version__


@pytest.mark.parametrize("words", [["nothing"], ["check"], ["runs", "--nothing"]])
def test_wrong_usage_is_told(lockgate, words):
    assert lockgate(*words).code == 2


def test_the_module_is_the_same_program():
    command = [sys.executable, "-m", "lockgate", "version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == __version__


RECORDING = {
    "id": "mine/1",
    "domain": "desk",
    "tools": [{"name": "refund", "parameters": {"type": "object", "properties": {"amount": {}}}}],
    "events": [
        {"type": "user", "content": "My money, please."},
        *(
            {
                "type": "call",
                "tool": "refund",
                "args": {"amount": amount},
                "recorded_result": "ok",
                "write": True,
                "label": label,
            }
            for amount, label in ((12.5, "correct"), (780.0, "wrong"))
        ),
        {"type": "assistant", "content": "Done."},
    ],
}


def test_a_rehearsal_counts_what_it_stops(lockgate, tmp_path):
    pytest.importorskip("langchain", reason="needs lockgate[langchain]")
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(RECORDING), "utf-8")
    ran = lockgate("rehearse", path, "--limit", "1", "--json")
    report = ran.json
    assert ran.code == 0
    assert (report["conversations"], report["calls"], report["executed"]) == (1, 2, 1)
    assert (report["executed_without_permit"], report["chain_valid"]) == (0, True)
    assert [sum(row["allow"] for row in report["labels"].values())] == [1]
    assert "1 conversations, 2 calls, 1 executed" in lockgate("rehearse", path).said


def test_a_rehearsal_uses_the_rulebook_that_is_named(lockgate, tmp_path, rulebook):
    pytest.importorskip("langchain", reason="needs lockgate[langchain]")
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(RECORDING), "utf-8")
    report = lockgate("rehearse", path, "--rulebook", rulebook, "--json").json
    assert list(report["stopped_by"]) == ["refund-over-500"]


def test_a_recording_that_is_not_there_is_told(lockgate, tmp_path):
    pytest.importorskip("langchain", reason="needs lockgate[langchain]")
    assert lockgate("rehearse", tmp_path / "nothing.jsonl").code != 0


def test_the_demo_tells_its_facts_as_json(lockgate, tmp_path):
    pytest.importorskip("langgraph.checkpoint.sqlite", reason="needs lockgate[langchain]")
    ran = lockgate("demo", "--yes", "--json", "--folder", tmp_path)
    facts = ran.json
    wanted = {
        "judged": 6,
        "allowed": 3,
        "blocked": 1,
        "held": 2,
        "executed": 4,
        "executed_without_permit": 0,
        "chain_valid": True,
    }
    assert ran.code == 0
    assert {name: facts[name] for name in wanted} == wanted
    assert facts["with_gate"]["customers"] == 240
    assert facts["without_gate"]["customers"] < 240
    assert lockgate("record", "verify", "--store", facts["record"]).code == 0


def test_the_demo_shows_people_where_its_record_is(lockgate, tmp_path):
    pytest.importorskip("langgraph.checkpoint.sqlite", reason="needs lockgate[langchain]")
    ran = lockgate("demo", "--yes", "--folder", tmp_path)
    assert ran.code == 0
    printed = "".join(ran.out.split())
    assert str(tmp_path / "record.db") in printed
    for state in ("completed", "held", "rejected", "blocked"):
        assert state in ran.out
    assert "recordverified" in printed
