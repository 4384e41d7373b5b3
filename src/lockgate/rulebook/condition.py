"""Conditions: the `when` of a rule, in the Common Expression Language (CEL).

CEL is typed, always ends, and has three-valued logic for errors. The engine parses and
type-checks; what it understood is compiled to Python, and the engine itself evaluates
only what the compiler leaves to it. It is kept behind this file, and its traps are closed
here: an evaluation error comes back as a truthy string, so only a real boolean counts, and
everything else raises.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from lockgate.evaluate import ConditionError, Variables
from lockgate.rulebook.compile import (
    ANY,
    BUDGET,
    Checked,
    Exhausted,
    Literal,
    Unreadable,
    Vocabulary,
    evaluator,
    faults,
    read,
)
from lockgate.rulebook.macros import MACROS
from lockgate.rulebook.shapes import near

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXT, _INT, _ANY = cel.Type.STRING, cel.Type.INT, cel.Type.DYN
_ANYTHING: Final = cel.Type.Map(_TEXT, cel.Type.List(_ANY))

VARIABLES: Final = {
    "args": cel.Type.Map(_TEXT, _ANY),
    "tool": _TEXT,
    "source": _TEXT,
    "action": _TEXT,
    "effect": _TEXT,
    "environment": _TEXT,
    "agent": _TEXT,
    "person": _TEXT,
    "organisation": _TEXT,
    "score": _INT,
    "level": _TEXT,
    "reach": _INT,
    "unit": _TEXT,
    "amount": _ANY,
    "currency": _TEXT,
    "targets": cel.Type.List(_TEXT),
    "hazards": cel.Type.List(_TEXT),
    "now": cel.Type.TIMESTAMP,
    "said": cel.Type.List(_TEXT),
    "observed": cel.Type.List(_ANY),
    "calls": cel.Type.List(cel.Type.Map(_TEXT, _ANY)),
    "done": cel.Type.List(_TEXT),
    "seen": _ANYTHING,
    "did": _ANYTHING,
}
"""What a condition can name, with its type; `docs/rulebook.md` says what each means."""

HISTORY: Final = frozenset({"said", "observed", "calls", "done", "seen", "did"})
"""The variables that need the conversation to be looked up."""

MOMENTS: Final = frozenset({"now"})
"""The variables whose values are RFC 3339 text until a condition looks at them."""

_KINDS: Final = {"STRING": str, "INT": int, "LIST": list, "MAP": dict}
VOCABULARY: Final = Vocabulary(
    kinds={
        name: frozenset({_KINDS[word]})
        if (word := kind.name().partition("<")[0]) in _KINDS
        else ANY
        for name, kind in VARIABLES.items()
    },
    exact=frozenset({"args", "amount"}),
    rare=HISTORY,
    moments=MOMENTS,
)
"""The same, as the compiler is told."""

_PLACE: Final = re.compile(r"<input>:(\d+):(\d+): (.*?)(?: \(in container ''\))?\n", re.DOTALL)
_UNKNOWN: Final = re.compile(r"undeclared reference to '([\w.]+)'")
_LITERAL: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_WORD: Final = re.compile(r"(?<![.\w])[A-Za-z_]\w*")


_UNREAD: Final = Checked(Literal(0, None), {})


class ConditionSyntaxError(ValueError):
    """A condition that can't be compiled; `line` and `column` count from one within it."""

    def __init__(self, message: str, line: int, column: int, hint: str = "") -> None:
        """Say what is wrong and where."""
        super().__init__(message)
        self.line, self.column, self.hint = line, column, hint


@cache
def _environment() -> cel.Env:
    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional()]
    return cel.NewEnv(variables=VARIABLES, extensions=extensions)


class CelCondition:
    """A compiled condition.

    Attributes:
        text: What was written.
        names: The variables that it may name.
        history: Whether it looks at the conversation.
    """

    __slots__ = ("_checked", "_expression", "_run", "history", "names", "text")

    def __init__(self, text: str) -> None:
        """Compile and type-check `text`.

        Raises:
            ConditionSyntaxError: With the place inside the text.
        """
        self.text = text
        self.names = frozenset(_WORD.findall(_LITERAL.sub("''", text))).intersection(VARIABLES)
        self.history = not HISTORY.isdisjoint(self.names)
        self._expression = understood(text)
        kind = self._expression.return_type().name()
        if kind not in {"BOOL", "DYN"}:
            message = f"a condition must be true or false, not {kind}"
            raise ConditionSyntaxError(message, 1, 1, "compare it with something")
        self._checked: Checked | None = _UNREAD
        self._run: Callable[[Variables], bool] = self._compile
        if "matches" in text:
            for fault in self.faults(None):
                raise fault

    @property
    def checked(self) -> Checked | None:
        """What the engine understood, or nothing if that can't be read."""
        if self._checked is _UNREAD:
            try:
                self._checked = read(self._expression.serialize())
            except Unreadable:
                self._checked = None
        return self._checked

    def faults(self, parameters: object) -> tuple[ConditionSyntaxError, ...]:
        """Return what can't be right about calls of a tool, each with its place in the text.

        Args:
            parameters: The tool's JSON Schema; `None` if nothing is known of it.
        """
        if self.checked is None:
            return ()
        found = faults(self.checked, VOCABULARY.kinds, parameters)
        return tuple(
            ConditionSyntaxError(fault.message, *_line(self.text, fault.offset), fault.hint)
            for fault in found
        )

    def holds(self, variables: Variables) -> bool:
        """Say whether the condition is true.

        Raises:
            ConditionError: If it has no answer, for instance because a field is missing.
        """
        try:
            return self._run(variables)
        except ConditionError:
            raise
        except Exhausted:
            raise ConditionError(f"its loops take more than {BUDGET} steps") from None
        except Exception:  # noqa: BLE001 - INVARIANT: what compiled code can't decide, the engine does
            return self.ask(variables)

    def _compile(self, variables: Variables) -> bool:
        """Compile when the first call asks, then answer it."""
        try:
            self._run = evaluator(self.checked, VOCABULARY) if self.checked else self.ask
        except Exception:  # noqa: BLE001 - INVARIANT: what can't be compiled, the engine evaluates
            self._run = self.ask
        return self._run(variables)

    def ask(self, variables: Variables) -> bool:
        """Say whether the condition is true, as the engine sees it.

        Raises:
            ConditionError: If it has no answer.
        """
        try:
            if variables.prepared is None:
                variables.prepared = _environment().Activation(_typed(variables.complete()))
            answer = self._expression.eval(variables.prepared)
        except Exception as error:  # noqa: BLE001 - INVARIANT: whatever the engine raises, it is no answer
            raise ConditionError(_plain(str(error))) from None
        value = answer.value()
        if value is True or value is False:
            return value
        raise ConditionError(_plain(str(value)))


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, **{name: datetime.fromisoformat(values[name]) for name in MOMENTS}}


def _line(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of a place in a text, counted from one."""
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


def understood(text: str) -> cel.Expression:
    """Parse and type-check an expression of any type.

    Raises:
        ConditionSyntaxError: With the place inside the text.
    """
    try:
        return _environment().compile(text)
    except RuntimeError as error:
        raise _placed(str(error)) from None


def _placed(text: str) -> ConditionSyntaxError:
    found = _PLACE.search(text)
    if found is None:
        return ConditionSyntaxError(_plain(text), 1, 1, _SEE)
    line, column, message = int(found[1]), int(found[2]), found[3]
    return ConditionSyntaxError(message, line, column, _hint(message))


def _hint(message: str) -> str:
    for said, hint in _HINTS.items():
        if said in message:
            return hint
    unknown = _UNKNOWN.search(message)
    if unknown is None:
        return _SEE
    known = {*VARIABLES, *MACROS, *_FUNCTIONS}
    return near(unknown[1].split(".")[0], known, _SEE)


_SEE: Final = "`docs/rulebook.md` has what a condition can name, and examples"
_HINTS: Final = {
    "matching overload": "what is compared must be of one kind: text has quotes, numbers do not",
    "Syntax error": "look for a missing bracket or quote; `&&`, `||` and `!` join conditions",
    "recursion": "say less at once: use names, or several rules",
}
_FUNCTIONS: Final = ("size", "has", "matches", "timestamp", "duration", "string", "int", "double")


def _plain(text: str) -> str:
    """Drop the engine's own codes from a message."""
    return re.sub(r"^[A-Z_]+: ", "", text.split("\n", maxsplit=1)[0]).strip()
