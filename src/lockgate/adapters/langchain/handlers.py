"""Callback handlers: one that witnesses, and one that refuses where wrapping is impossible.

`Witness` records what reached the conversation, with a label of trust: what the user said, what
the model said and what it cost, what tools returned, what retrievers found. `Refuser`
lives the life of each call by callbacks alone; it can refuse, but it sees raw arguments and
can't hand back a recorded result, so contain the tools instead wherever that is possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import HumanMessage

from lockgate.adapters.langchain.passage import is_governed_run, is_nested, scope_of
from lockgate.classify import Signature
from lockgate.errors import Stale
from lockgate.record import Trust
from lockgate.scope import NOWHERE
from lockgate.steps import Host, Ran

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from langchain_core.documents import Document
    from langchain_core.messages import BaseMessage
    from langchain_core.outputs import LLMResult

    from lockgate.drive import Begun
    from lockgate.gate import Gate
    from lockgate.scope import Scope
    from lockgate.steps import Run


class _Inline(BaseCallbackHandler):
    """A handler that runs where the call runs, and whose errors count."""

    raise_error = True
    run_inline = True


class Witness(_Inline):
    """Records what reaches the conversation, for rules that ask where a value came from."""

    def __init__(self, gate: Gate) -> None:
        """Record for `gate`."""
        self._gate = gate
        self._scopes: dict[UUID, Scope] = {}

    def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], **told: Any
    ) -> None:
        """Record what the user said."""
        self._note(told)
        if is_nested({"metadata": told.get("metadata") or {}}):
            return
        turns = [
            (message.id or f"{at}", message.text)
            for at, message in enumerate(messages[0])
            if isinstance(message, HumanMessage)
        ]
        self._gate.hear(self._scopes[told["run_id"]], turns)

    def on_tool_start(self, serialized: dict[str, Any], input_str: str, **told: Any) -> None:
        """Note in whose conversation it runs."""
        self._note(told)

    def on_retriever_start(self, serialized: dict[str, Any], query: str, **told: Any) -> None:
        """Note in whose conversation it runs."""
        self._note(told)

    def on_llm_end(self, response: LLMResult, **told: Any) -> None:
        """Record what the model said, and the tokens it used."""
        message = getattr(response.generations[0][0], "message", None)
        usage = dict(getattr(message, "usage_metadata", None) or {})
        self._observe("model", Trust.AGENT, response.generations[0][0].text, told, usage=usage)

    def on_tool_end(self, output: Any, **told: Any) -> None:
        """Record what a tool returned that no gate stood in front of."""
        if is_governed_run():
            self._scopes.pop(told["run_id"], None)
            return
        text = str(getattr(output, "content", output))
        self._observe(f"tool:{told.get('name', '')}", Trust.UNTRUSTED, text, told)

    def on_retriever_end(self, documents: Sequence[Document], **told: Any) -> None:
        """Record what a retriever found."""
        text = "\n\n".join(document.page_content for document in documents)
        self._observe("retriever", Trust.UNTRUSTED, text, told)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **told: Any) -> None:
        """Forget it."""
        self._scopes.pop(run_id, None)

    on_tool_error = on_retriever_error = on_llm_error

    def _note(self, told: dict[str, Any]) -> None:
        """Keep the conversation that a start belongs to: ends do not tell it."""
        metadata = {"metadata": told.get("metadata") or {}}
        self._scopes[told["run_id"]] = scope_of(self._gate, metadata)

    def _observe(
        self, source: str, trust: Trust, text: str, told: dict[str, Any], **more: Any
    ) -> None:
        scope = self._scopes.pop(told["run_id"], NOWHERE)
        self._gate.observe(scope, source, trust, text, about=str(told["run_id"]), **more)


class Refuser(_Inline):
    """Refuses calls in loops whose tools can't be wrapped."""

    def __init__(self, gate: Gate) -> None:
        """Judge by `gate`."""
        self._gate = gate
        self._begun: dict[UUID, Begun] = {}

    def on_tool_start(
        self, serialized: dict[str, Any], input_str: str, *, run_id: UUID, **told: Any
    ) -> None:
        """Judge the call; whatever refuses it is raised here, before the tool runs."""
        gate = self._gate
        signature = Signature(
            name=serialized["name"],
            description=serialized.get("description", ""),
            source="langchain",
        )
        tool = gate.tools.get((signature.source, signature.name)) or gate.register(signature)
        inputs = told.get("inputs")
        arguments = inputs if isinstance(inputs, dict) else {"input": input_str}
        scope = scope_of(gate, {"metadata": told.get("metadata") or {}})
        call_id = told.get("tool_call_id") if scope.thread else None
        call = gate.propose(tool, arguments, id=call_id, scope=scope)
        begun = gate.begin(tool, call, Host(gate.ask, _never))
        if begun.permit is None:
            raise Stale("it already ran and is not run again", call=call)
        self._begun[run_id] = begun

    def on_tool_end(self, output: Any, *, run_id: UUID, **told: Any) -> None:
        """Write the end."""
        del told
        self._begun.pop(run_id).end(Ran.of(getattr(output, "content", output)))

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **told: Any) -> None:
        """Write the end."""
        del told
        begun = self._begun.pop(run_id, None)
        if begun is not None:
            begun.fail(error)


def _never(step: Run) -> Ran:
    """Stand where a door executes; here the framework does."""
    raise NotImplementedError(step)
