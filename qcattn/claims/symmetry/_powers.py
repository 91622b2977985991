r"""Power laws of three kinds: growing surfaces, kernel regression, and slopes with intervals.

The single-step model grows a surface of slopes +1 and -1: a valley becomes a hill with
probability p, a hill a valley with probability q [1]. With q = 0 it is in the KPZ class: its width
grows as :math:`t^{1/3}`; with p = q it is in the Edwards-Wilkinson class, :math:`t^{1/4}`. Both
end with independent slopes, so that the width of a system of size L is :math:`L^{1/2}`.

References:
    [1] P. Meakin, P. Ramanlal, L. M. Sander, R. C. Ball, Phys. Rev. A 34, 5091 (1986).
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit, zeta

from qcattn.evidence import Estimate

__all__ = ["learning_curve", "slope", "widths"]


def slope(x: np.ndarray, runs: np.ndarray, alpha: float) -> Estimate:
    """The exponent of x in y, from independent runs.

    Each run is fitted by itself, and Student's interval is that of their mean.

    Args:
        x: Shape (points,), positive.
        runs: y of each run, shape (runs, points), positive.
        alpha: Probability that the interval misses.

    Example:
        >>> x = np.array([1.0, 10.0, 100.0])
        >>> round(slope(x, np.stack([x**0.5, 2 * x**0.5]), 0.05).best, 6)
        0.5
    """
    log = np.log(x) - np.log(x).mean()
    powers = np.log(runs) @ log / (log @ log)
    reach = stdtrit(len(runs) - 1, 1 - alpha / 2) * powers.std(ddof=1) / np.sqrt(len(runs))
    best = float(powers.mean())
    return Estimate(best, best - float(reach), best + float(reach))


def widths(
    size: int, times: np.ndarray, runs: int, up: float, down: float, rng: np.random.Generator
) -> np.ndarray:
    """Squared widths of single-step surfaces that begin flat, shape (runs, times).

    Args:
        size: Sites, an even number, on a ring.
        times: Times, whole numbers, increasing.
        runs: The number of surfaces.
        up: Probability that a valley becomes a hill in a step.
        down: Probability that a hill becomes a valley in a step.
        rng: The generator that draws the steps.
    """
    height = np.tile(np.arange(size) % 2, (runs, 1)).astype(np.int32)
    marks, found = set(np.asarray(times).tolist()), []
    for time in range(1, int(np.max(times)) + 1):
        for parity in (0, 1):
            here = slice(parity, size, 2)
            centre = height[:, here]
            left, right = (np.roll(height, shift, axis=1)[:, here] for shift in (1, -1))
            chance = rng.random(centre.shape)
            valley, hill = (left > centre) & (right > centre), (left < centre) & (right < centre)
            height[:, here] += 2 * (valley & (chance < up)) - 2 * (hill & (chance < down))
        if time in marks:
            found.append(height.var(axis=1))
    return np.array(found).T


def learning_curve(
    decay: float, samples: np.ndarray, runs: int, rng: np.random.Generator, features: int = 1500
) -> np.ndarray:
    r"""Errors of kernel regression with the spectrum :math:`i^{-(1+a)}`, shape (runs, samples).

    They are Bayes' errors, averaged over what is learned. Features beyond those that are drawn are
    noise of the variance that they have together.

    Args:
        decay: a; the error falls as the number of samples to the power -a.
        samples: Numbers of samples, whole numbers.
        runs: The number of sets of samples.
        rng: The generator that draws the samples.
        features: The number of features that are drawn.
    """
    spectrum = np.arange(1, features + 1.0) ** -(1 + decay)
    rest = float(zeta(1 + decay) - spectrum.sum())
    out = np.empty((runs, len(samples)))
    for i in range(runs):
        seen, asked = (
            rng.normal(size=(int(np.max(samples)), features)),
            rng.normal(size=(60, features)),
        )
        for j, n in enumerate(samples):
            kernel = (seen[:n] * spectrum) @ seen[:n].T + rest * np.eye(n)
            cross = (asked * spectrum) @ seen[:n].T
            known = (cross * np.linalg.solve(kernel, cross.T).T).sum(axis=1)
            out[i, j] = ((asked**2) @ spectrum + rest - known).mean()
    return out
