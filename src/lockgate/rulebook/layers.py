"""Layers: what a document further down may say.

The organisation's documents together say what is granted. Every other document is a fence around
some of the calls: it decides for itself, and the strictest answer stands. So nothing that a lower
layer says can loosen a decision; what would only seem to is refused here, where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lockgate.evaluate import Handling, Then
from lockgate.rulebook.document import Layer, Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lockgate.evaluate import Level
    from lockgate.rulebook.document import Document
    from lockgate.rulebook.source import Source

Written = tuple["Source", "Document"]

STRICTNESS: Final = (
    Handling.ALLOW,
    Handling.LOG,
    Handling.REQUIRE_APPROVAL,
    Handling.BY_RULE_ONLY,
    Handling.BLOCK,
)
"""Each leads to a verdict that is never looser than those before it, whatever the rules say."""
CLOSED: Final = frozenset({Handling.REQUIRE_APPROVAL, Handling.BY_RULE_ONLY})
"""What an `allow` of the same document lifts."""
_TOP_ONLY: Final = ("approval_seconds", "weights")


def is_top(document: Document) -> bool:
    """Say whether a document may grant."""
    return document.layer is Layer.ORGANISATION


def strictest(
    documents: Iterable[Document], otherwise: Mapping[Level, Handling]
) -> dict[Level, Handling]:
    """Return how each level is handled where several documents speak about it."""
    said: dict[Level, Handling] = {}
    for document in documents:
        for level, how in document.levels.items():
            said[level] = max(said.get(level, how), how, key=STRICTNESS.index)
    return {**otherwise, **said}


def in_force(documents: Iterable[Document]) -> list[Document]:
    """Return the documents that are not in shadow as a whole."""
    return [item for item in documents if item.mode.way is not Way.SHADOW]


def check(written: Sequence[Written], otherwise: Mapping[Level, Handling]) -> None:
    """Refuse what a document's layer can't say.

    Args:
        written: All documents.
        otherwise: How a level is handled that no document speaks about.

    Raises:
        RulebookError: With the place.
    """
    tops = [document for _, document in written if is_top(document)]
    above = strictest(in_force(tops), otherwise)
    for source, document in written:
        _check_scope(source, document)
        if not is_top(document):
            _check_levels(source, document, above)
            _check_grants(source, document)


def _check_scope(source: Source, document: Document) -> None:
    layer = document.layer.value
    if is_top(document) and document.whom:
        hint = "say which `layer` it is: source, environment, agent or run"
        raise source.error(("for", "key"), "the organisation's layer is for every call", hint)
    if not is_top(document) and not document.whom:
        hint = f"write `for: NAME`, or `for: '*'` for every {layer}"
        raise source.error(("layer",), f"a document of the layer `{layer}` needs `for`", hint)
    if document.mode.way is Way.CANARY and document.levels:
        hint = "use `mode: shadow`, or put the levels into a document of their own"
        raise source.error(("levels", "key"), "levels can't be tried on a share of the calls", hint)
    for key in _TOP_ONLY:
        if not is_top(document) and key in document.model_fields_set:
            hint = "move it to a document without `layer`"
            raise source.error((key, "key"), f"`{key}` belongs to the organisation's layer", hint)


def _check_levels(source: Source, document: Document, above: Mapping[Level, Handling]) -> None:
    """Refuse a handling that promises more than there is; `by_rule_only` promises nothing."""
    for level, how in document.levels.items():
        if how is Handling.BY_RULE_ONLY:
            continue
        if STRICTNESS.index(how) < STRICTNESS.index(above[level]):
            layer, stands = document.layer.value, above[level].value
            message = f"the layer `{layer}` can't loosen `{level}` from `{stands}` to `{how}`"
            hint = "remove it, or change it in a document without `layer`"
            raise source.error(("levels", level), message, hint)


def _check_grants(source: Source, document: Document) -> None:
    """Refuse an `allow` that would be thought to grant: here it lifts its own levels alone."""
    if CLOSED.intersection(document.levels.values()):
        return
    for at, rule in enumerate(document.rules):
        if rule.then is Then.ALLOW:
            layer = document.layer.value
            message = f"rule `{rule.id}`: an `allow` in the layer `{layer}` grants nothing"
            hint = (
                "to let through nothing else, set levels of this document to `by_rule_only`; "
                "to grant more, move the rule to a document without `layer`"
            )
            raise source.error(("rules", at, "then"), message, hint)
