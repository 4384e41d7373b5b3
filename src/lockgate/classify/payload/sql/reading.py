"""A text of SQL → what running it would do: of all its statements, the worst.

A statement is believed to be a look only when three things agree: how it begins, the tree that a
parser makes of it, and that no word in it acts, wherever it stands. Where databases would cut the
text up differently, every way counts. What no dialect understands is unreadable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from lockgate.classify.catalogue import BY_ID
from lockgate.classify.payload.sql import verbs
from lockgate.classify.payload.sql.acts import acting, calling
from lockgate.classify.payload.sql.parsing import Parser
from lockgate.classify.payload.sql.scan import FAMILIES, Statement, scan, scans
from lockgate.classify.payload.sql.special import special
from lockgate.classify.payload.sql.things import QUOTES, things
from lockgate.classify.payload.sql.tree import load
from lockgate.classify.payload.texts import remembered
from lockgate.classify.payload.worst import added, united
from lockgate.classify.profile import Reading, Reversibility

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST: Final = 100_000
"""Characters; a longer text is not read."""
MOST_STATEMENTS: Final = 300
"""Statements; a text with more is not read."""
DEEPEST: Final = 3
"""How often a statement may stand in a statement."""
DIALECTS: Final = (
    "postgres",
    "mysql",
    "tsql",
    "snowflake",
    "bigquery",
    "oracle",
    "spark",
    "clickhouse",
    "duckdb",
    "sqlite",
)
"""In which order a statement is tried that every family cuts up in the same way."""


def prepare() -> None:
    """Load the grammars that most statements are tried with."""
    load(DIALECTS[:3])


def read_text(text: str) -> Reading:
    """Read a text of SQL."""
    if len(text) > LONGEST:
        return unreadable("it is too long to be read")
    cuts = {family: cut for family, cut in scans(text).items() if not cut.broken}
    if not cuts:
        return unreadable("a quote or a comment has no end")
    if max(len(cut.statements) for cut in cuts.values()) > MOST_STATEMENTS:
        return unreadable("it has too many statements to be read")
    ways: dict[tuple[Statement, ...], tuple[str, ...]] = {}
    for family, cut in cuts.items():
        ways[cut.statements] = ways.get(cut.statements, ()) + family.dialects
    if list(cuts) == [FAMILIES[0]]:
        ways = dict.fromkeys(ways, DIALECTS)
    parser = Parser()
    likely = sorted(ways.items(), key=lambda way: -len(way[1]))
    found = _agreed([_Way(names, parser).read(several) for several, names in likely])
    hides = any(cut.hides for cut in cuts.values())
    return added(found, "obfuscated", "code stands in a comment") if hides else found


read: Final = remembered(read_text)


def unreadable(why: str, action: str = verbs.QUERY) -> Reading:
    """Return the reading of what can't be read: the worst that it could be."""
    gone = Reversibility.IRREVERSIBLE
    return Reading(action=action, reversibility=gone, hazards=("unreadable",), because=(why,))


def _clear(readings: list[Reading]) -> bool:
    return not any("unreadable" in reading.hazards for reading in readings)


def _agreed(readings: list[Reading]) -> Reading:
    """Return what follows from the ways to cut a text up, where some can't be parsed."""
    clear = [reading for reading in readings if _clear([reading])]
    if not clear:
        return united(dict.fromkeys(readings))
    found = united(dict.fromkeys(clear))
    worst = max((BY_ID[item.action] for item in readings), key=lambda action: action.danger)
    acts = worst.danger > BY_ID[found.action].danger and worst.id != verbs.QUERY
    if len({reading.action for reading in clear}) == 1 and not acts:
        return found
    said = "databases disagree on where its strings and comments end"
    return united((found, Reading(action=worst.id, hazards=("obfuscated",), because=(said,))))


@dataclass(frozen=True, slots=True)
class _Way:
    """Reads statements as some databases do.

    Attributes:
        dialects: How the parser calls these.
        parser: Parses, as long as its budget lasts.
        depth: In how many statements these stand.
    """

    dialects: tuple[str, ...]
    parser: Parser
    depth: int = 0

    def read(self, statements: tuple[Statement, ...]) -> Reading:
        deeds: list[Reading] = []
        for statement in statements:
            deeds.extend(self._deeds(_bare(statement)))
            if _foreign(statement):
                break
        return united(deeds or [Reading(action=verbs.READ, because=("there is no statement",))])

    def _deeds(self, statement: Statement) -> Iterator[Reading]:
        if not statement.tokens:
            yield Reading(action=verbs.READ)
            return
        head = statement.tokens[0].text.upper()
        if self.depth > DEEPEST or _foreign(statement):
            yield unreadable("it is nested too deep, or quoted in another way")
        elif head == "EXPLAIN":
            yield from self._explained(statement)
        else:
            for at, act in acting(statement, head):
                yield act
                yield from self._plausible(statement.after(at))
            yield from calling(statement, head)
            parsed = head in verbs.ROWS
            yield from self._rows(statement, head) if parsed else self._other(statement, head)

    def _inner(self, statement: Statement) -> list[Reading]:
        """Read a statement that stands in another."""
        within = replace(self, depth=self.depth + 1)
        return list(within._deeds(_bare(statement)))  # noqa: SLF001 - of its own kind

    def _explained(self, statement: Statement) -> Iterator[Reading]:
        """`EXPLAIN` only tells, unless it is told to run the statement too."""
        words = [token.text for token in statement.tokens]
        begins = (at for at, word in enumerate(words) if at and word in verbs.EXPLAINED)
        start = next(begins, len(words))
        inner = statement.after(start)
        if not {"ANALYZE", "ANALYSE", "PROFILE"}.intersection(words[:start]):
            yield from (act for _, act in acting(inner, "EXPLAIN"))
        elif inner.tokens:
            yield from self._inner(inner)
        else:
            yield unreadable("what it runs to explain it is unknown")
        yield Reading(action=verbs.READ, because=("it is explained",))

    def _rows(self, statement: Statement, head: str) -> Iterator[Reading]:
        """Read what selects, inserts, updates or deletes rows."""
        if _writes_file(statement):
            said = ("it writes a file",)
            yield Reading(action=verbs.EXPORT, also=(verbs.READ,), because=said)
            return
        found = self.parser.facts(statement, self.dialects)
        if found is not None:
            yield from map(_suspected, found)
            return
        verb = verbs.verb_of((head,))
        action = verb.action if verb else verbs.QUERY
        if head == "MERGE" and any(token.text == "DELETE" for token in statement.tokens):
            action = verbs.DELETE
        yield unreadable(f"no dialect understands this `{head}`", action)

    def _other(self, statement: Statement, head: str) -> Iterator[Reading]:
        """Read what the first words tell enough of."""
        verb = verbs.verb_of(statement.words)
        said = (f"it is `{head}`",)
        if verb is not None:
            named = Reading(action=verb.action, hazards=verb.hazards, because=said)
            undone = Reversibility(verb.undone) if verb.undone else None
            named = replace(named, reversibility=undone, targets=things(statement, head))
            yield special(named, statement, head)
            yield from self._run(statement, head)
        elif head in verbs.BLOCKS:
            yield Reading(action=verbs.QUERY, because=said)
        else:
            yield unreadable(f"no statement begins with `{head[:40]}`")

    def _run(self, statement: Statement, head: str) -> Iterator[Reading]:
        """Read the statements that a statement runs later, or has as text."""
        words = [token.text for token in statement.tokens]
        begins = [at for at, word in enumerate(words) if word in {"AS", "FOR"}]
        if head in {"PREPARE", "DECLARE"} and begins:
            yield from self._plausible(statement.after(begins[0] + 1))
        if head not in verbs.RUNS_TEXT:
            return
        for token in statement.tokens:
            if token.kind == "quoted" and token.text[-1] in "'$":
                for inner in scan(_unquoted(token.text), FAMILIES[0]).statements:
                    yield from self._plausible(inner)

    def _plausible(self, statement: Statement) -> list[Reading]:
        """Read what may be a statement; what can't be read is none."""
        if not statement.tokens or statement.tokens[0].text not in verbs.STARTS:
            return []
        deeds = self._inner(statement)
        return deeds if _clear(deeds) else []


def _bare(statement: Statement) -> Statement:
    """Take off how a piece of a procedure begins, and what only ends one."""
    words = [token.text for token in statement.tokens]
    at = 0
    while words[at : at + 1] and words[at] in verbs.INSIDE:
        if tuple(words[at : at + 2]) in verbs.VERBS:
            break
        at += 1
    return Statement((), "") if words[at:] == ["/"] else statement.after(at)


def _foreign(statement: Statement) -> bool:
    """Say whether this is text in dollars, cut up by databases that have no such thing."""
    if not statement.words or statement.words[0] in verbs.ROWS:
        return False
    bare = (token.text for token in statement.tokens if token.kind in {"word", "mark"})
    return any(text.startswith("$") and not text[1:].isdigit() for text in bare)


def _writes_file(statement: Statement) -> bool:
    """Say whether this is `SELECT … INTO OUTFILE`, which no dialect of the parser has."""
    words = (token.text for token in statement.tokens)
    return any(one == "INTO" and other in _FILES for one, other in pairwise(words))


_FILES: Final = frozenset({"OUTFILE", "DUMPFILE"})


def _suspected(deed: Reading) -> Reading:
    """Add what is to be said of the tables that are touched."""
    if not verbs.SECRETS.intersection(deed.targets):
        return deed
    return added(deed, "excess_access", "the table holds passwords")


def _unquoted(text: str) -> str:
    if text.endswith("$"):
        tag = text[: text.index("$", 1) + 1]
        return text[len(tag) : -len(tag)]
    return text.partition("'")[2].rstrip(QUOTES).replace("''", "'")
