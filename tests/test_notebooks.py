"""The notebooks run from top to bottom, and keep no outputs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=60, kernel_name="python3").execute(cwd=sys.argv[2])
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(output.get("text") or output.get("data", {}).get("text/plain", ""))
"""


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param


def test_it_keeps_no_outputs(notebook):
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    assert [
        cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")
    ] == []


def test_it_runs_from_top_to_bottom(notebook, tmp_path):
    pytest.importorskip("nbclient", reason="needs nbclient: pip install 'lockgate[notebook]'")
    pytest.importorskip("ipykernel", reason="needs ipykernel: pip install 'lockgate[notebook]'")
    command = [sys.executable, "-c", RUN, str(notebook), str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert "blocked: `refund_order` was not executed: there is no such order" in ran.stdout
    assert "answer: lockgate approvals approve apr-" in ran.stdout
    assert "refunded 780.00 for order 1002" in ran.stdout
    assert " events, head " in ran.stdout
