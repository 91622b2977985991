import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.encodings import Binary, OneHot
from qcattn.preparations import QSVT, Amplitude
from qcattn.sweeps import Grid, read_plan, sweep
from qcattn.sweeps.grid import parts
from qcattn.sweeps.worker import Piece, work

WHOLE = """
beta = [0.5, 2]
encodings = ["Binary", "onehot"]
preparations = ["Amplitude", {name = "QSVT", error = 1e-3}]
noise = ["none", "readout=0.01"]
backends = [{draws = "born"}, {precision = "single"}]
shots = 2000
batch = 500
seed = 7
alpha = 0.05

[[scores]]
model = "smollm2"
sentence = 1
layers = [0, 3]
heads = 2

[[scores]]
file = "mine.npy"
name = "mine"
"""


@pytest.fixture
def read(tmp_path):
    np.save(tmp_path / "mine.npy", np.eye(3))

    def written(text):
        (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
        return read_plan(tmp_path / "plan.toml")

    return written


def test_a_plan_is_the_grid_that_it_names(read):
    from qcattn.datasets import Scores, load_scores

    grid = read(WHOLE)
    layers = parts(load_scores("smollm2", 1), name="smollm2 1", layers=[0, 3], heads=[2])
    same = Grid(
        [*layers, *parts(Scores(np.eye(3)), name="mine")],
        beta=[0.5, 2.0],
        encodings=[Binary(), OneHot()],
        preparations=[Amplitude(), QSVT(error=1e-3)],
        noise=["none", "readout=0.01"],
        backends=[Aer(device="CPU", draws="born"), Aer(device="CPU", precision="single")],
        shots=2000,
        batch=500,
        seed=7,
        alpha=0.05,
    )
    assert len(grid.cells) == 3 * 2 * 2 * 2 * 2 * 2
    for mine, theirs in zip(grid.cells, same.cells, strict=True):
        assert (mine.key, mine.point) == (theirs.key, theirs.point)
    assert (grid.shots, grid.batch, grid.seed, grid.alpha) == (2000, 500, 7, 0.05)


def test_all_layers_and_heads_and_the_usual_values(read):
    grid = read('[[scores]]\nmodel = "minilm"\nlayers = "all"\nheads = "all"\n')
    assert len(grid.cells) == 6 * 12
    assert (grid.shots, grid.batch, grid.seed) == (4096, 2048, 0)
    (whole,) = read('scores = {model = "minilm"}').cells
    assert whole.scores.shape == (6, 12, 13, 13) and whole.axes == ("layer", "head", "query")


SCORES = '[[scores]]\nmodel = "smollm2"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bta = 1\n" + SCORES, r"a key of the plan must .*, but is 'bta'; did you mean 'beta'\?"),
        (
            SCORES + "layer = [0]",
            r"a key of `scores` must .*, but is 'layer'; did you mean 'layers'\?",
        ),
        ("", "`scores` is missing"),
        ("scores = 3", r"write \[\[scores\]\]"),
        ("beta = [", "is not TOML"),
        ('[[scores]]\nfile = "C:\\Users\\me.npy"', r"is not TOML.*; write / for \\ in the name"),
        ("[[scores]]\nlayers = [0]", "must have one of `model`, `file` and `qk`, but has none"),
        ('[[scores]]\nfile = "gone.npy"', "gone.npy"),
        ('[[scores]]\nfile = "mine.npy"\nsentence = 1', "`sentence` chooses packaged scores"),
        ('[[scores]]\nmodel = "smollm"', "smollm2"),
        (SCORES + "layers = [99]", "`layers` must be one of 0 to 29, but is 99"),
        (SCORES + 'layers = "some"', "give a list of numbers"),
        ('preparations = ["Heralde"]\n' + SCORES, "did you mean 'Heralded'"),
        ("preparations = [3]\n" + SCORES, "give a name, or a table"),
        ('preparations = [{name = "QSVT", eror = 1}]\n' + SCORES, "did you mean 'error'"),
        (
            'preparations = [{name = "QSVT", error = "x"}]\n' + SCORES,
            "`error` of QSVT must be a number, but is 'x'",
        ),
        ('backends = [{draw = "born"}]\n' + SCORES, "did you mean 'draws'"),
        ('backends = [{noise_model = "x"}]\n' + SCORES, "noise is an axis of its own"),
        ('backends = [{device = "auto"}]\n' + SCORES, "must not depend on the machine"),
        ('backends = "qulaks"\n' + SCORES, "did you mean 'Qulacs'"),
        ('backends = "os:getcwd"\n' + SCORES, "`backends` must be one of Aer"),
        (
            'backends = ["Aer", "stim"]\nnoise = "readout"\n' + SCORES,
            "simulated by Aer, but `backend` is Stim",
        ),
        ('beta = ["x"]\n' + SCORES, "`beta` must hold real numbers"),
        ('noise = "redout=0.1"\n' + SCORES, "did you mean 'readout'"),
        (SCORES + "layers = []\n" + SCORES, "`layers` is empty"),
        ("[[scores]]\nfile = 3", "`file` is 3; write a name in quotes"),
        ("shots = -1\n" + SCORES, "`shots` must be"),
    ],
)
def test_a_mistake_is_named_with_its_cure(read, text, said):
    with pytest.raises(ValueError, match=said) as caught:
        read(text).cells  # noqa: B018
    assert "plan.toml" in str(caught.value)


def test_a_backend_may_be_held_to_some_memory(read):
    """Too little of it fails the cell, and names the bytes."""
    grid = read('backends = {memory = "1GiB"}\n' + SCORES)
    assert {cell.memory for cell in grid.cells} == {2**30}
    assert "memory" not in grid.cells[0].spec["backend"]
    cell = read('backends = {memory = "1kiB"}\n' + SCORES).cells[0]
    rows = cell.block(0).tobytes()
    (drawn,) = work([Piece(cell.key, cell.spec, 0, rows, (0,), cell.memory)])
    assert "bytes" in drawn.error and not drawn.batches


def test_another_simulator_is_named_in_a_plan_beside_aer(read, tmp_path):
    """False-failure rate 1e-6; its version is part of its address, and Aer's is what it was."""
    pytest.importorskip("qulacs", reason="qulacs is an extra of its own")
    mine = '[[scores]]\nfile = "mine.npy"\n'
    grid = read('backends = ["aer", "qulacs"]\nshots = 300\nalpha = 1e-6\n' + mine)
    aer, other = grid.cells
    assert aer.key == read("shots = 300\n" + mine).cells[0].key
    assert other.spec["backend"] == {"name": "Qulacs"} and "Qulacs" in other.spec["versions"]
    done = sweep(grid, store=tmp_path / "runs.sqlite")
    assert [cell.point["backend"] for cell in done] == ["Aer", "Qulacs"]
    assert done.standing == "agrees" and all((cell.counts.shots == 300).all() for cell in done)
    again = sweep(grid, store=tmp_path / "again.sqlite")
    for one, two in zip(done, again, strict=True):
        assert np.array_equal(one.counts.keys, two.counts.keys)


def test_a_plan_that_is_missing_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none.toml` cannot be read"):
        read_plan(tmp_path / "none.toml")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_plan_is_read_in_the_encodings_that_editors_write(encoding, tmp_path):
    path = tmp_path / "plan.toml"
    path.write_bytes('[[scores]]\nmodel = "minilm"\n'.encode(encoding))
    assert len(read_plan(path).cells) == 1
