"""The rules of one tool and one action, as one function.

It reads each argument once, evaluates the conditions of the rules that stand alone, and
looks up in the files which of the others the call concerns. What is found, and in which
order, is what asking each rule in turn finds (`evaluate.RulesInTurn`).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from lockgate.evaluate import ConditionError, Variables, unanswered
from lockgate.rulebook.compile import (
    NAMESPACE,
    Checked,
    Declined,
    Emitter,
    Writer,
)
from lockgate.rulebook.condition import VOCABULARY, CelCondition
from lockgate.rulebook.filing import filed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lockgate.evaluate import Condition, Finding, Question, Rule
    from lockgate.rulebook.compile import Part
    from lockgate.rulebook.filing import File

_NAMES: Final = {**NAMESPACE, "Exception": Exception}


class RuleSet:
    """Rules that are asked together.

    Attributes:
        rules: The rules, in the order in which they are heard.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        """File and compile `rules`."""
        self.rules = tuple(rules)
        self._files = filed(self.rules)
        elsewhere = {at for file in self._files for at in file.index.rules}
        alone = [at for at in range(len(self.rules)) if at not in elsewhere]
        self._run = _compiled(self.rules, alone, self._files)

    def found(self, question: Question) -> list[Finding]:
        """Return what every rule that applies finds, in the order of the rules."""
        if not self.rules:
            return []
        hearing = Hearing(self.rules, question)
        self._run(hearing)
        if self._files:
            hearing.said.sort()
        findings: list[Finding] = []
        for at in hearing.said:
            findings += hearing.errors.get(at) or self.rules[at].findings
        return findings


class Hearing:
    """One question put to a rule set.

    Attributes:
        variables: What conditions can name.
        said: The places of the rules that apply, or have no answer.
        errors: What is found where a rule has no answer, by its place.
    """

    __slots__ = ("_rules", "errors", "said", "variables")

    def __init__(self, rules: Sequence[Rule], question: Question) -> None:
        """Put `question` to `rules`."""
        self._rules = rules
        self.variables = Variables(question)
        self.said: list[int] = []
        self.errors: dict[int, Sequence[Finding]] = {}

    def consult(self, file: File, value: Any) -> None:
        """Hear the rules of a file that `value` concerns."""
        known = type(value) in file.kinds
        near = file.index.near(value) if known else file.index.rules
        if known and file.whole:
            self.said.extend(near)
            return
        for at in near:
            self.ask(at)

    def ask(self, at: int) -> None:
        """Hear one rule on its own."""
        rule = self._rules[at]
        if rule.speaks(self.variables.question):
            try:
                if rule.condition is None or rule.condition.holds(self.variables):
                    self.said.append(at)
            except ConditionError as error:
                self._object(at, error)

    def settle(self, at: int, raised: Exception) -> None:
        """Hear a rule whose compiled condition raised something: an error, or that it can't say."""
        if isinstance(raised, ConditionError):
            self._object(at, raised)
        else:  # the condition itself knows what to do, and asks the engine
            self.ask(at)

    def _object(self, at: int, error: ConditionError) -> None:
        self.errors[at] = (unanswered(self._rules[at], error),)
        self.said.append(at)


def _compiled(
    rules: Sequence[Rule], alone: Sequence[int], files: Sequence[File]
) -> Callable[[Hearing], None]:
    try:
        return _written(rules, alone, files, inline=True).function("hear", "hearing")
    except SyntaxError:  # some condition is nested too deeply for Python
        return _written(rules, alone, files, inline=False).function("hear", "hearing")


def _written(
    rules: Sequence[Rule], alone: Sequence[int], files: Sequence[File], *, inline: bool
) -> Writer:
    """Write the function that hears all rules; those that are not `inline` are asked by name."""
    writer = Writer(_NAMES)
    emitter = Emitter(writer, VOCABULARY)
    with writer.aside() as lines:
        for file in files:
            read, index = emitter.reading(file.path), writer.constant(file, "file")
            writer.write(f"hearing.consult({index}, {read})")
        for at in alone:
            _write_rule(emitter, rules[at], at, inline=inline)
    writer.write("variables, say = hearing.variables, hearing.said.append")
    writer.insert(emitter.prologue())
    writer.insert(lines)
    return writer


def _write_rule(emitter: Emitter, rule: Rule, at: int, *, inline: bool) -> None:
    """Write what hears one rule, as cheaply as it can be heard."""
    writer = emitter.writer
    if rule.condition is None:
        with _where_it_speaks(writer, rule):
            writer.write(f"say({at})")
        return
    writer.loops = False
    part = _part(emitter, rule.condition) if inline else None
    if part is None:
        writer.write(f"hearing.ask({at})")
        return
    with _where_it_speaks(writer, rule):
        _write_condition(writer, part, at)


def _where_it_speaks(writer: Writer, rule: Rule) -> AbstractContextManager[None]:
    if rule.everywhere:
        return nullcontext()
    return writer.under(f"if {writer.constant(rule.speaks, 'speaks')}(variables.question):")


def _part(emitter: Emitter, condition: Condition) -> Part | None:
    """Emit a condition, or return nothing if it has to be asked by name."""
    match condition:
        case CelCondition(checked=Checked(root)):
            try:
                return emitter.condition(root)
            except Declined:
                return None
        case _:
            return None


def _write_condition(writer: Writer, part: Part, at: int) -> None:
    sure = part.fragment.sure and not writer.loops
    with nullcontext() if sure else writer.under("try:"):
        if writer.loops:
            writer.write("steps = budget")
        writer.insert(part.lines)
        with writer.under(f"if {part.fragment.code}:"):
            writer.write(f"say({at})")
    if not sure:
        with writer.under("except Exception as raised:"):
            writer.write(f"hearing.settle({at}, raised)")
