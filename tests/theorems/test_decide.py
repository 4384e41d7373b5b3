"""What follows from findings: nine theorems over every bag, and a decision that can be trusted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from lockgate.decide import NOTHING_GRANTS, Decision, Verdict, combine
from lockgate.evaluate import Kind, Level, Risk
from theorems.bags import FINDINGS, THEOREMS, bags, finding


@pytest.mark.parametrize("theorem", THEOREMS)
def test_theorem(theorem):
    THEOREMS[theorem](combine)


def test_the_theorems_have_the_names_that_the_house_gives_them():
    assert sorted(THEOREMS) == [
        "a_grant_never_tightens",
        "a_lower_layer_never_loosens",
        "allowed_iff_granted_and_unopposed",
        "an_objection_never_loosens",
        "default_deny",
        "deny_survives_grant",
        "error_never_allows",
        "forbid_trumps_grant",
        "order_and_dup_independent",
    ]


def test_the_bags_are_all_there_are():
    assert len(FINDINGS) == 8
    assert sum(1 for _ in bags()) == 1287  # multisets of up to five out of eight


def test_the_precedence_is_the_one_that_is_written_down():
    """The table of the module, said again in another way."""
    for bag in bags():
        said = {"forbid" if item.erred else item.kind.value for item in bag}
        if "forbid" in said or not said & {"grant", "grant_if_approved"}:
            expected = "BLOCK"
        elif "hold" in said or said == {"grant_if_approved"}:
            expected = "REQUIRE_APPROVAL"
        else:
            expected = "ALLOW"
        assert combine(bag) == expected, bag


def test_a_generator_of_findings_is_as_good_as_a_list():
    assert combine(item for item in FINDINGS) is Verdict.BLOCK
    assert combine(iter(())) is Verdict.BLOCK


def decision(bag):
    return Decision(
        verdict=combine(bag),
        findings=bag,
        risk=Risk(0, Level.LOW, ()),
        revision="rb-test",
        facts_digest="",
        fingerprint="f",
    )


def test_every_decision_is_determined_by_some_finding():
    for bag in bags():
        determining = decision(bag).determining
        assert determining
        assert determining == (NOTHING_GRANTS,) or set(determining) <= set(bag), bag


def test_the_determining_findings_lead_to_the_verdict_that_they_determine():
    for bag in bags():
        made = decision(bag)
        for item in made.determining:
            said = "forbid" if item.erred else item.kind.value
            assert said in _SAYING[made.verdict], bag
        grants = [item for item in bag if item.kind in {Kind.GRANT, Kind.GRANT_IF_APPROVED}]
        assert combine((*made.determining, *grants)) == made.verdict, bag


_SAYING = {
    Verdict.BLOCK: {"forbid"},
    Verdict.REQUIRE_APPROVAL: {"hold", "grant_if_approved"},
    Verdict.ALLOW: {"grant"},
}


def test_without_the_forbids_that_determine_it_a_block_may_fall():
    """Nothing is called determining that a looser verdict could stand beside."""
    for bag in bags():
        made = decision(bag)
        rest = tuple(item for item in bag if item not in made.determining)
        if made.determining != (NOTHING_GRANTS,) and made.verdict is Verdict.BLOCK:
            assert not any(item.erred or item.kind is Kind.FORBID for item in rest), bag


def test_every_finding_is_either_determining_or_outvoted():
    for bag in bags():
        made = decision(bag)
        told = Counter(made.determining) + Counter(made.outvoted)
        told.pop(NOTHING_GRANTS, None)
        assert told == Counter(bag), bag


def test_every_judge_that_failed_is_named_and_determines():
    for bag in bags():
        made = decision(bag)
        assert made.erring == tuple(item for item in bag if item.erred)
        assert set(made.erring) <= set(made.determining), bag


def test_only_a_finding_that_lets_the_call_run_lays_an_obligation_upon_the_gate():
    for item in FINDINGS:
        due = decision((_obliging(item),)).obligations
        forbids = item.kind is Kind.FORBID or item.erred
        assert due == (() if forbids else ("log_in_full",)), item


def test_what_a_lower_layer_grants_is_kept_as_outvoted():
    inner = replace(finding(Kind.GRANT), within="agent support")
    made = decision((inner, finding(Kind.GRANT)))
    assert made.verdict is Verdict.ALLOW
    assert made.outvoted == (inner,)
    assert inner.to_dict()["within"] == "agent support"
    assert decision((inner,)).determining == (NOTHING_GRANTS,)


def test_the_approvers_of_every_hold_must_be_heard():
    hold = finding(Kind.HOLD)
    one, two = replace(hold, approvers=("ann", "bo")), replace(hold, approvers=("cy",))
    assert decision((one, hold, two, one)).approvers == (("ann", "bo"), ("cy",))
    assert decision((replace(finding(Kind.GRANT), approvers=("ann",)),)).approvers == ()


def _obliging(item):
    return type(item)(
        kind=item.kind,
        judge=item.judge,
        rule=item.rule,
        reason=item.reason,
        erred=item.erred,
        obligations=("log_in_full",),
    )


def test_a_decision_can_be_written_down_and_says_why():
    for bag in bags(2):
        made = decision(bag)
        told = made.to_dict()
        assert json.loads(json.dumps(told)) == told
        assert (told["rule"], told["reason"]) == (made.rule, made.reason)
        assert len(told["findings"]) == len(bag)
        assert any(made.revision in line for line in made.lines())
