"""A process-wide tripwire: a tool that starts without a gate in front of it is refused.

LangChain tells every tool start in the process to this handler. It decides nothing: it only asks
whether the call belongs to a contained tool. Inside a governed run (an agent with the containment
middleware, or `gate.run()`) any other call is refused and recorded; elsewhere it is left alone,
unless the tripwire is strict. A `Crossing` asks the same of one call only. Neither can see `tool.func()` or `tool._run()` of tools that
were never contained, callables that are no tools, nor tools that run at the model's provider.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tracers.context import register_configure_hook

from lockgate.adapters.langchain.passage import announce, is_noted, scope_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockgate.errors import Blocked
    from lockgate.gate import Gate


class Tripwire(BaseCallbackHandler):
    """Refuses tool starts that no gate stands in front of."""

    raise_error = True  # the framework swallows what handlers raise unless told otherwise
    run_inline = True  # so that it runs where the call runs, before the call goes on

    def __init__(self) -> None:
        """Start with no gate: then nothing is governed."""
        self._gate: Gate | None = None
        self._strict = False

    def set(self, gate: Gate | None, *, strict: bool) -> None:
        """Record for `gate` from now on; nothing is refused without one."""
        self._gate, self._strict = gate, strict

    def on_tool_start(self, serialized: dict[str, Any], input_str: str, **told: Any) -> None:
        """Refuse the call unless it belongs to a contained tool."""
        del input_str
        gate = self._gate
        if gate is None or announce() or not (self._strict or gate.scope.governed):
            return
        raise _turned_away(gate, serialized, told, "Contain it: `contained(tool, gate)`.")


class Crossing(BaseCallbackHandler):
    """Refuses one call, should another tool come between the gate and the contained one."""

    raise_error = True
    run_inline = True

    def __init__(self, gate: Gate, call_id: str) -> None:
        """Watch the call that the host calls `call_id`."""
        self._gate, self._call_id = gate, call_id
        self.refused: Blocked | None = None

    def on_tool_start(self, serialized: dict[str, Any], input_str: str, **told: Any) -> None:
        """Refuse the call unless a contained tool answers it; leave all others alone."""
        del input_str
        if told.get("tool_call_id") != self._call_id or is_noted(self._call_id):
            return
        hint = "Put `containment` last in the list of middleware."
        self.refused = _turned_away(self._gate, serialized, told, hint)
        raise self.refused

    def __enter__(self) -> None:
        """Watch what is called inside."""
        _hook(_crossing)
        self._token = _crossing.set(self)

    def __exit__(self, *exc: object) -> None:
        """Watch no longer."""
        _crossing.reset(self._token)


def _turned_away(
    gate: Gate, serialized: dict[str, Any], told: dict[str, Any], hint: str
) -> Blocked:
    name = str((serialized or {}).get("name", "unnamed"))
    tool = gate.unregistered(name, "ungoverned")
    scope = scope_of(gate, {"metadata": told.get("metadata") or {}})
    call = gate.propose(tool, told.get("inputs") or {}, id=told.get("tool_call_id"), scope=scope)
    return gate.turn_away(tool, call, "no gate stands in front of this tool", hint)


_TRIPWIRE: Final = Tripwire()
_tripwire: ContextVar[Tripwire | None] = ContextVar("lockgate_tripwire", default=_TRIPWIRE)
_crossing: ContextVar[Crossing | None] = ContextVar("lockgate_crossing", default=None)
_hooked: Final[set[ContextVar[Any]]] = set()


def _hook(variable: ContextVar[Any]) -> None:
    """Have the framework ask a variable for a handler, in every call from now on."""
    if variable not in _hooked:
        register_configure_hook(variable, inheritable=True)
        _hooked.add(variable)


def tripwire(gate: Gate, *, strict: bool = False) -> Callable[[], None]:
    """Set the process's tripwire, and return what takes it off again.

    Args:
        gate: Records what is refused.
        strict: Whether to refuse every ungoverned call of the process, not only those inside
            governed runs.
    """
    _hook(_tripwire)
    _TRIPWIRE.set(gate, strict=strict)
    return lambda: _TRIPWIRE.set(None, strict=False)
