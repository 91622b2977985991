"""Entropy from counts: bounds that hold for every law within the box, and cover the truth."""

import numpy as np
import pytest
from scipy import special

from qcattn.certification.intervals import proportion
from qcattn.claims.born._shannon import shannon


@pytest.mark.parametrize("counts", [[50, 30, 20], [1000, 1, 0, 3], [7, 7], [400, 100, 100, 100]])
def test_no_law_within_the_box_has_an_entropy_outside(counts):
    found = shannon(counts, alpha=0.01)
    low, high = proportion(counts, sum(counts), 0.01 / len(counts))
    rng = np.random.default_rng(1)
    # All but one at random places, ends included; the last one is what is left.
    shares = rng.choice([0.0, 1.0, 0.5, 0.1], size=(20_000, len(counts)))
    laws = low + shares * (high - low)
    for last in range(len(counts)):
        laws[:, last] += 1 - laws.sum(axis=1)
        inside = ((laws >= low) & (laws <= high)).all(axis=1)
        entropies = special.entr(laws[inside]).sum(axis=1)
        assert found.low <= entropies.min(initial=np.inf) + 1e-12
        assert found.high >= entropies.max(initial=-np.inf) - 1e-12
    assert found.low < found.best <= found.high


def test_the_interval_covers_the_truth_and_shrinks():
    """At alpha = 1e-6 each; a law whose entropy is 0.02 less is left out at 1e6 shots."""
    rng = np.random.default_rng(2)
    p = rng.dirichlet(np.ones(8), size=50)
    truth = special.entr(p).sum(axis=1)
    widths = []
    for shots in (10_000, 1_000_000):
        found = [shannon(one, alpha=1e-6) for one in rng.multinomial(shots, p)]
        assert all(exact in one for one, exact in zip(found, truth, strict=True))
        widths.append(np.mean([one.high - one.low for one in found]))
    assert widths[1] < widths[0] / 5 and widths[1] < 0.02
    assert all(exact - 0.02 not in one for one, exact in zip(found, truth, strict=True))


def test_a_certain_outcome_has_no_entropy():
    found = shannon([1_000_000, 0, 0, 0], alpha=1e-6)
    assert found.best == found.low == 0 and found.high < 1e-3
