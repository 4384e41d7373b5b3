"""Why a call is decided as it is, and what in a rulebook is probably not meant."""

from __future__ import annotations

import pytest

from lockgate import Rulebook
from lockgate.classify import Signature
from lockgate.rulebook.explain import Said
from lockgate.rulebook.lint import lint
from test_cli import lockgate  # noqa: F401 - a fixture

BOOK = """
rules:
  - { id: applies, on: { action: payments.refund }, then: require_approval, reason: a person looks }
  - { id: other-action, on: { action: orders.read }, then: allow, reason: a }
  - { id: other-tool, on: { tool: get_* }, then: allow, reason: a }
  - { id: other-source, on: { source: mcp:* }, then: block, reason: a }
  - { id: other-effect, on: { effect: [delete, send] }, then: block, reason: a }
  - { id: other-level, on: { level: critical }, then: block, reason: a }
  - { id: not-here, on: { environment: staging }, then: block, reason: a }
  - { id: not-true, on: { action: payments.* }, when: args.amount > 500, then: block, reason: a }
  - { id: no-answer, on: { action: payments.* }, when: args.total > 500, then: block, reason: a }
  - { id: in-shadow, mode: shadow, on: { action: payments.* }, then: block, reason: a }
"""
EXPECTED = {
    "applies": ("applies", "a person looks"),
    "in-shadow": ("would apply", "it is in shadow: recorded, not enforced"),
    "other-action": (
        "is about other calls",
        "the action is `payments.refund`, not `orders.read`",
    ),
    "other-tool": ("is about other calls", "the tool is `refund_order`, not `get_*`"),
    "other-source": ("is about other calls", "the source is `function`, not `mcp:*`"),
    "other-effect": ("is about other calls", "the effect is `pay`, not `delete` or `send`"),
    "other-level": ("is about other calls", "the level is medium, not `critical`"),
    "not-here": (
        "does not cover this call",
        "its environment, agent, hazard, expiry or share is another",
    ),
    "not-true": ("its condition is not true", "args.amount > 500"),
    "no-answer": ("could not be judged", "there is no `args.total`"),
}


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.yaml"
    path.write_text(BOOK, "utf-8")
    return path


def test_each_rule_says_why_it_applies_or_does_not(lockgate, book):  # noqa: F811
    told = lockgate("explain", "refund_order", '{"amount": 20}', "--rulebook", book, "--json").json
    found = {item["rule"]: (item["said"], item["detail"]) for item in told["rules"]}
    assert {said for said, _ in found.values()} == {said.value for said in Said}
    for rule, (said, detail) in EXPECTED.items():
        assert found[rule] == (said, detail), rule
    assert (told["decision"]["verdict"], told["decision"]["rule"]) == ("BLOCK", "no-answer")
    assert told["rules"][0]["line"] == 3


def test_rules_about_other_calls_are_shown_when_asked_for(lockgate, book):  # noqa: F811
    words = ("explain", "refund_order", '{"amount": 20}', "--rulebook", book)
    short, whole = lockgate(*words).said, lockgate(*words, "--all").said
    assert "other-action" not in short
    assert "10 rules" in short
    assert "other-action" in whole


def test_a_recorded_call_is_explained_by_its_number(lockgate, tmp_path, book):  # noqa: F811
    from lockgate import Gate

    record = tmp_path / "record.db"
    with Gate.open(store=str(record)) as gate:

        def refund_order(amount: float) -> str:
            """Pay back."""
            return "done"

        gate.contained(refund_order)(20.0)
    told = lockgate("explain", "1", "--store", record, "--rulebook", book, "--json").json
    assert (told["tool"], told["arguments"]) == ("refund_order", {"amount": 20})
    assert lockgate("explain", "2", "--store", record).code == 2
    assert lockgate("explain", "refund_order", "--store", record).code == 2


REMARKS = {
    "an effect that no such action has": (
        "on: { action: payments.read, effect: delete }, then: block",
        "never",
        "no action of the catalogue has all that `on` asks for",
    ),
    "a condition that is never true": (
        "on: { tool: x }, when: '1 > 2', then: block",
        "never",
        "its condition is never true",
    ),
    "a condition without an answer": (
        "on: { tool: x }, when: '1 / 0 > 2', then: block",
        "never",
        "its condition is never true",
    ),
    "a condition that is always true": (
        "on: { tool: x }, when: '1 < 2', then: block",
        "twice",
        "its condition is always true",
    ),
    "a rule that another hides": (
        "on: { action: database.delete }, when: args.n > 1, then: allow",
        "hidden",
        "`wide` (<rulebook>:3) blocks every call it is about",
    ),
    "the same rule again": (
        "on: { action: database.* }, then: block",
        "twice",
        "it says the same as `wide` (<rulebook>:3)",
    ),
    "the same calls and another answer": (
        "on: { action: database.* }, then: require_approval",
        "disagree",
        "it is about the same calls as `wide` (<rulebook>:3) and says otherwise",
    ),
}


def with_wide(text):
    wide = "{ id: wide, on: { action: database.* }, then: block, reason: a }"
    return Rulebook.parse(
        f"rules:\n  # a comment\n  - {wide}\n  - {{ id: it, {text}, reason: a }}\n"
    )


@pytest.mark.parametrize(("text", "kind", "message"), REMARKS.values(), ids=REMARKS)
def test_what_is_probably_not_meant_is_remarked(text, kind, message):
    found = [item for item in lint(with_wide(text)) if item.kind == kind]
    assert [item.message for item in found] == [message]
    assert found[0].place == ("<rulebook>", 4, 11)
    assert found[0].hint


@pytest.mark.parametrize(
    "text",
    [
        "on: { action: database.delete }, then: require_approval, mode: shadow",
        "on: { action: payments.* }, when: args.n > 1, then: allow",
        "on: { action: '*' }, then: require_approval",
        "on: { action: [database.delete, payments.refund] }, then: allow",
        "on: { effect: delete }, then: require_approval",
        "then: require_approval",
    ],
)
def test_what_may_be_meant_is_not_remarked(text):
    assert lint(with_wide(text)) == []


def test_rules_that_no_known_tool_can_fall_under_are_remarked():
    book = Rulebook.parse(BOOK)
    tools = [Signature(name="refund_order"), Signature(name="get_order")]
    found = {item.rule for item in lint(book, tools) if item.kind == "unused"}
    assert found == {"other-source", "other-effect"}


def test_the_command_shows_remarks_and_fails_on_them_when_told_to(lockgate, tmp_path):  # noqa: F811
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n  - { id: a, when: '1 > 2', then: block, reason: a }\n", "utf-8")
    ran = lockgate("check", path)
    assert ran.code == 0
    assert "rule `a`: its condition is never true (hint: remove the rule)" in ran.said
    assert lockgate("check", path, "--strict").code == 1
    assert lockgate("check", path, "--json").json["remarks"][0]["kind"] == "never"


def test_the_packaged_rulebooks_have_no_remarks():
    from lockgate.rulebook.book import BASELINE

    for path in sorted(BASELINE.parent.glob("*.yaml")):
        assert lint(Rulebook.load(path)) == [], path
