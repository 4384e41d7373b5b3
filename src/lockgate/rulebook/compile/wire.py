"""Bytes → fields: the wire format of protocol buffers, as far as a checked tree needs it.

The parser hands its tree over in this form only. The format is frozen and small, and
reading it here spares every start the tens of milliseconds that a library for all of it
takes to load. What is not well formed raises; nothing is guessed.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_MORE: Final = 0x80
_SIGN: Final = 1 << 63
_DOUBLE: Final = struct.Struct("<d")


class Unreadable(ValueError):
    """The bytes are not what this version of the parser is known to write."""


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and raw value of every field of a message.

    Raises:
        Unreadable: If the bytes are not a message.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        match key & 7:  # the wire types of the encoding's specification
            case 0:
                value, at = _varint(data, at)
                yield key >> 3, value
                continue
            case 2:
                size, at = _varint(data, at)
            case 1:
                size = 8
            case 5:
                size = 4
            case other:
                raise Unreadable(f"wire type {other}")
        if at + size > end:
            raise Unreadable("cut short")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    try:
        while True:
            byte = data[at]
            at += 1
            value |= (byte & ~_MORE) << shift
            if not byte & _MORE:
                return value, at
            shift += 7
    except IndexError:
        raise Unreadable("cut short") from None


def signed(value: int) -> int:
    """Return a varint as the signed 64-bit integer it stands for."""
    return value - (_SIGN << 1) if value & _SIGN else value


def double(value: bytes) -> float:
    """Return eight bytes as the number they stand for."""
    return float(_DOUBLE.unpack(value)[0])
