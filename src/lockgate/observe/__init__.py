"""Windows: read-only views of the record. A window can't open the gate."""

from lockgate.observe.query import CallRow, RunRow, Totals, calls, every_event, runs, totals
from lockgate.observe.replay import Asked, Replayed, asked_in, replay

__all__ = [
    "Asked",
    "CallRow",
    "Replayed",
    "RunRow",
    "Totals",
    "asked_in",
    "calls",
    "every_event",
    "replay",
    "runs",
    "totals",
]
