"""What it is: a tool's signature and a call's arguments → `Profile`.

The static part is decided once, when a tool is registered; per call only the
arguments are read. This room knows no rule and judges nothing.
"""

from lockgate.classify.catalogue import (
    ACTIONS,
    BY_ID,
    CONTROLS,
    HAZARDS,
    UNKNOWN,
    suggestions,
)
from lockgate.classify.payload import read, readers_for
from lockgate.classify.profile import (
    Action,
    Classification,
    Effect,
    Profile,
    Reader,
    Reading,
    Reversibility,
)
from lockgate.classify.signature import Signature, classify

__all__ = [
    "ACTIONS",
    "BY_ID",
    "CONTROLS",
    "HAZARDS",
    "UNKNOWN",
    "Action",
    "Classification",
    "Effect",
    "Profile",
    "Reader",
    "Reading",
    "Reversibility",
    "Signature",
    "classify",
    "read",
    "readers_for",
    "suggestions",
]
