"""A crowd at one door: fifty resume the same approved call, fifty answer the same request."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

pytest.importorskip("langchain", reason="the LangChain door needs the `langchain` extra")

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver

from lockgate import Answer, AnswerRefused, Choice, Gate, PendingApproval, Rulebook
from lockgate.adapters.langchain import contained, containment, resumption
from lockgate.demo.model import ScriptedModel, calling
from lockgate.observe import calls, every_event
from lockgate.record import EventKind, verify

CONFIG: Any = {"configurable": {"thread_id": "t"}}
CROWD = 50
RULES = "rules: [{id: ask, on: {tool: pay}, then: require_approval, reason: money}]"


@pytest.fixture
def gate(tmp_path):
    with Gate.open(Rulebook.parse(RULES), store=str(tmp_path / "record.db")) as opened:
        yield opened


@pytest.fixture
def paid():
    return []


@pytest.fixture
def pay(paid):
    @tool
    def pay(x: int) -> str:
        """Pay."""
        paid.append(x)
        return f"paid {x}"

    return pay


@pytest.fixture(params=["in memory", "in SQLite"])
def saver(request, tmp_path):
    if request.param == "in memory":
        yield InMemorySaver()
        return
    with SqliteSaver.from_conn_string(str(tmp_path / "graph.db")) as opened:
        yield opened


def agent_over(gate, pay, saver):
    model = ScriptedModel(script=[calling("pay", x=7)])
    return create_agent(model, [pay], middleware=[containment(gate)], checkpointer=saver)


def at_once(act: Any) -> list[Any]:
    """Let a crowd do the same at the same moment; return what each got, or how it failed."""
    together, got = threading.Barrier(CROWD), []

    def one(at: int) -> None:
        together.wait()
        try:
            got.append(act(at))
        except Exception as error:  # noqa: BLE001 - counted by the test
            got.append(error)

    threads = [threading.Thread(target=one, args=(at,)) for at in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def approve(gate, by="ann"):
    (request,) = gate.desk.pending()
    gate.desk.answer(request.id, Answer(choice=Choice.APPROVE, by=by))


def test_fifty_resume_one_approved_call_and_it_runs_once(gate, pay, paid, saver):
    agent = agent_over(gate, pay, saver)
    agent.invoke({"messages": [HumanMessage("pay 7")]}, CONFIG)
    wake_up = resumption(agent.get_state(CONFIG))
    approve(gate)
    got = at_once(lambda _: agent.invoke(wake_up, CONFIG))
    assert [one for one in got if isinstance(one, Exception)] == []
    assert paid == [7]
    assert len(gate.store.of_kind(EventKind.STARTED)) == 1
    assert [row.state for row in calls(every_event(gate.store))] == ["completed"]
    verify(gate.store.page())


def test_each_of_the_crowd_is_told_the_one_result_or_that_it_is_not_run_again(
    gate, pay, paid, saver
):
    agent = agent_over(gate, pay, saver)
    agent.invoke({"messages": [HumanMessage("pay 7")]}, CONFIG)
    wake_up = resumption(agent.get_state(CONFIG))
    approve(gate)
    told = {
        item.content
        for one in at_once(lambda _: agent.invoke(wake_up, CONFIG))
        for item in one["messages"]
        if isinstance(item, ToolMessage)
    }
    assert "paid 7" in told
    assert all("paid 7" in said or "was not executed" in said for said in told)
    assert paid == [7]


def test_fifty_call_a_contained_tool_that_was_approved_once_and_it_runs_once(gate, pay, paid):
    made = contained(pay, gate)
    with pytest.raises(PendingApproval):
        made.invoke({"x": 7})
    approve(gate)
    got = at_once(lambda _: made.invoke({"x": 7}))
    assert got.count("paid 7") == 1
    assert paid == [7]


def test_fifty_approve_one_request_and_one_of_them_wins(gate, pay, paid, saver):
    agent = agent_over(gate, pay, saver)
    agent.invoke({"messages": [HumanMessage("pay 7")]}, CONFIG)
    (request,) = gate.desk.pending()

    def answer(at: int) -> Any:
        return gate.desk.answer(request.id, Answer(choice=Choice.APPROVE, by=f"person {at}"))

    kinds = Counter(type(one).__name__ for one in at_once(answer))
    assert kinds.pop(AnswerRefused.__name__) == CROWD - 1
    assert list(kinds.values()) == [1]
    (resolved,) = gate.store.of_kind(EventKind.RESOLVED)
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    assert paid == [7]
    assert resolved.data["by"].startswith("person ")


def test_where_some_approve_and_some_reject_the_first_answer_holds(gate, pay, paid, saver):
    agent = agent_over(gate, pay, saver)
    agent.invoke({"messages": [HumanMessage("pay 7")]}, CONFIG)
    (request,) = gate.desk.pending()

    def answer(at: int) -> Any:
        choice = Choice.APPROVE if at % 2 else Choice.REJECT
        return gate.desk.answer(request.id, Answer(choice=choice, by=f"person {at}"))

    refused = [one for one in at_once(answer) if isinstance(one, AnswerRefused)]
    assert len(refused) == CROWD - 1
    (resolved,) = gate.store.of_kind(EventKind.RESOLVED)
    agent.invoke(resumption(agent.get_state(CONFIG)), CONFIG)
    assert paid == ([7] if resolved.data["state"] == "approved" else [])
