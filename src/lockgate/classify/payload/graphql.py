"""GraphQL documents: a query reads, a mutation changes something.

What is no document, or has a mutation anywhere, is not called a query. A tool is only called by
what its document says if it is a request tool already; for any other a mutation can make it worse.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from lockgate.classify.catalogue import BY_ID
from lockgate.classify.payload.parameters import spots, told, values
from lockgate.classify.profile import Reader, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockgate.classify.payload.parameters import Spot
    from lockgate.classify.profile import Action

READ: Final = "web.read"
POST: Final = "web.post"
LONGEST: Final = 100_000
"""Longer documents are not parsed."""
MOST_TOKENS: Final = 2_500
"""Documents with more are not parsed either: tokens are what parsing costs."""
_DOCUMENT: Final = frozenset({"query", "mutation", "document", "operation", "graphql"})
_BESIDE: Final = frozenset({"variable", "graphql"})
_KEYS: Final = frozenset({"query", "variables", "operationName", "extensions", "operation_name"})


def bind(action: Action, parameters: Mapping[str, Any]) -> Reader | None:
    """Return a reader for tools that take a document and its variables, and no address."""
    found = spots(parameters, _DOCUMENT, frozenset({"id", "name"}))
    if not found or not spots(parameters, _BESIDE):
        return None
    worse = (POST,) if BY_ID[POST].danger > action.danger else ()
    may = (READ, POST) if action.id == POST else worse
    read = partial(read_document, found, frozenset(may))
    return Reader(name="graphql", parameters=told(found), actions=may, read=read)


def read_document(
    found: tuple[Spot, ...], may: frozenset[str], arguments: Mapping[str, Any]
) -> Reading:
    """Say what the documents of a call do; what is no document is left to others."""
    kinds = {operation(text) for spot in found for text in values(arguments, spot)} - {""}
    if not kinds:
        return Reading()
    action = POST if "mutation" in kinds else READ
    because = (f"it is a GraphQL {'mutation' if action == POST else 'query'}",)
    return Reading(action=action if action in may else "", because=because)


def operation(text: Any) -> str:
    """Return `mutation`, `query` or `subscription`; nothing where a text is no document."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return ""
    from graphql.language import OperationDefinitionNode, parse

    try:
        document = parse(text, no_location=True, max_tokens=MOST_TOKENS)
    except Exception:  # noqa: BLE001 - INVARIANT: whatever the parser raises, it is no query
        return ""
    kinds = [
        item.operation.value
        for item in document.definitions
        if isinstance(item, OperationDefinitionNode)
    ]
    return "mutation" if "mutation" in kinds else next(iter(kinds), "")


def of_body(body: Any) -> str:
    """Return what the document in the body of a request does; nothing where there is none.

    A body with anything besides is not taken for GraphQL: a server may well read that instead.
    """
    if isinstance(body, str):
        try:
            return of_body(orjson.loads(body))
        except orjson.JSONDecodeError:
            return operation(body)
    if isinstance(body, list):
        kinds = {of_body(item) for item in body}
        return "mutation" if "mutation" in kinds else "" if "" in kinds else next(iter(kinds), "")
    if isinstance(body, dict) and body.keys() <= _KEYS:
        return operation(body.get("query"))
    return ""
