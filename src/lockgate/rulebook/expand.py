"""Names and macros in a condition → what they stand for, with every place remembered.

What is compiled is longer than what was written; a fault in it is told where it was written.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from lockgate.rulebook.macros import MACROS, Unknown
from lockgate.rulebook.words import is_field, values, words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lockgate.rulebook.words import Word

MAX_EXPANDED: Final = 50_000
"""Longest condition, in characters, after names and macros were given their meaning."""


class NameFault(ValueError):
    """A name or a macro that can't be given a meaning; `offset` is where it was written."""

    def __init__(self, message: str, hint: str, offset: int) -> None:
        """Say what is wrong, what to do, and where."""
        super().__init__(message)
        self.hint, self.offset = hint, offset


class Meanings(Protocol):
    """What names such as `lists.payees` stand for."""

    @property
    def sections(self) -> Collection[str]:
        """What such a name can begin with."""
        ...

    def meaning(self, section: str, name: str) -> str:
        """Return the expression that a name stands for.

        Raises:
            Unknown: If it stands for nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Expanded:
    """An expression, and where each part of it was written.

    Attributes:
        text: The expression.
        starts: Where each part begins in it.
        origins: Where each part was written, and whether it stands here as written.
    """

    text: str
    starts: tuple[int, ...]
    origins: tuple[tuple[int, bool], ...]

    def origin(self, line: int, column: int) -> int:
        """Return where the character at `line` and `column`, from one, was written."""
        before = self.text.split("\n")[: line - 1]
        offset = sum(map(len, before)) + len(before) + column - 1
        at = max(0, bisect_right(self.starts, offset) - 1)
        written, verbatim = self.origins[at]
        return written + (offset - self.starts[at]) * verbatim


@dataclass(slots=True)
class _Making:
    """An expanded expression in the making."""

    parts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    origins: list[tuple[int, bool]] = field(default_factory=list)
    length: int = 0

    def add(self, text: str, origin: int, *, verbatim: bool) -> None:
        if self.length + len(text) > MAX_EXPANDED:
            message = f"what this stands for is longer than {MAX_EXPANDED} characters"
            raise NameFault(message, "say less, or split it into several rules", origin)
        self.parts.append(text)
        self.starts.append(self.length)
        self.origins.append((origin, verbatim))
        self.length += len(text)

    def done(self) -> Expanded:
        return Expanded("".join(self.parts), tuple(self.starts), tuple(self.origins))


def expand(text: str, meanings: Meanings) -> Expanded:
    """Give names and macros in `text` their meaning.

    Raises:
        NameFault: If one has none.
    """
    making = _Making()
    some = words(text)
    _Expansion(text, some, meanings, making).of(0, len(some), 0, len(text))
    return making.done()


@dataclass(frozen=True, slots=True)
class _Expansion:
    """Writes the expansion of parts of one text."""

    text: str
    some: Sequence[Word]
    meanings: Meanings
    making: _Making

    def of(self, at: int, last: int, written: int, end: int) -> None:
        """Write the text from `written` to `end`, whose words are those from `at` to `last`."""
        while at < last:
            word, after = self.some[at], at
            if word.kind == "name" and not is_field(self.some, at):
                after = self._meant(at, written)
            if after > at:
                at, written = after, self.some[after - 1].end
            else:
                at += 1
        self._as_written(written, end)

    def _meant(self, at: int, written: int) -> int:
        """Write what the name at `at` stands for, and return the position after it."""
        name = self.some[at].text
        if name in self.meanings.sections:
            return self._named(at, written)
        if name in MACROS and self._sign(at + 1) == "(":
            return self._macro(at, written)
        return at

    def _named(self, at: int, written: int) -> int:
        word = self.some[at]
        if self._sign(at + 1) != "." or self._kind(at + 2) != "name":
            hint = f"write `{word.text}.NAME`"
            raise NameFault(f"`{word.text}` is not a value by itself", hint, word.start)
        self._as_written(written, word.start)
        try:
            meaning = self.meanings.meaning(word.text, self.some[at + 2].text)
        except Unknown as error:
            raise NameFault(str(error), error.hint, word.start) from None
        self.making.add(meaning, word.start, verbatim=False)
        return at + 3

    def _macro(self, at: int, written: int) -> int:
        word = self.some[at]
        found = values(self.some, at + 1)
        if found is None:
            raise NameFault(f"the bracket of `{word.text}` is never closed", "add `)`", word.start)
        given, closing = found
        told = [self.text[self.some[first].start : self.some[final].end] for first, final in given]
        self._as_written(written, word.start)
        try:
            template = MACROS[word.text].template(told)
        except Unknown as error:
            raise NameFault(str(error), error.hint, word.start) from None
        for part in template:
            if isinstance(part, str):
                self.making.add(part, word.start, verbatim=False)
            else:
                first, final = given[part]
                self.of(first, final + 1, self.some[first].start, self.some[final].end)
        return closing + 1

    def _as_written(self, start: int, end: int) -> None:
        if end > start:
            self.making.add(self.text[start:end], start, verbatim=True)

    def _sign(self, at: int) -> str:
        return self.some[at].text if at < len(self.some) else ""

    def _kind(self, at: int) -> str:
        return self.some[at].kind if at < len(self.some) else ""
