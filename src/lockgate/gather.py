"""What is known: the facts a decision is made on, gathered from the record (the PIP).

Conversations are folded as the record grows and kept in memory; what falls out is read again.
What users say and what else reaches a conversation is recorded here, each thing once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from lockgate.errors import StoreError, Unrecorded
from lockgate.evaluate import Facts
from lockgate.past import Conversation, Past, Stage, has_end
from lockgate.record import EventKind, observed, said
from lockgate.steps import Known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lockgate.call import ToolCall
    from lockgate.record import Draft, Event, Trust
    from lockgate.scope import Scope
    from lockgate.steps import Look
    from lockgate.stores import Store

MAX_CONVERSATIONS: Final = 256
"""How many folded conversations are kept in memory."""
MAX_HEARD: Final = 65_536
"""How many messages are remembered as recorded; forgetting costs a write that writes nothing."""
LAST_ROUND: Final = 16
"""How many events of a call without identity are read, unless its last round is longer."""


class Gatherer:
    """Gathers facts from one store."""

    def __init__(self, store: Store, clock: Callable[[], str]) -> None:
        """Gather from `store`; `clock` returns RFC 3339 time."""
        self._store, self._clock = store, clock
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()
        self._heard: set[str] = set()
        self._lock = threading.Lock()

    def look(self, step: Look) -> Known:
        """Return the call's own events, and the facts if a rule wants them."""
        past = self._past(step.call) if step.tied else self._requests(step.call)
        return Known(past, self.facts(step.call.thread, wanted=step.history))

    def _requests(self, call: ToolCall) -> tuple[Event, ...]:
        return self._store.requests_of(call.thread, call.id)

    def _past(self, call: ToolCall) -> tuple[Event, ...]:
        latest = LAST_ROUND if call.repeatable else None
        past = self._store.of_call(call.thread, call.id, latest)
        if len(past) == latest and not has_end(past):
            past = self._store.of_call(call.thread, call.id)
        return past

    def seek(self, call: ToolCall) -> str:
        """Return the identity under which the same call is held in this thread, or nothing."""
        held = [
            event
            for event in self._store.of_thread(call.thread)
            if event.kind is EventKind.HELD
            and event.fingerprint == call.fingerprint
            and event.call != call.id
        ]
        return next((event.call for event in held if self._stands(call, event.call)), "")

    def _stands(self, call: ToolCall, call_id: str) -> bool:
        past = Past.of(call, self._store.of_call(call.thread, call_id))
        if past.stage is not Stage.HELD or past.request is None:
            return False
        return self._clock() < past.request.expires_at

    def facts(self, thread: str, *, wanted: bool) -> Facts:
        """Return the facts of a conversation, folding what came since it was last looked at."""
        if not (wanted and thread):
            return Facts(now=self._clock())
        with self._lock:
            known = self._conversations.setdefault(thread, Conversation())
            self._conversations.move_to_end(thread)
            if len(self._conversations) > MAX_CONVERSATIONS:
                self._conversations.popitem(last=False)
            known.extend(self._store.of_thread(thread, known.seq))
            return known.facts(self._clock())

    def hear(self, scope: Scope, turns: Iterable[tuple[str, str]]) -> int:
        """Record what the user said, each message once, and return how many were new.

        Args:
            scope: The thread and run.
            turns: Id and text of each message; known ones are passed over.
        """
        new = [
            (f"{scope.thread}\n{message_id}", message_id, text)
            for message_id, text in turns
            if f"{scope.thread}\n{message_id}" not in self._heard
        ]
        if not new:
            return 0
        now = self._clock()
        fresh = self._note(
            *(said(scope.thread, scope.run, which, text, now) for _, which, text in new)
        )
        if len(self._heard) > MAX_HEARD:
            self._heard.clear()
        self._heard.update(key for key, _, _ in new)
        return sum(fresh)

    def observe(
        self, scope: Scope, source: str, trust: Trust, text: str, *, about: str, **more: Any
    ) -> None:
        """Record what else reached a conversation, once.

        Args:
            scope: The thread and run.
            source: Where it came from, such as `model` or `retriever`.
            trust: How far what it says may be believed.
            text: What was said.
            about: The host's id of the moment.
            **more: What else there is to tell, such as the tokens used.
        """
        thread, run, now = scope.thread, scope.run, self._clock()
        self._note(observed(thread, run, source, trust, text, about, now, more))

    def _note(self, *drafts: Draft) -> tuple[bool, ...]:
        try:
            return self._store.note(drafts)
        except StoreError as error:
            message = "the record could not be written: nothing was executed"
            raise Unrecorded(message) from error
