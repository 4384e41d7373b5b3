"""Layers only tighten: over generated rulebooks, and case by case."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate import RulebookError
from lockgate.rulebook import layers
from lockgate.rulebook.document import Document
from rulebook.books import CALLS, CLOSED, RANK, book, fences, judged, numbered, rules, tops

OPEN = {"levels": {"low": "allow", "medium": "allow", "high": "allow", "critical": "allow"}}
READS = {"on": {"effect": "read"}, "then": "allow", "reason": "a test"}


def fence(layer="agent", whom="support", **more):
    return {"layer": layer, "for": whom, **more}


def rule(name, then, **more):
    return {"id": name, "then": then, "reason": f"{name} says so", **more}


# ── Theorems over generated rulebooks ────────────────────────────────────────────────────────


@given(st.lists(tops(), min_size=1, max_size=2), st.lists(fences(), max_size=3), CALLS, st.data())
@settings(max_examples=150, deadline=None)
def test_a_lower_layer_never_loosens(above, below, call, data):
    documents = numbered([*above, *below])
    kept = (
        data.draw(st.lists(st.sampled_from(documents[len(above) :]), unique_by=id)) if below else []
    )
    with_all = judged(book(*documents), **call)
    with_some = judged(book(*documents[: len(above)], *kept), **call)
    assert RANK[with_all.verdict] >= RANK[with_some.verdict]
    assert set(with_some.obligations) <= set(with_all.obligations)
    assert set(with_some.approvers) <= set(with_all.approvers)


@given(
    st.lists(tops(), min_size=1, max_size=2),
    st.lists(fences(), max_size=2),
    CALLS,
    rules(st.just("block")),
    st.data(),
)
@settings(max_examples=150, deadline=None)
def test_adding_a_rule_that_forbids_never_loosens(above, below, call, extra, data):
    documents = numbered([*above, *below])
    at = data.draw(st.integers(0, len(documents) - 1))
    more = [dict(item) for item in documents]
    more[at]["rules"] = [*more[at]["rules"], {**extra, "id": "extra"}]
    before, after = judged(book(*documents), **call), judged(book(*more), **call)
    assert RANK[after.verdict] >= RANK[before.verdict]


@given(st.lists(tops(), min_size=1, max_size=2), st.lists(fences(), max_size=3), CALLS, st.data())
@settings(max_examples=100, deadline=None)
def test_the_order_of_rules_and_files_does_not_matter(above, below, call, data):
    documents = numbered([*above, *below])
    other = [
        {**item, "rules": data.draw(st.permutations(item["rules"]))}
        for item in data.draw(st.permutations(documents))
    ]
    one, two = book(*documents), book(*other)
    assert one.revision == two.revision
    assert judged(one, **call).to_dict() == judged(two, **call).to_dict()


UNANSWERABLE = st.sampled_from(
    [
        "args.missing == 'x'",
        "args.amount > 5",
        "args.list[7] == 1",
        "1 / args.zero == 1",
        "args.text",
    ]
)
ODD = st.sampled_from([None, "600", True, [], float("nan"), float("inf"), 10**400])


@given(
    st.lists(tops(), min_size=1, max_size=2),
    st.lists(fences(), max_size=2),
    CALLS,
    rules(),
    st.tuples(UNANSWERABLE, ODD),
)
@settings(max_examples=150, deadline=None)
def test_what_is_not_known_never_passes(above, below, call, extra, unknown):
    """A rule that speaks about the call and has no answer blocks it, whatever it would do."""
    condition, odd = unknown
    unknown = {**extra, "id": "unknown", "on": {}, "mode": "enforce", "when": condition}
    unknown.pop("expires", None)
    first, *others = [*above, *below]
    first = {**first, "rules": [*first["rules"], unknown]}
    given_to = {"amount": odd, "list": [], "zero": 0, "text": "yes"}
    made = judged(
        book(*numbered_but_last(first), *numbered_rest(others)), **{**call, "arguments": given_to}
    )
    assert made.verdict == "BLOCK"


def numbered_but_last(document):
    *rest, last = document["rules"]
    (named,) = numbered([{**document, "rules": rest}])
    return [{**named, "rules": [*named["rules"], last]}]


def numbered_rest(documents):
    return numbered([{"rules": []}, *documents])[1:]


def test_stricter_handling_is_never_looser_whatever_the_rules_say():
    """The order that everything here rests upon."""
    bags = [[], ["allow"], ["require_approval"], ["block"], ["allow", "require_approval"]]
    for bag in bags:
        found = []
        for how in layers.STRICTNESS:
            said = [rule(f"r{at}", then) for at, then in enumerate(bag)]
            made = book({"rules": said, "levels": dict.fromkeys(OPEN["levels"], how.value)})
            found.append(RANK[judged(made).verdict])
        assert found == sorted(found), bag


# ── Case by case ─────────────────────────────────────────────────────────────────────────────


def test_a_fence_lets_through_only_what_it_names():
    made = book(OPEN, fence(levels=CLOSED, rules=[{**READS, "id": "reads"}]))
    assert judged(made, "get_order", agent="support").verdict == "ALLOW"
    assert judged(made, "send_mail", {"to": ["a@b.org"]}, agent="support").verdict == "BLOCK"
    assert judged(made, "send_mail", {"to": ["a@b.org"]}, agent="sales").verdict == "ALLOW"


def test_what_a_fence_grants_the_organisation_can_still_hold():
    grants = fence(levels=CLOSED, rules=[rule("anything", "allow")])
    large = judged(book({"rules": []}, grants), agent="support", arguments={"amount": 900})
    assert large.verdict == "REQUIRE_APPROVAL"
    made = book({"rules": [rule("never", "block")]}, grants)
    assert judged(made, "get_order", agent="support").rule == "never"


def test_a_fence_holds_what_it_handles_so_unless_it_allows_it():
    held = fence("environment", "production", levels={"low": "require_approval"})
    assert judged(book(held), "get_order").verdict == "REQUIRE_APPROVAL"
    assert judged(book(held), "get_order", environment="staging").verdict == "ALLOW"
    lifted = {**held, "rules": [{**READS, "id": "reads"}]}
    made = judged(book(lifted), "get_order")
    assert made.verdict == "ALLOW"
    assert ("grant", "reads", "environment production") in {
        (item.kind, item.rule, item.within) for item in made.findings
    }


def test_a_fence_can_only_ask_for_more_logging():
    made = judged(book(fence(levels={"low": "log"})), "get_order", agent="support")
    assert (made.verdict, made.obligations) == ("ALLOW", ("log_in_full",))
    assert judged(book(fence(levels={"low": "log"})), "get_order").obligations == ()


@pytest.mark.parametrize(
    ("layer", "whom", "inside", "outside"),
    [
        ("source", "mcp:*", {"source": "mcp:files"}, {"source": "function"}),
        ("environment", ["production", "live"], {"environment": "live"}, {"environment": "test"}),
        ("agent", "s*", {"agent": "sales"}, {"agent": "Sales"}),
        ("run", "case-?", {"thread": "case-7"}, {"thread": "case-77"}),
    ],
)
def test_a_fence_is_about_those_it_is_for(layer, whom, inside, outside):
    made = book(OPEN, fence(layer, whom, rules=[rule("no", "block")]))
    assert judged(made, "get_order", **inside).rule == "no"
    assert judged(made, "get_order", **outside).verdict == "ALLOW"


def test_each_fence_decides_for_itself():
    reads = {**READS, "id": "reads"}
    agent = fence(levels=CLOSED, rules=[reads])
    place = fence(
        "environment", "production", levels=CLOSED, rules=[{**reads, "id": "more", "on": {}}]
    )
    made = book(OPEN, agent, place)
    assert judged(made, "get_order", agent="support").verdict == "ALLOW"
    assert judged(made, agent="support", arguments={"amount": 9}).verdict == "BLOCK"
    assert judged(made, agent="sales", arguments={"amount": 9}).verdict == "ALLOW"


def test_of_several_documents_of_the_organisation_the_strictest_handling_stands():
    one, two = {"levels": {"low": "log", "medium": "block"}}, {"levels": {"low": "allow"}}
    levels = book(one, two).levels
    assert (levels["low"], levels["medium"], levels["high"]) == ("log", "block", "require_approval")
    assert book(one, two).levels == book(two, one).levels


def test_the_shortest_time_for_an_approval_stands():
    made = book({"approval_seconds": 60}, {"approval_seconds": 90}, {"name": "other"})
    assert made.approval_seconds == 60
    assert made.name == "other + rulebook"


# ── What a layer can't say is refused where it stands ────────────────────────────────────────

REFUSED = {
    "a level that is looser than above": (
        "layer: agent\nfor: support\nlevels:\n  low: log\n  high: allow\n",
        (5, 9),
        "the layer `agent` can't loosen `high` from `require_approval` to `allow`",
    ),
    "an allow that would grant nothing": (
        "layer: environment\nfor: staging\nrules:\n  - id: more\n    then: allow\n    reason: x\n",
        (5, 11),
        "rule `more`: an `allow` in the layer `environment` grants nothing",
    ),
    "a layer without anybody": (
        "layer: run\nrules: []\n",
        (1, 8),
        "a document of the layer `run` needs `for`",
    ),
    "somebody without a layer": (
        "name: x\nfor: support\n",
        (2, 1),
        "the organisation's layer is for every call",
    ),
    "an approval's time": (
        "layer: agent\nfor: x\napproval_seconds: 5\n",
        (3, 1),
        "`approval_seconds` belongs to the organisation's layer",
    ),
    "levels for a share": (
        "mode: { canary: 5 }\nlevels: { low: log }\n",
        (2, 1),
        "levels can't be tried on a share of the calls",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_layer_cannot_say_is_refused_where_it_stands(name):
    text, place, message = REFUSED[name]
    with pytest.raises(RulebookError) as refused:
        book("name: above\n", text)
    error = refused.value
    assert (error.file, error.line, error.column) == ("1.yaml", *place)
    assert error.message == message
    assert error.hint


def test_what_the_organisation_says_itself_is_what_a_layer_is_measured_by():
    above = {"levels": {"high": "log"}}
    book(above, fence(levels={"high": "log"}))
    with pytest.raises(RulebookError, match="can't loosen `high` from `log` to `allow`"):
        book(above, fence(levels={"high": "allow"}))
    with pytest.raises(RulebookError, match="can't loosen `high` from `require_approval`"):
        book({**above, "mode": "shadow"}, fence(levels={"high": "log"}))


def test_two_rules_of_one_name_are_refused_in_whatever_files():
    one = {"rules": [rule("same", "block")]}
    with pytest.raises(RulebookError, match="used twice, first in `0.yaml`, line 1"):
        book(one, fence(rules=[rule("same", "block")]))


def test_every_layer_has_its_way_to_be_met():
    assert {name for name in Document.model_fields if name in {"layer", "whom"}} == {
        "layer",
        "whom",
    }
    assert list(layers.Layer) == ["organisation", "source", "environment", "agent", "run"]
