"""What is in force: one rulebook, and what it says about each tool.

A call reads what is in force once, when it begins, and keeps it. A change is made aside and then
put in place whole, so that no call is ever judged by two rulebooks. This room judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockgate.evaluate import Policy
    from lockgate.rulebook import Rulebook
    from lockgate.tools import Tool


@dataclass(frozen=True, slots=True)
class Said:
    """What one set of rules says about one tool.

    Attributes:
        rules: Whose word it is.
        policy: What calls of the tool are judged by.
    """

    rules: Rules
    policy: Policy


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """All that calls are judged by at one moment; it never changes."""

    rulebook: Rulebook

    def about(self, tool: Tool) -> Said:
        """Return what these rules say about a tool; worked out once, then kept beside the tool."""
        said = tool.said
        if said is None or said.rules is not self:
            said = tool.said = self._say(tool)
        return said

    def _say(self, tool: Tool) -> Said:
        return Said(self, self.rulebook.policy_for(tool.signature, tool.classification))


class InForce:
    """The rules in force, which others may follow.

    Attributes:
        rules: Read it once a call: the next moment it may be another.
    """

    __slots__ = ("rules",)

    def __init__(self, rulebook: Rulebook) -> None:
        """Begin with `rulebook`."""
        self.rules = Rules(rulebook)

    def succeed(self, rulebook: Rulebook, tools: Iterable[Tool]) -> None:
        """Put another rulebook in force, from the next call on.

        Args:
            rulebook: What is in force from now on.
            tools: Those whose next call shall not have to wait for what it says about them.
        """
        coming = Rules(rulebook)
        said = [(tool, coming._say(tool)) for tool in tools]  # noqa: SLF001 - its own kind
        self.rules = coming
        for tool, word in said:
            tool.said = word
