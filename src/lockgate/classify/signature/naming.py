"""What a name tells: which of its words is the verb, and what else it confesses to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lockgate.classify.profile import Effect
from lockgate.classify.signature.told import SILENT, Told
from lockgate.classify.signature.verbs import FORMS, Form, Verb, severity, verb_of
from lockgate.classify.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PLAIN: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.:/ \-]*[A-Za-z0-9_])?")
_SEGMENT: Final = re.compile(r"__+|[./:]")
_WITH_DIGITS: Final = re.compile(r"[A-Za-z]*\d+[A-Za-z]+")
_DIGITS_FOR_LETTERS: Final = (str.maketrans("01345", "oleas"), str.maketrans("01345", "oieas"))
_JOINTS: Final = frozenset({"and", "or", "then", "also", "plus"})
_VERB_ENDINGS: Final = ("ize", "ise", "ify", "yze", "yse", "ate")
_NO_VERBS: Final = frozenset(
    """
    affiliate aggregate associate candidate certificate climate coordinate corporate crate date
    delegate duplicate enterprise estate exercise expertise franchise gate graduate
    immediate intermediate mate merchandise noise otherwise plate premise private prize
    rate rebate rise separate state substrate surrogate template ultimate update
    vertebrate wise
    """.split()
)
"""Nouns and adjectives that end as verbs do."""
PREPOSITIONS: Final = frozenset(
    """
    by with without from for using via in on to of as at per into within across between under
    through about since
    """.split()
)
_TWO_WORDS: Final = {
    "log in": "login", "sign in": "login", "log on": "login", "log out": "logout",
    "sign out": "logout", "sign up": "signup", "set up": "setup", "check in": "checkin",
    "check out": "checkout", "check off": "mark", "roll back": "rollback", "shut down": "shutdown",
    "look up": "lookup", "clean up": "cleanup", "tear down": "teardown", "back up": "backup",
    "hand off": "handoff", "hand over": "handoff", "opt in": "subscribe", "opt out": "unsubscribe",
    "turn on": "toggle", "turn off": "toggle", "switch on": "toggle", "switch off": "toggle",
    "spin up": "provision", "top up": "topup", "pay out": "payout",
}  # fmt: skip
_SECOND: Final = frozenset(pair.split()[1] for pair in _TWO_WORDS)
LONGEST_NAME: Final = 256
"""Characters of a name; a longer one is none that a tool has."""
PREFIXES: Final = frozenset({"re", "un", "de", "pre", "dis", "auto"})


def is_plain(name: str) -> bool:
    """Say whether a name has only what names of tools are made of, and no digit for a letter."""
    if len(name) > LONGEST_NAME or not name.isascii() or _PLAIN.fullmatch(name) is None:
        return False
    return not any(map(_is_disguised, _WITH_DIGITS.findall(name)))


def _is_disguised(word: str) -> bool:
    """Say whether digits stand for letters of a verb that changes something: `de1ete`."""
    read = (verb_of(word.lower().translate(table)) for table in _DIGITS_FOR_LETTERS)
    return any(verb is not None and verb.changes for verb in read)


def name_words(name: str) -> list[str]:
    """Return the words of a name, without what comes before the last `__`, `.`, `/` or `:`.

    What comes before is where the tool comes from; unless the verb stands there, or nothing but
    the verb stands behind: `users.delete` and `delete.users` are the same.
    """
    parts = [fused(words(part)) for part in _SEGMENT.split(name)]
    last = parts[-1]
    if not any(word in FORMS for word in last):
        return fused(words(name))
    alone = len(parts) > 1 and all(word in FORMS for word in last)
    return [*parts[-2], *last] if alone else last


def fused(found: list[str]) -> list[str]:
    """Join what is one verb in two words: `log in`, `re-run`."""
    joined: list[str] = []
    for word in found:
        before = joined[-1] if joined else ""
        two = _TWO_WORDS.get(f"{before.removesuffix('s')} {word}") if word in _SECOND else None
        if two is not None:
            joined[-1] = two
        elif before in PREFIXES and verb_of(before + word) is not None:
            joined[-1] = before + word
        else:
            joined.append(word)
    return joined


def strange_verbs(name: Sequence[str]) -> list[str]:
    """Return words that nobody knows and that end as verbs do: `obfuscicate_rows`."""
    return [
        word
        for word in name
        if word.endswith(_VERB_ENDINGS)
        and not word.endswith("size")
        and word not in FORMS
        and word not in _NO_VERBS
    ]


def told_by_name(name: Sequence[str]) -> Told:
    """Say what the words of a name tell."""
    spoken = list(_spoken(name))
    if not spoken:
        last = verb_of(name[-1]) if name else None
        return SILENT if last is None or last.firm else _perhaps(last)
    first, _ = spoken[0]
    verbs = [verb for _, verb in spoken]
    main = _main(verbs)
    if main is None:
        said = " or ".join(f"`{verb.word}`" for verb in verbs)
        return Told(verbs=(_OPEN,), sure=False, because=f"the name may say {said}")
    if first and len(verbs) == 1 and not main.firm and main.effect is not Effect.READ:
        return _perhaps(main)
    joined = [verb for at, verb in spoken if at and name[at - 1] in _JOINTS]
    also = [verb for verb in verbs if verb is not main and _adds(verb)]
    ends = spoken[0][0] == len(name) - 1
    sure = not first or ends or any(verb.firm for verb in verbs)
    if main.effect is not Effect.READ:
        return _told((main, *also, *joined), sure=sure)
    doubts = (f"its name also says `{verb.word}`" for verb in also if verb not in joined)
    return _told((main, *joined), tuple(doubts), sure=sure)


_OPEN: Final = Verb("do", Effect.UNKNOWN, firm=False)


def _spoken(name: Sequence[str]) -> Iterator[tuple[int, Verb]]:
    """Yield the words that stand where a verb stands."""
    found: list[Verb] = []
    placed = False
    for at, word in enumerate(name):
        verb = verb_of(word)
        if verb is None and not at:
            verb = _acting(word)
        if verb is not None and (verb.firm or (not placed and _stands(name, at, verb, found))):
            found.append(verb)
            yield at, verb
        placed = placed or word in PREPOSITIONS


def _acting(word: str) -> Verb | None:
    """Return the verb of a name that begins with its third person: `deletesFile`."""
    verb, form = FORMS.get(word, (None, None))
    return verb if verb is not None and verb.firm and form is Form.ACTS else None


def _stands(name: Sequence[str], at: int, verb: Verb, found: Sequence[Verb]) -> bool:
    """Say whether a soft word is a verb at its place."""
    if at and name[at - 1] in _JOINTS:
        return True
    last = at == len(name) - 1
    if verb.effect is Effect.READ and last:
        return not any(word.firm for word in found)
    return not found and (not last or at == 0)


def _main(verbs: Sequence[Verb]) -> Verb | None:
    """Return the verb that says what is done; nothing if two soft ones disagree."""
    first = verbs[0]
    if first.firm or first.effect is Effect.READ:
        return first
    rival = next((verb for verb in verbs[1:] if verb.firm), None)
    if rival is not None:
        return rival
    if any(verb.effect is Effect.READ for verb in verbs[1:]):
        return None
    return first


def _adds(verb: Verb) -> bool:
    return verb.firm and verb.effect is not Effect.READ


def _perhaps(verb: Verb) -> Told:
    """Say what a soft word tells that does not lead: what it says is so if nobody says more."""
    return Told(maybe=verb, because=f"the name has the word `{verb.word}`")


def _told(verbs: tuple[Verb, ...], doubts: tuple[str, ...] = (), *, sure: bool) -> Told:
    worst = max(verbs, key=lambda verb: severity(verb.effect))
    because = f"the name's verb is `{worst.word}`"
    return Told(verbs=verbs, sure=sure, because=because, doubts=doubts)
