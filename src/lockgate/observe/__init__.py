"""Windows: read-only views of the record. A window can't open the gate."""

from lockgate.observe.query import CallRow, RunRow, Totals, calls, every_event, runs, totals
from lockgate.observe.replay import Asked, Replayed, asked_in, replay
from lockgate.observe.trials import Difference, Trial, trials

__all__ = [
    "Asked",
    "CallRow",
    "Difference",
    "Replayed",
    "RunRow",
    "Totals",
    "Trial",
    "asked_in",
    "calls",
    "every_event",
    "replay",
    "runs",
    "totals",
    "trials",
]
