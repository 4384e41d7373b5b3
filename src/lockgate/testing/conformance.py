"""One proof of stores: what every store must do, in the style of pytest.

Inherit from `StoreConformance` and give it a `store` fixture. Nothing here needs a test runner, so
it ships with the library.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from lockgate.call import Identity
from lockgate.errors import StoreError
from lockgate.record import GENESIS, TURNING, Draft, EventKind, draft, said, verify
from lockgate.testing.worlds import START

if TYPE_CHECKING:
    from lockgate.stores import Store

ODD_TEXT: Final = 'naïve 日本 🧨 \x00 \x1f \x7f \u2028 \ufeff é́ "\\ </script>'
"""Text that a careless store loses something of."""


def sample(
    name: object,
    kind: EventKind = EventKind.STARTED,
    *,
    thread: str = "thread",
    call: str = "call",
    request: str = "",
    **data: Any,
) -> Draft:
    """Draft an event for a test; the same arguments give the same id.

    Args:
        name: Tells it from others.
        kind: What happened.
        thread: The conversation.
        call: The call.
        request: The approval request it is about.
        **data: What it tells.
    """
    about = Identity(thread, "run", call, "f" * 64)
    return draft(kind, about, START, data, key=(name,), request=request)


class StoreConformance:
    """What every store must do; inherit, and override the fixture `store` with an empty one."""

    def test_events_come_back_in_the_order_they_were_appended(self, store: Store) -> None:
        """Numbers count from one, without gaps."""
        drafts = [sample(n) for n in range(7)]
        store.append(drafts[:3])
        store.append(drafts[3:])
        found = store.page()
        assert [event.id for event in found] == [drafted.id for drafted in drafts]
        assert [event.seq for event in found] == [1, 2, 3, 4, 5, 6, 7]

    def test_an_empty_store_has_nothing(self, store: Store) -> None:
        """Every reading of an empty store is empty, and its chain holds."""
        assert store.page() == store.of_thread("thread") == store.unresolved() == ()
        assert store.of_call("thread", "call") == store.of_request("r") == store.of_kind() == ()
        assert verify(store.page()).head == GENESIS

    def test_the_same_id_is_appended_once(self, store: Store) -> None:
        """The first one stays as it was, whatever the second says."""
        assert store.append([sample("a", text="first")]) == (True,)
        assert store.append([sample("a", text="second")]) == (False,)
        (event,) = store.page()
        assert event.data == {"text": "first"}

    def test_it_says_for_each_draft_whether_it_was_new(self, store: Store) -> None:
        """A known draft does not keep the others from being appended; twins count once."""
        store.append([sample("known")])
        drafts = [sample("a"), sample("known"), sample("b"), sample("b")]
        assert store.append(drafts) == (True, False, True, False)
        assert len(store.page()) == 3
        assert store.append([]) == ()

    def test_several_drafts_are_appended_together_or_not_at_all(self, store: Store) -> None:
        """A draft that can't be written takes the ones before it along."""
        broken = Draft(id="x", kind=EventKind.STARTED, at=START, thread="t", data={"x": object()})
        for drafts in ([sample("a"), broken], [broken, sample("a")]):
            try:
                store.append(drafts)
            except StoreError:
                continue
            raise AssertionError("a draft that can't be written was appended")
        assert store.page() == ()
        assert store.append([sample("a")]) == (True,)
        verify(store.page())

    def test_what_is_noted_is_found_like_what_is_appended(self, store: Store) -> None:
        """The two differ only in when the disk has it; they share ids, order and chain."""
        assert store.note([sample("a"), sample("b")]) == (True, True)
        assert store.append([sample("b"), sample("c")]) == (False, True)
        assert store.note([sample("c"), sample("d")]) == (False, True)
        assert [event.seq for event in store.of_call("thread", "call")] == [1, 2, 3, 4]
        assert verify(store.page()).length == 4

    def test_what_is_left_is_found_before_what_is_appended_later(self, store: Store) -> None:
        """Whoever reads here finds it at once, in its place and in the chain."""
        store.append([sample("a")])
        store.leave([sample("b"), sample("c", EventKind.COMPLETED)])
        assert store.append([sample("d")]) == (True,)
        store.leave([sample("e")])
        found = [sample(name).id for name in "ab"] + [sample("c", EventKind.COMPLETED).id]
        found += [sample(name).id for name in "de"]
        assert [event.id for event in store.page()] == found
        assert [event.id for event in store.of_thread("thread")] == found
        assert verify(store.page()).length == 5

    def test_requests_of_a_call_are_what_ties_it(self, store: Store) -> None:
        """What has no request, and what is another call's, is left out."""
        tied = [
            sample("h", EventKind.HELD, request="apr-1"),
            sample("r", EventKind.RESOLVED, request="apr-1"),
            sample("e", EventKind.COMPLETED, request="apr-1"),
            sample("a", EventKind.ADOPTED),
        ]
        store.append([sample("s"), *tied, sample("o", request="apr-2", call="other")])
        assert [event.id for event in store.requests_of("thread", "call")] == [
            drafted.id for drafted in tied
        ]
        assert store.requests_of("thread", "nobody") == ()

    def test_the_past_of_a_call_has_only_what_turned_it(self, store: Store) -> None:
        """Decisions, refusals and what users say are left out."""
        store.append([sample(kind, kind) for kind in EventKind])
        store.append([sample("other call", call="other"), sample("other thread", thread="other")])
        found = store.of_call("thread", "call")
        assert {event.kind for event in found} == TURNING
        assert list(found) == sorted(found, key=lambda event: event.seq)

    def test_the_newest_of_a_call_can_be_asked_for(self, store: Store) -> None:
        """They still come oldest first."""
        store.append([sample(n) for n in range(5)])
        assert [event.seq for event in store.of_call("thread", "call", 2)] == [4, 5]
        assert [event.seq for event in store.of_call("thread", "call", 9)] == [1, 2, 3, 4, 5]

    def test_a_thread_is_read_on_from_where_one_was(self, store: Store) -> None:
        """`after` is a number of the whole record, not of the thread."""
        for n in range(3):
            store.append([sample(n), sample(n, thread="other")])
        assert [event.seq for event in store.of_thread("thread")] == [1, 3, 5]
        assert [event.seq for event in store.of_thread("thread", 3)] == [5]
        assert store.of_thread("thread", 5) == store.of_thread("nobody's") == ()

    def test_a_request_is_found_by_its_id(self, store: Store) -> None:
        """What has no request is not found by an empty one."""
        held = sample("h", EventKind.HELD, request="apr-1")
        store.append([held, sample("s"), sample("r", EventKind.RESOLVED, request="apr-1")])
        assert [event.kind for event in store.of_request("apr-1")] == ["held", "resolved"]
        assert store.of_request("apr-2") == store.of_request("") == ()

    def test_kinds_are_found_together_in_order(self, store: Store) -> None:
        """Whatever the order in which they are named."""
        kinds = [EventKind.STARTED, EventKind.FAILED, EventKind.STARTED, EventKind.COMPLETED]
        store.append([sample(n, kind) for n, kind in enumerate(kinds)])
        found = store.of_kind(EventKind.COMPLETED, EventKind.STARTED)
        assert [event.seq for event in found] == [1, 3, 4]
        assert [event.seq for event in store.of_kind(EventKind.STARTED, after=1)] == [3]

    def test_a_held_call_is_unresolved_until_it_is_resolved(self, store: Store) -> None:
        """Oldest first; the resolution of another request changes nothing."""
        names = ("apr-1", "apr-2", "apr-3")
        store.append([sample(name, EventKind.HELD, request=name) for name in names])
        store.append([sample("r", EventKind.RESOLVED, request="apr-2")])
        assert [event.request for event in store.unresolved()] == ["apr-1", "apr-3"]

    def test_pages_follow_one_another(self, store: Store) -> None:
        """Without a gap and without an overlap."""
        store.append([sample(n) for n in range(5)])
        pages = [store.page(after, 2) for after in (0, 2, 4, 6)]
        assert [[event.seq for event in page] for page in pages] == [[1, 2], [3, 4], [5], []]

    def test_the_chain_holds(self, store: Store) -> None:
        """What is read back is what was sealed, byte for byte."""
        for n in range(20):
            store.append([sample(n, text=ODD_TEXT * n), sample((n, "b"), thread=f"t{n}")])
        told = verify(store.page())
        assert told.length == 40
        assert told.head == store.page()[-1].hash

    def test_odd_text_survives(self, store: Store) -> None:
        """In what is told and in the names that are looked up."""
        thread = ODD_TEXT.replace("\x00", "")  # some databases can't have it in text
        store.append(
            [sample("a", thread=thread, text=ODD_TEXT), said(thread, "", "m", ODD_TEXT, START)]
        )
        event, turn = store.of_thread(thread)
        assert event.data == turn.data == {"text": ODD_TEXT}
        assert store.of_call(thread, "call") == (event,)
        verify(store.page())

    def test_of_many_threads_exactly_one_appends_each_id(self, store: Store) -> None:
        """Eight writers, the same drafts: one winner each, and an unbroken chain."""
        writers, drafts = 8, [sample(n) for n in range(25)]
        together = threading.Barrier(writers)

        def write(writer: int) -> list[bool]:
            together.wait()
            mine = drafts[writer:] + drafts[:writer]
            add = store.note if writer % 2 else store.append
            told = {drafted.id: add([drafted])[0] for drafted in mine}
            return [told[drafted.id] for drafted in drafts]

        with ThreadPoolExecutor(writers) as pool:
            won = list(pool.map(write, range(writers)))
        assert [sum(column) for column in zip(*won, strict=True)] == [1] * len(drafts)
        assert verify(store.page()).length == len(drafts)

    def test_closing_twice_is_harmless(self, store: Store) -> None:
        """The second time there is nothing left to close."""
        store.append([sample("a")])
        store.close()
        store.close()
