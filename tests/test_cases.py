"""Cases beside a rulebook: what they prove, what they miss, and where they are wrong."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from lockgate import RulebookError, Verdict
from lockgate.testing.cases import Cases, coverage
from lockgate.testing.junit import junit_xml
from test_cli import lockgate  # noqa: F401 - a fixture

VECTORS = Path(__file__).parent / "vectors"
FILES = sorted(VECTORS.glob("*.cases.yaml"))
RULES = """
lockgate: 1
name: desk
rules:
  - id: big
    on: { action: payments.refund }
    when: args.amount > 500
    then: block
    reason: too much
  - id: never-asked
    on: { tool: nobody }
    then: block
    reason: nobody
"""
CASES = """
lockgate: 1
rulebook: [desk.yaml]
facts: { agent: support, said: [hello] }
cases:
  - { name: too much, tool: refund_order, arguments: { amount: 501 }, expect: { verdict: BLOCK, rule: big } }
  - { name: little, tool: refund_order, arguments: { amount: 5 }, expect: { verdict: ALLOW, level: medium } }
"""


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "desk.yaml").write_text(RULES, "utf-8")
    path = tmp_path / "desk.cases.yaml"
    path.write_text(CASES, "utf-8")
    return path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".cases.yaml"))
def test_every_vector_passes_and_reaches_every_rule(path):
    cases = Cases.load(path)
    results = cases.run()
    assert [(item.name, item.faults) for item in results if not item.passed] == []
    assert coverage(cases.book, results).unreached == ()


def test_there_are_two_hundred_vectors_on_both_sides_of_the_lines():
    texts = [Cases.load(path).text for path in FILES]
    verdicts = [case.expect.verdict for text in texts for case in text.cases]
    assert len(verdicts) >= 200
    assert min(verdicts.count(verdict) for verdict in Verdict) >= 40


def test_what_differs_is_told_in_a_sentence(desk):
    text = CASES.replace("verdict: BLOCK, rule: big", "verdict: ALLOW, rule: small, level: low")
    desk.write_text(text.replace("amount: 5 }", "amount: [] }"), "utf-8")
    first, second = Cases.load(desk).run()
    assert (first.passed, first.line) == (False, 6)
    assert first.faults[0] == "expected ALLOW, not BLOCK: too much"
    assert first.faults[1] == "expected the rule `small`, not `big`"
    assert first.faults[2].startswith("expected the level low, not high")
    assert second.faults[0].startswith("expected ALLOW, not BLOCK")


def test_what_a_case_says_goes_over_what_its_file_says(desk):
    said = "facts: { agent: other, calls: [{ tool: nobody, result: { n: 1 } }] }, expect"
    desk.write_text(CASES.replace("expect", said, 1), "utf-8")
    (desk.parent / "desk.yaml").write_text(
        RULES.replace(
            "args.amount > 500", "agent == 'other' && said == ['hello'] && seen.nobody[0].n == 1"
        ),
        "utf-8",
    )
    first, second = Cases.load(desk).run()
    assert first.passed
    assert second.passed


WRONG = {
    "tool is missing": ("tool: refund_order, ", "", "6:5: `tool` is missing"),
    "unknown key": ("arguments: { amount: 5 }", "argument: {}", "7:41: unknown key `argument`"),
    "no such verdict": ("verdict: ALLOW", "verdict: YES", ": `YES` is not one of"),
    "twice": ("name: little", "name: too much", "7:13: the case `too much` is there twice"),
    "no cases": ("cases:", "case:", "`cases` is missing"),
    "no such rulebook": ("desk.yaml", "nobody.yaml", "nobody.yaml"),
    "no yaml": ("rulebook: [", "rulebook: [[", "not YAML"),
}


@pytest.mark.parametrize(("old", "new", "told"), WRONG.values(), ids=WRONG)
def test_a_fault_in_the_cases_has_its_place(desk, old, new, told):
    desk.write_text(CASES.replace(old, new, 1), "utf-8")
    with pytest.raises(RulebookError, match="(?s).*") as raised:
        Cases.load(desk)
    assert told in str(raised.value)


def test_an_action_that_does_not_exist_is_a_failed_case(desk):
    desk.write_text(CASES + "tools: { refund_order: { action: payments.refnd } }\n", "utf-8")
    first, _ = Cases.load(desk).run()
    assert first.decision is None
    assert "did you mean `payments.refund`" in first.faults[0]


def test_build_servers_can_read_the_results(desk):
    desk.write_text(CASES.replace("verdict: ALLOW", "verdict: BLOCK"), "utf-8")
    root = ET.fromstring(junit_xml(Cases.load(desk).run()))  # noqa: S314 - our own text
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    good, bad = suite
    assert list(good) == []
    assert bad[0].get("message").startswith("expected BLOCK, not ALLOW")
    assert bad.get("line") == "7"


def test_the_command_tells_what_failed_and_what_is_not_reached(lockgate, desk):  # noqa: F811
    ran = lockgate("test", desk.parent)
    assert ran.code == 0
    assert "2 of 2 cases, 1 of 2 rules reached" in ran.said
    assert "no case reaches never-asked" in ran.said
    assert lockgate("test", desk.parent, "--covered").code == 1
    report = desk.parent / "report.xml"
    desk.write_text(CASES.replace("verdict: ALLOW", "verdict: BLOCK"), "utf-8")
    failed = lockgate("test", desk, "--junit", report)
    assert failed.code == 1
    assert "desk.cases.yaml:7 little" in failed.said
    assert ET.parse(report).getroot()[0].get("failures") == "1"  # noqa: S314
    told = lockgate("test", desk, "--json").json
    assert (told["passed"], told["failed"]) == (1, 1)
    assert told["files"][0]["unreached"] == ["never-asked"]


def test_the_command_can_try_another_rulebook(lockgate, desk):  # noqa: F811
    other = desk.parent / "other.yaml"
    other.write_text(RULES.replace("500", "1"), "utf-8")
    ran = lockgate("test", desk, "--rulebook", other)
    assert ran.code == 1
    assert "expected ALLOW, not BLOCK" in ran.said


def test_a_folder_without_cases_is_wrong_usage(lockgate, tmp_path):  # noqa: F811
    assert lockgate("test", tmp_path).code == 2


def test_vectors_are_plain_yaml_that_any_language_can_read():
    for path in FILES:
        told = yaml.safe_load(path.read_text("utf-8"))
        assert set(told) <= {"lockgate", "rulebook", "tools", "facts", "cases"}
