"""The `weights` of a document: what risk is made of, and from how much on a call has which level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lockgate.classify import HAZARDS
from lockgate.evaluate import Weights
from lockgate.rulebook.faults import fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockgate.rulebook.layers import Written

Points = Annotated[int, Field(ge=0, le=100, strict=True)]


class WeightsText(BaseModel):
    """Points as they are written; what is not given counts as it does by default.

    None can be negative, so that nothing worse ever lowers a score.

    Attributes:
        medium: From how many points on a call has this level.
        high: Likewise.
        critical: Likewise.
        irreversible: Points for what can't be undone.
        environments: Points for acting on an environment, by its name.
        hazard: Points for a hazard of the payload that `hazards` does not name.
        hazards: Points for hazards of the payload, by their id.
        flaw: Points for a payload that can't be right.
        unstated: Points for money that moves without an amount.
        amount: Points for each tenfold of money, from 50 on.
        reach: Points for each tenfold of what is reached.
        uncountable: Points for a reach that can't be counted.
        most_for_size: Most points for money, and for reach.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    medium: Points | None = None
    high: Points | None = None
    critical: Points | None = None
    irreversible: Points | None = None
    environments: dict[str, Points] | None = None
    hazard: Points | None = None
    hazards: dict[str, Points] | None = None
    flaw: Points | None = None
    unstated: Points | None = None
    amount: Points | None = None
    reach: Points | None = None
    uncountable: Points | None = None
    most_for_size: Points | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse levels out of order, and hazards that do not exist."""
        made = self.made()
        if not 0 < made.medium <= made.high <= made.critical:
            hint = f"by default they start at {_DEFAULT}"
            raise fault("the levels start in the wrong order", hint, "key")
        for hazard in self.hazards or ():
            if hazard not in HAZARDS:
                hint = "`docs/actions.md` lists them"
                raise fault(f"there is no hazard `{hazard}`", hint, "hazards", hazard, "key")
        return self

    def made(self) -> Weights:
        """Return the weights that count."""
        return Weights(**self.model_dump(exclude_none=True))


_DEFAULT = f"{Weights().medium}, {Weights().high} and {Weights().critical}"


def weighed(written: Iterable[Written]) -> Weights:
    """Return the weights of a rulebook; only one of its documents may give any.

    Raises:
        RulebookError: If two documents do.
    """
    first: Written | None = None
    for source, document in written:
        if "weights" not in document.model_fields_set:
            continue
        if first is not None:
            message = f"`weights` are given twice, first in `{first[0].name}`"
            raise source.error(("weights", "key"), message, "put them into one document")
        first = source, document
    return first[1].weights.made() if first else Weights()
