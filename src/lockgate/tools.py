"""The tools of a gate: what each is, what a review says of it, and which rules govern it.

All of it is found once, when a tool is registered. Nothing here judges a call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lockgate.classify import Effect, Signature, classify
from lockgate.classify.schema import SchemaError, inlined
from lockgate.errors import WiringError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockgate.classify import Classification
    from lockgate.evaluate import Policy
    from lockgate.in_force import Said
    from lockgate.inventory import Inventory


class Tool:
    """A registered tool: what it is, and what was last said about it.

    Attributes:
        signature: What its host tells about it.
        classification: What it does.
        said: What the rules that judged it last say about it; never read without asking whose
            it is (`Rules.about`).
    """

    __slots__ = ("__weakref__", "classification", "said", "signature")

    def __init__(self, signature: Signature, classification: Classification) -> None:
        """Know a tool of which nothing has been said yet."""
        self.signature, self.classification = signature, classification
        self.said: Said | None = None

    @classmethod
    def of(cls, signature: Signature, inventory: Inventory | None) -> Tool:
        """Classify a tool, and compare it with its review.

        Raises:
            WiringError: If it declares an action that is not in the catalogue.
        """
        known = signature if inventory is None else inventory.known(signature)
        classification = classify(_unfolded(known))
        doubt = "" if inventory is None else inventory.doubt(signature)
        if doubt:
            classification = replace(classification, doubt=doubt)
        return cls(known, classification)


def named(tools: Mapping[tuple[str, str], Tool], name: str, source: str) -> Tool | None:
    """Return the registered tool of a name, if there is one.

    Args:
        tools: Those that are registered, by source and name.
        name: The name.
        source: Where it comes from; empty for anywhere.

    Raises:
        WiringError: If several are meant.
    """
    known = [
        tool for (origin, told), tool in tools.items() if told == name and source in {"", origin}
    ]
    if len(known) > 1:
        raise WiringError(f"several tools are called `{name}`: say which `source`")
    return known[0] if known else None


def _unfolded(signature: Signature) -> Signature:
    """Write out the references in a tool's schema: parameters are looked for inside of them."""
    if "$defs" not in signature.parameters and "definitions" not in signature.parameters:
        return signature
    try:
        return replace(signature, parameters=inlined(dict(signature.parameters)))
    except SchemaError:
        return signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What there is to tell about one tool before it is called.

    Attributes:
        tool: Its name.
        source: Where it comes from.
        action: Its canonical action.
        level: How dangerous it is before the arguments are known.
        because: Why it was taken for this action.
        rules: Ids of the rules that speak about it.
        unknown: Whether nobody knows what it does.
        uncovered: Whether it changes something, and no rule speaks about it.
        doubt: Why it is not as it was reviewed, or empty.
        gaps: Each hazard that nothing answers, with what would.
    """

    tool: str
    source: str
    action: str
    level: str
    because: tuple[str, ...]
    rules: tuple[str, ...]
    unknown: bool
    uncovered: bool
    doubt: str
    gaps: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, tool: Tool, policy: Policy, environment: str) -> Coverage:
        """Look at one tool, and at what a rulebook says about it."""
        from lockgate.rulebook.controls import gaps, governing, level_of

        known = tool.classification
        rules = tuple(rule.id for rule in governing(policy))
        return cls(
            tool=tool.signature.name,
            source=tool.signature.source,
            action=known.action.id,
            level=level_of(known, policy, environment).value,
            because=known.because,
            rules=rules,
            unknown=not known.known,
            uncovered=not rules and known.action.effect is not Effect.READ,
            doubt=known.doubt,
            gaps={gap.hazard: gap.controls for gap in gaps(known, policy, environment)},
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """What a person should look at, in words."""
        found = [self.doubt] if self.doubt else []
        if self.unknown:
            found.append("nobody knows what it does: declare its action")
        if self.uncovered:
            found.append("no rule speaks about it")
        found += [
            f"nothing answers `{hazard}`: add {_either(controls)}"
            for hazard, controls in self.gaps.items()
        ]
        return tuple(found)

    def refuse(self) -> None:
        """Refuse a tool without a control that its class requires.

        Raises:
            WiringError: Naming the rule to add.
        """
        if not self.gaps:
            return
        hazard, controls = next(iter(self.gaps.items()))
        raise WiringError(
            f"`{self.tool}` is `{self.action}`, and nothing answers its hazard `{hazard}`: add "
            f"{_either(controls)}, at least `on: {{action: {self.action}}}, then: require_approval`"
        )


def _either(controls: tuple[str, ...]) -> str:
    return " or ".join([*(f"`{name}`" for name in controls), "an approval of every call"])
