"""The door for LangChain and LangGraph.

`contained(tools, gate)` keeps each tool what it is and governs every way of calling it.
`containment(gate)` is a middleware for `create_agent` that does the same for every tool the
agent ever sees, later ones too. Both may be used together; a call is decided once.
"""

from lockgate.adapters.langchain.deep import contained_deep_agent
from lockgate.adapters.langchain.handlers import Refuser, Witness
from lockgate.adapters.langchain.middleware import containment
from lockgate.adapters.langchain.pause import resumption
from lockgate.adapters.langchain.tripwire import tripwire
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
