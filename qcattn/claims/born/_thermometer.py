"""An inverse temperature, with an interval, from the counts of Hadamard tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import mean
from qcattn.claims.born._correlators import Comb
from qcattn.evidence import Estimate
from qcattn.records import Prepared
from qcattn.seeds import entropy

__all__ = ["defect", "draw_tests", "exact_defect", "inverse_temperature", "spent"]


def draw_tests(
    teeth: Comb, tests: list[Prepared], shots: int, backend: Backend | None, seed: Any
) -> np.ndarray:
    """Counts of +1 and of -1 of Hadamard tests, shape (2, times, 2), real parts first.

    Args:
        teeth: The estimator, which says how the shots are spent.
        tests: The tests: at every time the real part, then the imaginary one.
        shots: The number of shots of all tests together, about.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
    """
    parts = np.random.SeedSequence(entropy(seed)).spawn(len(tests))
    each = spent(teeth, shots).T.ravel()
    found = [
        draw([test], int(number), backend, part)[0].keys
        for test, number, part in zip(tests, each, parts, strict=True)
    ]
    return np.array(found).reshape(-1, 2, 2).swapaxes(0, 1)


def spent(teeth: Comb, shots: int) -> np.ndarray:
    """The shots of each Hadamard test, 1 or more, shape (2, times)."""
    return np.maximum(1, np.rint(teeth.shares * shots)).astype(int)


def defect(
    teeth: Comb, counts: np.ndarray, beta: float, alpha: float, row: int | None = None
) -> Estimate:
    r"""The defect :math:`(S(\nu)+S(-\nu))\tanh(\beta\nu/2) - (S(\nu)-S(-\nu))`, with interval.

    It is zero at every frequency in a thermal state at beta. It is linear in the means of the
    Hadamard tests, whatever beta, so `qcattn.certification.intervals.mean` bounds it at any number
    of shots.

    Args:
        teeth: The estimator.
        counts: Counts of +1 and of -1, shape (2, times, 2), real parts first.
        beta: Any inverse temperature.
        alpha: Probability that the interval misses, at most.
        row: The row of the frequency; None sums over all.
    """
    rows = slice(None) if row is None else slice(row, row + 1)
    rise = np.tanh(beta * teeth.frequencies[rows] / 2)
    weights = np.stack([rise @ teeth.even[rows], teeth.odd[rows].sum(axis=0)])
    groups = [
        (np.array([w, -w]), hits)
        for w, hits in zip(weights.ravel(), counts.reshape(-1, 2), strict=True)
    ]
    return mean(groups, alpha, offset=float(rise @ teeth.offsets[rows]))


def exact_defect(teeth: Comb, g: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """The defect summed over all frequencies, from exact correlations, shape (betas,).

    Args:
        teeth: The estimator.
        g: G at its times, complex, shape (times,).
        betas: Any inverse temperatures, shape (betas,).
    """
    both, difference = teeth.offsets + teeth.even @ g.real, teeth.odd @ g.imag
    rise = np.tanh(np.outer(betas, teeth.frequencies) / 2)
    return np.asarray(rise @ both + difference.sum())


def inverse_temperature(
    teeth: Comb, counts: np.ndarray, alpha: float, row: int | None = None
) -> Estimate:
    """All betas at which the interval of the defect holds zero (Fieller's construction).

    Args:
        teeth: The estimator.
        counts: Counts, as for `defect`.
        alpha: Probability that the true beta is left out, at most.
        row: The row of one frequency; None takes all together.

    References:
        E. C. Fieller, J. R. Stat. Soc. B 16, 175 (1954).
    """
    far = 40 / float(teeth.frequencies[slice(row, None if row is None else row + 1)].min())

    def zero(end: str) -> float:
        def value(beta: float) -> float:
            return float(getattr(defect(teeth, counts, beta, alpha, row), end))

        below, above = value(-far), value(far)
        if np.isnan(below):
            return float("nan")  # some test kept no shot
        if below >= 0 or above <= 0:  # not even there is the sign the one it must be
            return -np.inf if below >= 0 else np.inf
        return float(optimize.brentq(value, -far, far, xtol=1e-14 * far, rtol=1e-12))

    return Estimate(zero("best"), zero("high"), zero("low"))
