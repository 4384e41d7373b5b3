"""The pages are true: what exists is documented, links lead somewhere, and the examples run.

A Python block runs in the order of its page, in one namespace and one empty folder. A comment
right above a block says what it needs: `<!-- given: NAME -->` puts a model and tools there,
`<!-- file: NAME -->` writes the block to a file, `<!-- checked -->` runs the commands of a console
block and compares what they print, and `<!-- printed -->` is what the Python block before it
printed, where `[...]` stands for anything.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib.util
import inspect
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
import yaml

from lockgate import Gate, Rulebook, cli, errors
from lockgate.approve import Choice, State
from lockgate.classify import ACTIONS, CONTROLS, HAZARDS, UNKNOWN, Effect
from lockgate.classify.catalogue import GENERIC
from lockgate.classify.signature.verbs import FIRM, SOFT
from lockgate.evaluate import Handling, Level, Then
from lockgate.evaluate.weights import DEFAULT
from lockgate.record import EventKind
from lockgate.rulebook import VARIABLES
from lockgate.rulebook.document import Document, Layer, On, RuleText, Way
from lockgate.rulebook.tables import Table
from lockgate.rulebook.windows import Window
from lockgate.testing.cases import CasesText

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "src").rglob("*.md")),
]
FENCE = re.compile(r"(?:^<!-- ([^\n]+?) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of every row of every table, by what stands in the first one."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


# ── What exists is documented ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "action", [*ACTIONS, UNKNOWN, *GENERIC.values()], ids=lambda action: action.id
)
def test_each_action_has_its_row(action):
    hazards = ", ".join(action.hazards) or "–"
    told = [action.effect.value, str(action.base_risk), action.reversibility.value, hazards]
    row = f"| `{action.id}` | {' | '.join(told)} |"
    assert row in page("actions.md").splitlines(), "docs/actions.md needs this row"


def test_no_action_is_documented_that_does_not_exist():
    known = {action.id for action in (*ACTIONS, UNKNOWN, *GENERIC.values())}
    told = {name for name in rows(page("actions.md")) if re.fullmatch(r"[a-z_]+\.[a-z_]+", name)}
    assert told - known == set()


@pytest.mark.parametrize("hazard", HAZARDS.values(), ids=lambda hazard: hazard.id)
def test_each_hazard_has_its_row(hazard):
    row = f"| `{hazard.id}` | {hazard.description} | {', '.join(hazard.controls)} |"
    assert row in page("actions.md").splitlines(), "docs/actions.md needs this row"


@pytest.mark.parametrize("control", CONTROLS.values(), ids=lambda control: control.id)
def test_each_control_has_its_row(control):
    row = f"| `{control.id}` | {control.description} |"
    assert row in page("actions.md").splitlines(), "docs/actions.md needs this row"


@pytest.mark.parametrize("effect", FIRM)
def test_each_verb_is_documented(effect):
    name = "open" if effect is Effect.UNKNOWN else f"`{effect}`"
    row = f"| {name} | {FIRM[effect]} | {SOFT[effect]} |"
    assert row in page("actions.md").splitlines(), "docs/actions.md needs this row"


KEYS = [
    field.alias or name
    for model in (Document, RuleText, On, Window, Table)
    for name, field in model.model_fields.items()
]


@pytest.mark.parametrize("key", KEYS)
def test_each_key_of_a_rulebook_is_documented(key):
    assert f"`{key}`" in page("rulebook.md")


@pytest.mark.parametrize("word", [*Then, *Handling, *Level, *Layer, Way.ENFORCE, Way.SHADOW])
def test_each_word_of_a_rulebook_is_documented(word):
    assert word in rows(page("rulebook.md"))


@pytest.mark.parametrize("effect", Effect)
def test_each_effect_is_documented(effect):
    (row,) = [
        line for line in page("rulebook.md").splitlines() if line.startswith("| `effect` | what")
    ]
    assert f"`{effect}`" in row


TYPES = {
    "DYN": "number or null",
    "STRING": "text",
    "INT": "int",
    "TIMESTAMP": "timestamp",
    "LIST<STRING>": "list of text",
    "LIST<DYN>": "list of any",
    "LIST<MAP<STRING, DYN>>": "list of maps",
    "MAP<STRING, DYN>": "map of text to any",
    "MAP<STRING, LIST<DYN>>": "map of text to list",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_of_a_condition_is_documented_with_its_type(name):
    assert rows(page("rulebook.md"))[name][0] == TYPES[VARIABLES[name].name()]


def test_the_levels_of_risk_are_documented_with_their_thresholds():
    most, handling = 100, Rulebook.baseline().levels
    starts = {
        "critical": DEFAULT.critical,
        "high": DEFAULT.high,
        "medium": DEFAULT.medium,
        "low": 0,
    }
    for level, least in starts.items():
        for name in ("risk.md", "rulebook.md"):
            told = rows(page(name).split("## Levels")[1])[level]
            assert told[0] == f"{least} to {most}"
            assert told[1].startswith(f"`{handling[level]}`")
        most = least - 1


@pytest.mark.parametrize(
    "error",
    [item for item in vars(errors).values() if isinstance(item, type) and item.__module__ == errors.__name__],
    ids=lambda error: error.__name__,
)  # fmt: skip
def test_each_error_is_documented(error):
    assert f"## `{error.__name__}`" in page("errors.md").splitlines()
    assert error.__name__ in page("errors.md").split("```")[1], "the tree names it"


@pytest.mark.parametrize("kind", EventKind)
def test_each_kind_of_event_is_documented(kind):
    assert kind in rows(page("record.md"))


@pytest.mark.parametrize("choice", Choice)
def test_each_answer_is_documented(choice):
    assert choice in rows(page("quickstart.md"))
    assert choice in rows(page("langchain.md"))


@pytest.mark.parametrize("state", [state for state in State if state is not State.PENDING])
def test_each_end_of_a_request_is_documented(state):
    assert f"`{state}`" in " ".join(rows(page("record.md"))["resolved"])


def test_each_room_stands_in_the_tree():
    tree = page("architecture.md").split("```text")[1]
    rooms = [path for path in (ROOT / "src/lockgate").iterdir() if path.suffix in {"", ".py"}]
    names = [f"{path.name}/" if path.is_dir() else path.name for path in rooms]
    assert [name for name in names if f"  {name} " not in tree and name != "__pycache__/"] == []


def test_the_floors_are_those_that_are_checked():
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    assert "\n".join(layers) in page("architecture.md")


def commands(command, path: str = "lockgate"):
    """Walk the tree of commands."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{path} {name}")
    if not hasattr(command, "commands"):
        yield path, command


COMMANDS = dict(commands(typer.main.get_command(cli.app)))


def options(command) -> set[str]:
    found = [word for item in command.params for word in (*item.opts, *item.secondary_opts)]
    return {word for word in found if word.startswith("-")}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_documented_with_its_options(name):
    sections = dict(
        section.split("\n", 1) for section in page("cli.md").split("\n## ") if "\n" in section
    )
    section = sections[f"`{name}`"]
    told = {first.split(" ")[0] for first in rows(section)}
    assert options(COMMANDS[name]) - told == set()
    assert {word for word in told if word.startswith("--")} - options(COMMANDS[name]) == set()


def test_no_command_is_documented_that_does_not_exist():
    assert set(re.findall(r"^## `(lockgate .*)`$", page("cli.md"), re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("door", ["langchain", "llamaindex"])
def test_each_option_of_a_door_is_documented(door):
    """Read from the source, so that the frameworks need not be loaded."""
    text, options, words = page(f"{door}.md"), [], []
    for path in (ROOT / "src/lockgate/adapters" / door).glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name == "contained":
                options += [item.arg for item in node.args.kwonlyargs]
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {
                "OnHold",
                "OnBlock",
            }:
                words += re.findall(r"'(\w+)'", ast.unparse(node.value))
    assert {"on_hold", "on_block", "actions"} <= set(options)
    assert [name for name in options if f"`{name}`" not in text and f"`{name}=" not in text] == []
    assert [word for word in words if f'"{word}"' not in text] == []


@pytest.mark.parametrize("door", ["langchain", "llamaindex"])
def test_each_name_of_a_door_is_documented(door):
    source = ROOT / "src/lockgate/adapters" / door / "__init__.py"
    (exported,) = [
        ast.literal_eval(node.value)
        for node in ast.parse(source.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert [name for name in exported if name not in page(f"{door}.md")] == []


# ── Links lead somewhere ─────────────────────────────────────────────────────────────────────


def anchors(text: str) -> set[str]:
    """Return the anchors that headings get where such pages are usually shown."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower() for title in titles]
    return {re.sub(r"[^\w\- ]", "", title).strip().replace(" ", "-") for title in plain}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_leads_somewhere(path):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", path.read_text("utf-8"))):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (
            anchor and file.suffix == ".md" and anchor not in anchors(file.read_text("utf-8"))
        ):
            broken.append(target)
    assert broken == []


def test_each_page_is_linked_from_the_overview():
    linked = set(re.findall(r"\]\(([^)#\s]+)", page("index.md")))
    names = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert names - linked == set()


# ── Examples run ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Block:
    mark: str
    language: str
    text: str
    line: int


def blocks(path: Path) -> list[Block]:
    text = path.read_text("utf-8")
    return [
        Block(found[1] or "", found[2], found[3], text.count("\n", 0, found.start(3)))
        for found in FENCE.finditer(text)
    ]


def lacking(code: str) -> str:
    """Return a module that the block imports and that is not installed, or nothing."""
    for node in ast.walk(ast.parse(code)):
        names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            top = name.partition(".")[0]
            if top != "lockgate" and importlib.util.find_spec(top) is None:
                return top
    return ""


def given(name: str) -> dict[str, object]:
    """Return the model and the tools that a reader would bring."""

    def get_order(order_id: str) -> str:
        """Look an order up."""
        return f"order {order_id} was delivered"

    match name:
        case "langchain":
            from langchain_core.tools import tool

            from lockgate.demo.model import ScriptedModel

            return {"model": ScriptedModel(script=[]), "tools": [tool(get_order)]}
        case "llamaindex":
            from llama_index.core.llms import MockFunctionCallingLLM
            from llama_index.core.tools import FunctionTool

            tools = [FunctionTool.from_defaults(get_order)]
            return {"llm": MockFunctionCallingLLM(), "tools": tools}
        case _:
            raise AssertionError(f"nothing is known of {name}")


def run(block: Block, path: Path, names: dict[str, object], loop: asyncio.Runner) -> None:
    """Run one Python block, which may await; a traceback shows the line of the page."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile("\n" * block.line + block.text, str(path), "exec", flags=flags)
    waiting = eval(code, names)  # noqa: S307 - the page's own text
    if inspect.iscoroutine(waiting):
        loop.run(waiting)


def like(text: str) -> re.Pattern[str]:
    """Return what matches `text`, with anything where it says `[...]`."""
    return re.compile(re.escape(text).replace(r"\[\.\.\.\]", ".*"))


def check(block: Block) -> None:
    """Run the commands of a console block, and compare what they print with what stands there."""
    environment = {**os.environ, "COLUMNS": "1000", "NO_COLOR": "1"}
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, wanted = part.partition("\n")
        program, *words = shlex.split(command)
        assert program == "lockgate"
        ran = subprocess.run(
            [sys.executable, "-m", "lockgate", *words],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        found = [line.rstrip() for line in (ran.stdout + ran.stderr).splitlines()]
        assert found == wanted.splitlines(), command


RUNNING = [
    path
    for path in PAGES
    if any(item.language == "python" or item.mark == "checked" for item in blocks(path))
]


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")  # agents look
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")  # at themselves
@pytest.mark.parametrize("path", RUNNING, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_page_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOCKGATE_STORE", raising=False)
    names: dict[str, object] = {"__name__": "page"}
    skipped, printed = set(), ""
    with asyncio.Runner() as loop:
        for block in blocks(path):
            kind, _, what = block.mark.partition(": ")
            if kind == "file":
                Path(what).write_text(block.text, "utf-8")
            if kind == "checked":
                check(block)
            if kind == "printed" and not skipped:
                assert like(block.text).fullmatch(printed), printed
            if block.language != "python":
                continue
            missing = lacking(block.text)
            if missing or (skipped and kind != "given"):
                skipped.add(missing)
                continue
            names |= given(what) if kind == "given" else {}
            with contextlib.redirect_stdout(io.StringIO()) as out:
                run(block, path, names, loop)
            printed = out.getvalue()
            close(names)
    if skipped:
        pytest.skip(f"some examples need {', '.join(sorted(skipped - {''}))}")


def close(names: dict[str, object]) -> None:
    """Let go of a gate whose name was given to another."""
    opened = names.setdefault("__gates__", {})
    for name, value in names.items():
        if isinstance(value, Gate):
            old = opened.get(name, value)
            if old is not value:
                old.close()
            opened[name] = value


def test_the_first_pages_show_both_frameworks_in_the_same_five_lines():
    shown = {}
    for path in (ROOT / "README.md", ROOT / "docs/quickstart.md"):
        for block in blocks(path):
            if block.mark.startswith("given: "):
                lines = [line for line in block.text.splitlines() if line]
                assert shown.setdefault(block.mark, lines) == lines
    langchain, llamaindex = shown["given: langchain"], shown["given: llamaindex"]
    assert len(langchain) == len(llamaindex) == 5
    assert [langchain[at] for at in (1, 3)] == [llamaindex[at] for at in (1, 3)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_rulebook_in_a_page_loads(path):
    for block in blocks(path):
        if block.language == "yaml" and block.text.startswith("lockgate: 1"):
            if "\ncases:" in block.text:
                CasesText.model_validate(yaml.safe_load(block.text))
            else:
                Rulebook.parse(block.text, f"{path.name}:{block.line}")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_command_in_a_page_exists(path):
    wrong = []
    for block in blocks(path):
        if block.language not in {"console", "sh"}:
            continue
        for line in re.findall(r"^(?:\$ )?(lockgate .*)$", block.text, re.MULTILINE):
            words = shlex.split(line)
            path_of = [" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in COMMANDS]
            known = options(COMMANDS[path_of[0]]) if path_of else set()
            used = {word.partition("=")[0] for word in words if word.startswith("--")}
            wrong += [line] if not path_of or used - known else []
    assert wrong == []


# ── The two commands ─────────────────────────────────────────────────────────────────────────


def command_under(title: str) -> str:
    section = (ROOT / "README.md").read_text("utf-8").split(f"## {title}\n")[1]
    return section.split("```sh\n")[1].split("\n```")[0]


def test_the_command_to_run_it_runs_the_demo():
    steps = command_under("Run it").split(" && ")
    assert steps[0] == "python3 -m venv .venv"
    assert steps[1] == ".venv/bin/pip install '.[langchain]'"
    assert steps[2] == ".venv/bin/lockgate demo"
    assert "lockgate demo" in (ROOT / "docs/cli.md").read_text("utf-8")


def test_the_command_to_test_it_is_what_ci_runs():
    """The same installation and the same tests; CI puts its environment elsewhere."""
    script = (ROOT / ".ci/run").read_text("utf-8").splitlines()
    steps = command_under("Test it").split(" && ")
    assert steps[0] == "python3 -m venv .venv"
    for step in steps[1:]:
        assert step.startswith(".venv/bin/")
        plain = step.removeprefix(".venv/bin/")
        assert plain in [line.replace(" --quiet", "") for line in script]


def test_contributors_install_what_the_readme_says():
    setup = command_under("Test it").rpartition(" && ")[0]
    assert setup in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_the_extras_that_pages_name_exist():
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    known = set(extras["optional-dependencies"])
    for path in PAGES:
        for found in re.findall(r"(?:'\.|lockgate)\[([a-z,]+)\]", path.read_text("utf-8")):
            assert set(found.split(",")) - known == set(), path
