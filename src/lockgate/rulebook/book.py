"""A checked rulebook: the layers, what they say about one tool, and a revision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from lockgate.call import canonical, digest
from lockgate.evaluate import Handling, Level, Policy, Weights
from lockgate.rulebook.chapter import About, Chapter, fence, top
from lockgate.rulebook.condition import HISTORY
from lockgate.rulebook.document import read
from lockgate.rulebook.files import PACKS, texts
from lockgate.rulebook.index import named
from lockgate.rulebook.layers import check, is_top
from lockgate.rulebook.names import Lexicon
from lockgate.rulebook.source import Source, parse
from lockgate.rulebook.weighing import weighed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from lockgate.classify import Classification, Signature
    from lockgate.rulebook.document import Document
    from lockgate.rulebook.index import IndexedRule
    from lockgate.rulebook.layers import Written

BASELINE: Final = PACKS / "baseline.yaml"
"""The rulebook that is in force when nobody wrote one."""
APPROVAL_SECONDS: Final = 86_400
"""How long an approval can be given and used when no document says so."""


@dataclass(frozen=True)
class Rulebook:
    """Rules, handling of levels, and the revision that names exactly these.

    Attributes:
        name: What people call it.
        top: What the organisation's documents say.
        fences: What each document of a lower layer says.
        approval_seconds: How long an approval can be given and used.
        weights: What risk is made of.
        revision: Digest of the content; the same rules in any order have the same.
    """

    name: str
    top: Chapter
    fences: tuple[Chapter, ...]
    approval_seconds: int
    weights: Weights
    revision: str

    @classmethod
    def baseline(cls) -> Rulebook:
        """Return what is in force when nobody wrote a rule."""
        return cls._of([parse(BASELINE.read_text("utf-8"), BASELINE.name)], {})

    @classmethod
    def load(cls, *paths: str | Path) -> Rulebook:
        """Read files, and folders of them, as one rulebook; their order does not matter.

        Levels that none of them mentions are handled as in the baseline.

        Raises:
            RulebookError: With file, line and column.
        """
        return cls.assemble(texts(paths))

    @classmethod
    def parse(cls, text: str, name: str = "<rulebook>") -> Rulebook:
        """Read a rulebook of one document from text, as `load` does from a file."""
        return cls.assemble({name: text})

    @classmethod
    def assemble(cls, documents: Mapping[str, str]) -> Rulebook:
        """Read a rulebook from the texts of its documents by their names."""
        return cls._of([parse(text, name) for name, text in documents.items()], _usual())

    @classmethod
    def _of(cls, sources: Sequence[Source], levels: Mapping[Level, Handling]) -> Rulebook:
        written = [(source, read(source)) for source in sources]
        check(written, levels)
        _unique(written)
        lexicon = Lexicon.of(written)
        documents = [document for _, document in written]
        seconds = [item.approval_seconds for item in documents if item.approval_seconds]
        return cls(
            name=" + ".join(sorted({item.name for item in documents})),
            top=top([pair for pair in written if is_top(pair[1])], lexicon, levels),
            fences=tuple(fence(*pair, lexicon) for pair in written if not is_top(pair[1])),
            approval_seconds=min(seconds, default=APPROVAL_SECONDS),
            weights=weighed(written),
            revision=_revision(documents, levels),
        )

    @property
    def rules(self) -> tuple[IndexedRule, ...]:
        """Every rule of every layer."""
        return tuple(rule for chapter in (self.top, *self.fences) for rule in chapter.rules)

    @property
    def levels(self) -> Mapping[Level, Handling]:
        """What happens to each level when no rule says more."""
        return self.top.levels

    def policy_for(self, signature: Signature, classification: Classification) -> Policy:
        """Return what this rulebook says about one tool; ask once, when it is registered.

        Raises:
            RulebookError: If a rule about just this tool can't be right, as it declares itself.
        """
        near = (item for item in self.fences if named(item.sources, signature.source))
        found = [item.about(signature, classification) for item in (self.top, *near)]
        policy = self._policy(found, trial=False)
        if not any(item.tried for item in found):
            return policy
        return replace(policy, trial=self._policy(found, trial=True))

    def _policy(self, found: Sequence[About], *, trial: bool) -> Policy:
        top, *near = found
        fences = (item.fence(trial=trial) for item in near)
        return Policy(
            rules=top.chosen(trial=trial),
            handling=top.levels(trial=trial),
            revision=self.revision,
            approval_seconds=self.approval_seconds,
            weights=self.weights,
            needs_history=any(item.names(HISTORY) for item in found),
            needs_time=any(item.timed for item in found),
            fences=tuple(filter(None, fences)),
        )


@cache
def _usual() -> Mapping[Level, Handling]:
    return Rulebook.baseline().levels


def _unique(written: Iterable[Written]) -> None:
    seen: dict[str, tuple[str, int, int]] = {}
    for source, document in written:
        for at, rule in enumerate(document.rules):
            path = ("rules", at, "id")
            if rule.id in seen:
                file, line, _ = seen[rule.id]
                first = f"line {line}" if file == source.name else f"`{file}`, line {line}"
                message = f"the rule id `{rule.id}` is used twice, first in {first}"
                raise source.error(path, message, "give it another id")
            seen[rule.id] = source.place(path)


def _revision(documents: Iterable[Document], levels: Mapping[Level, Handling]) -> str:
    """Name the content: every document in one form, in an order of its own."""
    handled = {level.value: handling.value for level, handling in levels.items()}
    return f"rb-{digest([handled, sorted(map(_told, documents))])[:12]}"


def _told(document: Document) -> str:
    """Return a document without what says nothing, its rules and lists of names in order."""
    told = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for rule in (rules := told.get("rules", [])):
        for part in (rule.get("on", {}), rule):
            part.update({key: sorted(item) for key, item in part.items() if type(item) is list})
    rules.sort(key=lambda rule: rule["id"])
    if "for" in told:
        told["for"].sort()
    return canonical(told).decode()
