"""Compiled conditions and the engine: the same answer to the same question, or no compiled one."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from cel_expr_python import cel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conditions.expressions import NAMES, TYPES, VALUES, expressions
from conditions.reference import ANY, ERROR, environment, judged
from lockgate.call import ToolCall
from lockgate.classify import Signature, classify
from lockgate.evaluate import (
    ConditionError,
    Facts,
    Level,
    PastCall,
    Question,
    Risk,
    Variables,
)
from lockgate.rulebook import CelCondition, ConditionSyntaxError
from lockgate.rulebook.compile import Unreadable, Vocabulary, evaluator, read, written
from lockgate.rulebook.compile.values import Unsigned
from lockgate.rulebook.condition import VARIABLES, VOCABULARY

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LOCKGATE_SHARED_DATA") or ROOT.parent / "shared" / "data")
CASES = DATA / "cel_conformance.jsonl"

# ── Random expressions ───────────────────────────────────────────────────────────────────────


def tried(count):
    """Try `count` random expressions and say how each was answered."""
    env, how, errors = environment(TYPES), Counter(), Counter()

    @settings(max_examples=count, suppress_health_check=list(HealthCheck))
    @given(expressions(), VALUES)
    def one(text, values):
        pair = judged(env, text, NAMES, values)
        how[pair.how.partition(":")[0] if pair else "refused"] += 1
        errors[pair is not None and pair.how == "compiled" and pair.engine == ERROR] += 1
        assert pair is None or pair.agree, (text, values, pair)

    one()
    return how, errors[True]


def test_random_expressions_have_the_answer_that_the_engine_gives():
    how, errors = tried(300)
    assert how["compiled"] > 0.75 * how.total()
    assert errors > 50
    assert how["declined"] == 0


@pytest.mark.slow
def test_ten_thousand_random_expressions_have_the_answer_that_the_engine_gives(capsys):
    how, errors = tried(10_000)
    with capsys.disabled():
        sys.stdout.write(f"\nrandom: {dict(how)}; compiled without an answer: {errors}\n")
    assert how["compiled"] > 0.75 * how.total()


def question(values):
    """Return a question in which the variables have the values drawn."""
    calls = tuple(
        PastCall(tool=tool, action="unknown", arguments={}, result=result)
        for tool, results in values["seen"].items()
        for result in reversed(results)
    )
    return Question(
        call=ToolCall.propose(values["tool"], values["args"]),
        profile=classify(Signature(name="x")).plain,
        risk=Risk(values["score"], Level.LOW, ()),
        facts=Facts(turns=tuple(values["said"]), calls=calls),
    )


def test_every_variable_can_be_looked_up_and_has_a_type():
    about = question({"tool": "x", "args": {}, "seen": {}, "said": [], "score": 1})
    assert set(Variables(about).complete()) == set(VARIABLES) == set(VOCABULARY.kinds)


def answered_by(ask, about):
    try:
        return ask(Variables(about))
    except ConditionError:
        return ERROR


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(expressions(), VALUES)
def test_a_condition_is_true_or_false_or_says_that_it_has_no_answer(text, values):
    try:
        condition = CelCondition(text)
    except ConditionSyntaxError:
        return
    about = question(values)
    answer = answered_by(condition.holds, about)
    assert answer is True or answer is False or answer == ERROR
    assert answer == answered_by(condition.ask, about)


# ── What is easily got wrong ─────────────────────────────────────────────────────────────────

ODD = {
    "no truthiness": [
        ("x && true", {"x": 1}),
        ("x && false", {"x": 1}),
        ("false && x", {"x": "a"}),
        ("x || true", {"x": None}),
        ("x || false", {"x": []}),
        ("!x", {"x": ""}),
        ("x ? 1 : 2", {"x": 1}),
        ("x.exists(i, i)", {"x": [1, True]}),
        ("x.exists(i, i)", {"x": [1]}),
        ("x.all(i, i)", {"x": [True, 1]}),
        ("x.filter(i, i)", {"x": [True, 1]}),
    ],
    "true is not 1": [
        ("x == 1", {"x": True}),
        ("x < 2", {"x": True}),
        ("x in [1]", {"x": True}),
        ("1 in x", {"x": [True]}),
        ("x == [1]", {"x": [True]}),
        ("x == {'a': 1}", {"x": {"a": True}}),
        ("{1: 'a'}[x]", {"x": True}),
        ("{true: 'a'}[x]", {"x": 1}),
        ("x in {1: 'a'}", {"x": True}),
        ("int(x)", {"x": True}),
        ("int(x)", {"x": "\u0663"}),
        ("int(x)", {"x": " 3"}),
        ("double(x)", {"x": "1_0"}),
        ("x[true]", {"x": [1, 2]}),
    ],
    "what settles it is not asked again": [
        ("x.exists(i, i == 5)", {"x": [5, 1]}),
        ("x.exists(i, i == 5)", {"x": [5, "a"]}),
        ("x.all(i, i == 1)", {"x": [5, 1]}),
        ("x.all(i, i.a == 1)", {"x": [{"a": 5}, {}, {"a": 1}]}),
        ("x.exists_one(i, i == 5)", {"x": [5, 1, 5]}),
    ],
    "an error waits for what settles it": [
        ("x.a > 1 || true", {"x": {}}),
        ("true || x.a > 1", {"x": {}}),
        ("x.a > 1 && false", {"x": {}}),
        ("x.a > 1 && true", {"x": {}}),
        ("x.a > 1 && x.b > 1 && x.c > 1", {"x": {"c": 0}}),
        ("(x.a > 1 || x.b > 1) && x.c > 1", {"x": {"b": 2, "c": 2}}),
        ("x.exists(i, i.a == 1)", {"x": [{}, {"a": 1}]}),
        ("x.exists(i, i.a == 1)", {"x": [{}, {"a": 2}]}),
        ("x.all(i, i.a == 1)", {"x": [{}, {"a": 2}]}),
        ("x.all(i, i.a == 1)", {"x": [{"a": 1}, {}]}),
        ("x.exists_one(i, i.a == 1)", {"x": [{"a": 1}, {}]}),
        ("x.a ? true : true", {"x": {}}),
    ],
    "whole numbers do not wrap, round or mix": [
        ("x + 1", {"x": 2**63 - 1}),
        ("x - 1", {"x": -(2**63)}),
        ("-x", {"x": -(2**63)}),
        ("x / -1", {"x": -(2**63)}),
        ("x % -1", {"x": -(2**63)}),
        ("x * x", {"x": 3_037_000_500}),
        ("x + 1", {"x": 2**63}),
        ("x > 5", {"x": 2**63}),
        ("x - 5", {"x": 2**63}),
        ("x % 2", {"x": 2**63}),
        ("x / 2", {"x": -7}),
        ("x % 2", {"x": -7}),
        ("7 % x", {"x": -2}),
        ("x / 0", {"x": 1}),
        ("x % 0", {"x": 1}),
        ("x + 1.0", {"x": 1}),
        ("x == 1.0", {"x": 1}),
        ("x == 9007199254740993", {"x": 9007199254740992.0}),
        ("x < 9223372036854775807", {"x": 9223372036854775808.0}),
        ("2u - x", {"x": Unsigned(3)}),
        ("1.0 / x", {"x": 0.0}),
        ("1.0 / x", {"x": -0.0}),
        ("x / x", {"x": 0.0}),
    ],
    "what is not a number compares as nothing": [
        ("x > 500", {"x": float("nan")}),
        ("x <= 500", {"x": float("nan")}),
        ("x == x", {"x": float("nan")}),
        ("[x] == [x]", {"x": float("nan")}),
        ("x in [x]", {"x": float("nan")}),
    ],
    "optionals": [
        ("x.?a.orValue(5)", {"x": {}}),
        ("x.?a.orValue(1 / 0)", {"x": {"a": 1}}),
        ("x.?a.orValue(1 / 0)", {"x": {}}),
        ("x.?a.b.orValue(5)", {"x": {"a": {}}}),
        ("x.?a.b.orValue(5) == 5 && false", {"x": {"a": 5}}),
        ("x.?a.?b.orValue(5)", {"x": {"a": 5}}),
        ("x.?a.or(x.?b).orValue(0)", {"x": {"b": 3}}),
        ("x.?a.or(x.?b).value()", {"x": {}}),
        ("x.?a.optMap(v, v + 1).orValue(0)", {"x": {"a": 1}}),
        ("x.?a.optMap(v, v.b).orValue(0)", {"x": {"a": 1}}),
        ("x[?1].orValue(3)", {"x": [1]}),
        ("x[?'a'].orValue(3)", {"x": [1]}),
        ("has(x.?a.b)", {"x": {"a": {"b": 1}}}),
        ("optional.of(x) == optional.of(x)", {"x": [1]}),
        ("optional.ofNonZeroValue(x).hasValue()", {"x": 0.0}),
    ],
    "one of many": [
        ("x in ['a', 'b']", {"x": "b"}),
        ("x in ['a', 'b']", {"x": ["a"]}),
        ("x in ['a', 'b']", {"x": None}),
        ("x.a in ['a', 'b']", {"x": {}}),
        ("x.a in []", {"x": {}}),
        ("x in [1, 'a']", {"x": 1.0}),
        ("x in y", {"x": "a", "y": {"a": 1}}),
        ("x in y", {"x": None, "y": {"a": 1}}),
        ("x in y", {"x": "a", "y": "abc"}),
    ],
    "the keys of a map have no order": [
        ("x.map(k, k)", {"x": {"a": 1, "b": 2, "c": 3}}),
        ("x.filter(k, k > 'a')", {"x": {"a": 1, "b": 2, "c": 3}}),
        ("x.exists(k, k == 'b')", {"x": {"a": 1, "b": 2, "c": 3}}),
    ],
    "names hide names": [
        ("x.exists(x, x == 1)", {"x": [1]}),
        ("[1].exists(y, [2].exists(y, y == 2) && y == 1)", {"y": 5}),
        ("x.map(y, y).size() + y", {"x": [1, 2], "y": 5}),
    ],
    "maps written out": [
        ("{'a': x}.a", {"x": 1}),
        ("{x: 1, 'a': 2}", {"x": "a"}),
        ("{x: 1, 'a': 2} == {} && false", {"x": "a"}),
        ("{x: 1}", {"x": 1.5}),
        ("{x: 1}", {"x": None}),
        ("{1: 'a'}[x]", {"x": 1.0}),
        ("{1: 'a'}[x]", {"x": 1.5}),
    ],
    "text": [
        ("x.matches('(')", {"x": "a"}),
        ("x.matches('^a+$')", {"x": "aaa"}),
        ("x.matches('a.c')", {"x": "a\nc"}),
        ("x.trim()", {"x": "\x1f\u00a0 a\u2028"}),
        ("x.substring(0, 3)", {"x": "abc"}),
        ("x.replace('', '-', 2)", {"x": "abc"}),
        ("x.split('')", {"x": ""}),
        ("x.split(',', 2)", {"x": "a,b,c"}),
        ("x.lastIndexOf('', 3)", {"x": "abc"}),
        ("x.join('-')", {"x": ["a", 1]}),
        ("x < '\\U00010000'", {"x": "\uffff"}),
        ("size(x)", {"x": "e\u0301😀"}),
    ],
    "times": [
        ("timestamp(x)", {"x": "2024-02-29T23:59:59.123456789+05:30"}),
        ("timestamp(x)", {"x": "2023-02-29T00:00:00Z"}),
        ("timestamp(x)", {"x": " 2024-1-1t0:0:0z"}),
        ("timestamp(x)", {"x": "2016-12-31T23:59:60Z"}),
        ("timestamp(x)", {"x": 253402300800}),
        ("duration(x)", {"x": "-1h30m0.5s"}),
        ("duration(x)", {"x": "1d"}),
        ("timestamp(x) - timestamp(0) > duration('1h')", {"x": 3601}),
        ("timestamp(x).getDayOfWeek('Europe/Berlin')", {"x": "2024-06-30T23:00:00Z"}),
        ("timestamp(x).getHours('-02:30')", {"x": "2024-06-30T01:00:00Z"}),
        ("timestamp(x).getHours('Nowhere/Land')", {"x": "2024-06-30T01:00:00Z"}),
        ("duration(x).getMilliseconds()", {"x": "-1.5s"}),
    ],
}
EXPRESSIONS = [
    pytest.param(text, values, id=f"{about}: {text} {values}")
    for about, cases in ODD.items()
    for text, values in cases
]
XY = environment({"x": cel.Type.DYN, "y": cel.Type.DYN})
ANYTHING = Vocabulary({"x": ANY, "y": ANY})


@pytest.mark.parametrize(("text", "values"), EXPRESSIONS)
def test_the_traps_have_the_answer_that_the_engine_gives(text, values):
    pair = judged(XY, text, ANYTHING, {"x": None, "y": None} | values)
    assert pair.how in {"compiled", "undecided"}
    assert pair.agree, pair


EXACT = Vocabulary({"args": frozenset({dict}), "amount": ANY}, exact=frozenset({"args", "amount"}))
ARGS = environment({"args": cel.Type.Map(cel.Type.STRING, cel.Type.DYN), "amount": cel.Type.DYN})
SHARED = [
    ("args.items.exists(args, args.amount == 1)", {"amount": 2, "items": [{"amount": 1}]}),
    ("[1].exists(amount, amount == 1)", {}),
    ("args.amount < 9223372036854775807", {"amount": 9223372036854775808.0}),
    ("args.amount == 9223372036854775807", {"amount": 9223372036854775808.0}),
    ("args.amount.to == 1 || true", {"amount": 5}),
    ("has(args.amount.to)", {"amount": 5}),
    ("has(args.amount.to)", {"amount": {"to": None}}),
    ("args.amount.to == null", {"amount": {"to": None}}),
    ("args.amount", {}),
    ("[args.amount].size()", {}),
    ("args.amount == args.amount", {}),
    ("args.amount != 'x'", {}),
    ("dyn(args.amount) == 1", {}),
    ("type(args.amount) == int", {}),
    ("(true ? args.amount : 1) == 1", {}),
    ("optional.of(args.amount).hasValue()", {}),
    ("args.items.map(i, args.amount).size()", {"items": [1]}),
    ("args['amount'] > 1 && args.amount < 3", {"amount": 2}),
]


@pytest.mark.parametrize(("text", "args"), SHARED, ids=str)
def test_what_is_read_once_for_all_has_the_answer_that_the_engine_gives(text, args):
    pair = judged(ARGS, text, EXACT, {"args": args, "amount": 3})
    assert pair.how == "compiled" or "9223372036854775807" in text
    assert pair.agree, pair


LOOPS = [
    "x.all(i, i == 0)",
    "x.exists(i, i == 5)",
    "x.exists_one(i, i == 5)",
    "x.filter(i, i == 5).size() == 0",
    "x.exists(i, i == 5) || true",
    "true || x.exists(i, i == 5)",
    "x.exists(i, i == 5) || y.exists(i, i == 5)",
    "x.all(i, i == 0) && y.all(i, i == 0)",
]


@pytest.mark.parametrize("text", LOOPS)
@pytest.mark.parametrize("count", [9_998, 9_999, 10_000])
def test_loops_end_where_those_of_the_engine_end(text, count):
    if "filter" in text and count < 9_999:
        pytest.skip("the engine is slow here")
    both = "y" in text
    values = {"x": [0] * (5_000 if both else count), "y": [0] * (count - 5_000)}
    pair = judged(XY, text, ANYTHING, values)
    assert pair.how == "compiled"
    assert pair.agree, (pair.engine, pair.compiled)
    if text == "x.all(i, i == 0)":
        assert pair.compiled == (("bool", True) if count < 10_000 else ERROR)


@pytest.mark.parametrize("inner", [97, 98, 99, 100, 101])
@pytest.mark.parametrize("more", [0, 1, 5])
def test_nested_loops_share_one_budget(inner, more):
    values = {"x": [0] * 99, "y": [0] * inner + [5] + [1] * more}
    pair = judged(XY, "x.all(i, y.exists(j, j == 5))", ANYTHING, values)
    assert pair.agree, (pair.engine, pair.compiled)


# ── The code ─────────────────────────────────────────────────────────────────────────────────

LINE = re.compile(r"[\w\s.,:()\[\]=<>!+-]*", re.ASCII)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(expressions())
def test_no_character_of_a_condition_becomes_code(text):
    env = environment(TYPES)
    try:
        checked = read(env.compile(text).serialize())
    except (RuntimeError, Unreadable):
        return
    source = written(checked, NAMES, condition=False).source("evaluate", "variables")
    assert LINE.fullmatch(source), source
    words = {word.rstrip("0123456789").rstrip("_") for word in re.findall(r"[A-Za-z_]\w*", source)}
    assert words.isdisjoint({"args", "amount", "deep", "gone", "tool", "score", "import"})


def test_generated_code_can_name_nothing_of_python():
    env = environment(TYPES)
    run = evaluator(read(env.compile("args.amount > 5").serialize()), NAMES)
    assert run({"args": {"amount": 6}}) is True
    assert set(run.__globals__["__builtins__"]) == {"dict", "str", "type"}


@given(st.data())
def test_bytes_that_are_no_tree_are_refused(data):
    whole = environment(TYPES).compile("args.amount > 5 && tool in ['a', 'b']").serialize()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(Unreadable):
        read(cut)


def test_what_has_no_answer_says_what_is_missing():
    env = environment(TYPES)

    def said(text, **args):
        with pytest.raises(ConditionError) as caught:
            evaluator(read(env.compile(text).serialize()), NAMES)({"args": args})
        return str(caught.value)

    assert said("args.who.to == 'a'") == "there is no `args.who.to`"
    assert said("args.amount > 5", amount="6") == "`>` does not apply to text and a whole number"
    assert said("args.amount + 1 > 5", amount=1.5) == (
        "`+` does not apply to a fraction and a whole number"
    )
    assert said("args.items[3] == 1", items=[1]) == "there is no element 3 in a list of 1"
    assert said("args.gone ? true : false", gone=1) == (
        "`true or false` does not apply to a whole number"
    )


# ── The language's own cases ─────────────────────────────────────────────────────────────────

MESSAGES = {"proto2", "proto3", "proto2_ext", "wrappers", "enums"}
"""Files about protocol buffers, which arguments never are; extensions that are not ours, and
what the checker refuses, count as not in our vocabulary too."""
PRIMITIVES = {
    "INT64": (cel.Type.INT, int),
    "UINT64": (cel.Type.UINT, Unsigned),
    "DOUBLE": (cel.Type.DOUBLE, float),
    "BOOL": (cel.Type.BOOL, bool),
    "STRING": (cel.Type.STRING, str),
    "BYTES": (cel.Type.BYTES, bytes),
}


class NotJson(Exception):
    """A case is about values that JSON has not."""


def declared(kind):
    match kind:
        case {"primitive": name}:
            return PRIMITIVES[name]
        case {"dyn": _}:
            return cel.Type.DYN, None
        case {"map_type": {"key_type": key, "value_type": value}}:
            return cel.Type.Map(declared(key)[0], declared(value)[0]), dict
        case {"list_type": {"elem_type": element}}:
            return cel.Type.List(declared(element)[0]), list
        case _:
            raise NotJson


def bound(told):
    (kind, value), *_ = told.get("value", told).items()
    match kind:
        case "int64_value":
            return int(value)
        case "uint64_value":
            return Unsigned(value)
        case "double_value":
            return float(value)
        case "bool_value" | "string_value" | "null_value":
            return value
        case "bytes_value":
            return base64.b64decode(value)
        case "list_value":
            return [bound(item) for item in value.get("values", ())]
        case "map_value":
            return {bound(item["key"]): bound(item["value"]) for item in value.get("entries", ())}
        case _:
            raise NotJson


def answered(case):
    """Return what both make of a case; nothing if the engine does not compile it either."""
    names = {}
    for one in case.get("type_env", ()):
        if "ident" not in one:
            raise NotJson
        names[one["name"]] = declared(one["ident"]["type"])
    values = {name: bound(value) for name, value in case.get("bindings", {}).items()}
    env = environment({name: kind for name, (kind, _) in names.items()}, case.get("container", ""))
    kinds = {name: frozenset({kind}) if kind else ANY for name, (_, kind) in names.items()}
    return judged(env, case["expr"], Vocabulary(kinds), values)


@pytest.mark.real
@pytest.mark.skipif(not CASES.exists(), reason="the language's conformance cases are not here")
def test_the_languages_own_cases_have_the_answer_that_the_engine_gives(capsys):
    how, wrong = Counter(), []
    for line in CASES.read_text("utf-8").splitlines():
        case = json.loads(line)
        try:
            pair = None if case["file"] in MESSAGES else answered(case)
        except NotJson:
            pair = None
        how[pair.how if pair else "not in our vocabulary"] += 1
        if pair and not pair.agree:
            wrong.append((case["expr"], pair))
    declined = sum(count for why, count in how.items() if why.startswith("declined"))
    with capsys.disabled():
        sys.stdout.write(
            f"\nconformance: {how['compiled']} compiled, {how['undecided']} left undecided, "
            f"{declined} declined; {dict(how)}\n"
        )
    assert wrong == []
    assert how.total() == 2456
    assert how["compiled"] >= 1000
    assert declined <= 200
