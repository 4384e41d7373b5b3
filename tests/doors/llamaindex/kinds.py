"""What the LlamaIndex agent tests share: agents of each kind, and tools of each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llama_index.core.agent.workflow import AgentWorkflow, CodeActAgent, FunctionAgent, ReActAgent
from llama_index.core.base.response.schema import Response
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.tools import FunctionTool, QueryEngineTool, RetrieverTool
from llama_index.core.tools.tool_spec.base import BaseToolSpec
from tests.doors.llamaindex.world import calling, scripted

Run = Callable[[Any], None]


class Shelf:
    """Stands for an object index: it finds the same tools for every question."""

    def __init__(self, *tools: Any) -> None:
        self.tools = tools

    async def aretrieve(self, _: str) -> list[Any]:
        return list(self.tools)


def retrieving(*tools: Any, turns: tuple[Any, ...], **rest: Any) -> FunctionAgent:
    """Return an agent whose tools are retrieved anew for each step."""
    agent = FunctionAgent(tools=[], llm=scripted(*turns), timeout=None, **rest)
    object.__setattr__(agent, "tool_retriever", Shelf(*tools))
    return agent


def reacting(tools: list[Any], name: str, kwargs: str) -> ReActAgent:
    act = f"Thought: I need a tool.\nAction: {name}\nAction Input: {kwargs}\n"
    end = "Thought: I can answer without using any more tools.\nAnswer: all done"
    return ReActAgent(tools=tools, llm=step_by_step(act, end), timeout=None)


def coding(tools: list[Any], code: str, run: Any, **rest: Any) -> CodeActAgent:
    llm = step_by_step(f"<execute>{code}</execute>", "all done")
    return CodeActAgent(code_execute_fn=run, tools=tools, llm=llm, **rest)


def step_by_step(*turns: Any) -> Any:
    """Return a model that plays one turn for each time it is asked."""
    from llama_index.core.base.llms.types import TextBlock
    from llama_index.core.llms import ChatMessage
    from llama_index.core.llms.mock import MockFunctionCallingLLM

    left = list(turns)

    def answer(messages: list[ChatMessage], **_: Any) -> ChatMessage:
        turn = left.pop(0) if left else "done"
        blocks = [TextBlock(text=turn)] if isinstance(turn, str) else turn
        return ChatMessage(role="assistant", blocks=blocks)

    return MockFunctionCallingLLM(response_generator=answer)


def team(tools: list[Any], *turns: Any, to: str = "back", **rest: Any) -> AgentWorkflow:
    """Return two agents: `front` plays the turns, `back` only ends."""
    front = FunctionAgent(
        name="front", description="d", tools=tools, llm=step_by_step(*turns), can_handoff_to=[to]
    )
    back = FunctionAgent(name="back", description="d", tools=tools, llm=step_by_step("from back"))
    return AgentWorkflow(agents=[front, back], root_agent="front", timeout=None, **rest)


def handoff(to: str = "back") -> list[Any]:
    return [calling("handoff", "h1", to_agent=to, reason="it knows")]


# ── Tools of each kind ───────────────────────────────────────────────────────────────────────


class Engine(CustomQueryEngine):
    run: Any

    def custom_query(self, query_str: str) -> Response:
        self.run(query_str)
        return Response(response=f"did {query_str}")


class Finder(BaseRetriever):
    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def _retrieve(self, query_bundle: Any) -> list[NodeWithScore]:
        wanted = query_bundle.query_str.split()[-1]  # the framework makes a sentence of it
        self.run(wanted)
        return [NodeWithScore(node=TextNode(text=f"did {wanted}"), score=1.0)]


def engine_tool(run: Run, name: str) -> QueryEngineTool:
    return QueryEngineTool.from_defaults(Engine(run=run), name=name, description="Ask.")


def finder_tool(run: Run, name: str) -> RetrieverTool:
    return RetrieverTool.from_defaults(Finder(run), name=name, description="Find.")


def spec_tools(run: Run, name: str) -> list[FunctionTool]:
    def act(self: Any, input: str) -> str:  # noqa: A002 - as query engines call it
        """Do it."""
        run(input)
        return f"did {input}"

    act.__name__ = name
    spec = type("Spec", (BaseToolSpec,), {"spec_functions": [name], name: act})
    return spec().to_tool_list()


class McpResult:
    """What an MCP server answers, as far as it matters here."""

    def __init__(self, text: str, **marks: bool) -> None:
        self.text = text
        self.__dict__.update(marks)

    def __str__(self) -> str:
        return self.text


def mcp_tool(run: Run, name: str, **marks: bool) -> FunctionTool:
    async def remote(**kwargs: Any) -> McpResult:
        run(kwargs["input"])
        return McpResult(f"did {kwargs['input']}", **marks)

    return FunctionTool.from_defaults(async_fn=remote, name=name, description="Remote.")
