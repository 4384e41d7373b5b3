"""What a judge says, and what it is asked.

A finding either grants or objects. A judge is a pure function from a `Question` to findings;
it sees no clock, no store and no other judge.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockgate.call import ToolCall
    from lockgate.classify import Profile


class Kind(StrEnum):
    """The four things a finding can say."""

    GRANT = "grant"
    GRANT_IF_APPROVED = "grant_if_approved"
    HOLD = "hold"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that one judge found.

    Attributes:
        kind: Grant or objection.
        judge: Which judge.
        rule: Id of the rule, level or check behind it.
        reason: Why, for people and for the model.
        tell: What the model may do instead.
        erred: Whether the judge failed; then `kind` is `FORBID`.
        within: The lower layer that it is from, if any; a grant from there counts only there.
        approvers: Who may answer for what it holds; nobody named means anybody.
        obligations: What the gate must also do if the call runs.
    """

    kind: Kind
    judge: str
    rule: str
    reason: str
    tell: str = ""
    erred: bool = False
    within: str = ""
    approvers: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form that is recorded; most findings are of no layer and name nobody."""
        told: dict[str, object] = {
            "kind": self.kind.value,
            "judge": self.judge,
            "rule": self.rule,
            "reason": self.reason,
            "tell": self.tell,
            "erred": self.erred,
            "obligations": list(self.obligations),
        }
        if self.within:
            told["within"] = self.within
        if self.approvers:
            told["approvers"] = list(self.approvers)
        return told


class Level(StrEnum):
    """How dangerous a call is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Factor:
    """One item of a risk score: its points (never negative) and why."""

    name: str
    points: int
    because: str


@dataclass(frozen=True, slots=True)
class Risk:
    """An itemised score.

    Attributes:
        score: Points from 0 to 100.
        level: The band the score falls into.
        factors: The items, in the order they were counted.
    """

    score: int
    level: Level
    factors: tuple[Factor, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form that is recorded."""
        factors = [
            {"name": item.name, "points": item.points, "because": item.because}
            for item in self.factors
        ]
        return {"score": self.score, "level": self.level.value, "factors": factors}


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A call of this conversation that was completed.

    Attributes:
        tool: The host's name of the tool.
        action: Its canonical action.
        arguments: As recorded.
        result: As recorded; JSON text is read into values.
    """

    tool: str
    action: str
    arguments: dict[str, Any]
    result: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The snapshot a decision is made on.

    Attributes:
        now: RFC 3339 time, one reading per decision.
        turns: What the user said in this conversation, oldest first.
        observed: What else reached it, with source, trust and text, oldest first.
        calls: The completed calls of this conversation, oldest first.
    """

    now: str = "1970-01-01T00:00:00Z"
    turns: tuple[str, ...] = ()
    observed: tuple[dict[str, Any], ...] = ()
    calls: tuple[PastCall, ...] = ()

    def digest(self) -> str:
        """Return the SHA-256 of everything that was known."""
        calls = [[item.tool, item.arguments, item.result] for item in self.calls]
        # Not RFC 8785: a tool may have answered with integers that I-JSON can't carry.
        told = orjson.dumps(
            [self.now, self.turns, self.observed, calls], option=orjson.OPT_SORT_KEYS
        )
        return hashlib.sha256(told).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything a judge may look at."""

    call: ToolCall
    profile: Profile
    risk: Risk
    facts: Facts = field(default_factory=Facts)


class Judge(Protocol):
    """A pure function from a question to findings."""

    name: str

    def judge(self, question: Question) -> Iterable[Finding]:
        """Return what was found; raising counts as an objection."""
        ...
