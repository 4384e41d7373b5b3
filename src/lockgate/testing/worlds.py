"""The world of a test: a clock that stands, people with prepared answers, stores that fail."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from lockgate.approve import Answer, Choice, later
from lockgate.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from lockgate.approve import ApprovalRequest
    from lockgate.record import Draft, Event
    from lockgate.stores import Store

P = ParamSpec("P")
R = TypeVar("R")

START: Final = "2026-01-01T00:00:00.000000Z"
"""When a `FrozenClock` starts, unless told otherwise."""


class FrozenClock:
    """A clock that stands still until it is moved; `Gate(..., clock=FrozenClock())`."""

    def __init__(self, at: str = START) -> None:
        """Stand at `at`, an RFC 3339 time in UTC."""
        self._now = later(at, 0)

    def __call__(self) -> str:
        """Return the time as RFC 3339 text, to the microsecond, ending in `Z`."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._now = later(self._now, seconds)


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that a recorded tool did: its name and its arguments."""

    tool: str
    arguments: dict[str, Any]


class Recorder:
    """Counts what tools really did, whatever their caller believes.

    Attributes:
        done: Every execution, in order.
    """

    def __init__(self) -> None:
        """Start with nothing done."""
        self.done: list[Done] = []

    def tool(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function`, sync or async, with each execution of its body recorded."""
        shape = inspect.signature(function)

        def note(args: Any, kwargs: Any) -> None:
            bound = shape.bind(*args, **kwargs)
            bound.apply_defaults()
            self.done.append(Done(function.__name__, dict(bound.arguments)))

        @functools.wraps(function)
        def noted(*args: P.args, **kwargs: P.kwargs) -> R:
            note(args, kwargs)
            return function(*args, **kwargs)

        @functools.wraps(function)
        async def anoted(*args: P.args, **kwargs: P.kwargs) -> Any:
            note(args, kwargs)
            return await cast("Any", function)(*args, **kwargs)

        return cast("Callable[P, R]", anoted if inspect.iscoroutinefunction(function) else noted)

    def count(self, tool: str | None = None) -> int:
        """Return how often `tool` was executed, or all tools together."""
        return sum(tool in {None, item.tool} for item in self.done)


class ScriptedApprover:
    """Gives prepared answers in order, then none.

    Attributes:
        asked: Every request that was shown.
    """

    def __init__(self, *answers: Answer | Exception | None) -> None:
        """Prepare `answers`; nothing leaves a request standing, an error is raised."""
        self.asked: list[ApprovalRequest] = []
        self._answers = list(answers)

    @classmethod
    def approving(cls, by: str = "reviewer", *, times: int = 1) -> ScriptedApprover:
        """Prepare to approve."""
        return cls(*[Answer(choice=Choice.APPROVE, by=by)] * times)

    @classmethod
    def rejecting(cls, by: str = "reviewer", comment: str = "") -> ScriptedApprover:
        """Prepare to reject once."""
        return cls(Answer(choice=Choice.REJECT, by=by, comment=comment))

    def ask(self, request: ApprovalRequest) -> Answer | None:
        """Return the next answer, or nothing when there is none left."""
        self.asked.append(request)
        answer = self._answers.pop(0) if self._answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


class FaultyStore:
    """A store that fails when it is told to, and is otherwise the one it wraps.

    Attributes:
        blocks: As the store it wraps.
        appends: How many appends and notes were tried.
        looks: How many times a call's past was looked up.
    """

    def __init__(
        self, store: Store, *, append: Collection[int] = (), look: Collection[int] = ()
    ) -> None:
        """Wrap `store`; `append` and `look` number the attempts that fail, from one."""
        self.blocks = store.blocks
        self.appends = self.looks = 0
        self._store, self._append, self._look = store, frozenset(append), frozenset(look)

    def append(self, drafts: Sequence[Draft]) -> tuple[bool, ...]:
        """Append, or fail and append nothing."""
        self._try_append()
        return self._store.append(drafts)

    def note(self, drafts: Sequence[Draft]) -> tuple[bool, ...]:
        """Append as `append` does, and count as one."""
        self._try_append()
        return self._store.note(drafts)

    def leave(self, drafts: Sequence[Draft]) -> None:
        """Leave drafts as `append` does, and count as one."""
        self._try_append()
        self._store.leave(drafts)

    def _try_append(self) -> None:
        self.appends += 1
        if self.appends in self._append:
            raise StoreError(f"append {self.appends} fails, as the test asked")

    def of_call(self, thread: str, call: str, latest: int | None = None) -> tuple[Event, ...]:
        """Look up a call's past, or fail."""
        self._try_look()
        return self._store.of_call(thread, call, latest)

    def requests_of(self, thread: str, call: str) -> tuple[Event, ...]:
        """Look up what ties a call to requests, or fail."""
        self._try_look()
        return self._store.requests_of(thread, call)

    def _try_look(self) -> None:
        self.looks += 1
        if self.looks in self._look:
            raise StoreError(f"look {self.looks} fails, as the test asked")

    def __getattr__(self, name: str) -> Any:
        """Do everything else as the store that is wrapped."""
        return getattr(self._store, name)
