"""What counts as an answer to a held call, and what does not: our events and the framework's own."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

pytest.importorskip("llama_index.core", reason="the LlamaIndex door needs the `llamaindex` extra")

from llama_index.core.agent.workflow import FunctionAgent, ToolCall, ToolCallResult
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.tools.calling import acall_tool
from llama_index.core.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from tests.doors.llamaindex.world import (
    agent_of,
    approval,
    approving,
    calling,
    played,
    scripted,
    tool_of,
)
from workflows.retry_policy import retry_policy, stop_after_attempt, wait_fixed
from workflows.runtime.types.results import AddWaiter, WaitingForEvent

from lockgate import Answer, Choice, Gate, Rulebook
from lockgate.adapters.llamaindex import (
    ApprovalAnswered,
    ApprovalRequired,
    contained,
    dump,
    resume,
)
from lockgate.record import EventKind

pytestmark = pytest.mark.filterwarnings(
    # Agents look at every attribute of themselves, those that pydantic has retired included.
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)


def agent_with(world: Any, count: int = 1, *, slow: bool = False) -> Any:
    calls = [calling("held", f"c{x}", x=x) for x in range(1, count + 1)]
    return agent_of([contained(tool_of(world, "held", slow=slow), world.gate)], calls, "all done")


def stock(event: ApprovalRequired, **told: Any) -> HumanResponseEvent:
    return HumanResponseEvent(request_id=event.request_id, **told)


def waiters(ctx: Context) -> list[str]:
    """Return the ids of the waiters that a run has now."""
    workers = ctx.to_dict()["workers"].values()
    return [item["waiter_id"] for worker in workers for item in worker["collected_waiters"]]


async def until(done: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110 - the framework has no event for it
            await asyncio.sleep(0.01)


async def until_held(agent: Any, count: int = 1) -> tuple[Any, list[ApprovalRequired]]:
    """Run until `count` calls are held; return the handler and what was asked."""
    handler, asked = agent.run(user_msg="please"), []
    async with asyncio.timeout(10):
        async for event in handler.stream_events():
            asked += [event] if isinstance(event, ApprovalRequired) else []
            if len(asked) == count:
                return handler, asked
    raise AssertionError("the run ended before all of them were held")


# ── The framework's own event ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", ["yes", "y", "approve", " Yes\n", "APPROVE"])
async def test_these_words_approve(world, words):
    async def react(event, ctx):
        ctx.send_event(stock(event, response=words, by="kim"))

    said, outputs, (event,) = await played(agent_with(world).run(user_msg="please"), react)
    assert (said, world.effects, outputs["c1"].content) == ("all done", [1], "did 1")
    _, ended = world.gate.desk.find(event.request_id)
    assert (ended.state, ended.by) == ("approved", "kim")


@pytest.mark.parametrize("words", ["no", "n", "reject", " NO "])
async def test_these_words_reject(world, words):
    async def react(event, ctx):
        ctx.send_event(stock(event, response=words, user_name="kim", comment="not today"))

    _, outputs, (event,) = await played(agent_with(world).run(user_msg="please"), react)
    assert world.effects == []
    assert "kim rejected it: not today" in outputs["c1"].content
    assert world.gate.desk.find(event.request_id)[1].by == "kim"


NO_ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "more than the word": ({"response": "yes, but only half of it"}, "neither `yes` nor `no`"),
    "almost the word": ({"response": "yes!"}, "neither `yes` nor `no`"),
    "another word": ({"response": "ok"}, "neither `yes` nor `no`"),
    "nothing typed": ({"response": ""}, "neither `yes` nor `no`"),
    "no text": ({"response": True}, "neither `yes` nor `no`"),
    "a list of it": ({"response": ["yes"]}, "neither `yes` nor `no`"),
    "nobody": ({"response": "yes", "by": ""}, "an answer needs `by`"),
    "a blank name": ({"response": "yes", "by": "  "}, "an answer needs `by`"),
    "a name that is no text": ({"response": "yes", "by": 7}, "`by`: "),
    "two that disagree": ({"response": "no", "choice": "approve"}, "not both"),
    "two that agree": ({"response": "yes", "choice": "approve"}, "not both"),
    "a choice that is none": ({"choice": "aprove"}, "`choice`: "),
    "an edit of nothing": ({"choice": "edit"}, "an edit needs `arguments`"),
    "an edit that is no object": ({"choice": "edit", "arguments": [1]}, "`arguments`: "),
    "an edit that holds a secret": (
        {"choice": "edit", "arguments": {"x": 1, "password": "hunter2"}},
        "hold a secret",
    ),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
async def test_what_is_no_answer_is_said_to_be_none_and_the_call_waits_on(world, what):
    told, problem = NO_ANSWERS[what]
    problems = []

    async def react(event, ctx):
        problems.append(event.problem)
        assert world.effects == []
        answer = stock(event, **{"by": "kim", **told}) if len(problems) == 1 else approval(event)
        ctx.send_event(answer)

    said, _, asked = await played(agent_with(world).run(user_msg="please"), react)
    first, second = asked
    assert problem in second.problem
    assert "hunter2" not in str(second)
    assert second.prefix == f"{second.problem}. {first.prefix}"
    assert second.model_dump(exclude={"problem", "prefix"}) == first.model_dump(
        exclude={"problem", "prefix"}
    )
    assert (said, world.effects, len(world.gate.store.of_kind(EventKind.HELD))) == (
        "all done",
        [1],
        1,
    )


@pytest.mark.parametrize("kind", [ApprovalAnswered, HumanResponseEvent])
async def test_the_agent_is_told_that_it_can_not_answer_for_itself(world, kind):
    async def react(event, ctx):
        own = world.gate.desk.find(event.request_id)[0].agent
        if event.problem:
            ctx.send_event(approval(event, "reject"))
        else:
            ctx.send_event(kind(request_id=event.request_id, choice="approve", by=own))

    _, _, asked = await played(agent_with(world).run(user_msg="please"), react)
    assert ["can't answer for it" in event.problem for event in asked] == [False, True]
    assert world.effects == []


async def test_an_edit_and_a_reply_can_be_given_with_the_frameworks_event(world):
    async def react(event, ctx):
        if event.arguments == {"x": 1}:
            ctx.send_event(stock(event, choice="edit", by="kim", arguments={"x": "7"}))
        else:
            ctx.send_event(stock(event, choice="respond", by="kim", comment="it is done"))

    _, outputs, _ = await played(agent_with(world, 2).run(user_msg="please"), react)
    assert world.effects == [7]
    assert (outputs["c1"].content, outputs["c2"].content) == ("did 7", "it is done")


async def test_a_loop_that_knows_only_the_frameworks_events_can_ask_and_answer(world):
    async def react(event, ctx):
        assert isinstance(event, InputRequiredEvent)
        line = {"held": "yes"}[event.prefix.split("`")[1]]
        ctx.send_event(
            HumanResponseEvent(response=line, user_name="kim", request_id=event.request_id)
        )

    said, _, _ = await played(agent_with(world).run(user_msg="please"), react)
    assert (said, world.effects) == ("all done", [1])


async def test_the_frameworks_event_without_a_choice_is_a_wake_up(world):
    async def react(event, ctx):
        world.approve()
        ctx.send_event(stock(event))

    said, _, asked = await played(agent_with(world).run(user_msg="please"), react)
    assert (said, world.effects, len(asked)) == ("all done", [1], 1)


# ── Which call it is for ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("told", [{}, {"request_id": ""}, {"request_id": "apr-0"}])
async def test_an_answer_that_names_no_request_answers_none_even_if_only_one_is_held(world, told):
    handler, (event,) = await until_held(agent_with(world))
    handler.ctx.send_event(HumanResponseEvent(response="yes", by="kim", **told))
    await asyncio.sleep(0.05)
    assert (world.effects, len(world.gate.desk.pending())) == ([], 1)
    handler.ctx.send_event(stock(event, response="yes", by="kim"))
    assert str(await handler) == "all done"
    assert world.effects == [1]


async def test_five_calls_answered_with_the_frameworks_event_each_get_their_own(world):
    waiting = {}

    async def react(event, ctx):
        waiting[event.arguments["x"]] = event
        if len(waiting) == 5:
            for x in (4, 2, 5, 3, 1):
                ctx.send_event(stock(waiting[x], response="no" if x % 2 else "yes", by="kim"))

    said, outputs, _ = await played(agent_with(world, 5).run(user_msg="please"), react)
    assert (said, sorted(world.effects)) == ("all done", [2, 4])
    assert [outputs[f"c{x}"].is_error for x in (1, 2, 3, 4, 5)] == [True, False] * 2 + [True]


async def test_an_answer_after_the_call_has_ended_does_nothing(world):
    first: list[ApprovalRequired] = []

    async def react(event, ctx):
        ctx.send_event(approval(event, "reject"))
        if first:
            ctx.send_event(stock(first[0], response="yes", by="kim"))
        first.append(event)

    turns = [calling("held", "c1", x=1)], [calling("held", "c2", x=2)]
    agent = agent_of([contained(tool_of(world, "held"), world.gate)], *turns, "all done")
    said, _, asked = await played(agent.run(user_msg="please"), react)
    assert (said, world.effects, len(asked)) == ("all done", [], 2)


async def test_a_rejection_counts_if_both_came_before_either_was_read(world):
    may_end = asyncio.Event()

    async def free(x: int) -> str:
        """Keep one of the framework's workers busy."""
        await may_end.wait()
        return "free"

    tools = contained([tool_of(world, "held"), free], world.gate)
    busy = [calling("free", f"f{x}", x=x) for x in range(4)]
    agent = agent_of(tools, [calling("held", "c1", x=1), *busy], "all done")
    handler, (event,) = await until_held(agent)
    await asyncio.sleep(0.05)
    handler.ctx.send_event(approval(event))
    handler.ctx.send_event(stock(event, response="no", by="kim"))
    await asyncio.sleep(0.05)
    may_end.set()
    said, outputs, _ = await played(handler)
    assert (said, world.effects, outputs["c1"].is_error) == ("all done", [], True)


async def test_what_was_wrong_is_said_once(world):
    async def react(event, ctx):
        if not event.problem:
            ctx.send_event(stock(event, response="perhaps", by="kim"))
            return
        for _ in range(3):
            ctx.send_event(ApprovalAnswered(request_id=event.request_id))
            await asyncio.sleep(0.03)
        ctx.send_event(approval(event))

    said, _, asked = await played(agent_with(world).run(user_msg="please"), react)
    assert (said, world.effects, len(asked)) == ("all done", [1], 2)


# ── What an answer leaves alone ──────────────────────────────────────────────────────────────


async def test_our_answers_do_not_answer_what_a_tool_asks_itself(world):
    async def loose(ctx: Context, x: int) -> str:
        """Ask for a name."""
        asking = InputRequiredEvent(prefix="Your name?")
        return (await ctx.wait_for_event(HumanResponseEvent, asking)).response

    waiting: list[Any] = []
    tools = [loose, contained(tool_of(world, "held"), world.gate)]
    calls = [calling("loose", "c1", x=1), calling("held", "c2", x=2)]
    handler = agent_of(tools, calls, "all done").run(user_msg="please")
    outputs = {}
    async for event in handler.stream_events():
        waiting += [event] if isinstance(event, InputRequiredEvent) else []
        if len(waiting) == 2 and isinstance(event, InputRequiredEvent):
            (ours,) = [item for item in waiting if isinstance(item, ApprovalRequired)]
            handler.ctx.send_event(approval(ours))
        if isinstance(event, ToolCallResult):
            outputs[event.tool_id] = event.tool_output.content
            if event.tool_id == "c2":
                assert outputs == {"c2": "did 2"}
                handler.ctx.send_event(HumanResponseEvent(response="kim"))
    assert outputs == {"c1": "kim", "c2": "did 2"}


async def test_our_answers_do_not_start_steps_that_take_the_frameworks(world):
    tool = contained(tool_of(world, "held"), world.gate)
    heard = []

    class Job(Workflow):
        @step
        async def work(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=(await tool.acall(x=1)).content)

        @step
        async def listen(self, ev: HumanResponseEvent) -> None:
            heard.append(ev.response)

    async def react(event, ctx):
        ctx.send_event(HumanResponseEvent(response="hello"))
        ctx.send_event(approval(event))

    said, _, _ = await played(Job(timeout=None).run(), react)
    assert (said, world.effects, heard) == ("did 1", [1], ["hello"])


async def test_a_step_that_takes_subclasses_of_its_events_runs_once_for_an_answer(world):
    tool = contained(tool_of(world, "held"), world.gate)
    runs = []

    class Job(Workflow):
        @step(accept_event_subclasses=True)
        async def work(self, ev: StartEvent) -> StopEvent:
            runs.append(ev)
            return StopEvent(result=(await tool.acall(x=1)).content)

    said, _, _ = await played(Job(timeout=None).run(), approving)
    assert (said, world.effects, len(runs)) == ("did 1", [1], 2)


class Done(Event):
    pass


async def test_nothing_waits_on_when_a_call_is_over(world):
    tool = contained(tool_of(world, "held"), world.gate)

    class Job(Workflow):
        @step
        async def work(self, ev: StartEvent) -> Done:
            await tool.acall(x=1)
            return Done()

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent:
            await ctx.wait_for_event(HumanResponseEvent, waiter_id="last", timeout=None)
            return StopEvent(result="end")

    handler = Job(timeout=None).run()
    async for event in handler.stream_events():
        if isinstance(event, ApprovalRequired):
            assert len(waiters(handler.ctx)) == 3
            handler.ctx.send_event(ApprovalAnswered(request_id=event.request_id))
            handler.ctx.send_event(approval(event))
            await until(lambda: "last" in waiters(handler.ctx))
            assert waiters(handler.ctx) == ["last"]
            handler.ctx.send_event(HumanResponseEvent())
    assert (await handler, world.effects) == ("end", [1])


async def test_nothing_waits_on_when_somebody_catches_the_pause(world):
    tool = contained(tool_of(world, "held"), world.gate)
    seen = []

    class Job(Workflow):
        @step
        async def work(self, ev: StartEvent) -> Done:
            seen.append((await acall_tool(tool, {"x": 1})).is_error)
            return Done()

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent:
            await ctx.wait_for_event(HumanResponseEvent, waiter_id="last", timeout=None)
            return StopEvent(result="end")

    handler = Job(timeout=None).run()
    await until(lambda: "last" in waiters(handler.ctx))
    assert (waiters(handler.ctx), seen) == (["last"], [True])
    handler.ctx.send_event(HumanResponseEvent())
    assert await handler == "end"


# ── In a crowd ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["memory", "file"])
def kept(world, tmp_path, request):
    """The same world with either kind of record: a file lets other deliveries in between."""
    if request.param == "file":
        world.gate = Gate.open(world.gate.rulebook, store=str(tmp_path / "lockgate.db"))
    yield world
    world.gate.close()


@pytest.mark.parametrize("count", [3, 9])
@pytest.mark.parametrize("order", ["wake-up first", "answer first"])
async def test_no_wake_up_takes_the_place_of_an_answer(kept, count, order):
    """More events than the framework has workers: it keeps the latest of each waiter only."""
    waiting = []

    async def react(event, ctx):
        waiting.append(event)
        if len(waiting) < count:
            return
        events = [ApprovalAnswered(request_id=item.request_id) for item in waiting]
        answers = [approval(item) for item in waiting]
        for item in events + answers if order == "wake-up first" else answers + events:
            ctx.send_event(item)

    said, outputs, _ = await played(agent_with(kept, count).run(user_msg="please"), react)
    assert (said, len(outputs)) == ("all done", count)
    assert sorted(kept.effects) == list(range(1, count + 1))


@pytest.mark.parametrize("count", [1, 3, 9])
@pytest.mark.parametrize("slow", [False, True])
async def test_second_clicks_in_a_crowd_bring_no_second_result(kept, count, slow):
    waiting = []

    async def react(event, ctx):
        waiting.append(event)
        if len(waiting) < count:
            return
        for item in waiting:
            ctx.send_event(approval(item))
            ctx.send_event(approval(item))
            ctx.send_event(stock(item, response="yes", by="kim"))

    agent = agent_with(kept, count, slow=slow)
    said, outputs, _ = await played(agent.run(user_msg="please"), react)
    assert (said, len(outputs)) == ("all done", count)
    assert sorted(kept.effects) == list(range(1, count + 1))


ALL_HELD = "rules: [{id: ask, then: require_approval, reason: a person must see it}]"


async def test_a_second_click_runs_a_step_of_ones_own_again_and_the_call_once(world):
    tool = contained(tool_of(world, "held", slow=True), world.gate)
    found = []

    class Job(Workflow):
        @step
        async def work(self, ev: StartEvent) -> Done:
            found.append((await tool.acall(x=1)).is_error)
            return Done()

        @step
        async def end(self, ctx: Context, ev: Done) -> StopEvent | None:
            return StopEvent() if ctx.collect_events(ev, [Done] * 2) else None

    async def react(event, ctx):
        ctx.send_event(approval(event))
        ctx.send_event(approval(event))

    await played(Job(timeout=None).run(), react)
    assert (world.effects, sorted(found)) == ([1], [False, True])


class Going(FunctionAgent):
    """An agent whose way of calling a tool goes on after the call."""

    async def _call_tool(self, ctx: Context, tool: Any, tool_input: Any) -> Any:
        output = await super()._call_tool(ctx, tool, tool_input)
        return await self.go_on(ctx, tool, tool_input) or output

    async def go_on(self, ctx: Context, tool: Any, tool_input: Any) -> Any:
        raise NotImplementedError


def going(world: Any, go_on: Any) -> Going:
    made = type("Made", (Going,), {"go_on": go_on})
    tools = contained([tool_of(world, "held"), tool_of(world, "free")], world.gate)
    llm = scripted([calling("held", "c1", x=1)], "all done")
    return made(tools=tools, llm=llm, timeout=None)


async def test_a_step_that_asks_something_itself_after_the_call_goes_on(world):
    async def go_on(self: Any, ctx: Context, tool: Any, tool_input: Any) -> None:
        asking = InputRequiredEvent(prefix="and now?")
        while True:  # the same waiter again and again, as the framework's pages show it
            told = await ctx.wait_for_event(HumanResponseEvent, asking, "own", timeout=None)
            if told.response == "go":
                return
            raise WaitingForEvent(AddWaiter(waiter_id="own", event_type=HumanResponseEvent))

    async def react(event, ctx):
        ctx.send_event(approval(event))

    handler = going(world, go_on).run(user_msg="please")
    async for event in handler.stream_events():
        if isinstance(event, ApprovalRequired):
            handler.ctx.send_event(approval(event))
        elif isinstance(event, InputRequiredEvent):
            for word in ("wait", "wait", "go"):
                handler.ctx.send_event(HumanResponseEvent(response=word))
                await asyncio.sleep(0.05)
    assert (str(await handler), world.effects) == ("all done", [1])


async def test_a_step_whose_own_waiting_has_run_out_goes_on(world):
    async def go_on(self: Any, ctx: Context, tool: Any, tool_input: Any) -> None:
        with suppress(TimeoutError):
            await ctx.wait_for_event(HumanResponseEvent, timeout=0.01)

    said, _, _ = await played(going(world, go_on).run(user_msg="please"), approving)
    assert (said, world.effects) == ("all done", [1])


async def test_a_step_may_make_the_same_call_twice_and_another_one(world):
    """The second is the first one again; the third waits, and what came before goes on."""
    world.gate.use(Rulebook.parse(ALL_HELD))
    other = contained(tool_of(world, "other"), world.gate)

    async def go_on(self: Any, ctx: Context, tool: Any, tool_input: Any) -> Any:
        again = await tool.acall(**tool_input)
        assert again.content == "did 1"
        return await other.acall(x=2)

    said, outputs, asked = await played(going(world, go_on).run(user_msg="please"), approving)
    assert (said, world.effects, len(asked)) == ("all done", [1, 2], 2)
    assert outputs["c1"].content == "did 2"


async def test_a_step_that_fails_after_the_call_and_is_tried_again_goes_on(world):
    tool = contained(tool_of(world, "held"), world.gate)
    tries = []

    class Job(Workflow):
        @step
        async def begin(self, ev: StartEvent) -> ToolCall:
            return ToolCall(tool_name="held", tool_kwargs={"x": 1}, tool_id="c1")

        @step(retry_policy=retry_policy(wait=wait_fixed(0), stop=stop_after_attempt(3)))
        async def work(self, ev: ToolCall) -> StopEvent:
            output = await tool.acall(**ev.tool_kwargs)
            tries.append(output.content)
            if len(tries) == 1:
                raise RuntimeError("not yet")
            return StopEvent(result=output.content)

    said, _, _ = await played(Job(timeout=None).run(), approving)
    assert (said, world.effects, tries) == ("did 1", [1], ["did 1", "did 1"])


async def test_a_step_that_collects_events_after_the_call_goes_on(world):
    """The framework runs such a step again when another one has added to the collection."""
    tool = contained(tool_of(world, "held", slow=True), world.gate)

    class Job(Workflow):
        @step
        async def begin(self, ctx: Context, ev: StartEvent) -> ToolCall | None:
            for x in range(2):
                call = ToolCall(tool_name="held", tool_kwargs={"x": x}, tool_id=f"c{x}")
                ctx.send_event(call)

        @step
        async def work(self, ctx: Context, ev: ToolCall) -> StopEvent | None:
            await tool.acall(**ev.tool_kwargs)
            if ctx.collect_events(ev, [ToolCall] * 2) is None:
                return None
            return StopEvent(result="both")

    waiting = []

    async def react(event, ctx):
        waiting.append(event)
        if len(waiting) == 2:
            for item in waiting:
                ctx.send_event(approval(item))

    said, _, _ = await played(Job(timeout=None).run(), react)
    assert (said, sorted(world.effects)) == ("both", [0, 1])


# ── In another process ───────────────────────────────────────────────────────────────────────


async def test_a_resumed_run_takes_the_frameworks_event(world):
    handler, asked = await until_held(agent_with(world, 3), 3)
    saved = await dump(handler.ctx)
    await handler.cancel_run()
    assert len(json.loads(saved)["context"]["workers"]["call_tool"]["collected_waiters"]) == 9
    handler = await resume(agent_with(world, 3), saved)
    for event in asked:
        answer = "no" if event.arguments["x"] == 2 else "yes"
        handler.ctx.send_event(stock(event, response=answer, by="kim"))
    said, outputs, shown = await played(handler)
    assert (said, sorted(world.effects), len(outputs)) == ("all done", [1, 3], 3)
    assert len(shown) == 3


async def test_a_saved_run_that_was_answered_at_the_desk_takes_no_second_answer(world):
    handler, (event,) = await until_held(agent_with(world))
    saved = await dump(handler.ctx)
    await handler.cancel_run()
    world.gate.desk.answer(event.request_id, Answer(choice=Choice.REJECT, by="ann"))
    handler = await resume(agent_with(world), saved)
    handler.ctx.send_event(stock(event, response="yes", by="kim"))
    said, _, _ = await played(handler)
    assert (said, world.effects) == ("all done", [])


async def test_an_answer_that_nobody_has_read_when_the_run_is_saved_is_not_lost(world):
    """It goes into the snapshot with the waiter that has it."""
    handler, (event,) = await until_held(agent_with(world))
    handler.ctx.send_event(stock(event, response="yes", by="kim"))
    saved = None
    while not world.gate.store.of_kind(EventKind.RESOLVED):
        saved = await dump(handler.ctx)
        await asyncio.sleep(0)
    await handler.cancel_run()
    said, _, _ = await played(await resume(agent_with(world), saved))
    assert said == "all done"
    assert len(world.effects) <= 1


async def test_a_run_that_the_framework_restored_keeps_answers_apart(world):
    """Restored waiters forget whom they wait for, until each call has waited anew."""
    handler, asked = await until_held(agent_with(world, 2), 2)
    saved = json.loads(await dump(handler.ctx))
    await handler.cancel_run()
    agent = agent_with(world, 2)
    handler = agent.run(ctx=Context.from_dict(agent, saved["context"]))
    await handler.ctx.store.set("memory", ChatMemoryBuffer.from_defaults())
    handler.ctx.send_event(approval(asked[0]))
    await until(lambda: world.effects)
    await asyncio.sleep(0.1)
    assert world.effects == [asked[0].arguments["x"]]
    handler.ctx.send_event(HumanResponseEvent(response="to somebody else"))
    await asyncio.sleep(0.1)
    handler.ctx.send_event(approval(asked[1], "reject"))
    said, outputs, shown = await played(handler)
    assert (said, len(world.effects), len(outputs), shown) == ("all done", 1, 2, [])


async def test_calls_that_nothing_tells_apart_are_both_resumed(world):
    """One of two equal calls waits, and the other one is still on its way, when it is saved."""

    def agent() -> Any:
        tools = contained([tool_of(world, "held")], world.gate)
        return agent_of(tools, [calling("held", "held", x=1)] * 2, "all done")

    handler, _ = await until_held(agent(), 2)
    told = json.loads(await dump(handler.ctx))
    await handler.cancel_run()
    worker = told["context"]["workers"]["call_tool"]
    (item, _) = {waiter["work_item_id"] for waiter in worker["collected_waiters"]}
    moving = [waiter for waiter in worker["collected_waiters"] if waiter["work_item_id"] == item]
    worker["collected_waiters"] = [
        waiter for waiter in worker["collected_waiters"] if waiter["work_item_id"] != item
    ]
    worker["queue"].append(moving[0])
    world.approve()
    handler, results = await resume(agent(), json.dumps(told)), []
    async with asyncio.timeout(10):
        async for event in handler.stream_events():
            results += [event] if isinstance(event, ToolCallResult) else []
    assert len(results) == 2
    assert len(world.effects) == 1
