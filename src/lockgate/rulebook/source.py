"""YAML text → plain values, each with the place it stands at.

YAML 1.2 core schema (section 10.3.2): `on`, `yes` and `no` are words, not booleans. Size,
depth and the number of nodes are bounded, and aliases are refused, so that no document
can expand beyond what it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from lockgate.errors import RulebookError
from lockgate.rulebook.places import place_of

MAX_BYTES: Final = 4_000_000
MAX_DEPTH: Final = 32
LONGEST_NUMBER: Final = 64
Path = tuple[str | int, ...]


class _Loader(yaml.CSafeLoader):
    """The C parser with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: Final = {}  # type: ignore[misc]


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first)
    )


@dataclass(frozen=True, slots=True)
class Source:
    """One document.

    Attributes:
        name: File name for messages.
        value: Its plain values.
        places: Line and column, from one, of every value by its path.
    """

    name: str
    value: Any
    places: dict[Path, tuple[int, int]] = field(repr=False)
    lines: list[str] = field(repr=False)

    def error(self, path: Path, message: str, hint: str = "") -> RulebookError:
        """Return an error at the nearest known place of `path`."""
        file, line, column = self.place(path)
        return RulebookError(message, file=file, line=line, column=column, hint=hint)

    def place(self, path: Path) -> tuple[str, int, int]:
        """Return file, line and column of what stands at `path`, or of what it would stand in."""
        while path not in self.places and path:
            path = path[:-1]
        return self.name, *self.places.get(path, (1, 1))

    def error_at(
        self, path: Path, value: str, offset: int, message: str, hint: str = ""
    ) -> RulebookError:
        """Return an error at the character `offset` of the text that stands at `path`."""
        _, *start = self.place(path)
        line, column = place_of(self.lines, (start[0], start[1]), value, offset)
        return RulebookError(message, file=self.name, line=line, column=column, hint=hint)


def parse(text: str, name: str = "<rulebook>") -> Source:
    """Read one YAML document.

    Raises:
        RulebookError: With the place, if it is not one well-formed document.
    """
    if len(text) > MAX_BYTES:
        raise too_long(name)
    places: dict[Path, tuple[int, int]] = {}
    try:
        node = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _marked(error, name) from None
    except yaml.reader.ReaderError:
        raise _unprintable(text, name) from None
    except (yaml.YAMLError, ValueError, UnicodeError) as error:
        raise RulebookError(f"not YAML: {error}", file=name, hint=_LOOK) from None
    if node is None:
        raise RulebookError("the document is empty", file=name, hint="start with `rules:`")
    seen: set[int] = set()
    return Source(name, _value(node, (), places, seen, name), places, text.splitlines())


def too_long(name: str) -> RulebookError:
    """Return the error for a document that nobody will read to its end."""
    message = f"the document is longer than {MAX_BYTES} characters"
    return RulebookError(message, file=name, hint="split it into several documents")


def _marked(error: yaml.MarkedYAMLError, name: str) -> RulebookError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    message = f"not YAML: {error.problem}"
    return RulebookError(message, file=name, line=line, column=column, hint=_LOOK)


_LOOK: Final = "check the quotes, brackets and indentation at and above this place"
_UNPRINTABLE: Final = re.compile(
    r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""What YAML 1.2 does not let stand in a document (production 1, `c-printable`)."""


def _unprintable(text: str, name: str) -> RulebookError:
    """Return the error for a character that no document may have, with its place."""
    found = _UNPRINTABLE.search(text)
    at = found.start() if found else 0
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    message = f"not YAML: the character U+{ord(text[at]):04X} can't be read"
    hint = "remove it, or write it as an escape between double quotes"
    return RulebookError(message, file=name, line=line, column=column, hint=hint)


def _value(
    node: yaml.Node, path: Path, places: dict[Path, tuple[int, int]], seen: set[int], name: str
) -> Any:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    places[path] = line, column

    def fault(message: str, hint: str = "") -> RulebookError:
        return RulebookError(message, file=name, line=line, column=column, hint=hint)

    if id(node) in seen:
        raise fault("aliases are not supported", "write the value out")
    seen.add(id(node))
    if len(path) > MAX_DEPTH:
        raise fault(f"nested deeper than {MAX_DEPTH} levels", "write it flatter")
    tag = node.tag.removeprefix("tag:yaml.org,2002:")
    if not isinstance(node, yaml.ScalarNode) and tag not in {"map", "seq"}:
        raise fault(f"the tag `{node.tag}` is not supported", "remove it")
    match node:
        case yaml.MappingNode():
            return _mapping(node, path, places, seen, name)
        case yaml.SequenceNode():
            items = enumerate(node.value)
            return [_value(item, (*path, at), places, seen, name) for at, item in items]
        case _:
            return _scalar(node, fault)


def _mapping(
    node: yaml.MappingNode,
    path: Path,
    places: dict[Path, tuple[int, int]],
    seen: set[int],
    name: str,
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in node.value:
        word, mark = str(key.value), key.start_mark
        if not isinstance(key, yaml.ScalarNode) or word in result:
            raise RulebookError(
                f"the key `{word}` is given twice" if word in result else "keys must be words",
                file=name,
                line=mark.line + 1,
                column=mark.column + 1,
                hint="remove one of them" if word in result else "write `key: value`",
            )
        result[word] = _value(item, (*path, word), places, seen, name)
        places[*path, word, "key"] = mark.line + 1, mark.column + 1
    return result


def _scalar(node: yaml.Node, fault: Any) -> Any:
    tag = node.tag.removeprefix("tag:yaml.org,2002:")
    text = str(node.value)
    match tag:
        case "str":
            return text
        case "bool":
            return text.lower() == "true"
        case "null":
            return None
        case "int" | "float" if len(text) > LONGEST_NUMBER:
            raise fault(f"a number of {len(text)} digits", "write a smaller one")
        case "int" | "float":
            return _number(text, tag, fault)
        case _:
            raise fault(f"the tag `{node.tag}` is not supported", "remove it")


def _number(text: str, tag: str, fault: Any) -> int | float:
    try:
        if tag == "float":
            return float(text)
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    except ValueError:
        raise fault(
            f"`{text}` is not a number", "write plain digits, or put it between quotes"
        ) from None
