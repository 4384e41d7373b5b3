"""One call on its way through the gate: what is judged, what runs, how refusals go back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import TextBlock
from llama_index.core.tools import ToolOutput
from workflows.runtime.types.results import WaitingForEvent

from lockgate.adapters.llamaindex.delivery import turn_of
from lockgate.adapters.llamaindex.governed import fault
from lockgate.adapters.llamaindex.pause import pause
from lockgate.adapters.llamaindex.place import inside, nested
from lockgate.call import projected
from lockgate.errors import Refused, Suspended
from lockgate.scope import within
from lockgate.steps import Host, Outcome, Ran

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from lockgate.adapters.llamaindex.delivery import Turn
    from lockgate.adapters.llamaindex.governed import Governed
    from lockgate.adapters.llamaindex.place import Place
    from lockgate.steps import Admit, Ask, Run

executing: list[str | None] = []
"""The workflow run of each call that this process is executing."""


class Passage:
    """One call on its way: all that its sync and async forms share."""

    def __init__(
        self, governed: Governed, where: Place, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Propose the call; the workflow's context is neither judged nor recorded."""
        self._governed, self._where = governed, where
        self._names = governed.positional[: len(args)]
        given = kwargs | dict(zip(self._names, args, strict=False))
        surplus = len(given) < len(args) + len(kwargs)
        self._apart = {**governed.apart}
        if governed.context in given:
            self._apart[governed.context] = given.pop(governed.context)
        judged, self._fault = _judged(governed, given, surplus=surplus)
        gate, tool = governed.gate, governed.tool
        self._call = gate.propose(tool, judged, id=where.call, scope=where.scope)
        self._named = where.call or nested(self._call.fingerprint)
        if self._named != where.call:
            self._call = gate.propose(tool, judged, id=self._named, scope=where.scope)
        self._turn: Turn | None = None
        if where.store is not None and where.delivery is not None:
            self._turn = turn_of(where.store, where.delivery, self._call.fingerprint)

    def go(self, inner: Callable[..., Any]) -> Outcome:
        """Call `inner` through the gate."""

        def run(step: Run) -> Ran:
            args, kwargs = self._exact(step)
            with inside(self._named):
                return recorded(inner(*args, **kwargs))

        if self._fault:
            raise self._turned_away()
        gate = self._governed.gate
        try:
            return gate.pass_call(self._governed.tool, self._call, self._host(gate.ask, run))
        except ReportedFailure as failed:
            return Outcome(failed.value)

    async def ago(self, inner: Callable[..., Awaitable[Any]]) -> Outcome:
        """Do as `go` does, in the event loop; the workflow's own pause passes through."""

        async def run(step: Run) -> Ran:
            args, kwargs = self._exact(step)
            with self._permitted():
                return recorded(await inner(*args, **kwargs))

        if self._fault:
            raise await asyncio.to_thread(self._turned_away)
        gate, host = self._governed.gate, self._host(self._ask, run)
        async with self._turn.taken() if self._turn else nullcontext():
            try:
                return await gate.apass_call(self._governed.tool, self._call, host)
            except ReportedFailure as failed:
                return Outcome(failed.value)
            except Suspended as paused:
                raise paused.signal from None

    def _host(self, ask: Callable[[Ask], Any], run: Callable[[Run], Any]) -> Host:
        """Return what the plan asks of this door; agents turn what is raised into words too."""
        return Host(ask, run, self._admit, asks_again=self._governed.on_hold != "pause")

    def _ask(self, step: Ask) -> Any:
        """Ask in the way that was chosen and is possible here."""
        if self._turn:
            self._turn.requests.add(step.request.id)
        if self._governed.on_hold == "pause" and self._where.workflow_run is not None:
            return pause(step)
        return self._governed.gate.aask(step)

    def _admit(self, step: Admit) -> dict[str, Any]:
        """Validate edited arguments as the model's are; what was filled in may only be repeated."""
        shown = step.call.arguments.view
        fixed = {name for name in self._governed.fixed if step.arguments.get(name) == shown[name]}
        edited = {name: item for name, item in step.arguments.items() if name not in fixed}
        return self._governed.validated(edited)

    def _exact(self, step: Run) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the frozen arguments as the tool takes them, with what was kept apart."""
        values = step.call.arguments.fresh() | self._apart
        names = self._names if values.keys() >= set(self._names) else ()
        return tuple(values.pop(name) for name in names), values

    def _turned_away(self) -> Refused:
        tell = "Correct the arguments and call it again."
        return self._governed.gate.turn_away(self._governed.tool, self._call, self._fault, tell)

    @contextmanager
    def _permitted(self) -> Iterator[None]:
        """Note that the call is executed; a pause of its own is not a failure."""
        executing.append(self._where.workflow_run)
        try:
            with inside(self._named), within(self._where.scope):
                yield
        except WaitingForEvent as signal:
            raise Suspended(signal) from None
        finally:
            executing.remove(self._where.workflow_run)

    # ── What goes back ───────────────────────────────────────────────────────────────────

    def output(self, outcome: Outcome) -> Any:
        """Return what the tool returned, now or when it ran before, or a person's answer."""
        if outcome.replayed or outcome.answered:
            return self._output(str(outcome.value), raw_output=outcome.value)
        if isinstance(outcome.value, ToolOutput):
            outcome.value.raw_input = self._without_fixed(outcome.value.raw_input)
        return outcome.value

    def refusal(self, refused: Refused) -> ToolOutput:
        """Return the refusal as an error output for the model, or raise it."""
        if self._governed.way(refused) != "tell":
            raise refused
        return self._output(refused.to_model(), is_error=True, exception=refused)

    def _output(self, text: str, **rest: Any) -> ToolOutput:
        return ToolOutput(
            tool_name=self._call.tool,
            blocks=[TextBlock(text=text)],
            raw_input=self._without_fixed({"kwargs": dict(self._call.arguments.view)}),
            **rest,
        )

    def _without_fixed(self, raw_input: dict[str, Any]) -> dict[str, Any]:
        """Leave out what the author filled in: outputs go to the event stream and into snapshots."""
        named = raw_input.get("kwargs")
        if not isinstance(named, dict):
            return raw_input
        fixed = self._governed.fixed.keys() | self._governed.apart.keys()
        kept = {name: item for name, item in named.items() if name not in fixed}
        return {**raw_input, "kwargs": kept}


def _judged(
    governed: Governed, given: dict[str, Any], *, surplus: bool
) -> tuple[dict[str, Any], str]:
    """Return the arguments to judge, and what is wrong with them if anything is."""
    if surplus:
        return given, "there are more values than parameters"
    try:
        return governed.validated(given), ""
    except ValueError as error:
        return given, fault(error)


class ReportedFailure(Exception):
    """A tool that returned its failure instead of raising it; the record knows it as failed."""

    def __init__(self, value: Any) -> None:
        """Carry what was returned."""
        super().__init__(str(value))
        self.value = value


def recorded(returned: Any) -> Ran:
    """Record what the tool returned, or else what the model reads of it.

    Raises:
        ReportedFailure: If it says of itself that it is an error.
    """
    if not isinstance(returned, ToolOutput):
        if _says_error(returned):
            raise ReportedFailure(returned)
        return Ran.of(returned)
    if returned.is_error or _says_error(returned.raw_output):
        returned.is_error = True
        raise ReportedFailure(returned)
    raw, exact = projected(returned.raw_output)
    if not exact:
        return Ran(returned, returned.content, faithful=False)
    plain = [TextBlock(text=str(returned.raw_output))]
    return Ran(returned, raw, faithful=returned.blocks == plain)


def _says_error(result: Any) -> bool:
    """Say whether a result is marked as an error, as MCP servers and nested tools mark theirs."""
    if isinstance(result, Mapping):
        return result.get("isError") is True
    marks = (getattr(result, name, False) for name in ("is_error", "isError"))
    return any(mark is True for mark in marks)
