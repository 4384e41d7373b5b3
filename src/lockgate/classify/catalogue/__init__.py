"""The canonical actions, as data.

Each row is one thing that agents do, whatever the tool that does it is called. The rows are plain
tuples in modules beside this file, because this room is pure: a data file would have to be opened
and parsed by every process that imports it, a constant is loaded with the code. What the
tuples may hold is checked by a schema in the tests.

Columns: id, effect, resource class, reversibility, base risk, hazards, aliases. Base risks are
points of a score from 0 to 100; `evaluate.risk` adds what the call itself tells. An alias is words
in any order; a name that has all of them is the action. A common verb in an alias stands for
every verb of its kind: `read order` is also `get_order` and `listOrders`.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

from lockgate.classify.catalogue import money, people, systems, work
from lockgate.classify.catalogue.hazards import CONTROLS, HAZARDS, Control, Hazard
from lockgate.classify.profile import UNKNOWN_ACTION, Action, Effect, Reversibility

__all__ = [
    "ACTIONS",
    "BY_ID",
    "CONTROLS",
    "GENERIC",
    "HAZARDS",
    "UNKNOWN",
    "Control",
    "Hazard",
    "suggestions",
]

Row = tuple[str, str, str, str, int, str, str]


def _action(row: Row) -> Action:
    name, effect, resource, reversibility, base_risk, hazards, aliases = row
    return Action(
        id=name,
        effect=Effect(effect),
        resource=resource,
        reversibility=Reversibility(reversibility),
        base_risk=base_risk,
        hazards=tuple(hazards.split()),
        aliases=tuple(aliases.split(", ")) if aliases else (),
    )


# fmt: off
_GENERIC: Final[tuple[Row, ...]] = (
    ("generic.read", "read", "thing", "harmless", 5, "", ""),
    ("generic.create", "create", "thing", "reversible", 25, "duplicate", ""),
    ("generic.update", "update", "thing", "costly", 30, "wrong_subject", ""),
    ("generic.delete", "delete", "thing", "irreversible", 55, "data_loss", ""),
    ("generic.send", "send", "thing", "irreversible", 35, "wrong_recipient data_leak", ""),
    ("generic.pay", "pay", "thing", "costly", 40, "unauthorised_transaction incorrect_amount", ""),
    ("generic.execute", "execute", "thing", "irreversible", 45, "injection", ""),
    ("generic.grant", "grant", "thing", "costly", 55, "privilege_escalation", ""),
)
# fmt: on

UNKNOWN: Final = _action(
    (UNKNOWN_ACTION, "unknown", "unknown", "irreversible", 40, "unclassified", "")
)
"""What a tool does that nobody recognised."""
ACTIONS: Final = tuple(map(_action, chain(money.ROWS, systems.ROWS, people.ROWS, work.ROWS)))
GENERIC: Final = {action.effect: action for action in map(_action, _GENERIC)}
"""What a tool does whose verb is known, and whose object is not in the catalogue."""
BY_ID: Final = {action.id: action for action in (UNKNOWN, *ACTIONS)}


def suggestions(action_id: str) -> list[str]:
    """Return catalogue ids that look like `action_id`, the nearest first."""
    import difflib

    return difflib.get_close_matches(action_id, BY_ID, n=3)
