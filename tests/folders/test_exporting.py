"""Counts for other tools: what is in the table is what is in the sweep."""

import csv
import errno

import numpy as np
import pytest

from qcattn.datasets import Scores
from qcattn.folders.exporting import export_csv, export_parquet
from qcattn.preparations import Heralded
from qcattn.sweeps import Grid, sweep

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
