"""LlamaIndex's real agents and tools × every outcome, with the side effects counted."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("llama_index.core", reason="the LlamaIndex door needs the `llamaindex` extra")

from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent, ToolCallResult
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.tools import FunctionTool
from llama_index.core.tools.calling import acall_tool
from llama_index.core.tools.types import BaseTool
from llama_index.core.workflow import (
    Context,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from pydantic import BaseModel, ValidationError
from tests.doors.llamaindex import world as llamaindex_world
from tests.doors.llamaindex.world import (
    agent_of,
    approval,
    approving,
    calling,
    played,
    scripted,
    tool_of,
)

from lockgate import (
    Answer,
    Blocked,
    Choice,
    Gate,
    OutcomeUnknown,
    PendingApproval,
    Rejected,
    Rulebook,
    Stale,
)
from lockgate.adapters.llamaindex import (
    ApprovalAnswered,
    ApprovalRequired,
    contained,
    dump,
    resume,
)
from lockgate.record import EventKind, verify
from lockgate.testing import FaultyStore, ScriptedApprover

PROGRAM = Path(llamaindex_world.__file__)
pytestmark = pytest.mark.filterwarnings(
    # Agents look at every attribute of themselves, those that pydantic has retired included.
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)


def agent_with(world: Any, *calls: Any, **options: Any) -> FunctionAgent:
    tools = [tool_of(world, name) for name in ("free", "never", "held")]
    return agent_of(contained(tools, world.gate, **options), [*calls], "all done", "all done")


async def rejecting(event: ApprovalRequired, ctx: Context) -> None:
    ctx.send_event(approval(event, "reject", comment="not today"))


async def held_run(agent: Any, count: int = 1) -> tuple[str, list[ApprovalRequired]]:
    """Play a run until `count` calls are held, and return it as text."""
    handler = agent.run(user_msg="please")
    asked = []
    async for event in handler.stream_events():
        asked += [event] if isinstance(event, ApprovalRequired) else []
        if len(asked) == count:
            break
    saved = await dump(handler.ctx)
    await handler.cancel_run()
    return saved, asked


# ── Outcomes in an agent's loop ──────────────────────────────────────────────────────────────


async def test_an_allowed_call_runs_and_is_recorded(world):
    agent = agent_with(world, calling("free", "c1", x=1))
    said, outputs, _ = await played(agent.run(user_msg="please"))
    assert (said, world.effects) == ("all done", [1])
    assert (outputs["c1"].content, outputs["c1"].raw_output) == ("did 1", "did 1")
    assert not outputs["c1"].is_error
    (started,) = world.gate.store.of_kind(EventKind.STARTED)
    assert started.call == "c1"
    assert started.thread
    assert started.run
    verify(world.gate.store.page())


async def test_a_block_reaches_the_model_as_an_error_and_the_run_goes_on(world):
    agent = agent_with(world, calling("never", "c1", x=1), calling("free", "c2", x=2))
    memory = ChatMemoryBuffer.from_defaults()
    said, outputs, _ = await played(agent.run(user_msg="please", memory=memory))
    heard = [message.content for message in memory.get_all() if message.role == "tool"]
    assert (said, world.effects) == ("all done", [2])
    assert outputs["c1"].is_error
    assert outputs["c1"].raw_output is None
    assert isinstance(outputs["c1"].exception, Blocked)
    assert heard[0] == (
        "blocked: `never` was not executed: never run this (rule `never`). Use `free` instead."
    )


async def test_a_held_call_is_shown_and_runs_once_when_approved(world):
    said, outputs, asked = await played(
        agent_with(world, calling("held", "c1", x=1)).run(user_msg="please"), approving
    )
    assert (said, world.effects, outputs["c1"].content) == ("all done", [1], "did 1")
    (event,) = asked
    assert event.model_dump(exclude={"request_id", "expires_at"}) == {
        "tool": "held",
        "arguments": {"x": 1},
        "reason": "a person must see it",
        "rule": "ask-first",
        "level": event.level,
        "prefix": '`held` with {"x": 1} is held: a person must see it. Approve it, yes or no? ',
        "problem": "",
    }
    request, ended = world.gate.desk.find(event.request_id)
    assert (request.call, request.expires_at) == ("c1", event.expires_at)
    assert (ended.state, ended.by) == ("approved", "ann")


async def test_secrets_are_masked_on_the_event_stream(world):
    world.gate.use(
        Rulebook.parse(
            "rules: [{id: ask, on: {tool: log_in}, then: require_approval, reason: see it}]"
        )
    )

    def log_in(password: str) -> str:
        """Log in."""
        world.effects.append(password)
        return "in"

    secret = {"password": "hunter2"}
    agent = agent_of([contained(log_in, world.gate)], [calling("log_in", "c1", **secret)], "done")
    _, _, (event,) = await played(agent.run(user_msg="please"), approving)
    assert "hunter2" not in str(event)
    assert world.effects == ["hunter2"]


async def test_a_rejected_call_reaches_the_model_and_never_runs(world):
    said, outputs, _ = await played(
        agent_with(world, calling("held", "c1", x=1)).run(user_msg="please"), rejecting
    )
    assert (said, world.effects) == ("all done", [])
    assert isinstance(outputs["c1"].exception, Rejected)
    assert "ann rejected it: not today" in outputs["c1"].content


async def test_a_person_may_edit_a_held_call_and_the_edit_is_validated(world):
    async def editing(event, ctx):
        ctx.send_event(approval(event, "edit", arguments={"x": "2"}))

    agent = agent_with(world, calling("held", "c1", x=1))
    _, outputs, _ = await played(agent.run(user_msg="please"), editing)
    assert (world.effects, outputs["c1"].content) == ([2], "did 2")


@pytest.mark.parametrize("edit", [{"x": "much"}, {"x": 2, "z": 3}, {"x": 2, "user": "mallory"}])
async def test_an_edit_that_does_not_fit_the_tool_never_runs(world, edit):
    def held(x: int, user: str) -> str:
        """Do it."""
        world.effects.append((x, user))
        return "did it"

    async def editing(event, ctx):
        ctx.send_event(approval(event, "edit", arguments=edit))

    tool = FunctionTool.from_defaults(held, partial_params={"user": "alice"})
    agent = agent_of([contained(tool, world.gate)], [calling("held", "c1", x=1)], "all done")
    said, outputs, (event,) = await played(agent.run(user_msg="please"), editing)
    assert event.arguments == {"x": 1, "user": "alice"}
    assert (said, world.effects) == ("all done", [])
    assert isinstance(outputs["c1"].exception, Stale)


def test_an_edit_may_repeat_what_the_author_filled_in(world):
    def held(x: int, user: str, tags: tuple[str, ...] = ("a",)) -> str:
        """Do it."""
        return f"{x} for {user}, {tags}"

    edit = {"x": 2, "user": "alice", "tags": ["b"]}
    answer = Answer(choice=Choice.EDIT, by="ann", arguments=edit)
    world.gate._approver = ScriptedApprover(answer, answer)
    tool = FunctionTool.from_defaults(held, partial_params={"user": "alice"})
    made = contained(tool, world.gate)
    assert made.call(1).content == made.call(x=3).content == "2 for alice, ('b',)"


async def test_a_person_may_answer_in_the_place_of_the_tool(world):
    async def responding(event, ctx):
        ctx.send_event(approval(event, "respond", comment="it is done already"))

    agent = agent_with(world, calling("held", "c1", x=1))
    said, outputs, _ = await played(agent.run(user_msg="please"), responding)
    assert (said, world.effects) == ("all done", [])
    assert outputs["c1"].content == outputs["c1"].raw_output == "it is done already"
    assert not outputs["c1"].is_error


async def test_an_answer_at_the_desk_counts_when_the_call_is_woken(world):
    async def react(event, ctx):
        world.approve()
        ctx.send_event(ApprovalAnswered(request_id=event.request_id))

    agent = agent_with(world, calling("held", "c1", x=1))
    said, _, asked = await played(agent.run(user_msg="please"), react)
    assert (said, world.effects, len(asked)) == ("all done", [1], 1)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_call_that_is_woken_without_an_answer_waits_on(world, times):
    async def react(event, ctx):
        for _ in range(times):
            ctx.send_event(ApprovalAnswered(request_id=event.request_id))
            await asyncio.sleep(0.02)
        assert world.effects == []
        ctx.send_event(approval(event))

    agent = agent_with(world, calling("held", "c1", x=1))
    said, _, asked = await played(agent.run(user_msg="please"), react)
    assert (said, world.effects, len(asked)) == ("all done", [1], 1)


async def test_an_answer_right_behind_a_wake_up_is_not_lost(world):
    async def react(event, ctx):
        ctx.send_event(ApprovalAnswered(request_id=event.request_id))
        ctx.send_event(approval(event))

    agent = agent_with(world, calling("held", "c1", x=1))
    said, _, _ = await played(agent.run(user_msg="please"), react)
    assert (said, world.effects) == ("all done", [1])


async def test_two_held_calls_are_answered_in_the_other_order_each_its_own(world):
    waiting = []

    async def react(event, ctx):
        waiting.append(event)
        if len(waiting) == 2:
            for item in reversed(waiting):
                choice = "approve" if item.arguments["x"] == 2 else "reject"
                ctx.send_event(approval(item, choice))

    agent = agent_with(world, calling("held", "c1", x=1), calling("held", "c2", x=2))
    said, outputs, _ = await played(agent.run(user_msg="please"), react)
    assert (said, world.effects) == ("all done", [2])
    assert isinstance(outputs["c1"].exception, Rejected)
    assert outputs["c2"].content == "did 2"


@pytest.mark.parametrize("order", [(4, 2, 0, 3, 1), (1, 0, 4, 3, 2)])
async def test_five_held_calls_answered_in_another_order_each_get_their_own(world, order):
    waiting = {}

    async def react(event, ctx):
        waiting[event.arguments["x"]] = event
        if len(waiting) == len(order):
            for x in order:
                ctx.send_event(approval(waiting[x], "reject" if x % 2 else "approve"))

    agent = agent_with(world, *(calling("held", f"c{x}", x=x) for x in range(5)))
    said, outputs, _ = await played(agent.run(user_msg="please"), react)
    assert (said, sorted(world.effects)) == ("all done", [0, 2, 4])
    for x in range(5):
        if x % 2:
            assert isinstance(outputs[f"c{x}"].exception, Rejected)
        else:
            assert outputs[f"c{x}"].content == f"did {x}"


async def test_two_identical_held_calls_are_two_calls(world):
    agent = agent_with(world, calling("held", "c1", x=1), calling("held", "c2", x=1))
    _, outputs, asked = await played(agent.run(user_msg="please"), approving)
    assert len({event.request_id for event in asked}) == 2
    assert world.effects == [1, 1]
    assert outputs.keys() == {"c1", "c2"}


@pytest.mark.parametrize("blocks", [False, True])
async def test_a_second_click_on_one_button_has_no_second_effect_and_no_second_result(
    world, tmp_path, blocks
):
    if blocks:
        world.gate = Gate.open(world.gate.rulebook, store=str(tmp_path / "lockgate.db"))

    async def react(event, ctx):
        for _ in range(3):
            ctx.send_event(approval(event))

    agent = agent_of(
        [contained(tool_of(world, "held", slow=True), world.gate)],
        [calling("held", "c1", x=1)],
        "all done",
    )
    said, outputs, _ = await played(agent.run(user_msg="please"), react)
    assert (said, world.effects, outputs["c1"].content) == ("all done", [1], "did 1")
    world.gate.close()


async def test_the_agent_can_not_answer_for_itself(world):
    async def react(event, ctx):
        own = world.gate.desk.find(event.request_id)[0].agent
        ctx.send_event(ApprovalAnswered(request_id=event.request_id, choice="approve", by=own))
        await asyncio.sleep(0.02)
        assert world.effects == []
        ctx.send_event(approval(event, "reject"))

    agent = agent_with(world, calling("held", "c1", x=1))
    await played(agent.run(user_msg="please"), react)
    assert world.effects == []


def test_half_an_answer_is_none():
    with pytest.raises(ValidationError, match="needs `by`"):
        ApprovalAnswered(request_id="apr-1", choice="approve")
    with pytest.raises(ValidationError, match="needs `arguments`"):
        ApprovalAnswered(request_id="apr-1", choice="edit", by="ann")


async def test_a_held_call_can_be_told_to_the_model(world):
    agent = agent_with(world, calling("held", "c1", x=1), on_hold="tell")
    said, outputs, asked = await played(agent.run(user_msg="please"))
    assert (said, world.effects, asked) == ("all done", [], [])
    assert isinstance(outputs["c1"].exception, PendingApproval)
    assert "person has been asked" in outputs["c1"].content
    assert len(world.gate.desk.pending()) == 1


@pytest.mark.parametrize("on_hold", ["tell", "raise"])
async def test_told_that_it_is_held_the_model_asks_again_and_the_call_runs_once(world, on_hold):
    results = []
    for at in range(3):
        agent = agent_with(world, calling("held", f"c{at}", x=1), on_hold=on_hold)
        with world.gate.run("ticket-7"):
            _, outputs, _ = await played(agent.run(user_msg="please"))
        results.append(outputs[f"c{at}"])
        if at == 0:
            world.approve()
    assert world.effects == [1]
    assert [output.is_error for output in results] == [True, False, True]


async def test_what_is_raised_in_an_agent_reaches_the_model_as_an_error(world):
    agent = agent_with(
        world,
        calling("held", "c1", x=1),
        calling("never", "c2", x=1),
        on_hold="raise",
        on_block="raise",
    )
    said, outputs, _ = await played(agent.run(user_msg="please"))
    assert (said, world.effects) == ("all done", [])
    assert isinstance(outputs["c1"].exception, PendingApproval)
    assert isinstance(outputs["c2"].exception, Blocked)


async def test_a_workflow_of_agents_asks_and_executes_once(world):
    agent = agent_with(world, calling("held", "c1", x=1))
    agent.name = "clerk"
    team = AgentWorkflow(agents=[agent], root_agent=agent.name, timeout=None)
    said, outputs, (event,) = await played(team.run(user_msg="please"), approving)
    assert (said, world.effects, outputs["c1"].content) == ("all done", [1], "did 1")
    assert world.gate.desk.find(event.request_id)[0].agent == "clerk"


async def test_an_agent_that_reasons_in_text_asks_and_executes_once(world):
    turns = 'Thought: now.\nAction: held\nAction Input: {"x": 1}', "Thought: so.\nAnswer: all done"
    tools = contained([tool_of(world, "held")], world.gate)
    agent = ReActAgent(tools=tools, llm=scripted(*turns), timeout=None)
    said, _, asked = await played(agent.run(user_msg="please"), approving)
    assert (said, world.effects, len(asked)) == ("all done", [1], 1)


async def test_a_caller_that_catches_the_pause_tells_an_error_and_the_request_stays_open(world):
    tool = contained(tool_of(world, "held"), world.gate)

    class Job(Workflow):
        @step
        async def work(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=await acall_tool(tool, {"x": 1}))

    assert (await Job(timeout=None).run()).is_error
    assert (world.effects, len(world.gate.desk.pending())) == ([], 1)


async def test_return_direct_ends_the_run_with_the_result_but_not_with_a_refusal(world):
    for name, said in [("free", "did 1"), ("never", "all done")]:
        tool = tool_of(world, name)
        tool.metadata.return_direct = True
        turns = [calling(name, "c1", x=1)], "all done", "all done"
        agent = agent_of([contained(tool, world.gate)], *turns)
        assert (await played(agent.run(user_msg="please")))[0] == said


async def test_a_tool_that_fails_fails_as_before(world):
    def free(x: int) -> str:
        """Fail."""
        raise RuntimeError(f"broken {x}")

    agent = agent_of([contained(free, world.gate)], [calling("free", "c1", x=1)], "all done")
    said, outputs, _ = await played(agent.run(user_msg="please"))
    assert (said, outputs["c1"].content) == ("all done", "broken 1")
    assert isinstance(outputs["c1"].exception, RuntimeError)
    assert world.count(EventKind.FAILED) == 1


async def test_a_tool_that_waits_for_an_event_of_its_own_is_no_failure(world):
    async def held(ctx: Context, x: int) -> str:
        """Ask for a name, then do it."""
        answer = await ctx.wait_for_event(
            HumanResponseEvent, waiter_event=InputRequiredEvent(), waiter_id="own", timeout=None
        )
        world.effects.append((x, answer.response))
        return answer.response

    agent = agent_of([contained(held, world.gate)], [calling("held", "c1", x=1)], "all done")
    handler = agent.run(user_msg="please")
    async for event in handler.stream_events():
        if isinstance(event, ApprovalRequired):
            handler.ctx.send_event(approval(event))
        elif isinstance(event, InputRequiredEvent):
            handler.ctx.send_event(HumanResponseEvent(response="kim"))
    assert world.effects == [(1, "kim")]
    assert world.count(EventKind.SUSPENDED) == world.count(EventKind.COMPLETED) == 1
    assert world.count(EventKind.HELD) == 1


async def test_nothing_runs_when_nothing_can_be_written(world):
    world.gate.store = FaultyStore(world.gate.store, append=range(1, 9))
    agent = agent_with(world, calling("free", "c1", x=1), calling("free", "c2"))
    said, outputs, _ = await played(agent.run(user_msg="please"))
    assert (said, world.effects) == ("all done", [])
    assert "nothing was executed" in outputs["c1"].content
    assert "nothing was executed" in outputs["c2"].content


# ── Identity ─────────────────────────────────────────────────────────────────────────────────


async def test_a_thread_that_the_host_opened_is_the_thread_of_the_run(world):
    with world.gate.run("ticket-7", person="kim") as scope:
        await played(agent_with(world, calling("free", "c1", x=1)).run(user_msg="please"))
    (started,) = world.gate.store.of_kind(EventKind.STARTED)
    (decided,) = world.gate.store.of_kind(EventKind.DECIDED)
    assert (started.thread, started.run) == ("ticket-7", scope.run)
    assert decided.data["principal"]["person"] == "kim"


@pytest.mark.filterwarnings("ignore::workflows.context.state_store.UnserializableKeyWarning")
async def test_runs_over_one_context_are_one_thread(world):
    agent = agent_with(world, calling("free", "c1", x=1))
    ctx = Context(agent)
    await played(agent.run(user_msg="please", ctx=ctx))
    turn = [calling("free", "c2", x=2)]  # whether the memory was kept depends on pydantic
    agent.llm = scripted(turn, "done", turn, "done")
    await played(agent.run(user_msg="again", ctx=ctx))
    first, second = world.gate.store.of_kind(EventKind.STARTED)
    assert first.thread == second.thread
    assert first.run != second.run


async def test_calls_made_at_once_are_one_thread(world):
    calls = [calling("free", f"c{x}", x=x) for x in range(4)]
    await played(agent_with(world, *calls).run(user_msg="please"))
    assert len({event.thread for event in world.gate.store.of_kind(EventKind.STARTED)}) == 1


async def test_a_model_without_ids_can_make_the_same_call_again(world):
    """Some integrations put the tool's name where the id should be."""
    tools = contained([tool_of(world, "held")], world.gate)
    turn = [calling("held", "held", x=1)]
    handler = agent_of(tools, turn, turn, "all done").run(user_msg="please")
    asked = []
    async for event in handler.stream_events():
        if isinstance(event, ApprovalRequired):
            asked.append(event.request_id)
            handler.ctx.send_event(approval(event))
    assert str(await handler) == "all done"
    assert (world.effects, len(set(asked))) == ([1, 1], 2)


async def test_what_a_tool_calls_inside_belongs_to_the_same_conversation(world):
    @world.gate.contained
    def held(x: int) -> None:
        """Do it."""

    def free(x: int) -> str:
        """Let something else do it."""
        with pytest.raises(PendingApproval):
            held(x)
        return "asked"

    agent = agent_of([contained(free, world.gate)], [calling("free", "c1", x=1)], "all done")
    _, outputs, _ = await played(agent.run(user_msg="please"))
    (request,) = world.gate.desk.pending()
    (started,) = world.gate.store.of_kind(EventKind.STARTED)
    assert (outputs["c1"].content, request.thread) == ("asked", started.thread)


async def test_two_calls_that_nothing_tells_apart_end_both(world):
    tools = contained([tool_of(world, "held", slow=True)], world.gate)
    agent = agent_of(tools, [calling("held", "held", x=1)] * 2, "all done")
    handler, results = agent.run(user_msg="please"), []
    async with asyncio.timeout(20):
        async for event in handler.stream_events():
            if isinstance(event, ApprovalRequired):
                handler.ctx.send_event(approval(event))
            if isinstance(event, ToolCallResult):
                results.append(event.tool_output)
    assert str(await handler) == "all done"
    assert sum(not output.is_error for output in results) == len(world.effects)
    assert len(results) == 2


async def test_the_calls_of_an_agent_inside_a_tool_are_calls_of_that_agent(world):
    inner = agent_with(world, calling("free", "inner", x=1))

    async def free(x: int) -> str:
        """Let another agent do it."""
        return str(await inner.run(user_msg="please"))

    agent = agent_of([contained(free, world.gate)], [calling("free", "outer", x=1)], "all done")
    _, outputs, _ = await played(agent.run(user_msg="please"))
    assert (outputs["outer"].content, world.effects) == ("all done", [1])
    assert {event.call for event in world.gate.store.of_kind(EventKind.STARTED)} == {
        "outer",
        "inner",
    }


async def test_a_call_from_inside_a_call_is_a_call_of_its_own(world):
    inner = contained(tool_of(world, "free"), world.gate)

    async def free(x: int) -> str:
        """Do it twice."""
        return f"{await inner.acall(x=x)}, {await inner.acall(x=x)}"

    agent = agent_of([contained(free, world.gate)], [calling("free", "c1", x=1)], "all done")
    _, outputs, _ = await played(agent.run(user_msg="please"))
    assert (outputs["c1"].content, world.effects) == ("did 1, did 1", [1, 1])


async def test_a_step_of_any_workflow_can_wait(world):
    tool = contained(tool_of(world, "held"), world.gate)

    class Job(Workflow):
        @step
        async def work(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=(await tool.acall(x=ev.x)).content)

    handler = Job(timeout=None).run(x=1)
    said, _, asked = await played(handler, approving)
    assert (said, world.effects, len(asked)) == ("did 1", [1], 1)


async def test_a_typed_state_without_the_field_is_left_as_it_is(world):
    tool = contained(tool_of(world, "held"), world.gate)

    class State(BaseModel):
        n: int = 0

    class Job(Workflow):
        @step
        async def work(self, ctx: Context[State], ev: StartEvent) -> StopEvent:
            return StopEvent(result=(await tool.acall(x=1)).content)

    said, _, _ = await played(Job(timeout=None).run(), approving)
    assert (said, world.effects) == ("did 1", [1])


# ── In another process ───────────────────────────────────────────────────────────────────────


def process(word: str, folder: Path, *amounts: int) -> str:
    ran = subprocess.run(
        [sys.executable, PROGRAM, word, folder, *map(str, amounts)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("order", [(7,), (4, 2, 5, 1, 3)])
def test_one_process_pauses_another_approves_and_a_third_resumes_twice(tmp_path, order):
    """In the order in which they are answered: what is even is rejected."""

    def effects() -> list[str]:
        return (tmp_path / "effects").read_text().splitlines()

    amounts = sorted(order)
    process("start", tmp_path, *amounts)
    assert effects() == ["looked at it"]
    with Gate.open(store=str(tmp_path / "lockgate.db")) as gate:
        held = {request.arguments["amount"]: request for request in gate.desk.pending()}
        assert sorted(held) == amounts
        assert {request.tool for request in held.values()} == {"pay"}
        for amount in order:
            choice = Choice.APPROVE if amount % 2 else Choice.REJECT
            gate.desk.answer(held[amount].id, Answer(choice=choice, by="ann"))
    told = process("resume", tmp_path, *amounts).splitlines()
    paid = [f"paid {amount}.0" for amount in amounts if amount % 2]
    assert sorted(effects()) == ["looked at it", *paid]
    assert told.count("agent: all done") == 2
    for amount in amounts:
        mine = [line for line in told if line.startswith(f"c{amount}: ")]
        assert len(mine) == 2
        assert all(("paid" if amount % 2 else "ann rejected it") in line for line in mine)
    with Gate.open(store=str(tmp_path / "lockgate.db")) as gate:
        verify(gate.store.page())


async def test_the_same_saved_run_resumed_twice_executes_once(world):
    agent = agent_with(world, calling("held", "c1", x=1))
    saved, _ = await held_run(agent)
    world.approve()
    first = await played(await resume(agent, saved))
    second = await played(await resume(agent, saved))
    assert first[0] == second[0] == "all done"
    assert first[1]["c1"].content == second[1]["c1"].content == "did 1"
    assert world.effects == [1]


async def test_the_same_saved_run_resumed_twice_at_once_executes_once(world):
    tool = contained(tool_of(world, "held", slow=True), world.gate)
    agent = agent_of([tool], [calling("held", "c1", x=1)], "all done")
    saved, _ = await held_run(agent)
    world.approve()
    runs = await asyncio.gather(*[resume(agent, saved) for _ in range(3)])
    results = [await played(run) for run in runs]
    outputs = [outputs["c1"] for _, outputs, _ in results]
    assert world.effects == [1]
    assert sum(output.content == "did 1" for output in outputs) == 1
    assert sum(isinstance(o.exception, Stale | OutcomeUnknown) for o in outputs) == 2


async def test_a_resumed_run_shows_what_still_waits_and_can_be_answered_in_band(world):
    calls = [calling("held", f"c{x}", x=x) for x in range(3)]
    agent = agent_with(world, *calls)
    saved, asked = await held_run(agent, 3)
    one = world.gate.desk.find(asked[0].request_id)[0]
    world.gate.desk.answer(one.id, Answer(choice=Choice.APPROVE, by="ann"))
    said, outputs, shown = await played(await resume(agent, saved), approving)
    assert (said, sorted(world.effects), len(outputs)) == ("all done", [0, 1, 2], 3)
    assert {event.request_id for event in shown} == {event.request_id for event in asked[1:]}


@pytest.mark.parametrize("blocks", [False, True])
async def test_answers_sent_as_soon_as_a_run_is_resumed_are_not_lost(world, tmp_path, blocks):
    if blocks:
        world.gate = Gate.open(world.gate.rulebook, store=str(tmp_path / "lockgate.db"))
    calls = [calling("held", f"c{x}", x=x) for x in range(3)]
    agent = agent_with(world, *calls)
    saved, asked = await held_run(agent, 3)
    handler = await resume(agent, saved)
    for event in reversed(asked):
        handler.ctx.send_event(approval(event))
    said, outputs, _ = await played(handler)
    assert (said, sorted(world.effects), len(outputs)) == ("all done", [0, 1, 2], 3)
    world.gate.close()


async def test_resuming_does_not_wait_for_the_tools_that_go_on(world):
    """While one call is executed, another may be answered; nothing is delivered twice."""
    may_end = asyncio.Event()

    async def held(x: int) -> str:
        """Do it slowly."""
        world.effects.append(x)
        await may_end.wait()
        return f"did {x}"

    calls = [calling("held", f"c{x}", x=x) for x in range(2)]
    agent = agent_of([contained(held, world.gate)], calls, "all done")
    saved, asked = await held_run(agent, 2)
    one = world.gate.desk.find(asked[0].request_id)[0]
    world.gate.desk.answer(one.id, Answer(choice=Choice.APPROVE, by="ann"))
    handler = await resume(agent, saved)
    assert world.effects == [0]
    handler.ctx.send_event(approval(asked[1]))
    handler.ctx.send_event(ApprovalAnswered(request_id=asked[0].request_id))
    asyncio.get_running_loop().call_later(0.05, may_end.set)
    said, outputs, _ = await played(handler)
    assert (said, world.effects, len(outputs)) == ("all done", [0, 1], 2)


async def test_a_result_without_a_json_form_does_not_keep_a_run_from_being_resumed(world):
    def held(x: int) -> object:
        """Do it."""
        world.effects.append(x)
        return sys if x else "did 0"

    calls = [calling("held", f"c{x}", x=x) for x in range(2)]
    agent = agent_of([contained(held, world.gate)], calls, "all done")
    saved, asked = await held_run(agent, 2)
    world.gate.desk.answer(asked[1].request_id, Answer(choice=Choice.APPROVE, by="ann"))
    said, outputs, _ = await played(await resume(agent, saved), approving)
    assert (said, sorted(world.effects), outputs["c1"].raw_output) == ("all done", [0, 1], sys)


class Handle:
    """What a driver hands out: it has no JSON form."""

    def __str__(self) -> str:
        return "a handle"


@pytest.mark.parametrize("value", [Handle(), b"\xff", {"deep": [Handle()]}, {1, 2}])
async def test_a_result_without_a_json_form_does_not_keep_a_run_from_being_saved(world, value):
    """Neither beside the held call nor in a turn before it; the model reads what it would have."""

    def loose(x: int) -> Any:
        """Give it."""
        return value

    def agent() -> FunctionAgent:
        first = [calling("loose", "c1", x=1)]
        second = [calling("loose", "c2", x=2), calling("held", "c3", x=3)]
        tools = [loose, *contained([tool_of(world, "held")], world.gate)]
        return agent_of(tools, first, second, "all done")

    handler, seen = agent().run(user_msg="please"), set()
    async for event in handler.stream_events():
        if isinstance(event, ApprovalRequired | ToolCallResult):
            seen.add(getattr(event, "tool_id", "asked"))
        if seen == {"c1", "c2", "asked"}:
            break
    await asyncio.sleep(0.05)  # until the result is kept for the other one to join it
    saved = await dump(handler.ctx)
    await handler.cancel_run()
    handler = await resume(agent(), saved)
    said, _, _ = await played(handler, approving)
    memory = await handler.ctx.store.get("memory")
    heard = [message.content for message in memory.get_all() if message.role == "tool"]
    assert (said, world.effects) == ("all done", [3])
    assert heard == [str(value), str(value), "did 3"]


async def test_an_event_of_ones_own_without_a_json_form_can_not_be_saved(world):
    tool = contained(tool_of(world, "held"), world.gate)

    class Job(Workflow):
        @step
        async def work(self, ctx: Context, ev: StartEvent) -> StopEvent:
            return StopEvent(result=(await tool.acall(x=1)).content)

    handler = Job(timeout=None).run(start_event=StartEvent(handle=Handle()))
    async for event in handler.stream_events():
        if isinstance(event, ApprovalRequired):
            break
    with pytest.raises(ValueError, match="serialize"):
        await dump(handler.ctx)
    await handler.cancel_run()


async def test_a_run_that_the_framework_itself_restored_waits_for_its_answer(world):
    agent = agent_with(world, calling("held", "c1", x=1))
    saved, (event,) = await held_run(agent)
    told = json.loads(saved)
    handler = agent.run(ctx=Context.from_dict(agent, told["context"]))
    await handler.ctx.store.set("memory", ChatMemoryBuffer.from_defaults())
    handler.ctx.send_event(approval(event))
    said, _, asked = await played(handler)
    assert (said, world.effects, asked) == ("all done", [1], [])


async def test_a_run_is_saved_and_resumed_again_and_again(world):
    agent = agent_with(world, calling("held", "c1", x=1))
    saved, (first,) = await held_run(agent)
    handler = await resume(agent, saved)
    handler.ctx.send_event(ApprovalAnswered(request_id=first.request_id))
    await asyncio.sleep(0.05)
    again = await dump(handler.ctx)
    await handler.cancel_run()
    said, _, (second,) = await played(await resume(agent, again), approving)
    assert (said, world.effects, second.request_id) == ("all done", [1], first.request_id)


async def test_an_answer_that_was_sent_before_the_run_was_saved_is_not_lost(world):
    agent = agent_of(
        [contained(tool_of(world, "held"), world.gate)], [calling("held", "c1", x=1)], "all done"
    )
    handler = agent.run(user_msg="please")
    async for event in handler.stream_events():
        if isinstance(event, ApprovalRequired):
            handler.ctx.send_event(approval(event))
            while not world.gate.store.of_kind(EventKind.RESOLVED):
                saved = await dump(handler.ctx)
                await asyncio.sleep(0)
            break
    await handler.cancel_run()
    said, _, _ = await played(await resume(agent, saved), approving)
    assert said == "all done"
    assert len(world.effects) <= 1


async def test_the_memory_survives_or_is_the_one_that_is_given(world):
    agent = agent_with(world, calling("held", "c1", x=1))
    saved, _ = await held_run(agent)
    world.approve()
    handler = await resume(agent, saved)
    await played(handler)
    kept = await handler.ctx.store.get("memory")
    assert [message.role for message in kept.get_all()] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    mine = ChatMemoryBuffer.from_defaults(chat_history=kept.get_all()[:1])
    handler = await resume(agent, saved, memory=mine)
    await played(handler)
    assert len(mine.get_all()) == 4


async def test_a_workflow_of_agents_is_resumed(world):
    agent = agent_with(world, calling("held", "c1", x=1))
    team = AgentWorkflow(agents=[agent], root_agent=agent.name, timeout=None)
    saved, _ = await held_run(team)
    world.approve()
    said, _, _ = await played(await resume(team, saved))
    assert (said, world.effects) == ("all done", [1])


def test_agents_leave_people_their_time():
    """Time that people take counts for a workflow: neither kind of agent limits it by default."""
    agent = agent_of([], "done")
    alone = FunctionAgent(tools=[], llm=scripted("done"))
    assert alone._timeout is None
    assert AgentWorkflow(agents=[agent])._timeout is None


async def test_a_workflow_without_a_memory_is_resumed(world):
    tool = contained(tool_of(world, "held"), world.gate)

    class Job(Workflow):
        @step
        async def work(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=(await tool.acall(x=1)).content)

    saved, _ = await held_run(Job(timeout=None))
    world.approve()
    said, _, _ = await played(await resume(Job(timeout=None), saved))
    assert (said, world.effects) == ("did 1", [1])


async def test_a_call_whose_end_is_not_known_is_not_repeated(world):
    tool = contained(tool_of(world, "held", slow=True), world.gate)
    agent = agent_of([tool], [calling("held", "c1", x=1)], "all done")
    saved, _ = await held_run(agent)
    world.approve()
    handler = await resume(agent, saved)
    await asyncio.sleep(0.01)
    assert world.effects == [1]
    await handler.cancel_run()
    _, outputs, _ = await played(await resume(agent, saved))
    assert isinstance(outputs["c1"].exception, OutcomeUnknown)
    assert world.effects == [1]


async def test_a_workflow_with_a_typed_state_is_resumed_if_the_thread_has_a_field(world):
    tool = contained(tool_of(world, "held"), world.gate)
    saved, (first,) = await held_run(TypedJob(tool))
    world.approve()
    said, _, asked = await played(await resume(TypedJob(tool), saved))
    assert (said, world.effects, asked) == ("did 1", [1], [])
    assert world.gate.desk.find(first.request_id)[0].thread


class TypedState(BaseModel):
    lockgate_thread: str | None = None


class TypedJob(Workflow):
    def __init__(self, tool: BaseTool) -> None:
        super().__init__(timeout=None)
        self.tool = tool

    @step
    async def work(self, ctx: Context[TypedState], ev: StartEvent) -> StopEvent:
        return StopEvent(result=(await self.tool.acall(x=1)).content)


async def test_results_come_back_from_the_record_as_they_were(world):
    results = iter([{"a": [1, 2]}, "text", 3.5, ("a", "b")])

    def held(x: int) -> Any:
        """Give it."""
        world.effects.append(x)
        return next(results)

    for at in range(4):
        tools = [contained(held, world.gate)]
        agent = agent_of(tools, [calling("held", f"c{at}", x=at)], "all done")
        saved, _ = await held_run(agent)
        world.approve()
        first = (await played(await resume(agent, saved)))[1][f"c{at}"]
        second = (await played(await resume(agent, saved)))[1][f"c{at}"]
        if at < 3:
            assert (second.content, second.raw_output) == (first.content, first.raw_output)
        else:
            assert isinstance(second.exception, Stale)
            assert "('a', 'b')" in second.content
    assert world.effects == [0, 1, 2, 3]


async def test_a_held_call_is_not_resumed_after_its_time(world):
    agent = agent_with(world, calling("held", "c1", x=1))
    saved, _ = await held_run(agent)
    world.approve()
    world.gate._clock = lambda: "2999-01-01T00:00:00.000000Z"
    _, outputs, _ = await played(await resume(agent, saved))
    assert outputs["c1"].is_error
    assert "expired" in outputs["c1"].content
    assert world.effects == []
