"""What is in force: one rulebook, and what it says about each tool.

A call reads what is in force once, when it begins, and keeps it. A change is made aside and then
put in place whole, so that no call is ever judged by two rulebooks. Whatever is wrong with a
change leaves in force what was, and is recorded. This room judges nothing.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from lockgate.errors import RulebookError, StoreError, WiringError, describe
from lockgate.record import EventKind, Role, of_rules
from lockgate.tools import Coverage

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockgate.evaluate import Policy
    from lockgate.rulebook import Rulebook
    from lockgate.rulebook.beginning import Beginning, Given
    from lockgate.rulebook.edition import Edition
    from lockgate.rulebook.watch import News
    from lockgate.stores import Store
    from lockgate.tools import Tool

LOOK_SECONDS: Final = 1.0
"""How often it is asked whether there is a newer rulebook."""


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
    """All that calls are judged by at one moment; it never changes.

    Attributes:
        edition: What is enforced.
        shadow: What is only tried: its verdict is recorded beside the real one.
    """

    edition: Edition
    shadow: Edition | None = None

    def about(self, tool: Tool) -> Said:
        """Return what these rules say about a tool; worked out once, then kept beside the tool.

        Raises:
            RulebookError: If the rulebook can't be right about this tool; a shadow that can't is
                not tried on it.
        """
        said = tool.said
        if said is None or said.rules is not self:
            said = tool.said = self._say_something(tool)
        return said

    def _say_something(self, tool: Tool) -> Said:
        try:
            return self.say(tool)
        except RulebookError:
            if self.shadow is None:
                raise
            return replace(self.after(Role.SHADOW, None).say(tool), rules=self)

    def say(self, tool: Tool) -> Said:
        """Work out what these rules say about a tool.

        Raises:
            RulebookError: If one of the rulebooks can't be right about this tool.
        """
        what = tool.signature, tool.classification
        policy = self.edition.rulebook.policy_for(*what)
        if self.shadow is not None:
            policy = policy.beside(self.shadow.rulebook.policy_for(*what))
        return Said(self, policy)

    def after(self, role: Role, edition: Edition | None) -> Rules:
        """Return the rules that follow these when one of the two rulebooks is another."""
        if role is Role.SHADOW or edition is None:
            return replace(self, shadow=edition)
        return replace(self, edition=edition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How it stands with the rulebook.

    Attributes:
        revision: What is in force.
        origin: Where it came from.
        shadow: The revision in the shadow, or empty.
        faults: Why what came last was not taken, a line for each reason.
    """

    revision: str
    origin: str
    shadow: str
    faults: tuple[str, ...]

    def __bool__(self) -> bool:
        """Say whether there is nothing newer that could not be taken."""
        return not self.faults


class InForce:
    """The rules in force, and their succession.

    Attributes:
        rules: Read it once a call: the next moment it may be another.
        tools: Every tool that was registered, by source and name.
    """

    def __init__(
        self, beginning: Beginning, store: Store, clock: Callable[[], str], strict_in: str = ""
    ) -> None:
        """Begin.

        Args:
            beginning: What is in force, and where later rulebooks come from.
            store: Where changes are recorded.
            clock: Returns the time as RFC 3339 text in UTC.
            strict_in: The environment in which no hazard may be without an answer, if one is.
        """
        self._strict_in = strict_in
        self.tools: dict[tuple[str, str], Tool] = {}
        self._every: weakref.WeakSet[Tool] = weakref.WeakSet()
        self.rules = Rules(beginning.edition, beginning.shadow)
        self._reader, self._watches = beginning.reader, beginning.watches
        self._store, self._clock = store, clock
        self._faults: dict[str, str] = {}
        self.part()
        self._next = 0.0
        if self._watches or self._reader.keyring is not None:
            self._record(beginning.edition)
        for item in beginning.news:
            self._keep(item)
        _everywhere.add(self)

    def part(self) -> None:
        """Make locks of its own: in a forked process nobody is left to let go of the others."""
        self._changing, self._registering = threading.Lock(), threading.Lock()

    @classmethod
    def of(
        cls,
        given: Rulebook | Beginning,
        store: Store,
        clock: Callable[[], str],
        strict_in: str = "",
    ) -> Self:
        """Begin with a rulebook that nothing follows by itself, or with what was found."""
        from lockgate.rulebook.beginning import Beginning, Reader

        if not isinstance(given, Beginning):
            reader = Reader(clock)
            given = Beginning(edition=reader.read(given), reader=reader)
        return cls(given, store, clock, strict_in)

    @property
    def health(self) -> Health:
        """How it stands with the rulebook."""
        rules = self.rules
        return Health(
            revision=rules.edition.rulebook.revision,
            origin=rules.edition.origin,
            shadow="" if rules.shadow is None else rules.shadow.rulebook.revision,
            faults=tuple(self._faults.values()),
        )

    def register(self, tool: Tool) -> None:
        """Take note of a tool; from now on no rulebook comes into force that is wrong about it.

        Raises:
            RulebookError: If the one in force is.
            WiringError: If it leaves a hazard of the tool without the answer it must have.
        """
        self.now()
        with self._registering:
            self._check(tool, self.rules.about(tool).policy)
            self.tools[tool.signature.source, tool.signature.name] = tool
            self._every.add(tool)

    def _check(self, tool: Tool, policy: Policy) -> None:
        if self._strict_in:
            Coverage.of(tool, policy, self._strict_in).refuse()

    # ── Succession ───────────────────────────────────────────────────────────────────────────

    def use(self, given: Given) -> None:
        """Put another rulebook in force, from the next call on.

        Raises:
            RulebookError: If it is wrong; then what was in force still is.
            WiringError: If it must be signed and was made by code, or leaves a hazard of a tool
                without the answer it must have.
            StoreError: If the change could not be recorded; then it was not made.
        """
        with self._changing:
            self._take(Role.FORCE, self._reader.read(given))

    def now(self) -> Rules:
        """Return what a call that begins now is judged by."""
        if self.due():
            self.look()
        return self.rules

    def due(self) -> bool:
        """Say whether it is time to look for a newer one; whoever is told so has to `look`."""
        if not self._watches:
            return False
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + LOOK_SECONDS
        return True

    def look(self) -> None:
        """Take what is newer; what can't be taken is recorded, and never raised.

        While one thread looks the others go on with what is in force.
        """
        if self._changing.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._changing.release()

    def reload(self) -> Health:
        """Look now, at what whoever asks knows to be complete.

        Raises:
            WiringError: If nothing is followed.
        """
        if not self._watches:
            raise WiringError("nothing is followed: open the gate with `reload`")
        with self._changing:
            for watch in self._watches:
                watch.hurry()
            self._look()
        return self.health

    def _look(self) -> None:
        for watch in self._watches:
            try:
                for item in watch.news():
                    self._hear(item)
                watch.heard()
                self._faults.pop(_LOOKING, None)
            except Exception as error:  # noqa: BLE001 - INVARIANT: looking never fails a call
                self._faults[_LOOKING] = (
                    f"the rulebook could not be looked after: {describe(error)}"
                )

    def _hear(self, item: News) -> None:
        if item.fault is not None:
            self._keep(item)
            return
        try:
            self._take(item.role, item.edition)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - INVARIANT: what is wrong is kept out, and told
            from lockgate.rulebook.watch import as_fault

            fault = as_fault(error, item.edition.origin if item.edition else "")
            self._keep(replace(item, edition=None, fault=fault))

    def _take(self, role: Role, edition: Edition | None) -> None:
        """Put an edition in its place; if anything fails, nothing has changed."""
        coming = self.rules.after(role, edition)
        with self._registering:
            said = [(tool, coming.say(tool)) for tool in self._every]
            if role is Role.FORCE:
                for tool, word in said:
                    self._check(tool, word.policy)
                self._record(coming.edition)
            self.rules = coming
        for tool, word in said:
            tool.said = word
        self._faults.pop(role.value, None)

    def _keep(self, item: News) -> None:
        """Tell why what is in force stays."""
        fault = item.fault or RulebookError("it is no rulebook")
        self._faults[item.role.value] = str(fault)
        told = {
            "role": item.role.value,
            "revision": self.health.revision,
            "error": fault.message,
            "hint": fault.hint,
            "file": fault.file,
            "line": fault.line,
            "column": fault.column,
        }
        self._store.append([of_rules(EventKind.KEPT, self._clock(), told, *item.mark)])

    def _record(self, edition: Edition) -> None:
        """Record that an edition is in force, once for all who share the record."""
        told = edition.to_dict()
        if told["origin"] == "record":
            return  # its publication says so
        earlier = self._store.of_kind(EventKind.ENFORCED)
        same = [event for event in earlier if event.data["origin"] == told["origin"]]
        if same and all(same[-1].data[name] == told[name] for name in _SAME):
            return
        key = (*(told[name] for name in _SAME), same[-1].id if same else "")
        data = {**told, "documents": edition.listed}
        self._store.append([of_rules(EventKind.ENFORCED, self._clock(), data, *key)])


_LOOKING: Final = "looking"
_SAME: Final = ("origin", "revision", "digest", "number")
_everywhere: Final[weakref.WeakSet[InForce]] = weakref.WeakSet()


def _part() -> None:
    for item in list(_everywhere):
        item.part()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_part)
