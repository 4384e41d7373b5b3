"""For tests of agents, rulebooks and stores: a clock, scripted people, faults, proofs."""

from lockgate.testing.conformance import ODD_TEXT, StoreConformance, sample
from lockgate.testing.worlds import (
    START,
    Done,
    FaultyStore,
    FrozenClock,
    Recorder,
    ScriptedApprover,
)

__all__ = [
    "ODD_TEXT",
    "START",
    "Done",
    "FaultyStore",
    "FrozenClock",
    "Recorder",
    "ScriptedApprover",
    "StoreConformance",
    "sample",
]
