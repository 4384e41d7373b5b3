"""The house itself: sizes, names, floors, and a front door that loads no framework."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import lockgate
from lockgate import errors

HOUSE = Path(__file__).parent.parent
SOURCE = HOUSE / "src" / "lockgate"
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
MEDIAN_FUNCTION = 8
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
FRAMEWORKS = ("langchain", "langgraph", "llama_index", "starlette", "uvicorn", "sqlalchemy")

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path):
    return path.relative_to(SOURCE).as_posix()


def parsed(path):
    return ast.parse(path.read_text("utf-8"), str(path))


def functions():
    for path in FILES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, Definition):
                yield f"{name_of(path)}:{node.name}", node


def length(function):
    """Return the lines of a body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_no_longer_than_one_can_read(path):
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE


def test_a_function_does_one_thing():
    long = {name: length(node) for name, node in functions() if length(node) > LONGEST_FUNCTION}
    assert long == {}


def test_the_typical_function_is_short():
    assert statistics.median(length(node) for _, node in functions()) <= MEDIAN_FUNCTION


def test_no_room_is_named_for_what_is_left_over():
    parts = {part for path in FILES for part in Path(name_of(path)).with_suffix("").parts}
    assert parts & FORBIDDEN_NAMES == set()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_file_says_first_what_it_is(path):
    told = ast.get_docstring(parsed(path))
    assert told
    assert told.splitlines()[0].strip()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_everything_public_says_what_it_is(path):
    assert [name for name, node in public(parsed(path)) if not ast.get_docstring(node)] == []


def public(tree, prefix=""):
    """Yield the public classes, functions and methods of a module."""
    for node in tree.body:
        if isinstance(node, (*Definition.__args__, ast.ClassDef)) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node, f"{node.name}.")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_is_kept_in_comments_or_left_for_later(path):
    assert re.findall(r"#.*\b(TODO|FIXME|XXX|HACK)\b", path.read_text("utf-8")) == []


# ── The front door ───────────────────────────────────────────────────────────────────────────


def test_the_front_door_names_everything_it_offers_in_order():
    assert lockgate.__all__ == sorted(lockgate.__all__)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(parsed(SOURCE / "__init__.py"))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("lockgate")
        for alias in node.names
    }
    assert set(lockgate.__all__) == imported
    assert all(getattr(lockgate, name) is not None for name in lockgate.__all__)


def test_the_front_door_is_not_a_warehouse():
    assert 20 <= len(lockgate.__all__) <= 45


def modules_after(statement):
    found = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(found.stdout.split())


@pytest.fixture(scope="module")
def loaded():
    return modules_after("import lockgate")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_importing_the_library_loads_no_framework(loaded, framework):
    assert [name for name in loaded if name.partition(".")[0].startswith(framework)] == []


def test_importing_the_library_loads_neither_a_database_driver_nor_the_test_kit(loaded):
    assert loaded & {"sqlite3", "psycopg", "pytest", "hypothesis", "lockgate.testing"} == set()


def test_the_test_kit_needs_no_test_runner():
    assert modules_after("import lockgate.testing") & {"pytest", "_pytest", "hypothesis"} == set()


# ── Floors and errors ────────────────────────────────────────────────────────────────────────


def test_every_floor_imports_only_what_is_below_it():
    ran = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


DRAWN = re.compile(r"^(?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+)(\((?P<base>\w+)\))?(?=\s{2,}|$)")


def drawing():
    """Yield the name and the parent of every error in the tree at the top of the file."""
    above = []
    for line in errors.__doc__.splitlines():
        found = DRAWN.match(line.removeprefix("    "))
        if found is None:
            continue
        depth = len(found["indent"]) // 3
        parent = found["base"] or (above[depth - 1] if depth else "Exception")
        above[depth:] = [found["name"]]
        yield found["name"], parent


def test_every_error_stands_in_the_tree_under_its_parent():
    drawn = dict(drawing())
    told = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, BaseException)
    }
    assert drawn == told
    assert len(drawn) >= 14


def test_whoever_catches_the_root_catches_every_error_and_no_pause():
    for name, parent in drawing():
        kind = getattr(errors, name)
        assert issubclass(kind, errors.LockgateError) == (parent != "BaseException"), name


def test_every_refusal_has_a_word_of_its_own():
    words = [kind.outcome for kind in errors.Refused.__subclasses__()]
    assert len(set(words)) == len(words)
    assert all(word == word.lower() for word in words)
    finals = {kind.__name__ for kind in errors.Refused.__subclasses__() if not kind.final}
    assert finals == {"PendingApproval"}


def test_the_layers_name_every_room():
    """The contract is exhaustive: a room that nobody placed can't be there."""
    text = (HOUSE / "pyproject.toml").read_text("utf-8")
    assert "exhaustive = true" in text
    layers = text.partition("layers = [")[2].partition("]")[0]
    placed = set(re.findall(r"\w+", layers))
    rooms = {path.stem for path in SOURCE.glob("*.py")} | {
        path.name for path in SOURCE.iterdir() if path.is_dir()
    }
    assert rooms - placed <= {"__init__", "__main__", "__pycache__", "packs", "server"}


@pytest.mark.parametrize(
    "path", sorted((HOUSE / "tests").rglob("*.py")), ids=lambda path: path.stem
)
def test_no_test_waits_for_a_second(path):
    naps = [
        node.args[0].value
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "sleep"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]
    assert all(nap < 1 for nap in naps)
