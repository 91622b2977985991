"""B5: one rotation of all changes nothing, a rotation a node does, unless there are links."""

import pytest

from qcattn.claims.symmetry.se3 import GaugeInvariance

QUICK = {"motions": 3, "shots": 10_000, "epsilon": 0.1, "pooled": 0.06, "alpha": 1e-6}


def test_attention_in_space_is_equivariant_and_no_gauge_theory():
    """False-failure rate 1e-6."""
    found = GaugeInvariance(**QUICK)(seed=1)
    assert found.standing == "refuted"
    assert all(found.check(name).holds for name in ("dense", "global", "outputs", "links"))
    assert found.check("gauge").holds is False and found.check("place").holds is False
    assert "global equivariance" in found.words and "no gauge theory" in found.words


def test_with_links_it_is_one_for_scores_from_invariants():
    found = GaugeInvariance(**QUICK, links=True)(seed=1)
    assert found.standing == "conditional" and "link variables" in found.condition
    assert found.check("gauge").holds


def test_a_faulty_simulator_decides_nothing(faulty):
    found = GaugeInvariance(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


@pytest.mark.parametrize("seed", range(3))
def test_the_intervals_hold_the_vectors_whatever_the_seed(seed):
    assert GaugeInvariance(**QUICK)(seed=seed).check("outputs").holds
