"""The notebooks: their outputs are cleared in git, every cell runs, and no figure is empty."""

import base64
import importlib.util
import io
import json
import os
import re
import sys
import types
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from qcattn.attention import softmax
from qcattn.teaching import NotRight, student_scores
from qcattn.views.colours import SERIES

FOLDER = Path(__file__).parents[2] / "notebooks"
BOOKS = sorted(FOLDER.glob("*.ipynb"))
STYLE = 'plt.style.use("qcattn.views.lecture")'
#: Runs in a new kernel: after each cell, before its figures are shown, they are looked at.
LOOK = """
def look():
    import json, os, sys
    pyplot = sys.modules.get("matplotlib.pyplot")
    for number in pyplot.get_fignums() if pyplot else ():
        for ax in pyplot.figure(number).axes:
            named = ax.get_title(loc="left") or ax.get_title()
            labels = ax.get_xlabel() or ax.get_ylabel()
            seen = {"data": ax.has_data(), "named": bool(named), "labels": bool(labels)}
            with open("looked.jsonl", "a") as file:
                file.write(json.dumps({"figure": number, **seen}) + "\\n")
get_ipython().events.register("post_execute", look)

# What takes long is said by the clock, and a busy machine is slow.
import warnings
from qcattn.errors import TakesLong
warnings.simplefilter("ignore", TakesLong)
"""
#: Runs before the first cell of a notebook: no name of another stands, and its folder is its own.
ALONE = """
%reset -f
import matplotlib, os
matplotlib.rcdefaults()
os.chdir({folder!r})
"""


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(book):
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


def test_they_are_numbered():
    assert [path.name[:3] for path in BOOKS] == [f"{i:02}-" for i in range(1, len(BOOKS) + 1)]
    assert len(BOOKS) == 10


def test_the_guide_leads_to_each():
    guide = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[\d+ [^]]+\]\(([^)]+)\)", guide, re.M) == [one.name for one in BOOKS]


def not_as_in_git(text):
    """What is against the rule for files in git, in words; none if it is kept."""
    book = nbformat.reads(text, as_version=4)
    found = [
        f"cell {cell.id} has outputs or a number: clear it"
        for cell in book.cells
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None)
    ]
    found += [f"cell {cell.id} says when it ran" for cell in book.cells if cell.metadata]
    if text != nbformat.writes(book) + "\n":
        found.append("its keys are not sorted, or it is indented in another way")
    if len({cell.id for cell in book.cells}) < len(book.cells):
        found.append("two cells have one id")
    return found


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_outputs_are_cleared_and_the_file_is_written_in_one_way(path):
    assert not_as_in_git(path.read_text(encoding="utf-8")) == []


def test_an_output_in_git_is_noticed():
    text = BOOKS[0].read_text(encoding="utf-8")
    shown = text.replace('"outputs": []', '"outputs": [{"name": "stdout", "output_type": "stream", '
                         '"text": []}]', 1)  # fmt: skip
    assert len(not_as_in_git(shown)) == 2
    assert not_as_in_git(json.dumps(json.loads(text)))
    assert not_as_in_git(text.replace('"execution_count": null', '"execution_count": 3', 1))
    timed = text.replace('"metadata": {}', '"metadata": {\n    "execution": {}\n   }', 1)
    assert len(not_as_in_git(timed)) == 1


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_it_begins_with_its_number_and_one_style_and_ends_with_something_to_try(path):
    book = read(path)
    assert book.cells[0].source.startswith(f"# {int(path.name[:2])}. ")
    first, *others = code_of(book)
    assert STYLE in first and not any("plt.style" in c or "rcParams" in c for c in others)
    assert "## Try it" in book.cells[-1].source


def test_the_style_has_the_colours_of_the_house():
    room = Path(importlib.util.find_spec("qcattn.views").origin).parent
    text = (room / "lecture.mplstyle").read_text(encoding="utf-8")
    assert re.findall(r'"([0-9a-f]{6})"', text) == [colour.removeprefix("#") for colour in SERIES]


@pytest.fixture(scope="module")
def kernel():
    """One for all notebooks, which takes seconds to import what each of them imports."""
    from jupyter_client.manager import start_new_kernel

    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    manager, client = start_new_kernel(kernel_name="python3", env=env)
    client.execute_interactive(LOOK, timeout=100)
    client.stop_channels()
    yield manager
    manager.shutdown_kernel(now=True)


def executed(book, folder, kernel):
    """Run all cells; what was seen of each pair of axes."""
    from nbclient import NotebookClient

    (folder / "looked.jsonl").touch()
    book.cells.insert(0, nbformat.v4.new_code_cell(ALONE.format(folder=str(folder))))
    client = NotebookClient(book, timeout=500, km=kernel)
    try:
        client.execute()
    finally:
        client.kc.stop_channels()
    return [json.loads(line) for line in (folder / "looked.jsonl").read_text().splitlines()]


def pictures(book):
    """Pixels of all figures, grey."""
    outputs = [one for cell in book.cells for one in cell.get("outputs", [])]
    shown = [one.data["image/png"] for one in outputs if "image/png" in one.get("data", {})]
    images = [Image.open(io.BytesIO(base64.b64decode(data))) for data in shown]
    return [np.asarray(image.convert("L")) for image in images]


def is_empty(pixels):
    """Whether hardly anything stands in a picture."""
    return len(np.unique(pixels)) < 10 or (pixels < 200).mean() < 2e-3


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_every_cell_runs_and_no_figure_is_empty(path, tmp_path, kernel):
    book = read(path)
    axes = executed(book, tmp_path, kernel)
    said = [one for cell in book.cells for one in cell.get("outputs", [])]
    assert not [one.text for one in said if one.output_type == "stream" and one.name == "stderr"]
    figures = pictures(book)
    assert figures and not any(map(is_empty, figures))
    assert len({one["figure"] for one in axes}) and len(axes) >= len(figures)
    assert all(one["data"] and one["named"] and one["labels"] for one in axes), axes


def test_a_cell_that_fails_and_an_empty_figure_are_noticed(tmp_path, kernel):
    from nbclient.exceptions import CellExecutionError

    plot = (
        "from matplotlib import pyplot as plt\nfig, axes = plt.subplots(1, 2)\naxes[0].plot([1]);"
    )
    bare = "fig, ax = plt.subplots()\nax.axis('off');"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in (plot, bare)])
    axes = executed(book, tmp_path, kernel)
    assert [one["data"] for one in axes] == [True, False, False]
    assert [bool(is_empty(one)) for one in pictures(book)] == [False, True]
    for code, fault in (("1 / 0", "ZeroDivisionError"), ("fig", "NameError")):
        wrong = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        with pytest.raises(CellExecutionError, match=fault):  # a name of another notebook is gone
            executed(wrong, tmp_path, kernel)


def blocks():
    """The code that instructors are to copy, by the grader."""
    (book,) = [read(path) for path in BOOKS if path.stem == "09-instructors"]
    text = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    parts = re.findall(r"^## In (\w+)$.*?^```python\n(.*?)^```$", text, re.M | re.S)
    return dict(parts)


@pytest.fixture
def otter(monkeypatch):
    """Its decorator, which keeps the function; the package itself need not be there."""
    stub = types.ModuleType("otter.test_files")
    stub.test_case = lambda **options: lambda function: function
    monkeypatch.setitem(sys.modules, "otter", types.ModuleType("otter"))
    monkeypatch.setitem(sys.modules, "otter.test_files", stub)


def test_the_code_for_nbgrader_and_otter_marks_right_and_wrong(otter):
    """As it stands in the notebook. A right answer fails with probability at most 1e-3, by its
    seed never.
    """
    law = softmax(student_scores(7, 4, exercise="row"))
    right, wrong = (np.random.default_rng(1).multinomial(3000, p) for p in (law, law[::-1]))
    assert set(blocks()) == {"nbgrader", "otter"}
    exec(blocks()["nbgrader"], {"STUDENT": 7, "counts": right})
    with pytest.raises(NotRight):
        exec(blocks()["nbgrader"], {"STUDENT": 7, "counts": wrong})
    made: dict = {}
    exec(blocks()["otter"], made)
    made["test_counts"](right, 7)
    with pytest.raises(NotRight):
        made["test_counts"](wrong, 7)
