"""A call that does several things is judged no more lightly than any of them alone."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.theorems.bags import RANK

from lockgate import Gate, Rulebook
from lockgate.classify import Signature

STATEMENTS = {
    "database.read": "SELECT a FROM t LIMIT 5",
    "database.insert": "INSERT INTO t VALUES (1)",
    "database.update": "UPDATE t SET a = 1 WHERE id = 1",
    "database.delete": "DELETE FROM t WHERE id = 1",
    "database.drop": "DROP INDEX i",
    "database.grant": "GRANT SELECT ON t TO bob",
}
THEN = ("allow", "require_approval", "block")
LEVELS = (
    {},
    dict.fromkeys(("low", "medium", "high", "critical"), "by_rule_only"),
    {"low": "allow", "medium": "allow", "high": "allow", "critical": "allow"},
    {"low": "require_approval", "medium": "require_approval", "high": "block"},
)
WHOLES = st.lists(st.sampled_from(sorted(STATEMENTS)), min_size=1, max_size=4, unique=True)
RULES = st.dictionaries(st.sampled_from(sorted(STATEMENTS)), st.sampled_from(THEN))
SQL = Signature(name="run_sql", parameters={"properties": {"sql": {}}})


def verdicts(rules, levels, texts):
    """Return what the rules and levels say to each text."""
    number = count()
    book = "".join(
        f"  - {{id: r{next(number)}, on: {{action: {action}}}, then: {then}, reason: said}}\n"
        for action, then in rules.items()
    )
    handled = "".join(f"  {level}: {how}\n" for level, how in levels.items())
    text = f"levels: {{}}\nrules:\n{book}" if not levels else f"levels:\n{handled}rules:\n{book}"
    text = text if rules else text.replace("rules:\n", "rules: []\n")
    with Gate.open(Rulebook.parse(text), store="memory://") as gate:
        gate.register(SQL)
        return [gate.decide("run_sql", {"sql": item}).verdict.value for item in texts]


@settings(deadline=None)
@given(WHOLES, RULES, st.sampled_from(LEVELS))
def test_the_whole_is_judged_no_more_lightly_than_a_part(actions, rules, levels):
    parts = [STATEMENTS[action] for action in actions]
    whole, *alone = verdicts(rules, levels, ["; ".join(parts), *parts])
    assert RANK[whole] >= max(map(RANK.get, alone)), (actions, rules, levels)


@settings(deadline=None)
@given(WHOLES)
def test_what_is_allowed_part_by_part_is_allowed_as_a_whole(actions):
    parts = [STATEMENTS[action] for action in actions]
    rules = dict.fromkeys(actions, "allow")
    assert verdicts(rules, LEVELS[1], ["; ".join(parts)]) == ["ALLOW"]


@pytest.mark.parametrize("beside", ["GRANT SELECT ON t TO bob", "DROP INDEX i"])
def test_leave_for_one_thing_is_no_leave_for_another(beside):
    rules = {"database.update": "allow"}
    update = STATEMENTS["database.update"]
    found = verdicts(rules, {}, [update, f"SELECT 1; {update}", f"{update}; {beside}"])
    assert found == ["ALLOW", "ALLOW", "REQUIRE_APPROVAL"]
