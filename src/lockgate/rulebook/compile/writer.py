"""Python text in the making: lines, indentation, names that are new, constants by name.

INVARIANT: no character of a rulebook becomes code. Literals and the names of fields are
constants in the namespace that the code runs in; the code has made-up names for them.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Line = tuple[int, str]


class Writer:
    """Writes the body of one function.

    Attributes:
        lines: What is written, each with its indentation.
        loops: Whether there is a loop, whose steps are counted.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        """Start an empty body in which `names` can be used."""
        self.lines: list[Line] = []
        self.loops = False
        self._depth = 1
        self._names = dict(names)
        self._made: Counter[str] = Counter()
        self._constants: dict[tuple[type, Any], str] = {}

    def write(self, text: str) -> None:
        """Write one line."""
        self.lines.append((self._depth, text))

    def insert(self, lines: Iterable[Line]) -> None:
        """Write lines that were set aside, at the indentation of here."""
        self.lines.extend((self._depth + depth, text) for depth, text in lines)

    @contextmanager
    def under(self, head: str) -> Iterator[None]:
        """Write what follows as the block of `head`."""
        self.write(head)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    @contextmanager
    def aside(self) -> Iterator[list[Line]]:
        """Set aside what is written meanwhile, to be inserted somewhere."""
        lines, depth = self.lines, self._depth
        self.lines, self._depth = [], 0
        try:
            yield self.lines
        finally:
            self.lines, self._depth = lines, depth

    def fresh(self, what: str) -> str:
        """Return a name that nothing has yet."""
        self._made[what] += 1
        return f"{what}_{self._made[what]}"

    def constant(self, value: Any, what: str = "constant") -> str:
        """Return the name under which the code finds `value`."""
        key = (type(value), value if type(value) in {str, int, float} else id(value))
        if key not in self._constants:
            self._constants[key] = name = self.fresh(what)
            self._names[name] = value
        return self._constants[key]

    def source(self, name: str, parameters: str) -> str:
        """Return the whole function as text."""
        body = "\n".join(f"{'    ' * depth}{text}" for depth, text in self.lines)
        return f"def {name}({parameters}):\n{body}\n"

    def function(self, name: str, parameters: str) -> Callable[..., Any]:
        """Return the whole function, ready to be called."""
        text = self.source(name, parameters)
        exec(compile(text, "<conditions>", "exec"), self._names)  # noqa: S102 - see INVARIANT above
        made: Callable[..., Any] = self._names[name]
        return made
