"""What one part of a signature tells."""

from __future__ import annotations

from dataclasses import dataclass

from lockgate.classify.profile import Effect
from lockgate.classify.signature.verbs import Verb, severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the name, the description, the parameters or the HTTP verb tell, each by itself.

    Attributes:
        verbs: What the tool is said to do; open verbs among them.
        sure: Whether these words can mean nothing else.
        because: The same as a sentence.
        maybe: What it does if nobody says anything else.
        asks: Whether what it runs is a question, as in `runs a search query`.
        backed: Whether more than one thing in it speaks of reading.
        statements: Whether the tool runs what it is given, in a language such as SQL.
        doubts: What speaks against calling the tool a read.
    """

    verbs: tuple[Verb, ...] = ()
    sure: bool = True
    because: str = ""
    maybe: Verb | None = None
    asks: bool = False
    backed: bool = False
    statements: bool = False
    doubts: tuple[str, ...] = ()

    @property
    def verb(self) -> Verb | None:
        """The worst thing that the tool is said to do."""
        return max(self.verbs, key=lambda verb: severity(verb.effect), default=None)

    @property
    def effect(self) -> Effect:
        """What the worst of it does; unknown if nothing is said, or nobody says what."""
        return self.verb.effect if self.verb else Effect.UNKNOWN

    @property
    def silent(self) -> bool:
        """Whether it says nothing of what is done."""
        return not self.verbs and self.maybe is None

    @property
    def reads(self) -> bool:
        """Whether it says that the tool reads, and nothing worse."""
        return self.effect is Effect.READ

    @property
    def changes(self) -> bool:
        """Whether it says that the tool does more than read."""
        return severity(self.effect) > severity(Effect.READ)


SILENT = Told()
"""Nothing is told."""
