"""Words and functions that do something, wherever in a statement they stand.

Some databases need no semicolon between statements, so `SELECT 1 DELETE FROM t` is two of them;
and a function in a `SELECT` can end a session or write a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockgate.classify.payload.sql import verbs
from lockgate.classify.payload.sql.things import QUOTES
from lockgate.classify.profile import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockgate.classify.payload.sql.scan import Statement, Token


def acting(statement: Statement, head: str) -> Iterator[tuple[int, Reading]]:
    """Find words that act in the middle of a statement, each with its place."""
    verb = verbs.verb_of(statement.words)
    if head not in verbs.ROWS and verb is not None and verb.action in verbs.STRUCTURE:
        yield from _plainly_acting(statement)
        return
    tokens = statement.tokens
    for at in range(2 if head == "SHOW" else 1, len(tokens)):
        token = tokens[at]
        if token.kind != "word" or token.text not in verbs.ACTS:
            continue
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        if not _is_name(tokens[at - 1], token) and _has_object(token, after):
            yield at, _act(token, verbs.ACTS[token.text])


def _is_name(before: Token, token: Token) -> bool:
    clause = token.text == "UPDATE" and before.text in verbs.CLAUSES_AFTER
    return clause or before.text in verbs.NAMES_AFTER


def _has_object(token: Token, after: Token | None) -> bool:
    if token.text in verbs.ALONE:
        return after is None or after.text != "("
    if after is None:
        return False
    if after.kind == "quoted" or after.text == "[":
        return True
    if after.text == "(":
        return token.text in {"EXEC", "EXECUTE"}
    if after.text == "FROM":
        return token.text == "DELETE"
    return after.kind == "word" and after.text not in verbs.NO_NAMES


def _plainly_acting(statement: Statement) -> Iterator[tuple[int, Reading]]:
    """Find pairs of words that act, in statements where the words alone may be names of rights."""
    words = [token.text for token in statement.tokens]
    if verbs.DEFINED.intersection(words[:8]) and words[0] in {"CREATE", "ALTER"}:
        return
    start = 1
    if words[0] in {"GRANT", "REVOKE", "DENY"}:
        start = max((at for at, word in enumerate(words) if word in {"TO", "FROM"}), default=1)
    for at in range(start, len(words) - 1):
        action = verbs.PLAIN_ACTS.get((words[at], words[at + 1]))
        if action is not None:
            yield at, _act(statement.tokens[at], action)


def _act(token: Token, action: str) -> Reading:
    verb = verbs.verb_of((token.text,))
    hazards = verb.hazards if verb and action == verbs.QUERY else ()
    return Reading(action=action, hazards=hazards, because=(f"it has `{token.text}`",))


def calling(statement: Statement, head: str) -> Iterator[Reading]:
    """Find functions and procedures that do more than compute."""
    tokens = statement.tokens
    if head in {"CREATE", "ALTER"} and verbs.DEFINED.intersection(statement.words[:8]):
        return
    everywhere = head in {"EXEC", "EXECUTE", "CALL", "DECLARE", "SET"}
    for at, token in enumerate(tokens):
        called = at + 1 < len(tokens) and tokens[at + 1].text == "("
        if token.kind not in {"word", "quoted"} or not (called or everywhere):
            continue
        yield from _call(_dotted(tokens, at))


def _dotted(tokens: tuple[Token, ...], at: int) -> tuple[str, str]:
    """Return the last two parts of a name, and the last alone."""
    name = tokens[at].text.strip(QUOTES).lower()
    if at > 1 and tokens[at - 1].text == ".":
        return f"{tokens[at - 2].text.strip(QUOTES).lower()}.{name}", name
    return name, name


def _call(names: tuple[str, str]) -> Iterator[Reading]:
    verb = verbs.FUNCTIONS.get(names[0]) or verbs.FUNCTIONS.get(names[1])
    if verb is not None:
        said = (f"it calls `{names[1]}`",)
        yield Reading(action=verb.action, hazards=verb.hazards, because=said)
    first, _, rest = names[1].partition("_")
    if rest and first in verbs.DOING and verb is None:
        yield Reading(action=verbs.QUERY, because=(f"it calls `{names[1]}`",))
