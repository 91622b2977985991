"""The Gibbs state has the largest entropy at its energy, and not without that condition."""

import numpy as np
import pytest

from qcattn import thermal
from qcattn.backends import Aer
from qcattn.claims import MaximumEntropy
from qcattn.claims.born.maximum_entropy import _defect, _hermitian, _state

SMALL = {"states": 1, "directions": 1, "shots": 60_000, "tolerance": 0.15, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return MaximumEntropy(**SMALL)(seed=1)


def test_at_equal_energy_every_other_state_has_less(found):
    """False-failure rate 1e-6."""
    assert found.standing == "exact"
    excess, most = found.numbers
    assert excess.reference in excess.estimate and excess.reference > 0.5
    assert most.reference in most.estimate
    curve = next(one for one in found.panels[1].curves if one.style == "points")
    assert (curve.high[[0, 1, 3, 4]] < most.reference).all()


def test_without_the_energy_held_fixed_there_are_states_of_more_entropy():
    """They would pass with probability far below 1e-6."""
    wrong = MaximumEntropy(**SMALL, fixed_energy=False)(seed=1)
    assert wrong.standing == "refuted"
    assert wrong.checks[-1].holds is False
    assert "its energy is another one" in wrong.words


class Certain(Aer):
    """A tenth of all shots reads outcome 0."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        moved = counts.keys // 10
        counts.keys[...] -= moved
        counts.keys[..., 0] += moved.sum(axis=-1)
        return counts


def test_a_sampler_that_prefers_an_outcome_is_caught():
    assert MaximumEntropy(**SMALL, backend=Certain())(seed=1).standing == "refuted"


def test_paths_keep_trace_and_energy_and_end_where_states_do():
    rng = np.random.default_rng(1)
    h = _hermitian(4, rng)
    gibbs = thermal.gibbs_state(h, 0.5)
    path = MaximumEntropy()._path(h, gibbs, rng)
    for step in (-1.0, -0.3, 0.7, 1.0):
        rho = path(step)
        assert np.isclose(np.trace(rho), 1) and np.isclose(np.trace(rho @ h), np.trace(gibbs @ h))
        least = np.linalg.eigvalsh(rho)[0]
        assert abs(least) < 1e-12 if abs(step) == 1 else least > 1e-4
        assert np.abs(rho - gibbs).max() > 0.02


def test_the_identity_of_free_energy_and_relative_entropy_is_dense_algebra():
    assert _defect(4, 0.7, np.random.default_rng(2)) < 1e-12
    rho, h = _state(4, np.random.default_rng(3)), np.diag([0.0, 1.0, 2.0, 5.0])
    levels = np.linalg.eigvalsh(rho)
    free = np.trace(rho @ h).real + (levels * np.log(levels)).sum() / 0.7
    z = np.exp(-0.7 * np.diag(h)).sum()
    exact = (levels * np.log(levels)).sum() / 0.7 + np.trace(rho @ h).real + np.log(z) / 0.7
    divergence = float(thermal.relative_entropy(rho, thermal.gibbs_state(h, 0.7)))
    assert np.isclose(divergence / 0.7, exact) and np.isclose(free + np.log(z) / 0.7, exact)
