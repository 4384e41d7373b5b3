"""The drivers of the core, each called alike: with a plan and with what performs its steps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lockgate.drive import adrive, begin, drive
from lockgate.steps import Outcome, Run
from theorems.worlds import CALLS, VALUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockgate.steps import Step


def sync_driver(plan: Any, perform: Callable[[Step], Any]) -> Any:
    return drive(plan, perform)


def begun_driver(plan: Any, perform: Callable[[Step], Any]) -> Any:
    """Run as hosts do that execute by themselves and tell us when it begins and ends."""
    begun = begin(plan, perform)
    if begun.permit is None:
        return Outcome(VALUE, replayed=True)
    try:
        ran = perform(Run(CALLS["host"], begun.permit))  # a host that can't be sent an edit
    except BaseException as error:
        begun.fail(error)
        raise
    begun.end(ran)
    return Outcome(ran.value)


class AsyncDriver:
    """The async driver in a loop of its own, with every reply awaited."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()

    def __call__(self, plan: Any, perform: Callable[[Step], Any]) -> Any:
        async def aperform(step: Step) -> Any:
            return perform(step)

        return self.loop.run_until_complete(adrive(plan, aperform))
