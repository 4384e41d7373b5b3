"""LangGraph's pause: one interrupt for each held call, and the answers people's tools send back.

The payload is a plain JSON `HITLRequest`, so that existing inboxes show it. The store's answer
wins over whatever the graph is resumed with; a resume value that is no answer is only a
wake-up. Once a pause was taken it is taken again on every replay, so that the tool's own
`interrupt()` keeps its place.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from langchain_core.runnables.config import ensure_config

from lockgate.approve import Answer, Choice
from lockgate.errors import Suspended

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langgraph.types import Command, StateSnapshot

    from lockgate.approve import ApprovalRequest
    from lockgate.steps import Ask

HOST: Final = "the resuming application"
"""Who answers when the resume value does not say."""
CHOICES: Final = ("approve", "edit", "reject", "respond")
"""What a person may answer, in the order inboxes show it."""
_SCRATCHPAD: Final = "__pregel_scratchpad"
_CHECKPOINTER: Final = "__pregel_checkpointer"
_READ: Final = "__pregel_read"
_OWN_TASK: Final = "__pregel_push"
_CHOICES: Final = {
    "approve": Choice.APPROVE,
    "accept": Choice.APPROVE,
    "reject": Choice.REJECT,
    "ignore": Choice.REJECT,
    "edit": Choice.EDIT,
    "respond": Choice.RESPOND,
    "response": Choice.RESPOND,
}


def can_pause() -> bool:
    """Say whether the current call runs in a graph that can be resumed."""
    settings = ensure_config().get("configurable", {})
    return _SCRATCHPAD in settings and settings.get(_CHECKPOINTER) is not None


def is_pause(error: BaseException) -> bool:
    """Say whether LangGraph pauses; where it was never loaded, nothing can."""
    errors = sys.modules.get("langgraph.errors")
    return errors is not None and isinstance(error, errors.GraphInterrupt)


def pause(step: Ask) -> Answer | None:
    """Take the graph's pause, and read the value it is resumed with.

    A resume value reaches the task that paused. Where several calls share one task (a bare
    `ToolNode`), the framework hands values out in the order in which calls happen to ask; there
    only an answer that names its request is taken, so that approving one never runs another.

    Raises:
        Suspended: On the first pass; the graph's own signal is inside.
    """
    from langgraph.errors import GraphBubbleUp
    from langgraph.types import interrupt

    try:
        value = interrupt(payload(step.request))
    except GraphBubbleUp as signal:
        raise Suspended(signal) from None
    if not is_alone() and "request_id" not in (_single(value) or {}):
        return None
    return answer_in(value, step.request)


def is_alone() -> bool:
    """Say whether the current task runs one tool call only."""
    settings = ensure_config()
    if settings.get("metadata", {}).get("langgraph_path", ("",))[0] == _OWN_TASK:
        return True
    try:
        messages = settings["configurable"][_READ]("messages", False)  # noqa: FBT003
        return len(messages[-1].tool_calls) == 1
    except Exception:  # noqa: BLE001 - INVARIANT: what can't be read is taken for shared
        return False


def payload(request: ApprovalRequest) -> dict[str, Any]:
    """Return what a person's inbox is shown, as plain JSON."""
    return {
        "action_requests": [
            {"name": request.tool, "args": request.arguments, "description": request.reason}
        ],
        "review_configs": [{"action_name": request.tool, "allowed_decisions": list(CHOICES)}],
        "request_id": request.id,
        "tool_call_id": request.call,
        "rule": request.rule,
        "level": request.level,
        "score": request.score,
        "expires_at": request.expires_at,
    }


def answer_in(value: Any, request: ApprovalRequest) -> Answer | None:
    """Find the answer in a resume value; anything else is only a wake-up.

    Understands our own form (`{"choice": …}`), LangChain's (`{"decisions": [{"type": …}]}` and
    `{"type": …}`), and the older inbox's (`[{"type": "accept"}]`).
    """
    told = _single(value)
    if told is None or told.get("request_id", request.id) != request.id:
        return None
    choice = _CHOICES.get(str(told.get("choice") or told.get("type")))
    if choice is None:
        return None
    edit = _edit(told, request.tool) if choice is Choice.EDIT else None
    if choice is Choice.EDIT and edit is None:
        return None
    by = str(told.get("by") or HOST)
    return Answer(choice=choice, by=by, comment=_comment(told), arguments=edit)


def _comment(told: Mapping[str, Any]) -> str:
    """Return what was said, in whichever dialect."""
    said = told.get("comment") or told.get("message") or told.get("args")
    return said if isinstance(said, str) else ""


def _edit(told: Mapping[str, Any], tool: str) -> dict[str, Any] | None:
    """Return all edited arguments; an edit can't turn a call into one of another tool."""
    old = _mapping(told.get("args"))
    action = _mapping(told.get("edited_action")) or old or {"args": told.get("arguments")}
    if action.get("name", action.get("action", tool)) != tool:
        return None
    arguments = action.get("args")
    return arguments if isinstance(arguments, dict) else None


def _single(value: Any) -> Mapping[str, Any] | None:
    """Return the one decision that a resume value holds."""
    if isinstance(value, dict) and isinstance(value.get("decisions"), list):
        decisions = value["decisions"]
        return {**value, **decisions[0]} if _is_single(decisions) else None
    if isinstance(value, list):
        return value[0] if _is_single(value) else None
    return value if isinstance(value, dict) else None


def _is_single(decisions: list[Any]) -> bool:
    return len(decisions) == 1 and isinstance(decisions[0], dict)


def resumption(state: StateSnapshot) -> Command[Any]:
    """Return what resumes a graph whose calls were answered elsewhere.

    Use it as `agent.invoke(resumption(agent.get_state(config)), config)`; answers are then read
    from the store, and what has none stays pending.
    """
    from langgraph.types import Command

    ours = [item for item in state.interrupts if "request_id" in _mapping(item.value)]
    return Command(resume={item.id: {"request_id": item.value["request_id"]} for item in ours})


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
