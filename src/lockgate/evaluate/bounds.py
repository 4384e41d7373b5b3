"""The bounds of a rule: where, for whom, about what and until when it speaks.

What is known of a tool when it is registered is settled then; this is what only a call can tell.
Pure: the time is that of the facts, and a share of the calls is drawn by their own names.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockgate.call import ToolCall
    from lockgate.evaluate.finding import Question


@dataclass(frozen=True, slots=True)
class Names:
    """Some names, as patterns: `*` is any run of characters, `?` is one, `[abc]` one of these."""

    patterns: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> Self | None:
        """Compile `patterns`; none of them means every name."""
        compiled = tuple(re.compile(translate(pattern)) for pattern in patterns)
        return cls(compiled) if compiled else None

    def have(self, name: str) -> bool:
        """Say whether `name` is one of them."""
        return any(pattern.match(name) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of all conversations, and of the calls outside of any, drawn by name.

    The same conversation is always in or always out: nobody gets around a rule by trying again.

    Attributes:
        of: What is shared out, so that two rules do not draw the same conversations.
        percent: How many of a hundred.
    """

    of: str
    percent: float

    def has(self, call: ToolCall) -> bool:
        """Say whether `call` falls into the share."""
        drawn = hashlib.sha256(f"{self.of}\n{call.thread or call.fingerprint}".encode()).digest()
        return int.from_bytes(drawn[:8]) < self.percent / 100 * 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What must be true of a call for a rule to speak about it; a part without value says nothing.

    Attributes:
        environments: Where the call acts.
        agents: Who makes it.
        threads: The conversation it belongs to.
        hazards: What its action or its arguments threaten; any of these is enough.
        until: RFC 3339 time from which on the rule is silent.
        share: Which share of the calls.
    """

    environments: Names | None = None
    agents: Names | None = None
    threads: Names | None = None
    hazards: frozenset[str] = frozenset()
    until: str = ""
    share: Share | None = None

    def cover(self, question: Question) -> bool:
        """Say whether the call lies within."""
        call = question.call
        return (
            (self.environments is None or self.environments.have(call.environment))
            and (self.agents is None or self.agents.have(call.principal.agent))
            and (self.threads is None or self.threads.have(call.thread))
            and (not self.hazards or self._threatened(question))
            and (not self.until or question.facts.now < self.until)
            and (self.share is None or self.share.has(call))
        )

    def _threatened(self, question: Question) -> bool:
        profile = question.profile
        return not self.hazards.isdisjoint((*profile.action.hazards, *profile.hazards))


ANYWHERE = Bounds()
"""Bounds that every call lies within."""
