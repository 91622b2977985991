"""Nothing agrees where nothing would have been seen."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from qcattn import Binary, Heralded, ThermofieldQAOA, prepare, run
from qcattn.cli import app
from qcattn.comparisons import fit
from qcattn.views.run.words import sentence
from qcattn.views.trials.words import words

ROWS = np.random.default_rng(5).normal(scale=1.2, size=(20, 6))


@pytest.mark.filterwarnings("ignore::qcattn.errors.Doubtful")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shots": 1}, "In each row only one shot counts"),
        ({"beta": 1e6}, "a single possible key"),
        ({"shots": 1, "preparation": Heralded()}, "Undecided"),
    ],
)
def test_runs_that_would_have_seen_nothing_are_undecided(options, said):
    """No chance in the standing, unless a fair sampler is refuted at 1e-9."""
    result = run(ROWS, seed=1, alpha=1e-9, **options)
    assert result.standing == "undecided" and not result.agrees
    assert said in sentence(result)
    assert run(ROWS, seed=1, alpha=1e-9).agrees


def test_a_fault_that_is_seen_all_the_same_differs():
    """No chance: 4 shots, every one of them on a key that must not come."""
    assert fit([[0, 0, 4]], [[0.5, 0.5, 0.0]]).refuted


@pytest.mark.parametrize(
    ("p", "shots"),
    [((0.9, 0.05, 0.03, 0.02), 32), ((0.999, 5e-4, 5e-4), 500), ((1 - 1e-4, 1e-4), 1000)],
)
def test_what_peaked_rows_of_few_shots_would_have_seen(p, shots):
    """Of 400 rows moved by the total variation that is stated, in its own direction and in that
    of p, 360 are expected at least; 326 or fewer come by a chance below 1e-6. A fifth of the
    move, the planted fault, is seen in fewer.
    """
    p, rng = np.array(p), np.random.default_rng(3)
    size = float(fit(rng.multinomial(shots, p), p).resolution)
    assert size < 1
    rest = np.where(np.arange(p.size) == 0, 0.0, p)

    def seen(share, power):
        moved = rest**power * (rest > 0)
        q = p + share * size * (moved / moved.sum() - np.eye(p.size)[0])
        counts = rng.multinomial(shots, q, size=400)
        return np.count_nonzero(fit(counts, p).p_values <= 0.01)

    assert seen(1, 2 / 3) > 326 and seen(1, 1) > 326
    assert seen(0.2, 1) <= 326


def test_as_claimed_is_not_thermal():
    """No chance in the distance; a fair sampler is refuted at 1e-9."""
    hamiltonian = Binary()(np.linspace(0, 3, 16))
    trials = prepare(hamiltonian, methods=ThermofieldQAOA(layers=1), seed=1, alpha=1e-9)
    (trial,) = trials.trials
    assert trial.standing == "agrees" and trial.far
    assert trial.said == f"as claimed, {trial.trace_distance:.2g} off"
    assert f"ThermofieldQAOA {trial.trace_distance:.2g}" in words(trials)
    assert str(trials).startswith("as claimed: ") and "agree" not in words(trials)
    exact = prepare(hamiltonian, methods=Heralded(), seed=1, alpha=1e-9)
    assert exact.trials[0].said == "as claimed" and "far from it" not in words(exact)


def test_kept_shots_that_are_too_few_are_undecided():
    """No chance in the standing, unless a fair sampler is refuted at 1e-9."""
    trials = prepare(Binary()([0.0, 1.0, 2.0, 3.0]), methods=Heralded(), shots=12, alpha=1e-9)
    assert trials.trials[0].standing == "undecided"
    assert "so few shots were kept" in words(trials) or "no shot was kept" in words(trials)


@pytest.mark.parametrize(("counts", "code"), [([3, 2, 3], 2), ([300, 200, 300], 0)])
def test_compare(tmp_path, counts, code):
    (tmp_path / "k.json").write_text(json.dumps(counts))
    (tmp_path / "p.json").write_text("[0.375, 0.25, 0.375]")
    files = [str(tmp_path / name) for name in ("k.json", "p.json")]
    assert CliRunner().invoke(app, ["compare", *files]).exit_code == code
