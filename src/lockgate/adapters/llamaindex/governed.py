"""How one tool is governed: everything that needs reflection is found out here, once.

The framework never validates what a model sends, and lets it overwrite what the author filled in.
So arguments are validated by the tool's own schema before anything is judged.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from llama_index.core.tools import FunctionTool
from pydantic import ValidationError

from lockgate.call import Arguments
from lockgate.errors import PendingApproval

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llama_index.core.tools import BaseTool
    from pydantic import BaseModel

    from lockgate.classify import Signature
    from lockgate.errors import Refused
    from lockgate.gate import Gate
    from lockgate.tools import Tool

OnHold = Literal["pause", "raise", "tell"]
OnBlock = Literal["tell", "raise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """How one tool is governed.

    Attributes:
        gate: The gate.
        tool: What the gate knows of it.
        on_hold: How a held call reaches the agent.
        on_block: How a refused call reaches it.
        schema: What validates its arguments, if anything.
        known: The names that the schema knows.
        volatile: The schema's fields that are left out unless they are sent.
        positional: Its positional parameters, in order.
        takes_any: Whether it takes names that the schema does not know.
        context: Its parameter for the workflow's context, if it has one.
        fixed: What its author has filled in.
        apart: What its author has filled in that has no JSON form; not judged.
    """

    gate: Gate
    tool: Tool
    on_hold: OnHold
    on_block: OnBlock
    schema: type[BaseModel] | None
    known: frozenset[str]
    volatile: frozenset[str]
    positional: tuple[str, ...]
    takes_any: bool
    context: str | None
    fixed: Mapping[str, Any]
    apart: Mapping[str, Any]

    @classmethod
    def of(
        cls, tool: BaseTool, gate: Gate, signature: Signature, on_hold: OnHold, on_block: OnBlock
    ) -> Governed:
        """Register `tool` and find out about it."""
        schema = tool.metadata.fn_schema
        fields = schema.model_fields if schema else {}
        function = tool.real_fn if isinstance(tool, FunctionTool) else None
        parameters = inspect.signature(function).parameters if function else {}
        kinds = {name: item.kind for name, item in parameters.items()}
        places = [name for name, kind in kinds.items() if kind <= kind.POSITIONAL_OR_KEYWORD]
        filled = getattr(tool, "partial_params", {})
        fixed = {name: item for name, item in filled.items() if _has_json_form(item)}
        return cls(
            gate=gate,
            tool=gate.register(signature),
            on_hold=on_hold,
            on_block=on_block,
            schema=schema,
            known=frozenset(fields) | {item.alias for item in fields.values() if item.alias},
            volatile=frozenset(_volatile(fields, parameters)),
            positional=tuple(places or fields or ["input"]),
            takes_any=function is None or inspect.Parameter.VAR_KEYWORD in kinds.values(),
            context=getattr(tool, "ctx_param_name", None),
            fixed=fixed,
            apart={name: item for name, item in filled.items() if name not in fixed},
        )

    def way(self, refused: Refused) -> OnHold | OnBlock:
        """Return how `refused` reaches the agent."""
        return self.on_hold if isinstance(refused, PendingApproval) else self.on_block

    def validated(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as the tool will receive them, with defaults.

        Raises:
            ValueError: That `fault` can read.
        """
        for name in given:
            if name in self.fixed or name in self.apart:
                raise ValueError(f"`{name}` is filled in already and can't be sent")
            if not (self.takes_any or name in self.known):
                raise ValueError(f"there is no parameter `{name}`")
        if self.schema is None:
            return {**given, **self.fixed}
        model = self.schema.model_validate(given)
        unsent = set(self.volatile - model.model_fields_set)
        values = model.model_dump(by_alias=True, exclude=unsent, warnings=False)
        beyond = {name: given[name] for name in given.keys() - self.known}
        return {**beyond, **values, **self.fixed}


def fault(error: ValueError) -> str:
    """Say what is wrong with values, so that who sent them can mend it."""
    if not isinstance(error, ValidationError):
        return str(error)
    faults = [(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
    return "; ".join(
        f"`{place}`: {said}" if place else said.removeprefix("Value error, ")
        for place, said in faults
    )


def _has_json_form(value: object) -> bool:
    return not Arguments.freeze({"value": value}).flaw


def _volatile(fields: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterator[str]:
    """Find the fields whose default is a new one each time, or only says that nothing was sent."""
    for name, item in fields.items():
        if item.default_factory or (item.default is None and name not in parameters):
            yield name
