"""Statements of SQL: which operation, on which tables, how many rows, and what is dangerous.

Bound to parameters that hold SQL by their name, their description and the tool's action. A tool
that runs any SQL is what its statement is; of a tool that does one thing, a statement can only
make it worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.payload.parameters import either, fields
from lockgate.classify.payload.sql import verbs
from lockgate.classify.payload.texts import bound_reader, described
from lockgate.classify.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockgate.classify.profile import Action, Reader

ANY: Final = frozenset({verbs.QUERY, verbs.READ, "generic.execute", "unknown"})
"""Tools that are what their statement is."""
_STATEMENTS: Final = either(
    "query queries statement statements command commands script migration ddl dml"
)
_LOOSE: Final = _STATEMENTS | either("code text input expression q content")
_PARTS: Final = either(
    "where filter condition clause fragment order dialect mode params parameters file path name id "
    "type version server instance"
)
_OTHERS: Final = either(
    "mongo mongodb cypher gremlin sparql graphql lucene promql kql jql logql flux redis elasticsearch "
    "opensearch aggregation natural xpath"
)


def bind(action: Action, parameters: Mapping[str, Any]) -> Reader | None:
    """Return a reader for parameters that hold SQL."""
    found = tuple(
        spot for spot, schema in fields(parameters) if _holds_sql(action, spot[-1], schema)
    )
    if not found:
        return None
    from lockgate.classify.payload.sql import reading

    reading.prepare()
    return bound_reader("sql", found, action, ANY, actions=verbs.ACTIONS, read=reading.read)


def _holds_sql(action: Action, name: str, schema: Any) -> bool:
    told, said = set(words(name)), set(words(described(schema)))
    if told & _PARTS:
        return False
    if "sql" in told:
        return True
    if "sql" in said:
        return bool(told & _LOOSE)
    runs = action.id.startswith("database.") and action.id != verbs.READ
    return runs and bool(told & _STATEMENTS) and not said & _OTHERS
