"""Editions: a rulebook as it was handed over, letter for letter, and who vouches for it.

The revision of a rulebook names what it means; the digest of an edition names how it is written.
Where keys are trusted, nothing but a bundle that one of them signed becomes an edition.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from lockgate.call import digest
from lockgate.errors import RulebookError
from lockgate.rulebook.book import Rulebook
from lockgate.rulebook.bundle import MAX_BYTES, Bundle, is_bundle, plain
from lockgate.rulebook.files import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockgate.rulebook.bundle import Keyring

CODE: Final = "code"
"""The origin of a rulebook that the application made itself."""
BASELINE: Final = "baseline"
"""The origin of the rulebook that is in force when nobody wrote one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A rulebook with where it came from.

    Attributes:
        rulebook: What it means.
        origin: The file it was read from, or what else it came from.
        documents: How it is written; empty when code made it.
        digest: SHA-256 of the documents.
        number: How many signed releases there are with this one; zero when it is not signed.
        key: Name of the key that vouches for it, if one does.
        by: Who released it, if that is known.
        why: What for, likewise.
    """

    rulebook: Rulebook
    origin: str
    documents: Mapping[str, str] = field(default_factory=dict, repr=False)
    digest: str = ""
    number: int = 0
    key: str = ""
    by: str = ""
    why: str = ""

    @classmethod
    def of(cls, documents: Mapping[str, str], origin: str, **told: Any) -> Self:
        """Make an edition of documents, by their names.

        Raises:
            RulebookError: If they are no rulebook.
        """
        written = plain(documents)
        return cls(
            rulebook=Rulebook.assemble(written),
            origin=origin,
            documents=written,
            digest=digest(written),
            **told,
        )

    @classmethod
    def baseline(cls) -> Self:
        """Return what is in force when nobody wrote a rule."""
        return cls(rulebook=Rulebook.baseline(), origin=BASELINE)

    @classmethod
    def read(cls, path: str | Path, keyring: Keyring | None, now: str) -> Self:
        """Read a bundle where keys are trusted, else a rulebook's file or folder.

        Args:
            path: The file or folder.
            keyring: The keys of which one must have signed, if signatures are asked for.
            now: The time, as RFC 3339 text in UTC.

        Raises:
            RulebookError: If it is no rulebook, or is not signed as it must be.
        """
        origin = str(path)
        if keyring is not None:
            return cls.open(raw_of(Path(path)), origin, keyring, now)
        if is_signed(path):
            hint = "name the keys that may sign it: `Gate.open(..., trusted=[...])`"
            raise RulebookError("a signed bundle can't be taken unverified", file=origin, hint=hint)
        return cls.of(texts([path]), origin)

    @classmethod
    def open(cls, raw: bytes, origin: str, keyring: Keyring, now: str) -> Self:
        """Make an edition of a bundle.

        Args:
            raw: The bundle.
            origin: Where it came from.
            keyring: The keys of which one must have signed it.
            now: The time, as RFC 3339 text in UTC.

        Raises:
            RulebookError: If it is no rulebook, or is not signed as it must be.
        """
        bundle, trusted = keyring.open(raw, origin)
        expired = trusted.expiry(origin, now)
        if expired is not None:
            raise expired
        return cls.unpack(bundle, origin, trusted.key.name)

    @classmethod
    def unpack(cls, bundle: Bundle, origin: str, key: str) -> Self:
        """Make an edition of a bundle that `key` vouches for.

        Raises:
            RulebookError: If what is in it is no rulebook.
        """
        number, by, why = bundle.number, bundle.by, bundle.why
        return cls.of(bundle.documents, origin, number=number, key=key, by=by, why=why)

    @property
    def listed(self) -> list[dict[str, str]]:
        """The documents as they are recorded: a name is no key, for some keys are masked."""
        return [{"name": name, "text": text} for name, text in self.documents.items()]

    def to_dict(self) -> dict[str, Any]:
        """Return what is recorded of it, but for the documents."""
        return {
            "revision": self.rulebook.revision,
            "name": self.rulebook.name,
            "origin": self.origin,
            "digest": self.digest,
            "number": self.number,
            "key": self.key,
            "by": self.by,
            "why": self.why,
        }


def is_signed(path: str | Path) -> bool:
    """Say whether a file means to be a bundle."""
    return Path(path).is_file() and is_bundle(raw_of(Path(path)))


def raw_of(path: Path) -> bytes:
    """Read a bundle's file, or as much of it as shows that it is too long.

    Raises:
        RulebookError: If it can't be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"can't be read: {error.strerror or error}"
        raise RulebookError(message, file=str(path), hint="check the path") from None
