"""What is known to go wrong with an action, and what answers each.

Both lists are closed: an action or a reader may name no other hazard, and a hazard no other
control. An action's hazards inform; those that a reader finds in the arguments of a call add to
its score. Every control can be set up today, with a level or a rule, or the gate has it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What keeps a hazard from doing harm.

    Attributes:
        id: Its name.
        description: What it is, and how to have it.
    """

    id: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """What is known to go wrong.

    Attributes:
        id: Its name.
        description: What goes wrong.
        controls: Ids of what answers it, the best first.
    """

    id: str
    description: str
    controls: tuple[str, ...]


# fmt: off
_CONTROLS: Final = (
    ("approval", "a person agrees to exactly this call: a level or a rule that leads to `require_approval`"),
    ("ban", "it never runs: a rule with `then: block`"),
    ("cap_on_amount", "a rule on `amount`, or on the argument that holds it"),
    ("cap_on_count", "a rule on how often this conversation did it already, from `did` or `calls`"),
    ("cap_on_reach", "a rule on `reach`: rows, recipients, hosts or files"),
    ("declaration", "the tool's author says `action=` where it is registered"),
    ("fence", "a rule on `environment`, `agent` or `organisation`"),
    ("list_of_targets", "a rule that names the payees, recipients, hosts, tables or paths that are allowed"),
    ("looked_up_first", "a rule that wants the thing to be read in this conversation before it is acted on"),
    ("once_only", "the gate runs one identified call at most once; a rule on `did` refuses the same again"),
    ("recomputed", "a rule that computes the right value from what was read, and compares"),
    ("safe_alternative", "a rule that blocks, and tells the model of an action that can be undone"),
    ("wanted_by_user", "a rule on `said`: the user asked for it, or agreed"),
)
_HAZARDS: Final = (
    # Money
    ("unauthorised_transaction", "money moves that nobody with the right to do so wanted to move", "approval list_of_targets wanted_by_user"),
    ("incorrect_amount", "the amount, its unit, its sign or its currency is wrong", "cap_on_amount recomputed approval"),
    ("inappropriate_refund", "money or credit is given back that is not owed, or more than was paid", "recomputed looked_up_first cap_on_amount"),
    ("duplicate", "the same thing is paid, ordered or sent a second time", "once_only cap_on_count"),
    ("threshold_splitting", "one large sum is moved as many small ones, each below a limit", "cap_on_count approval"),
    # Infrastructure
    ("misconfiguration", "a setting is wrong, and what depends on it misbehaves", "fence approval looked_up_first"),
    ("outage", "a service that others rely on stops or can't be reached", "fence approval list_of_targets"),
    ("data_loss", "data is gone or overwritten, and no copy is at hand", "approval safe_alternative cap_on_reach"),
    ("spend", "what is started costs money for as long as it runs", "cap_on_count fence approval"),
    # Use of other people's services
    ("rate_limit", "so many requests that the service refuses the next, for everybody who shares the account", "cap_on_count"),
    ("terms_of_service", "the service's terms forbid this use", "ban list_of_targets"),
    ("excess_access", "more data is read than the task needs", "cap_on_reach list_of_targets"),
    ("partner_damage", "a partner's system or data is harmed", "approval list_of_targets fence"),
    # Decisions
    ("wrong_logic", "the decision doesn't follow from the facts and the written policy", "recomputed approval"),
    ("outdated_information", "the decision rests on what has changed since it was read", "looked_up_first"),
    ("missing_context", "the decision is made without what a person would have looked up first", "looked_up_first approval"),
    ("mass_effect", "the same mistake is made many times before anybody notices", "cap_on_reach cap_on_count"),
    ("wrong_subject", "it is done to somebody's or something else's record", "looked_up_first wanted_by_user"),
    ("retention", "a record is destroyed that has to be kept", "ban safe_alternative"),
    ("wrong_recipient", "it goes to somebody it was not meant for", "list_of_targets approval"),
    ("reputation", "the public sees it, and connects it with your name", "approval cap_on_reach"),
    ("commitment", "it binds the organisation: a contract, an order, an offer", "approval wanted_by_user"),
    # Instructions from elsewhere
    ("injection", "text from elsewhere is taken for an instruction or runs as code", "approval list_of_targets"),
    ("data_leak", "private data leaves for a place outside", "list_of_targets approval"),
    ("privacy", "personal data is read or passed on without need", "list_of_targets cap_on_reach looked_up_first"),
    # Power
    ("privilege_escalation", "somebody, or the agent itself, may do more than before", "approval ban"),
    ("lock_out", "somebody who needs access has none any more", "approval list_of_targets"),
    ("supply_chain", "code or a service that nobody reviewed becomes part of the system", "approval list_of_targets ban"),
    ("scope_creep", "the work is passed on with more freedom than it was given", "fence approval"),
    ("physical_harm", "it moves, opens, heats or switches something where people are", "approval fence"),
    # What only the arguments show
    ("unbounded", "nothing limits what it hits: no condition, a wildcard, the root of everything", "cap_on_reach approval ban"),
    ("obfuscated", "the arguments hide what they do: encoded, built up from pieces, or in look-alike letters", "ban approval"),
    ("unreadable", "the arguments can't be parsed, and count as the worst they could be", "approval"),
    ("bulk", "it goes to everybody: a list, a whole channel, all staff", "approval list_of_targets cap_on_reach"),
    ("internal_host", "the address leads to this machine, its files, or the private network behind it", "list_of_targets ban approval"),
    ("credentials", "a password or a key stands in the address, and is kept wherever addresses are kept", "ban approval"),
    ("escape", "the path climbs out of the folder it starts in", "ban list_of_targets approval"),
    ("system_path", "the file belongs to the operating system", "ban approval list_of_targets"),
    ("secret_file", "the file holds passwords or keys", "ban approval list_of_targets"),
    # The gate's own ignorance
    ("unclassified", "nobody knows what this tool does", "declaration approval"),
)
# fmt: on

CONTROLS: Final = {
    name: Control(id=name, description=description) for name, description in _CONTROLS
}
HAZARDS: Final = {
    name: Hazard(id=name, description=description, controls=tuple(controls.split()))
    for name, description, controls in _HAZARDS
}
