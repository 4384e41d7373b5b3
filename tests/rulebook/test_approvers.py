"""Who may answer for what a rule holds: checked when answered, and again when used."""

from __future__ import annotations

import pytest

from lockgate import Answer, AnswerRefused, Choice, Gate, PendingApproval, Rulebook, Stale
from lockgate.approve import ApprovalRequest
from lockgate.approvers import Callback, Console

RULES = """
rules:
  - id: small
    on: { tool: pay }
    then: require_approval
    reason: money
    approvers: [ann, Bo]
  - id: large
    on: { tool: pay }
    when: args.x > 100
    then: require_approval
    reason: much money
    approvers: cy
"""


@pytest.fixture
def gate():
    with Gate.open(Rulebook.parse(RULES), store="memory://") as made:
        yield made


@pytest.fixture
def effects():
    return []


@pytest.fixture
def pay(gate, effects):
    def pay(x: int) -> str:
        effects.append(x)
        return f"paid {x}"

    return gate.contained(pay)


def held(call, *args) -> str:
    with pytest.raises(PendingApproval) as caught:
        call(*args)
    return caught.value.request_id


def said(choice, by, **more):
    return Answer(choice=choice, by=by, **more)


@pytest.mark.parametrize("choice", [Choice.APPROVE, Choice.REJECT, Choice.RESPOND])
def test_only_those_who_are_named_answer(gate, pay, effects, choice):
    request = held(pay, 5)
    with pytest.raises(AnswerRefused, match="`dan` can't answer `apr-.*`: it is for `ann`, `Bo`"):
        gate.desk.answer(request, said(choice, "dan"))
    assert [item.id for item in gate.desk.pending()] == [request]
    gate.desk.answer(request, said(Choice.APPROVE, " bo "))
    assert pay(5) == "paid 5"
    assert effects == [5]


def test_where_two_rules_hold_both_must_be_heard(gate, pay, effects):
    """One answer is all there is: rules that share nobody can't be answered at all."""
    request = held(pay, 500)
    for by in ("ann", "cy"):
        with pytest.raises(AnswerRefused):
            gate.desk.answer(request, said(Choice.APPROVE, by))
    assert effects == []


def test_an_edit_into_what_somebody_else_must_approve_does_not_run(gate, pay, effects):
    request = held(pay, 5)
    gate.desk.answer(request, said(Choice.EDIT, "ann", arguments={"x": 500}))
    with pytest.raises(Stale, match="ann approved it, and what would run is for `cy` to approve"):
        pay(5)
    assert effects == []


def test_an_approval_is_checked_again_against_the_rules_that_hold_when_it_is_used(
    gate, pay, effects
):
    request = held(pay, 5)
    gate.desk.answer(request, said(Choice.APPROVE, "ann"))
    later = Gate(Rulebook.parse(RULES.replace("[ann, Bo]", "[bo]")), gate.store)
    with pytest.raises(Stale, match="is for `bo` to approve"):
        later.contained(pay.__wrapped__)(5)
    assert effects == []


def test_an_approver_who_is_not_named_leaves_the_request_standing(effects):
    asked = []

    def ask(request):
        asked.append(request.approvers)
        return said(Choice.APPROVE, "dan")

    with Gate.open(Rulebook.parse(RULES), store="memory://", approver=Callback(ask)) as gate:

        def pay(x: int) -> None:
            effects.append(x)

        request = held(gate.contained(pay), 5)
        assert gate.desk.pending()[0].id == request
    assert asked == [(("ann", "Bo"),)]
    assert effects == []


def test_who_may_answer_is_shown(gate, pay):
    held(pay, 5)
    (request,) = gate.desk.pending()
    assert request.to_dict()["approvers"] == [["ann", "Bo"]]
    assert ApprovalRequest.from_dict(request.to_dict()) == request
    shown = []
    Console("ann", read=lambda _: "n", show=shown.append).ask(request)
    assert "  for ann or Bo to answer" in shown


def test_a_request_that_was_written_before_approvers_were_named_can_be_read(gate, pay):
    held(pay, 5)
    (request,) = gate.desk.pending()
    told = request.to_dict()
    del told["approvers"]
    assert ApprovalRequest.from_dict(told).approvers == ()
