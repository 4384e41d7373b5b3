"""A text of SQL → its statements as tokens, once for each way that databases could cut it up.

Databases disagree on where a string or a comment ends, so the same bytes can be a harmless literal
for one and a `DROP TABLE` for another. Nothing here parses; this file tells words from what is
quoted, and measures a text before a parser is let near it. It takes time in proportion to the
text: the first quote or comment that has no end also ends the scan.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_STRING: Final = r"'[^']*(?:''[^']*)*'"
_QUOTED: Final = r'"[^"]*(?:""[^"]*)*"'
_TICKED: Final = r"`[^`]*(?:``[^`]*)*`"
_BRACKETED: Final = r"\[[^\]]*(?:\]\][^\]]*)*\]"
_ESCAPED: Final = r"'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'"
_ESCAPED_QUOTED: Final = r'"[^"\\]*(?:(?:\\.|"")[^"\\]*)*"'
_TRIPLE: Final = r"[rRbB]{0,2}(?:'''.*?'''|\"\"\".*?\"\"\")"
_DOLLARS: Final = r"\$(?:[^\W\d]\w*)?\$"
_ORACLE: Final = r"[nN]?[qQ]'\S"
_NEVER: Final = r"(?!)"
_CLOSING: Final = {"[": "]", "{": "}", "(": ")", "<": ">"}


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Databases that cut a text up in the same way.

    Attributes:
        dialects: Names of the parser's dialects that belong to it, the most common first.
        tokens: What it takes for one token, by kind.
        quotes: What opens a quote, and has no other meaning.
        nested: Whether comments nest.
        code: Whether `/*! … */` is run.
    """

    dialects: tuple[str, ...]
    tokens: re.Pattern[str]
    quotes: str
    nested: bool = False
    code: bool = False


def _family(  # noqa: PLR0913 - the ways in which databases differ
    *dialects: str,
    quoted: str,
    quotes: str,
    comment: str,
    open_quoted: str = _NEVER,
    nested: bool = False,
    code: bool = False,
) -> Family:
    kinds = {
        "space": r"\s+",
        "comment": comment,
        "open_comment": r"/\*",
        "open_quoted": open_quoted,
        "quoted": quoted,
        "word": r"[^\W\d][\w$]*|[@$:]{1,2}\w[\w$]*",
        "number": r"\d[\w.]*",
        "mark": r".",
    }
    pattern = "|".join(f"(?P<{kind}>{shape})" for kind, shape in kinds.items())
    tokens = re.compile(pattern, re.DOTALL)
    return Family(dialects, tokens, quotes, nested=nested, code=code)


STANDARD: Final = _family(
    "postgres",
    "duckdb",
    "redshift",
    "trino",
    quoted=f"[eE]{_ESCAPED}|{_STRING}|{_QUOTED}",
    quotes="'\"",
    open_quoted=_DOLLARS,
    comment=r"--[^\n]*",
    nested=True,
)
BACKSLASH: Final = _family(
    "mysql",
    "doris",
    quoted=f"{_ESCAPED}|{_ESCAPED_QUOTED}|{_TICKED}",
    quotes="'\"`",
    comment=r"--(?=\s|$)[^\n]*|\#[^\n]*",
    code=True,
)
BRACKETS: Final = _family(
    "tsql",
    quoted=f"{_STRING}|{_QUOTED}|{_BRACKETED}",
    quotes="'\"[",
    comment=r"--[^\n]*",
    nested=True,
)
PLAIN: Final = _family(
    "oracle",
    "sqlite",
    "",
    quoted=f"{_STRING}|{_QUOTED}|{_TICKED}|{_BRACKETED}",
    quotes="'\"`[",
    open_quoted=_ORACLE,
    comment=r"--[^\n]*",
)
CLOUD: Final = _family(
    "snowflake",
    "bigquery",
    "spark",
    "hive",
    "clickhouse",
    quoted=f"{_TRIPLE}|{_ESCAPED}|{_ESCAPED_QUOTED}|{_TICKED}",
    quotes="'\"`",
    open_quoted=_DOLLARS,
    comment=r"--[^\n]*|\#[^\n]*|//[^\n]*",
)
FAMILIES: Final = (STANDARD, BACKSLASH, BRACKETS, PLAIN, CLOUD)

_DIFFERS: Final = re.compile(
    r"""[\\`\[#$]|//|/\*M?!|/\*.*/\*|--(?=\S)|''['"]|\"\"\"|\b[eEqQnNrRbB]+['"]""", re.DOTALL
)
"""Where families may cut differently."""
_CODE: Final = re.compile(r"/\*M?!\d*")
_EDGE: Final = re.compile(r"/\*|\*/")
_BATCH: Final = re.compile(r"\n[ \t]*\Z")


class Token(NamedTuple):
    """One token: `word`, `quoted`, `number` or `mark`; words are in capitals.

    Attributes:
        kind: Which of the four.
        text: What it says.
        at: Where it stands in the text of its statement.
    """

    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        tokens: Its tokens; no comments, no semicolon.
        text: Its source without comments.
    """

    tokens: tuple[Token, ...]
    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its leading words, up to the first token that is none."""
        found = []
        for token in self.tokens:
            if token.kind != "word":
                break
            found.append(token.text)
        return tuple(found)

    @cached_property
    def depth(self) -> int:
        """How deep brackets, `CASE` and runs of signs are nested."""
        deepest = brackets = cases = run = 0
        for kind, text, _ in self.tokens:
            run = run + 1 if text in _SIGNS else 0
            if kind == "mark":
                brackets += (text in "([{") - (text in ")]}" and brackets > 0)
            elif kind == "word":
                cases += (text == "CASE") - (text == "END" and cases > 0)
            deepest = max(deepest, brackets + cases + run)
        return deepest

    def after(self, index: int) -> Statement:
        """Return what is left of it from one of its tokens on."""
        if index == 0:
            return self
        if index >= len(self.tokens):
            return Statement((), "")
        cut = self.tokens[index].at
        tokens = tuple(Token(kind, text, at - cut) for kind, text, at in self.tokens[index:])
        return Statement(tokens, self.text[cut:])


_SIGNS: Final = frozenset({"NOT", "-", "+", "~", "!"})


@dataclass(frozen=True)
class Scan:
    """How one family cuts a text up.

    Attributes:
        statements: What is there to run.
        hides: Whether code stands in what looks like a comment.
        broken: Whether a quote or a comment has no end.
    """

    statements: tuple[Statement, ...]
    hides: bool = False
    broken: bool = False

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return sum(len(statement.tokens) for statement in self.statements)


def scans(text: str) -> dict[Family, Scan]:
    """Cut a text up in every way that may differ: just one, where all families agree."""
    families = FAMILIES if _DIFFERS.search(text) else FAMILIES[:1]
    return {family: scan(text, family) for family in families}


def scan(text: str, family: Family) -> Scan:
    """Cut a text up as one family does."""
    text, hides = _CODE.subn(" ", text) if family.code else (text, 0)
    statements: list[Statement] = []
    tokens: list[Token] = []
    source: list[str] = []
    at = 0
    for kind, piece in _pieces(text, family):
        if kind == "broken":
            return Scan((), bool(hides), broken=True)
        if piece == ";" or (piece in {"GO", "go"} and source and _BATCH.search(source[-1])):
            statements.append(Statement(tuple(tokens), "".join(source)))
            tokens, source, at = [], [], 0
            continue
        if kind not in {"space", "comment"}:
            tokens.append(Token(kind, piece.upper() if kind == "word" else piece, at))
        source.append(" " if kind == "comment" else piece)
        at += len(source[-1])
    statements.append(Statement(tuple(tokens), "".join(source)))
    return Scan(tuple(item for item in statements if item.tokens), bool(hides))


def _pieces(text: str, family: Family) -> Iterator[tuple[str, str]]:
    """Yield each piece with its kind; every character is at least a mark."""
    at, end, match = 0, len(text), family.tokens.match
    while at < end:
        found = match(text, at)
        kind, piece = (str(found.lastgroup), found.group()) if found else ("broken", "")
        if kind.startswith("open_"):
            kind, piece = kind.removeprefix("open_"), text[at : _close(text, at, piece, family)]
        elif kind == "mark" and piece in family.quotes:
            kind = "broken"
        yield (kind if piece else "broken"), piece
        at += len(piece) or end


def _close(text: str, at: int, opened: str, family: Family) -> int:
    """Return where what was opened at `at` is over; `at` itself if it never is."""
    if opened == "/*":
        return _comment_end(text, at, nested=family.nested)
    closing = opened if opened[0] == "$" else f"{_CLOSING.get(opened[-1], opened[-1])}'"
    found = text.find(closing, at + len(opened))
    return found + len(closing) if found >= 0 else at


def _comment_end(text: str, at: int, *, nested: bool) -> int:
    depth = 0
    for edge in _EDGE.finditer(text, at):
        opens = edge.group() == "/*"
        depth += 1 if opens and (nested or not depth) else 0 if opens else -1
        if depth == 0:
            return edge.end()
    return at
