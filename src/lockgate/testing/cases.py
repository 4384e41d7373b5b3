"""Cases beside a rulebook: a call, what is known, and what must be decided.

The file names no language and no framework: `lockgate test` runs it, and so can anything else that
judges. A case is judged as the gate would judge it, with nothing executed and nothing recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, ValidationError

from lockgate.call import Principal, ToolCall
from lockgate.classify import Signature, classify, read
from lockgate.decide import Decision, Verdict, decide
from lockgate.errors import LockgateError, RulebookError, describe
from lockgate.evaluate import Facts, Level, PastCall
from lockgate.rulebook import Rulebook
from lockgate.rulebook.faults import first_fault
from lockgate.rulebook.shapes import Strict
from lockgate.rulebook.source import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lockgate.rulebook.source import Source

ENDING: Final = ".cases.yaml"
"""How the name of a file of cases ends; a rulebook's folder may hold both."""


class ToolText(Strict):
    """What is known of a tool, beside its name.

    Attributes:
        action: The canonical action its author declares.
        description: For the model.
        parameters: JSON Schema of each parameter, by name; those of the call where nothing is said.
        source: Where the tool comes from.
        annotations: Hints by their MCP names.
        trusted: Whether hints that make it look safer are believed.
        method: HTTP verb, where it is one operation of a service.
        path: HTTP path likewise.
    """

    action: str | None = None
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    source: str = "function"
    annotations: dict[str, bool] = Field(default_factory=dict)
    trusted: bool = False
    method: str = ""
    path: str = ""


class PastText(Strict):
    """A call of the same conversation that was completed."""

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    result: Any = None
    action: str = ""


class FactsText(Strict):
    """What is known when the call is judged.

    Attributes:
        environment: Where it acts.
        agent: Who acts.
        person: On whose behalf.
        organisation: In which organisation.
        said: What the user said, oldest first.
        observed: What else reached the conversation, oldest first.
        calls: What was completed before, oldest first.
        now: RFC 3339 time in UTC.
    """

    environment: str = "production"
    agent: str = "agent"
    person: str | None = None
    organisation: str | None = None
    said: list[str] = Field(default_factory=list)
    observed: list[dict[str, Any]] = Field(default_factory=list)
    calls: list[PastText] = Field(default_factory=list)
    now: str = "2026-01-01T00:00:00.000000Z"


class Expected(Strict):
    """What must be decided; what is not given may be anything.

    Attributes:
        verdict: The answer.
        rule: A rule, level or check that must be among those that determine it.
        level: How dangerous the call is.
        action: What the call is taken for.
    """

    verdict: Verdict
    rule: str | None = None
    level: Level | None = None
    action: str | None = None


class CaseText(Strict):
    """One case.

    Attributes:
        name: What it shows, unique in its file.
        tool: The tool that is called.
        arguments: Its arguments.
        facts: What is known, over what the file says for all.
        expect: What must be decided.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    tool: Annotated[str, Field(min_length=1)]
    arguments: dict[str, Any] = Field(default_factory=dict)
    facts: FactsText = Field(default_factory=FactsText)
    expect: Expected


class CasesText(Strict):
    """A file of cases.

    Attributes:
        lockgate: Version of the format.
        rulebook: The rulebook's files, relative to this one, and packs such as `pack:payments`;
            the baseline if there is none.
        tools: The tools that are not told apart by their names alone.
        facts: What is known in every case, unless the case says otherwise.
        cases: The cases.
    """

    lockgate: Annotated[int, Field(ge=1, le=1)] = 1
    rulebook: list[str] = Field(default_factory=list)
    tools: dict[str, ToolText] = Field(default_factory=dict)
    facts: FactsText = Field(default_factory=FactsText)
    cases: Annotated[list[CaseText], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one case.

    Attributes:
        file: The file it stands in.
        line: Where.
        name: What it shows.
        decision: What was decided; nothing where it could not be judged.
        faults: How that differs from what was expected, each a sentence.
    """

    file: str
    line: int
    name: str
    decision: Decision | None
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether what was expected was decided."""
        return not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which rules the cases reached.

    Attributes:
        applied: Rules that took part in a decision.
        unreached: Rules that never did.
        verdicts: Which answers were given.
    """

    applied: frozenset[str]
    unreached: tuple[str, ...]
    verdicts: frozenset[Verdict]


@dataclass(frozen=True, slots=True)
class Cases:
    """A file of cases with the rulebook they are about."""

    source: Source
    text: CasesText
    book: Rulebook

    @classmethod
    def load(cls, path: Path, rulebook: Sequence[str | Path] = ()) -> Cases:
        """Read a file of cases.

        Args:
            path: The file.
            rulebook: The rulebook's files, instead of those that the file names.

        Raises:
            RulebookError: With the place, in the cases or in the rulebook.
        """
        try:
            source = parse(path.read_text("utf-8"), str(path))
        except (OSError, UnicodeError) as error:
            raise RulebookError(f"can't be read: {error}", file=str(path)) from None
        try:
            text = CasesText.model_validate(source.value)
        except ValidationError as error:
            raise first_fault(source, error.errors(), CasesText) from None
        _unique(source, text)
        files = list(rulebook) or [_beside(path, name) for name in text.rulebook]
        return cls(source, text, Rulebook.load(*files) if files else Rulebook.baseline())

    def run(self) -> list[Result]:
        """Judge every case."""
        return [self._result(at, case) for at, case in enumerate(self.text.cases)]

    def _result(self, at: int, case: CaseText) -> Result:
        line, _ = self.source.places["cases", at]
        decision, action, faults = None, "", []
        try:
            decision, action = self._judged(case)
        except LockgateError as error:
            faults.append(f"it can't be judged: {describe(error)}")
        if decision is not None:
            faults.extend(_differences(case.expect, decision, action))
        return Result(
            file=self.source.name,
            line=line,
            name=case.name,
            decision=decision,
            faults=tuple(faults),
        )

    def _judged(self, case: CaseText) -> tuple[Decision, str]:
        """Judge one case as the gate would, and say what the call was taken for."""
        signature = _signature(case, self.text.tools.get(case.tool, ToolText()))
        told = (self.text.facts, case.facts)
        known = [item.model_dump(exclude_unset=True) for item in told]
        facts = FactsText.model_validate(known[0] | known[1])
        classification = classify(signature)
        call = _call(case, signature, facts)
        profile = read(classification, call.arguments.view)
        policy = self.book.policy_for(signature, classification)
        return decide(call, profile, _facts(facts), policy), profile.action.id


def _beside(path: Path, name: str) -> str | Path:
    return name if name.startswith("pack:") else path.parent / name


def _unique(source: Source, text: CasesText) -> None:
    seen: set[str] = set()
    for at, case in enumerate(text.cases):
        if case.name in seen:
            message = f"the case `{case.name}` is there twice"
            raise source.error(("cases", at, "name"), message, "give it another name")
        seen.add(case.name)


def _signature(case: CaseText, tool: ToolText) -> Signature:
    properties = tool.parameters or {name: {} for name in case.arguments}
    return Signature(
        name=case.tool,
        description=tool.description,
        parameters={"type": "object", "properties": properties},
        source=tool.source,
        action=tool.action,
        annotations=tool.annotations,
        trusted=tool.trusted,
        method=tool.method,
        path=tool.path,
    )


def _call(case: CaseText, signature: Signature, facts: FactsText) -> ToolCall:
    who = Principal(agent=facts.agent, person=facts.person, organisation=facts.organisation)
    return ToolCall.propose(
        case.tool,
        case.arguments,
        source=signature.source,
        principal=who,
        environment=facts.environment,
        thread="case",
        run="case",
        id="case",
    )


def _facts(told: FactsText) -> Facts:
    calls = tuple(
        PastCall(
            tool=item.tool,
            action=item.action or classify(Signature(name=item.tool)).action.id,
            arguments=item.arguments,
            result=item.result,
        )
        for item in told.calls
    )
    return Facts(now=told.now, turns=tuple(told.said), observed=tuple(told.observed), calls=calls)


def _differences(expected: Expected, decision: Decision, action: str) -> Iterable[str]:
    """Say how a decision differs from what was expected."""
    determining = [finding.rule for finding in decision.determining]
    if decision.verdict is not expected.verdict:
        yield f"expected {expected.verdict.value}, not {decision.verdict.value}: {decision.reason}"
    if expected.rule is not None and expected.rule not in determining:
        yield f"expected the rule `{expected.rule}`, not `{'`, `'.join(determining)}`"
    if expected.level is not None and decision.risk.level is not expected.level:
        score = f"{decision.risk.level.value} ({decision.risk.score})"
        yield f"expected the level {expected.level.value}, not {score}"
    if expected.action is not None and action != expected.action:
        yield f"expected the action `{expected.action}`, not `{action}`"


def coverage(book: Rulebook, results: Iterable[Result]) -> Coverage:
    """Say which rules of a rulebook the cases reached."""
    decisions = [item.decision for item in results if item.decision is not None]
    found = frozenset(finding.rule for item in decisions for finding in item.findings)
    rules = [item.rule.id for item in book.rules]
    return Coverage(
        applied=found.intersection(rules),
        unreached=tuple(rule for rule in rules if rule not in found),
        verdicts=frozenset(item.verdict for item in decisions),
    )
