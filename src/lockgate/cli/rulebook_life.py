"""`rulebook`: release a rulebook, see what became of it, and go back."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from lockgate.cli.printing import AsJson, Where, existing, out, print_json, table
from lockgate.clock import utc_now
from lockgate.errors import RulebookError
from lockgate.note import SEED_BYTES, NoteError, Signer
from lockgate.observe import every_event, trials
from lockgate.record import EventKind, Role
from lockgate.rulebook.bundle import Bundle, Keyring
from lockgate.rulebook.edition import Edition, is_signed, raw_of
from lockgate.rulebook.library import Library
from lockgate.stores import default_store, open_store

if TYPE_CHECKING:
    from lockgate.record import Event

rulebook = typer.Typer(help="Release a rulebook, and go back.", no_args_is_help=True)

Who = Annotated[str, typer.Option("--by", help="Who does this.")]
Why = Annotated[str, typer.Option("--why", help="What for.")]
Key = Annotated[Path | None, typer.Option("--key", help="A file with a private key.")]
Trusts = Annotated[
    list[str] | None, typer.Option("--trusted", help="A public key, or a file of them.")
]


@rulebook.command("key")
def rulebook_key(
    name: Annotated[str, typer.Argument(help="Whose it is, such as example.com/rules-2026.")],
    to: Annotated[Path, typer.Option("--out", help="Where to put the private key.")],
    json: AsJson = False,
) -> None:
    """Make a key pair: the private key goes to a file, the public one is printed."""
    try:
        signer = Signer(name, os.urandom(SEED_BYTES))
    except NoteError as error:
        raise RulebookError(f"{error}", file="<key>") from None
    _write_secret(to, f"{signer.secret()}\n")
    if json:
        print_json({"name": name, "public": str(signer.verifier), "private": str(to)})
    else:
        out.print(str(signer.verifier), soft_wrap=True, markup=False)


@rulebook.command("sign")
def rulebook_sign(  # noqa: PLR0913, PLR0917 - a release has this many parts
    file: Path,
    key: Annotated[Path, typer.Option("--key", help="A file with a private key.")],
    to: Annotated[Path, typer.Option("--out", help="Where to put the bundle.")],
    why: Why,
    by: Who = "",
    number: Annotated[int, typer.Option("--number", help="Which release it is.")] = 0,
    json: AsJson = False,
) -> None:
    """Check a rulebook, and sign it as a bundle."""
    signer, edition = _signer(key), Edition.read(file, None, utc_now())
    bundle = _bundle(edition, by, why, number or _number_after(to))
    _write_whole(to, bundle.signed(signer))
    told = Edition.unpack(bundle, str(to), signer.name).to_dict()
    _tell(told, f"signed as number {bundle.number} by {signer.name}", json=json)


@rulebook.command("verify")
def rulebook_verify(file: Path, trusted: Trusts = None, json: AsJson = False) -> None:
    """Check who signed a bundle, and what is in it."""
    keyring = _keyring(trusted)
    told = Edition.read(file, keyring, utc_now()).to_dict()
    _tell(told, f"number {told['number']}, signed by {told['key']} for {told['by']}", json=json)


@rulebook.command("publish")
def rulebook_publish(  # noqa: PLR0913, PLR0917 - a release has this many parts
    file: Path,
    why: Annotated[str, typer.Option("--why", help="What for; a bundle says so itself.")] = "",
    by: Who = "",
    key: Key = None,
    trusted: Trusts = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="Try it, do not enforce it.")] = False,
    store: Where = "",
    json: AsJson = False,
) -> None:
    """Publish a rulebook or a bundle for every gate that follows the record."""
    library = Library(open_store(store or default_store()), utc_now)
    role = Role.SHADOW if shadow else Role.FORCE
    if is_signed(file):
        raw = raw_of(file)
        edition = Edition.open(raw, str(file), _keyring(trusted), utc_now())
        told = library.publish(edition, role, bundle=raw)
    else:
        edition = Edition.read(file, None, utc_now())
        told = library.release(
            edition.documents, _by(by), _required(why), role, signer=_signer(key) if key else None
        )
    _tell(told, "tried in the shadow" if shadow else "published", json=json)


@rulebook.command("withdraw")
def rulebook_withdraw(why: Why, by: Who = "", store: Where = "", json: AsJson = False) -> None:
    """Take the rulebook in the shadow back."""
    Library(existing(store), utc_now).withdraw(_by(by), why)
    if json:
        print_json({"role": Role.SHADOW.value, "by": _by(by), "why": why})
    else:
        out.print("the shadow is empty")


@rulebook.command("rollback")
def rulebook_rollback(  # noqa: PLR0913, PLR0917 - a release has this many parts
    revision: Annotated[str, typer.Argument(help="As `rulebook history` names it.")],
    why: Why,
    by: Who = "",
    key: Key = None,
    store: Where = "",
    json: AsJson = False,
) -> None:
    """Publish an earlier rulebook once more."""
    library = Library(existing(store), utc_now)
    told = library.rollback(revision, _by(by), why, _signer(key) if key else None)
    _tell(told, f"back to {revision}", json=json)


@rulebook.command("history")
def rulebook_history(store: Where = "", json: AsJson = False) -> None:
    """List what became of the rulebook: when, what, who and why."""
    events = Library(existing(store), utc_now).history()
    if json:
        print_json([_row(event) for event in events])
        return
    rows = [[str(_row(event)[name])[:most] for name, most in _HISTORY.items()] for event in events]
    table(
        tuple(_HISTORY),
        rows,
        empty="nothing was published, and nothing that is followed has changed",
    )


_HISTORY: Final = {
    "#": 9,
    "at": 19,
    "what": 30,
    "revision": 30,
    "number": 9,
    "by": 100,
    "why": 1000,
}
"""The columns, and how much of each is shown."""


@rulebook.command("show")
def rulebook_show(revision: str, store: Where = "", json: AsJson = False) -> None:
    """Print the documents of a revision, as the record has them."""
    documents = Library(existing(store), utc_now).find(revision)
    if json:
        print_json([{"name": name, "text": text} for name, text in documents.items()])
        return
    for name, text in documents.items():
        heading = f"# document {name}\n" if len(documents) > 1 else ""
        typer.echo(heading + text, nl=False)


@rulebook.command("compare")
def rulebook_compare(store: Where = "", json: AsJson = False) -> None:
    """Count how often what is tried in the shadow differs from what is enforced."""
    found = [trial.to_dict() for trial in trials(every_event(existing(store)))]
    if json:
        print_json(found)
        return
    if not found:
        out.print("nothing was tried in the shadow")
    for trial in found:
        out.print(_SUMMARY.format(**trial))
        names = ("count", "verdict", "rule", "would", "would_rule", "event")
        rows = [[str(item[name]) for name in names] for item in trial["differences"]]
        table(_COMPARED, rows, empty="no verdict would have been another")


_SUMMARY: Final = (
    "{shadow} in the shadow of {revision}: {decisions} decisions, {same} the same, "
    "{looser} looser, {stricter} stricter"
)
_COMPARED: Final = ("count", "was", "by rule", "would be", "by rule", "event")


# ── What the commands share ──────────────────────────────────────────────────────────────────


def _tell(told: dict[str, Any], said: str, *, json: bool) -> None:
    if json:
        print_json(told)
    else:
        out.print(f"[green]ok[/] {escape(told['name'])} {told['revision']}: {escape(said)}")


def _row(event: Event) -> dict[str, Any]:
    """Return what one event tells, without the documents."""
    told = event.data
    kept = event.kind is EventKind.KEPT
    shadow = told.get("role") == Role.SHADOW
    why = f"{told['file']}:{told['line']}:{told['column']}: {told['error']}" if kept else ""
    back = f"back to {told['back_to']}: " if told.get("back_to") else ""
    return {
        "#": event.seq,
        "at": event.at,
        "what": f"{event.kind.value} in shadow" if shadow else event.kind.value,
        "revision": told.get("revision", ""),
        "digest": told.get("digest", ""),
        "origin": told.get("origin", ""),
        "number": told.get("number") or "",
        "key": told.get("key", ""),
        "by": told.get("by", ""),
        "why": why or f"{back}{told.get('why', '')}",
    }


def _by(name: str) -> str:
    return name or getpass.getuser()


def _required(why: str) -> str:
    if not why:
        raise typer.BadParameter("say what for", param_hint="--why")
    return why


def _signer(key: Path) -> Signer:
    try:
        return Signer.read(raw_of(key).decode(errors="replace").strip())
    except NoteError as error:
        hint = "`lockgate rulebook key` makes one"
        raise RulebookError(f"{error}", file=str(key), hint=hint) from None


def _keyring(trusted: list[str] | None) -> Keyring:
    lines: list[str] = []
    for given in trusted or ():
        path = Path(given)
        lines += raw_of(path).decode(errors="replace").splitlines() if path.is_file() else [given]
    return Keyring.of(lines)


def _bundle(edition: Edition, by: str, why: str, number: int) -> Bundle:
    told = {"issued": utc_now(), "by": _by(by), "why": why}
    return Bundle(number=number, documents=edition.documents, **told)


def _number_after(to: Path) -> int:
    """Return the number that follows the bundle that is there; only a hint, so unverified."""
    head = raw_of(to)[:200].decode(errors="replace") if to.is_file() else ""
    found = [line.removeprefix(_NUMBER) for line in head.split("\n") if line.startswith(_NUMBER)]
    return int(found[0]) + 1 if found and found[0].isdecimal() else 1


_NUMBER: Final = "number "


def _write_whole(to: Path, raw: bytes) -> None:
    """Write a file so that whoever reads it has all of it or what was there before."""
    aside = to.with_name(f"{to.name}.new")
    aside.write_bytes(raw)
    aside.replace(to)


def _write_secret(to: Path, text: str) -> None:
    """Write a new file that nobody else can read; one that is there is never replaced."""
    try:
        file = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RulebookError(f"can't be made: {error.strerror}", file=str(to)) from None
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(text)
