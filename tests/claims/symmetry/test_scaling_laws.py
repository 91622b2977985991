"""B4: like numbers, and none of the reasons that make exponents universal."""

from dataclasses import replace

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.claims.symmetry._powers import learning_curve, slope, widths
from qcattn.claims.symmetry.scaling_laws import ScalingLaws
from qcattn.progress import silent

QUICK = ScalingLaws(
    size=1024, duration=120, rows=32, largest=64, decades=2, shots=5_000, epsilon=0.25
)
TINY = replace(QUICK, size=64, duration=40, runs=16, rows=16, largest=16)


class Leaking(Aer):
    """A planted fault: in rows of more than eight keys a tenth of the shots read key 0."""

    def __call__(self, prepared, shots, seed=None):
        counts = super().__call__(prepared, shots, seed)
        moved = counts.keys // 10 * (counts.keys.shape[-1] > 8)
        counts.keys[...] -= moved
        counts.keys[..., 0] += moved.sum(axis=-1)
        return counts


def test_the_exponents_are_alike_and_mean_something_else():
    """False-failure rate 1e-3, at a fixed seed."""
    found = QUICK(seed=1)
    assert found.standing == "analogy"
    for name in ("Ising", "KPZ", "universal", "transition"):
        assert found.check(name).holds is False and found.check(name).role == "mechanism"
    assert "the likeness to critical exponents ends there" in found.words


def test_other_published_exponents_refute_it():
    measured = TINY.measure(np.random.SeedSequence(1), silent)
    other = replace(TINY, published=(0.34, 0.28))
    for claim, holds in ((TINY, True), (other, False)):
        checks = {check.name: check for check in claim.check(measured)}
        assert checks["published"].holds is holds
    assert "not about 0.09" in other.describe(measured, checks).words
    assert other(seed=1).standing == "refuted"


def test_a_faulty_simulator_decides_nothing():
    found = replace(TINY, backend=Leaking())(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_a_surface_ends_as_a_bridge_of_independent_slopes():
    """Squared width of a ring of L slopes that close: (L + 1) / 12; five standard deviations."""
    for down in (0.0, 0.5):
        seen = widths(8, np.array([200]), 4000, 0.5, down, np.random.default_rng(1))[:, 0]
        assert seen.mean() == pytest.approx(9 / 12, abs=5 * seen.std() / np.sqrt(4000))


def test_kernel_regression_learns_what_is_left_of_the_spectrum():
    """With one sample after another the error falls, and no sooner than the spectrum allows."""
    samples = np.array([4, 16, 64])
    error = learning_curve(1.0, samples, 6, np.random.default_rng(1)).mean(axis=0)
    tail = [(1 / np.arange(n + 1, 10**5) ** 2).sum() for n in samples]
    assert np.all(error > tail) and np.all(np.diff(error) < 0) and error[-1] < 3 * tail[-1]


def test_the_interval_of_a_slope_covers_it():
    """500 fits at 10%: 50 misses expected, 5 standard deviations are 34."""
    rng = np.random.default_rng(1)
    x = np.geomspace(1, 100, 6)
    runs = x**0.3 * np.exp(rng.normal(size=(500, 8, 6)) / 5)
    missed = sum(0.3 not in slope(x, one, 0.1) for one in runs)
    assert abs(missed - 50) < 34
