"""Classification: what is recognised is named, and what is not is never taken for harmless."""

from __future__ import annotations

import pytest

from lockgate import Effect, Signature, WiringError
from lockgate.classify import classify

RECOGNISED = {
    "get_order_details": "orders.read",
    "getOrderDetails": "orders.read",
    "refund_order": "payments.refund",
    "RefundOrder": "payments.refund",
    "cancel-pending-order": "orders.cancel",
    "transfer_to_human_agents": "communication.handover",
    "send_email": "communication.send_email",
    "delete_customers": "customers.delete",
    "execute_sql": "database.query",
    "d1_database_query": "database.query",
    "find_user_id_by_email": "customers.read",
    "list_all_product_types": "products.read",
    "list_all_wobblers": "generic.read",
    "mark_all_as_read": "communication.organise",
    "run_command": "code.execute",
}
DOUBTED = (
    "frobnicate",
    "find_and_remove_file",
    "show_and_drop_table",
    "lookup_and_pay",
    "get_and_delete_user",
    "find_then_update",
    "g\u0435t_order",  # a Cyrillic letter
    "\u03bdiew",
    "",
    "123",
)


@pytest.mark.parametrize(("name", "action"), RECOGNISED.items())
def test_what_is_recognised_is_named_with_a_reason(name, action):
    found = classify(Signature(name=name))
    assert found.action.id == action
    assert found.because


@pytest.mark.parametrize("name", DOUBTED)
def test_what_is_doubtful_is_unknown_and_no_read(name):
    found = classify(Signature(name=name))
    assert (found.action.id, found.known) == ("unknown", False)
    assert found.action.effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    "description", ["Reads and then deletes the file.", "Shows the bill, and pays it: pay now"]
)
def test_a_description_can_only_make_it_worse(description):
    assert classify(Signature(name="get_file")).action.id == "files.read"
    assert not classify(Signature(name="get_file", description=description)).known
    assert classify(Signature(name="wipe_disk", description="Only reads.")).action.effect is (
        Effect.DELETE
    )


def test_the_authors_word_wins_and_a_mistyped_one_is_refused():
    declared = classify(Signature(name="frobnicate", action="payments.refund"))
    assert (declared.action.id, declared.confidence) == ("payments.refund", 1.0)
    with pytest.raises(WiringError, match="did you mean `payments.refund`"):
        classify(Signature(name="x", action="payments.refnd"))
