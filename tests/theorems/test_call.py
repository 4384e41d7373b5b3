"""The question: one canonical form, one fingerprint, and copies that nobody shares."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, computed_field

from lockgate.call import (
    MAX_BYTES,
    MAX_INTEGER,
    Arguments,
    Flaw,
    Principal,
    ToolCall,
    canonical,
    digest,
    projected,
)

EXACT = st.integers(-MAX_INTEGER, MAX_INTEGER)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | EXACT | FLOATS | TEXT
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=4)


# ── The canonical form ───────────────────────────────────────────────────────────────────────


@given(JSON)
@example({"\U0001f600": 1, "\ufb33": 2, "\u20ac": 3, "\r": 4, "1": 5, "\u0080": 6, "ö": 7})
@example({"\ue000": 1, "\U00010000": 2})
@example([-0.0, 0.0, 5e-324, 1e-7, 1e-6, 1e-5, 0.1, 1e15, 1e16, 1e20, 1e21, 1.7976931348623157e308])
@example([333333333.33333329, 1e30, 4.5, 2e-3, 1e-27, 9007199254740991.0, 9007199254740992.0])
@example("".join(map(chr, range(0x21))) + '"\\/\x7f\u2028\u2029')
@settings(max_examples=400)
def test_it_is_the_form_of_rfc_8785(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(FLOATS)
@settings(max_examples=400)
def test_every_number_is_written_as_rfc_8785_writes_it(number):
    assert canonical([number]) == rfc8785.dumps([number])


@given(JSON)
def test_it_is_read_back_as_the_same_value(value):
    assert json.loads(canonical(value), parse_int=float) == value  # I-JSON numbers are doubles


@given(OBJECTS)
def test_the_order_of_keys_makes_no_difference(value):
    turned = dict(reversed(value.items()))
    assert canonical(turned) == canonical(value)
    assert digest(turned) == digest(value)


def test_a_number_is_one_number_however_it_is_written():
    assert canonical({"n": 1.0}) == canonical({"n": 1}) == b'{"n":1}'
    assert canonical(-0.0) == canonical(0) == b"0"
    assert canonical(Decimal("19.90")) == canonical(19.9) == b"19.9"
    assert canonical(Decimal("0.1000000000000000055")) == b'"0.1000000000000000055"'


def test_a_tuple_is_a_list_and_a_set_has_one_order():
    assert canonical((1, (2,))) == b"[1,[2]]"
    assert canonical({3, 1, 2}) == canonical(frozenset({2, 3, 1})) == b"[1,2,3]"


class Colour(Enum):
    RED = "red"


class Size(StrEnum):
    LARGE = "large"


class Customer(BaseModel):
    name: str
    since: date


@dataclass
class Point:
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (date(2026, 1, 2), "2026-01-02"),
        (Colour.RED, "red"),
        (Size.LARGE, "large"),
        (Customer(name="Ada", since=date(2026, 1, 2)), {"name": "Ada", "since": "2026-01-02"}),
        (Point(1, 2), {"x": 1, "y": 2}),
        (OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
        (b"bytes", "bytes"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_an_obvious_json_form_is_brought_into_it(value, plain):
    frozen = Arguments.freeze({"value": value})
    assert frozen.flaw == ""
    assert frozen.view == {"value": plain}
    assert frozen.fresh() == {"value": value}


# ── What has no exact form ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "path", "why"),
    [
        ({"a": math.nan}, "$.a", "not a number"),
        ({"a": {"b": [0, math.inf]}}, "$.a.b[1]", "not a number"),
        ({"a": [-math.inf]}, "$.a[0]", "not a number"),
        ({"a": 2**53}, "$.a", "2^53"),
        ({"a": [{"b": -(2**70)}]}, "$.a[0].b", "2^53"),
        ({"a": {1: "one"}}, "$.a", "not text"),
        ({"a": object()}, "$.a", "object"),
        ({"a": (number for number in [1])}, "$", "generator"),
        ({"a": Decimal("NaN")}, "$.a", "not a number"),
        ({"\ud800": math.nan}, "$.\\ud800", "not a number"),
    ],
)
def test_a_value_without_an_exact_form_is_a_flaw_with_its_path(values, path, why):
    frozen = Arguments.freeze(values)
    assert frozen.flaw.startswith(f"`{path}`")
    assert why in frozen.flaw
    assert (frozen.canonical, frozen.view, frozen.fresh()) == (b"{}", {}, {})


def nested(depth, kind=list):
    value = kind()
    for _ in range(depth):
        value = {"a": value} if kind is dict else [value]
    return value


def test_what_is_nested_too_deep_or_too_long_is_a_flaw():
    assert Arguments.freeze({"a": nested(60)}).flaw == ""
    assert "64 levels" in Arguments.freeze({"a": nested(70)}).flaw
    assert "64 levels" in Arguments.freeze({"a": nested(70, dict)}).flaw
    assert f"{MAX_BYTES} bytes" in Arguments.freeze({"a": "x" * MAX_BYTES}).flaw


class Hostile:
    """Raises wherever it can."""

    def __deepcopy__(self, memo):
        raise RuntimeError("no copies")

    def __repr__(self):
        raise RuntimeError("no words")


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Wordless:
    def __deepcopy__(self, memo):
        raise Speechless


class Undecided(BaseModel):
    name: str

    @computed_field
    @property
    def score(self) -> int:
        raise RuntimeError("not computed")


def recursive(kind):
    value = kind()
    if kind is dict:
        value["self"] = value
    else:
        value.append(value)
    return value


ODD = {
    "nan": math.nan,
    "a lone surrogate": "\ud800",
    "a lone surrogate as key": {"\udfff": 1},
    "bytes that are no text": b"\xff\xfe",
    "a signalling nan": Decimal("sNaN"),
    "a mixed set": {1, "a", None},
    "a recursive list": recursive(list),
    "a recursive dict": recursive(dict),
    "a hundred thousand lists": nested(100_000),
    "a hundred thousand dicts": nested(100_000, dict),
    "an object that can't be copied": Hostile(),
    "an object whose error can't be told": Wordless(),
    "a model that can't be told": Undecided(name="Ada"),
    "a vast integer": 10**5000,
    "a type": int,
    "a function": nested,
    "a module": json,
    "a generator": (number for number in [1]),
    "an open file": open("/dev/null"),  # noqa: PTH123, SIM115
    "a complex number": 1j,
    "an exception": ValueError("x"),
    "a key that is no text": {(1, 2): 3},
    "ellipsis": ...,
}


@pytest.mark.parametrize("name", ODD)
def test_no_value_is_too_odd_to_be_frozen(name):
    call = ToolCall.propose("tool", {"value": ODD[name], "other": 1})
    assert call.arguments.flaw or call.arguments.view["other"] == 1
    assert call.arguments.flaw.encode() is not None  # a flaw can be recorded
    assert len(call.fingerprint) == 64


@given(st.recursive(st.from_type(object) | st.binary() | st.complex_numbers(), st.lists))
@settings(max_examples=60)
def test_nothing_at_all_is_too_odd_to_be_frozen(value):
    assert isinstance(Arguments.freeze({"value": value}).flaw, str)


def test_what_can_not_be_iterated_is_a_flaw_too():
    assert Arguments.freeze(3).flaw.startswith("`$` can't be copied")


# ── Copies ───────────────────────────────────────────────────────────────────────────────────


def test_what_the_caller_changes_afterwards_changes_nothing():
    inner, model = [1, {"deep": [2]}], Point(1, 2)
    frozen = Arguments.freeze({"list": inner, "point": model})
    before = frozen.canonical
    inner[1]["deep"].append("injected")
    inner.append("injected")
    model.x = 99
    assert frozen.fresh() == {"list": [1, {"deep": [2]}], "point": Point(1, 2)}
    assert frozen.canonical == before == canonical(frozen.fresh())


def test_what_a_tool_changes_in_its_copy_changes_no_other_copy():
    frozen = Arguments.freeze({"list": [1, {"deep": [2]}], "point": Point(1, 2)})
    first = frozen.fresh()
    first["list"][1]["deep"].clear()
    first["point"].y = 99
    first["new"] = True
    assert frozen.fresh() == {"list": [1, {"deep": [2]}], "point": Point(1, 2)}
    assert frozen.view["list"] == [1, {"deep": [2]}]


@given(OBJECTS)
def test_the_tool_receives_exactly_what_was_judged(values):
    frozen = Arguments.freeze(values)
    assert canonical(frozen.fresh()) == canonical(frozen.view) == frozen.canonical


def test_the_tool_receives_the_types_that_the_host_gave():
    values = {"amount": 10.0, "when": date(2026, 1, 2), "pair": (1, 2)}
    fresh = Arguments.freeze(values).fresh()
    assert {key: type(value) for key, value in fresh.items()} == {
        "amount": float,
        "when": date,
        "pair": tuple,
    }


# ── The fingerprint ──────────────────────────────────────────────────────────────────────────


def call(tool="refund", arguments=None, **parts):
    return ToolCall.propose(tool, arguments or {"order": "W1", "amount": 1}, **parts)


def test_the_same_call_has_the_same_fingerprint():
    same = call(arguments={"amount": 1.0, "order": "W1"}, thread="t", run="r", id="c")
    assert call().fingerprint == same.fingerprint
    assert call().id == call().id == f"same:{call().fingerprint[:32]}"


@pytest.mark.parametrize(
    "other",
    [
        call(tool="refunds"),
        call(source="langchain"),
        call(environment="staging"),
        call(principal=Principal(agent="other")),
        call(principal=Principal(person="ada")),
        call(principal=Principal(organisation="acme")),
        call(arguments={"order": "W1", "amount": 2}),
        call(arguments={"order": "W1", "amount": "1"}),
        call(arguments={"order": "W1", "amount": True}),
        call(arguments={"order": "W1", "amount": 1, "note": None}),
        call(arguments={"order": "w1", "amount": 1}),
        call(arguments={"order": "W1\x00", "amount": 1}),
        call(arguments={"order": "W1", "amount": math.nan}),
    ],
)
def test_every_part_of_a_call_is_bound(other):
    assert other.fingerprint != call().fingerprint


@given(OBJECTS, OBJECTS)
def test_two_calls_have_one_fingerprint_only_if_they_are_one(mine, yours):
    same = call(arguments={"a": mine}).fingerprint == call(arguments={"a": yours}).fingerprint
    assert same == (canonical(mine) == canonical(yours))


def test_different_flaws_are_different_calls():
    prints = {call(arguments={key: math.nan}).fingerprint for key in ("a", "b", "c")}
    assert len(prints) == 3


def test_parts_can_not_run_into_one_another():
    assert call(tool="ab", source="c").fingerprint != call(tool="a", source="bc").fingerprint
    assert call(thread="a", id="bc").identity.key("x") != call(thread="ab", id="c").identity.key(
        "x"
    )
    assert call().identity.key("a", "b") != call().identity.key("ab")


def test_a_name_that_a_model_invents_can_be_recorded():
    odd = ToolCall.propose("\ud800tool", {}, thread="\udfff", run="\ud801", id="\ud802")
    told = (odd.tool, odd.thread, odd.run, odd.id)
    assert all(text.encode() for text in told)
    assert odd.identity.key("x") == odd.identity.key("x")


# ── What is told of results ──────────────────────────────────────────────────────────────────


@given(JSON)
def test_a_result_that_is_called_faithful_is_the_value_itself(value):
    told, faithful = projected(value)
    if faithful:
        assert told == value
        assert type(json.loads(json.dumps(told))) is type(value)


@pytest.mark.parametrize("name", ODD)
def test_no_result_is_too_odd_to_be_told(name):
    told, faithful = projected({"value": ODD[name]})
    assert not faithful or json.loads(json.dumps(told)) == {"value": ODD[name]}


def test_a_result_that_can_be_read_only_once_is_left_to_the_caller():
    generator = (number for number in [1, 2, 3])
    told, faithful = projected({"rows": generator})
    assert not faithful
    assert "generator" in told["rows"]
    assert list(generator) == [1, 2, 3]


def test_as_much_of_a_result_is_told_as_there_is():
    told, faithful = projected({"status": "ok", "rows": [1, math.nan, Hostile()], "vast": 2**70})
    assert not faithful
    assert told["status"] == "ok"
    assert told["rows"][0] == 1
    assert told["vast"] == str(2**70)


def test_a_flaw_is_an_error_of_value():
    with pytest.raises(Flaw, match=r"`\$` is nan"):
        canonical(math.nan)
