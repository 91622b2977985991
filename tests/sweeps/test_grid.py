import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.datasets import Scores, load_scores
from qcattn.encodings import OneHot
from qcattn.preparations import QSVT, Amplitude, Heralded
from qcattn.sweeps import Grid, parts
from qcattn.sweeps.grid import task_key

SCORES = np.random.default_rng(11).normal(scale=1.5, size=(70, 4))
SCORES[3, 1] = -np.inf


def keys(grid) -> list[str]:
    return [cell.key for cell in grid.cells]


def test_cells_are_the_product_of_the_axes(small):
    grid = small(noise=["none", "readout=0.01"], encodings=OneHot())
    assert len(grid.cells) == 8 and len(set(keys(grid))) == 8
    points = [tuple(cell.point.values())[1:] for cell in grid.cells]
    assert points[0] == (0.5, "OneHot", "Amplitude", "none", "Aer(draws='born')")
    assert points[-1] == (1.0, "OneHot", "Heralded", "readout=0.01", "Aer(draws='born')")
    assert grid.cells[0].num_blocks == 2
    blocks = [grid.cells[0].block(number) for number in range(2)]
    assert np.array_equal(np.concatenate(blocks), SCORES)


OTHER = {
    "scores": np.nextafter(SCORES, 9),
    "beta": [0.5000001],
    "encodings": OneHot(),
    "preparations": QSVT(),
    "noise": "readout=0.01",
    "backends": Aer(device="CPU", draws="born", precision="single"),
    "batch": 101,
    "seed": 6,
}


@pytest.mark.parametrize("name", OTHER)
def test_whatever_determines_the_counts_changes_every_address(name, small):
    assert not set(keys(small())) & set(keys(small(**{name: OTHER[name]})))


@pytest.mark.parametrize("name", ["qcattn", "qiskit", "qiskit-aer", "numpy", "scipy", "pyqsp"])
def test_versions_of_what_makes_the_numbers_change_the_address(monkeypatch, small, name):
    from qcattn.sweeps import grid

    before = keys(small())
    versions = {**grid.package_versions(), name: "9"}
    monkeypatch.setattr(grid, "package_versions", lambda: versions)
    assert not set(before) & set(keys(small()))


def test_what_does_not_determine_the_counts_leaves_addresses_alone(small):
    before = keys(small())
    assert keys(small(shots=999, alpha=0.1)) == before
    assert keys(small(scores=SCORES)) == before, "names of tokens and axes"
    assert keys(small(scores=SCORES.astype(">f8"))) == before, "byte order"
    assert set(keys(small(beta=[1.0, 0.5]))) == set(before), "order"
    assert set(before) < set(keys(small(beta=[0.5, 1.0, 2.0]))), "a larger grid"
    modest = small(backends=Aer(device="CPU", draws="born", memory=2**31))
    assert keys(modest) == before and modest.cells[0].memory == 2**31, "memory cuts rows only"


def test_tasks_have_addresses_of_their_own(small):
    cell = small().cells[0].key
    tasks = {task_key(cell, block, batch) for block in range(3) for batch in range(3)}
    assert len(tasks) == 9 and task_key(cell, 0, 1) != task_key(cell, 1, 0)


def test_parts_are_layers_and_heads_in_order():
    scores = load_scores()
    chosen = parts(scores, layers=[2, 0], heads=[5, 1])
    places = [(part.point["layer"], part.point["head"]) for part in chosen]
    assert places == [(0, 1), (0, 5), (2, 1), (2, 5)]
    for part, (layer, head) in zip(chosen, places, strict=True):
        assert np.array_equal(part.scores.scores, scores.scores[layer, head])
        assert part.scores.axes == ("query",) and part.scores.tokens == scores.tokens
    (layer,) = parts(scores, layers=[4])
    assert layer.scores.axes == ("head", "query")
    (head,) = parts(scores, heads=[4])
    assert np.array_equal(head.scores.scores, scores.scores[:, 4])


def test_scores_of_one_name_are_told_apart():
    grid = Grid([Scores(np.eye(2)), Scores(np.ones((2, 2)))])
    assert [cell.point["scores"] for cell in grid.cells] == ["scores 0", "scores 1"]
    twice = Grid([load_scores(), load_scores("smollm2", 1)])
    assert [cell.point["scores"] for cell in twice.cells] == ["smollm2 #0", "smollm2 #1"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"beta": []}, "`beta` is empty"),
        ({"beta": [0.0]}, "`beta` must be positive"),
        ({"beta": ["x"]}, "`beta` must hold real numbers"),
        ({"beta": [[1.0, 2.0]]}, "`beta` must be one number or a list of them, but is"),
        ({"preparations": []}, "`preparations` is empty"),
        ({"preparations": Amplitude}, "`preparations` must be objects of .* but holds"),
        ({"shots": 0}, "`shots` must be a whole number"),
        ({"batch": 1.5}, "`batch` must be a whole number"),
        ({"batch": 10**20}, "`batch` is 100,000,000,000,000,000,000, but must be at most"),
        ({"seed": -1}, "`seed` must be"),
        ({"seed": None}, "`seed` must be"),
        ({"alpha": 1}, "`alpha` must be a number between 0 and 1"),
        ({"noise": [0.1]}, "`noise` holds"),
        ({"noise": ["none", "redout=0.1"]}, "did you mean 'readout'"),
        ({"noise": "readout=5"}, "`noise` has readout=5"),
        ({"backends": Aer()}, "must not depend on the machine"),
        ({"scores": [[0.0, np.nan]]}, "scores"),
        ({"scores": [[-np.inf, -np.inf]]}, "scores"),
    ],
)
def test_a_grid_that_cannot_be_drawn_is_refused(options, said, small):
    with pytest.raises(ValueError, match=said):
        small(**options)


def test_parts_that_are_not_there_are_refused(small):
    with pytest.raises(ValueError, match="`layers` must be one of 0 to 29, but is 30"):
        parts(load_scores(), layers=[30])
    with pytest.raises(ValueError, match="`heads` needs an axis called head"):
        parts(Scores(np.zeros((2, 3))), heads=[0])
    with pytest.raises(ValueError, match="`layers` is empty"):
        parts(load_scores(), layers=[])
    assert Heralded() in small().preparations
