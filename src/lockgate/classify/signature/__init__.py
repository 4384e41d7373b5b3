"""A tool's signature → what it does.

The name, the description, the parameters and the HTTP verb each tell something; `decision` makes
one class of it. What is said later may only confirm the name or make it worse. No language model,
and no guess in favour: what is not recognised is *unknown*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lockgate.classify.catalogue import BY_ID, suggestions
from lockgate.classify.payload import readers_for
from lockgate.classify.profile import Action, Classification
from lockgate.errors import WiringError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Signature", "classify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a host tells about a tool.

    Attributes:
        name: The tool's name.
        description: Its description for the model.
        parameters: JSON Schema of its arguments.
        source: Where the tool comes from.
        action: The catalogue id its author declared, if any.
        idempotent: Whether its author says that running it twice is the same as once.
        annotations: Hints of the tool's author by their MCP names, such as `readOnlyHint`.
        trusted: Whether hints that make the tool look safer are believed.
        method: HTTP verb, where the tool is one operation of an HTTP service.
        path: HTTP path likewise.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source: str = "function"
    action: str | None = None
    idempotent: bool = False
    annotations: Mapping[str, bool] = field(default_factory=dict)
    trusted: bool = False
    method: str = ""
    path: str = ""


def classify(signature: Signature) -> Classification:
    """Say what a tool does, with reasons.

    Raises:
        WiringError: If the declared action is not in the catalogue.
    """
    properties = signature.parameters.get("properties") or {}
    action, confidence, because = _recognised(signature, properties)
    return Classification(
        action=action,
        confidence=confidence,
        because=because,
        readers=readers_for(action, properties),
    )


def _recognised(
    signature: Signature, properties: Mapping[str, Any]
) -> tuple[Action, float, tuple[str, ...]]:
    if signature.action is not None:
        return _declared(signature.action), 1.0, ("declared by its author",)
    from lockgate.classify.signature.decision import recognised  # its words take time to load

    return recognised(signature, properties)


def _declared(action_id: str) -> Action:
    if action_id in BY_ID:
        return BY_ID[action_id]
    near = suggestions(action_id)
    hint = f", did you mean `{near[0]}`" if near else ""
    raise WiringError(f"the action `{action_id}` is not in the catalogue{hint}")
