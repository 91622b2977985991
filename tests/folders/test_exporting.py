"""Counts for other tools: what is in the table is what is in the sweep."""

import csv
import errno

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.datasets import Scores
from qcattn.folders.exporting import export_csv, export_parquet
from qcattn.preparations import Heralded
from qcattn.sweeps import Grid, Part, sweep

ROWS = [[[0.0, 1.0, 2.0], [1.0, -np.inf, 0.0]], [[0.5, 0.5, 0.5], [2.0, 0.0, 1.0]]]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    scores = Scores(np.array(ROWS), axes=("head", "query"), tokens=("a", "b, c", "ä"))
    grid = Grid(scores, beta=[0.5, 2.0], preparations=[Heralded()], shots=200, batch=200, seed=1)
    return sweep(grid, store=tmp_path_factory.mktemp("swept") / "runs.sqlite")


def lines_of(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_each_key_of_each_row_of_each_cell_has_a_line(swept, tmp_path):
    assert export_csv(swept, tmp_path / "counts.csv") == 2 * 2 * 2 * 3
    lines = lines_of(tmp_path / "counts.csv")
    for cell in swept:
        own = [line for line in lines if line["cell"] == cell.key]
        assert {float(line["beta"]) for line in own} == {cell.point["beta"]}
        for line in own:
            at = (int(line["head"]), int(line["query"]))
            key = int(line["key"])
            assert int(line["count"]) == cell.counts.keys[(*at, key)]
            assert float(line["expected"]) == cell.expected[(*at, key)], "to the last digit"
            assert line["token"] == ("a", "b, c", "ä")[key]
            for name in ("stray", "kept", "shots"):
                assert int(line[name]) == getattr(cell.counts, name)[at]
        assert len({(line["head"], line["query"], line["key"]) for line in own}) == len(own) == 12


NAMES = ("key", "count", "expected", "cell", "token", "stray", "kept", "shots")


@pytest.mark.parametrize("name", [*NAMES, "beta", "layer"])
def test_an_axis_named_as_another_column_has_one_of_its_own(tmp_path, name):
    """Of two columns of one name the last was written over the first."""
    scores = Scores(np.array(ROWS), axes=(name, "query"))
    points = {"scores": "s", **({name: 7} if name != "beta" else {}), f"{name} of sweep": 5}
    grid = Grid(Part(scores, points), shots=100, batch=100, seed=1,
                backends=Aer(device="CPU", draws="born"))  # fmt: skip
    (cell,) = done = sweep(grid, store=tmp_path / "runs.sqlite")
    export_csv(done, tmp_path / "counts.csv")
    header, *_ = csv.reader((tmp_path / "counts.csv").read_text(encoding="utf-8").splitlines())
    assert len(set(header)) == len(header) == 1 + len(cell.point) + 2 + 7
    placed = {f"{name} of sweep": "7", f"{name} of sweep of sweep": "5"}
    placed = {
        "beta": {"beta of sweep": "5"},
        "layer": {"layer": "7", "layer of sweep": "5"},
    }.get(name, placed)
    for line in lines_of(tmp_path / "counts.csv"):
        at = (int(line[f"{name} of scores"]), int(line["query"]), int(line["key"]))
        assert int(line["count"]) == cell.counts.keys[at]
        assert float(line["expected"]) == cell.expected[at]
        assert placed.items() <= line.items()


@pytest.mark.parametrize("axes", [("head", "query"), ("head", "row_name")])
def test_names_of_rows_are_in_the_table(tmp_path, axes):
    """They reached no store. A cell without names has none, beside one that has."""
    scores = Scores(np.array(ROWS), axes=axes, row_names=("first", "=2"))
    bare = Scores(np.array(ROWS))
    grid = Grid([Part(scores, {"scores": "named"}), Part(bare, {"scores": "bare"})],
                shots=10, batch=10, backends=Aer(device="CPU", draws="born"))  # fmt: skip
    done = sweep(grid, store=tmp_path / "runs.sqlite")
    assert [cell.row_names for cell in done] == [("first", "=2"), ()]
    export_csv(done, tmp_path / "counts.csv")
    second = axes[1] if axes[1] == "query" else "row_name of scores"
    for line in lines_of(tmp_path / "counts.csv"):
        called = ("first", "'=2")[int(line[second])] if line["scores"] == "named" else ""
        assert line["row_name"] == called


@pytest.mark.parametrize("token", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_a_formula(tmp_path, token):
    scores = Scores(np.array([[0.0, 1.0]]), axes=("=2+2",), tokens=(token, "a=1"))
    grid = Grid(Part(scores, {"scores": "=3+3", "+4": 1}), shots=100, batch=100, seed=1,
                backends=Aer(device="CPU", draws="born"))  # fmt: skip
    export_csv(sweep(grid, store=tmp_path / "runs.sqlite"), tmp_path / "counts.csv")
    with (tmp_path / "counts.csv").open(newline="", encoding="utf-8") as file:
        header, first, second = csv.reader(file)
    assert {"'=2+2", "'+4"} <= set(header)
    line = dict(zip(header, first, strict=True))
    assert (line["token"], line["scores"]) == (f"'{token}", "'=3+3")
    assert dict(zip(header, second, strict=True))["token"] == "a=1"
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in header + first)


def test_parquet_says_the_same(swept, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert export_parquet(swept, tmp_path / "counts.parquet") == 24
    export_csv(swept, tmp_path / "counts.csv")
    table = parquet.read_table(tmp_path / "counts.parquet").to_pylist()
    texts = [{name: str(value) for name, value in line.items()} for line in table]
    assert texts == lines_of(tmp_path / "counts.csv")


def test_without_pyarrow_the_extra_is_named(swept, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'qcattn\[parquet\]'"):
        export_parquet(swept, tmp_path / "counts.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_left_as_it_is(swept, tmp_path):
    (tmp_path / "counts.csv").write_text("mine")
    with pytest.raises(ValueError, match=r"counts\.csv` exists and is left as it is"):
        export_csv(swept, tmp_path / "counts.csv")
    assert (tmp_path / "counts.csv").read_text() == "mine"


def test_a_full_disk_leaves_nothing_behind(swept, tmp_path, monkeypatch):
    class Full(csv.DictWriter):
        def __init__(self, file):
            self.file = file

        def writerow(self, row):
            self.file.write("half")

        def writerows(self, rows):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(csv, "writer", Full)
    with pytest.raises(OSError, match=r"counts\.csv` cannot be written: No space left"):
        export_csv(swept, tmp_path / "counts.csv")
    assert list(tmp_path.iterdir()) == []
