"""Names of rows, as a table of scores brings them, reach all that says something of a row."""

from dataclasses import replace

import numpy as np
import pytest

from qcattn.datasets.scores import Scores, only
from qcattn.experiment import run
from qcattn.folders.results import load, save
from qcattn.views.labels import place, query_labels
from qcattn.views.run import sheets
from qcattn.views.run.brief import brief
from qcattn.views.run.plots import plot_row_bars

NAMES = ("monday", "tue, day")
SCORES = Scores(np.array([[0.5, 1.5, 2.0], [1.0, 0.0, 0.5]]), row_names=NAMES)


@pytest.fixture(scope="module")
def result():
    return run(SCORES, shots=50, seed=1)


def test_tables_pages_and_documents_name_the_rows(result):
    (line,) = sheets.summary(result).lines
    assert line[6] in {f"row {i} '{name}'" for i, name in enumerate(NAMES)}
    assert {one[0] for one in sheets.worst(result).lines} == {
        f"row {i} '{name}'" for i, name in enumerate(NAMES)
    }
    assert brief([result], 0.01)["parts"][0]["row_names"] == list(NAMES)
    assert query_labels(result) == NAMES


def test_a_comma_in_a_name_does_not_break_the_title_of_its_plot(result):
    assert plot_row_bars(result, 1).get_title().startswith("row 1 'tue, day', p = ")


def test_names_come_back_from_a_folder_and_go_into_a_data_frame(result, tmp_path):
    save(result, tmp_path / "run")
    assert load(tmp_path / "run").row_names == NAMES
    pandas = pytest.importorskip("pandas")
    table = result.to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert table["row_name"].tolist() == [NAMES[0]] * 3 + [NAMES[1]] * 3


def test_names_stay_on_the_axis_of_the_rows():
    many = Scores(np.zeros((2, 3, 4)), axes=("layer", "query"), row_names=("a", "b", "c"))
    assert only(many, "layer", 1).row_names == ("a", "b", "c")
    flat = Scores(np.zeros((2, 4)), axes=("layer",), row_names=("a", "b"))
    assert only(flat, "layer", 1).row_names == ()


def test_a_row_of_many_axes_is_called_by_its_name_in_the_last(result):
    result = replace(
        result, expected=np.full((2, 2, 3), 1 / 3), axes=("head", "query"), row_names=("a", "b")
    )
    assert place(result, (1, 0)) == "head 1, query 0 'a'" == place(result, (1, 0), token=False)
    assert place(result, (1,)) == "head 1"


def test_an_axis_that_is_called_as_a_column_is_not_lost():
    """The column of the axis was overwritten by that of the keys."""
    pytest.importorskip("pandas")
    table = run(Scores(np.zeros((2, 3)), axes=("key",)), shots=10, seed=1).to_pandas()
    assert table["key of scores"].tolist() == [0, 0, 0, 1, 1, 1]
    assert table["key"].tolist() == [0, 1, 2] * 2
