"""The reader of SQL: when it is bound, and that nothing is made to look harmless."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.classify import BY_ID, Effect, Signature, classify, read
from lockgate.classify.payload.sql import verbs
from lockgate.classify.payload.sql.reading import LONGEST, MOST_STATEMENTS, read_text
from lockgate.classify.payload.sql.scan import FAMILIES, scan


def tool(name="run_sql", action=None, **parameters):
    told = {key: value if isinstance(value, dict) else {} for key, value in parameters.items()}
    return classify(Signature(name=name, action=action, parameters={"properties": told}))


def bound(classification):
    return {name for reader in classification.readers if reader.name == "sql" for name in reader.parameters}  # fmt: skip


# ── Binding ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (tool(sql=1), {"sql"}),
        (tool(query=1), {"query"}),
        (tool(statement=1, timeout=1), {"statement"}),
        (tool(name="frobnicate", raw_sql=1), {"raw_sql"}),
        (tool(name="frobnicate", query={"description": "The SQL to run"}), {"query"}),
        (tool(name="read_rows", action="database.read", query={"description": "SELECT SQL query"}), {"query"}),
        (tool(name="search", query=1), set()),
        (tool(name="read_rows", action="database.read", query=1), set()),
        (tool(query={"description": "A Cypher query"}), set()),
        (tool(query={"description": "MongoDB aggregation"}), set()),
        (tool(name="delete_rows", action="database.delete", where_sql=1, table=1), set()),
        (tool(name="send_email", to=1, body=1), set()),
        (tool(sql_dialect=1, sql={"description": "statement"}), {"sql"}),
    ],
)  # fmt: skip
def test_a_parameter_is_read_by_its_name_its_description_and_its_tool(made, expected):
    assert bound(made) == expected


def test_a_tool_that_runs_any_sql_is_what_its_statement_is():
    made = tool(sql=1)
    assert made.action.id == "database.query"
    assert read(made, {"sql": "SELECT 1"}).action.id == "database.read"
    assert read(made, {"sql": "DELETE FROM t"}).action.id == "database.delete"


def test_a_tool_that_does_one_thing_is_never_less():
    made = tool("purge", "database.delete", sql=1)
    looked = read(made, {"sql": "SELECT 1"})
    assert looked.action.id == "database.delete"
    assert looked.irreversible
    assert read(made, {"sql": "DROP TABLE t"}).action.id == "database.drop"


@pytest.mark.parametrize("value", [["SELECT 1", "DROP TABLE t"], {"text": "DROP TABLE t"}])
def test_statements_are_found_in_lists_and_wrappings(value):
    assert read(tool(sql=1), {"sql": value}).action.id == "database.drop"


@pytest.mark.parametrize("value", [5, True, 1.5, "\0", "\ud800"])
def test_what_is_no_statement_is_unreadable(value):
    assert "unreadable" in read(tool(sql=1), {"sql": value}).hazards


def test_without_a_statement_the_tool_is_what_it_is():
    assert read(tool(sql=1), {}).action.id == "database.query"
    assert read(tool(sql=1), {"sql": None}).action.id == "database.query"
    assert read(tool(sql=1), {"sql": []}).action.id == "database.query"


def test_everything_a_statement_can_be_is_announced():
    (reader,) = tool(sql=1).readers
    assert set(reader.actions) <= set(BY_ID)
    told = [*verbs.VERBS.values(), *verbs.FUNCTIONS.values()]
    acts = {*verbs.ACTS.values(), *verbs.PLAIN_ACTS.values(), *(verb.action for verb in told)}
    assert acts <= set(reader.actions)


def test_the_parser_is_loaded_when_a_tool_needs_it():
    code = (
        "import sys; from lockgate.classify import Signature, classify\n"
        "classify(Signature(name='get_order', parameters={'properties': {'order_id': {}}}))\n"
        "assert 'sqlglot' not in sys.modules\n"
        "classify(Signature(name='run_sql', parameters={'properties': {'sql': {}}}))\n"
        "assert 'sqlglot' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_hosts_log_is_left_alone(caplog):
    read_text("WITH a AS (ALTER SESSION SET x = 1) SELECT 'secret' FROM a")
    assert caplog.records == []


# ── Nothing is made to look harmless ─────────────────────────────────────────────────────────

LOOKS = st.sampled_from(
    [
        "SELECT 1",
        "SELECT a, 'it''s' FROM t WHERE b = 2",
        'SELECT "a" FROM (SELECT 1) x -- note\n',
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "SHOW TABLES",
        "BEGIN",
        "SET NOCOUNT ON",
        "DECLARE @x int",
        "USE shop",
        "EXPLAIN SELECT 1",
    ]
)
WRITES = st.sampled_from(
    [
        "DELETE FROM t",
        "delete from t where id = 1",
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1",
        "DROP TABLE t",
        "TRUNCATE TABLE t",
        "EXEC('x')",
        "EXEC sp_x",
        "DROP\tTABLE/**/t",
        "DeLeTe\nfRoM t",
    ]
)
JOINTS = st.sampled_from(["; ", ";\n", " ", "\n", "\nGO\n", " ; -- x\n", "/**/;/* */"])


@given(LOOKS, JOINTS, WRITES, st.booleans())
def test_a_look_with_a_write_is_no_look(look, joint, write, turned):
    text = f"{write}{joint}{look}" if turned else f"{look}{joint}{write}"
    found = read_text(text)
    assert BY_ID[found.action].effect is not Effect.READ, text


@given(st.lists(LOOKS, min_size=1, max_size=4))
def test_looks_are_a_look(looks):
    assert read_text(";\n".join(looks)).action == "database.read"


@given(st.sampled_from([*FAMILIES]), st.text("'\"`[]$/*-#; \\\nabDROP", max_size=40))
def test_what_one_family_would_run_is_seen(family, noise):
    """Wherever the noise leaves a `DROP` outside every quote for some database, it counts."""
    text = f"SELECT 1 {noise}; DROP TABLE t; SELECT 2 {noise}"
    cut = scan(text, family)
    runs = any(item.words[:2] == ("DROP", "TABLE") for item in cut.statements)
    found = read_text(text)
    if runs:
        assert BY_ID[found.action].effect is not Effect.READ


FRAGMENTS = st.sampled_from(
    [
        *verbs.STARTS,
        *verbs.ACTS,
        *("FROM", "WHERE", "t", "a", "id", "=", "1", ",", "(", ")", "'x'", '"y"', "`z`", "[w]"),
        *(";", "--", "/*", "*/", "/*!", "$$", "\\", "'", "\n", ".", "*", "@v", ":p", "AS", "INTO"),
        *("JOIN", "ON", "AND", "OR", "NOT", "IN", "LIKE", "VALUES", "SET", "CASE", "WHEN", "END"),
        *("LIMIT", "UNION", "EXISTS", "NULL", "TRUE", "OVER", "INTERVAL", "CAST", "::", "->", "?"),
    ]
)


@settings(deadline=None)
@given(st.lists(FRAGMENTS, max_size=40).map(" ".join) | st.text(max_size=200))
def test_any_text_has_a_reading(text):
    found = read_text(text)
    assert found.action in verbs.ACTIONS
    assert found == read_text(text)


@pytest.mark.slow
@settings(deadline=None, max_examples=20_000)
@given(st.lists(FRAGMENTS, max_size=60).map(" ".join) | st.text(max_size=1000))
def test_any_of_very_many_texts_has_a_reading(text):
    assert read_text(text).action in verbs.ACTIONS


@pytest.mark.parametrize(
    "text",
    [
        "x" * (LONGEST + 1),
        "SELECT 1;" * (MOST_STATEMENTS + 1),
        "SELECT " + "(" * 50 + "1" + ")" * 50,
        "SELECT " + "1 + " * 5_000 + "1",
        "PREPARE p AS " * 500 + "SELECT 1",
        "EXPLAIN ANALYZE FROBNICATE",
    ],
    ids=lambda text: text[:24],
)
def test_beyond_its_bounds_a_text_is_no_look(text):
    assert BY_ID[read_text(text).action].effect is not Effect.READ


def test_a_bulk_insert_is_counted_without_parsing_every_row():
    rows = ", ".join(f"({number}, 'name {number}', NULL)" for number in range(3_000))
    insert = f"INSERT INTO t (a, b, c) VALUES {rows}"  # noqa: S608 - it is only read
    found = read_text(insert)
    assert (found.action, found.reach, found.hazards) == ("database.insert", 3_000, ())
    assert read_text(insert + "; DROP TABLE t").action == "database.drop"


# ── Statements of others ─────────────────────────────────────────────────────────────────────

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LOCKGATE_SHARED_DATA") or ROOT.parent / "shared" / "data")
KINDS = {
    "read": {"database.read"},
    "insert": {"database.insert", "database.update"},
    "update": {"database.update"},
    "delete": {"database.delete"},
    "merge": {"database.insert", "database.update", "database.delete"},
    "create": {"database.migrate", "database.grant"},
    "alter": {"database.migrate", "database.grant"},
    "drop": {"database.drop"},
    "truncate": {"database.drop"},
    "grant": {"database.grant"},
}


@pytest.fixture(scope="module")
def statements():
    path = DATA / "sql_statements.jsonl"
    if not path.exists():
        pytest.skip(f"there are no statements of others in {DATA}")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.real
def test_no_write_of_twenty_dialects_is_taken_for_a_look(statements):
    wrong = [row["sql"] for row in statements if row["kind"] != "read" and read_text(row["sql"]).action == "database.read"]  # fmt: skip
    assert wrong == []


@pytest.mark.real
def test_the_kind_of_statements_in_twenty_dialects(statements):
    """A file has several statements: its kind has to be among what is found, and be the worst."""
    found = [(row["kind"], read_text(row["sql"])) for row in statements]
    right = [kind for kind, reading in found if KINDS[kind] & {reading.action, *reading.also}]
    assert len(right) / len(found) >= 0.98


@pytest.mark.real
def test_injection_strings_break_nothing():
    path = DATA / "sqli_strings.jsonl"
    if not path.exists():
        pytest.skip(f"there are no injection strings in {DATA}")
    for line in path.read_text("utf-8").splitlines()[::10]:
        assert read_text(json.loads(line)["text"]).action in verbs.ACTIONS
