"""What was tried in the shadow, beside what was enforced: how often the two differ, and where."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lockgate.decide import Verdict
from lockgate.record import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockgate.record import Event

STRICTNESS: Final = (Verdict.ALLOW, Verdict.REQUIRE_APPROVAL, Verdict.BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One way in which the two verdicts differed.

    Attributes:
        verdict: What was decided.
        rule: By which rule.
        would: What would have been decided.
        would_rule: By which rule.
    """

    verdict: str
    rule: str
    would: str
    would_rule: str

    @property
    def looser(self) -> bool:
        """Whether the shadow would have let through more."""
        return STRICTNESS.index(Verdict(self.would)) < STRICTNESS.index(Verdict(self.verdict))


@dataclass(slots=True, kw_only=True)
class Trial:
    """What was tried under one revision in the shadow of another.

    Attributes:
        revision: What was enforced.
        shadow: What was tried; the same revision where only single rules were.
        decisions: How many decisions had both.
        looser: How many the shadow would have loosened.
        stricter: How many it would have tightened.
        differences: How often each difference came up, and the number of an event that shows it.
    """

    revision: str
    shadow: str
    decisions: int = 0
    looser: int = 0
    stricter: int = 0
    counts: Counter[Difference] = field(default_factory=Counter)
    examples: dict[Difference, int] = field(default_factory=dict)

    @property
    def same(self) -> int:
        """How many decisions would have been the same."""
        return self.decisions - self.looser - self.stricter

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, what came up most first."""
        differences = [
            {**asdict(item), "looser": item.looser, "count": count, "event": self.examples[item]}
            for item, count in self.counts.most_common()
        ]
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        return {"revision": self.revision, "shadow": self.shadow, **numbers} | {
            "differences": differences
        }


_NUMBERS: Final = ("decisions", "same", "looser", "stricter")


def trials(events: Iterable[Event]) -> list[Trial]:
    """Fold the decisions of a record that had something in the shadow, oldest first."""
    found: dict[tuple[str, str], Trial] = {}
    for event in events:
        decision = event.data["decision"] if event.kind is EventKind.DECIDED else {}
        shadow = decision.get("shadow")
        if shadow is None:
            continue
        key = decision["revision"], shadow["revision"]
        trial = found.setdefault(key, Trial(revision=key[0], shadow=key[1]))
        _count(trial, event.seq, decision, shadow)
    return list(found.values())


def _count(trial: Trial, seq: int, decision: dict[str, Any], shadow: dict[str, Any]) -> None:
    trial.decisions += 1
    if decision["verdict"] == shadow["verdict"]:
        return
    difference = Difference(
        verdict=decision["verdict"],
        rule=decision["rule"],
        would=shadow["verdict"],
        would_rule=shadow["rule"],
    )
    trial.looser += difference.looser
    trial.stricter += not difference.looser
    trial.counts[difference] += 1
    trial.examples.setdefault(difference, seq)
