"""The names of what a statement is about, where no tree is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lockgate.classify.payload.sql import verbs

if TYPE_CHECKING:
    from lockgate.classify.payload.sql.scan import Statement

QUOTES: Final = "\"'`[]"


def things(statement: Statement, head: str) -> tuple[str, ...]:
    """Return the names, in lower case and without quotes."""
    if head not in verbs.NAMES_AT:
        return ()
    tokens, behind = statement.tokens, verbs.NAMES_AT[head]
    at = 1 + next((at for at, token in enumerate(tokens) if token.text == behind), 0)
    while at < len(tokens) and tokens[at].kind == "word" and tokens[at].text in verbs.KINDS:
        at += 1
    names = [""]
    for token in tokens[at:]:
        if token.kind in {"word", "quoted"} and (not names[-1] or names[-1].endswith(".")):
            names[-1] += token.text.strip(QUOTES).lower()
        elif token.text == ".":
            names[-1] += "."
        elif token.text == ",":
            names.append("")
        else:
            break
    return tuple(dict.fromkeys(filter(None, names)))
