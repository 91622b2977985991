"""The Gibbs state has the largest entropy at its energy, and not without that condition."""

import numpy as np
import pytest

from qcattn import thermal
from qcattn.backends import Aer
from qcattn.claims.born._lines import gibbs_line, random_hamiltonian
from qcattn.claims.born._mixed import random_state
from qcattn.claims.born.maximum_entropy import MaximumEntropy, _defect

SMALL = {"states": 1, "directions": 1, "shots": 60_000, "tolerance": 0.15, "alpha": 1e-6}


@pytest.fixture(scope="module")
def found():
    return MaximumEntropy(**SMALL)(seed=1)


def test_at_equal_energy_every_other_state_has_less(found):
    """False-failure rate 1e-6."""
    assert found.standing == "exact"
    excess = found.number("F(rho) - F(Gibbs), the worst of 1")
    most = found.number("entropy of the Gibbs state, nats")
    assert excess.reference in excess.estimate and excess.reference > 0.5
    assert most.reference in most.estimate
    curve = next(one for one in found.panels[1].curves if one.style == "points")
    assert (curve.high[[0, 1, 3, 4]] < most.reference).all()


def test_checks_have_names_and_share_the_error_rate_by_intervals(found):
    """One random state and five of one direction: twelve intervals, of which all are judged."""
    intervals = {
        "identity": 0,
        "attention": 0,
        "free energy": 2,
        "energy": 5,
        "entropy": 1,
        "less": 4,
    }
    assert [check.name for check in found.checks] == ["sampler", *intervals]
    for name, number in intervals.items():
        assert found.check(name).alpha == pytest.approx(number * 1e-6 / 12)


def test_words_follow_from_the_names_of_the_checks_not_from_their_order(described_twice):
    one, other = described_twice(MaximumEntropy(**SMALL))
    assert one == other


def test_without_the_energy_held_fixed_there_are_states_of_more_entropy():
    """They would pass with probability far below 1e-6."""
    wrong = MaximumEntropy(**SMALL, fixed_energy=False)(seed=1)
    assert wrong.standing == "refuted"
    assert wrong.check("less").holds is False and wrong.check("energy").holds is False
    assert wrong.check("attention").holds is False, "nor does softmax have most, at any mean score"
    assert "its energy is another one" in wrong.words


class Certain(Aer):
    """A tenth of all shots reads outcome 0."""

    def __call__(self, prepared, shots, seed):
        counts = super().__call__(prepared, shots, seed)
        moved = counts.keys // 10
        counts.keys[...] -= moved
        counts.keys[..., 0] += moved.sum(axis=-1)
        return counts


def test_a_sampler_that_prefers_an_outcome_is_caught(checked):
    found = checked(MaximumEntropy(**SMALL, backend=Certain()))
    assert False in {check.holds for check in found.values()}


def test_lines_keep_trace_and_energy_and_end_where_states_do():
    rng = np.random.default_rng(1)
    h = random_hamiltonian(4, rng)
    gibbs = thermal.gibbs_state(h, 0.5)
    line = gibbs_line(h, gibbs, rng, fixed_energy=True)
    for step in (-1.0, -0.3, 0.7, 1.0):
        rho = line(step)
        assert np.isclose(np.trace(rho), 1) and np.isclose(np.trace(rho @ h), np.trace(gibbs @ h))
        least = np.linalg.eigvalsh(rho)[0]
        assert abs(least) < 1e-12 if abs(step) == 1 else least > 1e-4
        assert np.abs(rho - gibbs).max() > 0.02


def test_the_identity_of_free_energy_and_relative_entropy_is_dense_algebra():
    assert _defect(4, 0.7, np.random.default_rng(2)) < 1e-12
    rho, h = random_state(4, np.random.default_rng(3)), np.diag([0.0, 1.0, 2.0, 5.0])
    levels = np.linalg.eigvalsh(rho)
    free = np.trace(rho @ h).real + (levels * np.log(levels)).sum() / 0.7
    z = np.exp(-0.7 * np.diag(h)).sum()
    exact = (levels * np.log(levels)).sum() / 0.7 + np.trace(rho @ h).real + np.log(z) / 0.7
    divergence = float(thermal.relative_entropy(rho, thermal.gibbs_state(h, 0.7)))
    assert np.isclose(divergence / 0.7, exact) and np.isclose(free + np.log(z) / 0.7, exact)
