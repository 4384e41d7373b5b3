"""Signed bundles: a rulebook's documents, letter for letter, with the signature of who released it.

A bundle is a signed note (`lockgate.note`) with exactly one signature. It says how many releases
came before it, so that an old one can't pass for a new one. Its text::

    lockgate rulebook bundle 1
    number 7
    issued 2026-11-20T10:00:00.000000Z
    by kim
    why refunds up to 400 need nobody
    document 2 shop.yaml
    lockgate: 1
    rules: []

`2` is how many lines the document has; several documents follow one another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from lockgate.call import digest
from lockgate.errors import RulebookError
from lockgate.note import Note, NoteError, Verifier, unprintable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lockgate.note import Signer

HEAD: Final = "lockgate rulebook bundle 1"
MAX_BYTES: Final = 16_000_000
NEWLINE: Final = "\n"
_FIELDS: Final = ("number", "issued", "by", "why")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_DOCUMENT: Final = re.compile(r"document ([1-9][0-9]{0,7}) (.+)")


def is_bundle(raw: bytes) -> bool:
    """Say whether a file means to be a bundle."""
    return raw.startswith(HEAD.split(" 1", maxsplit=1)[0].encode())


def plain(documents: Mapping[str, str]) -> dict[str, str]:
    """Return documents as bundles hold them: one kind of line break, and one at the end."""
    lined = {name: text.replace("\r\n", "\n") for name, text in documents.items()}
    return {name: text.removesuffix("\n") + "\n" for name, text in lined.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What a bundle says.

    Attributes:
        number: How many releases there are with this one.
        issued: When it was signed, as RFC 3339 text.
        by: Who released it.
        why: What for.
        documents: The text of each document by its name.
    """

    number: int
    issued: str
    by: str
    why: str
    documents: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of the documents."""
        return digest(plain(self.documents))

    def __str__(self) -> str:
        """Return the text that is signed."""
        fields = (f"{name} {getattr(self, name)}".rstrip() for name in _FIELDS)
        parts = (
            f"document {text.count(NEWLINE)} {name}\n{text}"
            for name, text in plain(self.documents).items()
        )
        return "".join(f"{line}\n" for line in (HEAD, *fields)) + "".join(parts)

    def signed(self, signer: Signer) -> bytes:
        """Return the bundle as it is handed on.

        Raises:
            RulebookError: If a document has characters that no bundle can hold.
        """
        for told in (self.by, self.why, *self.documents):
            if "\n" in told or unprintable(told) is not None:
                raise RulebookError(f"`{told}` does not fit into one line")
        for name, text in plain(self.documents).items():
            _check_characters(name, text)
        return bytes(Note.signed(str(self), signer))

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `str` gave, and nothing else.

        Raises:
            NoteError: If it is anything else.
        """
        head, *lines = text.removesuffix("\n").split("\n")
        if head != HEAD:
            raise NoteError(f"it begins with `{head[:50]}`, not with `{HEAD}`")
        told = dict(_field(*item) for item in zip(_FIELDS, lines, strict=False))
        number = told.get("number", "")
        if len(told) < len(_FIELDS) or not _NUMBER.fullmatch(number):
            raise NoteError("it does not say its number, when, by whom and why")
        documents = dict(_documents(lines[len(_FIELDS) :]))
        rest = {name: told[name] for name in _FIELDS[1:]}
        bundle = cls(number=int(number), documents=documents, **rest)
        if not documents or str(bundle) != text:
            raise NoteError("its documents are not as it announces them")
        return bundle


def _check_characters(name: str, text: str) -> None:
    at = unprintable(text)
    if at is None:
        return
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    message = "a bundle can't hold tabs and other control characters"
    hint = r"use spaces, or write `\t` within double quotes"
    raise RulebookError(message, file=name, line=line, column=column, hint=hint)


def _field(name: str, line: str) -> tuple[str, str]:
    key, _, value = line.partition(" ")
    return (name, value) if key == name else ("", "")


def _documents(lines: list[str]) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(lines):
        found = _DOCUMENT.fullmatch(lines[at])
        if found is None:
            raise NoteError("its documents are not as it announces them")
        end = at + 1 + int(found[1])
        yield found[2], "".join(f"{line}\n" for line in lines[at + 1 : end])
        at = end


@dataclass(frozen=True, slots=True)
class Trusted:
    """A key whose bundles are taken.

    Attributes:
        key: The public key.
        until: From when on no bundle of it is taken any more, as RFC 3339 text in UTC; empty for
            never.
    """

    key: Verifier
    until: str = ""

    @classmethod
    def read(cls, line: str) -> Self:
        """Read `KEY`, or `KEY until TIME`.

        Raises:
            RulebookError: If it is neither.
        """
        key, _, rest = line.strip().partition(" ")
        word, _, until = rest.strip().partition(" ")
        try:
            known = Verifier.read(key)
        except NoteError as error:
            raise RulebookError(f"{error}", file="<trusted>", hint=_KEYS) from None
        if rest and word != "until":
            message = f"`{rest}` is not `until` and a time"
            raise RulebookError(message, file="<trusted>", hint="write `KEY until 2027-06-30`")
        return cls(known, _moment(until.strip()) if rest else "")

    def expiry(self, name: str, now: str) -> RulebookError | None:
        """Return the refusal of a bundle of this key, once the key is no more trusted.

        Args:
            name: File name for messages.
            now: The time, as RFC 3339 text in UTC.
        """
        if not self.until or now < self.until:
            return None
        return _refused(f"its key `{self.key.name}` was trusted until {self.until}", name)


_KEYS: Final = "`lockgate rulebook key` makes one, and prints the public key to trust"


def _moment(text: str) -> str:
    """Bring a date or a time into the one form in which times compare as text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message, hint = f"`{text}` is not a time", "write `2027-06-30` or `2027-06-30T18:00:00Z`"
        raise RulebookError(message, file="<trusted>", hint=hint) from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys whose bundles are taken; several, so that one can follow another."""

    keys: tuple[Trusted, ...]

    @classmethod
    def of(cls, lines: Iterable[str]) -> Self:
        """Read keys, one a line; empty lines and those that begin with `#` are passed over.

        Raises:
            RulebookError: If one of them is no key, or there is none.
        """
        told = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if not told:
            raise RulebookError("no key is trusted", file="<trusted>", hint=_KEYS)
        return cls(tuple(map(Trusted.read, told)))

    @property
    def names(self) -> frozenset[str]:
        """The names of the keys."""
        return frozenset(item.key.name for item in self.keys)

    def open(self, raw: bytes, name: str) -> tuple[Bundle, Trusted]:
        """Return what a bundle says, and the key that vouches for every letter of it.

        Whether the key is still trusted is for the caller to ask (`Trusted.expiry`).

        Args:
            raw: The bundle.
            name: File name for messages.

        Raises:
            RulebookError: If it is no bundle, or no key that is trusted vouches for it.
        """
        try:
            return self._open(raw)
        except NoteError as error:
            raise _refused(f"{error}", name) from None

    def _open(self, raw: bytes) -> tuple[Bundle, Trusted]:
        if len(raw) > MAX_BYTES:
            raise NoteError(f"it is longer than {MAX_BYTES} bytes")
        if not is_bundle(raw):
            raise NoteError("it is not signed")
        note = Note.read(raw)
        if len(note.signatures) != 1:
            raise NoteError("it has more than one signature")
        vouched = note.vouched(tuple(item.key for item in self.keys))
        if not vouched:
            (signature,) = note.signatures
            raise NoteError(f"its key `{signature.name}+{signature.id.hex()}` is not trusted")
        trusted = next(item for item in self.keys if item.key == vouched[0])
        return Bundle.read(note.text), trusted


def _refused(why: str, name: str) -> RulebookError:
    hint = "sign it with `lockgate rulebook sign` and a key that is trusted"
    return RulebookError(f"the bundle is refused: {why}", file=name, hint=hint)
