"""All that is told of a tool → one class of it, with reasons and a confidence.

The name comes first. If it says that the tool changes something, that is so, and what else is
told can only be worse. If it says that the tool reads, nothing may speak against it. If it says
nothing, the description may say it; to be called a read, nothing at all may speak against it.
Who does several things is as dangerous as the worst of them. Hints of the author raise, whoever
the author is; they lower only if the source is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.catalogue import GENERIC, UNKNOWN
from lockgate.classify.profile import Action, Effect, Reversibility
from lockgate.classify.signature.aliases import matched
from lockgate.classify.signature.description import told_by_description
from lockgate.classify.signature.http import path_words, told_by_http
from lockgate.classify.signature.naming import (
    is_plain,
    name_words,
    strange_verbs,
    told_by_name,
)
from lockgate.classify.signature.parameters import told_by_parameters
from lockgate.classify.signature.verbs import VERBS, Verb, severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lockgate.classify.signature import Signature
    from lockgate.classify.signature.told import Told

Found = tuple[Action, float, tuple[str, ...]]
"""An action, how sure it is, and why."""

BAR: Final = 0.5
"""Below this confidence a tool is unknown."""
DOUBTED: Final = 0.3
"""How sure one is of what something speaks against."""
IRREVERSIBLE: Final = 15
"""What it weighs that something can't be undone, when two actions are compared."""
_MILD: Final = frozenset({Effect.CREATE, Effect.UPDATE, Effect.SEND})
_SEVERE: Final = frozenset({Effect.DELETE, Effect.PAY, Effect.GRANT})
_TAKES_TEXT: Final = frozenset(
    """
    explain validate lint parse analyze analyse describe compare estimate list
    """.split()
)
"""Verbs whose tools look at a statement without running it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that is told of one tool.

    Attributes:
        signature: The tool.
        words: The words of its name.
        name: What its name tells.
        text: What its description tells.
        switches: What its parameters tell.
        http: What its HTTP verb and path tell.
    """

    signature: Signature
    words: Sequence[str]
    name: Told
    text: Told
    switches: Told
    http: Told

    @property
    def others(self) -> tuple[Told, ...]:
        """What is told by anything but the name."""
        return self.text, self.switches, self.http


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a tool does.

    Attributes:
        verbs: Everything it does; nothing if that is not known.
        confidence: From 0 to 1.
        because: Why, in words.
    """

    verbs: tuple[Verb, ...] = ()
    confidence: float
    because: tuple[str, ...]


def recognised(signature: Signature, properties: Mapping[str, Any]) -> Found:
    """Return the action, the confidence and the reasons for a tool that declares nothing."""
    if not is_plain(signature.name):
        return UNKNOWN, 0.0, ("the name is not plain text, and may imitate another",)
    words = name_words(signature.name)
    if not words:
        return UNKNOWN, 0.0, ("the name has no words",)
    case = Case(
        signature=signature,
        words=words,
        name=_with_alias(told_by_name(words), words),
        text=told_by_description(signature.description),
        switches=told_by_parameters(properties),
        http=told_by_http(signature.method, signature.path),
    )
    verdict = _verdict(case)
    if not verdict.verbs or verdict.confidence < BAR:
        return UNKNOWN, verdict.confidence, verdict.because
    return _named(case, verdict)


def _with_alias(told: Told, words: Sequence[str]) -> Told:
    """Let an alias say what a name does whose verb does not, or not all of it."""
    verb = told.verb or Verb("", Effect.UNKNOWN, firm=False)
    found = matched(words, verb)
    if found is None or severity(found.action.effect) <= severity(verb.effect):
        return told
    raised = Verb(verb.word, found.action.effect, firm=True)
    because = f"the name says `{found.alias}`"
    return replace(told, verbs=(raised,), maybe=None, sure=True, because=because)


# ── What it does ─────────────────────────────────────────────────────────────────────────────


def _verdict(case: Case) -> Verdict:
    if _believed(case):
        because = _said("its source is trusted, and says that it only reads")
        return Verdict(verbs=(VERBS["read"],), confidence=0.9, because=because)
    if case.name.reads and _runs_statements(case):
        because = _said(case.name.because, "and it runs statements that it is given")
        return Verdict(verbs=(_QUERY,), confidence=0.8, because=because)
    if case.name.changes:
        return _changing(case)
    return _reading(case) if case.name.reads else _unnamed(case)


_QUERY: Final = Verb("query", Effect.EXECUTE, firm=True)


def _believed(case: Case) -> bool:
    """Say whether a trusted author's hint makes the tool a read, whatever else is told."""
    hints = case.signature.annotations
    if not case.signature.trusted or not hints.get("readOnlyHint") or hints.get("destructiveHint"):
        return False
    return not (case.name.sure and case.name.effect in _SEVERE)


def _runs_statements(case: Case) -> bool:
    """Say whether a tool that seems to read runs what it is given, which may be anything."""
    words = {verb.word for verb in case.name.verbs}
    if not _TAKES_TEXT.isdisjoint(words):
        return False
    return case.switches.statements or ("query" in words and case.text.statements)


def _changing(case: Case) -> Verdict:
    """Take the name's word that something is changed, and whatever is worse besides."""
    name, text = case.name, case.text
    if _disagree(case):
        return _doubted(name, [text.because])
    worse = [told for told in case.others if _is_worse(told, case)]
    confidence = 0.95 if text.changes else 0.6 if text.reads else 0.8 if name.sure else 0.65
    return Verdict(
        verbs=(*name.verbs, *(verb for told in worse for verb in told.verbs)),
        confidence=confidence,
        because=_said(name.because, text.because, *(told.because for told in worse)),
    )


def _disagree(case: Case) -> bool:
    """Say whether a description that reads makes one doubt a name that changes something.

    It does if the name is mild, or may mean something else, or runs what is in no catalogue; not
    if both say the same word.
    """
    name, text = case.name, case.text
    if not text.reads or case.switches.changes or case.http.changes or name.verb is None:
        return False
    if text.verb is not None and text.verb.word == name.verb.word:
        return False
    if name.effect is Effect.EXECUTE:
        return matched(case.words, name.verb) is None
    return not name.sure or name.effect in _MILD


def _is_worse(told: Told, case: Case) -> bool:
    """Say whether something makes a tool worse than its name.

    A description has many words; of these, only the severe ones count against a plain name.
    """
    if severity(told.effect) <= severity(case.name.effect):
        return False
    return told is not case.text or told.effect in _SEVERE


def _reading(case: Case) -> Verdict:
    """Believe that a name reads if nothing speaks against it."""
    name, text = case.name, case.text
    against = list(_against(case))
    if against:
        return _doubted(name, against)
    if not (name.sure or text.reads or (text.silent and name.verb and name.verb.word in _ASKED)):
        return _doubted(name, ["that may be a noun"])
    confidence = 0.95 if text.reads else 0.8 if name.sure else 0.55
    return Verdict(
        verbs=name.verbs, confidence=confidence, because=_said(name.because, text.because)
    )


_ASKED: Final = frozenset({"list", "search", "view", "check", "query"})
"""Soft verbs that are believed behind a word that nobody knows: `acme_list_files`."""


def _unnamed(case: Case) -> Verdict:
    """Let the others say what the name does not; for a read, nothing may speak against it."""
    changing = [told for told in case.others if told.changes]
    if changing:
        verbs = tuple(verb for told in changing for verb in told.verbs)
        because = _said(*(told.because for told in changing))
        return Verdict(verbs=verbs, confidence=0.7, because=because)
    reading = _told_reading(case)
    if reading is not None:
        strange = (f"`{word}` may be a verb" for word in strange_verbs(case.words))
        against = [*strange, *_against(case)]
        if against:
            return _doubted(reading, against)
        because = (reading.because, "and nothing speaks against it")
        return Verdict(verbs=reading.verbs, confidence=0.65, because=because)
    if case.text.verbs and case.name.maybe is not None:
        return _doubted(case.name, [case.text.because])
    for told in (case.name, case.http):
        if told.maybe is not None and told.maybe.effect is not Effect.UNKNOWN:
            return Verdict(verbs=(told.maybe,), confidence=0.55, because=(told.because,))
    because = ("neither the name nor the description has a verb that says what it does",)
    return Verdict(confidence=0.0, because=because)


def _told_reading(case: Case) -> Told | None:
    """Return who says that the tool reads, and says enough to be believed.

    An open name wants more than one word for it. And `returns` alone says what the answer is, not
    what is done, which is too little for a name with a word in it that may be a change.
    """
    text, http = case.text, case.http
    if http.reads:
        return http
    if not text.reads or (case.name.verbs and not text.backed):
        return None
    returns = text.verb is not None and text.verb.word == "return"
    return None if returns and case.name.maybe is not None else text


def _against(case: Case) -> Iterator[str]:
    """Yield what speaks against a read."""
    for told in (case.name, *case.others):
        yield from told.doubts
        if told is not case.name and told.changes and not told.asks:
            yield told.because
    if case.signature.annotations.get("readOnlyHint") is False:
        yield "its author says that it does not only read"
    if case.signature.annotations.get("destructiveHint"):
        yield "its author says that it can destroy"


def _doubted(told: Told, against: Sequence[str]) -> Verdict:
    because = (told.because, *(f"but {said}" for said in dict.fromkeys(against)))
    return Verdict(confidence=DOUBTED, because=because)


def _said(*because: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, because)))


# ── What that is called ──────────────────────────────────────────────────────────────────────


def _named(case: Case, verdict: Verdict) -> Found:
    """Find the canonical action for the worst that the tool does."""
    found = [_action(case, verb) for verb in dict.fromkeys(verdict.verbs)]
    action, alias = max(found, key=lambda item: _points(item[0]))
    because = _said(*verdict.because, f"its words are those of `{alias}`" if alias else "")
    if case.signature.annotations.get("destructiveHint") and action.effect is not Effect.READ:
        action = replace(action, reversibility=Reversibility.IRREVERSIBLE)
        because = (*because, "its author says that it can destroy")
    return action, verdict.confidence, because


def _action(case: Case, verb: Verb) -> tuple[Action, str]:
    """Return the action for one verb, and the alias that led there.

    INVARIANT: what only the description calls a deletion is no milder than knowing nothing; else a
    confession could make a tool safer.
    """
    if verb.effect is Effect.UNKNOWN:
        return UNKNOWN, ""
    generic = replace(GENERIC[verb.effect], resource=case.words[-1])
    match = matched(case.words, verb, path_words(case.signature.path))
    elsewhere = verb.effect in _SEVERE and verb.word not in {"", *case.words}
    if match is None or (elsewhere and _points(match.action) < _points(UNKNOWN)):
        return generic, ""
    return match.action, match.alias


def _points(action: Action) -> int:
    """Return how dangerous an action is before anything is known of a call."""
    if action.effect is Effect.READ:
        return 0
    return action.base_risk + IRREVERSIBLE * (action.reversibility is Reversibility.IRREVERSIBLE)
