"""Each trap has a guard, and each guard a test that notices when it is gone.

The checks are the tests of the other files of this folder: with the guard they pass, and with a
fault planted in its place they fail.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Annotated, Any, NamedTuple

import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from langchain_core.messages import ToolMessage
from langchain_core.tools import InjectedToolCallId, StructuredTool, tool
from langgraph.types import Command

from doors.langchain import test_order as order
from doors.langchain import test_paths as paths
from doors.langchain import test_pause as pauses
from doors.langchain import test_reach as reach
from doors.langchain import test_tool as kept
from doors.langchain.injecting import identified, leaving_out
from doors.langchain.planted import Edit, Gone, Put
from lockgate.adapters.langchain import contained, containment
from lockgate.demo.model import ScriptedModel, calling
from lockgate.record import EventKind

gate, held, tools, wired = kept.gate, pauses.held, reach.tools, reach.wired


class Trap(NamedTuple):
    """How its guard is removed, which check must then fail, with what it is called and needs."""

    faults: tuple[Edit | Put | Gone, ...]
    check: Any
    given: dict[str, Any] = {}
    needs: str = "langchain"


def edit(place: str, old: str, new: str) -> tuple[Edit, ...]:
    return (Edit(place, old, new),)


# ── Checks that the other files do not have in this form ─────────────────────────────────────


def an_adapters_hidden_runtime_is_filled_in(gate):
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    made = StructuredTool(name="m", description="d", args_schema=schema, coroutine=leaving_out)
    node = paths.node(contained(made, gate))
    found = asyncio.run(node.ainvoke(asked("m"), paths.CONFIG))["messages"][-1]
    assert found.content == "ToolRuntime {'x': 1}"
    assert kept.judged(gate) == [{"x": 1}]


def a_runtime_that_the_schema_leaves_out_is_filled_in(gate):
    assert kept.through_node(contained(identified, gate), {"x": 1}).content == "cid"
    assert kept.judged(gate) == [{"x": 1}]


def the_callers_own_list_stays_as_it_is(gate):
    def clear(**arguments: Any) -> str:
        arguments["items"].clear()
        return "cleared"

    schema = {"type": "object", "properties": {"items": {"type": "array"}}}
    made = StructuredTool(name="m", description="d", args_schema=schema, func=clear)
    given = [1, 2]
    assert contained(made, gate).invoke({"items": given}) == "cleared"
    assert given == [1, 2]


def what_a_command_carries_is_recorded(gate):
    @tool
    def command(x: int, call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
        """Go."""
        return Command(update={"messages": [ToolMessage("a secret plan", tool_call_id=call_id)]})

    kept.through_node(contained(command, gate), {"x": 1})
    (ended,) = gate.store.of_kind(EventKind.COMPLETED)
    assert "a secret plan" in str(ended.data["result"])


def a_refused_call_does_not_cancel_its_siblings(world):
    @tool
    async def free(x: int) -> str:
        """Take a while."""
        await asyncio.sleep(0.05)
        world.effects.append(x)
        return "done"

    @tool
    async def never(x: int) -> str:
        """Never."""
        return "v"

    agent = pauses.agent_of(world, free, never, script=[pauses.two_calls("free", "never")])
    found = asyncio.run(agent.ainvoke(pauses.user(), pauses.CONFIG))["messages"]
    assert [item.status for item in found if isinstance(item, ToolMessage)] == ["success", "error"]
    assert world.effects == [0]


def a_retry_leaves_the_refusal_as_it_is(world):
    @tool
    def never(x: int) -> str:
        """Never."""
        return "v"

    layers = [pauses.ToolRetryMiddleware(max_retries=3, initial_delay=0), containment(world.gate)]
    model = ScriptedModel(script=[calling("never", x=1)])
    agent = pauses.create_agent(model, [never], middleware=layers)
    answer = agent.invoke(pauses.user())["messages"][2]
    assert answer.content.startswith("blocked: `never` was not executed")
    assert world.count(EventKind.DECIDED) == 1


def asked(name: str) -> Any:
    call = {"name": name, "args": {"x": 1}, "id": "cid"}
    return {"messages": [pauses.AIMessage("", tool_calls=[call])]}


# ── The traps ────────────────────────────────────────────────────────────────────────────────

RAISED = edit("passage.Passage.hand_back", "way in _TELLING", "False")
AN_EDIT, TWO = (pauses.NO_ANSWERS[key] for key in ("an edit to another tool", "two for one"))
RESPOND = pauses.NO_ANSWERS["another request"]
DELEGATE = (
    "lambda *a, **k: object.__setattr__(plain := self.model_copy(), '__class__', "
    "type(self).__mro__[1]) or plain.invoke({n: v for n, v in k.items() if n in self.args})"
)
REWRAPPED = "type(tool).from_function(func=tool.func, name=tool.name, description=tool.description)"

TRAPS = {
    "the artifact is lost": Trap(
        edit("passage.Passage.ran", "if self._governed.artifact and", "if False and"),
        kept.test_artifact_survives_now_and_when_replayed,
    ),
    "what the host injects does not arrive": Trap(
        edit("passage.Passage.exact", "values | self._injected", "values"),
        kept.test_injected_arguments_reach_the_tool_and_nobody_else,
    ),
    "a runtime that only the function declares does not arrive": Trap(
        edit("wrapper._function", "@_like(inner)\n    def function", "def function"),
        a_runtime_that_the_schema_leaves_out_is_filled_in,
    ),
    "a runtime that an adapter hides does not arrive": Trap(
        edit("wrapper._function", "@_like(inner)\n    async def coroutine", "async def coroutine"),
        an_adapters_hidden_runtime_is_filled_in,
    ),
    "returning directly and extras are lost": Trap(
        edit("wrapper._subclassed", "tool.model_copy()", REWRAPPED),
        kept.test_return_direct_extras_tags_and_metadata_survive,
    ),
    "the tool's own error handling is lost": Trap(
        edit("wrapper._Handling.__call__", "return self._original(error) if", "return 'no' if"),
        kept.test_the_tools_own_error_handling_survives,
        {"handler": lambda error: f"own: {error}", "said": "own: boom"},
    ),
    "an error that the tool does not handle is swallowed": Trap(
        edit("wrapper._Handling.__bool__", "return bool(self._original) or", "return True or"),
        kept.test_an_unhandled_error_of_the_tool_stays_unhandled_and_is_recorded,
    ),
    "a sync-only class gets an async form": Trap(
        edit("wrapper._subclassed", "if base._arun is not BaseTool._arun:", "if True:"),
        kept.test_a_sync_only_class_keeps_its_config_and_callbacks_on_the_async_path,
    ),
    "a positional argument becomes a named one": Trap(
        edit("passage.Passage.exact", "[values.pop(name) for name in self._names]", "[]"),
        kept.test_a_single_input_tool_takes_text,
    ),
    "a command is turned into text": Trap(
        edit("passage.Passage.result", "return outcome.value\n", "return str(outcome.value)\n"),
        kept.test_a_command_passes_through,
    ),
    "what a command carries is not recorded": Trap(
        edit("passage.Passage.ran", "return Ran.of(value)", "return Ran(value, *projected(None))"),
        what_a_command_carries_is_recorded,
    ),
    "callbacks are told twice": Trap(
        edit("wrapper._method", "functools.partial(inner, self)", DELEGATE),
        kept.test_callbacks_are_told_once,
    ),
    "one call is decided once in each form it passes through": Trap(
        edit("passage.is_inside", "return frame is not None and", "return False and"),
        kept.test_containing_twice_decides_once,
    ),
    "raw arguments are judged": Trap(
        edit(
            "wrapper._noting",
            "return inner(self, tool_input, *args, **kwargs)",
            "return _passed(governed, lambda **k: inner(self, k, *args, **kwargs), (), tool_input)",
        ),
        kept.test_validated_arguments_and_defaults_are_judged,
    ),
    "the function behind the tool is open": Trap(
        edit("wrapper._subclassed", '("func", "coroutine")', "()"),
        paths.TestDirectPaths().test_blocked_never_runs,
        {"path": paths.DIRECT["func"], "asynchronous": False},
    ),
    "injected objects are judged and recorded": Trap(
        edit(
            "wrapper._governed",
            "tool._injected_args_keys | (_filtered(tool) - FILTERED)",
            "FILTERED",
        ),
        kept.test_injected_arguments_reach_the_tool_and_nobody_else,
    ),
    "a value passes unjudged under a name of the framework's": Trap(
        edit("wrapper._way_in", "({callbacks, config} & shape.keys())", "{callbacks, config}"),
        kept.test_nothing_reaches_a_tool_unjudged_under_a_name_of_the_frameworks,
        {"name": "callbacks", "way": "func"},
    ),
    "an argument that is called config passes unjudged": Trap(
        (Put("wrapper._get_runnable_config_param", lambda inner: "config"),),
        kept.test_an_argument_that_is_called_config_is_judged,
    ),
    "a field that is called callbacks passes unjudged": Trap(
        edit("wrapper._governed", "(_filtered(tool) - FILTERED)", "_filtered(tool)"),
        kept.test_a_field_that_is_called_callbacks_is_judged,
    ),
    "positional arguments are judged under each other's names": Trap(
        edit("wrapper._way_in", "(*named, *governed.positional)", "(*governed.positional, *named)"),
        kept.test_positional_arguments_are_judged_under_the_names_they_have,
    ),
    "what a function fills in passes unjudged": Trap(
        edit("passage.Passage.__init__", "dict(governed.defaults)", "{}"),
        kept.test_what_a_function_fills_in_is_judged_and_a_placeholder_is_not,
    ),
    "what a tool leaves behind stays inside": Trap(
        edit("passage.Passage.__exit__", "self._frame.inside = False", "pass"),
        kept.test_what_a_tool_leaves_behind_is_a_call_of_its_own,
    ),
    "a contained tool is contained again": Trap(
        (Put("wrapper.is_contained", lambda tool: False),),
        kept.test_containing_twice_decides_once,
    ),
    "the tool's class is lost": Trap(
        edit("wrapper._subclassed", "base.__name__, (base,)", "'Contained', (base,)"),
        kept.test_the_class_the_schema_and_the_signature_for_the_model_survive,
    ),
    "the tool shares its arguments with its caller": Trap(
        (Put("call._copied", lambda value: value),),
        the_callers_own_list_stays_as_it_is,
    ),
    "a pause of the tool's own is taken for a failure": Trap(
        (Put("pause.is_pause", lambda error: False),),
        pauses.test_the_tools_own_question_is_not_answered_by_the_approval,
    ),
    "the approval answers the tool's own question": Trap(
        edit("hold.approved", "resolution is not None and nth >= past.asks", "resolution"),
        pauses.test_the_tools_own_question_is_not_answered_by_the_approval,
    ),
    "in a shared task an approval runs another call": Trap(
        edit("pause.pause", "if not is_alone() and", "if False and"),
        pauses.test_in_a_shared_task_an_answer_without_a_name_runs_nothing,
    ),
    "an answer to another request is taken": Trap(
        edit("pause.answer_in", 'told.get("request_id", request.id) != request.id', "False"),
        pauses.test_what_is_no_answer_leaves_the_request_standing,
        {"value": RESPOND},
    ),
    "a rejection wedges the thread": Trap(
        RAISED,
        pauses.test_a_rejection_in_any_dialect_reaches_the_model,
        {"value": pauses.REJECTIONS["batched"]},
    ),
    "one approval runs twice": Trap(
        (
            Edit("contain._settle", "case Stage.COMPLETED if", "case Stage.COMPLETED if False and"),
            Edit("contain._claim", "if fresh is not None and not fresh[-1]:", "if False:"),
        ),
        pauses.test_double_resume_and_time_travel_run_once,
    ),
    "what a handler raises is swallowed": Trap(
        (Put("handlers._Inline.raise_error", False),),
        reach.TestRefuser().test_it_refuses_before_the_tool_runs,
    ),
    "a handler speaks only to the event loop": Trap(
        edit("handlers.Refuser.on_tool_start", "def on_tool_start(", "async def on_tool_start("),
        reach.TestRefuser().test_it_refuses_before_the_tool_runs,
    ),
    "what the tripwire raises is swallowed": Trap(
        (Put("wire.Tripwire.raise_error", False),),
        reach.TestTripwire().test_inside_a_governed_run_an_ungoverned_call_is_refused_and_recorded,
    ),
    "a refusal is of the kind that the framework swallows": Trap(
        edit(
            "handlers.Refuser.on_tool_start",
            "gate.begin(tool, call, Host(gate.ask, _never))",
            "_never(call)",
        ),
        reach.TestRefuser().test_it_refuses_before_the_tool_runs,
    ),
    "a sub-agent is out of reach": Trap(
        edit("deep.contained_deep_agent", '{**spec, "middleware": layers}', "dict(spec)"),
        reach.TestDeepAgents().test_main_agent_sub_agent_and_built_in_tools_are_governed,
        needs="deepagents",
    ),
    "another middleware puts an ungoverned tool in the contained one's place": Trap(
        edit("middleware.Containment._crossing", "== ToolNode.__module__", "!= ''"),
        order.test_a_tool_that_is_swapped_in_does_not_run_ungoverned,
        {"order": "inside", "run": order.RUNS["sync"]},
    ),
    "a raw tool of a sub-agent passes the tripwire": Trap(
        (Put("passage.announce", lambda: True),),
        reach.TestTripwire().test_a_raw_tool_of_a_sub_agent_is_refused,
    ),
    "what a sub-agent is told counts as said by the user": Trap(
        (Put("passage.is_nested", lambda config=None: False),),
        reach.TestSubAgents().test_what_a_sub_agent_is_told_is_not_the_user_speaking,
    ),
    "a retry eats the refusal": Trap(RAISED, a_retry_leaves_the_refusal_as_it_is),
    "a retry runs an effect again": Trap(
        (
            Edit("contain._settle", "case Stage.FAILED if", "case Stage.FAILED if False and"),
            Edit("contain._claim", "if fresh is not None and not fresh[-1]:", "if False:"),
        ),
        pauses.test_a_retry_of_a_failed_effect_is_refused_and_of_an_idempotent_one_allowed,
    ),
    "an edit turns the call into another tool's": Trap(
        edit("pause._edit", 'action.get("name", action.get("action", tool)) != tool', "False"),
        pauses.test_what_is_no_answer_leaves_the_request_standing,
        {"value": AN_EDIT},
    ),
    "two answers count for one question": Trap(
        edit("pause._is_single", "len(decisions) == 1", "decisions"),
        pauses.test_what_is_no_answer_leaves_the_request_standing,
        {"value": TWO},
    ),
    "a refused call cancels its siblings": Trap(
        RAISED, a_refused_call_does_not_cancel_its_siblings
    ),
    "what was asked about is not what runs": Trap(
        (
            Edit("hold._checked", "request.fingerprint != case.call.fingerprint", "False"),
            Edit("past.Past.of", "if event.fingerprint == call.fingerprint:", "if True:"),
        ),
        pauses.test_an_argument_that_changes_between_asking_and_running_is_stale,
    ),
    "the payload is not plain JSON": Trap(
        edit("pause.payload", '"rule": request.rule', '"rule": {request.rule}'),
        pauses.test_the_payload_is_plain_json_that_inboxes_show,
    ),
    "the middleware has no async form": Trap(
        (Gone("middleware.Containment.awrap_tool_call"),),
        pauses.test_an_async_agent_is_not_held_up_by_the_store,
    ),
    "a new turn leaves the old request open": Trap(
        edit("middleware.Containment._hear", "self._gate.desk.abandon(turns.scope.thread)", "pass"),
        pauses.test_a_new_turn_abandons_what_still_waits,
    ),
    "a graph without a checkpointer pauses for ever": Trap(
        edit("pause.can_pause", "and settings.get(_CHECKPOINTER) is not None", ""),
        pauses.test_without_a_checkpointer_a_held_call_raises_instead_of_pausing_for_ever,
    ),
    "a provider's tool is offered": Trap(
        (Put("middleware.Containment._offered", lambda self, request: request),),
        reach.test_a_providers_tool_is_offered_only_if_a_rule_allows_it,
        {"then": "block", "offered": 0},
    ),
    "a tool that does not exist is not recorded": Trap(
        edit("middleware.Containment.wrap_tool_call", "self._refused(request)", "handler(request)"),
        pauses.test_tools_that_a_middleware_adds_and_invented_names_are_seen,
    ),
}


@pytest.mark.parametrize("name", TRAPS)
@pytest.mark.parametrize("removed", [False, True], ids=["with its guard", "without"])
def test_a_check_passes_with_the_guard_and_fails_without(request, monkeypatch, name, removed):
    trap = TRAPS[name]
    pytest.importorskip(trap.needs, reason=f"needs `{trap.needs}`")
    given = {
        fixture: request.getfixturevalue(fixture)
        for fixture in inspect.signature(trap.check).parameters
        if fixture not in trap.given
    }
    for fault in trap.faults if removed else ():
        fault.plant(monkeypatch)
    failed = None
    try:
        trap.check(**given, **trap.given)
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - however it fails
        failed = error
    assert not isinstance(failed, NameError | SyntaxError), "the fault itself is broken"
    assert (failed is not None) == removed, failed
