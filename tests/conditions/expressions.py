"""Random expressions over JSON-like values: mostly well typed, some wrong only when they run."""

from __future__ import annotations

import json

from cel_expr_python import cel
from hypothesis import strategies as st

from lockgate.rulebook.compile import Vocabulary
from lockgate.rulebook.compile.values import KINDS

ANY = frozenset(KINDS.values())
DYN, TEXT, INT = cel.Type.DYN, cel.Type.STRING, cel.Type.INT
TYPES = {
    "args": cel.Type.Map(TEXT, DYN),
    "seen": cel.Type.Map(TEXT, cel.Type.List(DYN)),
    "tool": TEXT,
    "score": INT,
    "said": cel.Type.List(TEXT),
}
"""What the expressions can name, as the engine is told."""
NAMES = Vocabulary(
    kinds={
        "args": frozenset({dict}),
        "seen": frozenset({dict}),
        "tool": frozenset({str}),
        "score": frozenset({int}),
        "said": frozenset({list}),
    },
    exact=frozenset({"args"}),
    rare=frozenset({"seen", "said"}),
)
"""The same, as the compiler is told."""

FIELDS = ("amount", "to", "items", "who", "deep", "gone")
LARGEST = 2**53 - 1
TEXTS = st.sampled_from(
    [
        *("", "a", "EUR", "ops@x.org", "  two words ", "Straße", "😀e\u0301", "\u00a0", "A,b,,c"),
        *("12", "-7", "1.5", "1e3", "true", "0x10", " 3", "2024-02-29T12:00:00Z"),
        *("2024-02-30T00:00:00Z", "1h30m", "1.5s", "never", "^a+$", "[", "UTC", "+02:00"),
    ]
)
WHOLE = st.one_of(
    st.integers(-3, 12), st.sampled_from([500, 501, -(2**31), 2**31, LARGEST, -LARGEST])
)
FRACTION = st.sampled_from([0.5, -1.5, 500.5, 1e-9, 1e300, -2.25, 99.99])
SCALAR = st.one_of(st.none(), st.booleans(), WHOLE, FRACTION, TEXTS)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3)
    ),
    max_leaves=6,
)
SENSIBLE = st.fixed_dictionaries(
    {
        "amount": st.one_of(WHOLE, FRACTION),
        "to": TEXTS,
        "items": st.lists(st.one_of(WHOLE, FRACTION), max_size=4),
        "who": st.fixed_dictionaries({"to": TEXTS, "amount": WHOLE, "items": st.lists(TEXTS)}),
    },
    optional={"deep": JSON},
)
"""Arguments as a tool declares them."""
ODD = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5)
VALUES = st.fixed_dictionaries(
    {
        "args": st.one_of(SENSIBLE, ODD),
        "seen": st.dictionaries(st.sampled_from(FIELDS), st.lists(JSON, max_size=3), max_size=3),
        "tool": TEXTS,
        "score": st.integers(0, 100),
        "said": st.lists(TEXTS, max_size=3),
    }
)


def text(value):
    return json.dumps(value, ensure_ascii=False)


class Writer:
    """Draws expressions of a wanted type; `names` are the loop variables in sight."""

    def __init__(self, draw):
        self.draw = draw
        self.names = []

    def one(self, *makers):
        return self.draw(st.sampled_from(makers))()

    def pick(self, *words):
        return self.draw(st.sampled_from(words))

    def any(self, depth):
        if depth <= 0:
            return self.one(self.field, self.field, self.literal, self.name)
        return self.one(
            self.field,
            lambda: f"{self.any(depth - 1)}.{self.pick(*FIELDS)}",
            lambda: (
                f"{self.any(depth - 1)}[{self.one(lambda: self.int(0), lambda: text(self.pick(*FIELDS)))}]"
            ),
            lambda: f"({self.bool(depth - 1)} ? {self.any(depth - 1)} : {self.any(depth - 1)})",
            lambda: f"args.?{self.pick(*FIELDS)}.orValue({self.any(depth - 1)})",
            lambda: (
                f"args.?{self.pick(*FIELDS)}.?{self.pick(*FIELDS)}.orValue({self.any(depth - 1)})"
            ),
            lambda: (
                f"args.?{self.pick(*FIELDS)}.{self.pick(*FIELDS)}.orValue({self.any(depth - 1)})"
            ),
            lambda: f"args.?{self.pick(*FIELDS)}[{self.int(0)}].orValue({self.any(depth - 1)})",
            lambda: f"{{{self.text(0)}: {self.any(depth - 1)}, {self.any(0)}: 1}}",
            lambda: f"dyn({self.bool(depth - 1)})",
            lambda: f"dyn({self.int(depth - 1)})",
            lambda: f"dyn({self.text(depth - 1)})",
            lambda: f"dyn({self.list(depth - 1)})",
            self.name,
            self.literal,
        )

    def field(self):
        return f"args.{self.pick(*FIELDS)}"

    def name(self):
        return self.pick(*self.names) if self.names else self.field()

    def literal(self):
        return self.one(
            lambda: "null",
            lambda: self.pick("true", "false"),
            lambda: str(self.draw(WHOLE)),
            lambda: repr(self.draw(FRACTION)),
            lambda: text(self.draw(TEXTS)),
        )

    def bool(self, depth):
        if depth <= 0:
            return self.one(
                lambda: self.pick("true", "false"),
                lambda: f"has(args.{self.pick(*FIELDS)})",
                lambda: f"(score > {self.draw(WHOLE)})",
                lambda: f"(tool == {text(self.draw(TEXTS))})",
                self.name,
            )
        d = depth - 1
        return self.one(
            self.sensible,
            self.sensible,
            self.sensible,
            lambda: f"({self.sensible()} && {self.bool(d)})",
            lambda: f"({self.sensible()} || {self.bool(d)})",
            lambda: f"({self.bool(d)} && {self.bool(d)})",
            lambda: f"({self.bool(d)} || {self.bool(d)})",
            lambda: f"({self.any(d)} && {self.bool(d)})",
            lambda: f"({self.bool(d)} || {self.any(d)})",
            lambda: f"!{self.bool(d)}",
            lambda: f"({self.any(d)} {self.pick('==', '!=')} {self.any(d)})",
            lambda: f"({self.any(d)} {self.pick('<', '<=', '>', '>=')} {self.any(d)})",
            lambda: f"({self.int(d)} {self.pick('<', '<=', '>', '>=', '==')} {self.any(d)})",
            lambda: f"({self.any(d)} {self.pick('<', '>=', '==', '!=')} {self.literal()})",
            lambda: f"({self.text(d)} {self.pick('<', '>=', '==', '!=')} {self.text(d)})",
            lambda: f"({self.any(d)} in {self.any(d)})",
            lambda: f"({self.any(d)} in {self.list(d)})",
            lambda: f"({self.any(d)} in {self.texts()})",
            lambda: f"has({self.any(d)}.{self.pick(*FIELDS)})",
            lambda: self.quantified(d),
            lambda: (
                f"{self.text(d)}.{self.pick('contains', 'startsWith', 'endsWith')}({self.text(d)})"
            ),
            lambda: f"{self.any(d)}.matches({text(self.draw(TEXTS))})",
            lambda: f"({self.bool(d)} ? {self.bool(d)} : {self.bool(d)})",
            lambda: f"args.?{self.pick(*FIELDS)}.hasValue()",
            lambda: f"has(args.?{self.pick(*FIELDS)}.{self.pick(*FIELDS)})",
            lambda: f"{self.any(d)}[?{self.int(0)}].hasValue()",
            lambda: f"optional.ofNonZeroValue({self.any(d)}).hasValue()",
            lambda: (
                f"args.?{self.pick(*FIELDS)}.optMap(v, v == {self.any(0)}).orValue({self.bool(0)})"
            ),
            lambda: f"({self.time(d)} {self.pick('<', '>=', '==')} {self.time(d)})",
            lambda: (
                f"(duration({self.text(0)}) {self.pick('<', '>=', '==')} duration({self.text(0)}))"
            ),
            lambda: (
                f"(type({self.any(d)}) == {self.pick('int', 'double', 'string', 'list', 'map', 'bool', 'null_type', 'timestamp')})".replace(
                    "timestamp", "type"
                )
            ),
        )

    def sensible(self):
        """Draw a condition as people write them."""
        order, number = self.pick("<", "<=", ">", ">=", "=="), self.draw(WHOLE)
        return self.one(
            lambda: f"args.amount {order} {number}",
            lambda: f"double(args.amount) * 1.5 {order} {float(number)}",
            lambda: f"args.who.amount + score {order} {number}",
            lambda: f"args.to == {text(self.draw(TEXTS))}",
            lambda: f"args.to in {self.texts()}",
            lambda: f"!(args['to'] in {self.texts()})",
            lambda: f"args.to.lowerAscii().{self.pick('contains', 'endsWith')}({self.text(0)})",
            lambda: f"args.items.{self.pick('all', 'exists', 'exists_one')}(i, i {order} {number})",
            lambda: f"args.items.filter(i, i {order} {number}).size() {order} 2",
            lambda: f"size(args.who.items) {order} {number}",
            lambda: f"has(args.who.to) && args.who.to != {text(self.draw(TEXTS))}",
            lambda: f"args.?deep.?amount.orValue(0) {order} {number}",
            lambda: f"has(seen.to) && seen.to.exists(r, r.amount {order} args.amount)",
        )

    def quantified(self, depth):
        name = f"e{len(self.names)}"
        over = self.one(lambda: self.list(depth), lambda: self.any(depth), lambda: "said")
        macro = self.pick("all", "exists", "exists_one")
        self.names.append(name)
        test = self.bool(depth)
        self.names.pop()
        return f"{over}.{macro}({name}, {test})"

    def int(self, depth):
        if depth <= 0:
            return self.one(lambda: str(self.draw(WHOLE)), lambda: "score")
        d = depth - 1
        return self.one(
            lambda: f"({self.int(d)} {self.pick('+', '-', '*', '/', '%')} {self.int(d)})",
            lambda: f"({self.any(d)} {self.pick('+', '-', '*', '/', '%')} {self.int(d)})",
            lambda: f"-{self.int(d)}",
            lambda: f"size({self.any(d)})",
            lambda: f"int({self.any(d)})",
            lambda: f"{self.text(d)}.indexOf({self.text(0)})",
            lambda: f"{self.text(d)}.lastIndexOf({self.text(0)}, {self.int(0)})",
            lambda: (
                f"{self.time(d)}.{self.pick('getHours', 'getDayOfWeek', 'getMonth', 'getDayOfYear', 'getMilliseconds')}({self.pick('', '', repr('+02:00'), repr('Europe/Berlin'))})"
            ),
        )

    def text(self, depth):
        if depth <= 0:
            return self.one(lambda: text(self.draw(TEXTS)), lambda: "tool")
        d = depth - 1
        return self.one(
            lambda: f"({self.text(d)} + {self.text(d)})",
            lambda: f"string({self.any(d)})",
            lambda: f"{self.text(d)}.{self.pick('lowerAscii', 'upperAscii', 'trim', 'reverse')}()",
            lambda: f"{self.text(d)}.substring({self.int(0)})",
            lambda: f"{self.text(d)}.substring({self.int(0)}, {self.int(0)})",
            lambda: f"{self.text(d)}.charAt({self.int(0)})",
            lambda: f"{self.text(d)}.replace({self.text(0)}, {self.text(0)})",
            lambda: f"{self.text(d)}.replace({self.text(0)}, {self.text(0)}, {self.int(0)})",
            lambda: f"{self.list(d)}.join({self.text(0)})",
        )

    def time(self, depth):
        if depth <= 0:
            return f"timestamp({self.one(lambda: self.text(0), lambda: self.int(0))})"
        return self.one(
            lambda: f"({self.time(depth - 1)} {self.pick('+', '-')} duration({self.text(0)}))",
            lambda: f"timestamp({self.any(depth - 1)})",
        )

    def texts(self):
        return f"[{', '.join(text(self.draw(TEXTS)) for _ in range(self.draw(st.integers(1, 3))))}]"

    def list(self, depth):
        if depth <= 0:
            return self.one(lambda: "said", self.texts, lambda: "[1, 2, 2]", lambda: "[]")
        d = depth - 1
        return self.one(
            lambda: f"[{self.any(d)}, {self.any(d)}]",
            lambda: f"({self.list(d)} + {self.list(d)})",
            lambda: f"{self.text(d)}.split({self.text(0)})",
            lambda: f"{self.text(d)}.split({self.text(0)}, {self.int(0)})",
            lambda: self.collected(d),
            lambda: f"dyn({self.any(d)})",
        )

    def collected(self, depth):
        name = f"e{len(self.names)}"
        over = self.one(lambda: self.list(depth), lambda: self.any(depth))
        self.names.append(name)
        keep, each = self.bool(depth), self.any(depth)
        self.names.pop()
        return f"{over}." + self.pick(
            f"filter({name}, {keep})", f"map({name}, {each})", f"map({name}, {keep}, {each})"
        )


@st.composite
def expressions(draw, depth=3):
    writer = Writer(draw)
    return writer.one(
        lambda: writer.bool(depth),
        lambda: writer.bool(depth),
        lambda: writer.int(depth),
        lambda: writer.text(depth),
        lambda: writer.list(depth),
        lambda: writer.any(depth),
    )
