"""Each trap of the framework: the check holds with its guard, and fails when the guard is removed."""

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytest.importorskip("llama_index.core", reason="the LlamaIndex door needs the `llamaindex` extra")

from llama_index.core.agent.workflow import AgentWorkflow, ToolCallResult
from llama_index.core.tools import FunctionTool, ToolOutput
from llama_index.core.tools.calling import acall_tool
from llama_index.core.tools.tool_spec.load_and_search import LoadAndSearchToolSpec
from llama_index.core.tools.types import AsyncBaseTool
from llama_index.core.workflow import Context
from tests.doors.conftest import World
from tests.doors.llamaindex.kinds import (
    coding,
    mcp_tool,
    retrieving,
    spec_tools,
    step_by_step,
)
from tests.doors.llamaindex.world import agent_of, approval, approving, calling, played, tool_of

from lockgate import Answer, Blocked, Choice, Refused
from lockgate.adapters.llamaindex import (
    ApprovalAnswered,
    ApprovalRequired,
    Witness,
    agents,
    contained,
    contained_agent,
    delivery,
    dump,
    governed,
    handlers,
    passage,
    pause,
    place,
    resume,
    wrapper,
)
from lockgate.record import EventKind

pytestmark = [
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
RESUME: Any = sys.modules["lockgate.adapters.llamaindex.resume"]  # the function has its name
Patch = pytest.MonkeyPatch
Check = Callable[[World], Awaitable[None]]


def holding(world: World, *, slow: bool = False) -> Any:
    tool = contained(tool_of(world, "held", slow=slow), world.gate)
    return agent_of([tool], [calling("held", "c1", x=1), calling("held", "c2", x=2)], "all done")


# ── Checks, each of what a trap would break ──────────────────────────────────────────────────


async def a_call_is_made_once(world: World) -> None:
    tool = contained(mcp_tool(world.effects.append, "free"), world.gate)
    assert isinstance(tool, FunctionTool)
    await acall_tool(contained(failing(world), world.gate), {"x": 1})
    assert world.effects == [1]


def failing(world: World) -> FunctionTool:
    def free(x: int) -> str:
        """Do it."""
        world.effects.append(x)
        raise ValueError("no luck")

    return FunctionTool.from_defaults(free)


async def a_block_ends_the_run(world: World) -> None:
    agent = agent_of([tool_of(world, "never")], [calling("never", "c1", x=1)], "all done")
    handler = contained_agent(agent, world.gate, on_block="raise").run(user_msg="please")
    async with asyncio.timeout(2):
        async for _ in handler.stream_events():
            pass
        with pytest.raises(Blocked):
            await handler


async def an_error_that_a_function_returns_is_an_error(world: World) -> None:
    def free(x: int) -> ToolOutput:
        """Do it."""
        return ToolOutput(content="no", tool_name="free", raw_input={}, raw_output=1, is_error=True)

    assert (await contained(free, world.gate).acall(x=1)).is_error


async def an_answer_reaches_the_call_it_names(world: World) -> None:
    asked: list[ApprovalRequired] = []

    async def react(event: ApprovalRequired, ctx: Context) -> None:
        asked.append(event)
        if len(asked) == 2:
            ctx.send_event(approval(asked[0]))
            await asyncio.sleep(0.1)
            assert world.effects == [asked[0].arguments["x"]]
            ctx.send_event(approval(asked[1], "reject"))

    await played(holding(world).run(user_msg="please"), react)
    assert world.effects == [asked[0].arguments["x"]]


async def every_held_call_is_asked_for(world: World) -> None:
    async with asyncio.timeout(2):
        _, _, asked = await played(holding(world).run(user_msg="please"), approving)
    assert (sorted(world.effects), len(asked)) == ([1, 2], 2)


async def people_may_take_their_time(world: World) -> None:
    async def slowly(event: ApprovalRequired, ctx: Context) -> None:
        await asyncio.sleep(0.2)
        ctx.send_event(approval(event))

    _, outputs, _ = await played(holding(world).run(user_msg="please"), slowly)
    assert sorted(world.effects) == [1, 2]
    assert not any(output.is_error for output in outputs.values())


async def saved(world: World) -> str:
    handler = holding(world).run(user_msg="please")
    asked = 0
    async for event in handler.stream_events():
        asked += isinstance(event, ApprovalRequired)
        if asked == 2:
            break
    text = await dump(handler.ctx)
    await handler.cancel_run()
    return text


async def the_memory_comes_along(world: World) -> None:
    text = await saved(world)
    handler = await resume(holding(world), text)
    async with asyncio.timeout(5):
        await played(handler, approving)
    roles = [str(item.role.value) for item in (await handler.ctx.store.get("memory")).get_all()]
    assert roles[:2] == ["user", "assistant"]


async def a_sibling_without_a_json_form_does_not_keep_a_run_from_being_saved(world: World) -> None:
    def loose(x: int) -> object:
        """Do it."""
        return object()

    def agent() -> Any:
        calls = [calling("held", "c1", x=1), calling("loose", "c2", x=2)]
        tools = [contained(tool_of(world, "held"), world.gate), loose]
        return agent_of(tools, calls, "all done")

    handler, seen = agent().run(user_msg="please"), set()
    async for event in handler.stream_events():
        seen.add(type(event))
        if {ApprovalRequired, ToolCallResult} <= seen:
            break
    await asyncio.sleep(0.05)  # until the result is kept for the other one to join it
    text = await dump(handler.ctx)
    await handler.cancel_run()
    said, _, _ = await played(await resume(agent(), text), approving)
    assert (said, world.effects) == ("all done", [1])


async def a_run_that_is_resumed_twice_acts_once(world: World) -> None:
    text = await saved(world)
    world.approve()
    for _ in range(2):
        await played(await resume(holding(world), text), approving)
    assert sorted(world.effects) == [1, 2]


async def a_workflow_governs_what_its_agents_would_not(world: World) -> None:
    turns = ([calling("never", "c1", x=1)], "all done")
    agent = retrieving(tool_of(world, "never"), turns=turns)
    flow = contained_agent(AgentWorkflow(agents=[agent], timeout=None), world.gate)
    await played(flow.run(user_msg="please"))
    assert world.effects == []


async def the_function_itself_is_governed(world: World) -> None:
    with pytest.raises(Blocked):
        await contained(tool_of(world, "never"), world.gate).real_fn(x=1)
    assert world.effects == []


async def an_error_of_an_mcp_server_is_recorded_as_a_failure(world: World) -> None:
    tool = contained(mcp_tool(world.effects.append, "free", is_error=True), world.gate)
    assert (await tool.acall(input="a")).is_error
    assert world.count(EventKind.FAILED) == 1


async def what_the_author_filled_in_stays(world: World) -> None:
    def free(x: int, user: str) -> str:
        """Do it."""
        world.effects.append(user)
        return "did it"

    tool = FunctionTool.from_defaults(free, partial_params={"user": "alice"})
    await contained(tool, world.gate).acall(x=1, user="mallory")
    await contained(tool, world.gate).acall(x=1)
    assert world.effects == ["alice"]


async def what_the_author_filled_in_is_nobodys_business(world: World) -> None:
    def free(x: int, key: str) -> str:
        """Do it."""
        return "did it"

    tool = FunctionTool.from_defaults(free, partial_params={"key": "k-123"})
    assert "k-123" not in str((await contained(tool, world.gate).acall(x=1)).raw_input)


async def what_is_sent_has_to_fit(world: World) -> None:
    assert (await contained(tool_of(world, "free"), world.gate).acall(x="many")).is_error
    assert world.effects == []


async def a_tool_is_given_the_context(world: World) -> None:
    async def free(ctx: Context, x: int) -> str:
        """Do it."""
        await ctx.store.set("kept", x)
        return "kept"

    agent = agent_of([contained(free, world.gate)], [calling("free", "c1", x=1)], "all done")
    _, outputs, _ = await played(agent.run(user_msg="please"))
    assert outputs["c1"].content == "kept"


async def a_pause_gets_through(world: World) -> None:
    _, _, asked = await played(holding(world).run(user_msg="please"), approving)
    assert len(asked) == 2


async def equal_calls_are_two_calls(world: World) -> None:
    tool = contained(tool_of(world, "held"), world.gate)
    agent = agent_of([tool], [calling("held", f"c{at}", x=1) for at in range(2)], "all done")
    _, outputs, asked = await played(agent.run(user_msg="please"), approving)
    assert (world.effects, len(outputs), len(asked)) == ([1, 1], 2, 2)


async def a_call_that_waited_is_held_and_run_once(world: World) -> None:
    """Its whole step runs twice."""
    await played(holding(world).run(user_msg="please"), approving)
    assert sorted(world.effects) == [1, 2]
    assert (world.count(EventKind.HELD), world.count(EventKind.STARTED)) == (2, 2)


async def code_is_judged_wherever_it_is_run(world: World) -> None:
    async def run(code: str) -> str:
        world.effects.append(code)
        return "ran"

    agent = contained_agent(coding([], "pay()", run), world.gate)
    with pytest.raises(Refused):
        await agent.code_execute_fn("pay()")
    assert world.effects == []


async def a_refusal_is_not_the_answer(world: World) -> None:
    tool = tool_of(world, "never")
    tool.metadata.return_direct = True
    agent = agent_of([contained(tool, world.gate)])
    agent.llm = step_by_step([calling("never", "c1", x=1)], "all done")
    said, _, _ = await played(agent.run(user_msg="please"))
    assert said == "all done"


async def a_refusal_is_not_what_was_loaded(world: World) -> None:
    loaded: list[str] = []

    class Index:
        @classmethod
        def from_documents(cls, documents: Any, **_: Any) -> Any:
            loaded.extend(document.text for document in documents)
            return cls()

    inner = contained(spec_tools(world.effects.append, "never")[0], world.gate)
    load = LoadAndSearchToolSpec.from_defaults(inner, index_cls=Index).to_tool_list()[0]
    await load.acall(input="a")
    assert loaded == ["None"]


async def a_second_click_brings_no_second_result(world: World) -> None:
    waiting: list[ApprovalRequired] = []

    async def react(event: ApprovalRequired, ctx: Context) -> None:
        waiting.append(event)
        for item in waiting if len(waiting) == 2 else ():
            ctx.send_event(approval(item))
            ctx.send_event(approval(item))

    _, outputs, _ = await played(holding(world).run(user_msg="please"), react)
    assert len(outputs) == 2


async def what_is_governed_is_recorded_by_the_gate_alone(world: World) -> None:
    """The framework reports its call twice: of the contained tool, and of the tool inside."""
    with Witness(world.gate):
        await contained(tool_of(world, "free"), world.gate).acall(x=1)
    assert (world.count(EventKind.COMPLETED), world.count(EventKind.OBSERVED)) == (1, 0)


# ── Removals, each of one guard ──────────────────────────────────────────────────────────────


class Delegate(AsyncBaseTool):
    """What wrappers often are: a tool of another class around the tool."""

    def __init__(self, tool: Any) -> None:
        self.tool = tool

    @property
    def metadata(self) -> Any:
        return self.tool.metadata

    def call(self, *args: Any, **kwargs: Any) -> ToolOutput:
        return self.tool.call(*args, **kwargs)

    __call__ = call

    async def acall(self, *args: Any, **kwargs: Any) -> ToolOutput:
        return await self.tool.acall(*args, **kwargs)


def keep_no_class(patch: Patch) -> None:
    patch.setattr(wrapper, "_subclassed", lambda tool, _: Delegate(tool))


def surface_nothing(patch: Patch) -> None:
    patch.setattr(governed.Governed, "way", lambda *_: "tell")


def raise_what_nobody_catches(patch: Patch) -> None:
    class Escaping(BaseException):
        pass

    def refusal(*_: Any) -> None:
        raise Escaping

    patch.setattr(passage.Passage, "refusal", refusal)


def believe_results(patch: Patch) -> None:
    def believed(returned: Any) -> Any:
        return passage.Ran.of(getattr(returned, "raw_output", returned))

    def of(returned: Any) -> Any:
        ran = believed(returned)
        return passage.Ran(returned, ran.told, ran.faithful)

    patch.setattr(passage, "recorded", of)


def ask_for_any_answer(patch: Patch) -> None:
    def waiters(*told: Any) -> Any:
        return [item.model_copy(update={"requirements": {}}) for item in made(*told)]

    made = pause._waiters
    patch.setattr(pause, "_waiters", waiters)
    answered = Answer(choice=Choice.APPROVE, by="ann")
    patch.setattr(pause, "answer_in", lambda *_: answered)


def wait_under_one_name(patch: Patch) -> None:
    made = pause._waiters
    patch.setattr(pause, "_waiters", lambda request, _: made(request, "one"))


def wait_not_for_long(patch: Patch) -> None:
    async def naive(step: Any) -> Any:
        """Wait as the framework does by default, only that its half an hour is over at once."""
        try:
            return await Context.get_step_context().wait_for_event(
                ApprovalAnswered, pause.shown(step.request), timeout=0.05
            )
        except pause.WaitingForEvent as signal:
            raise pause.Suspended(signal) from None

    patch.setattr(passage, "pause", naive)


def forget_the_memory(patch: Patch) -> None:
    def snapshot(ctx: Context) -> dict[str, Any]:
        told = ctx.to_dict()
        told["state"].get("state_data", {}).get("_data", {}).pop("memory", None)
        return told

    patch.setattr(RESUME, "_snapshot", snapshot)
    patch.setattr(RESUME, "_filled", lambda *_: None)


def write_only_what_has_a_json_form(patch: Patch) -> None:
    patch.setattr(RESUME, "Projecting", RESUME.JsonSerializer)


def forget_the_past(patch: Patch) -> None:
    from lockgate import contain

    def settle(case: Any, past: Any) -> Any:
        del case, past
        return None
        yield

    def claim(case: Any, *_: Any) -> Any:
        return contain.Permit(case.nonce, case.nonce)
        yield

    patch.setattr(contain, "_settle", settle)
    patch.setattr(contain, "_claim", claim)


def govern_agents_alone(patch: Patch) -> None:
    govern = agents._govern

    def without_workflows(agent: Any, governor: Any) -> None:
        if not isinstance(agent, AgentWorkflow):
            govern(agent, governor)

    patch.setattr(agents, "_govern", without_workflows)


def hand_out_the_function(patch: Patch) -> None:
    patch.setattr(wrapper, "_functions", lambda *_: {})


def hand_out_what_was_filled_in(patch: Patch) -> None:
    patch.setattr(passage.Passage, "_without_fixed", lambda _, raw_input: raw_input)


def catch_everything(patch: Patch) -> None:
    ago = passage.Passage.ago

    async def caught(self: Any, inner: Any) -> Any:
        try:
            return await ago(self, inner)
        except Exception as error:  # noqa: BLE001 - as careless wrappers do
            return passage.Outcome(str(error))

    patch.setattr(passage.Passage, "ago", caught)


def know_no_call(patch: Patch) -> None:
    patch.setattr(place, "_delivered", lambda _: (None, None))


def know_no_turn(patch: Patch) -> None:
    patch.setattr(delivery.Turn, "_goes_on", lambda _: True)


def leave_code_alone(patch: Patch) -> None:
    patch.setattr(agents, "CodeActAgent", type("Another", (), {}))


def refuse_with(patch: Patch, **changed: Any) -> None:
    made = passage.Passage._output

    def output(self: Any, text: str, **rest: Any) -> ToolOutput:
        return made(self, text, **{**rest, **changed})

    patch.setattr(passage.Passage, "_output", output)


def observe_everything(patch: Patch) -> None:
    patch.setattr(handlers, "is_executing", lambda: False)


def take_what_is_sent(patch: Patch) -> None:
    patch.setattr(governed.Governed, "validated", lambda self, given: {**self.fixed, **given})


TRAPS: dict[str, tuple[Check, Callable[[Patch], None]]] = {
    "tools of another class are called twice": (a_call_is_made_once, keep_no_class),
    "agents swallow refusals": (a_block_ends_the_run, surface_nothing),
    "some exceptions hang the event stream": (a_block_ends_the_run, raise_what_nobody_catches),
    "errors that functions return are lost": (
        an_error_that_a_function_returns_is_an_error,
        believe_results,
    ),
    "one answer answers all": (an_answer_reaches_the_call_it_names, ask_for_any_answer),
    "waiters of one name hang": (every_held_call_is_asked_for, wait_under_one_name),
    "waiting ends as an error": (people_may_take_their_time, wait_not_for_long),
    "snapshots drop the memory": (the_memory_comes_along, forget_the_memory),
    "results without a JSON form break snapshots": (
        a_sibling_without_a_json_form_does_not_keep_a_run_from_being_saved,
        write_only_what_has_a_json_form,
    ),
    "a run resumed twice acts twice": (a_run_that_is_resumed_twice_acts_once, forget_the_past),
    "workflows ignore how their agents call tools": (
        a_workflow_governs_what_its_agents_would_not,
        govern_agents_alone,
    ),
    "code is given the function itself": (the_function_itself_is_governed, hand_out_the_function),
    "errors of MCP servers look like results": (
        an_error_of_an_mcp_server_is_recorded_as_a_failure,
        believe_results,
    ),
    "the model overwrites what was filled in": (what_the_author_filled_in_stays, take_what_is_sent),
    "outputs tell what was filled in": (
        what_the_author_filled_in_is_nobodys_business,
        hand_out_what_was_filled_in,
    ),
    "nothing validates what is sent": (what_is_sent_has_to_fit, take_what_is_sent),
    "tools of another class get no context": (a_tool_is_given_the_context, keep_no_class),
    "the pause is an exception that can be caught": (a_pause_gets_through, catch_everything),
    "equal calls are one": (equal_calls_are_two_calls, know_no_call),
    "a step that waited runs again from its beginning": (
        a_call_that_waited_is_held_and_run_once,
        forget_the_past,
    ),
    "every event brings a result": (a_second_click_brings_no_second_result, know_no_turn),
    "a call is reported twice": (
        what_is_governed_is_recorded_by_the_gate_alone,
        observe_everything,
    ),
    "code is run by a function of its own": (code_is_judged_wherever_it_is_run, leave_code_alone),
    "a result that is returned directly ends the run": (
        a_refusal_is_not_the_answer,
        functools.partial(refuse_with, is_error=False),
    ),
    "what a loader returns is kept and searched": (
        a_refusal_is_not_what_was_loaded,
        functools.partial(refuse_with, raw_output="refused"),
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
async def test_the_guard_holds(world, trap):
    check, _ = TRAPS[trap]
    await check(world)


@pytest.mark.parametrize("trap", TRAPS)
async def test_without_its_guard_the_trap_closes(world, trap, monkeypatch):
    check, remove = TRAPS[trap]
    remove(monkeypatch)
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - hangs, escapes and failures
        await asyncio.wait_for(check(world), 4)
    assert not isinstance(caught.value, NameError | AttributeError | ImportError)
