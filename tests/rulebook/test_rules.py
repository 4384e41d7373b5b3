"""What the keys of a rule do: on whom, until when, in which mode, with which duties."""

from __future__ import annotations

import pytest

from lockgate import Gate, RulebookError
from lockgate.contain import FULFILLABLE
from lockgate.evaluate import Facts, PastCall
from lockgate.observe import every_event
from lockgate.record import EventKind
from rulebook.books import NOW, book, judged

ALLOW_ALL = {"id": "all", "then": "allow", "reason": "a test"}


def rule(name="no", then="block", **more):
    return {"id": name, "then": then, "reason": f"{name} says so", **more}


def rules(*some, **more):
    return book({"rules": list(some), **more})


# ── Whom a rule is about ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("on", "inside", "outside"),
    [
        ({"environment": "prod*"}, {"environment": "production"}, {"environment": "staging"}),
        ({"agent": ["support", "sales"]}, {"agent": "sales"}, {"agent": "salesman"}),
        ({"hazard": "data_loss"}, {"tool": "delete_customer"}, {"tool": "get_order"}),
        ({"source": "mcp:*"}, {"source": "mcp:files"}, {"source": "function"}),
        ({"action": "orders.*"}, {"tool": "get_order"}, {"tool": "send_mail"}),
        (
            {"effect": "read", "agent": "a*"},
            {"tool": "get_order"},
            {"agent": "b", "tool": "get_order"},
        ),
    ],
)
def test_a_rule_is_about_those_it_names(on, inside, outside):
    made = rules(rule(on=on))
    told = {"tool": "get_order", **inside}, {"tool": "get_order", **outside}
    assert [judged(made, **call).rule == "no" for call in told] == [True, False]


def test_patterns_do_not_reach_across_lines_or_into_other_names():
    made = rules(rule(on={"agent": "sup?ort"}))
    assert judged(made, "get_order", agent="support").rule == "no"
    for other in ("supXXort", "support\n", "xsupport", "Support"):
        assert judged(made, "get_order", agent=other).verdict == "ALLOW", other


# ── Until when ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expires", "last", "first"),
    [
        ("2026-12-31", "2026-12-30T23:59:59.999999Z", "2026-12-31T00:00:00.000000Z"),
        ("2026-12-31T01:00:00+01:00", "2026-12-30T23:59:59.999999Z", "2026-12-31T00:00:00.000000Z"),
        ("2026-12-31T00:00:00.5Z", "2026-12-31T00:00:00.499999Z", "2026-12-31T00:00:00.500000Z"),
    ],
)
def test_an_allow_grants_until_it_expires(expires, last, first):
    closed = dict.fromkeys(["low", "medium", "high", "critical"], "by_rule_only")
    made = rules({**ALLOW_ALL, "expires": expires}, levels=closed)
    assert judged(made, now=last).verdict == "ALLOW"
    assert judged(made, now=first).verdict == "BLOCK"


def test_a_decision_that_looked_at_the_clock_tells_the_time():
    assert judged(rules({**ALLOW_ALL, "expires": "2027-01-01"})).to_dict()["now"] == NOW
    looks = rules(rule(when="now > timestamp('2026-11-20T11:59:59Z')"))
    assert (judged(looks).rule, judged(looks).now) == ("no", NOW)
    assert judged(rules(rule())).now == ""
    assert "now" not in judged(rules(rule())).to_dict()


@pytest.mark.parametrize(
    ("expires", "message"),
    [
        ("tomorrow", "`tomorrow` is not a time"),
        ("2026-02-30", "`2026-02-30` is not a time"),
        ("2026-12-31T18:00:00", "`2026-12-31T18:00:00` does not say in which time zone"),
        ("0001-01-01T00:00:00+23:00", "`0001-01-01T00:00:00+23:00` is not a time"),
    ],
)
def test_a_time_that_is_none_is_refused(expires, message):
    with pytest.raises(RulebookError) as refused:
        rules({**ALLOW_ALL, "expires": expires})
    assert refused.value.message == message


@pytest.mark.parametrize("then", ["block", "require_approval"])
def test_an_objection_does_not_expire_by_itself(then):
    with pytest.raises(RulebookError, match="expires and does not allow anything") as refused:
        rules(rule(then=then, expires="2026-12-31"))
    assert refused.value.hint == (
        "an objection ends by `when: now < timestamp('2026-12-31T00:00:00.000000Z')`"
    )


# ── In which mode ────────────────────────────────────────────────────────────────────────────


def test_a_rule_in_shadow_is_heard_and_does_not_count():
    made = judged(rules(rule(mode="shadow")), "get_order")
    assert (made.verdict, made.shadow.verdict, made.shadow.rule) == ("ALLOW", "BLOCK", "no")
    assert [item.rule for item in made.findings] == ["level-low"]
    assert made.to_dict()["shadow"]["rule"] == "no"
    assert "  in shadow: BLOCK no" in made.lines()


def test_an_allow_in_shadow_grants_nothing():
    made = judged(rules({**ALLOW_ALL, "mode": "shadow"}), arguments={"amount": 900})
    assert (made.verdict, made.shadow.verdict) == ("REQUIRE_APPROVAL", "ALLOW")


def test_a_whole_document_can_be_in_shadow_with_its_levels():
    levels = {"low": "block"}
    made = book(
        {"name": "a"},
        {
            "mode": "shadow",
            "levels": levels,
            "rules": [rule("own", mode="enforce", on={"tool": "x"})],
        },
    )
    seen = judged(made, "get_order")
    assert (seen.verdict, seen.shadow.verdict) == ("ALLOW", "BLOCK")
    assert judged(made, "x").rule == "own"


def test_a_whole_layer_can_be_in_shadow():
    made = book(
        {
            "layer": "agent",
            "for": "*",
            "mode": "shadow",
            "levels": {"low": "block"},
            "rules": [rule()],
        }
    )
    seen = judged(made, "get_order")
    assert (seen.verdict, seen.shadow.verdict) == ("ALLOW", "BLOCK")


def test_where_nothing_is_in_shadow_nothing_is_decided_twice():
    made = rules(rule(mode="shadow", on={"tool": "send_mail"}))
    assert judged(made, "get_order").shadow is None


def test_a_canary_is_in_force_for_its_share_of_the_conversations_and_stays():
    made = rules(rule(mode={"canary": 20}))
    threads = [f"thread-{nth}" for nth in range(1000)]
    seen = [judged(made, "get_order", thread=thread) for thread in threads]
    blocked = [item.verdict == "BLOCK" for item in seen]
    assert 150 < sum(blocked) < 250
    assert {item.shadow.verdict for item in seen} == {"BLOCK"}
    again = [
        judged(made, "get_order", {"try": "again"}, thread=thread).verdict == "BLOCK"
        for thread in threads
    ]
    assert again == blocked


def test_outside_of_any_conversation_a_canary_draws_calls():
    made = rules(rule(mode={"canary": 50}))
    seen = [judged(made, "get_order", {"n": nth}).verdict for nth in range(100)]
    assert seen == [judged(made, "get_order", {"n": nth}).verdict for nth in range(100)]
    assert {"ALLOW", "BLOCK"} == set(seen)


def test_two_canaries_do_not_draw_the_same_conversations():
    one, two = rules(rule("a", mode={"canary": 50})), rules(rule("b", mode={"canary": 50}))
    threads = [f"thread-{nth}" for nth in range(100)]
    drawn = [
        [judged(made, "get_order", thread=item).verdict for item in threads] for made in (one, two)
    ]
    assert drawn[0] != drawn[1]


def test_the_rules_of_a_document_in_canary_draw_the_same_conversations():
    made = rules(
        rule("a", on={"tool": "get_order"}), rule("b", on={"tool": "x"}), mode={"canary": 50}
    )
    for nth in range(50):
        verdicts = {
            judged(made, tool, thread=f"t{nth}").rule in "ab" for tool in ("get_order", "x")
        }
        assert len(verdicts) == 1


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("off", "`off` is not one of `enforce`, `shadow` or a canary"),
        ({"canary": 0}, "a canary is a share above 0 and below 100"),
        ({"canary": 100}, "a canary is a share above 0 and below 100"),
        ({"canary": True}, "a canary is a share above 0 and below 100"),
        ({"canary": "5"}, "a canary is a share above 0 and below 100"),
        ({"canary": 5, "first": 3}, "a rule can't be in force for the first calls only"),
        ({"first": 100}, "a rule can't be in force for the first calls only"),
    ],
)
def test_a_mode_that_is_none_is_refused_with_a_hint(mode, message):
    with pytest.raises(RulebookError) as refused:
        rules(rule(mode=mode))
    assert refused.value.message == message
    assert refused.value.hint


def test_the_record_has_the_verdict_of_the_shadow_beside_the_real_one():
    with Gate.open(rules(rule(mode="shadow")), store="memory://") as gate:
        gate.contained(get_order)("A-1")
        (decided,) = [item for item in every_event(gate.store) if item.kind is EventKind.DECIDED]
    told = decided.data["decision"]
    assert (told["verdict"], told["shadow"]["verdict"]) == ("ALLOW", "BLOCK")


def get_order(order_id: str) -> str:
    """Look an order up."""
    return f"order {order_id}"


# ── With which duties ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("then", ["allow", "require_approval"])
@pytest.mark.parametrize("layer", [{}, {"layer": "agent", "for": "*"}])
def test_an_obligation_of_a_rule_binds_the_gate(then, layer):
    levels = {"levels": dict.fromkeys(["high", "critical"], "by_rule_only")} if layer else {}
    duty = rule(then=then, obligations="log_in_full")
    made = judged(book({**layer, **levels, "rules": [duty]}), "get_order")
    assert made.obligations == ("log_in_full",)


def test_an_obligation_that_the_gate_cannot_keep_is_refused():
    assert {"log_in_full"} == FULFILLABLE
    with pytest.raises(RulebookError, match="can't keep the obligation `sing`") as refused:
        rules({**ALLOW_ALL, "obligations": ["log_in_full", "sing"]})
    assert refused.value.hint == "it can keep `log_in_full`"
    with pytest.raises(RulebookError, match="blocks and has obligations"):
        rules(rule(obligations="log_in_full"))


def test_approvers_belong_to_a_rule_that_asks():
    with pytest.raises(RulebookError, match="names approvers and asks nobody"):
        rules(rule(approvers="ann"))


# ── Nothing else ─────────────────────────────────────────────────────────────────────────────


def test_history_is_still_looked_up_only_where_a_rule_wants_it():
    past = PastCall(tool="get_order", action="orders.read", arguments={}, result={})
    looks = rules(rule(when="'get_order' in done"))
    assert judged(looks, facts=Facts(now=NOW, calls=(past,))).rule == "no"
    assert judged(looks).facts_digest
    assert judged(rules(rule(when="tool == 'done'"))).facts_digest == ""


def test_the_revision_names_what_is_said_and_nothing_else():
    one = rules(rule("a", on={"tool": ["x", "y"]}), rule("b"), name="n")
    two = rules(rule("b"), rule("a", on={"tool": ["y", "x"]}), name="n")
    assert one.revision == two.revision
    others = [
        rules(rule("a", on={"tool": ["x"]}), rule("b"), name="n"),
        rules(rule("a", on={"tool": ["x", "y"]}), rule("b", mode="shadow"), name="n"),
        rules(rule("a", on={"tool": ["x", "y"]}), rule("b"), name="m"),
        rules(rule("a", on={"tool": ["x", "y"]}), rule("b"), name="n", levels={"low": "log"}),
        rules(rule("a", on={"tool": ["x", "y"]}), rule("b"), name="n", approval_seconds=5),
    ]
    assert len({one.revision, *(item.revision for item in others)}) == 6
    split = book(
        {"name": "n", "rules": [rule("a", on={"tool": ["x", "y"]})]},
        {"name": "n", "rules": [rule("b")]},
    )
    assert split.revision != one.revision
