"""A real PostgreSQL server for as long as a test, in a folder of its own, over a Unix socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER = "postgres"
"""The account that runs the server for root, since it refuses to run as root itself."""


def missing() -> str:
    """Say what is missing here to start a server, or nothing."""
    try:
        program("initdb")
        program("pg_ctl")
    except FileNotFoundError as error:
        return str(error)
    if os.geteuid() == 0 and not (shutil.which("runuser") and _has_owner()):
        return f"root needs `runuser` and an account `{OWNER}` to start PostgreSQL"
    return ""


def program(name: str) -> Path:
    """Find a program of PostgreSQL, the newest where there are several."""
    folders = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    known = sorted(folders, key=lambda path: int(path.parts[-3].split(".")[0]))
    found = shutil.which(name)
    if not (known or found):
        raise FileNotFoundError(f"`{name}` of PostgreSQL is not installed")
    return known[-1] if known else Path(found)


@contextmanager
def server() -> Iterator[str]:
    """Start a server and give the folder of its socket; stop it and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="lockgate-pg-"))  # short: a socket's path is limited
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
    data, log = str(folder / "data"), str(folder / "log")
    try:
        _run("initdb", "--pgdata", data, "--username", OWNER, "--auth", "trust", "--no-sync")
        told = f"-k {folder} -c listen_addresses=''"
        _run("pg_ctl", "--pgdata", data, "--log", log, "--options", told, "--wait", "start")
        try:
            yield str(folder)
        finally:
            _run("pg_ctl", "--pgdata", data, "--mode", "immediate", "--wait", "stop")
    finally:
        shutil.rmtree(folder)


def _run(name: str, *words: str) -> None:
    as_owner = ["runuser", "-u", OWNER, "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryFile() as said:  # a pipe would be held open by the server itself
        done = subprocess.run(
            [*as_owner, str(program(name)), *words],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd="/",
            check=False,
        )
        said.seek(0)
        assert done.returncode == 0, said.read().decode()


def _has_owner() -> bool:
    import pwd

    return OWNER in {account.pw_name for account in pwd.getpwall()}
