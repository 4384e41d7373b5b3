"""One call on its way through the gate: who calls, what is judged, how refusals go back."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from langchain_core.runnables.config import ensure_config
from langchain_core.tools import ToolException
from pydantic import ValidationError

from lockgate.adapters.langchain.pause import can_pause, pause, pauses
from lockgate.call import projected
from lockgate.errors import PendingApproval, Refused, Suspended
from lockgate.steps import Host, Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from langchain_core.runnables import RunnableConfig

    from lockgate.call import ToolCall
    from lockgate.gate import Gate, Tool
    from lockgate.scope import Scope
    from lockgate.steps import Admit, Ask, Outcome, Run

OnHold = Literal["pause", "raise", "tell"]
OnBlock = Literal["tell", "raise"]
HIDDEN: Final = frozenset({"run_manager", "callbacks", "config"})
"""Parameters that the framework fills in for itself."""


@dataclass(slots=True)
class Frame:
    """Who calls: what `run` was told besides the arguments.

    Attributes:
        tool: Which governed tool.
        tool_call_id: The host's identity of the call.
        config: The run's configuration.
        announced: Whether callbacks were told that this very call starts.
    """

    tool: int
    tool_call_id: str | None
    config: RunnableConfig | None
    announced: bool = False


@dataclass(frozen=True, slots=True)
class Governed:
    """How one tool is governed; everything about it that needs reflection."""

    gate: Gate
    tool: Tool
    hidden: frozenset[str]
    positional: tuple[str, ...]
    artifact: bool
    parse: Callable[[dict[str, Any], str], dict[str, Any]]
    on_hold: OnHold
    on_block: OnBlock


_frame: ContextVar[Frame | None] = ContextVar("lockgate_langchain_frame", default=None)
_permitted: ContextVar[int] = ContextVar("lockgate_langchain_permitted", default=0)


@contextmanager
def noted(governed: Governed, kwargs: Mapping[str, Any]) -> Iterator[None]:
    """Note who calls; a call made from inside a permitted one is a call of its own."""
    frame = _frame.set(Frame(id(governed), kwargs.get("tool_call_id"), kwargs.get("config")))
    permit = _permitted.set(0)
    try:
        yield
    finally:
        _permitted.reset(permit)
        _frame.reset(frame)


def announce() -> bool:
    """Say whether the call that starts now belongs to a contained tool; each belongs once."""
    frame = _frame.get()
    if frame is None or frame.announced:
        return False
    frame.announced = True
    return True


def is_governed_run() -> bool:
    """Say whether a contained tool is running, so that its record is written anyway."""
    return _frame.get() is not None


def is_inside(governed: Governed) -> bool:
    """Say whether this is the inside of a permitted call, which may go straight on."""
    return _permitted.get() == id(governed)


class Told(ToolException):
    """A refusal on its way to the model as an error message."""

    def __init__(self, refused: Refused) -> None:
        """Tell what the model may act upon."""
        super().__init__(refused.to_model())
        self.refused = refused


class Passage:
    """One call on its way: all that its sync and async forms share."""

    def __init__(self, governed: Governed, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Propose the call: what was injected is neither judged nor recorded."""
        self._governed = governed
        self._names = governed.positional[: len(args)]
        self._injected = {name: kwargs[name] for name in kwargs.keys() & governed.hidden}
        judged = {name: kwargs[name] for name in kwargs.keys() - governed.hidden}
        frame = _frame.get()
        self._inside = frame is not None and frame.tool == id(governed)
        config = frame.config if frame is not None and self._inside else None
        call_id = frame.tool_call_id if frame is not None and self._inside else None
        scope = scope_of(governed.gate, config)
        self.call: ToolCall = governed.gate.propose(
            governed.tool,
            dict(zip(self._names, args, strict=True)) | judged,
            id=call_id if scope.thread else None,
            scope=scope,
        )

    def host(self, ask: Callable[[Ask], Any], run: Callable[[Run], Any]) -> Host:
        """Return what the plan asks of this door."""
        return Host(ask, run, self.admit, asks_again=self._governed.on_hold == "tell")

    def exact(self, step: Run) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the frozen arguments as the tool takes them, with what was injected."""
        values = step.call.arguments.fresh()
        return tuple(values.pop(name) for name in self._names), values | self._injected

    def ask(self, step: Ask) -> Any:
        """Ask in the way that was chosen and is possible here."""
        if self._governed.on_hold == "pause" and can_pause():
            return pause(step)
        return self._governed.gate.ask(step)

    def aask(self, step: Ask) -> Any:
        """Ask as `ask` does, without holding up the event loop."""
        if self._governed.on_hold == "pause" and can_pause():
            return pause(step)
        return self._governed.gate.aask(step)

    @contextmanager
    def permitted(self) -> Iterator[None]:
        """Let the inside of the tool through; a pause of its own is not a failure.

        Other signals of the graph, such as a command to its parent, end the call: taken for a
        pause, they would let a replay run it again.
        """
        token = _permitted.set(id(self._governed))
        try:
            yield
        except pauses() as signal:
            raise Suspended(signal) from None
        finally:
            _permitted.reset(token)

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Hand refusals to the model where that was chosen, and the host its own pause."""
        try:
            yield
        except Suspended as paused:
            raise paused.signal from None
        except Refused as refused:
            pending = isinstance(refused, PendingApproval)
            way = self._governed.on_hold if pending else self._governed.on_block
            if way == "tell" and self._inside:
                raise Told(refused) from refused
            raise

    def admit(self, step: Admit) -> dict[str, Any]:
        """Validate edited arguments by the tool's own schema, as the agent's were."""
        given = dict(step.arguments) | self._injected
        if not self._inside:
            return dict(step.arguments)
        try:
            parsed = self._governed.parse(given, step.call.id)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"]))
            raise ValueError(f"`{where}`: {fault['msg'].lower()}") from None
        return {name: value for name, value in parsed.items() if name not in self._governed.hidden}

    def ran(self, value: Any) -> Ran:
        """Wrap what the tool returned; an artifact pair is recorded as a list."""
        if self._governed.artifact and isinstance(value, tuple):
            return Ran(value, *projected(list(value)))
        return Ran.of(value)

    def result(self, outcome: Outcome) -> Any:
        """Return what the tool returned, now or when it ran before, or a person's answer."""
        if outcome.answered and self._governed.artifact:
            return outcome.value, None
        if outcome.replayed and self._governed.artifact:
            return tuple(outcome.value)
        return outcome.value


def is_nested(config: Mapping[str, Any] | None = None) -> bool:
    """Say whether this runs in a graph inside another graph, as sub-agents do."""
    settings: Mapping[str, Any] = config or ensure_config()
    where = {**settings.get("metadata", {}), **settings.get("configurable", {})}
    return "|" in str(where.get("checkpoint_ns", ""))


def scope_of(gate: Gate, config: Mapping[str, Any] | None) -> Scope:
    """Return the scope of a call: LangGraph's thread and agent where there are any.

    Both come from the application that built the agent, never from the model.
    """
    settings: Mapping[str, Any] = config or ensure_config()
    metadata = settings.get("metadata", {})
    thread = settings.get("configurable", {}).get("thread_id", metadata.get("thread_id"))
    agent = metadata.get("lc_agent_name")
    scope = gate.scope if thread is None else replace(gate.scope, thread=str(thread))
    return replace(scope, principal=gate.principal_named(agent)) if agent else scope
