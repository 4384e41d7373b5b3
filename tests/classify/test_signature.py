"""What a tool is taken for: named where it is recognised, and never taken for harmless by mistake."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lockgate import Effect, Gate, Rulebook, Signature, WiringError
from lockgate.classify import ACTIONS, UNKNOWN, Reversibility, classify
from lockgate.classify.signature.aliases import singular
from lockgate.classify.signature.naming import fused, name_words
from lockgate.classify.signature.verbs import FIRM, SOFT, VERBS
from lockgate.evaluate import assess


def named(name, description="", properties=None, **more):
    parameters = {"type": "object", "properties": properties or {}}
    return classify(Signature(name=name, description=description, parameters=parameters, **more))


def told(found):
    """Return all but the readers, which are bound anew for each tool."""
    return found.action, found.confidence, found.because


def score(found):
    """Return the risk of a call whose arguments say nothing more."""
    return assess(found.plain, "production").score


# ── What is recognised ───────────────────────────────────────────────────────────────────────

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
    "run_command": "code.execute",
    "bash": "code.execute",
    "python_repl": "code.execute",
    "calculator": "data.calculate",
    "account_balance": "payments.read_balance",
    "mark_all_as_read": "communication.organise",
    "users.delete": "customers.delete",
    "delete.users": "customers.delete",
    "mcp__github__create_issue": "enterprise.create_ticket",
    "functions.get_order": "orders.read",
    "slack_post_message": "communication.send_message",
    "BankManagerTransferFunds": "payments.transfer",
    "issue_voucher": "payments.credit",
    "drop_table": "database.drop",
    "list_api_keys": "identity.read_secrets",
    "list_secret_scanning_alerts": "infrastructure.read",
    "log_in": "identity.sign_in",
    "unresolve_widget": "generic.update",
    "resend_receipt": "generic.send",
    "sign_contract": "enterprise.sign_contract",
    "terminate_employee": "enterprise.dismiss",
    "remove_role": "identity.remove_access",
    "remember": "memory.write",
    "delegate": "agents.handoff",
    "call_tool": "mcp.call",
}


@pytest.mark.parametrize(("name", "action"), RECOGNISED.items())
def test_what_is_recognised_is_named_with_a_reason(name, action):
    found = named(name)
    assert found.action.id == action, found.because
    assert found.because
    assert found.confidence >= 0.5


COMPOSITE = {
    "find_and_remove_file": "files.delete",
    "show_and_drop_table": "database.drop",
    "lookup_and_pay": "payments.pay_invoice",
    "get_and_delete_user": "customers.delete",
    "find_then_update": "generic.update",
    "get_or_create_label": "generic.create",
}


@pytest.mark.parametrize(("name", "action"), COMPOSITE.items())
def test_who_does_two_things_does_the_worse(name, action):
    assert named(name).action.id == action


DOUBTED = (
    "frobnicate",
    "get_delete_queue",
    "list_send_jobs",
    "prepare_query_tuning",
    "message_list",
    "",
    "123",
)
IMITATIONS = (
    "g\u0435t_order",  # a Cyrillic letter
    "\u03bdiew",  # a Greek one
    "get_or\u200bder",
    "get_order\u202e",
    "\uff47\uff45\uff54_order",  # full width
    "get_order ",
    " get_order",
    "get_order\n",
    "get_order\0",
    "g&#101;t_order",
    "%67et_order",
    "get_and_de1ete_order",
    "l1st_and_5end",
)


@pytest.mark.parametrize("name", [*DOUBTED, *IMITATIONS])
def test_what_is_doubtful_is_unknown_and_no_read(name):
    found = named(name)
    assert (found.action, found.known) == (UNKNOWN, False)
    assert found.confidence < 0.5
    assert found.because


def test_a_rule_for_a_tool_never_governs_what_imitates_its_name():
    book = Rulebook.parse("rules: [{id: a, on: {tool: get_order}, then: allow, reason: harmless}]")
    with Gate.open(book, store="memory://") as gate:
        gate.register(Signature(name="get_order"))
        assert gate.decide("get_order", {}).verdict == "ALLOW"
        for name in IMITATIONS:
            assert gate.decide(name, {}).verdict != "ALLOW", name


@pytest.mark.parametrize("name", ["auth0_login", "get_s3_object", "list_k8s_pods", "read_base64"])
def test_a_digit_in_a_word_is_no_imitation(name):
    assert named(name).known


# ── The author's word ────────────────────────────────────────────────────────────────────────


def test_the_authors_word_wins_and_a_mistyped_one_is_refused():
    declared = named("frobnicate", "Deletes everything.", action="payments.refund")
    assert (declared.action.id, declared.confidence) == ("payments.refund", 1.0)
    assert declared.because == ("declared by its author",)
    with pytest.raises(WiringError, match="did you mean `payments.refund`"):
        named("x", action="payments.refnd")


# ── Descriptions ─────────────────────────────────────────────────────────────────────────────

WORSE = (
    "Reads and then deletes the file.",
    "Shows the bill, and pays it: pay now",
    "Get the file. It also deletes the old copy.",
    "Get the file. This will delete the original.",
    "Reads the file and overwrites the index.",
    "Gets the file; the account will be charged.",
    "Reads the file. This cannot be undone.",
    "Reads a file and saves it to disk.",
    "Download the file to your local machine",
    "Reads the file and d\u0435letes it.",
    "Reads the file and de\u200bletes it.",
    "Reads the file and \u0501\u0435l\u0435t\u0435s it.",
    "Delete a file.",
)


@pytest.mark.parametrize("description", WORSE)
def test_a_description_can_make_a_read_worse(description):
    assert named("get_file").action.id == "files.read"
    found = named("get_file", description)
    assert not found.known
    assert "but" in found.because[-1]


STILL = (
    "Gets a file. Use `delete_file` to delete it.",
    "Gets a file. Call delete_file when you want to remove it afterwards.",
    "Gets a file. It never deletes or changes anything.",
    "Gets a file without modifying it.",
    "Get a file. Do not use this to delete files.",
    "Return the file's contents, sizes and owners.",
    "This tool allows you to read a file.",
    "Use this tool to get a file.",
    "A fast tool that reads files.",
    "START HERE: list files.",
    "get_file(path: str) -> str\nReads a file.",
    "Gets files that were deleted.",
    "Gets a file. This tool will be removed in the next version.",
)


@pytest.mark.parametrize("description", STILL)
def test_an_honest_read_stays_one(description):
    assert named("get_file", description).action.id == "files.read"


@pytest.mark.parametrize("name", ["get_file", "query", "delete"])
def test_the_signature_that_a_host_puts_first_is_no_sentence(name):
    plain = "Look a file up."
    signed = f"{name}(path: str, delete: bool) -> str\n{plain}"
    assert told(named(name, signed)) == told(named(name, plain))


def test_a_description_makes_nothing_better():
    assert named("wipe_disk", "Only reads.").action.effect is Effect.DELETE
    assert named("run_command", "Read-only. Returns the output.").action.id == "code.execute"
    assert not named("create_gadget", "Returns documentation about gadgets.").known


def test_a_name_without_a_verb_is_what_its_description_says():
    assert named("weather", "Returns the weather of a city.").action.effect is Effect.READ
    assert named("weather", "Sets the weather of a city.").action.effect is Effect.UPDATE
    assert named("hdel", "Remove a field from a hash.").action.effect is Effect.DELETE
    assert not named("weather").known
    assert not named("weather", "Sunshine for everybody.").known
    assert not named("obfuscicate_rows", "Returns the rows.").known
    assert named("account_transfer", "Returns a receipt.").action.effect is not Effect.READ


# ── Parameters ───────────────────────────────────────────────────────────────────────────────


def switch(*positions):
    return {"action": {"type": "string", "enum": list(positions)}}


def test_a_switch_is_as_dangerous_as_its_worst_position():
    assert named("manage_gadget", properties=switch("list", "create")).action.effect is (
        Effect.UPDATE
    )
    assert named("manage_gadget", properties=switch("list", "delete")).action.effect is (
        Effect.DELETE
    )
    assert named("gadget", "Get gadgets.", switch("get", "list")).action.effect is Effect.READ
    assert not named("get_gadget", "Get gadgets.", switch("get", "erase")).known


def test_a_switch_is_found_in_alternatives_and_lists():
    nested = {"mode": {"anyOf": [{"const": "read"}, {"enum": ["purge"]}]}}
    assert not named("get_gadget", properties=nested).known
    listed = {"operation": {"type": "array", "items": {"enum": ["purge"]}}}
    assert not named("get_gadget", properties=listed).known
    assert named("get_gadget", properties={"mode": {"enum": ["fast", "slow"]}}).known


@pytest.mark.parametrize(
    "properties",
    [
        {"confirm": {"type": "boolean"}},
        {"dry_run": {"type": "boolean"}},
        {"overwrite": {"type": "boolean"}},
        {"output_path": {"type": "string"}},
        {"path": {"type": "string", "description": "where to save the file"}},
        {"prune": {"type": "boolean"}},
        {"deleteAfterwards": {"type": "boolean"}},
    ],
    ids=lambda properties: next(iter(properties)),
)
def test_a_parameter_that_no_read_needs_makes_it_doubtful(properties):
    assert not named("get_gadget", "Gets a gadget.", properties).known


def test_what_asks_for_a_statement_runs_it():
    sql = {"sql": {"type": "string"}}
    said = {"query": {"type": "string", "description": "a SQL statement"}}
    assert named("get_rows", properties=sql).action.effect is Effect.EXECUTE
    assert named("get_rows", properties=said).action.effect is Effect.EXECUTE
    assert named("query_sales", "Query the sales. Example: SELECT a FROM b").action.effect is (
        Effect.EXECUTE
    )
    assert named("explain_statement", properties=sql).action.effect is Effect.READ
    assert named("query_sales", "Query the sales.").action.effect is Effect.READ


@pytest.mark.parametrize(
    "schema", [None, True, [], "text", {"enum": 1}, {"anyOf": 3}, {"anyOf": [None]}, {"items": []}]
)
def test_a_schema_that_is_none_is_no_crash(schema):
    assert named("get_order", properties={"action": schema}).action.id == "orders.read"


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────────


def test_an_http_verb_says_what_a_name_does_not():
    assert named("orders", method="GET", path="/orders").action.id == "orders.read"
    assert named("orders", method="post", path="/orders").action.id == "orders.create"
    assert named("orders", method="PATCH", path="/orders/{id}").action.id == "orders.update"
    assert named("orders", method="DELETE", path="/orders/{id}").action.effect is Effect.DELETE
    assert named("orders", method="FROB", path="/orders").action.effect is Effect.EXECUTE


def test_an_http_verb_makes_nothing_better():
    assert named("delete_order", method="GET", path="/orders").action.effect is Effect.DELETE
    assert not named("get_order", method="DELETE", path="/orders/{id}").known
    assert not named("orders", method="GET", path="/orders/{id}/delete").known
    assert named("search_orders", method="POST", path="/orders/search").action.id == "orders.read"


# ── Hints ────────────────────────────────────────────────────────────────────────────────────


def test_a_hint_raises_whoever_gives_it():
    for hints in ({"destructiveHint": True}, {"readOnlyHint": False}):
        assert not named("get_order", annotations=hints).known
    raised = named("update_order", annotations={"destructiveHint": True})
    assert raised.action.id == "orders.update"
    assert raised.action.reversibility is Reversibility.IRREVERSIBLE


def test_a_hint_lowers_only_where_the_source_is_trusted():
    hints = {"readOnlyHint": True}
    assert told(named("frobnicate", annotations=hints)) == told(named("frobnicate"))
    believed = named("frobnicate", annotations=hints, trusted=True)
    assert believed.action.effect is Effect.READ
    assert "trusted" in believed.because[0]
    assert named("delete_order", annotations=hints, trusted=True).action.effect is Effect.DELETE
    torn = {"readOnlyHint": True, "destructiveHint": True}
    assert not named("frobnicate", annotations=torn, trusted=True).known


# ── For every name ───────────────────────────────────────────────────────────────────────────

PHRASES = st.sampled_from([alias for action in ACTIONS for alias in action.aliases]) | st.lists(
    st.sampled_from(["order", "user", "file", "gadget", "report", "all", "by", "id", *VERBS]),
    min_size=1,
    max_size=4,
).map(" ".join)
NAMES = PHRASES.map(lambda phrase: phrase.replace(" ", "_"))
STYLES = {
    "kebab": "-".join,
    "dots between server and tool": lambda words: "server." + "_".join(words),
    "pascal": lambda words: "".join(word.title() for word in words),
    "camel": lambda words: words[0] + "".join(word.title() for word in words[1:]),
    "upper": lambda words: "_".join(words).upper(),
    "spaces": " ".join,
    "prefix of a server": lambda words: "mcp__acme__" + "_".join(words),
    "prefix of a namespace": lambda words: "functions." + "_".join(words),
    "path": lambda words: "acme/" + "_".join(words),
}
DESCRIPTIONS = st.lists(
    st.sampled_from(
        [
            "Gets the order",
            "Get a list of users.",
            "Creates a thing",
            "Send it",
            "This tool returns the weather",
            "It never deletes anything",
            "Use `delete_order` to delete",
            "Weather for a city.",
            "Marks it as done, and notifies people",
            "Create access tokens",
            "\n- list\n- item",
            "Do not use this twice.",
            "if nothing is found, return nothing",
            "\u2014 caf\u00e9 \u4f60\u597d",
        ]
    ),
    max_size=3,
).map(" ".join) | st.text(max_size=60)
DELETING = ("and deletes", "and then deletes them.", "It also deletes the original.")


@given(PHRASES, st.sampled_from(sorted(STYLES)))
def test_how_a_name_is_written_makes_no_difference(phrase, style):
    words = phrase.split()
    assume(any(word not in VERBS for word in words))  # `acme.get` gets what is called acme
    plain, other = named("_".join(words)), named(STYLES[style](words))
    assert plain.action == other.action, style


@given(PHRASES)
def test_a_plural_makes_no_difference(phrase):
    *before, last = fused(phrase.split())
    many = f"{last}es" if last.endswith(("s", "x", "ch", "sh")) else f"{last}s"
    assume(last not in VERBS and many not in VERBS and singular(many) == singular(last))
    assume(not last.endswith("y"))
    one, more = named("_".join([*before, last])), named("_".join([*before, many]))
    assert one.action.id == more.action.id


@given(NAMES, DESCRIPTIONS, st.sampled_from(DELETING))
def test_a_confession_makes_nothing_safer(name, description, confession):
    before = named(name, description)
    after = named(name, f"{description} {confession}")
    assert score(after) >= score(before), (before.because, after.because)
    assert after.action.effect is not Effect.READ


@given(NAMES, DESCRIPTIONS, st.booleans(), st.sampled_from([None, True, False]))
def test_a_destructive_hint_makes_nothing_safer(name, description, trusted, reads):
    hints = {} if reads is None else {"readOnlyHint": reads}
    before = named(name, description, annotations=hints, trusted=trusted)
    hints = {**hints, "destructiveHint": True}
    after = named(name, description, annotations=hints, trusted=trusted)
    assert score(after) >= score(before)
    assert after.action.effect is not Effect.READ


@given(NAMES, DESCRIPTIONS, st.booleans())
def test_what_a_stranger_says_of_safety_changes_nothing(name, description, hint):
    plain = named(name, description)
    hinted = named(name, description, annotations={"readOnlyHint": True, "destructiveHint": hint})
    assert score(hinted) >= score(plain)
    if not hint:
        assert told(hinted) == told(plain)


@given(NAMES, DESCRIPTIONS)
def test_the_same_tool_is_always_the_same(name, description):
    assert told(named(name, description)) == told(named(name, description))


@given(st.text(max_size=40), st.text(max_size=80))
def test_any_text_is_classified(name, description):
    found = named(name, description)
    assert found.because
    assert 0 <= found.confidence <= 1
    assert found.known or found.action is UNKNOWN


@given(st.sampled_from(FIRM[Effect.DELETE].split()), st.sampled_from(["gadget", "get_gadget"]))
def test_a_verb_that_deletes_is_never_a_read(verb, other):
    for name in (f"{verb}_{other}", f"{other}_{verb}", f"acme_{verb}_{other}_by_id"):
        assert named(name, "Returns the gadget.").action.effect is not Effect.READ


# ── The verbs ────────────────────────────────────────────────────────────────────────────────


def test_a_verb_stands_once():
    listed = [word for table in (FIRM, SOFT) for row in table.values() for word in row.split()]
    assert len(set(listed)) == len(listed) == len(VERBS)
    assert all(re.fullmatch(r"[a-z]+", word) for word in listed)


def test_what_two_words_say_is_one_verb():
    assert name_words("log_in_user") == ["login", "user"]
    assert name_words("re-run-job") == ["rerun", "job"]
    assert name_words("unPinMessage") == ["unpin", "message"]
