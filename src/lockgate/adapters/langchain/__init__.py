"""The door for LangChain and LangGraph.

`contained(tools, gate)` keeps each tool what it is and governs every way of calling it.
`containment(gate)` is a middleware for `create_agent` that does the same for every tool the
agent ever sees, later ones too. Both may be used together; a call is decided once.

LangChain Core is enough for all but the agents. Each name is loaded when it is asked for, and
one whose framework is not installed says which.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lockgate.adapters.langchain.deep import contained_deep_agent
    from lockgate.adapters.langchain.handlers import Refuser, Witness
    from lockgate.adapters.langchain.middleware import containment
    from lockgate.adapters.langchain.pause import resumption
    from lockgate.adapters.langchain.wire import tripwire
    from lockgate.adapters.langchain.wrapper import contained

__all__ = [
    "Refuser",
    "Witness",
    "contained",
    "contained_deep_agent",
    "containment",
    "resumption",
    "tripwire",
]

_ROOMS: Final = {
    "Refuser": "handlers",
    "Witness": "handlers",
    "contained": "wrapper",
    "contained_deep_agent": "deep",
    "containment": "middleware",
    "resumption": "pause",
    "tripwire": "wire",
}

if not TYPE_CHECKING:  # a type checker would take any name for one that exists

    def __getattr__(name: str) -> Any:
        if name not in _ROOMS:
            raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
        try:
            return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
        except ModuleNotFoundError as error:
            raise ImportError(
                f"`{name}` needs `{error.name}`, which is not installed: "
                "run `pip install 'lockgate[langchain]'`",
                name=error.name,
            ) from error
