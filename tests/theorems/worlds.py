"""The worlds a call can live in: a verdict, what a person did, a kind of effect, an identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lockgate.approve import Choice
from lockgate.call import ToolCall
from lockgate.classify import BY_ID, Classification
from lockgate.evaluate import Handling, Level, Policy, Rule, RulesInTurn, Then

if TYPE_CHECKING:
    from collections.abc import Mapping

VERDICTS = ("ALLOW", "REQUIRE_APPROVAL", "BLOCK")
ANSWERED = {
    "none": "PendingApproval",
    "says yes": "ran",
    "says no": "Rejected",
    "says yes late": "Expired",
    "answers itself": "PendingApproval",
    "edits": "ran",
    "edits too far": "Blocked",
    "responds": "answered",
    "pending": "PendingApproval",
    "approved": "ran",
    "rejected": "Rejected",
    "expired": "Expired",
    "lapsed": "Expired",  # approved, and not used in time
    "another": "PendingApproval",  # approved was another call with the same identity
}
"""What the first attempt of a call that needs approval leads to."""
CHOICES = {
    "says no": Choice.REJECT,
    "edits": Choice.EDIT,
    "edits too far": Choice.EDIT,
    "responds": Choice.RESPOND,
}
PERSONS = tuple(ANSWERED)
EARLIER = PERSONS[8:]
BINDING = EARLIER[:-1]
"""A request for this very call stands: it binds, even where a rule allows the call by now."""
EFFECTS = ("read", "effect", "idempotent")
IDENTITIES = ("host", "thread", "nowhere")
VALUE = "done"
ORDER, ANOTHER_ORDER, EDITED, TOO_FAR = "W1", "W2", "W3", "W4"
SECONDS = 3600


class Fault(NamedTuple):
    """What goes wrong in the first attempt, and at which step."""

    what: str = "nothing"
    nth: int = 0


NO_FAULT = Fault()
AT_EACH_STEP = ("append fails", "look fails", "crash before", "crash after")
AT_EACH_STEP += ("cancel before", "cancel after", "rival before")
ONCE = ("tool raises", "tool is cancelled", "tool pauses", "ask raises", "ask pauses")
ONCE += ("edit does not fit",)


class Crash(BaseException):
    """The process is gone: whatever is performed afterwards does not happen."""


class Boom(Exception):
    """The tool's own error."""


class Pause(BaseException):
    """The host's own signal."""


class World(NamedTuple):
    verdict: str
    person: str
    effect: str
    identity: str

    @property
    def free(self) -> bool:
        """Whether nothing ties an attempt to an earlier one, unless it is held."""
        return self.effect == "read" or self.identity == "nowhere"

    @property
    def expected(self) -> str:
        """What the first attempt leads to when nothing goes wrong."""
        if self.verdict == "BLOCK":
            return "Blocked"
        lapsed = self.person == "lapsed" and self.identity != "host"  # it is asked for anew
        if self.verdict == "ALLOW" and (lapsed or self.person not in BINDING):
            return "ran"
        return "PendingApproval" if lapsed else ANSWERED[self.person]


class TooFar:
    """A condition that holds for one order alone."""

    def holds(self, variables: Mapping[str, Any]) -> bool:
        return variables["args"]["order"] == TOO_FAR


NEVER = Rule.build(id="never", then=Then.BLOCK, reason="too far", condition=TooFar())


class _Always(dict[str, Any]):
    """The same rules for every action."""

    def __missing__(self, action: str) -> Any:
        return self["*"]


def _policy(verdict: str) -> Policy:
    then = {"ALLOW": Then.ALLOW, "REQUIRE_APPROVAL": Then.REQUIRE_APPROVAL, "BLOCK": Then.BLOCK}
    return Policy(
        rules=_Always(
            {
                "*": RulesInTurn(
                    (Rule.build(id="rule", then=then[verdict], reason="the world is so"), NEVER)
                )
            }
        ),
        handling=dict.fromkeys(Level, Handling.BY_RULE_ONLY),
        revision="rb-world",
        approval_seconds=SECONDS,
    )


POLICIES = {verdict: _policy(verdict) for verdict in VERDICTS}


def _call(identity: str, order: str = ORDER) -> ToolCall:
    return ToolCall.propose(
        "change",
        {"order": order},
        thread="" if identity == "nowhere" else "t",
        id="c1" if identity == "host" else None,
    )


CALLS = {identity: _call(identity) for identity in IDENTITIES}
OTHER_CALLS = {identity: _call(identity, ANOTHER_ORDER) for identity in IDENTITIES}
KINDS_OF_TOOL = {
    effect: Classification(
        action=BY_ID["orders.read" if effect == "read" else "orders.update"],
        confidence=1.0,
        because=(),
    )
    for effect in EFFECTS
}
