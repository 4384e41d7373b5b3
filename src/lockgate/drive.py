"""The two drivers: all that is sync or async about the core.

A driver takes the next step from a plan, has it performed, and sends the reply or the
error back in. It knows nothing of calls, rules or stores.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from lockgate.steps import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockgate.case import Plan
    from lockgate.steps import Outcome, Permit, Ran, Step


def drive(plan: Plan, perform: Callable[[Step], Any]) -> Outcome:
    """Run a plan to its end."""
    return cast("Outcome", _go_on(plan.send, None, plan, perform, until=()))


@dataclass(frozen=True, slots=True)
class Begun:
    """A plan that waits for the end of its execution.

    Attributes:
        permit: The permit it runs under, or nothing when the call ran before.
    """

    permit: Permit | None
    _plan: Plan
    _perform: Callable[[Step], Any]

    def end(self, ran: Ran) -> None:
        """Tell what the execution returned."""
        _go_on(self._plan.send, ran, self._plan, self._perform, until=())

    def fail(self, error: BaseException) -> None:
        """Tell that the execution raised; the error is the host's to go on with."""
        try:
            _go_on(self._plan.throw, error, self._plan, self._perform, until=())
        except BaseException as raised:
            if raised is not error:
                raise


def begin(plan: Plan, perform: Callable[[Step], Any]) -> Begun:
    """Run a plan up to its `Run` step."""
    reached = _go_on(plan.send, None, plan, perform, until=Run)
    return Begun(reached.permit if isinstance(reached, Run) else None, plan, perform)


def _go_on(
    advance: Callable[[Any], Step],
    value: Any,
    plan: Plan,
    perform: Callable[[Step], Any],
    *,
    until: type[Step] | tuple[()],
) -> Step | Outcome:
    """Drive to the next step of the kind `until`, which is left to the caller, or to the end."""
    while True:
        try:
            step = advance(value)
        except StopIteration as done:
            return cast("Outcome", done.value)
        if isinstance(step, until):
            return step
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
