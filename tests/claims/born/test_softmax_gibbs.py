"""Softmax is the Gibbs distribution of real rows, at the right temperature only."""

import mpmath
import numpy as np
import pytest

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.claims.born._rows import HEAD_SIZES, real_rows
from qcattn.claims.born.softmax_gibbs import SoftmaxGibbs, _distance
from qcattn.datasets import load_scores

SMALL = {"rows": 1, "taus": (1.0,), "shots": 60_000, "epsilon": 0.08, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return SoftmaxGibbs(**SMALL)(seed=1)


def test_softmax_comes_out_in_both_ways(found):
    """False-failure rate 1e-6."""
    assert found.standing == "exact"
    said = "\n".join(check.statement for check in found.checks)
    assert all(f"{model} follow softmax, temperature {way}" in said
               for model in HEAD_SIZES for way in ("in the energies", "in beta"))  # fmt: skip
    assert "is the one asked for in 4 of 4" in found.words
    distance = found.number("total variation, the worst row").estimate
    assert 0 < distance.best < distance.high < 0.08


def test_checks_have_names(found):
    kinds = ("in the energies", "in beta", "dense", "angles", "twice")
    names = [f"{model} {kind}" for model in HEAD_SIZES for kind in kinds]
    assert [check.name for check in found.checks] == ["sampler", *names]
    paid = [check.alpha > 0 for check in map(found.check, names)]
    assert paid == 2 * [True, True, False, False, True]


def test_words_follow_from_the_names_of_the_checks_not_from_their_order(described_twice):
    one, other = described_twice(SoftmaxGibbs(**SMALL))
    assert one == other


def test_another_temperature_is_refuted():
    """Beta 10% off passes with probability far below 1e-6."""
    wrong = SoftmaxGibbs(**SMALL, detuning=1.1)(seed=1)
    assert wrong.standing == "refuted" and "not shown that they all follow" in wrong.words


class Swapped(Aer):
    """Swaps the first two keys."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        counts.keys[..., [0, 1]] = counts.keys[..., [1, 0]]
        return counts


def test_swapped_keys_are_caught(checked):
    found = checked(SoftmaxGibbs(**SMALL, backend=Swapped()))
    assert found["minilm in beta"].holds is False


def test_the_dense_reference_is_softmax_to_many_digits():
    scores = real_rows("minilm", 1, np.random.default_rng(3))[0]
    with mpmath.workdps(40):
        weights = [mpmath.exp(mpmath.mpf(float(s)) / 2) for s in scores]
        exact = np.array([float(w / mpmath.fsum(weights)) for w in weights])
    assert _distance(-scores, 0.5, exact) < 1e-12
    assert np.allclose(softmax(scores / 2), exact)
    exact[0] += 1e-6
    assert _distance(-scores, 0.5, exact) > 5e-7


@pytest.mark.parametrize("model", HEAD_SIZES)
def test_rows_are_those_of_the_model(model):
    rows = real_rows(model, 4, np.random.default_rng(1))
    everything = load_scores(model).scores.reshape(-1, rows.shape[1])
    assert all((everything == row).all(axis=1).any() for row in rows)
    assert (np.isfinite(rows).sum(axis=1) > 1).all()
    assert len(np.unique(rows, axis=0)) == 4
