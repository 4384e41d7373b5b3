"""The door for LlamaIndex.

`contained(tools, gate)` keeps each tool what it is and governs every way of calling it. A held
call waits for an event, as workflows do; `dump` and `resume` carry a waiting run into another
process.
"""

from lockgate.adapters.llamaindex.pause import ApprovalAnswered, ApprovalRequired
from lockgate.adapters.llamaindex.resume import dump, resume
from lockgate.adapters.llamaindex.wrapper import contained

__all__ = ["ApprovalAnswered", "ApprovalRequired", "contained", "dump", "resume"]
