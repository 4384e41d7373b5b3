"""The judge of rules: the only one that may grant.

It is given the rules that could match the tool (the rulebook's index found them) and
the handling of each level. A condition that can't be evaluated objects; it never vanishes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from lockgate.classify import Effect
from lockgate.evaluate.finding import Finding, Kind, Level
from lockgate.evaluate.variables import Variables
from lockgate.evaluate.weights import DEFAULT, Weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lockgate.classify import Action
    from lockgate.evaluate.bounds import Bounds
    from lockgate.evaluate.finding import Question

JUDGE: Final = "policy"
LOG_IN_FULL: Final = "log_in_full"
"""The obligation to record the facts and the whole result, or not to run."""


class ConditionError(Exception):
    """A condition has no answer for this call."""


class Condition(Protocol):
    """A compiled `when`.

    Attributes:
        text: As it was written.
    """

    text: str

    def holds(self, variables: Variables) -> bool:
        """Say whether it is true.

        Raises:
            ConditionError: If it has no answer.
        """
        ...


class Then(StrEnum):
    """What a rule does when it applies."""

    ALLOW = "allow"
    REQUIRE_APPROVAL = "require_approval"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One compiled rule.

    Attributes:
        id: Its name.
        then: What it does.
        reason: Why, for people and for the model.
        tell: What the model may do instead.
        levels: The levels it speaks about; empty for all.
        bounds: What else must be true of the call, if anything.
        condition: Its `when`, if any.
        findings: What it finds when it applies, built once.
    """

    id: str
    then: Then
    reason: str
    tell: str = ""
    levels: frozenset[Level] = frozenset()
    bounds: Bounds | None = None
    condition: Condition | None = None
    findings: tuple[Finding, ...] = ()

    @classmethod
    def build(  # noqa: PLR0913 - the parts of a finding
        cls,
        *,
        id: str,  # noqa: A002 - the field's own word
        then: Then,
        reason: str,
        tell: str = "",
        within: str = "",
        approvers: tuple[str, ...] = (),
        obligations: tuple[str, ...] = (),
        **rest: Any,
    ) -> Rule:
        """Make a rule and the findings it leads to; `rest` is what `Rule` takes besides.

        Args:
            id: Its name.
            then: What it does.
            reason: Why.
            tell: What the model may do instead.
            within: The fence it belongs to, if any.
            approvers: Who may answer for what it holds; nobody named means anybody.
            obligations: What the gate must also do if the call runs.
            **rest: What `Rule` takes besides.
        """
        found = tuple(
            Finding(
                kind=kind,
                judge=JUDGE,
                rule=id,
                reason=reason,
                tell=tell,
                within=within,
                approvers=approvers,
                obligations=obligations,
            )
            for kind in _KINDS[then]
        )
        return cls(id=id, then=then, reason=reason, tell=tell, findings=found, **rest)

    @property
    def everywhere(self) -> bool:
        """Whether it speaks about every call of its tool."""
        return not self.levels and self.bounds is None

    def speaks(self, question: Question) -> bool:
        """Say whether it speaks about this call; its condition is another matter."""
        if self.levels and question.risk.level not in self.levels:
            return False
        return self.bounds is None or self.bounds.cover(question)


_KINDS: Final = {
    Then.ALLOW: (Kind.GRANT,),
    Then.REQUIRE_APPROVAL: (Kind.HOLD, Kind.GRANT_IF_APPROVED),
    Then.BLOCK: (Kind.FORBID,),
}


class Rules(Protocol):
    """Rules that are asked together."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in the order in which they are heard."""
        ...

    def found(self, question: Question) -> Sequence[Finding]:
        """Return what every rule that applies finds, in the order of the rules.

        A condition that has no answer objects; it never vanishes.
        """
        ...


@dataclass(frozen=True, slots=True)
class RulesInTurn:
    """Rules that are asked one after another: what any faster way must find too."""

    rules: tuple[Rule, ...]

    def found(self, question: Question) -> list[Finding]:
        """Return what every rule that applies finds, in the order of the rules."""
        variables = Variables(question)
        found: list[Finding] = []
        for rule in self.rules:
            if rule.speaks(question):
                found.extend(_heard(rule, variables))
        return found


def _heard(rule: Rule, variables: Variables) -> Sequence[Finding]:
    try:
        applies = rule.condition is None or rule.condition.holds(variables)
    except ConditionError as error:
        return (unanswered(rule, error),)
    return rule.findings if applies else ()


def unanswered(rule: Rule, error: ConditionError) -> Finding:
    """Return what is found where a condition has no answer."""
    return Finding(
        kind=Kind.FORBID,
        judge=JUDGE,
        rule=rule.id,
        reason=f"rule `{rule.id}` could not be judged: {error}",
        tell=rule.tell,
        erred=True,
    )


class Handling(StrEnum):
    """What happens to a level when no rule says more."""

    ALLOW = "allow"
    LOG = "log"
    REQUIRE_APPROVAL = "require_approval"
    BLOCK = "block"
    BY_RULE_ONLY = "by_rule_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What a lower layer of the rulebook says about one tool: it decides for itself.

    Its objections count like any other. What it grants lifts only what itself would hold or
    forbid: no finding of a fence ever grants a call, so that a fence can only tighten.

    Attributes:
        name: What it is called, such as `agent support`.
        bounds: Which calls it is about.
        rules: For each action that a call of the tool may turn out to be, the rules that could
            match it.
        handling: What happens to each level; one that is not named is left to the layers above.
        unsaid: What becomes of such a level here.
    """

    name: str
    bounds: Bounds
    rules: Mapping[str, Rules]
    handling: Mapping[Level, Handling]
    unsaid: ClassVar = Handling.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the rulebook says about one tool.

    Attributes:
        rules: For each action that a call of the tool may turn out to be, the rules that could
            match it.
        handling: What happens to each level.
        revision: Which rulebook this is.
        approval_seconds: How long an approval request can be answered and used.
        needs_history: Whether a rule looks at the conversation.
        weights: What a call's risk is made of.
        needs_time: Whether a rule looks at the clock.
        fences: What the lower layers say.
        trial: The policy as it would be if everything in shadow were enforced, if anything is.
        unsaid: What becomes of a level that `handling` does not name.
    """

    rules: Mapping[str, Rules]
    handling: Mapping[Level, Handling]
    revision: str
    approval_seconds: int = 86_400
    needs_history: bool = False
    weights: Weights = DEFAULT
    needs_time: bool = False
    fences: tuple[Fence, ...] = ()
    trial: Policy | None = None

    def beside(self, other: Policy) -> Policy:
        """Return this policy with `other` tried beside it, as it would be if it were in force."""
        return replace(
            self,
            trial=replace(other, trial=None),
            needs_history=self.needs_history or other.needs_history,
            needs_time=self.needs_time or other.needs_time,
        )

    unsaid: ClassVar = Handling.BLOCK


class PolicyJudge:
    """Judges by the rules and the handling of levels."""

    name = JUDGE

    def __init__(self, policy: Policy) -> None:
        """Judge by `policy`."""
        self._policy = policy

    def judge(self, question: Question) -> list[Finding]:
        """Return what every applicable rule finds, then what the level leads to."""
        policy = self._policy
        found = [
            *_by_rules(policy, policy.weights, question),
            *_by_level(policy.handling, question),
        ]
        for fence in policy.fences:
            if fence.bounds.cover(question):
                found += _by_fence(fence, policy.weights, question)
        return found


def _by_rules(said: Policy | Fence, weights: Weights, question: Question) -> Sequence[Finding]:
    """Find for everything that the call does.

    INVARIANT: what objects to a part objects to the whole; what grants a part does not grant the
    whole, unless every part is granted, by a rule or as a look that its level would let through.
    """
    profile = question.profile
    if not profile.also:
        return said.rules[profile.action.id].found(question)
    parts = {
        action: said.rules[action.id].found(question) for action in (profile.action, *profile.also)
    }
    asked = [found for action, found in parts.items() if not _lets_look(said, weights, action)]
    kept = {
        Kind.GRANT: all(any(item.kind is Kind.GRANT for item in found) for found in asked),
        Kind.GRANT_IF_APPROVED: all(any(item.kind in _GRANTS for item in found) for found in asked),
    }
    every = dict.fromkeys(item for found in parts.values() for item in found)
    return [item for item in every if kept.get(item.kind, True)]


_GRANTS: Final = frozenset({Kind.GRANT, Kind.GRANT_IF_APPROVED})


def _lets_look(said: Policy | Fence, weights: Weights, action: Action) -> bool:
    """Say whether this is a look that the level alone lets through."""
    how = said.handling.get(weights.level(action.base_risk), said.unsaid)
    return action.effect is Effect.READ and how in {Handling.ALLOW, Handling.LOG}


_BY_LEVEL: Final = {
    Handling.ALLOW: (Kind.GRANT, "is allowed"),
    Handling.LOG: (Kind.GRANT, "is allowed with extra logging"),
    Handling.REQUIRE_APPROVAL: (Kind.GRANT_IF_APPROVED, "needs a person's approval"),
    Handling.BLOCK: (Kind.FORBID, "is not allowed"),
}


def _by_level(handling: Mapping[Level, Handling], question: Question) -> Sequence[Finding]:
    risk = question.risk
    how = handling.get(risk.level, Policy.unsaid)
    if how is Handling.BY_RULE_ONLY:
        return ()
    return (_handled(how, risk.level, question.profile.action.id, risk.score),)


@lru_cache(maxsize=4096)
def _handled(how: Handling, level: Level, action: str, score: int) -> Finding:
    kind, said = _BY_LEVEL[how]
    return Finding(
        kind=kind,
        judge=JUDGE,
        rule=f"level-{level.value}",
        reason=f"`{action}` at {level.value} risk ({score}) {said}",
        obligations=(LOG_IN_FULL,) if how is Handling.LOG else (),
    )


def _by_fence(fence: Fence, weights: Weights, question: Question) -> Sequence[Finding]:
    found = _by_rules(fence, weights, question)
    how = fence.handling.get(question.risk.level)
    said = _FENCED.get(how) if how else None
    if said is None or (how in _LIFTED and _LIFTED[how] & {item.kind for item in found}):
        return found
    kind, told = said
    action, level = question.profile.action.id, question.risk.level.value
    finding = Finding(
        kind=kind,
        judge=JUDGE,
        rule=f"level-{level}",
        reason=f"`{action}` at {level} risk {told} in the layer `{fence.name}`",
        within=fence.name,
        obligations=(LOG_IN_FULL,) if how is Handling.LOG else (),
    )
    return [*found, finding]


_FENCED: Final = {
    Handling.LOG: (Kind.GRANT, "is allowed with extra logging"),
    Handling.REQUIRE_APPROVAL: (Kind.HOLD, "needs a person's approval"),
    Handling.BY_RULE_ONLY: (Kind.FORBID, "is granted by no rule"),
    Handling.BLOCK: (Kind.FORBID, "is not allowed"),
}
_LIFTED: Final = {
    Handling.REQUIRE_APPROVAL: frozenset({Kind.GRANT}),
    Handling.BY_RULE_ONLY: _GRANTS,
}
"""What must be found by a rule of the same fence for a level of it to be silent."""
