"""The two drivers: all that is sync or async about the core.

A driver takes the next step from a plan, has it performed, and sends the reply or the
error back in. It knows nothing of calls, rules or stores.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockgate.contain import Plan
    from lockgate.steps import Outcome, Step


def drive(plan: Plan, perform: Callable[[Step], Any]) -> Outcome:
    """Run a plan to its end."""
    advance, value = plan.send, None
    while True:
        try:
            step = advance(value)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        try:
            advance, value = plan.send, perform(step)
        except BaseException as error:  # noqa: BLE001 - the plan decides what an error means
            advance, value = plan.throw, error


async def adrive(plan: Plan, perform: Callable[[Step], Any]) -> Outcome:
    """Run a plan to its end, awaiting each reply that can be awaited."""
    advance, value = plan.send, None
    while True:
        try:
            step = advance(value)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        try:
            reply = perform(step)
            advance, value = plan.send, await reply if inspect.isawaitable(reply) else reply
        except BaseException as error:  # noqa: BLE001 - the plan decides what an error means
            advance, value = plan.throw, error
