"""The engine and the compiled code, side by side: what each makes of an expression."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from lockgate.evaluate import ConditionError
from lockgate.rulebook.compile import (
    Declined,
    Exhausted,
    Undecided,
    Unreadable,
    evaluator,
    read,
)
from lockgate.rulebook.compile.values import KINDS, Duration, Kind, Optional, Timestamp, Unsigned

EXTENSIONS = [ext_strings.ExtStrings(), ext_optional.ExtOptional()]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
ERROR = "no answer"
MICROSECOND = 1000


@dataclass
class Pair:
    """What both make of one expression: a typed value, or that there is no answer."""

    engine: Any
    compiled: Any
    how: str

    @property
    def agree(self):
        return self.how != "compiled" or same(self.engine, self.compiled)


def same(a, b):
    """Compare typed values; a number that is none equals itself here."""
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return all(map(same, a, b))
    return type(a) is type(b) and repr(a) == repr(b)


def environment(variables, container=""):
    return cel.NewEnv(variables=variables, extensions=EXTENSIONS, container=container)


def judged(env, text, kinds, values, *, condition=False):
    """Return what both make of `text`, or nothing if it does not compile in the engine."""
    try:
        expression = env.compile(text)
    except RuntimeError:
        return None
    engine = by_engine(env, expression, values)
    try:
        run = evaluator(read(expression.serialize()), kinds, condition=condition)
    except (Unreadable, Declined) as error:
        return Pair(engine, None, f"declined: {error}")
    try:
        compiled = typed(run(values))
    except Undecided:
        return Pair(engine, None, "undecided")
    except (ConditionError, Exhausted):
        compiled = ERROR
    return Pair(engine, compiled, "compiled")


def by_engine(env, expression, values):
    try:
        return told(expression.eval(env.Activation(for_engine(values))))
    except RuntimeError:
        return ERROR


def told(value):
    """Return a value of the engine with its type."""
    kind = value.type().name()
    if kind == "ERROR":
        return failed(value)
    plain = value.value()
    if isinstance(plain, list):
        return "list", tuple(map(told, plain))
    if isinstance(plain, dict):
        return "map", tuple(
            sorted(((key_of(key), told(item)) for key, item in plain.items()), key=repr)
        )
    if isinstance(plain, dt.datetime):
        return "time", (plain - EPOCH) // dt.timedelta(microseconds=1)
    if isinstance(plain, dt.timedelta):
        return "duration", plain // dt.timedelta(microseconds=1)
    if kind == "TYPE":
        return "type", plain.name().lower().partition("<")[0]
    if isinstance(plain, bytes | bytearray):
        return "bytes", bytes(plain)
    return kind.lower(), plain


def failed(value):
    """Tell an error from an optional, which the engine can't hand over and calls one too."""
    try:
        value.value()
    except TypeError:
        return "optional", "untold"
    return ERROR


def key_of(key):
    return "bool" if isinstance(key, bool) else "text" if isinstance(key, str) else "number", key


def typed(value):
    """Return a value of the compiled code with its type."""
    match value:
        case list():
            return "list", tuple(map(typed, value))
        case dict():
            pairs = (
                (key_of(key if isinstance(key, bool | str) else int(key)), typed(item))
                for key, item in value.items()
            )
            return "map", tuple(sorted(pairs, key=repr))
        case Timestamp():
            return "time", value.ns // MICROSECOND
        case Duration():
            return "duration", toward_zero(value.ns, MICROSECOND)
        case Kind():
            return "type", NAMES.get(value.name, value.name)
        case Optional():
            return "optional", "untold"
        case Unsigned():
            return "uint", int(value)
        case None:
            return "null", None
        case bool() | int() | float() | str() | bytes():
            return {bool: "bool", int: "int", float: "double", str: "string", bytes: "bytes"}[
                type(value)
            ], value


NAMES = {
    "null_type": "null",
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
}


def toward_zero(ns, unit):
    return -(-ns // unit) if ns < 0 else ns // unit


def for_engine(value):
    match value:
        case dict():
            return {key: for_engine(item) for key, item in value.items()}
        case list():
            return [for_engine(item) for item in value]
        case Timestamp():
            return EPOCH + dt.timedelta(microseconds=value.ns // MICROSECOND)
        case Duration():
            return dt.timedelta(microseconds=value.ns // MICROSECOND)
        case _:
            return value


ANY = frozenset(KINDS.values())
