"""What conditions can name, looked up when the first condition asks for it.

`rulebook.condition.VARIABLES` has the types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockgate.evaluate.finding import Question


class Variables(dict[str, Any]):
    """The values of variables for one question.

    Attributes:
        question: What is asked.
        prepared: All of them in the engine's own form, made by the first condition it evaluates.
    """

    __slots__ = ("prepared", "question")

    def __init__(self, question: Question) -> None:
        """Know nothing yet but the question."""
        super().__init__()
        self.question = question
        self.prepared: Any = None

    def __missing__(self, name: str) -> Any:
        """Look a variable up."""
        value = self[name] = _LOOKED_UP[name](self.question)
        return value

    def complete(self) -> dict[str, Any]:
        """Return all of them."""
        return {name: self[name] for name in _LOOKED_UP}


def _reach(question: Question) -> int:
    reach = question.profile.reach
    return -1 if reach is None else reach


def _amount(question: Question) -> float | None:
    amount = question.profile.amount
    return None if amount is None else float(amount)


def _calls(question: Question) -> list[dict[str, Any]]:
    return [
        {"tool": item.tool, "action": item.action, "args": item.arguments, "result": item.result}
        for item in reversed(question.facts.calls)
    ]


def _latest_results(question: Question) -> dict[str, list[Any]]:
    seen: dict[str, list[Any]] = {}
    for call in reversed(question.facts.calls):
        seen.setdefault(call.tool, []).append(call.result)
    return seen


def _latest_arguments(question: Question) -> dict[str, list[Any]]:
    did: dict[str, list[Any]] = {}
    for call in reversed(question.facts.calls):
        did.setdefault(call.tool, []).append(call.arguments)
    return did


_LOOKED_UP: Final[dict[str, Callable[[Question], Any]]] = {
    "args": lambda question: question.call.arguments.view,
    "tool": lambda question: question.call.tool,
    "source": lambda question: question.call.source,
    "action": lambda question: question.profile.action.id,
    "effect": lambda question: question.profile.action.effect.value,
    "environment": lambda question: question.call.environment,
    "agent": lambda question: question.call.principal.agent,
    "person": lambda question: question.call.principal.person or "",
    "organisation": lambda question: question.call.principal.organisation or "",
    "score": lambda question: question.risk.score,
    "level": lambda question: question.risk.level.value,
    "reach": _reach,
    "unit": lambda question: question.profile.unit,
    "amount": _amount,
    "currency": lambda question: question.profile.currency,
    "targets": lambda question: list(question.profile.targets),
    "hazards": lambda question: list(question.profile.hazards),
    "now": lambda question: question.facts.now,
    "said": lambda question: list(question.facts.turns),
    "observed": lambda question: list(question.facts.observed),
    "calls": _calls,
    "done": lambda question: [item.tool for item in question.facts.calls],
    "seen": _latest_results,
    "did": _latest_arguments,
}
