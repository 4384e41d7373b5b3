"""Every reader against whatever a model may send: it answers, in its own words, and closed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.classify import BY_ID, HAZARDS, Signature, classify, read
from lockgate.classify.payload import money
from lockgate.evaluate import assess

TOOLS = {
    "payments.refund": ("amount", "amount_cents", "currency", "items", "request"),
    "orders.create": ("price", "quantity", "total", "lines"),
    "communication.send_email": ("to", "cc", "recipients", "subject"),
    "communication.send_message": ("channel", "text", "chat_id"),
    "web.post": ("url", "method", "headers", "body"),
    "web.read": ("query", "variables"),
    "unknown": ("url", "method"),
    "files.delete": ("path", "paths", "recursive", "source", "destination"),
    "code.write": ("path", "content"),
    "infrastructure.scale": ("replicas", "count", "instance_ids"),
    "database.delete": ("ids", "rows"),
}
PIECES = (
    *"@,;:<>()[]{}\"'\\/.%*?#!$€-+=&|~ \n\t\0",
    "a", "1", "example.com", "http://", "https:", "file://", "..", "%2e", "%2f", "%c0%af",
    "xn--", "\u0430", "ß", "。", "\u200b", "\ud800", "0x7f", "127.1", "::1", "EUR", "1,234.50", "NaN",
    "-", "all", "@everyone", "query", "mutation", "{a}", '"""', "DELETE", "C:\\", "~/.ssh",
    "mailto:", "=?utf-8?q?a?=", "🙂",
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
KEYS = st.one_of(
    st.sampled_from(
        [
            "amount",
            "value",
            "currency",
            "price",
            "quantity",
            "email",
            "address",
            "to",
            "url",
            "path",
            "query",
            "variables",
            "units",
            "nanos",
            "method",
            "name",
            "cents",
        ]
    ),
    st.text(max_size=8),
)
NUMBERS = st.one_of(
    st.integers(-(2**53), 2**53), st.floats(allow_nan=True, allow_infinity=True), st.booleans()
)
VALUES = st.recursive(
    st.one_of(st.none(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=12,
)


def tool(action):
    properties = {name: {} for name in TOOLS[action]}
    return classify(Signature(name="tool", action=action, parameters={"properties": properties}))


@st.composite
def calls(draw):
    action = draw(st.sampled_from(sorted(TOOLS)))
    names = draw(st.lists(st.sampled_from(TOOLS[action]), unique=True))
    return tool(action), {name: draw(VALUES) for name in names}


def answers(call):
    found, arguments = call
    for reader in found.readers:
        reading = reader.read(arguments)
        assert reading == reader.read(arguments)
        assert not reading.action or reading.action in reader.actions
        assert set(reader.actions) <= set(BY_ID)
        assert reading.reach is None or (reading.reach >= 0 and reading.unit)
        amount = reading.amount
        assert amount is None or (amount.is_finite() and amount >= 0)
        assert set(reading.hazards) <= set(HAZARDS)
        for said in (*reading.targets, *reading.hazards, *reading.flaws, *reading.because):
            assert isinstance(said, str)
    assessed = assess(read(found, arguments), "production")
    assert 0 <= assessed.score <= 100


@given(calls())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_reader_answers_whatever_it_is_sent(call):
    answers(call)


@pytest.mark.slow
@given(calls())
@settings(max_examples=6_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_reader_answers_whatever_it_is_sent_for_minutes(call):
    answers(call)


# ── What is worse never counts for less ──────────────────────────────────────────────────────


def score(action, **arguments):
    return assess(read(tool(action), arguments), "production").score


@given(st.lists(st.emails(), max_size=80), TEXTS)
@settings(max_examples=100, deadline=None)
def test_one_recipient_more_never_makes_a_message_safer(people, other):
    before = score("communication.send_email", to=people)
    if people:
        assert score("communication.send_email", to=[*people, other]) >= before
        assert score("communication.send_email", to=[*people, "all-staff"]) >= before


@given(TEXTS, VALUES)
@settings(max_examples=200, deadline=None)
def test_a_verb_that_changes_more_never_makes_a_request_safer(url, body):
    scores = [
        score("web.post", url=url, method=verb, body=body)
        for verb in ("GET", "POST", "DELETE", "FROBNICATE")
    ]
    assert scores == sorted(scores)


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_an_address_that_cant_be_parsed_is_no_safer_than_one_that_can(url):
    known = score("web.post", url="https://api.example.com/", method="DELETE")
    found = read(tool("web.post"), {"url": url, "method": "GET"})
    if "unreadable" in found.hazards:
        assert assess(found, "production").score >= known


@given(st.decimals(min_value=0, max_value=10**14, places=2), st.integers(1, 1000))
@settings(max_examples=100, deadline=None)
def test_more_money_is_never_safer_and_text_is_the_same_as_a_number(amount, factor):
    less = read(tool("payments.refund"), {"amount": str(amount)})
    more = read(tool("payments.refund"), {"amount": str(amount + factor)})
    assert less.amount == amount
    assert assess(less, "production").score <= assess(more, "production").score


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_an_amount_is_plain_or_forbidden(text):
    found = read(tool("payments.refund"), {"amount": text})
    assert bool(found.flaws) == (found.amount is None)
    if found.amount is not None:
        assert found.amount >= Decimal(0)
        assert str(found.amount).isascii()


@given(st.lists(TEXTS, max_size=6), TEXTS)
@settings(max_examples=200, deadline=None)
def test_one_path_more_never_hides_another(paths, other):
    before = read(tool("files.delete"), {"paths": paths})
    after = read(tool("files.delete"), {"paths": [*paths, other]})
    assert set(before.hazards) <= set(after.hazards)
    assert set(before.targets) <= set(after.targets)


FLAT = st.dictionaries(
    st.sampled_from(["amount", "total", "currency", "note", "payment", "price", "amount_cents"]),
    st.one_of(
        st.floats(),
        st.integers(-(10**17), 10**17),
        st.sampled_from(["EUR", "JPY", "KWD", "XXQ", "eur", "€", "12.50", "", None, True, 0, 5.0]),
        st.decimals(0, 10**6, places=3).map(float),
    ),
    max_size=4,
)


@given(FLAT, st.booleans(), st.sampled_from([frozenset(), frozenset({"amount"})]))
def test_the_short_way_to_an_amount_leads_where_the_careful_one_does(arguments, pays, minor):
    careful = money.read_with_care(minor, arguments, pays=pays)
    assert money.read_money(minor, arguments, pays=pays) == careful


def test_the_short_way_is_taken_by_a_plain_amount():
    assert money._plain(frozenset(), {"amount": 12.5, "currency": "EUR", "note": "x"}) is not None
    assert money._plain(frozenset(), {"amount": "12.5"}) is None
