"""One call on its way through the gate: who calls, what is judged, how refusals go back."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

from langchain_core.runnables.config import var_child_runnable_config
from langchain_core.tools import ToolException
from pydantic import ValidationError

from lockgate.adapters.langchain.pause import can_pause, is_pause, pause
from lockgate.call import projected
from lockgate.errors import PendingApproval, Refused, Suspended
from lockgate.steps import Host, Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextvars import Token

    from langchain_core.runnables import RunnableConfig

    from lockgate.call import ToolCall
    from lockgate.gate import Gate
    from lockgate.scope import Scope
    from lockgate.steps import Admit, Ask, Outcome, Run
    from lockgate.tools import Tool

OnHold = Literal["pause", "raise", "tell", "wait"]
OnBlock = Literal["tell", "raise"]
_TELLING: Final = ("tell", "wait")
"""Ways after which the agent goes on, and asks again when it may."""


@dataclass(frozen=True, slots=True)
class Governed:
    """How one way into a tool is governed; everything about it that needs reflection.

    Attributes:
        gate: The gate.
        tool: What the gate knows of the tool; the same for each way into it.
        hidden: Parameters that hosts fill in and models never send.
        positional: The names that positional arguments get.
        defaults: What the function would fill in by itself, so that it is judged too.
        artifact: Whether it returns a pair of content and artifact.
        parse: The tool's own validation.
        on_hold: How a held call is handed back.
        on_block: How a refused call is handed back.
        patience: How many seconds to wait for an answer, where that was chosen.
    """

    gate: Gate
    tool: Tool
    hidden: frozenset[str]
    positional: tuple[str, ...]
    defaults: Mapping[str, Any]
    artifact: bool
    parse: Callable[[dict[str, Any], str], dict[str, Any]]
    on_hold: OnHold = "pause"
    on_block: OnBlock = "tell"
    patience: float = 0.0


@dataclass(slots=True)
class Frame:
    """Who calls: what `run` was told besides the arguments, and how far the call is.

    Attributes:
        tool: Which governed tool.
        tool_call_id: The host's identity of the call.
        config: The run's configuration.
        announced: Whether callbacks were told that this very call starts.
        inside: Whether the tool runs under a permit, so that its inside may go straight on.
    """

    tool: Tool
    tool_call_id: str | None = None
    config: RunnableConfig | None = None
    announced: bool = False
    inside: bool = False


_frame: ContextVar[Frame | None] = ContextVar("lockgate_langchain_frame", default=None)


def note(governed: Governed, told: Mapping[str, Any]) -> Token[Frame | None]:
    """Note who calls; a call made from inside a permitted one is a call of its own."""
    return _frame.set(Frame(governed.tool, told.get("tool_call_id"), told.get("config")))


forget: Final = _frame.reset


def announce() -> bool:
    """Say whether the call that starts now belongs to a contained tool; each belongs once."""
    frame = _frame.get()
    if frame is None or frame.announced:
        return False
    frame.announced = True
    return True


def is_noted(call_id: str) -> bool:
    """Say whether the call that runs here is this one, by a contained tool."""
    frame = _frame.get()
    return frame is not None and frame.tool_call_id == call_id


def is_governed_run() -> bool:
    """Say whether a contained tool is running, so that its record is written anyway."""
    return _frame.get() is not None


def is_inside(governed: Governed) -> bool:
    """Say whether this is the inside of a permitted call, which may go straight on."""
    frame = _frame.get()
    return frame is not None and frame.inside and frame.tool is governed.tool


class Told(ToolException):
    """A refusal on its way to the model as an error message."""

    def __init__(self, refused: Refused) -> None:
        """Tell what the model may act upon."""
        super().__init__(refused.to_model())
        self.refused = refused


class Passage:
    """One call on its way: all that its sync and async forms share.

    As a context it lets the inside of the tool through; a pause of its own is not a failure.
    """

    __slots__ = ("_frame", "_governed", "_injected", "_names", "_token", "call")

    def __init__(self, governed: Governed, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Propose the call: what was injected is neither judged nor recorded."""
        self._governed = governed
        self._names = governed.positional[: len(args)]
        judged = dict(governed.defaults)
        judged.update(zip(self._names, args, strict=True))
        self._injected: dict[str, Any] = {}
        for name, value in kwargs.items():
            (self._injected if name in governed.hidden else judged)[name] = value
        frame = _frame.get()
        own = frame if frame is not None and frame.tool is governed.tool else None
        scope = scope_of(governed.gate, own.config if own else None)
        call_id = own.tool_call_id if own and scope.thread else None
        self._frame = own
        self.call: ToolCall = governed.gate.propose(governed.tool, judged, id=call_id, scope=scope)

    def host(self, ask: Callable[[Ask], Any], run: Callable[[Run], Any]) -> Host:
        """Return what the plan asks of this door."""
        return Host(ask, run, self.admit, asks_again=self._governed.on_hold in _TELLING)

    def exact(self, step: Run) -> tuple[list[Any], dict[str, Any]]:
        """Return the frozen arguments as the tool takes them, with what was injected."""
        values = step.call.arguments.fresh()
        return [values.pop(name) for name in self._names], values | self._injected

    def ask(self, step: Ask) -> Any:
        """Ask in the way that was chosen and is possible here."""
        match self._governed.on_hold:
            case "pause" if can_pause():
                return pause(step)
            case "wait":
                return self._wait(step)
            case _:
                return self._governed.gate.ask(step)

    def aask(self, step: Ask) -> Any:
        """Ask as `ask` does, without holding up the event loop."""
        match self._governed.on_hold:
            case "pause" if can_pause():
                return pause(step)
            case _:
                return asyncio.to_thread(self.ask, step)

    def _wait(self, step: Ask) -> Any:
        """Ask whom the gate asks, and give others some time to answer."""
        gate = self._governed.gate
        try:
            return gate.ask(step)
        except PendingApproval:
            if gate.desk.wait(step.request.id, self._governed.patience):
                return None
            raise

    def __enter__(self) -> None:
        """Let the inside of the tool through."""
        self._token: Token[Frame | None] | None = None
        if self._frame is not None:
            self._frame.inside = True
        else:
            self._token = _frame.set(Frame(self._governed.tool, announced=True, inside=True))

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Close it again.

        Other signals of the graph, such as a command to its parent, end the call: taken for a
        pause, they would let a replay run it again.
        """
        if self._token is not None:
            forget(self._token)
        elif self._frame is not None:
            self._frame.inside = False
        if error is not None and is_pause(error):
            raise Suspended(error) from None

    def hand_back(self, signal: Refused | Suspended) -> NoReturn:
        """Hand refusals to the model where that was chosen, and the host its own pause."""
        if isinstance(signal, Suspended):
            raise signal.signal from None
        pending = isinstance(signal, PendingApproval)
        way = self._governed.on_hold if pending else self._governed.on_block
        if way in _TELLING and self._frame is not None:
            raise Told(signal) from signal
        raise signal

    def admit(self, step: Admit) -> dict[str, Any]:
        """Validate edited arguments by the tool's own schema, as the agent's were."""
        given = dict(step.arguments) | self._injected
        if self._frame is None:
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
    settings = config or _running()
    where = settings.get("configurable", {}).get("checkpoint_ns")
    return "|" in str(where or settings.get("metadata", {}).get("checkpoint_ns", ""))


def scope_of(gate: Gate, config: Mapping[str, Any] | None) -> Scope:
    """Return the scope of a call: LangGraph's thread and agent where there are any.

    Both come from the application that built the agent, never from the model.
    """
    settings = config or _running()
    metadata = settings.get("metadata", {})
    thread = settings.get("configurable", {}).get("thread_id", metadata.get("thread_id"))
    scope = gate.scope
    if thread is not None and str(thread) != scope.thread:
        scope = replace(scope, thread=str(thread))
    agent = metadata.get("lc_agent_name")
    if agent and (scope.principal is None or scope.principal.agent != agent):
        scope = replace(scope, principal=gate.principal_named(agent))
    return scope


def _running() -> Mapping[str, Any]:
    """Return the configuration of what runs here."""
    return var_child_runnable_config.get() or {}
