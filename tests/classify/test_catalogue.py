"""The catalogue: every row has every column, and no name leads two ways."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from lockgate.classify import (
    ACTIONS,
    BY_ID,
    CONTROLS,
    HAZARDS,
    UNKNOWN,
    Effect,
    Reversibility,
    Signature,
    classify,
    suggestions,
)
from lockgate.classify.catalogue import GENERIC
from lockgate.classify.signature.aliases import singular
from lockgate.classify.signature.naming import fused
from lockgate.classify.signature.verbs import VERBS

DOMAINS = {
    *("payments", "orders", "bookings", "customers", "products"),
    *("database", "files", "infrastructure", "code", "devices"),
    *("communication", "identity", "memory", "agents", "mcp"),
    *("enterprise", "integrations", "data", "web"),
}
Word = Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
Words = Annotated[str, StringConstraints(pattern=r"^[a-z]+( [a-z]+)*$")]


class Row(BaseModel):
    """What a row of the catalogue must be."""

    model_config = ConfigDict(extra="forbid", strict=True, from_attributes=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z]+(_[a-z]+)*$")]
    effect: Literal[tuple(effect for effect in Effect if effect is not Effect.UNKNOWN)]
    resource: Words
    reversibility: Reversibility
    base_risk: Annotated[int, Field(ge=0, le=60)]
    hazards: tuple[Literal[tuple(HAZARDS)], ...]
    aliases: Annotated[tuple[Words, ...], Field(min_length=1)]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_row_has_every_column(action):
    Row.model_validate(action)
    assert action.id.partition(".")[0] in DOMAINS
    assert len(set(action.aliases)) == len(action.aliases)
    assert len(set(action.hazards)) == len(action.hazards)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_what_changes_nothing_is_harmless_and_what_is_dangerous_says_why(action):
    reads = action.effect is Effect.READ
    assert reads == (action.reversibility is Reversibility.HARMLESS)
    if reads:
        assert action.base_risk < 25, "a read is never more than low"
    elif action.base_risk >= 30:
        assert action.hazards, "what is dangerous about it?"


def test_there_is_an_action_for_every_effect_in_every_domain_that_was_promised():
    assert len(ACTIONS) >= 120
    assert {action.effect for action in ACTIONS} == set(Effect) - {Effect.UNKNOWN}
    assert {action.id.partition(".")[0] for action in ACTIONS} == DOMAINS
    assert len(BY_ID) == len(ACTIONS) + 1, "an id is used twice"
    assert UNKNOWN.reversibility is Reversibility.IRREVERSIBLE


def test_every_effect_has_a_generic_action_no_milder_than_the_mildest_of_its_kind():
    assert set(GENERIC) == set(Effect) - {Effect.UNKNOWN}
    for effect, generic in GENERIC.items():
        assert (generic.id, generic.effect) == (f"generic.{effect}", effect)
        mildest = min(action.base_risk for action in ACTIONS if action.effect is effect)
        assert generic.base_risk >= mildest


@pytest.mark.parametrize("hazard", HAZARDS.values(), ids=lambda hazard: hazard.id)
def test_every_hazard_has_a_control_that_exists(hazard):
    assert hazard.controls
    assert set(hazard.controls) <= set(CONTROLS)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", hazard.id)


def test_every_control_answers_something():
    answering = {control for hazard in HAZARDS.values() for control in hazard.controls}
    assert answering == set(CONTROLS)


ALIASES = [(action, alias) for action in ACTIONS for alias in action.aliases]


def test_no_alias_leads_to_two_actions():
    seen = {}
    for action, alias in ALIASES:
        words = frozenset(singular(word) for word in fused(alias.split()))
        assert seen.setdefault(words, action.id) == action.id, alias


def test_an_alias_leads_to_its_own_action_or_to_none_that_reads():
    lost = []
    for action, alias in ALIASES:
        found = classify(Signature(name=alias.replace(" ", "_"))).action
        if found.id != action.id:
            lost.append(alias)
            assert found.effect is not Effect.READ or action.effect is Effect.READ, alias
    assert len(lost) / len(ALIASES) < 0.05, lost


def test_what_an_alias_says_is_what_its_action_does():
    for action, alias in ALIASES:
        verbs = [VERBS[word] for word in alias.split() if word in VERBS]
        effects = {verb.effect for verb in verbs if verb.firm}
        assert Effect.DELETE not in effects or action.effect is Effect.DELETE, alias
        assert action.effect is not Effect.READ or effects <= {Effect.READ, Effect.UNKNOWN}, alias


def test_a_mistyped_action_is_answered_with_the_nearest():
    assert "payments.refund" in suggestions("payment.refund")
    assert suggestions("zzzzzz") == []
