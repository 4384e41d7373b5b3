"""The points of risk are part of the rulebook: they count, they are versioned, and never negative."""

from __future__ import annotations

import pytest

from lockgate import Gate, Rulebook, RulebookError
from lockgate.classify import Signature
from lockgate.evaluate import Weights


def decided(weights):
    book = Rulebook.parse(f"lockgate: 1\nweights: {weights}\n")
    return book, Gate.open(book, store="memory://").decide("delete_file", {"path": "a.txt"})


def test_points_count_and_make_another_revision():
    plain, before = decided("{}")
    heavy, after = decided("{ irreversible: 40, environments: { production: 9 } }")
    assert after.risk.score == before.risk.score + 25 + 4
    assert heavy.revision != plain.revision
    assert plain.weights == Weights()


def test_levels_start_where_the_rulebook_says():
    _, decision = decided("{ medium: 1, high: 2, critical: 3 }")
    assert (decision.risk.level, decision.verdict) == ("critical", "BLOCK")


def test_a_hazard_counts_what_the_rulebook_says():
    book = Rulebook.parse("lockgate: 1\nweights: { hazards: { unbounded: 1 }, hazard: 2 }\n")
    gate = Gate.open(book, store="memory://")
    gate.register(Signature(name="delete_file", parameters={"properties": {"path": {}}}))
    decision = gate.decide("delete_file", {"path": "/*"})
    assert {item.name: item.points for item in decision.risk.factors}["unbounded"] == 1


WRONG = {
    "negative": ("{ amount: -1 }", "2:20: this is less than 0"),
    "too many": ("{ amount: 101 }", "2:20: this is more than 100"),
    "a fraction": ("{ amount: 1.5 }", "2:20: "),
    "an unknown key": ("{ amounts: 1 }", "2:12: unknown key `amounts`"),
    "levels out of order": ("{ medium: 60 }", "the levels start in the wrong order"),
    "no such hazard": ("{ hazards: { fire: 1 } }", "there is no hazard `fire`"),
}


@pytest.mark.parametrize(("weights", "told"), WRONG.values(), ids=WRONG)
def test_wrong_points_are_refused_with_their_place(weights, told):
    with pytest.raises(RulebookError) as raised:
        Rulebook.parse(f"lockgate: 1\nweights: {weights}\n", "w.yaml")
    assert told in str(raised.value)
    assert str(raised.value).startswith("w.yaml:2:")


def test_only_one_document_gives_points_and_only_at_the_top():
    one, other = "lockgate: 1\nweights: { amount: 1 }\n", "lockgate: 1\nweights: { reach: 1 }\n"
    with pytest.raises(RulebookError, match="given twice, first in `a.yaml`"):
        Rulebook.assemble({"a.yaml": one, "b.yaml": other})
    lower = "lockgate: 1\nlayer: agent\nfor: support\nweights: { reach: 1 }\n"
    with pytest.raises(RulebookError, match="`weights` belongs to the organisation's layer"):
        Rulebook.assemble({"a.yaml": lower})
