"""What the emitter passes around: expressions, what is known of them, and what can be named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockgate.rulebook.compile.values import ANY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lockgate.rulebook.compile.writer import Line

Kinds = frozenset[type]
Path = tuple[str, ...]
BOOL: Final[Kinds] = frozenset({bool})
TEXT: Final[Kinds] = frozenset({str})


class Declined(Exception):
    """The compiler does not cover this; the engine evaluates it."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What conditions can name.

    Attributes:
        kinds: The variables, and which kinds of values each may have.
        exact: Variables that hold no whole number beyond 2^53, at any depth.
        rare: Variables that are worth looking up only where they are used.
        moments: Variables that are times, and come as RFC 3339 text.
    """

    kinds: Mapping[str, Kinds]
    exact: frozenset[str] = frozenset()
    rare: frozenset[str] = frozenset()
    moments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fragment:
    """A Python expression and what is known of it.

    Attributes:
        code: The expression.
        kinds: What kinds of values it may have.
        sure: Whether it has an answer whatever the call is.
        maybe: Whether its value may be an `Absent`, which only some contexts may see.
        exact: Whether it is a number that any other can be compared with exactly.
        path: Where an exact variable is read, if that is all it does.
    """

    code: str
    kinds: Kinds = ANY
    sure: bool = False
    maybe: bool = False
    exact: bool = False
    path: Path = ()

    @property
    def there(self) -> str:
        """The expression, for where its value must be there."""
        return f"present({self.code})" if self.maybe else self.code

    @property
    def truth(self) -> Fragment:
        """The expression, for where only true and false will do."""
        if self.kinds == BOOL:
            return self
        return Fragment(f"boolean({self.code})", BOOL)


@dataclass(frozen=True, slots=True)
class Part:
    """A fragment with the lines that must run before it."""

    lines: Sequence[Line]
    fragment: Fragment
