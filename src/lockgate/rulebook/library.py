"""The library: publish a rulebook in a record, take a shadow back, go back to an earlier one.

Whatever is published was read and checked before, and says who did it and why. Nothing is ever
taken out of the record: to go back is to publish an earlier rulebook once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lockgate.clock import nonce
from lockgate.errors import RulebookError
from lockgate.record import OF_RULES, EventKind, Role, of_rules
from lockgate.redact import redact
from lockgate.rulebook.bundle import Bundle
from lockgate.rulebook.edition import Edition
from lockgate.rulebook.published import ORIGIN, Height, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lockgate.note import Signer
    from lockgate.record import Event
    from lockgate.stores import Store


@dataclass(frozen=True, slots=True)
class Library:
    """The rulebooks of one record.

    Attributes:
        store: The record.
        clock: Returns the time as RFC 3339 text in UTC.
    """

    store: Store
    clock: Callable[[], str]

    def history(self) -> tuple[Event, ...]:
        """Return everything that became of the rulebook, oldest first."""
        return self.store.of_kind(*OF_RULES)

    def publish(
        self, edition: Edition, role: Role = Role.FORCE, *, bundle: bytes = b"", back_to: str = ""
    ) -> dict[str, Any]:
        """Publish a rulebook for every gate that follows this record.

        Args:
            edition: The rulebook, with who publishes it and why.
            role: Whether it is to be in force, or in the shadow of what is.
            bundle: The signed bundle it came in, if it was signed.
            back_to: The earlier revision that this brings back.

        Returns:
            What was recorded, but for the documents.

        Raises:
            RulebookError: If it holds what looks like a secret, or is no newer than what is signed
                already.
            StoreError: If it could not be recorded.
        """
        if edition.key and role is Role.FORCE:
            self._check_newer(edition)
        told = {**edition.to_dict(), "origin": ORIGIN, "role": role.value, "back_to": back_to}
        written = {"bundle": bundle.decode()} if bundle else {"documents": edition.listed}
        _check_secrets(written, edition)
        data = {"bundle": "", **told, **written}
        self.store.append([of_rules(EventKind.PUBLISHED, self.clock(), data, nonce())])
        return told

    def withdraw(self, by: str, why: str) -> None:
        """Take the rulebook in the shadow back.

        Raises:
            RulebookError: If there is none.
        """
        latest = next(iter(self._published(Role.SHADOW)), None)
        if latest is None or latest.kind is EventKind.WITHDRAWN:
            raise RulebookError("no rulebook is in the shadow", file=f"<{ORIGIN}>")
        data = {"role": Role.SHADOW.value, "by": by, "why": why}
        self.store.append([of_rules(EventKind.WITHDRAWN, self.clock(), data, nonce())])

    def release(  # noqa: PLR0913 - the parts of a release
        self,
        documents: Mapping[str, str],
        by: str,
        why: str,
        role: Role = Role.FORCE,
        *,
        signer: Signer | None = None,
        back_to: str = "",
    ) -> dict[str, Any]:
        """Publish documents; signed, if what is published is signed.

        Args:
            documents: The text of each by its name.
            by: Who publishes them.
            why: What for.
            role: Whether they are to be in force, or in the shadow of what is.
            signer: The key to sign with.
            back_to: The earlier revision that this brings back.

        Returns:
            What was recorded, but for the documents.

        Raises:
            RulebookError: If they are no rulebook, or must be signed and are not.
            StoreError: If it could not be recorded.
        """
        if signer is None:
            self._check_unsigned()
            edition = Edition.of(documents, ORIGIN, by=by, why=why)
            return self.publish(edition, role, back_to=back_to)
        number, now = self.next_number(), self.clock()
        bundle = Bundle(number=number, issued=now, by=by, why=why, documents=documents)
        edition = Edition.unpack(bundle, ORIGIN, signer.name)
        return self.publish(edition, role, bundle=bundle.signed(signer), back_to=back_to)

    def rollback(
        self, revision: str, by: str, why: str, signer: Signer | None = None
    ) -> dict[str, Any]:
        """Publish an earlier rulebook once more, as `release` does.

        Raises:
            RulebookError: If the record does not have it, or it must be signed and is not.
            StoreError: If it could not be recorded.
        """
        return self.release(self.find(revision), by, why, signer=signer, back_to=revision)

    def _check_unsigned(self) -> None:
        """Refuse what no gate would take that takes what is published now."""
        key = next((event.data["key"] for event in self._published(Role.FORCE)), "")
        if key:
            hint = "name a private key with `--key`"
            message = f"what is published is signed by `{key}`, so this must be signed too"
            raise RulebookError(message, file=f"<{ORIGIN}>", hint=hint)

    def _check_newer(self, edition: Edition) -> None:
        reached = Height()
        for event in self.history():
            told = event.data
            reached = reached.reached(told.get("number", 0), told.get("digest", ""))
        older = reached.refusal(edition.number, edition.digest, edition.origin)
        if older is not None:
            raise older

    def next_number(self) -> int:
        """Return the number that comes after every signed release the record knows of."""
        return 1 + max((event.data.get("number", 0) for event in self.history()), default=0)

    def find(self, revision: str) -> Mapping[str, str]:
        """Return the documents of a revision, as they were when it was last written down.

        Raises:
            RulebookError: If the record does not have them.
        """
        for event in reversed(self.history()):
            told = event.data
            if told.get("revision") != revision or not (
                told.get("bundle") or told.get("documents")
            ):
                continue
            if event.masked:
                message = f"`{revision}` held what looks like a secret, so it was not kept whole"
                raise RulebookError(message, file=f"<{ORIGIN}>")
            return documents(told)
        hint = "`lockgate rulebook history` lists what there is"
        message = f"the record does not have the documents of `{revision}`"
        raise RulebookError(message, file=f"<{ORIGIN}>", hint=hint)

    def _published(self, role: Role) -> list[Event]:
        """Return the publications, latest first."""
        events = self.store.of_kind(EventKind.PUBLISHED, EventKind.WITHDRAWN)
        return [event for event in reversed(events) if event.data["role"] == role]


def _check_secrets(written: Mapping[str, Any], edition: Edition) -> None:
    masked: Sequence[str] = redact(dict(written)).masked
    if masked:
        message = f"it holds what looks like a secret: {masked[0]}"
        hint = "take it out: what is published is written down as it is"
        raise RulebookError(message, file=edition.origin, hint=hint)
