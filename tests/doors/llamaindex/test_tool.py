"""A contained LlamaIndex tool stays what it was, and every way of calling it is judged once."""

import asyncio
import copy
import sys
from typing import Any

import pytest

pytest.importorskip("llama_index.core", reason="the LlamaIndex door needs the `llamaindex` extra")

from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.tools import (
    FunctionTool,
    QueryEngineTool,
    ToolMetadata,
    ToolOutput,
    adapt_to_async_tool,
)
from llama_index.core.tools.calling import acall_tool, call_tool
from llama_index.core.tools.types import AsyncBaseTool, BaseTool
from llama_index.core.workflow import Context
from pydantic import BaseModel, Field
from tests.doors.llamaindex.world import (
    agent_of,
    approving,
    calling,
    judged,
    played,
    scripted,
    tool_of,
)

from lockgate import Blocked, PendingApproval, Rulebook, WiringError
from lockgate.adapters.llamaindex import contained
from lockgate.record import EventKind
from lockgate.testing import ScriptedApprover

ALLOW = "rules: [{id: all, then: allow, reason: a test}]"
pytestmark = pytest.mark.filterwarnings(
    # Agents look at every attribute of themselves, those that pydantic has retired included.
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)


@pytest.fixture
def gate(world):
    """A gate that allows everything, to look at what is judged."""
    world.gate.use(Rulebook.parse(ALLOW))
    return world.gate


# ── What a contained tool keeps ──────────────────────────────────────────────────────────────


def plain(x: int, y: float = 5.0) -> str:
    """Add.

    x (int): The first.
    """
    return f"{x} + {y}"


def test_the_class_the_metadata_and_the_function_survive(gate):
    tool = FunctionTool.from_defaults(plain, return_direct=True)
    made = contained(tool, gate)
    assert isinstance(made, FunctionTool)
    assert type(made).__name__ == "FunctionTool"
    assert made.metadata is tool.metadata
    assert made.metadata.to_openai_tool() == tool.metadata.to_openai_tool()
    assert made.real_fn.__wrapped__ is plain
    assert made.requires_context is False
    assert not hasattr(type(tool), "__lockgate__"), "the original stays as it was"


def test_containing_twice_decides_once(gate):
    made = contained(contained(plain, gate), gate)
    assert made(x=1).content == "1 + 5.0"
    assert len(judged(gate)) == 1


def test_the_shape_that_is_given_comes_back(gate):
    tool = FunctionTool.from_defaults(plain)
    assert isinstance(contained(tool, gate), FunctionTool)
    assert isinstance(contained(plain, gate), FunctionTool)
    assert [made.metadata.name for made in contained((plain, tool), gate)] == ["plain", "plain"]
    assert contained([], gate) == []


@pytest.mark.parametrize(
    ("tools", "options"),
    [
        (7, {}),
        ([plain, None], {}),
        (plain, {"on_hold": "hope"}),
        (plain, {"on_block": "pray"}),
        (plain, {"actions": {"plain": "no.such.action"}}),
    ],
)
def test_what_can_not_be_wired_is_refused(gate, tools, options):
    with pytest.raises(WiringError):
        contained(tools, gate, **options)


def test_authors_may_declare_what_a_tool_does(gate):
    contained(plain, gate, actions={"plain": "payments.refund"}, idempotent=["plain"])
    tool = gate.tools["llamaindex", "plain"]
    assert tool.classification.action.id == "payments.refund"
    assert tool.signature.idempotent
    assert tool.signature.parameters["properties"].keys() == {"x", "y"}


async def aplain(x: int, y: float = 5.0) -> str:
    """Add."""
    return f"{x} + {y}"


class Engine(CustomQueryEngine):
    def custom_query(self, query_str: str) -> str:
        return f"found {query_str}"


class Asynchronous(AsyncBaseTool):
    metadata = ToolMetadata(name="odd", description="An odd tool.")

    def call(self, input: str) -> ToolOutput:  # noqa: A002 - the framework's word
        vars(self).setdefault("seen", []).append(input)
        return ToolOutput(content=input, tool_name="odd", raw_input={}, raw_output=input)

    async def acall(self, input: str) -> ToolOutput:  # noqa: A002 - the framework's word
        return self.call(input)


class Synchronous(BaseTool):
    metadata = ToolMetadata(name="odd", description="An odd tool.")

    def __call__(self, input: str) -> ToolOutput:  # noqa: A002 - the framework's word
        return ToolOutput(content=input, tool_name="odd", raw_input={}, raw_output=input)


def run(value: Any) -> Any:
    return asyncio.run(value) if asyncio.iscoroutine(value) else value


WAYS = {
    "__call__": lambda tool, **kwargs: tool(**kwargs),
    "call": lambda tool, **kwargs: tool.call(**kwargs),
    "acall": lambda tool, **kwargs: run(tool.acall(**kwargs)),
    "fn": lambda tool, **kwargs: tool.fn(**kwargs),
    "async_fn": lambda tool, **kwargs: run(tool.async_fn(**kwargs)),
    "real_fn": lambda tool, **kwargs: run(tool.real_fn(**kwargs)),
    "call_tool": lambda tool, **kwargs: call_tool(tool, kwargs),
    "acall_tool": lambda tool, **kwargs: run(acall_tool(tool, kwargs)),
    "positional": lambda tool, **kwargs: tool.call(*kwargs.values()),
    "real_fn positional": lambda tool, **kwargs: run(tool.real_fn(*kwargs.values())),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("function", [plain, aplain])
def test_every_way_of_calling_is_judged_once(gate, function, way):
    made = contained(function, gate)
    result = WAYS[way](made, x=1, y=2.5)
    assert getattr(result, "content", result) == "1 + 2.5"
    assert judged(gate) == [{"x": 1, "y": 2.5}]
    assert len(gate.store.of_kind(EventKind.COMPLETED)) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("function", [plain, aplain])
def test_no_way_of_calling_gets_around_a_block(world, function, way):
    world.gate.use(Rulebook.parse("rules: [{id: no, then: block, reason: a test}]"))
    made = contained(function, world.gate)
    if "fn" in way:
        with pytest.raises(Blocked):
            WAYS[way](made, x=1, y=2.5)
    else:
        output = WAYS[way](made, x=1, y=2.5)
        assert output.is_error
        assert "a test" in output.content
    assert (world.count(EventKind.DECIDED), world.count(EventKind.STARTED)) == (1, 0)


@pytest.mark.parametrize("way", ["call", "acall", "fn", "async_fn"])
def test_outside_a_workflow_a_held_call_is_raised_and_runs_after_its_approval(world, way):
    world.gate.use(Rulebook.parse("rules: [{id: ask, then: require_approval, reason: a test}]"))
    made = contained(plain, world.gate)
    with pytest.raises(PendingApproval):
        WAYS[way](made, x=1)
    world.approve()
    result = WAYS[way](made, x=1)
    assert getattr(result, "content", result) == "1 + 5.0"
    assert world.count(EventKind.STARTED) == 1


@pytest.mark.parametrize("tool", [Asynchronous(), Synchronous()])
def test_a_tool_of_any_class_stays_of_its_class_and_is_judged_once(gate, tool):
    made = contained(tool, gate)
    assert isinstance(made, type(tool))
    assert adapt_to_async_tool(made) is made
    for result in (
        made("a"),
        made.call(input="a"),
        run(made.acall(input="a")),
        run(made.acall("a")),
    ):
        assert result.content == "a"
    assert judged(gate) == [{"input": "a"}] * 4
    for result in (call_tool(made, {"input": "a"}), run(acall_tool(made, {"input": "a"}))):
        assert result.content == "a"
    assert len(judged(gate)) == 6


class Modelled(BaseModel, Asynchronous):
    limit: int = 1


def test_a_tool_that_is_a_model_is_contained(gate):
    made = contained(Modelled(), gate)
    assert isinstance(made, Modelled)
    assert made("a").content == "a"
    assert len(judged(gate)) == 1


def test_a_copy_of_a_contained_tool_is_contained(gate):
    for made in (copy.copy(contained(plain, gate)), copy.deepcopy(contained(plain, gate))):
        assert made(x=1).content == "1 + 5.0"
    assert len(judged(gate)) == 2


def test_a_tool_that_remembers_goes_on_remembering(gate):
    made = contained(Asynchronous(), gate)
    made("a")
    made("b")
    assert made.seen == ["a", "b"]


async def test_a_query_engine_is_contained(world):
    engine = QueryEngineTool.from_defaults(Engine(), name="free", description="Find.")
    made = contained(engine, world.gate)
    assert isinstance(made, QueryEngineTool)
    agent = agent_of([made], [calling("free", "c1", input="it")], "all done")
    _, outputs, _ = await played(agent.run(user_msg="please"))
    assert outputs["c1"].content == "found it"
    assert outputs["c1"].raw_output.response == "found it"
    (completed,) = world.gate.store.of_kind(EventKind.COMPLETED)
    assert completed.data["result"] == "found it"
    assert judged(world.gate) == [{"input": "it"}]


# ── What is judged ───────────────────────────────────────────────────────────────────────────


async def test_arguments_are_validated_and_judged_as_they_are_executed(world):
    world.gate.use(
        Rulebook.parse(
            'rules: [{id: much, when: "args.amount > 4.5", then: block, reason: too much},'
            " {id: all, then: allow, reason: a test}]"
        )
    )

    def pay(amount: float, currency: str = "EUR", note: str | None = None) -> str:
        """Pay."""
        world.effects.append((amount, currency, note))
        return "paid"

    tool = contained(pay, world.gate)
    assert tool(amount="4").content == "paid"
    assert (await tool.acall(amount="5")).is_error
    assert world.effects == [(4.0, "EUR", None)]
    assert type(world.effects[0][0]) is float
    assert judged(world.gate)[0] == {"amount": 4, "currency": "EUR", "note": None}


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"x": "much"}, "`x`: Input should be a valid integer"),
        ({}, "`x`: Field required"),
        ({"x": 1, "z": 2}, "there is no parameter `z`"),
        ({"x": 1, "user": "mallory"}, "`user` is filled in already"),
    ],
)
@pytest.mark.parametrize("way", ["__call__", "call", "acall", "fn", "async_fn"])
def test_wrong_arguments_are_refused_with_what_is_wrong_and_recorded(world, way, kwargs, said):
    def free(x: int, user: str) -> str:
        """Do it."""
        world.effects.append(user)
        return user

    tool = FunctionTool.from_defaults(free, partial_params={"user": "alice"})
    made = contained(tool, world.gate)
    if "fn" in way:
        with pytest.raises(Blocked, match=said):
            WAYS[way](made, **kwargs)
    else:
        output = WAYS[way](made, **kwargs)
        assert output.is_error
        assert said in output.content
        assert isinstance(output.exception, Blocked)
    assert (world.effects, world.count(EventKind.REFUSED)) == ([], 1)


def test_more_values_than_parameters_are_refused(world):
    made = contained(plain, world.gate)
    assert "more values than parameters" in made.call(1, 2.0, 3).content
    assert "more values than parameters" in made.call(1, x=1).content


@pytest.mark.parametrize("way", ["__call__", "call", "acall", "fn", "async_fn"])
def test_what_the_author_filled_in_is_judged_and_used(gate, way):
    def free(x: int, user: str) -> str:
        """Do it."""
        return f"{x} for {user}"

    tool = FunctionTool.from_defaults(free, partial_params={"user": "alice"})
    result = WAYS[way](contained(tool, gate), x=1)
    assert getattr(result, "content", result) == "1 for alice"
    assert judged(gate) == [{"x": 1, "user": "alice"}]


@pytest.mark.parametrize("way", ["__call__", "call", "acall"])
@pytest.mark.parametrize("name", ["free", "never"])
def test_what_the_author_filled_in_is_not_in_the_output(world, way, name):
    """Outputs go to the event stream and into snapshots."""

    def act(x: int, key: str, client: object) -> str:
        return "done"

    filled = {"key": "k-123", "client": sys}
    tool = FunctionTool.from_defaults(act, name=name, partial_params=filled)
    output = WAYS[way](contained(tool, world.gate), x=1)
    assert output.is_error == (name == "never")
    assert output.raw_input["kwargs"] == {"x": 1}


@pytest.mark.parametrize("way", ["__call__", "call", "acall", "fn", "async_fn"])
def test_what_the_author_filled_in_and_has_no_json_form_is_handed_over_apart(gate, way):
    def free(x: int, client: object) -> bool:
        """Do it."""
        return client is sys

    tool = FunctionTool.from_defaults(free, partial_params={"client": sys})
    result = WAYS[way](contained(tool, gate), x=1)
    assert getattr(result, "raw_output", result) is True
    assert judged(gate) == [{"x": 1}]


async def test_the_context_is_handed_over_and_neither_judged_nor_recorded(world):
    async def held(ctx: Context, x: int) -> str:
        """Keep it."""
        await ctx.store.set("kept", x)
        return str(await ctx.store.get("kept"))

    agent = agent_of([contained(held, world.gate)], [calling("held", "c1", x=1)], "all done")
    _, outputs, (event,) = await played(agent.run(user_msg="please"), approving)
    assert outputs["c1"].content == "1"
    assert event.arguments == {"x": 1}
    assert judged(world.gate) == [{"x": 1}]


def test_arguments_that_are_changed_while_a_tool_runs_are_recorded_as_judged(gate):
    def free(items: list[int]) -> str:
        """Take one."""
        items.clear()
        return "taken"

    given = [1, 2]
    contained(free, gate)(items=given)
    assert given == [1, 2]
    assert judged(gate) == [{"items": [1, 2]}]


def test_a_function_that_takes_any_names_is_given_them(gate):
    async def free(**kwargs: Any) -> str:
        return str(sorted(kwargs.items()))

    class Schema(BaseModel):
        q: str
        limit: int = 10
        page: str | None = None

    metadata = ToolMetadata(name="free", description="As of a server.", fn_schema=Schema)
    made = contained(FunctionTool.from_defaults(async_fn=free, tool_metadata=metadata), gate)
    assert made(q="a", more=True).content == "[('limit', 10), ('more', True), ('q', 'a')]"
    assert judged(gate) == [{"q": "a", "limit": 10, "more": True}]


def test_names_that_python_does_not_allow_arrive_as_they_were_sent(gate):
    async def free(**kwargs: Any) -> str:
        return str(kwargs)

    class Schema(BaseModel):
        sender: str = Field(alias="from")
        _: str = ""

    metadata = ToolMetadata(name="free", description="As of a server.", fn_schema=Schema)
    made = contained(FunctionTool.from_defaults(async_fn=free, tool_metadata=metadata), gate)
    assert made(**{"from": "kim"}).content == "{'from': 'kim'}"
    assert "Field required" in made(_="a", self="b").content


def test_a_default_that_is_made_anew_each_time_is_left_to_the_function(gate):
    made_up = iter(range(100))

    def free(x: int, at: int = Field(default_factory=lambda: next(made_up))) -> str:
        """Do it."""
        return f"{x} at {at}"

    made = contained(free, gate)
    assert {made(x=1).content for _ in range(3)} == {"1 at 0"}
    assert judged(gate) == [{"x": 1}] * 3


def test_models_inside_arguments_arrive_as_the_framework_sends_them(gate):
    class Item(BaseModel):
        name: str
        count: int = 1

    def free(item: Item) -> str:
        """Take it."""
        return str(item)

    assert contained(free, gate)(item={"name": "a"}).content == "{'name': 'a', 'count': 1}"
    assert judged(gate) == [{"item": {"name": "a", "count": 1}}]


def test_an_argument_without_a_json_form_is_blocked(world):
    output = contained(plain, world.gate)(x=1, y=float("nan"))
    assert output.is_error
    assert "is nan, which is not a number" in output.content
    assert world.count(EventKind.STARTED) == 0


# ── What comes back ──────────────────────────────────────────────────────────────────────────


def test_direct_callers_may_have_refusals_raised(world):
    made = contained(tool_of(world, "never"), world.gate, on_block="raise")
    with pytest.raises(Blocked):
        made(x=1)
    with pytest.raises(Blocked, match="there is no parameter"):
        made(z=1)


def test_direct_callers_may_be_told_of_a_held_call(world):
    output = contained(tool_of(world, "held"), world.gate, on_hold="tell")(x=1)
    assert isinstance(output.exception, PendingApproval)
    assert output.raw_output is None


@pytest.mark.parametrize("on_hold", ["pause", "raise", "tell"])
def test_the_gates_approver_is_asked_where_no_workflow_waits(world, on_hold):
    world.gate._approver = ScriptedApprover.approving(times=2)
    made = contained(tool_of(world, "held"), world.gate, on_hold=on_hold)
    assert made(x=1).content == "did 1"
    assert run(made.acall(x=2)).content == "did 2"


def test_a_callback_sees_the_result_once(gate):
    seen = []
    tool = FunctionTool.from_defaults(plain, callback=lambda result: seen.append(result) or "cut")
    assert contained(tool, gate)(x=1).content == "cut"
    assert seen == ["1 + 5.0"]


def test_a_model_calls_a_tool_without_an_agent(world):
    llm = scripted([calling("free", "c1", x=1)])
    found = llm.predict_and_call(contained([tool_of(world, "free")], world.gate), "please")
    assert (found.response, world.effects) == ("did 1", [1])
