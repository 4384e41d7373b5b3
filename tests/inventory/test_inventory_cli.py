"""`import` and `tools` on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lockgate import Inventory, cli

OPENAPI = Path(__file__).with_name("shop.openapi.yaml")


@pytest.fixture
def lockgate(monkeypatch, capsys, tmp_path):
    """Run the program in an empty folder; return its exit code, and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["lockgate", *map(str, words)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        printed = capsys.readouterr()
        return code, " ".join((printed.out + printed.err).split())

    return run


@pytest.fixture
def imported(lockgate):
    assert lockgate("import", OPENAPI, "--source", "shop", "--rulebook", "first.yaml")[0] == 0
    return lockgate


def listed(changes=None):
    tools = [{"name": "get_order", "description": "Look up."}, {"name": "delete_customer"}]
    told = [tool | (changes or {}).get(tool["name"], {}) for tool in tools]
    Path("list.json").write_text(json.dumps(told))
    return "list.json"


def test_an_import_writes_an_inventory_and_a_rulebook_that_loads(imported):
    assert [tool.name for tool in Inventory.load("inventory.json").tools] == [
        "delete_customer",
        "get_order",
        "list_orders",
        "refund_order",
    ]
    code, said = imported("check", "first.yaml")
    assert (code, "4 rules" in said or "3 rules" in said) == (0, True)
    code, said = imported("import", OPENAPI, "--rulebook", "first.yaml")
    assert code == 2
    assert "is there already" in said


def test_tools_shows_what_each_does_and_what_governs_it(imported):
    code, said = imported("tools", "--rulebook", "first.yaml", "--json")
    told = {item["tool"]: item for item in json.loads(said)}
    assert code == 0
    assert told["refund_order"]["action"] == "payments.refund"
    assert told["refund_order"]["rules"] == ["shop-payments-refund"]
    assert told["delete_customer"]["level"] == "high"
    assert told["get_order"]["faults"] == []
    code, said = imported("tools", "--rulebook", "first.yaml", "--strict")
    assert code == 0
    assert "4 tools" in said


def test_strictness_fails_on_what_is_uncovered_and_says_so(imported):
    code, said = imported("tools", "--strict")
    assert code == 1
    assert "refund_order: no rule speaks about it" in said
    assert "nothing answers `inappropriate_refund`" in said
    assert imported("tools")[0] == 0


def test_what_changed_is_shown_and_only_taken_when_it_was_reviewed(lockgate):
    assert lockgate("import", listed())[0] == 0
    before = Path("inventory.json").read_bytes()
    assert lockgate("import", listed())[0] == 0
    changed = listed({"get_order": {"description": "Look up, then send it on."}})
    code, said = lockgate("import", changed)
    assert code == 1
    assert "get_order (list) changed in its description" in said
    assert "nothing was written" in said
    assert Path("inventory.json").read_bytes() == before
    code, said = lockgate("tools", changed, "--inventory", "inventory.json", "--strict")
    assert code == 1
    assert "changed since it was reviewed" in said
    code, said = lockgate("import", changed, "--review", "--json")
    assert code == 0
    assert json.loads(said)["changes"] == [
        {"source": "list", "tool": "get_order", "what": "changed in its description"}
    ]
    assert lockgate("tools", changed, "--inventory", "inventory.json")[0] == 0


def test_another_source_is_added_and_none_is_lost(imported):
    assert imported("import", listed())[0] == 0
    assert {tool.source for tool in Inventory.load("inventory.json").tools} == {"shop", "list"}


def test_hints_are_believed_only_when_they_are_said_to_be(lockgate):
    lockgate("import", listed(), "--trust-hints")
    assert all(tool.trusted for tool in Inventory.load("inventory.json").tools)


def test_a_source_that_is_none_ends_in_a_sentence(lockgate):
    code, said = lockgate("import", "nothing.json")
    assert code == 1
    assert "`nothing.json` can't be read" in said
    assert lockgate("tools", "nothing.json")[0] == 1
