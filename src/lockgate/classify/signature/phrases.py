"""Phrases of a description that say more than their verbs do.

Each is looked for only where one of its words is found at all: most descriptions have none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_READ_ONLY: Final = re.compile(
    r"\bread[- ]?only\b|\bdoes(?:n't| not) (?:modify|change|write|alter|mutate|affect)"
    r"|\b(?:without|never|no) (?:modify|chang|writ|alter|mutat|side effect)"
)
_CONFESSIONS: Final = (
    (
        ("undone", "irrevers", "irrevoc", "destructive"),
        re.compile(
            r"(?<!non-)(?<!not )\b(?:can ?not be undone|can't be undone|irreversibl[ey]"
            r"|irrevocabl[ey]|destructive)\b"
        ),
    ),
    (
        ("complete", "finish"),
        re.compile(r"\bwaits? for [\w ]{1,30} to (?:complete|finish)\b"),
    ),
    (
        ("local", "disk", "system"),
        re.compile(r"\bto (?:your |the |a )?(?:local(?! time)|disk|file ?system)\b"),
    ),
)
"""What no read does: it can't be taken back, it waits for what it started, it writes here."""
_LANGUAGE: Final = re.compile(r"\b(?:\w*SQL|Cypher|Gremlin|INSERT INTO)\b")
_SELECT: Final = re.compile(r"\bSELECT\b")
_FROM: Final = re.compile(r"\bFROM\b")


def claims_to_read(text: str) -> bool:
    """Say whether a text claims that the tool only reads."""
    return _READ_ONLY.search(text.lower()) is not None


def confessed_phrases(text: str) -> Iterator[str]:
    """Yield the phrases that no read has."""
    lower = text.lower()
    for needles, phrase in _CONFESSIONS:
        if any(needle in lower for needle in needles):
            found = phrase.search(lower)
            if found is not None:
                yield found.group()


def speaks_of_statements(text: str) -> bool:
    """Say whether a text speaks of statements in a language such as SQL, or shows one."""
    if _LANGUAGE.search(text) is not None:
        return True
    select = _SELECT.search(text)
    return select is not None and _FROM.search(text, select.end()) is not None
