"""One call that is delivered several times brings one result.

The framework runs a step again for every event that answers it, even for the second click on one
button, and the agent would go on twice. The record keeps the effect single; this room keeps the
result single. It knows nothing of a run that another process has resumed.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary, ref

from workflows.runtime.types.results import StepWorkerStateContextVar, WaitingForEvent

from lockgate.adapters.llamaindex.pause import waiting_for_nothing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from workflows.context.state_store import StateStore
    from workflows.runtime.types.results import StepWorkerWaiter

_turns: Final[WeakKeyDictionary[StateStore[Any], dict[tuple[str, str], Turn]]] = WeakKeyDictionary()
"""The calls of each run, by its store: that lives as long as the run does in this process."""


class Turn:
    """One call of a step: whose turn it is, and who has brought its result.

    Attributes:
        requests: The requests that held it.
    """

    def __init__(self) -> None:
        """Nobody has had it yet."""
        self.requests: set[str] = set()
        self._lock = asyncio.Lock()
        self._over: Any = None

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Let deliveries go one by one, until one has brought the result.

        Raises:
            WaitingForEvent: If another one has brought it, and this one came for nothing else.
        """
        async with self._lock:
            here = StepWorkerStateContextVar.get()
            if self._over is not None and self._over() is not here and not self._goes_on():
                raise waiting_for_nothing(str(here.state.work_item_id))
            self._over = ref(here)
            try:
                yield
            except WaitingForEvent:
                self._over = None
                raise

    def _goes_on(self) -> bool:
        """Say whether the step runs again for a reason of its own, or for a later call in it."""
        here = StepWorkerStateContextVar.get()
        return (
            here.retry.retry_number > 0
            or bool(here.state.collected_events)
            or any(map(self._is_of_another, here.state.collected_waiters))
        )

    def _is_of_another(self, waiter: StepWorkerWaiter[Any]) -> bool:
        """Say whether a waiter brings the step something that is no answer to this call."""
        item = StepWorkerStateContextVar.get().state.work_item_id
        brings = waiter.resolved_event is not None or waiter.timed_out
        asked = any(request in waiter.waiter_id for request in self.requests)
        return brings and waiter.work_item_id == item and not asked


def turn_of(store: StateStore[Any], delivery: str, fingerprint: str) -> Turn:
    """Return the turn of a call, the same for all deliveries of its step."""
    return _turns.setdefault(store, {}).setdefault((delivery, fingerprint), Turn())
