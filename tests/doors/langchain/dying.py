"""Worlds in files, and a program in which each way of calling dies while its approved call runs.

Usage: dying.py FOLDER; each way has a folder of its own there, by its place among all.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from doors.conftest import RULES, World
from doors.langchain.ways import WAYS, Way
from lockgate import Gate, Rulebook


class Effects:
    """What was done, in a file; who is to die does so right after the first."""

    def __init__(self, file: Path, *, deadly: bool) -> None:
        self._file, self._deadly = file, deadly

    def append(self, effect: object) -> None:
        with self._file.open("a") as file:
            file.write(f"{effect}\n")
            file.flush()
            os.fsync(file.fileno())
        if self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def seen(self) -> list[int]:
        return [int(line) for line in self._file.read_text().splitlines()]


class FiledSaver(InMemorySaver):
    """Keeps checkpoints in memory and, before anybody relies on them, in a file."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file, self._lock = file, threading.RLock()
        if file.exists():
            storage, writes, blobs = pickle.loads(file.read_bytes())  # noqa: S301 - our own
            for thread, spaces in storage.items():
                self.storage[thread].update(spaces)
            self.writes.update(writes)
            self.blobs.update(blobs)

    def put(self, *args: Any) -> Any:
        with self._lock:
            found = super().put(*args)
            self._keep()
        return found

    def put_writes(self, *args: Any, **kwargs: Any) -> None:
        with self._lock:
            super().put_writes(*args, **kwargs)
            self._keep()

    def _keep(self) -> None:
        storage = {thread: dict(spaces) for thread, spaces in self.storage.items()}
        kept = pickle.dumps((storage, dict(self.writes), dict(self.blobs)))
        new = self._file.with_suffix(".new")
        new.write_bytes(kept)
        new.replace(self._file)


class FiledWorld(World):
    """A world that another process finds again."""

    effects: Any

    def __init__(self, folder: Path, *, deadly: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.gate = Gate.open(Rulebook.parse(RULES), store=str(folder / "record.db"))
        self.effects = Effects(folder / "effects", deadly=deadly)
        self.saver = FiledSaver(folder / "graph")


def die(way: Way, folder: Path) -> None:
    world = FiledWorld(folder, deadly=True)
    caller = way.start(world, "held")
    world.approve()
    caller.resume()


def main() -> None:
    FiledWorld(Path(sys.argv[1], "first")).gate.close()  # what is loaded late is loaded once
    for at, way in enumerate(WAYS.values()):
        child = os.fork()
        if child == 0:
            die(way, Path(sys.argv[1], str(at)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"{way.title} did not die")


if __name__ == "__main__":
    main()
