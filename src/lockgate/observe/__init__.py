"""Windows: read-only views of the record. A window can't open the gate."""

from lockgate.observe.query import CallRow, RunRow, Totals, calls, every_event, runs, totals

__all__ = ["CallRow", "RunRow", "Totals", "calls", "every_event", "runs", "totals"]
