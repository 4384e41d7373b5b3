"""The parser's bytes → `Checked`: the fields of `cel.expr.CheckedExpr`, by number.

What is not known here (messages, optional elements, a loop that no known macro writes)
raises `Unreadable`, and the condition is left to the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from lockgate.rulebook.compile.macros import Loop, recognised
from lockgate.rulebook.compile.tree import (
    Call,
    Checked,
    Has,
    ListOf,
    Literal,
    MapOf,
    Name,
    Node,
    Select,
)
from lockgate.rulebook.compile.values import Unsigned
from lockgate.rulebook.compile.wire import Unreadable, double, fields, signed

Message = dict[int, list[Any]]
_ENVELOPE: Final = "type.googleapis.com/cel.expr.CheckedExpr"


def read(serialized: bytes) -> Checked:
    """Read what the parser's `serialize` returns.

    Raises:
        Unreadable: If it holds anything that is not known here.
    """
    envelope = _message(serialized)
    if _text(envelope, 1) != _ENVELOPE:
        raise Unreadable("not a checked expression")
    checked = _message(_one(envelope, 2))
    names = dict(map(_reference, checked.get(2, ())))
    source = _message(_one(checked, 5))
    return Checked(
        root=_Reader({at: name for at, name in names.items() if name}).node(_one(checked, 4)),
        offsets=dict(map(_position, source.get(4, ()))),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads nodes.

    Attributes:
        names: What the checker found an identifier to mean, by the id of its node.
    """

    names: dict[int, str]

    def node(self, data: Any) -> Node:
        """Read an `Expr`: an id, and one of seven kinds of body."""
        message = _message(data)
        at = _number(message, 2)
        kind = next((number for number in message if number != 2), 0)
        body = _message(_one(message, kind))
        match kind:
            case 3:
                return Literal(at, _constant(body))
            case 4:
                return Name(at, self.names.get(at) or _text(body, 1))
            case 5:
                return self._select(at, body)
            case 6:
                return self._call(at, body)
            case 7 if 2 not in body:
                return ListOf(at, self._nodes(body, 1))
            case 8 if 1 not in body:
                return MapOf(at, tuple(map(self._entry, body.get(2, ()))))
            case 9 if 8 not in body:
                return self._loop(at, body)
            case _:
                raise Unreadable(f"expression {kind}")

    def _nodes(self, body: Message, number: int) -> tuple[Node, ...]:
        return tuple(map(self.node, body.get(number, ())))

    def _select(self, at: int, body: Message) -> Node:
        if at in self.names:
            return Name(at, self.names[at])
        kind = Has if _number(body, 3) else Select
        return kind(at, self.node(_one(body, 1)), _text(body, 2))

    def _call(self, at: int, body: Message) -> Node:
        return Call(at, _text(body, 2), self._nodes(body, 1) + self._nodes(body, 3))

    def _entry(self, data: Any) -> tuple[Node, Node]:
        body = _message(data)
        if _number(body, 5):
            raise Unreadable("an optional entry")
        return self.node(_one(body, 3)), self.node(_one(body, 4))

    def _loop(self, at: int, body: Message) -> Node:
        return recognised(
            Loop(
                id=at,
                element=_text(body, 1),
                over=self.node(_one(body, 2)),
                result=_text(body, 3),
                start=self.node(_one(body, 4)),
                condition=self.node(_one(body, 5)),
                step=self.node(_one(body, 6)),
                answer=self.node(_one(body, 7)),
            )
        )


def _constant(body: Message) -> Any:
    kind = next(iter(body), 0)
    value: Any = _one(body, kind)
    match kind:
        case 1:
            return None
        case 2:
            return bool(value)
        case 3:
            return signed(value)
        case 4:
            return Unsigned(value)
        case 5:
            return double(value)
        case 6:
            return str(value, "utf-8")
        case 7:
            return value
        case _:
            raise Unreadable(f"constant {kind}")


def _reference(entry: Any) -> tuple[int, str]:
    pair = _message(entry)
    return _number(pair, 1), _text(_message(_one(pair, 2)), 1)


def _position(entry: Any) -> tuple[int, int]:
    pair = _message(entry)
    return _number(pair, 1), _number(pair, 2)


def _message(data: Any) -> Message:
    found: Message = {}
    for number, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


def _one(message: Message, number: int) -> Any:
    if number not in message:
        raise Unreadable(f"field {number} is missing")
    return message[number][-1]


def _text(message: Message, number: int) -> str:
    return str(message.get(number, [b""])[-1], "utf-8")


def _number(message: Message, number: int) -> int:
    return signed(message.get(number, [0])[-1])
