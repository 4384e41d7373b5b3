"""Each rule of the two packaged rulebooks: what it stops, beside the right call it lets through."""

from __future__ import annotations

import json

import pytest

from lockgate.demo.conversations import packaged, rehearse
from lockgate.demo.recordings import SPECS


def call(tool, result, args):
    told = result if isinstance(result, str) else json.dumps(result)
    return {"type": "call", "tool": tool, "args": args, "recorded_result": told}


def user(text):
    return {"type": "user", "content": text}


# ── The shop ─────────────────────────────────────────────────────────────────────────────────

PROFILE = {
    "orders": ["#W1"],
    "payment_methods": {
        "card_1": {"source": "credit_card"},
        "card_2": {"source": "credit_card"},
        "gift_card_1": {"source": "gift_card", "balance": 5},
    },
}
ORDER = {
    "order_id": "#W1",
    "user_id": "ada_1",
    "status": "pending",
    "items": [{"item_id": "11", "product_id": "1", "price": 10.0}],
    "payment_history": [{"payment_method_id": "card_1", "amount": 10.0}],
}
PRODUCT = {
    "product_id": "1",
    "variants": {
        "11": {"available": True, "price": 10.0},
        "12": {"available": True, "price": 14.5},
        "13": {"available": False, "price": 10.0},
        "14": {"available": True, "price": 15.5},
    },
}
OTHER_PRODUCT = {"product_id": "2", "variants": {"21": {"available": True, "price": 10.0}}}
FOUND = call("find_user_id_by_email", "ada_1", {"email": "ada@lock.example"})
PROFILED = call("get_user_details", PROFILE, {"user_id": "ada_1"})
SHOWN = call("get_product_details", PRODUCT, {"product_id": "1"})
SHOWN_OTHER = call("get_product_details", OTHER_PRODUCT, {"product_id": "2"})


def ordered(**changes):
    return call("get_order_details", ORDER | changes, {"order_id": "#W1"})


def change(tool, result=None, **changes):
    return call(tool, result or ORDER, {"order_id": "#W1"} | changes)


def cancel(result=None):
    return change("cancel_pending_order", result, reason="no longer needed")


def swap(new="12", old="11", tool="modify_pending_order_items", pay="card_1", **changes):
    args = {"item_ids": [old], "new_item_ids": [new], "payment_method_id": pay}
    return change(tool, **(args | changes))


def give_back(pay="card_1", item="11"):
    return change("return_delivered_order_items", item_ids=[item], payment_method_id=pay)


def pay_by(method):
    return change("modify_pending_order_payment", payment_method_id=method)


SHOP = [FOUND, PROFILED, SHOWN, SHOWN_OTHER]
PENDING = [*SHOP, ordered()]
DELIVERED = [*SHOP, ordered(status="delivered")]
REJECTED = call("cancel_pending_order", "Error: no", {"order_id": "#W1", "reason": "too slow"})

SHOP_RIGHT = {
    "cancel": [*PENDING, cancel()],
    "cancel by mistake": [*PENDING, change("cancel_pending_order", reason="ordered by mistake")],
    "move": [*PENDING, change("modify_pending_order_address", zip="10001")],
    "move home": [FOUND, call("modify_user_address", PROFILE, {"user_id": "ada_1"})],
    "pay otherwise": [*PENDING, pay_by("card_2")],
    "swap": [*PENDING, swap()],
    "swap after moving": [*PENDING, change("modify_pending_order_address"), swap()],
    "swap by gift card": [*PENDING, swap(pay="gift_card_1")],
    "exchange": [*DELIVERED, swap(tool="exchange_delivered_order_items")],
    "return": [*DELIVERED, give_back()],
    "return to gift card": [*DELIVERED, give_back("gift_card_1")],
    "second try": [FOUND, ordered(), REJECTED, cancel()],
    "after an error": [FOUND, call("get_order_details", "Error: no", {}), ordered(), cancel()],
}
SHOP_WRONG = {
    "identify-customer-first": [ordered(), cancel()],
    "one-customer-only": [*PENDING, call("find_user_id_by_name_zip", "bob_2", {}), cancel()],
    "look-up-order-first": [FOUND, cancel()],
    "own-orders-only": [FOUND, ordered(user_id="bob_2"), cancel()],
    "own-profile-only": [FOUND, call("modify_user_address", PROFILE, {"user_id": "bob_2"})],
    "only-pending-orders-change": [*DELIVERED, cancel()],
    "only-delivered-orders-come-back": [*PENDING, give_back()],
    "cancel-reason-allowed": [*PENDING, change("cancel_pending_order", reason="too slow")],
    "items-are-in-the-order": [*DELIVERED, give_back(item="12")],
    "new-item-for-each": [*PENDING, swap(item_ids=["11", "11"])],
    "new-item-same-product": [*PENDING, swap("21")],
    "new-item-available": [*PENDING, swap("13")],
    "new-item-was-shown": [*PENDING, swap("99")],
    "paid-by-own-method": [*PENDING, swap(pay="card_9")],
    "refund-goes-back": [*DELIVERED, give_back("card_2")],
    "new-payment-differs": [*PENDING, pay_by("card_1")],
    "gift-card-covers-order": [*PENDING, pay_by("gift_card_1")],
    "gift-card-covers-difference": [*PENDING, swap("14", pay="gift_card_1")],
    "same-call-failed-before": [*PENDING, cancel("Error: busy"), cancel()],
}

# ── The airline ──────────────────────────────────────────────────────────────────────────────

WALLET = {
    "credit_card_1": {"source": "credit_card"},
    "credit_card_2": {"source": "credit_card"},
    "gift_card_1": {"source": "gift_card", "amount": 40},
    "certificate_1": {"source": "certificate", "amount": 100},
    "certificate_2": {"source": "certificate", "amount": 100},
}


def leg(number, start, end, date, price=100):
    told = {"flight_number": number, "origin": start, "destination": end, "date": date}
    return told | {"price": price}


OUT, BACK = leg("LG1", "AAA", "BBB", "2024-05-20"), leg("LG2", "BBB", "AAA", "2024-05-25")
TRIP = {
    "reservation_id": "R1",
    "user_id": "ada_1",
    "origin": "AAA",
    "destination": "BBB",
    "flight_type": "round_trip",
    "cabin": "economy",
    "flights": [OUT, BACK],
    "passengers": [{"first_name": "Ada"}, {"first_name": "Bob"}],
    "payment_history": [{"payment_id": "credit_card_1", "amount": 400}],
    "created_at": "2024-05-10T10:00:00",
    "total_baggages": 1,
    "nonfree_baggages": 0,
    "insurance": "no",
}
NAMED = user("I am ada_1. Yes, please do it.")


def member(level="regular"):
    profile = {"membership": level, "payment_methods": WALLET}
    return call("get_user_details", profile, {"user_id": "ada_1"})


def booked(**changes):
    return call("get_reservation_details", TRIP | changes, {"reservation_id": "R1"})


def offer(number, start, end, *, fare=120, seats=9):
    cabins = ("basic_economy", "economy", "business")
    return {
        "flight_number": number,
        "origin": start,
        "destination": end,
        "status": "available",
        "available_seats": dict.fromkeys(cabins, seats),
        "prices": dict.fromkeys(cabins, fare),
    }


def searched(*offers, date="2024-05-26"):
    return call("search_direct_flight", list(offers), {"date": date})


def refly(*flights, cabin="economy", pay="credit_card_1", result=None):
    told = [{"flight_number": item["flight_number"], "date": item["date"]} for item in flights]
    args = {"reservation_id": "R1", "cabin": cabin, "flights": told, "payment_id": pay}
    return call("update_reservation_flights", result or TRIP, args)


def bags(total, paid, pay="credit_card_1"):
    args = {"reservation_id": "R1", "total_baggages": total, "nonfree_baggages": paid}
    return call("update_reservation_baggages", TRIP, args | {"payment_id": pay})


def cancel_trip():
    return call("cancel_reservation", TRIP, {"reservation_id": "R1"})


def renamed(count):
    args = {"reservation_id": "R1", "passengers": [{"first_name": "Eve"}] * count}
    return call("update_reservation_passengers", TRIP, args)


def paid(**amounts):
    return [{"payment_id": name, "amount": amount} for name, amount in amounts.items()]


def book(**changes):
    args = {
        "user_id": "ada_1",
        "cabin": "economy",
        "flights": [{"flight_number": "LG3", "date": "2024-05-26"}],
        "passengers": [{"first_name": "Ada"}],
        "payment_methods": paid(credit_card_1=120),
        "total_baggages": 1,
        "nonfree_baggages": 0,
        "insurance": "no",
    }
    return call("book_reservation", TRIP, args | changes)


def gesture(amount):
    return call("send_certificate", "sent", {"user_id": "ada_1", "amount": amount})


LATER = leg("LG3", "BBB", "AAA", "2024-05-26")
ASTRAY = leg("LG4", "BBB", "CCC", "2024-05-26")
FOUND_LATER = searched(offer("LG3", "BBB", "AAA"), offer("LG4", "BBB", "CCC"))
ONE_STOP = call(
    "search_onestop_flight",
    [[offer("LG3", "BBB", "AAA") | {"date": "2024-05-26"}]],
    {"date": "2024-05-26"},
)
KNOWN = [NAMED, member(), booked()]
SEARCHED = [*KNOWN, FOUND_LATER]
DUE = [leg("LG1", "AAA", "BBB", "2024-05-12"), OUT]
HIGH = searched(offer("LG3", "BBB", "AAA", fare=150))
UPGRADE = refly(OUT, BACK, cabin="business")
BASIC = booked(cabin="basic_economy")
ASKED = user("I am ada_1, my flight was delayed and I want compensation. Yes, please.")

AIRLINE_RIGHT = {
    "cancel business": [NAMED, booked(cabin="business"), cancel_trip()],
    "cancel insured": [NAMED, booked(insurance="yes"), cancel_trip()],
    "cancel within a day": [NAMED, booked(created_at="2024-05-15T01:00:00"), cancel_trip()],
    "cancel after an upgrade": [*KNOWN, UPGRADE, cancel_trip()],
    "fly back later": [*SEARCHED, refly(OUT, LATER)],
    "fly back later, found with a stop": [*KNOWN, ONE_STOP, refly(OUT, LATER)],
    "upgrade basic economy": [NAMED, member(), BASIC, refly(OUT, BACK, cabin="business")],
    "upgrade, then fly later": [NAMED, member(), BASIC, FOUND_LATER, UPGRADE, refly(OUT, LATER)],
    "pay by gift card": [*SEARCHED, refly(OUT, LATER, pay="gift_card_1")],
    "add free bags": [*KNOWN, bags(2, 0)],
    "add a paid bag": [*KNOWN, bags(3, 1)],
    "add free bags as a member": [NAMED, member("gold"), booked(), bags(6, 0)],
    "other names": [*KNOWN, renamed(2)],
    "book": [*SEARCHED, book()],
    "book insured, with bags, by two methods": [
        *SEARCHED,
        book(
            insurance="yes",
            total_baggages=2,
            nonfree_baggages=1,
            payment_methods=paid(certificate_1=100, credit_card_1=100),
        ),
    ],
    "gesture": [ASKED, member("silver"), booked(flights=DUE), gesture(100)],
    "second try": [*SEARCHED, refly(OUT, ASTRAY, result="Error: no"), refly(OUT, LATER)],
}
NOBODY = call("get_user_details", "Error: user not found", {"user_id": "ada_1"})
REFUSED = refly(OUT, LATER, result="Error: payment failed")
AIRLINE_WRONG = {
    "look-up-reservation-first": [NAMED, cancel_trip()],
    "look-up-customer-first": [NAMED, NOBODY, FOUND_LATER, book()],
    "customer-gave-user-id": [user("Yes, please."), member(), FOUND_LATER, book()],
    "own-reservations-only": [
        user("I am ada_12. Yes, please."),
        booked(cabin="business"),
        cancel_trip(),
    ],
    "cancel-nothing-flown": [NAMED, booked(cabin="business", flights=DUE), cancel_trip()],
    "cancel-needs-ground": [*KNOWN, cancel_trip()],
    "cancel-claimed-by-airline": [*KNOWN, user("Yes: my flight was cancelled."), cancel_trip()],
    "cancelled-stays-cancelled": [NAMED, booked(cabin="business"), cancel_trip(), renamed(2)],
    "one-to-eight-flights": [*SEARCHED, book(flights=[])],
    "basic-economy-keeps-flights": [NAMED, member(), BASIC, FOUND_LATER, refly(OUT, LATER)],
    "route-starts-as-booked": [*SEARCHED, refly(BACK, LATER)],
    "route-ends-as-booked": [*SEARCHED, refly(OUT, ASTRAY)],
    "round-trip-goes-there": [*SEARCHED, refly(LATER)],
    "flown-trip-stays": [NAMED, member(), booked(flights=DUE), refly(*DUE, cabin="business")],
    "new-flights-were-searched": [*SEARCHED, refly(OUT, LATER | {"date": "2024-05-27"})],
    "new-flights-have-seats": [
        *KNOWN,
        searched(offer("LG3", "BBB", "AAA", seats=1)),
        refly(OUT, LATER),
    ],
    "no-certificate-for-changes": [*KNOWN, bags(3, 1, "certificate_1")],
    "change-paid-from-profile": [*SEARCHED, refly(OUT, LATER, pay="credit_card_9")],
    "gift-card-covers-change": [*KNOWN, HIGH, refly(OUT, LATER, pay="gift_card_1")],
    "bags-are-never-removed": [*KNOWN, bags(0, 0)],
    "bags-follow-allowance": [*KNOWN, bags(3, 0)],
    "bags-need-profile": [NAMED, booked(), bags(2, 0)],
    "passenger-number-stays": [*KNOWN, renamed(1)],
    "book-at-most-five": [*SEARCHED, book(passengers=[{"first_name": "Ada"}] * 6)],
    "book-payment-mix": [
        *SEARCHED,
        book(payment_methods=paid(certificate_1=60, certificate_2=60)),
    ],
    "book-paid-from-profile": [*SEARCHED, book(payment_methods=paid(credit_card_9=120))],
    "book-within-balance": [*SEARCHED, book(payment_methods=paid(gift_card_1=120))],
    "book-bags-follow-allowance": [*SEARCHED, book(total_baggages=3)],
    "book-flights-were-searched": [*KNOWN, book()],
    "book-flights-have-seats": [
        *KNOWN,
        searched(offer("LG3", "BBB", "AAA") | {"status": "delayed"}),
        book(),
    ],
    "book-adds-up": [*SEARCHED, book(payment_methods=paid(credit_card_1=119))],
    "gesture-needs-standing": [ASKED, member(), booked(flights=DUE), gesture(100)],
    "gesture-amount": [ASKED, member("gold"), booked(flights=DUE), gesture(500)],
    "gesture-was-asked-for": [NAMED, member("gold"), booked(flights=DUE), gesture(100)],
    "change-was-agreed": [
        *SEARCHED,
        user("What would that cost?"),
        refly(OUT, LATER),
    ],
    "same-call-failed-before": [*SEARCHED, REFUSED, refly(OUT, LATER)],
}


TABLES = {"retail": (SHOP_RIGHT, SHOP_WRONG), "airline": (AIRLINE_RIGHT, AIRLINE_WRONG)}


def cases(which):
    return [(domain, name) for domain, tables in TABLES.items() for name in tables[which]]


def tools(conversations):
    """Return a tool for each name that is called, with every parameter that it is given."""
    given = {}
    for event in (event for events in conversations for event in events):
        if event["type"] == "call":
            given.setdefault(event["tool"], {}).update({key: {} for key in event["args"]})
    return [
        {"name": name, "parameters": {"properties": parameters}}
        for name, parameters in given.items()
    ]


@pytest.fixture(scope="module")
def last_verdicts(tmp_path_factory):
    """Play every conversation of both tables, and return what became of its last call."""
    folder, specs, lines, told = tmp_path_factory.mktemp("desks"), {}, [], {}
    for domain, tables in TABLES.items():
        conversations = tables[0] | tables[1]
        specs[domain] = {"tools": tools(conversations.values())}
        for name, events in conversations.items():
            lines.append(json.dumps({"id": f"{domain}/{name}", "domain": domain, "events": events}))
    (folder / SPECS).write_text(json.dumps(specs))
    (folder / "desks.jsonl").write_text("\n".join(lines))
    rehearse([folder / "desks.jsonl"], on_call=lambda one: told.update({one.conversation: one}))
    return told


@pytest.mark.parametrize(("domain", "name"), cases(0))
def test_what_the_policy_allows_is_allowed(domain, name, last_verdicts):
    judged = last_verdicts[f"{domain}/{name}"]
    assert (judged.verdict, judged.rules) == ("allow", ())


@pytest.mark.parametrize(("domain", "rule"), cases(1))
def test_each_rule_stops_what_it_is_there_for(domain, rule, last_verdicts):
    judged = last_verdicts[f"{domain}/{rule}"]
    assert judged.verdict != "allow"
    assert rule in judged.rules
    assert "could not be judged" not in judged.reason


@pytest.mark.parametrize("domain", TABLES)
def test_every_rule_is_tried_and_tells_what_to_do(domain):
    rules = {item.rule.id: item.rule for item in packaged(domain).rules}
    assert rules.keys() == TABLES[domain][1].keys()
    assert all(rule.reason and rule.tell for rule in rules.values())
