# Every recipe is a plain command. They use `.venv` if it is there, else what is on the PATH.
export PATH := justfile_directory() / ".venv/bin" + ":" + env("PATH")

# list the recipes
default:
    @just --list

# the tests that take seconds
test *options:
    pytest -n auto {{ options }}

# format, lint, types, and who may import whom
lint:
    ruff check .
    ruff format --check .
    mypy
    lint-imports

# mend what can be mended by machine
fix:
    ruff check --fix .
    ruff format .

# exactly what CI runs, in a fresh virtual environment
check:
    bash .ci/run

# watch an agent run a small shop behind the gate
demo *options:
    lockgate demo {{ options }}

# what a decision costs on this machine
bench *options:
    python benchmarks/decision.py {{ options }}

# how well tools are recognised, on data beside this repository
recognise *options:
    python benchmarks/classification.py {{ options }}
