"""What a call's arguments say: vectors, and every reader against whatever a model may send."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from lockgate.classify import Signature, classify, read

LANGUAGES = ("sql",)  # in a form of their own: test_payload_vectors
VECTORS = Path(__file__).parents[1] / "vectors" / "payloads"
FILES = sorted({*VECTORS.glob("*.yaml")} - {VECTORS / f"{name}.yaml" for name in LANGUAGES})
NOTHING = {
    "reach": None,
    "unit": "",
    "amount": None,
    "amount_missing": False,
    "currency": "",
    "hazards": set(),
    "flawed": False,
    "reversibility": None,
}


def cases():
    for path in FILES:
        for case in yaml.safe_load(path.read_text("utf-8")):
            yield pytest.param(case, id=f"{path.stem}: {case['name']}")


def tool(case):
    properties = case.get("parameters") or {name: {} for name in case["arguments"]}
    signature = Signature(name="tool", action=case["action"], parameters={"properties": properties})
    return classify(signature)


def told(profile, wanted):
    found = {
        "action": profile.action.id,
        "reach": profile.reach,
        "unit": profile.unit,
        "amount": profile.amount,
        "amount_missing": profile.amount_missing,
        "currency": profile.currency,
        "hazards": set(profile.hazards),
        "flawed": bool(profile.flaws),
        "reversibility": profile.reversibility and profile.reversibility.value,
    }
    return found | ({"targets": list(profile.targets)} if "targets" in wanted else {})


@pytest.mark.parametrize("case", list(cases()))
def test_arguments_say_what_the_vector_says(case):
    expected = case["expect"]
    wanted = NOTHING | {"action": case["action"]} | expected
    wanted["hazards"] = set(wanted["hazards"])
    wanted["amount"] = None if wanted["amount"] is None else Decimal(wanted["amount"])
    assert told(read(tool(case), case["arguments"]), expected) == wanted
