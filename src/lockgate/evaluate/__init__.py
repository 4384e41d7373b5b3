"""What the judges find: call + profile + facts → findings.

Pure: no clock, no input, no output. Judges are independent of one another, and one
that fails objects instead of falling silent. To add a judge, read the README beside
this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockgate.evaluate.bounds import ANYWHERE, Bounds, Names, Share
from lockgate.evaluate.finding import (
    Factor,
    Facts,
    Finding,
    Judge,
    Kind,
    Level,
    PastCall,
    Question,
    Risk,
)
from lockgate.evaluate.policy import (
    LOG_IN_FULL,
    Condition,
    ConditionError,
    Fence,
    Handling,
    Policy,
    PolicyJudge,
    Rule,
    Rules,
    RulesInTurn,
    Then,
    unanswered,
)
from lockgate.evaluate.review import ReviewJudge
from lockgate.evaluate.risk import RiskJudge, assess
from lockgate.evaluate.variables import Variables
from lockgate.evaluate.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ANYWHERE",
    "LOG_IN_FULL",
    "Bounds",
    "Condition",
    "ConditionError",
    "Factor",
    "Facts",
    "Fence",
    "Finding",
    "Handling",
    "Judge",
    "Kind",
    "Level",
    "Names",
    "PastCall",
    "Policy",
    "PolicyJudge",
    "Question",
    "ReviewJudge",
    "Risk",
    "RiskJudge",
    "Rule",
    "Rules",
    "RulesInTurn",
    "Share",
    "Then",
    "Variables",
    "Weights",
    "assess",
    "evaluate",
    "unanswered",
]


def evaluate(question: Question, judges: Iterable[Judge]) -> tuple[Finding, ...]:
    """Ask every judge; one that raises objects by name."""
    if question.call.arguments.flaw:
        return (_unreadable(question),)
    found: list[Finding] = []
    for judge in judges:
        found.extend(_ask(judge, question))
    return tuple(found)


def _ask(judge: Judge, question: Question) -> list[Finding]:
    try:
        return list(judge.judge(question))
    except Exception as error:  # noqa: BLE001 - INVARIANT: a judge that fails objects
        reason = f"the {judge.name} judge failed: {error}"
        return [
            Finding(kind=Kind.FORBID, judge=judge.name, rule=judge.name, reason=reason, erred=True)
        ]


def _unreadable(question: Question) -> Finding:
    return Finding(
        kind=Kind.FORBID,
        judge="arguments",
        rule="arguments",
        reason=f"the arguments can't be judged: {question.call.arguments.flaw}",
        tell="Send plain JSON values.",
    )
