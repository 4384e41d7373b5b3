"""Statements → what the parser makes of them, in the first dialect that understands them.

The parser takes some ten microseconds for a token and a stack of calls for each nested bracket, so
both are counted before it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lockgate.classify.payload.sql.scan import Statement, Token
from lockgate.classify.payload.sql.tree import facts, tree

if TYPE_CHECKING:
    from lockgate.classify.profile import Reading

MOST_TOKENS: Final = 2_000
"""Tokens of one statement that the parser is given."""
MOST_WORK: Final = 2_500
"""Tokens that the parser is given for one text, in all statements and dialects."""
EACH: Final = 20
"""Tokens that take as long as to begin with a statement."""
DEEPEST: Final = 20
"""Nested brackets."""


@dataclass(slots=True)
class Parser:
    """Parses the statements of one text, with a bound on the work for all of them."""

    left: int = MOST_WORK

    def facts(self, statement: Statement, dialects: tuple[str, ...]) -> list[Reading] | None:
        """Return what the first dialect that understands a statement makes of it."""
        short, rows = shortened(statement)
        if len(short.tokens) > MOST_TOKENS or short.depth > DEEPEST:
            return None
        for dialect in dialects:
            self.left -= len(short.tokens) + EACH
            if self.left < 0:
                return None
            root = tree(_readable(short), dialect)
            if root is not None:
                return [
                    replace(deed, reach=rows) if rows and deed.reach is not None else deed
                    for deed in facts(root)
                ]
        return None


def _readable(statement: Statement) -> str:
    """Return the text for the parser, which does not know MySQL's `REPLACE`."""
    if statement.tokens[0].text != "REPLACE":
        return statement.text
    return f"INSERT OR REPLACE{statement.text[statement.tokens[0].at + 7 :]}"


_LITERALS: Final = frozenset({"NULL", "TRUE", "FALSE", "DEFAULT", "-", "+", ".", ","})


def shortened(statement: Statement) -> tuple[Statement, int]:
    """Return an `INSERT` of plain values with its first row alone, and how many rows it had."""
    tokens = statement.tokens
    words = [token.text for token in tokens]
    if words[0] not in {"INSERT", "REPLACE"} or "VALUES" not in words:
        return statement, 0
    first = words.index("VALUES") + 1
    rows = end = depth = 0
    for at in range(first, len(tokens)):
        if words[at] == "(":
            depth += 1
        elif words[at] == ")":
            depth -= 1
            rows += 1
            end = end or at + 1
        elif not (depth or words[at] == ",") or not _literal(tokens[at]):
            return statement, 0
        if depth not in {0, 1}:
            return statement, 0
    if rows <= 1 or depth:
        return statement, 0
    return Statement(tokens[:end], statement.text[: tokens[end].at]), rows


def _literal(token: Token) -> bool:
    return token.kind in {"quoted", "number"} or token.text in _LITERALS
