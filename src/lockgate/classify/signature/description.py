"""What a description tells: what its first sentence says the tool does, and what the rest confesses.

A description is written for a model, so it is half instruction: other tools are named, and
things to do before and after. Only what it says of the tool itself counts as doing; and what it
says can make a tool worse than its name, never better.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from lockgate.classify.profile import Effect
from lockgate.classify.signature.naming import PREFIXES
from lockgate.classify.signature.phrases import (
    claims_to_read,
    confessed_phrases,
    speaks_of_statements,
)
from lockgate.classify.signature.sentences import REFERENCE, imitates, normal, sentences
from lockgate.classify.signature.told import SILENT, Told
from lockgate.classify.signature.verbs import FORMS, VERBS, Form, Verb, severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST: Final = 20_000
"""Characters of a description that are read; a longer one is doubted."""
_PREFACE: Final = frozenset(
    """
    a an the this that these it its tool tools function method api endpoint action command
    operation utility helper used use using can could will would may to for you your we us
    please which is are be and or then also additionally furthermore optionally automatically
    safely quickly efficiently permanently directly simply easily manually immediately
    asynchronously synchronously securely programmatically always only just deprecated beta
    experimental important note warning caution essential primary recommended preferred new
    mcp advanced fast supports support supporting provides designed intended allowing ability
    able me agent agents users user one single multiple bulk batch when need needed by in
    order one-time read-only , : first here
    """.split()
)
"""What may stand before the verb that says what the tool does."""
_MAKES_ABLE: Final = frozenset(
    """
    allow allows enable enables let lets help helps permit permits assist assists
    """.split()
)
_GIVES_BACK: Final = frozenset({"return", "report", "provide", "give", "tell"})
"""Verbs that speak of the answer when a description says them; in a name they are something else."""
_DOES: Final = frozenset("perform performs performing conduct conducts do does make makes".split())
_OBJECT: Final = frozenset(
    """
    it them the a an this that these all any its their your new to each one multiple every
    """.split()
)
_NEGATION: Final = frozenset(
    """
    rejects refuses blocks forbids not never no cannot can't won't don't doesn't didn't isn't
    without neither nor avoid instead rather prevent prevents unless
    """.split()
)
_NEW_CLAUSE: Final = frozenset({"and", "but", "then", "also", "it", "this", "which", ":"})
"""What ends the reach of a negation."""
_INSTRUCTION: Final = frozenset(
    """
    do don't never avoid prefer instead ensure make remember call ask see requires must
    """.split()
)
_CONDITION: Final = frozenset(
    """
    if when once after before for given upon with in from based during while unless
    """.split()
)
_SUBJECT: Final = frozenset("and or then also , & it this tool which will can may".split())
_MEEK: Final = frozenset(
    """
    accept admit align begin confirm conclude decline declare define deny end engage enforce
    ensure finish impose inform inherit negotiate reject remember remind specify subscribe
    warn
    """.split()
)
"""Verbs that change nothing when a sentence says them in passing: `ensures that`."""
_TELLING: Final = frozenset(
    """
    information info details list summary statistics overview history status metadata results
    forecast documentation schema contents
    """.split()
)
"""Nouns that a description of a read may begin with: `detailed information about`."""
_TOOLS: Final = frozenset("tool tools function utility api endpoint helper interface".split())
_ASKING: Final = frozenset({"query", "queries", "search", "aggregation", "lookup", "scan"})
OPENING: Final = 2
"""Among how many sentences the one is looked for that says what the tool does."""
_WINDOW: Final = 12
"""How far into a sentence its verb may stand."""


def told_by_description(text: str) -> Told:
    """Say what a description tells."""
    if not text.strip():
        return SILENT
    plain = normal(text[:LONGEST])
    spoken = _spoken(list(sentences(plain)))
    return replace(
        spoken,
        doubts=(*_odd(text, plain), *spoken.doubts),
        backed=spoken.backed or claims_to_read(plain),
        statements=speaks_of_statements(plain),
    )


def _odd(text: str, plain: str) -> Iterator[str]:
    """Yield what is wrong with the text itself, and phrases that no read has."""
    if imitates(text[:LONGEST]):
        yield "its description has letters that imitate others"
    if len(text) > LONGEST:
        yield "its description is too long to be read"
    for phrase in confessed_phrases(plain):
        yield f"its description says `{phrase}`"


def _spoken(told: Sequence[list[str]]) -> Told:
    """Say what the sentences tell: the first that speaks of the tool, and what others confess."""
    leading: list[Verb] = []
    confessed: list[str] = []
    asks, reads = False, 0
    for at, tokens in enumerate(told):
        later = at > 0 and tokens[0] in _INSTRUCTION
        verbs = [] if later else _predicates(tokens, first=not leading and at < OPENING)
        reads += sum(verb.effect is Effect.READ for verb in verbs)
        if verbs and not leading:
            leading, asks = verbs, _runs_a_query(tokens, verbs[0])
        else:
            confessed += [verb.word for verb in verbs if _counts(verb)]
        confessed += [verb.word for verb in _confessions(tokens)]
    doubts = tuple(
        f"its description says that it may `{word}`" for word in dict.fromkeys(confessed)
    )
    if not leading:
        return Told(doubts=doubts)
    worst = max(leading, key=lambda verb: severity(verb.effect))
    return Told(
        verbs=tuple(leading),
        sure=worst.firm,
        because=f"the description says `{worst.word}`",
        asks=asks and worst is leading[0],
        backed=reads > (worst.effect is Effect.READ),
        doubts=doubts,
    )


def _counts(verb: Verb) -> bool:
    """Say whether a verb means something when it is said in passing."""
    return verb.firm and verb.changes and verb.word not in _MEEK


def _runs_a_query(tokens: Sequence[str], verb: Verb) -> bool:
    """Say whether what is run or executed is itself a way of reading: `runs a search query`."""
    if verb.word not in {"run", "execute", "perform"}:
        return False
    for at, token in enumerate(tokens):
        heard = _heard(token)
        if heard is not None and heard[0].word == verb.word:
            return not _ASKING.isdisjoint(tokens[at + 1 : at + 7])
    return False


# ── Sentences to verbs ───────────────────────────────────────────────────────────────────────


def _predicates(tokens: Sequence[str], *, first: bool) -> list[Verb]:
    """Return what a sentence says that the tool does: its verb, and those joined to it.

    In a later sentence, an imperative is addressed to the model; only `deletes` and what follows
    `it will` speaks of the tool.
    """
    at, form = _lead(tokens, _after_condition(tokens))
    if form is None and first:
        at, form = _lead(tokens, _after_tool(tokens))
    if form is None and first and _is_information(tokens):
        return [VERBS["show"]]
    if form is None or _negated(tokens, at):
        return []
    verb, kind = form
    if not first and not (verb.firm and (kind is Form.ACTS or _said_of_tool(tokens[:at]))):
        return []
    return [verb, *_joined(tokens, at, kind)]


def _is_information(tokens: Sequence[str]) -> bool:
    return any(
        token in _TELLING and after in {"of", "about", "for", "on"}
        for token, after in pairwise(tokens[:3])
    )


def _after_condition(tokens: Sequence[str]) -> int:
    if tokens[0] in _CONDITION and "," in tokens[:25]:
        return tokens.index(",") + 1
    return 0


def _after_tool(tokens: Sequence[str]) -> int:
    """Return where a sentence such as `a fast search tool that finds` goes on."""
    for at in range(min(len(tokens) - 1, _WINDOW)):
        if tokens[at] in _TOOLS and tokens[at + 1] in {"that", "which", "to", "for"}:
            return at + 1
    return len(tokens)


def _lead(tokens: Sequence[str], at: int) -> tuple[int, tuple[Verb, Form] | None]:
    """Return where the sentence's verb stands, and which it is."""
    end = min(len(tokens), at + _WINDOW)
    while at < end:
        token = tokens[at]
        if token in _MAKES_ABLE and _makes_able(tokens, at):
            at += 1
        elif token in _DOES:
            return _done_thing(tokens, at)
        elif tokens[at : at + 2] == ["start", "here"]:
            at += 2
        elif (heard := _heard(token)) and heard[1] is not Form.DONE and not _preface(tokens, at):
            return at, heard
        elif token in _PREFACE or token.endswith("ly") or (token == REFERENCE and not at):
            at += 1
        else:
            break
    return at, None


def _heard(token: str) -> tuple[Verb, Form] | None:
    """Return the verb that a word of a description is, and its form."""
    heard = FORMS.get(token)
    if heard is None and "-" in token:
        first, _, last = token.rpartition("-")
        heard = FORMS.get(last) if first in PREFIXES else None
    if heard is not None and heard[0].word in _GIVES_BACK:
        return Verb(heard[0].word, Effect.READ, firm=True), heard[1]
    return heard


def _preface(tokens: Sequence[str], at: int) -> bool:
    """Say whether a word that could be a verb only leads to one: `use this to`, `provides a`."""
    return tokens[at] in {"use", "used", "using"} and any(
        token in {"to", "this", "it", "when", "for"} for token in tokens[at + 1 : at + 4]
    )


def _makes_able(tokens: Sequence[str], at: int) -> bool:
    near = tokens[at + 1 : at + 4]
    return "to" in near or any(FORMS.get(word, (0, 0))[1] is Form.DOING for word in near[:1])


def _done_thing(tokens: Sequence[str], at: int) -> tuple[int, tuple[Verb, Form] | None]:
    """Return what is performed: `performs a search`."""
    for near in range(at + 1, min(len(tokens), at + 6)):
        form = FORMS.get(tokens[near])
        if form is not None and form[1] is not Form.DONE:
            return near, form
    return at, (VERBS["perform"], Form.BASE)


def _joined(tokens: Sequence[str], at: int, kind: Form) -> Iterator[Verb]:
    """Yield the verbs that are joined to the leading one, in the same form."""
    for near in range(at + 1, len(tokens) - 1):
        if tokens[near] not in {"and", "or", "then", ",", "/", ":", "&"}:
            continue
        after = near + 1
        while after < len(tokens) - 1 and _passed_over(tokens[after]):
            after += 1
        heard = _heard(tokens[after])
        if heard is None or heard[1] is not kind or _negated(tokens, after):
            continue
        verb, _ = heard
        follows = tokens[after + 1] if after + 1 < len(tokens) else ""
        if verb.firm or follows in _OBJECT:
            yield verb


def _passed_over(token: str) -> bool:
    return token in {"and", "or", "then", "also", ","} or token.endswith("ly")


def _said_of_tool(before: Sequence[str]) -> bool:
    return not _SUBJECT.isdisjoint(before) or "use" in before


def _negated(tokens: Sequence[str], at: int) -> bool:
    """Say whether a verb is denied: `does not delete`, `never modify or delete`."""
    for token in reversed(tokens[max(0, at - 8) : at]):
        if token in _NEGATION:
            return True
        if token in _NEW_CLAUSE:
            return False
    return False


def _confessions(tokens: Sequence[str]) -> Iterator[Verb]:
    """Yield what a sentence says in passing: `deletes`, `will be charged`, `and overwrites it`."""
    for at, token in enumerate(tokens):
        heard = _heard(token)
        if heard is None or not heard[0].changes or _negated(tokens, at):
            continue
        verb, form = heard
        before = tokens[max(0, at - 4) : at]
        severe = verb.effect in {Effect.DELETE, Effect.PAY}
        if form is Form.DONE:
            said = severe and _is_done(before)
        elif form is Form.ACTS:
            said = _counts(verb) and (severe or not _SUBJECT.isdisjoint(before[-1:]))
        else:
            said = form is Form.BASE and _counts(verb) and severe and _is_able(before)
        if said:
            yield verb


def _is_done(before: Sequence[str]) -> bool:
    """Say whether something will be done, and not to the tool itself: `this tool will be removed`."""
    return [*before[-1:]] == ["be"] and "will" in before and _TOOLS.isdisjoint(before)


def _is_able(before: Sequence[str]) -> bool:
    return not {"will", "can", "may", "then", "also", "and"}.isdisjoint(before[-1:])
