"""Statements of which the first words do not tell enough: rights, copies, switches, other code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lockgate.classify.payload.sql import verbs
from lockgate.classify.payload.worst import added

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lockgate.classify.payload.sql.scan import Statement
    from lockgate.classify.profile import Reading


def special(found: Reading, statement: Statement, head: str) -> Reading:
    """Return what a statement does, given what its first words say."""
    more = _MORE.get(head)
    return more(found, [token.text for token in statement.tokens]) if more else found


def _right(found: Reading, words: list[str]) -> Reading:
    """Rights over everything, or to pass rights on, are more than rights."""
    if found.action != verbs.GRANT or words[0] in {"REVOKE", "DENY"}:
        return found
    if verbs.OWNER.intersection(words):
        return added(found, "privilege_escalation", "it gives power over everything")
    return found


def _altered(found: Reading, words: list[str]) -> Reading:
    """What a table loses with a column or a partition is gone."""
    found = _right(found, words)
    if "ROW" in words and "DISABLE" in words:
        return added(found, "privilege_escalation", "it lifts a limit on who sees which rows")
    for at, word in enumerate(words[:-1]):
        if word in {"DROP", "TRUNCATE"} and words[at + 1] not in verbs.DETAILS:
            return added(found, "data_loss", f"it has `{word}`")
    return found


def _copied(found: Reading, words: list[str]) -> Reading:
    """`COPY` reads from a file or a program, or writes to one."""
    if "PROGRAM" in words:
        found = replace(found, action=verbs.EXECUTE)
        return added(found, "injection", "it runs a program")
    if words[1:2] == ["INTO"]:
        target = words[2] if len(words) > 2 else ""  # noqa: PLR2004 - the word behind `INTO`
        return replace(found, action=verbs.EXPORT) if target[:1] in {"@", "'"} else found
    ways = [word for word in _outside(words) if word in {"FROM", "TO"}]
    return replace(found, action=verbs.EXPORT) if ways[:1] == ["TO"] else found


def _outside(words: list[str]) -> Iterator[str]:
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if not depth:
            yield word


def _pragma(found: Reading, words: list[str]) -> Reading:
    names = [word for word in words[1:] if word not in {".", "="}]
    if "=" not in words and verbs.PRAGMA_LOOKS.intersection(names):
        return replace(found, action=verbs.READ)
    return found


def _attached(found: Reading, _: list[str]) -> Reading:
    return added(found, "excess_access", "it opens another database")


def _vacuumed(found: Reading, words: list[str]) -> Reading:
    return replace(found, action=verbs.EXPORT) if "INTO" in words else found


def _variable(found: Reading, words: list[str]) -> Reading:
    """A variable of this connection alone changes nothing."""
    name = words[1] if len(words) > 1 else ""
    own = name.startswith("@") and not name.startswith("@@")
    return replace(found, action=verbs.READ) if own and "CURSOR" not in words else found


_MORE: Final[dict[str, Callable[[Reading, list[str]], Reading]]] = {
    "GRANT": _right,
    "CREATE": _right,
    "ALTER": _altered,
    "COPY": _copied,
    "PRAGMA": _pragma,
    "ATTACH": _attached,
    "VACUUM": _vacuumed,
    "SET": _variable,
    "DECLARE": _variable,
}
