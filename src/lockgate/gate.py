"""The enforcement point: wires the rooms together and performs the plan's steps.

A `Gate` holds the rulebook, the store, who acts and where. Doors register their tools
with it and send every call through `pass_call` or `apass_call`; only a permit executes.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from lockgate.approvers import Desk, Queue, asked
from lockgate.call import Principal, ToolCall
from lockgate.case import Case, judge, refusal
from lockgate.classify import Signature, read
from lockgate.clock import nonce, utc_now
from lockgate.contain import contain
from lockgate.drive import Begun, adrive, begin, drive
from lockgate.errors import Blocked, StoreError, Unrecorded
from lockgate.function import contained
from lockgate.gather import Gatherer
from lockgate.in_force import InForce
from lockgate.inventory import Inventory
from lockgate.scope import Scope, current, under, within
from lockgate.steps import Admit, Ask, Look, Run, Seek, Write, may_wait
from lockgate.stores import Store, default_store, open_store
from lockgate.tools import Coverage, Tool, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from lockgate.approvers import Approver
    from lockgate.decide import Decision
    from lockgate.in_force import Health
    from lockgate.record import Trust
    from lockgate.rulebook import Rulebook
    from lockgate.rulebook.beginning import Beginning, Given, Keys, Reload
    from lockgate.steps import Host, Outcome, Step

P = ParamSpec("P")
R = TypeVar("R")


class Gate:
    """Stands between the decision to call a tool and the tool.

    Attributes:
        store: Where the record is kept.
        desk: Where held calls are seen and answered.
        tools: Every tool that was registered, by source and name.
    """

    def __init__(  # noqa: PLR0913 - the parts of a gate
        self,
        rulebook: Rulebook | Beginning,
        store: Store,
        *,
        principal: Principal | None = None,
        environment: str = "production",
        approver: Approver | None = None,
        inventory: Inventory | None = None,
        strict: bool = False,
        clock: Callable[[], str] = utc_now,
    ) -> None:
        """Wire a gate.

        Args:
            rulebook: The rules in force, or all that is known of them and those to come.
            store: Where the record is kept.
            principal: Who acts, unless a run says otherwise.
            environment: Where tools act; the most dangerous one unless told otherwise.
            approver: Whom to ask while the caller waits; by default nobody.
            inventory: The reviewed tools; every call of any other, or of one that changed, is held.
            strict: Refuse to register a dangerous tool whose hazards nothing answers, and a
                rulebook that would leave one so.
            clock: Returns the time as RFC 3339 text in UTC.
        """
        self._in_force = InForce.of(rulebook, store, clock, environment if strict else "")
        self.tools = self._in_force.tools
        self.store = store
        self.desk = Desk(store, clock)
        self._gatherer = Gatherer(store, clock)
        self._principal = principal or Principal()
        self._environment = environment
        self._approver: Approver = approver or Queue()
        self._inventory = inventory
        self._clock = clock

    @classmethod
    def open(  # noqa: PLR0913 - the parts of a gate
        cls,
        rulebook: Given | None = None,
        *,
        store: str | None = None,
        inventory: str | Path | Inventory | None = None,
        shadow: Given | None = None,
        reload: Reload | None = None,
        trusted: Keys = (),
        **wiring: Any,
    ) -> Gate:
        """Open a gate.

        Args:
            rulebook: A file, a folder, a pack such as `pack:payments`, a loaded rulebook, or
                nothing for the baseline. `Rulebook.load` makes one of several.
            store: A URL or path; by default `LOCKGATE_STORE`, else `lockgate.db` here.
            inventory: The reviewed tools, or their file.
            shadow: A rulebook to try: its verdict is recorded beside the real one.
            reload: `file` follows the file of the rulebook, `record` what is published there.
            trusted: Public keys; then nothing is in force that none of them signed.
            **wiring: What `Gate` takes besides.

        Raises:
            InventoryError: If the inventory can't be read.
            RulebookError: If the rulebook is wrong, or not signed as it must be.
            StoreError: If the store can't be opened.
            WiringError: If the parts do not fit together.
        """
        from lockgate.rulebook.beginning import begin

        tools = inventory if isinstance(inventory, Inventory | None) else Inventory.load(inventory)
        opened = open_store(store or default_store())
        try:
            clock = wiring.get("clock", utc_now)
            found = begin(rulebook, opened, clock, shadow=shadow, reload=reload, trusted=trusted)
            return cls(found, opened, inventory=tools, **wiring)
        except BaseException:
            opened.close()
            raise

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    def __enter__(self) -> Self:
        """Return the gate itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close it."""
        self.close()

    # ── The rulebook ─────────────────────────────────────────────────────────────────────────

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook in force."""
        return self._in_force.rules.edition.rulebook

    @property
    def health(self) -> Health:
        """Which rulebook is in force, and why a newer one is not."""
        return self._in_force.health

    def use(self, rulebook: Given) -> None:
        """Put another rulebook in force, whole: calls that have begun keep the one before.

        Args:
            rulebook: A file or a loaded rulebook, for every call that begins from now on.

        Raises:
            RulebookError: If it is wrong; then what was in force still is.
            StoreError: If the change could not be recorded; then it was not made.
            WiringError: If it must be signed and was made by code.
        """
        self._in_force.use(rulebook)

    def reload(self) -> Health:
        """Look now whether there is a newer rulebook, and say how it stands.

        Raises:
            WiringError: If the gate was opened without `reload`.
        """
        return self._in_force.reload()

    # ── Tools and calls ──────────────────────────────────────────────────────────────────

    def register(self, signature: Signature) -> Tool:
        """Classify a tool and find the rules that could match it; done once, not in each call.

        Raises:
            WiringError: If it declares an action that is not in the catalogue, or the gate is
                strict and nothing answers a hazard of it.
            RulebookError: If a rule about just this tool can't be right, as it declares itself.
        """
        tool = Tool.of(signature, self._inventory)
        self._in_force.register(tool)
        return tool

    def check_tools(self) -> tuple[Coverage, ...]:
        """Tell of every registered tool what it is, what governs it, and what is amiss."""
        rules, where = self._in_force.rules, self._environment
        return tuple(
            Coverage.of(tool, rules.about(tool).policy, where) for tool in self.tools.values()
        )

    def propose(
        self,
        tool: Tool,
        arguments: Mapping[str, Any],
        *,
        id: str | None = None,  # noqa: A002 - the field's own word
        scope: Scope | None = None,
    ) -> ToolCall:
        """Make a call of `tool`, in the scope given or the current run.

        Args:
            tool: What `register` returned.
            arguments: The arguments, after the host validated them.
            id: The host's identity of this call within its thread, if it has one.
            scope: The thread and run, if the host knows them.
        """
        where = scope or current()
        return ToolCall.propose(
            tool.signature.name,
            arguments,
            source=tool.signature.source,
            principal=where.principal or self._principal,
            environment=self._environment,
            thread=where.thread,
            run=where.run,
            id=id,
        )

    @contextmanager
    def run(
        self, thread: str | None = None, *, person: str | None = None, agent: str | None = None
    ) -> Iterator[Scope]:
        """Open a run: calls made inside belong to one thread, and are known after a crash.

        Args:
            thread: The conversation; a new one by default.
            person: On whose behalf, as the host application knows it.
            agent: Which agent acts.
        """
        with within(Scope.begun(self._principal, thread, person, agent)) as scope:
            yield scope

    def principal_named(self, agent: str) -> Principal:
        """Return who acts in the current run, under the name the host gives its agent."""
        return replace(self.scope.principal or self._principal, agent=agent)

    def contained(
        self, function: Callable[P, R], *, action: str | None = None, idempotent: bool = False
    ) -> Callable[P, R]:
        """Return a plain function, sync or async, with every call sent through the gate.

        See `function.contained` for the arguments.

        Raises:
            WiringError: If the action is not in the catalogue.
        """
        return contained(self, function, action=action, idempotent=idempotent)

    @property
    def scope(self) -> Scope:
        """The run that calls made from here belong to."""
        return current()

    def decide(self, tool: str, arguments: Mapping[str, Any], *, source: str = "") -> Decision:
        """Judge a call without executing or recording it.

        Args:
            tool: Name of a registered tool; any other counts as unknown.
            arguments: The arguments it would be called with.
            source: Where the tool comes from, if several have the name.
        """
        handle = named(self.tools, tool, source) or self.unregistered(tool, source)
        case = self._case(handle, self.propose(handle, arguments))
        facts = self._gatherer.facts(case.call.thread, wanted=case.policy.needs_history)
        return judge(case, facts)

    def unregistered(self, name: str, source: str = "") -> Tool:
        """Return what is known of a tool by its name alone, without registering it."""
        signature = Signature(name=name, source=source or "unregistered")
        return Tool.of(signature, self._inventory)

    # ── The life of a call ───────────────────────────────────────────────────────────────

    def pass_call(self, tool: Tool, call: ToolCall, host: Host) -> Outcome:
        """Live the life of one call, in this thread.

        Raises:
            Refused: In one of its kinds, when the call may not run.
            Unrecorded: If the record could not be written; then nothing ran.
        """
        return drive(contain(self._case(tool, call, host)), lambda step: self._perform(step, host))

    async def apass_call(self, tool: Tool, call: ToolCall, host: Host) -> Outcome:
        """Live the life of one call, in this event loop; raises as `pass_call` does."""
        import asyncio

        def perform(step: Step) -> Any:
            if self.store.blocks and may_wait(step):
                return asyncio.to_thread(self._perform, step, host)
            return self._perform(step, host)

        if self._in_force.due():
            await asyncio.to_thread(self._in_force.look)
        return await adrive(contain(self._case(tool, call, host)), perform)

    def turn_away(self, tool: Tool, call: ToolCall, reason: str, tell: str = "") -> Blocked:
        """Record a call that can't be judged at all, and return the refusal for its host.

        Raises:
            Unrecorded: If that could not be written.
        """
        drafted = refusal(self._case(tool, call), Blocked, reason)
        try:
            self.store.append([drafted])
        except StoreError as error:
            raise Unrecorded("the record could not be written: nothing was executed") from error
        return Blocked(reason, call=call, tell=tell)

    def _case(self, tool: Tool, call: ToolCall, host: Host | None = None) -> Case:
        return Case(
            call=call,
            identity=call.identity,
            profile=read(tool.classification, call.arguments.view),
            idempotent=tool.signature.idempotent,
            policy=self._in_force.now().about(tool).policy,
            clock=self._clock,
            timer=time.perf_counter_ns,
            nonce=nonce(),
            asks_again=host is not None and host.asks_again,
            current=lambda: self._in_force.rules.about(tool).policy,
        )

    def _perform(self, step: Step, host: Host) -> Any:
        match step:
            case Look():
                return self._gatherer.look(step)
            case Seek():
                return self._gatherer.seek(step.call)
            case Write():
                return getattr(self.store, step.until.value)(step.drafts)
            case Ask():
                return host.ask(step)
            case Admit():
                return host.admit(step)
            case Run():
                return under(step.permit, host.run, step)

    def begin(self, tool: Tool, call: ToolCall, host: Host) -> Begun:
        """Live the life of a call up to its execution, for hosts that tell us when it ends.

        Raises:
            Refused: In one of its kinds, when the call may not run.
            Unrecorded: If the record could not be written; then nothing may run.
        """
        return begin(contain(self._case(tool, call, host)), lambda step: self._perform(step, host))

    # ── People ───────────────────────────────────────────────────────────────────────────

    def hear(self, scope: Scope, turns: Iterable[tuple[str, str]]) -> int:
        """Record what the user said, each message once, and return how many were new."""
        return self._gatherer.hear(scope, turns)

    def observe(
        self, scope: Scope, source: str, trust: Trust, text: str, *, about: str, **more: Any
    ) -> None:
        """Record what else reached a conversation, once; see `Gatherer.observe`."""
        self._gatherer.observe(scope, source, trust, text, about=about, **more)

    def ask(self, step: Ask) -> Any:
        """Ask the gate's approver; see `approvers.asked`."""
        return asked(self._approver, step)

    async def aask(self, step: Ask) -> Any:
        """Ask as `ask` does, without holding up the event loop."""
        import asyncio

        return await asyncio.to_thread(self.ask, step)
