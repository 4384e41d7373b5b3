"""The door for LlamaIndex.

`contained(tools, gate)` keeps each tool what it is and governs every way of calling it.
`contained_agent(agent, gate)` does the same for every tool that an agent ever calls, later ones
too. A held call waits for an event, as workflows do; `dump` and `resume` carry a waiting run into
another process. `Witness` records where values came from.
"""

from lockgate.adapters.llamaindex.agents import contained_agent
from lockgate.adapters.llamaindex.answers import ApprovalAnswered, ApprovalRequired
from lockgate.adapters.llamaindex.handlers import Witness
from lockgate.adapters.llamaindex.resume import dump, resume
from lockgate.adapters.llamaindex.wrapper import contained

__all__ = [
    "ApprovalAnswered",
    "ApprovalRequired",
    "Witness",
    "contained",
    "contained_agent",
    "dump",
    "resume",
]
