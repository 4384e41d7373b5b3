"""LangGraph's pause: answers in every dialect, in any process, and never twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware, ToolRetryMiddleware
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, interrupt
from pydantic import Field

from lockgate import Answer, AnswerRefused, Choice, Gate, PendingApproval, Rulebook
from lockgate.adapters.langchain import contained, containment, resumption
from lockgate.adapters.langchain.pause import answer_in, payload
from lockgate.demo.model import ScriptedModel, calling
from lockgate.observe import calls, every_event
from lockgate.record import EventKind

CONFIG: Any = {"configurable": {"thread_id": "t"}}
SHOP = Path(__file__).with_name("shop_process.py")


def user() -> dict[str, Any]:
    return {"messages": [HumanMessage("please")]}


def two_calls(*names: str) -> AIMessage:
    calls = [{"name": name, "args": {"x": at}, "id": f"c{at}"} for at, name in enumerate(names)]
    return AIMessage("", tool_calls=calls)


@pytest.fixture
def held(world):
    @tool
    def held(x: int) -> str:
        """Do it."""
        world.effects.append(x)
        return f"did {x}"

    return held


def agent_of(world, *tools, script, **options):
    layers = [containment(world.gate, **options)]
    model = ScriptedModel(script=script)
    return create_agent(model, list(tools), middleware=layers, checkpointer=InMemorySaver())


def told(agent) -> list[str]:
    messages = agent.get_state(CONFIG).values["messages"]
    return [item.content for item in messages if isinstance(item, ToolMessage)]


APPROVALS = {
    "ours": {"choice": "approve", "by": "ann"},
    "batched": {"decisions": [{"type": "approve"}]},
    "per call": {"type": "approve"},
    "old inbox": [{"type": "accept", "args": None}],
}
REJECTIONS = {
    "ours": {"choice": "reject", "by": "ann", "comment": "no"},
    "batched": {"decisions": [{"type": "reject", "message": "no"}]},
    "per call": {"type": "reject", "message": "no"},
    "old inbox": [{"type": "ignore", "args": None}],
}
NO_ANSWERS = {
    "text": "yes",
    "nothing": {"decisions": []},
    "two for one": {"decisions": [{"type": "approve"}, {"type": "approve"}]},
    "another request": {"request_id": "apr-other", "choice": "approve"},
    "an edit to another tool": {"type": "edit", "edited_action": {"name": "free", "args": {}}},
    "an edit without arguments": {"type": "edit"},
    "true": True,
    "by the agent itself": {"choice": "approve", "by": "agent"},
}


@pytest.mark.parametrize("value", APPROVALS.values(), ids=APPROVALS)
def test_an_approval_in_any_dialect_runs_the_call(world, held, value):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    agent.invoke(Command(resume=value), CONFIG)
    assert (world.effects, told(agent)) == ([1], ["did 1"])


@pytest.mark.parametrize("value", REJECTIONS.values(), ids=REJECTIONS)
def test_a_rejection_in_any_dialect_reaches_the_model(world, held, value):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    agent.invoke(Command(resume=value), CONFIG)
    assert world.effects == []
    assert "rejected it" in told(agent)[0]
    assert not agent.get_state(CONFIG).interrupts


@pytest.mark.parametrize("value", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_leaves_the_request_standing(world, held, value):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    agent.invoke(Command(resume=value), CONFIG)
    assert world.effects == []
    assert len(agent.get_state(CONFIG).interrupts) == 1
    world.approve()
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    assert world.effects == [1]


EDITS = {
    "ours": {"choice": "edit", "arguments": {"x": "9"}, "by": "ann"},
    "batched": {
        "decisions": [{"type": "edit", "edited_action": {"name": "held", "args": {"x": 9}}}]
    },
    "per call": {"type": "edit", "edited_action": {"name": "held", "args": {"x": 9}}},
    "old inbox": [{"type": "edit", "args": {"action": "held", "args": {"x": 9}}}],
}
RESPONSES = {
    "ours": {"choice": "respond", "comment": "did it by hand"},
    "batched": {"decisions": [{"type": "respond", "message": "did it by hand"}]},
    "per call": {"type": "respond", "message": "did it by hand"},
    "old inbox": [{"type": "response", "args": "did it by hand"}],
}


@pytest.mark.parametrize("value", EDITS.values(), ids=EDITS)
def test_an_edit_in_any_dialect_runs_what_was_edited_validated(world, held, value):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    agent.invoke(Command(resume=value), CONFIG)
    assert (world.effects, told(agent)) == ([9], ["did 9"])
    (ended,) = world.gate.store.of_kind(EventKind.RESOLVED)
    assert ended.data["arguments"] in ({"x": 9}, {"x": "9"})
    assert [event.data["arguments"] for event in world.gate.store.of_kind(EventKind.DECIDED)] == [
        {"x": 1},
        {"x": 9},
    ]


@pytest.mark.parametrize("value", RESPONSES.values(), ids=RESPONSES)
def test_a_response_in_any_dialect_stands_in_for_the_tool(world, held, value):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    agent.invoke(Command(resume=value), CONFIG)
    assert (world.effects, told(agent)) == ([], ["did it by hand"])


def test_an_edit_is_judged_anew(world, held):
    world.gate.use(
        Rulebook.parse("""
rules:
  - {id: ask, on: {tool: held}, then: require_approval, reason: a person must see it}
  - {id: never-nine, on: {tool: held}, when: args.x == 9, then: block, reason: not nine}
""")
    )
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    agent.invoke(Command(resume=EDITS["batched"]), CONFIG)
    assert world.effects == []
    assert "not nine" in told(agent)[0]


def test_an_edit_that_does_not_fit_the_tool_is_refused(world, held):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    agent.invoke(Command(resume={"choice": "edit", "arguments": {"x": "many"}}), CONFIG)
    assert world.effects == []
    assert "do not fit the tool" in told(agent)[0]


def test_an_edited_call_runs_once_however_often_it_is_resumed(world, held):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    paused = next(item for item in agent.get_state_history(CONFIG) if item.interrupts)
    for _ in range(2):
        agent.invoke(Command(resume=EDITS["batched"]), paused.config)
    assert world.effects == [9]


def test_the_store_answer_wins_over_the_resume_value(world, held):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    world.reject()
    agent.invoke(Command(resume=APPROVALS["batched"]), CONFIG)
    assert world.effects == []
    assert "ann rejected it" in told(agent)[0]


def test_the_payload_is_plain_json_that_inboxes_show(world, held):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    (paused,) = agent.get_state(CONFIG).interrupts
    shown = orjson.loads(orjson.dumps(paused.value))
    (action,) = shown["action_requests"]
    (review,) = shown["review_configs"]
    assert (action["name"], action["args"]) == ("held", {"x": 1})
    assert (review["action_name"], review["allowed_decisions"]) == (
        "held",
        ["approve", "edit", "reject", "respond"],
    )
    assert shown["request_id"] == world.gate.desk.pending()[0].id
    assert answer_in(True, world.gate.desk.pending()[0]) is None
    assert payload(world.gate.desk.pending()[0]) == shown


def test_secrets_are_masked_in_the_payload(world):
    @tool
    def held(password: str) -> str:
        """Log in."""
        world.effects.append(password)
        return "in"

    agent = agent_of(world, held, script=[calling("held", password="hunter2hunter2")])  # noqa: S106
    agent.invoke(user(), CONFIG)
    assert "hunter2" not in str(agent.get_state(CONFIG).interrupts)
    world.approve()
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    assert world.effects == ["hunter2hunter2"]
    assert all(b"hunter2" not in event.body for event in world.gate.store.page())


def test_two_held_calls_get_their_own_answers(world, held):
    script = [two_calls("held", "held")]
    agent = agent_of(world, held, script=script)
    agent.invoke(user(), CONFIG)
    first, second = sorted(world.gate.desk.pending(), key=lambda item: item.call)
    world.gate.desk.answer(first.id, Answer(choice=Choice.REJECT, by="ann"))
    world.gate.desk.answer(second.id, Answer(choice=Choice.APPROVE, by="ann"))
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    assert world.effects == [1]


def test_a_sibling_that_finished_is_not_run_again(world, held):
    @tool
    def free(x: int) -> str:
        """Free."""
        world.effects.append("free")
        return "free"

    agent = agent_of(world, held, free, script=[two_calls("free", "held")])
    agent.invoke(user(), CONFIG)
    world.approve()
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    assert world.effects == ["free", 1]


def test_double_resume_and_time_travel_run_once(world, held):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    paused = next(item for item in agent.get_state_history(CONFIG) if item.interrupts)
    together = threading.Barrier(2)

    def resume() -> None:
        together.wait()
        agent.invoke(Command(resume=APPROVALS["batched"]), CONFIG)

    threads = [threading.Thread(target=resume) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.effects == [1]
    agent.invoke(Command(resume=APPROVALS["batched"]), paused.config)
    assert world.effects == [1]


def test_the_tools_own_question_is_not_answered_by_the_approval(world):
    @tool
    def held(x: int) -> str:
        """Ask."""
        said = interrupt("which one?")
        world.effects.append(said)
        return said

    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    world.approve()
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    (question,) = agent.get_state(CONFIG).interrupts
    assert (question.value, world.effects) == ("which one?", [])
    assert world.count(EventKind.SUSPENDED) == 1
    agent.invoke(Command(resume="the blue one"), CONFIG)
    assert (world.effects, told(agent)) == (["the blue one"], ["the blue one"])


def test_an_own_question_keeps_its_place_after_a_second_asking(world):
    @tool
    def held(x: int) -> str:
        """Ask."""
        said = interrupt("which one?")
        world.effects.append(said)
        return said

    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    (paused,) = agent.get_state(CONFIG).interrupts
    agent.invoke(Command(resume={paused.id: "hm"}), CONFIG)
    world.approve()
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    agent.invoke(Command(resume="red"), CONFIG)
    assert world.effects == ["red"]


def test_an_argument_that_changes_between_asking_and_running_is_stale(world):
    numbers = iter(range(100))

    @tool
    def held(x: int, nonce: int = Field(default_factory=lambda: next(numbers))) -> str:
        """Change."""
        world.effects.append(x)
        return "v"

    agent = agent_of(world, held, script=[calling("held", x=1)])
    agent.invoke(user(), CONFIG)
    world.approve()
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    assert world.effects == []


def test_without_a_checkpointer_a_held_call_raises_instead_of_pausing_for_ever(world, held):
    model = ScriptedModel(script=[calling("held", x=1)])
    agent = create_agent(model, [held], middleware=[containment(world.gate)])
    with pytest.raises(PendingApproval, match="a person must see it"):
        agent.invoke(user())
    assert world.effects == []


def test_raising_on_hold_resumes_from_the_checkpoint(world, held):
    agent = agent_of(world, held, script=[calling("held", x=1)], on_hold="raise")
    with pytest.raises(PendingApproval):
        agent.invoke(user(), CONFIG)
    world.approve()
    agent.invoke(None, CONFIG)
    assert (world.effects, told(agent)) == ([1], ["did 1"])


def test_a_retrying_middleware_outside_sees_one_decision_for_a_block(world):
    @tool
    def never(x: int) -> str:
        """Never."""
        return "v"

    layers = [ToolRetryMiddleware(max_retries=3, initial_delay=0), containment(world.gate)]
    model = ScriptedModel(script=[calling("never", x=1)])
    agent = create_agent(model, [never], middleware=layers, checkpointer=InMemorySaver())
    agent.invoke(user(), CONFIG)
    assert world.count(EventKind.DECIDED) == 1
    assert "never run this" in told(agent)[0]


def test_a_retry_of_a_failed_effect_is_refused_and_of_an_idempotent_one_allowed(world):
    def failing(name: str):
        def act(x: int) -> str:
            """Fail at first."""
            world.effects.append(name)
            if world.effects.count(name) == 1:
                raise ConnectionError("lost")
            return "done"

        act.__name__ = name
        return tool(act)

    world.gate.use(Rulebook.parse("rules: [{id: all, then: allow, reason: a test}]"))
    layers = [
        ToolRetryMiddleware(max_retries=2, initial_delay=0),
        containment(world.gate, idempotent=["update_twice"]),
    ]
    model = ScriptedModel(script=[two_calls("update_once", "update_twice")])
    tools = [failing("update_once"), failing("update_twice")]
    agent = create_agent(model, tools, middleware=layers, checkpointer=InMemorySaver())
    agent.invoke(user(), CONFIG)
    assert world.effects.count("update_once") == 1
    assert world.effects.count("update_twice") == 2
    once, twice = told(agent)
    assert "already ran and failed" in once
    assert twice == "done"


def test_an_edit_by_an_outer_reviewer_is_judged_as_edited(world):
    @tool
    def free(x: int) -> str:
        """Free."""
        world.effects.append(("free", x))
        return "v"

    @tool
    def never(x: int) -> str:
        """Never."""
        world.effects.append(("never", x))
        return "v"

    reviewer = HumanInTheLoopMiddleware(interrupt_on={"free": True})
    model = ScriptedModel(script=[calling("free", x=1)])
    layers = [reviewer, containment(world.gate)]
    agent = create_agent(model, [free, never], middleware=layers, checkpointer=InMemorySaver())
    agent.invoke(user(), CONFIG)
    edited = {"type": "edit", "edited_action": {"name": "never", "args": {"x": 2}}}
    agent.invoke(Command(resume={"decisions": [edited]}), CONFIG)
    assert world.effects == []
    assert "never run this" in told(agent)[0]


def test_tools_that_a_middleware_adds_and_invented_names_are_seen(world):
    agent = agent_of(world, script=[calling("invented", x=1)])
    agent.invoke(user(), CONFIG)
    assert told(agent) == ["blocked: `invented` was not executed: there is no such tool"]
    (refused,) = world.gate.store.of_kind(EventKind.REFUSED)
    assert refused.data["tool"] == "invented"


def test_what_the_user_said_is_recorded_once_and_can_be_asked_for(world):
    @tool
    def held(x: int) -> str:
        """Do it."""
        world.effects.append(x)
        return "v"

    world.gate.use(
        Rulebook.parse("""
rules:
  - {id: confirmed, on: {tool: held}, when: "!said.exists(s, s.contains('yes'))",
     then: block, reason: the user has not said yes}
  - {id: else, on: {tool: held}, then: allow, reason: said yes}
""")
    )
    agent = agent_of(
        world, held, script=[calling("held", x=1), AIMessage("?"), calling("held", x=2)]
    )
    agent.invoke({"messages": [HumanMessage("do it")]}, CONFIG)
    assert world.effects == []
    agent.invoke({"messages": [HumanMessage("yes, do it")]}, CONFIG)
    assert world.effects == [2]
    assert [event.data["text"] for event in world.gate.store.of_kind(EventKind.SAID)] == [
        "do it",
        "yes, do it",
    ]


def test_without_a_thread_calls_of_different_runs_never_meet(world):
    @tool
    def update_thing(x: int) -> str:
        """Update."""
        world.effects.append(x)
        return "v"

    world.gate.use(Rulebook.parse("rules: [{id: all, then: allow, reason: a test}]"))
    model = ScriptedModel(script=[calling("update_thing", x=1)])
    agent = create_agent(model, [update_thing], middleware=[containment(world.gate)])
    for _ in range(2):
        agent.invoke(user())
    assert world.effects == [1, 1]


def two_in_one_task(world, held):
    graph = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode([contained(held, world.gate)]))
    graph.add_edge(START, "tools")
    graph.add_edge("tools", END)
    agent = graph.compile(checkpointer=InMemorySaver())
    agent.invoke({"messages": [HumanMessage("u"), two_calls("held", "held")]}, CONFIG)
    return agent


def test_in_a_shared_task_an_answer_without_a_name_runs_nothing(world, held):
    agent = two_in_one_task(world, held)
    for _ in range(4):
        agent.invoke(Command(resume=APPROVALS["batched"]), CONFIG)
    assert world.effects == []


@pytest.mark.parametrize("which", [0, 1])
def test_in_a_shared_task_an_approval_runs_its_own_call_only(world, held, which):
    agent = two_in_one_task(world, held)
    for _ in range(6):
        for request in world.gate.desk.pending():
            choice = Choice.APPROVE if request.arguments["x"] == which else Choice.REJECT
            world.gate.desk.answer(request.id, Answer(choice=choice, by="ann"))
        agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    assert world.effects == [which]
    assert not agent.get_state(CONFIG).interrupts


def test_a_new_turn_abandons_what_still_waits(world, held):
    agent = agent_of(world, held, script=[calling("held", x=1), AIMessage("well")])
    agent.invoke(user(), CONFIG)
    (request,) = world.gate.desk.pending()
    agent.invoke({"messages": [HumanMessage("never mind")]}, CONFIG)
    assert world.gate.desk.pending() == []
    with pytest.raises(AnswerRefused, match="already expired by the next turn"):
        world.gate.desk.answer(request.id, Answer(choice=Choice.APPROVE, by="ann"))
    assert world.effects == []


# ── Across processes ─────────────────────────────────────────────────────────────────────────


def process(folder: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(SHOP), str(folder), *words], capture_output=True, check=True
    )
    return orjson.loads(done.stdout)


def approve_elsewhere(folder: Path, request: str) -> None:
    """Approve from here: this is another process than the one that asked."""
    with Gate.open(store=str(folder / "record.db")) as gate:
        assert [item.id for item in gate.desk.pending()] == [request]
        gate.desk.answer(request, Answer(choice=Choice.APPROVE, by="ann"))


@pytest.mark.parametrize("loop", ["sync", pytest.param("async", marks=pytest.mark.slow)])
def test_started_answered_and_resumed_in_three_processes(tmp_path, loop):
    started = process(tmp_path, "start", loop)
    assert started["effects"] == 0
    approve_elsewhere(tmp_path, *started["waiting"])
    resumed = process(tmp_path, "resume", loop)
    assert (resumed["effects"], resumed["told"]) == (1, ["paid 7"])


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["sync", "async"])
def test_travelling_back_in_another_process_pays_nothing(tmp_path, loop):
    started = process(tmp_path, "start", loop)
    approve_elsewhere(tmp_path, *started["waiting"])
    process(tmp_path, "resume", loop)
    assert process(tmp_path, "again", loop)["effects"] == 1


def test_killed_while_the_tool_runs_is_unknown_and_not_repeated(tmp_path):
    started = process(tmp_path, "start", "sync")
    approve_elsewhere(tmp_path, *started["waiting"])
    command = [sys.executable, str(SHOP), str(tmp_path), "killed", "sync"]
    assert subprocess.run(command, check=False).returncode == -9
    resumed = process(tmp_path, "resume", "sync")
    assert resumed["effects"] == 1
    assert "has no known end" in resumed["told"][0]
    with Gate.open(store=str(tmp_path / "record.db")) as gate:
        assert [row.state for row in calls(every_event(gate.store))] == ["unknown"]


def test_an_async_agent_is_not_held_up_by_the_store(world, held):
    agent = agent_of(world, held, script=[calling("held", x=1)])
    asyncio.run(agent.ainvoke(user(), CONFIG))
    world.approve()
    asyncio.run(agent.ainvoke(resumption(agent.get_state(CONFIG)), CONFIG))
    assert world.effects == [1]


def asking_again(world, held, times, **options):
    """Return an agent that calls `held` with the same arguments again and again."""
    calls = [
        AIMessage("", tool_calls=[{"name": "held", "args": {"x": 1}, "id": f"c{at}"}])
        for at in range(times)
    ]
    turns = [part for call in calls for part in (call, AIMessage("later"))]
    return agent_of(world, held, script=turns, **{"on_hold": "tell", **options})


def test_told_that_it_is_held_the_agent_asks_again_and_the_call_runs_once(world, held):
    agent = asking_again(world, held, 4)
    for _ in range(2):
        agent.invoke(user(), CONFIG)
    assert len(world.gate.desk.pending()) == 1
    assert all("pending approval" in said for said in told(agent))
    world.approve()
    agent.invoke(user(), CONFIG)
    assert (world.effects, told(agent)[-1]) == ([1], "did 1")
    agent.invoke(user(), CONFIG)
    assert world.effects == [1]
    assert "pending approval" in told(agent)[-1]
    assert len(world.gate.desk.pending()) == 1


def test_an_adopted_call_that_is_replayed_gets_the_recorded_result(world, held):
    agent = asking_again(world, held, 2)
    agent.invoke(user(), CONFIG)
    world.approve()
    agent.invoke(user(), CONFIG)
    before = next(
        item
        for item in agent.get_state_history(CONFIG)
        if item.next == ("tools",) and len(told_in(item)) == 1
    )
    agent.invoke(None, before.config)
    assert world.effects == [1]


def told_in(state) -> list[str]:
    return [item.content for item in state.values["messages"] if isinstance(item, ToolMessage)]


def test_told_of_a_rejection_the_agent_hears_it_again_without_asking_anybody(world, held):
    agent = asking_again(world, held, 2)
    agent.invoke(user(), CONFIG)
    world.reject()
    agent.invoke(user(), CONFIG)
    assert "ann rejected it" in told(agent)[-1]
    assert world.gate.desk.pending() == []
    assert world.effects == []
