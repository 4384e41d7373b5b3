"""The shape of a rulebook's documents; pydantic checks it, `faults` says where it is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from lockgate.classify import BY_ID, HAZARDS, Effect
from lockgate.contain import FULFILLABLE
from lockgate.evaluate import Handling, Level, Then
from lockgate.rulebook.faults import fault, first_fault
from lockgate.rulebook.shapes import (
    Expression,
    Id,
    Name,
    Pattern,
    Patterns,
    Scalar,
    Strict,
    Text,
    Values,
    listed,
    near,
)
from lockgate.rulebook.tables import Table
from lockgate.rulebook.weighing import WeightsText
from lockgate.rulebook.windows import Dates, Window

if TYPE_CHECKING:
    from typing import Self

    from lockgate.rulebook.source import Source

KNOWN_ACTIONS: Final = (*BY_ID, *(f"generic.{effect.value}" for effect in Effect))


def _moment(text: str) -> str:
    """Bring a date or a time with its offset into the one form in which times compare as text."""
    if _LOCAL.fullmatch(text):
        raise fault(f"`{text}` does not say in which time zone", _MOMENT)
    if not _TIME.fullmatch(text):
        raise fault(f"`{text}` is not a time", _MOMENT)
    try:
        moment = datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00Z")
        plain = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise fault(f"`{text}` is not a time", _MOMENT) from None
    return f"{plain.isoformat(timespec='microseconds')}Z"


_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[-+]\d\d:\d\d))?", re.ASCII
)
_MOMENT: Final = "write `2026-12-31`, which begins at midnight UTC, or `2026-12-31T18:00:00+01:00`"


def _kept(name: str) -> str:
    if name not in FULFILLABLE:
        known = ", ".join(f"`{item}`" for item in sorted(FULFILLABLE))
        raise fault(f"the gate can't keep the obligation `{name}`", f"it can keep {known}")
    return name


def _hazard(name: str) -> str:
    if name not in HAZARDS:
        raise fault(f"there is no hazard `{name}`", near(name, HAZARDS, _LISTED))
    return name


_LISTED: Final = "`docs/actions.md` lists them"


def _action(pattern: str) -> str:
    """Refuse a rule about an action that does not exist: it would never be hit."""
    if not any(fnmatchcase(action, pattern) for action in KNOWN_ACTIONS):
        raise fault(f"there is no action `{pattern}`", near(pattern, KNOWN_ACTIONS, _LISTED))
    return pattern


Actions = Annotated[
    list[Annotated[Pattern, AfterValidator(_action)]],
    BeforeValidator(listed),
    Field(min_length=1),
]
Hazards = Annotated[
    list[Annotated[str, AfterValidator(_hazard)]], BeforeValidator(listed), Field(min_length=1)
]
Levels = Annotated[list[Level], BeforeValidator(listed), Field(min_length=1)]
Effects = Annotated[list[Effect], BeforeValidator(listed), Field(min_length=1)]
Approvers = Annotated[list[Pattern], BeforeValidator(listed), Field(min_length=1)]
Obligations = Annotated[
    list[Annotated[str, AfterValidator(_kept)]], BeforeValidator(listed), Field(min_length=1)
]
Moment = Annotated[str, AfterValidator(_moment)]


class Layer(StrEnum):
    """How close to a single call a document is; whatever is further down can only tighten."""

    ORGANISATION = "organisation"
    SOURCE = "source"
    ENVIRONMENT = "environment"
    AGENT = "agent"
    RUN = "run"


class Way(StrEnum):
    """Whether what is written is in force."""

    ENFORCE = "enforce"
    SHADOW = "shadow"
    CANARY = "canary"


class Mode(Strict):
    """Whether a rule is in force, and for how many.

    Attributes:
        way: In force for all, for a share, or for nobody.
        percent: The share of all conversations, in a canary.
    """

    way: Way = Way.ENFORCE
    percent: float = 100.0


def _mode(value: Any) -> Any:
    """Read `enforce`, `shadow` or `{canary: 10}`."""
    match value:
        case Mode() | "enforce" | "shadow":
            return value if isinstance(value, Mode) else Mode(way=Way(value))
        case {"canary": percent} if len(value) == 1 and _is_share(percent):
            return Mode(way=Way.CANARY, percent=float(percent))
        case {"first": _}:
            raise fault("a rule can't be in force for the first calls only", _NO_FIRST)
        case {"canary": _}:
            raise fault("a canary is a share above 0 and below 100", "write `{ canary: 10 }`")
        case _:
            message = f"`{value}` is not one of `enforce`, `shadow` or a canary"
            raise fault(message, "for a tenth of all conversations write `{ canary: 10 }`")


def _is_share(value: Any) -> bool:
    return type(value) in {int, float} and 0 < value < 100  # noqa: PLR2004 - of a hundred


_NO_FIRST: Final = (
    "how many came first is not known alike to all processes: write `{ canary: 10 }` for a tenth "
    "of all conversations"
)
Modes = Annotated[Mode, BeforeValidator(_mode)]


class On(Strict):
    """What a rule speaks about; every part that is given must match.

    Attributes:
        action: Canonical actions; `*` matches any run of characters.
        tool: Tool names, likewise.
        source: Where the tool comes from, likewise.
        environment: Where the call acts, likewise.
        agent: Who makes it, likewise.
        effect: What the action does.
        level: How dangerous the call is.
        hazard: What its action or its arguments threaten.
    """

    action: Actions = Field(default_factory=list)
    tool: Patterns = Field(default_factory=list)
    source: Patterns = Field(default_factory=list)
    environment: Patterns = Field(default_factory=list)
    agent: Patterns = Field(default_factory=list)
    effect: Effects = Field(default_factory=list)
    level: Levels = Field(default_factory=list)
    hazard: Hazards = Field(default_factory=list)


class RuleText(Strict):
    """One rule as it is written.

    Attributes:
        id: Its name, unique in the rulebook.
        on: What it speaks about; nothing means every call.
        when: A condition; nothing means always.
        then: What happens.
        reason: Why, for people and for the model.
        tell: What the model may do instead.
        approvers: Who may answer for what it holds.
        obligations: What the gate must also do if the call runs.
        mode: Whether it is in force, and for how many.
        expires: From when on it no longer grants.
    """

    id: Id
    on: On = Field(default_factory=On)
    when: Expression | None = None
    then: Then
    reason: Text
    tell: Annotated[str, Field(max_length=500)] = ""
    approvers: Approvers = Field(default_factory=list)
    obligations: Obligations = Field(default_factory=list)
    mode: Modes | None = None
    expires: Moment | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse keys that mean nothing, or something else than one may think, beside `then`."""
        if self.approvers and self.then is not Then.REQUIRE_APPROVAL:
            hint = "write `then: require_approval`, or remove them"
            raise fault(f"rule `{self.id}` names approvers and asks nobody", hint, "approvers")
        if self.obligations and self.then is Then.BLOCK:
            hint = "remove them: what is blocked does not run"
            raise fault(f"rule `{self.id}` blocks and has obligations", hint, "obligations")
        if self.expires and self.then is not Then.ALLOW:
            hint = f"an objection ends by `when: now < timestamp('{self.expires}')`"
            raise fault(f"rule `{self.id}` expires and does not allow anything", hint, "expires")
        return self


class Document(Strict):
    """A rulebook file.

    Attributes:
        lockgate: Version of the format.
        name: What people call it.
        layer: How close to a single call it is.
        whom: Which sources, environments, agents or conversations a lower layer is for.
        mode: Whether its rules and levels are in force, unless a rule says otherwise.
        rules: The rules; their order does not matter.
        levels: What happens to each level when no rule says more.
        weights: What risk is made of.
        lists: Values by the name of their list.
        constants: Single values by their names.
        tables: Values that depend on others.
        calendars: Days by the name of their calendar.
        windows: Times by their names.
        macros: Expressions by their names.
        approval_seconds: How long an approval can be given and used.
    """

    lockgate: Annotated[int, Field(ge=1, le=1, strict=True)] = 1
    name: Annotated[str, Field(min_length=1, max_length=100)] = "rulebook"
    layer: Layer = Layer.ORGANISATION
    whom: Patterns = Field(default_factory=list, alias="for")
    mode: Modes = Mode()
    rules: list[RuleText] = Field(default_factory=list)
    levels: dict[Level, Handling] = Field(default_factory=dict)
    weights: WeightsText = Field(default_factory=WeightsText)
    lists: dict[Name, Values] = Field(default_factory=dict)
    constants: dict[Name, Scalar] = Field(default_factory=dict)
    tables: dict[Name, Table] = Field(default_factory=dict)
    calendars: dict[Name, Dates] = Field(default_factory=dict)
    windows: dict[Name, Window] = Field(default_factory=dict)
    macros: dict[Name, Expression] = Field(default_factory=dict)
    approval_seconds: Annotated[int, Field(ge=1, le=31_536_000, strict=True)] | None = None


def read(source: Source) -> Document:
    """Check the shape of a document.

    Raises:
        RulebookError: At the first fault, with the place.
    """
    try:
        return Document.model_validate(source.value)
    except ValidationError as error:
        raise first_fault(source, error.errors(), Document) from None
