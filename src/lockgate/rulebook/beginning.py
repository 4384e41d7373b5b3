"""With which rulebook a gate begins, and where later ones come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lockgate.errors import RulebookError, WiringError
from lockgate.record import EventKind, Role
from lockgate.rulebook.book import Rulebook
from lockgate.rulebook.bundle import Keyring
from lockgate.rulebook.edition import CODE, Edition, is_signed
from lockgate.rulebook.published import ORIGIN, Height, RecordWatch, height
from lockgate.rulebook.watch import FileWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lockgate.rulebook.watch import News, Watch
    from lockgate.stores import Store

Given = str | Path | Rulebook
Reload = Literal["file", "record"]
Keys = str | Path | Iterable[str]


class Reader:
    """Reads rulebooks for one gate, and never goes back behind a signed one."""

    def __init__(
        self,
        clock: Callable[[], str],
        keyring: Keyring | None = None,
        reached: Height | None = None,
    ) -> None:
        """Read for a gate.

        Args:
            clock: Returns the time as RFC 3339 text in UTC.
            keyring: The keys of which one must have signed, if signatures are asked for.
            reached: How high signed releases have come.
        """
        self.clock, self.keyring, self.reached = clock, keyring, reached or Height()

    def read(self, given: Given) -> Edition:
        """Read what is to be in force.

        Raises:
            RulebookError: If it is no rulebook, not signed as it must be, or older than what was.
            WiringError: If code made it, and signatures are asked for.
        """
        if isinstance(given, Rulebook):
            if self.keyring is not None:
                raise WiringError("where keys are trusted, name the file of a signed bundle")
            return Edition(rulebook=given, origin=CODE)
        edition = Edition.read(given, self.keyring, self.clock())
        if self.keyring is not None:
            told = edition.number, edition.digest
            older = self.reached.refusal(*told, edition.origin)
            if older is not None:
                raise older
            self.reached = self.reached.reached(*told)
        return edition

    def read_shadow(self, given: Given) -> Edition:
        """Read what is only tried; it need not be signed, but what is signed must be right."""
        if isinstance(given, Rulebook):
            return Edition(rulebook=given, origin=CODE)
        return Edition.read(given, self.keyring if is_signed(given) else None, self.clock())


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a gate begins with.

    Attributes:
        edition: What is in force.
        shadow: What is tried beside it.
        reader: Reads what is put in force by hand.
        watches: Where later rulebooks come from.
        news: What was found already and can't be taken.
    """

    edition: Edition
    reader: Reader
    shadow: Edition | None = None
    watches: tuple[Watch, ...] = ()
    news: tuple[News, ...] = ()


def begin(  # noqa: PLR0913 - what there is to say of a beginning
    given: Given | None,
    store: Store,
    clock: Callable[[], str],
    *,
    shadow: Given | None,
    reload: Reload | None,
    trusted: Keys,
) -> Beginning:
    """Find what a gate begins with.

    Args:
        given: A file, a loaded rulebook, or nothing for the baseline.
        store: The record.
        clock: Returns the time as RFC 3339 text in UTC.
        shadow: What to try beside it, likewise.
        reload: Where later rulebooks come from.
        trusted: Public keys, or the file that lists them; nothing asks for no signature.

    Raises:
        RulebookError: If there is no rulebook to begin with.
        WiringError: If the parts do not fit together.
        StoreError: If the record can't be read.
    """
    keyring = _keyring(trusted)
    reached = None if keyring is None else height(store.of_kind(EventKind.ENFORCED), keyring)
    reader = Reader(clock, keyring, reached)
    edition = reader.read(given) if given is not None else None
    aside = None if shadow is None else reader.read_shadow(shadow)
    match reload:
        case None:
            return Beginning(edition=_first(edition, keyring), shadow=aside, reader=reader)
        case "file":
            watches = tuple(_files(given, edition, shadow, aside, reader))
            first = _first(edition, keyring)
            return Beginning(edition=first, shadow=aside, reader=reader, watches=watches)
        case "record":
            watch = RecordWatch(store, keyring, clock, reader.reached)
            return _published(watch, edition, aside, reader)
        case _:
            raise WiringError(f'`reload` is "file" or "record", not `{reload}`')


def _keyring(trusted: Keys) -> Keyring | None:
    if isinstance(trusted, str | Path):
        try:
            return Keyring.of(Path(trusted).read_text("utf-8").splitlines())
        except (OSError, UnicodeError) as error:
            message = f"the trusted keys can't be read: {error}"
            raise RulebookError(message, file=str(trusted)) from None
    lines = tuple(trusted)
    return Keyring.of(lines) if lines else None


def _first(edition: Edition | None, keyring: Keyring | None) -> Edition:
    if edition is not None:
        return edition
    if keyring is not None:
        hint = "name a signed bundle, or publish one: `lockgate rulebook publish`"
        raise RulebookError("no key that is trusted has signed a rulebook yet", hint=hint)
    return Edition.baseline()


def _files(
    given: Given | None,
    edition: Edition | None,
    shadow: Given | None,
    aside: Edition | None,
    reader: Reader,
) -> Iterable[Watch]:
    found: list[Watch] = []
    if edition is not None and not isinstance(given, Rulebook | None):
        path = Path(given)
        found.append(FileWatch(path, Role.FORCE, lambda: reader.read(path), edition.digest))
    if aside is not None and not isinstance(shadow, Rulebook | None):
        tried = Path(shadow)
        found.append(FileWatch(tried, Role.SHADOW, lambda: reader.read_shadow(tried), aside.digest))
    if not found:
        raise WiringError('`reload="file"` follows a file: name the file of the rulebook')
    return found


def _published(
    watch: RecordWatch, edition: Edition | None, shadow: Edition | None, reader: Reader
) -> Beginning:
    news: Sequence[News] = watch.news()
    watch.heard()
    for item in news:
        match item.role:
            case _ if item.fault is not None:
                continue
            case Role.FORCE:
                edition = item.edition
            case Role.SHADOW:
                shadow = item.edition
    refused = tuple(item for item in news if item.fault is not None)
    if edition is None and reader.keyring is not None and refused:
        raise refused[0].fault or RulebookError("nothing is published", file=f"<{ORIGIN}>")
    first = _first(edition, reader.keyring)
    return Beginning(edition=first, shadow=shadow, reader=reader, watches=(watch,), news=refused)
