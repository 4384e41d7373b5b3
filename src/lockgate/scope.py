"""Which run a call belongs to, carried along with the code that makes it.

Set by the host application or by a door, never by the agent.
"""

from __future__ import annotations

import inspect
import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from lockgate.call import Principal
    from lockgate.steps import Permit


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The run that calls made from here belong to.

    Attributes:
        thread: The conversation; empty for none.
        run: One invocation of the agent; empty for none.
        principal: Who acts, or nothing for whom the gate names.
    """

    thread: str = ""
    run: str = ""
    principal: Principal | None = None

    @classmethod
    def begun(
        cls, principal: Principal, thread: str | None, person: str | None, agent: str | None
    ) -> Scope:
        """Return the scope of a new run, in a new conversation unless one is named.

        Args:
            principal: Who acts, but for what is named.
            thread: The conversation.
            person: On whose behalf.
            agent: Which agent acts.
        """
        who = replace(principal, person=person or principal.person, agent=agent or principal.agent)
        return cls(thread=thread or uuid.uuid4().hex, run=uuid.uuid4().hex, principal=who)

    @property
    def governed(self) -> bool:
        """Whether somebody opened this run with a gate."""
        return self != NOWHERE


NOWHERE: Final = Scope()
_scope: ContextVar[Scope] = ContextVar("lockgate_scope", default=NOWHERE)


_permit: ContextVar[Permit | None] = ContextVar("lockgate_permit", default=None)


def current_permit() -> Permit | None:
    """Return the permit under which the running tool executes; nothing outside of one.

    A tool hands `current_permit().idempotency_key` to services that take one: should the call be
    attempted again, they see the same key.
    """
    return _permit.get()


@contextmanager
def executing(permit: Permit) -> Iterator[None]:
    """Let what happens inside execute under `permit`."""
    token = _permit.set(permit)
    try:
        yield
    finally:
        _permit.reset(token)


def under(permit: Permit, act: Callable[[Any], Any], what: object) -> Any:
    """Return `act(what)`, executed under the permit, in this thread or once it is awaited."""
    with executing(permit):
        reply = act(what)
    return _awaited(reply, permit) if inspect.isawaitable(reply) else reply


async def _awaited(reply: Awaitable[Any], permit: Permit) -> Any:
    with executing(permit):
        return await reply


def current() -> Scope:
    """Return the scope of the code that asks."""
    return _scope.get()


@contextmanager
def within(scope: Scope) -> Iterator[Scope]:
    """Let what happens inside belong to `scope`."""
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)
