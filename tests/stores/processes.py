"""What the crash tests run in processes of their own, forked from a server that imported it all."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate import Answer, AnswerRefused, Choice, Gate, PendingApproval, Rulebook
from lockgate.errors import LockgateError
from lockgate.record import EventKind
from lockgate.stores import writer
from lockgate.stores.sqlite import SqliteStore
from lockgate.testing import sample

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

BOOKS = {
    "allow": "rules: [{id: all, then: allow, reason: the test says so}]",
    "hold": "rules: [{id: ask, then: require_approval, reason: look at it}]",
}
LONG = 60.0

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(
    [
        "pytest",
        "lockgate.gate",
        "lockgate.rulebook.condition",
        "lockgate.stores.sqlite",
        "lockgate.testing",
    ]
)


def start(task: Any, *args: Any, **more: Any) -> BaseProcess:
    """Start `task` in a process of its own."""
    process = context.Process(target=task, args=args, kwargs=more, daemon=True)
    process.start()
    return process


def kill(process: BaseProcess) -> None:
    """Kill a process as `kill -9` does: it can tidy nothing up."""
    os.kill(process.pid, signal.SIGKILL)
    process.join(LONG)
    assert process.exitcode == -signal.SIGKILL


def finish(*processes: BaseProcess) -> None:
    """Wait until processes have ended well."""
    for process in processes:
        process.join(LONG)
        assert process.exitcode == 0, process.exitcode


def wait_for(path: Path) -> None:
    """Wait until another process has made a file."""
    deadline = time.monotonic() + LONG
    while not path.exists():
        assert time.monotonic() < deadline, f"nobody made {path}"
        time.sleep(0.002)


# ── Tasks ────────────────────────────────────────────────────────────────────────────────────


class SlowStore(SqliteStore):
    """Tells when an append begins and has ended, and gives a killer time to come."""

    def __init__(self, path: Path, marks: Path, stop: str) -> None:
        super().__init__(path)
        self._marks, self._stop, self._appends = marks, stop, 0

    def append(self, drafts: Any) -> tuple[bool, ...]:
        self._appends += 1
        self._mark(f"before {self._appends}")
        fresh = super().append(drafts)
        self._mark(f"after {self._appends}")
        return fresh

    def _mark(self, what: str) -> None:
        if what == self._stop:
            (self._marks / "reached").touch()
            time.sleep(LONG)


def pay(folder: Path, *calls: str, stop: str = "", book: str = "allow") -> None:
    """Make calls of one thread, each once, and write down what became of them."""
    gate = Gate(Rulebook.parse(BOOKS[book]), SlowStore(folder / "record.db", folder, stop))

    def pay_invoice(invoice: str) -> str:
        note(folder / "effects", invoice)
        if stop == "inside":
            (folder / "reached").touch()
            time.sleep(LONG)
        return f"paid {invoice}"

    paid = gate.contained(pay_invoice)
    with gate.run("thread"):
        for call in calls:
            try:
                note(folder / "outcomes", paid(call))
            except LockgateError as error:
                note(folder / "outcomes", type(error).__name__)
            else:
                (folder / "paid one").touch()
    gate.close()


def note(path: Path, line: str) -> None:
    """Write a line, in one go."""
    with path.open("a") as file:
        file.write(f"{line}\n")


def pay_together(folder: Path, call: str, together: Any) -> None:
    """Make the same held call as other processes do, all at once."""
    together.wait(LONG)
    pay(folder, call, book="hold")


def approve(folder: Path, request: str) -> None:
    """Answer a request in this process."""
    gate = Gate(Rulebook.parse(BOOKS["hold"]), SqliteStore(folder / "record.db"))
    gate.desk.answer(request, Answer(choice=Choice.APPROVE, by="ann"))
    gate.close()


def approve_together(folder: Path, request: str, together: Any) -> None:
    """Answer a request at the same time as others."""
    gate = Gate(Rulebook.parse(BOOKS["hold"]), SqliteStore(folder / "record.db"))
    together.wait(LONG)
    try:
        gate.desk.answer(request, Answer(choice=Choice.APPROVE, by=f"person {os.getpid()}"))
        outcome = "answered"
    except AnswerRefused:
        outcome = "too late"
    note(folder / "answers", outcome)
    gate.close()


def hold(folder: Path, call: str) -> str:
    """Hold a call, and return the id of its request."""
    gate = Gate(Rulebook.parse(BOOKS["hold"]), SqliteStore(folder / "record.db"))

    def pay_invoice(invoice: str) -> str:
        raise AssertionError(f"{invoice} was paid without approval")

    try:
        with gate.run("thread"):
            gate.contained(pay_invoice)(call)
    except PendingApproval as pending:
        return pending.request_id
    finally:
        gate.close()
    raise AssertionError("the call was not held")


def append_many(path: Path, names: range, threads: int, together: Any) -> None:
    """Append the same drafts from several threads, each beginning elsewhere."""
    together.wait(LONG)
    store = SqliteStore(path)
    won: list[int] = []

    def write(writer: int) -> None:
        for name in [*names[writer:], *names[:writer]]:
            won.extend([name] * store.append([sample(name, thread=f"thread {name % 3}")])[0])

    workers = [threading.Thread(target=write, args=(writer,)) for writer in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    store.close()
    (path.parent / f"won {os.getpid()}").write_text(" ".join(map(str, won)))


def leave_and_die(path: Path) -> None:
    """Leave events that nobody takes, then be killed."""
    writer.SETTLE_SECONDS = LONG
    store = SqliteStore(path)
    for n in range(7):
        store.leave([sample(n), sample((n, "end"), EventKind.COMPLETED)])
    os.kill(os.getpid(), signal.SIGKILL)
