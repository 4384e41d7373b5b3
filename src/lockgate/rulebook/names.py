"""What the names in conditions stand for: lists, constants, tables, windows and macros.

A name is said once in the whole rulebook. A document may use its own names and those of the layers
above, never those below: taking a lower layer away must leave what is above as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from lockgate.rulebook import tables, windows
from lockgate.rulebook.condition import ConditionSyntaxError, understood
from lockgate.rulebook.document import Layer
from lockgate.rulebook.expand import NameFault, expand
from lockgate.rulebook.literals import literal, literals
from lockgate.rulebook.macros import Unknown
from lockgate.rulebook.shapes import near

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lockgate.errors import RulebookError
    from lockgate.rulebook.document import Document
    from lockgate.rulebook.layers import Written
    from lockgate.rulebook.source import Path, Source

SECTIONS: Final = ("lists", "constants", "tables", "windows", "macros")
"""The sections whose names conditions can use."""
_ALL: Final = (*SECTIONS, "calendars")
_RANKS: Final = {layer: rank for rank, layer in enumerate(Layer)}
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Said:
    """What was written under a name, and where."""

    value: Any
    source: Source
    layer: Layer


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything that has a name, as one document sees it.

    Attributes:
        said: What was written under each name.
        layer: The layer of the document.
        trail: The names whose meaning is being looked for.
        known: The meanings that were found before.
    """

    said: dict[Key, _Said]
    layer: Layer = Layer.RUN
    trail: tuple[Key, ...] = ()
    known: dict[Key, str] = field(default_factory=dict)
    sections: ClassVar = SECTIONS

    @classmethod
    def of(cls, written: Sequence[Written]) -> Lexicon:
        """Collect the names of all documents, and look up each of them.

        Raises:
            RulebookError: If a name is said twice, or stands for nothing.
        """
        said: dict[Key, _Said] = {}
        for source, document in written:
            for key, value in _names(document):
                if key in said:
                    raise _twice(source, key, said[key].source)
                said[key] = _Said(value, source, document.layer)
        lexicon = cls(said)
        for (section, name), here in said.items():
            if section in SECTIONS:
                lexicon.seen_from(here.layer).meaning(section, name)
        return lexicon

    def seen_from(self, layer: Layer) -> Lexicon:
        """Return the same names as a document of another layer sees them."""
        return replace(self, layer=layer, trail=())

    def meaning(self, section: str, name: str) -> str:
        """Return the expression that a name stands for.

        Raises:
            Unknown: If it stands for nothing here.
            RulebookError: If what was written under the name is wrong.
        """
        key = section, name
        here = self._find(key)
        if key in self.trail:
            round_ = " → ".join(".".join(step) for step in (*self.trail, key))
            raise Unknown(f"`{section}.{name}` stands for itself: {round_}", "break the circle")
        if key not in self.known:
            inner = replace(self, layer=here.layer, trail=(*self.trail, key))
            self.known[key] = inner.written(key, here)
        return self.known[key]

    def members(self, name: str) -> list[str]:
        """Return the texts of a list.

        Raises:
            Unknown: If there is no such list, or it is not of texts.
        """
        found: list[Any] = self._find(("lists", name)).value
        if not all(isinstance(item, str) for item in found):
            raise Unknown(f"`lists.{name}` does not list names", "write the names between quotes")
        return found

    def _find(self, key: Key) -> _Said:
        here = self.said.get(key)
        if here is None:
            names = [".".join(other) for other in self.said if other[0] in {key[0], *SECTIONS}]
            hint = near(".".join(key), names, f"say it below `{key[0]}:`")
            raise Unknown(f"there is no `{'.'.join(key)}`", hint)
        if _RANKS[here.layer] > _RANKS[self.layer]:
            message = f"`{'.'.join(key)}` is said in the lower layer `{here.layer.value}`"
            raise Unknown(message, f"move it to a document of the layer `{self.layer.value}`")
        return here

    def written(self, key: Key, here: _Said) -> str:
        """Return the expression for what was written under a name."""
        match key[0]:
            case "lists":
                return literals(here.value)
            case "constants":
                return literal(here.value)
            case "windows":
                return self._window(key, here)
            case "tables":
                return self._table(key, here)
            case _:
                return f"({self._checked(here.source, key, here.value)})"

    def _window(self, key: Key, here: _Said) -> str:
        window: windows.Window = here.value
        for part, names in (("only", window.only), ("except", window.never)):
            for at, name in enumerate(names):
                try:
                    self._find(("calendars", name))
                except Unknown as error:
                    raise here.source.error((*key, part, at), str(error), error.hint) from None
        calendars = {
            name: item.value for (part, name), item in self.said.items() if part == "calendars"
        }
        return windows.written(window, calendars)

    def _table(self, key: Key, here: _Said) -> str:
        table: tables.Table = here.value
        inputs = [
            f"({self._checked(here.source, (*key, 'of', at), text)})"
            for at, text in enumerate(table.of)
        ]
        text = tables.written(key[1], table, inputs)
        try:
            understood(text)
        except ConditionSyntaxError as error:
            message = f"the cells do not fit the columns: {error}"
            raise here.source.error((*key, "rows"), message, "compare like with like") from None
        return text

    def _checked(self, source: Source, path: Path, text: str) -> str:
        """Return an expression with its names replaced, once the engine has understood it."""
        try:
            expanded = expand(text, self)
            understood(expanded.text)
        except NameFault as error:
            raise source.error_at(path, text, error.offset, str(error), error.hint) from None
        except ConditionSyntaxError as error:
            offset = expanded.origin(error.line, error.column)
            raise source.error_at(path, text, offset, str(error), error.hint) from None
        return expanded.text


def _names(document: Document) -> Iterator[tuple[Key, Any]]:
    for section in _ALL:
        for name, value in getattr(document, section).items():
            yield (section, name), value


def _twice(source: Source, key: Key, first: Source) -> RulebookError:
    file, line, _ = first.place((*key, "key"))
    where = f"line {line}" if file == source.name else f"`{file}`, line {line}"
    message = f"`{'.'.join(key)}` is said twice, first in {where}"
    return source.error((*key, "key"), message, "give it another name")
