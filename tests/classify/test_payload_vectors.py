"""Payloads and what they would do: each vector, in every field."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lockgate.classify import BY_ID, HAZARDS, Signature, classify, read

FOLDER = Path(__file__).parents[1] / "vectors" / "payloads"
TOOLS = {
    "sql": Signature(name="run_sql", parameters={"properties": {"sql": {"type": "string"}}}),
}


VECTORS = [
    pytest.param(language, vector, id=f"{language}: {' '.join(vector['payload'].split())[:60]}")
    for language in TOOLS
    for vector in yaml.safe_load((FOLDER / f"{language}.yaml").read_text("utf-8"))
]


@pytest.mark.parametrize(("language", "vector"), VECTORS)
def test_a_payload_is_what_its_vector_says(language, vector):
    tool = classify(TOOLS[language])
    (parameter,) = tool.readers[0].parameters
    found = read(tool, {parameter: vector["payload"]})
    assert {
        "payload": vector["payload"],
        "action": found.action.id,
        "also": [action.id for action in found.also],
        "reach": found.reach,
        "unit": found.unit,
        "reversibility": (found.reversibility or found.action.reversibility).value,
        "hazards": list(found.hazards),
        "targets": list(found.targets),
    } == {"also": [], "unit": "", "hazards": [], "targets": [], **vector}
    assert not found.flaws


def test_vectors_are_many_and_speak_of_what_exists():
    told = [vector.values[1] for vector in VECTORS]
    assert len(told) >= 150
    assert {vector["action"] for vector in told} <= set(BY_ID)
    assert {hazard for vector in told for hazard in vector.get("hazards", [])} <= set(HAZARDS)
    assert len({vector["payload"] for vector in told}) == len(told)
