"""The question: who wants to do what, with which arguments, in which conversation.

Arguments are frozen and brought into one canonical form (RFC 8785 JSON) exactly
once. What is judged, approved and executed is that one form: the fingerprint binds
them. What has no exact JSON form (NaN, integers beyond 2^53, unknown objects) is not
guessed at; the arguments carry a `flaw` and the gate blocks the call.
This room judges nothing.
"""

from __future__ import annotations

import copy
import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson
import rfc8785

from lockgate.errors import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH: Final = 64
"""Deepest nesting of arguments; native engines crash far beyond it."""
MAX_BYTES: Final = 1_000_000
"""Longest canonical form of the arguments of one call."""
MAX_INTEGER: Final = 2**53 - 1
"""Largest integer with an exact form in I-JSON (RFC 7493, section 2.2)."""
SMALLEST_PLAIN: Final = 1e-5
LARGEST_PLAIN: Final = 1e15
_PLAIN_KEY: Final = re.compile(r"[\x20-\x7e]*", re.ASCII).fullmatch


class Flaw(ValueError):
    """A value has no exact JSON form; says where and why."""

    def __init__(self, path: str, reason: str) -> None:
        """Place `reason` at the JSON path `path`."""
        super().__init__(f"`{path}` {reason}")


def canonical(value: object) -> bytes:
    """Return the RFC 8785 (JSON Canonicalization Scheme) form of a JSON-like value.

    Raises:
        Flaw: If some part of the value has no exact JSON form.
    """
    return _encode(*_plain(value, "$", 0))


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical form of `value`, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _encode(plain: Any, simple: bool) -> bytes:  # noqa: FBT001 - internal pair of `_plain`
    """Encode a plain value; `simple` ones have the same bytes in both encoders."""
    try:
        if simple:
            return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
        return rfc8785.dumps(plain)
    except (ValueError, TypeError, UnicodeError) as error:
        raise Flaw("$", f"has no canonical form: {error}") from None


def _plain(value: Any, path: str, depth: int) -> tuple[Any, bool]:
    """Return the JSON-plain form, and whether the fast encoder writes it as RFC 8785 asks."""
    kind = type(value)
    if kind is str:
        return value, True
    if kind is bool or value is None:
        return value, True
    if kind is int:
        return _integer(value, path), True
    if kind is float:
        return _float(value, path)
    if depth >= MAX_DEPTH:
        raise Flaw(path, f"is nested deeper than {MAX_DEPTH} levels")
    if kind is dict:
        return _object(value, path, depth)
    if kind is list or kind is tuple:
        return _array(value, path, depth)
    return _plain(_foreign(value, path, depth), path, depth + 1)


def _integer(value: int, path: str) -> int:
    if -MAX_INTEGER <= value <= MAX_INTEGER:
        return value
    raise Flaw(path, "is an integer beyond 2^53, which JSON can't carry exactly: send it as text")


def _float(value: float, path: str) -> tuple[float | int, bool]:
    if not math.isfinite(value):
        raise Flaw(path, f"is {value}, which is not a number")
    if value.is_integer() and abs(value) <= MAX_INTEGER:
        return int(value), True  # RFC 8785 section 3.2.2.3: 1.0 and 1 are the same text
    return value, SMALLEST_PLAIN <= abs(value) < LARGEST_PLAIN


def _object(value: dict[Any, Any], path: str, depth: int) -> tuple[dict[str, Any], bool]:
    plain, simple = {}, True
    for key, item in value.items():
        if type(key) is not str:
            raise Flaw(path, f"has the key {key!r}, which is not text")
        plain[key], item_simple = _plain(item, f"{path}.{key}", depth + 1)
        simple = simple and item_simple and _PLAIN_KEY(key) is not None
    return plain, simple


def _array(value: list[Any] | tuple[Any, ...], path: str, depth: int) -> tuple[list[Any], bool]:
    pairs = [_plain(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(value)]
    return [item for item, _ in pairs], all(simple for _, simple in pairs)


def _foreign(value: Any, path: str, depth: int) -> Any:
    """Bring a value of another type (a date, a model, an enum, a set) one step towards JSON."""
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, set | frozenset):
        items = [_plain(item, path, depth + 1) for item in value]
        return [item for item, _ in sorted(items, key=lambda pair: _encode(*pair))]
    if isinstance(value, Iterator):  # reading it here would leave nothing for the tool
        raise Flaw(path, f"is a `{type(value).__name__}`, which can be read only once")
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        return to_jsonable_python(value, inf_nan_mode="constants")
    except (PydanticSerializationError, ValueError, RecursionError):
        raise Flaw(path, f"is a `{type(value).__name__}`, which has no JSON form") from None


def _decimal(value: Decimal) -> float | str:
    """Return the float that prints as this decimal, or its text where none does."""
    near = float(value)
    exact = math.isfinite(near) and Decimal(repr(near)) == value
    return near if exact or not value.is_finite() else str(value)


def _copied(value: Any) -> Any:
    """Copy containers quickly, scalars not at all, and the rest deeply."""
    kind = type(value)
    if kind is dict:
        return {key: _copied(item) for key, item in value.items()}
    if kind is list:
        return [_copied(item) for item in value]
    if kind in {str, int, float, bool, type(None)}:
        return value
    return copy.deepcopy(value)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call, frozen.

    Attributes:
        canonical: Their RFC 8785 bytes; `{}` when they have a flaw.
        view: The same as plain JSON values. Read it, never change it.
        flaw: Why they can't be judged, or empty.
    """

    canonical: bytes
    view: Mapping[str, Any]
    flaw: str
    _exact: Mapping[str, Any]

    @classmethod
    def freeze(cls, values: Mapping[str, Any]) -> Arguments:
        """Copy `values` and bring them into canonical form; never raises on odd values."""
        try:
            exact = _copied(dict(values))
            plain, simple = _plain(exact, "$", 0)
            encoded = _encode(plain, simple)
        except (Flaw, RecursionError) as flaw:
            return cls(b"{}", {}, _encodable(str(flaw)), {})
        except Exception as error:  # noqa: BLE001 - a value's own __deepcopy__ may raise anything
            return cls(b"{}", {}, _encodable(f"`$` can't be copied: {describe(error)}"), {})
        if len(encoded) > MAX_BYTES:
            return cls(b"{}", {}, f"`$` is longer than {MAX_BYTES} bytes", {})
        return cls(encoded, plain, "", exact)

    def fresh(self) -> dict[str, Any]:
        """Return a new copy of the exact values, for the tool to keep or to change."""
        return {key: _copied(item) for key, item in self._exact.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who acts: an agent, for a person, in an organisation (NIST SP 800-162 subject).

    Attributes:
        agent: Name of the agent.
        person: On whose behalf it acts, if known.
        organisation: The tenant, if known.
    """

    agent: str = "agent"
    person: str | None = None
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a call this call, for the record.

    Attributes:
        thread: The conversation.
        run: One invocation of the agent; not part of any id, because hosts resume in a new one.
        call: The host's identity of the call.
        fingerprint: The exact call.
    """

    thread: str
    run: str
    call: str
    fingerprint: str

    def key(self, *parts: object) -> str:
        """Return a deterministic id for something that happens to this very call."""
        told = orjson.dumps([self.thread, self.call, self.fingerprint, *parts])
        return hashlib.sha256(told).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One tool call that somebody wants to make.

    Attributes:
        tool: The host's name of the tool.
        source: Where the tool comes from, such as `langchain` or `mcp:github`.
        arguments: The frozen arguments.
        principal: Who acts.
        environment: Where it acts, such as `production`; from the gate, never from the agent.
        thread: The conversation.
        run: One invocation of the agent.
        id: The host's identity of this call within the thread.
        repeatable: Whether the host gave no identity, so that the same call may come again.
        fingerprint: SHA-256 that binds tool, arguments, principal and environment.
    """

    tool: str
    source: str
    arguments: Arguments
    principal: Principal
    environment: str
    thread: str
    run: str
    id: str
    repeatable: bool
    fingerprint: str

    @classmethod
    def propose(  # noqa: PLR0913 - a call has this many parts
        cls,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        source: str = "function",
        principal: Principal | None = None,
        environment: str = "production",
        thread: str = "",
        run: str = "",
        id: str | None = None,  # noqa: A002 - the field's own word
    ) -> ToolCall:
        """Freeze the arguments and fingerprint the call.

        A call without an `id` is known by its fingerprint within its thread.
        """
        who = principal or Principal()
        name = _encodable(tool)
        frozen = Arguments.freeze(arguments)
        bound = _fingerprint(name, source, who, environment, frozen)
        return cls(
            tool=name,
            source=source,
            arguments=frozen,
            principal=who,
            environment=environment,
            thread=_encodable(thread),
            run=_encodable(run),
            id=_encodable(id) if id else f"same:{bound[:32]}",
            repeatable=not id,
            fingerprint=bound,
        )

    def edited(self, arguments: Mapping[str, Any]) -> ToolCall:
        """Return the same call with other arguments: its identity stays, its fingerprint not."""
        frozen = Arguments.freeze(arguments)
        bound = _fingerprint(self.tool, self.source, self.principal, self.environment, frozen)
        return replace(self, arguments=frozen, fingerprint=bound)

    @property
    def identity(self) -> Identity:
        """What makes this call this call, for the record."""
        return Identity(self.thread, self.run, self.id, self.fingerprint)


def projected(value: object) -> tuple[Any, bool]:
    """Return a JSON form of any value for the record, and whether it is the value itself.

    INVARIANT: never raises; a tool that ran must not seem to have failed.
    """
    try:
        plain, _ = _plain(value, "$", 0)
        orjson.dumps(plain)
        return plain, _same(plain, value)
    except Exception:  # noqa: BLE001 - a value's own code may raise anything
        return _described(value, ()), False


def _described(value: Any, above: tuple[int, ...]) -> Any:
    """Tell what there is of a value without a JSON form, and name the rest."""
    if id(value) in above or len(above) >= MAX_DEPTH:
        return "..."
    within = (*above, id(value))
    if isinstance(value, dict):
        return {_named(key): _described(item, within) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_described(item, within) for item in value]
    try:
        return _plain(value, "$", 0)[0]
    except Exception:  # noqa: BLE001 - a value's own code may raise anything
        return _structure(value)


def _structure(value: Any) -> Any:
    """Tell the fields of a model that has them; secrets are known by the names of fields."""
    from pydantic_core import to_jsonable_python

    try:
        if isinstance(value, int | float | str | Iterator):
            return _named(value)
        fields = to_jsonable_python(value, fallback=_named, inf_nan_mode="strings")
    except Exception:  # noqa: BLE001 - a value's own code may raise anything
        return _named(value)
    return _described(fields, ())


def _named(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a value's own __repr__ may raise anything
        return f"<{type(value).__name__}>"


def _same(plain: object, value: object) -> bool:
    """Say whether reading `plain` back gives `value` with the same types."""
    if type(plain) is not type(value):
        return False
    if isinstance(plain, dict) and isinstance(value, dict):
        return all(_same(item, value[key]) for key, item in plain.items())
    if isinstance(plain, list) and isinstance(value, list):
        return all(map(_same, plain, value))
    return True


def _encodable(text: str) -> str:
    """Escape lone surrogates: a model may invent any name, and each must be recorded."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _fingerprint(
    tool: str, source: str, principal: Principal, environment: str, arguments: Arguments
) -> str:
    bound = _context(tool, source, principal, environment)
    return hashlib.sha256(bound + arguments.canonical + arguments.flaw.encode()).hexdigest()


@lru_cache(maxsize=4096)
def _context(tool: str, source: str, principal: Principal, environment: str) -> bytes:
    who = {
        "agent": principal.agent,
        "person": principal.person,
        "organisation": principal.organisation,
    }
    context = {"tool": tool, "source": source, "principal": who, "environment": environment}
    return b"lockgate/call/v1\n" + orjson.dumps(context, option=orjson.OPT_SORT_KEYS) + b"\n"
