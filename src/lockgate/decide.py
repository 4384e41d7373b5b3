"""What follows: findings → `Decision`.

Rule 1: everything that combines findings lives here and nowhere else.

The order of precedence, and the whole of it::

    any forbid (a judge that failed counts as one)   → BLOCK
    no grant of either kind                          → BLOCK (default deny)
    any hold, or only grants-if-approved             → REQUIRE_APPROVAL
    otherwise                                        → ALLOW

An approval lifts a hold and makes a grant-if-approved a grant; it never lifts a forbid.
A grant from within a lower layer of the rulebook grants nothing here: layers only tighten.
Compare XACML 3.0 appendix C.2 (deny-overrides) and Cedar's forbid-trumps-permit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from lockgate.evaluate import (
    Facts,
    Finding,
    Kind,
    Policy,
    PolicyJudge,
    Question,
    ReviewJudge,
    Risk,
    RiskJudge,
    assess,
    evaluate,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lockgate.call import ToolCall
    from lockgate.classify import Profile


class Verdict(StrEnum):
    """The three answers."""

    ALLOW = "ALLOW"
    REQUIRE_APPROVAL = "REQUIRE_APPROVAL"
    BLOCK = "BLOCK"


NOTHING_GRANTS: Final = Finding(
    kind=Kind.FORBID,
    judge="decide",
    rule="default-deny",
    reason="no rule grants this call",
)
RISK: Final = RiskJudge()
REVIEW: Final = ReviewJudge()


def combine(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict that follows from a bag of findings."""
    kinds = [_says(finding) for finding in findings]
    if Kind.FORBID in kinds or not _granted(kinds):
        return Verdict.BLOCK
    if Kind.HOLD in kinds or Kind.GRANT not in kinds:
        return Verdict.REQUIRE_APPROVAL
    return Verdict.ALLOW


def _granted(kinds: Sequence[Kind | None]) -> bool:
    return Kind.GRANT in kinds or Kind.GRANT_IF_APPROVED in kinds


def _says(finding: Finding) -> Kind | None:
    """Return what a finding counts as: a judge that failed objects, a lower layer never grants."""
    if finding.erred:
        return Kind.FORBID
    return None if finding.within and _granted([finding.kind]) else finding.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer with everything it rests on.

    Attributes:
        verdict: The answer.
        findings: Every finding, whatever it said.
        risk: The itemised score.
        revision: The rulebook that was in force.
        facts_digest: SHA-256 of the facts that were known, empty when none were needed.
        fingerprint: The call this decision is about.
        now: RFC 3339 time that rules looked at, empty when none did.
        shadow: What would have been decided if everything in shadow were enforced, if anything is.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    risk: Risk
    revision: str
    facts_digest: str
    fingerprint: str
    now: str = ""
    shadow: Decision | None = None

    @property
    def determining(self) -> tuple[Finding, ...]:
        """The findings without which the verdict would be another."""
        for kind in _DETERMINING[self.verdict]:
            found = tuple([item for item in self.findings if _says(item) is kind])
            if found:
                return found
        return (NOTHING_GRANTS,)

    @property
    def erring(self) -> tuple[Finding, ...]:
        """The findings of judges that failed."""
        return tuple(item for item in self.findings if item.erred)

    @property
    def outvoted(self) -> tuple[Finding, ...]:
        """The findings that did not determine the verdict."""
        return tuple(item for item in self.findings if item not in self.determining)

    @property
    def obligations(self) -> tuple[str, ...]:
        """What the gate must also do if the call runs, from every finding that lets it run."""
        due = [item.obligations for item in self.findings if _says(item) is not Kind.FORBID]
        return tuple(dict.fromkeys(name for names in due for name in names))

    @property
    def approvers(self) -> tuple[tuple[str, ...], ...]:
        """Who may answer: somebody of each of these groups; no group means anybody."""
        named = (item.approvers for item in self.findings if _says(item) is Kind.HOLD)
        return tuple(dict.fromkeys(names for names in named if names))

    @property
    def rule(self) -> str:
        """Id of the first determining rule."""
        return self.determining[0].rule

    @property
    def reason(self) -> str:
        """Why, in one line."""
        return self.determining[0].reason

    @property
    def tell(self) -> str:
        """What the model may do instead."""
        return _first_tell(self.determining)

    def lines(self) -> list[str]:
        """Return the explanation for people, a line each."""
        found = [f"  {item.kind.value}: {item.rule}: {item.reason}" for item in self.findings]
        items = ", ".join(f"{factor.because} (+{factor.points})" for factor in self.risk.factors)
        risk = f"  risk {self.risk.score} ({self.risk.level.value}): {items or 'nothing'}"
        lines = [*found, risk, f"  rulebook {self.revision}"]
        if self.shadow is not None:
            lines.append(f"  in shadow: {self.shadow.verdict.value} {self.shadow.rule}")
        return lines

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form that is recorded."""
        determining = self.determining
        told: dict[str, object] = {
            "verdict": self.verdict.value,
            "rule": determining[0].rule,
            "reason": determining[0].reason,
            "tell": _first_tell(determining),
            "findings": [item.to_dict() for item in self.findings],
            "risk": self.risk.to_dict(),
            "obligations": list(self.obligations),
            "revision": self.revision,
            "facts_digest": self.facts_digest,
            "fingerprint": self.fingerprint,
        }
        if self.now:
            told["now"] = self.now
        if self.shadow is not None:
            told["shadow"] = self.shadow.to_dict()
        return told


def _first_tell(findings: tuple[Finding, ...]) -> str:
    return next((item.tell for item in findings if item.tell), "")


_DETERMINING: Final = {
    Verdict.BLOCK: (Kind.FORBID,),
    Verdict.REQUIRE_APPROVAL: (Kind.HOLD, Kind.GRANT_IF_APPROVED),
    Verdict.ALLOW: (Kind.GRANT,),
}


def decide(call: ToolCall, profile: Profile, facts: Facts, policy: Policy) -> Decision:
    """Judge one call: a pure function of its four arguments."""
    risk = assess(profile, call.environment, policy.weights)
    question = Question(call=call, profile=profile, risk=risk, facts=facts)
    judges = (RISK, REVIEW) if profile.classification.doubt else (RISK,)
    findings = evaluate(question, (*judges, PolicyJudge(policy)))
    return Decision(
        verdict=combine(findings),
        findings=findings,
        risk=risk,
        revision=policy.revision,
        facts_digest=facts.digest() if policy.needs_history else "",
        fingerprint=call.fingerprint,
        now=facts.now if policy.needs_time else "",
        shadow=None if policy.trial is None else decide(call, profile, facts, policy.trial),
    )
