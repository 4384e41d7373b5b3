"""Signed notes: a text, and the signatures of those who vouch for it.

The form is that of C2SP signed-note, with Ed25519: the text, an empty line, and a line for each
signature. People can read it, and other tools can verify it. This room trusts nobody: whoever
reads a note says whose word counts. Randomness is an argument.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

ED25519: Final = b"\x01"
"""The type of a key and of its signatures, as C2SP numbers them."""
PUBLIC_BYTES: Final = 32
SEED_BYTES: Final = 32
MAX_SIGNATURES: Final = 16
_PRIVATE: Final = "PRIVATE+KEY+"
_NAME: Final = re.compile(r"[^\s+]{1,200}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LINE: Final = re.compile(r"— ([^\s+]{1,200}) ([A-Za-z0-9+/]+={0,2})")


class NoteError(ValueError):
    """What is no note or no key, or is not signed as it must be."""


def unprintable(text: str) -> int | None:
    """Return where the first character stands that no note can hold, if there is one."""
    found = _CONTROL.search(text)
    return found.start() if found else None


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name.

    Attributes:
        name: Whose it is; best a name on the web that is yours, such as `example.com/rules`.
        public: The key itself.
    """

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell this key from others of the same name."""
        told = self.name.encode() + b"\n" + ED25519 + self.public
        return hashlib.sha256(told).digest()[:4]

    def __str__(self) -> str:
        """Return the one line in which a public key is handed on."""
        return f"{self.name}+{self.id.hex()}+{_base64(ED25519 + self.public)}"

    @classmethod
    def read(cls, line: str) -> Self:
        """Read what `str` gave.

        Raises:
            NoteError: If it is no public key, or its parts do not fit together.
        """
        if line.startswith(_PRIVATE):
            raise NoteError("this is a private key: keep it secret, and name the public one")
        name, public = _key(line, line, PUBLIC_BYTES)
        key = cls(name, public)
        if str(key) != line:
            raise NoteError("the public key is mistyped: its id does not fit")
        return key

    def vouches(self, signature: Signature, text: str) -> bool:
        """Say whether this key made a signature of `text`.

        Raises:
            NoteError: If the key is no point of the curve.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature.made, text.encode())
        except InvalidSignature:
            return False
        except ValueError as error:
            raise NoteError(f"`{self.name}` is no usable key: {error}") from None
        return True


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """A private key with its name.

    Attributes:
        name: The name of its public key.
        seed: The secret.
    """

    name: str
    seed: bytes

    def __post_init__(self) -> None:
        """Refuse what could not be read again."""
        if not _NAME.fullmatch(self.name):
            raise NoteError(f"`{self.name}` can't name a key: no spaces and no `+`")

    def __repr__(self) -> str:
        """Tell the name alone."""
        return f"Signer({self.name!r})"

    def secret(self) -> str:
        """Return the one line in which a private key is kept."""
        key = self.verifier
        return f"{_PRIVATE}{key.name}+{key.id.hex()}+{_base64(ED25519 + self.seed)}"

    @classmethod
    def read(cls, line: str) -> Self:
        """Read what `secret` gave; what goes wrong is told without the key.

        Raises:
            NoteError: If it is no private key, or its parts do not fit together.
        """
        if not line.startswith(_PRIVATE):
            raise NoteError("this is no private key")
        name, seed = _key(line.removeprefix(_PRIVATE), "private key", SEED_BYTES)
        key = cls(name, seed)
        if key.secret() != line:
            raise NoteError("the private key is mistyped: its id does not fit")
        return key

    @property
    def verifier(self) -> Verifier:
        """The public key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return Verifier(self.name, private.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """Vouch for a text."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        made = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return Signature(self.name, self.verifier.id, made)


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note.

    Attributes:
        name: Name of the key.
        id: Id of the key.
        made: What the key made of the text.
    """

    name: str
    id: bytes
    made: bytes

    def is_of(self, key: Verifier) -> bool:
        """Say whether it claims to be made by `key`."""
        return (self.name, self.id) == (key.name, key.id)

    def __str__(self) -> str:
        """Return the line, without its end."""
        return f"— {self.name} {_base64(self.id + self.made)}"

    @classmethod
    def read(cls, line: str) -> Self:
        """Read one line.

        Raises:
            NoteError: If it is not exactly what `str` would have given.
        """
        found = _LINE.fullmatch(line)
        raw = _unbased(found[2]) if found else b""
        if found is None or len(raw) <= len(b"\0\0\0\0"):
            raise NoteError("a line under the note is no signature")
        return cls(found[1], raw[:4], raw[4:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text and what stands under it.

    Attributes:
        text: What is signed; it ends with a line break.
        signatures: Every line under it, whoever made it.
    """

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def signed(cls, text: str, *signers: Signer) -> Self:
        """Sign a text.

        Raises:
            NoteError: If no note can hold it.
        """
        if unprintable(text) is not None or not text.endswith("\n"):
            raise NoteError("a note has no control characters and ends with a line break")
        return cls(text, tuple(signer.sign(text) for signer in signers))

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Read a note; nothing of it is to be believed before `vouched` says so.

        Raises:
            NoteError: If it is not exactly what `bytes` would have given.
        """
        try:
            whole = raw.decode()
        except UnicodeDecodeError:
            raise NoteError("it is not UTF-8 text") from None
        text, separator, under = whole.rpartition("\n\n")
        if not separator or not under.endswith("\n") or unprintable(whole) is not None:
            raise NoteError("it is no signed note: a text, an empty line, and signatures")
        lines = under.removesuffix("\n").split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise NoteError(f"it has more than {MAX_SIGNATURES} signatures")
        return cls(f"{text}\n", tuple(map(Signature.read, lines)))

    def __bytes__(self) -> bytes:
        """Return the note as it is kept."""
        under = "".join(f"{signature}\n" for signature in self.signatures)
        return f"{self.text}\n{under}".encode()

    def vouched(self, known: tuple[Verifier, ...]) -> tuple[Verifier, ...]:
        """Return those of the known keys that made a signature here; strangers are passed over.

        Raises:
            NoteError: If a signature claims to be of a known key and is not.
        """
        found = []
        for signature in self.signatures:
            for key in known:
                if not signature.is_of(key):
                    continue
                if not key.vouches(signature, self.text):
                    raise NoteError(f"it was altered: it is not what `{key.name}` signed")
                found.append(key)
        return tuple(found)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unbased(text: str) -> bytes:
    """Read base64 in its one proper form, so that no letter can change without being noticed."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if _base64(raw) == text else b""


def _key(line: str, told: str, size: int) -> tuple[str, bytes]:
    """Read name and key of `NAME+ID+KEY`; what does not fit is named as `told`."""
    name, _, rest = line.partition("+")
    raw = _unbased(rest.partition("+")[2])
    if not _NAME.fullmatch(name) or raw[:1] != ED25519 or len(raw) != 1 + size:
        raise NoteError(f"`{told}` is no Ed25519 key of the form `NAME+ID+KEY`")
    return name, raw[1:]
