r"""Counts of independent runs as independent uniform numbers, exactly, and what they must not do.

The counts of a run follow one binomial law after the other: the first outcome among all shots, the
second among those that are left, and so on. The randomised probability transform of each,
:math:`u = F(k-1) + v\,(F(k)-F(k-1))` with v uniform, is uniform on (0, 1) whatever the law, and all
of them are independent [1]. So how alike two runs are, or how close runs keep to their law, has an
exact null law at every level, with no simulation.

References:
    [1] J. E. Angus, SIAM Rev. 36, 652 (1994); W. R. Dunn and G. K. Smyth, J. Comput. Graph. Stat.
        5, 236 (1996), randomised quantile residuals.
"""

from __future__ import annotations

import numpy as np
from scipy import special

__all__ = ["alike", "too_close", "uniforms"]

#: Outcomes of fewer expected shots are put together: they say nothing by themselves.
_EXPECTED = 5.0


def uniforms(counts: np.ndarray, p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The transforms of the counts of one run, shape (parts,); none if the law is certain.

    Args:
        counts: Counts of the outcomes, integers, shape (outcomes,).
        p: Their probabilities, shape (outcomes,).
        rng: The generator of the randomisation.
    """
    order = np.argsort(-p, kind="stable")
    k, q = counts[order].astype(float), p[order]
    left = counts.sum() - np.concatenate([[0.0], np.cumsum(k)[:-1]])
    rest = np.maximum(1.0 - np.concatenate([[0.0], np.cumsum(q)[:-1]]), 0.0)
    share = np.divide(q, rest, out=np.ones_like(q), where=rest > 1e-12)
    expected = counts.sum() * np.minimum(q, np.maximum(rest - q, 0.0))
    live = (expected >= _EXPECTED) & (left > 0)
    k, n, share = k[live], left[live], np.clip(share[live], 0.0, 1.0)
    above = special.bdtr(k, n.astype(int), share)
    below = np.where(k > 0, special.bdtr(np.maximum(k - 1, 0), n.astype(int), share), 0.0)
    mixed = below + rng.random(len(k)) * (above - below)
    return np.clip(mixed, 1e-300, 1.0)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    r"""The p-value that two independent runs are as near to each other as these.

    For independent u and v, :math:`|u - v|` is at most x with probability :math:`2x - x^2`; the
    parts are joined by Fisher's combination. The same holds for :math:`|u - (1 - v)|`, for runs
    that mirror each other.

    Args:
        one: Transforms of one run, shape (parts,).
        other: Transforms of another run, same shape.
    """
    if not one.size:
        return 1.0
    ways = []
    for mirror in (other, 1 - other):
        x = np.abs(one - mirror)
        ways.append(_fisher(np.maximum(2 * x - x * x, 1e-300)))
    return min(1.0, 2 * min(ways))


def too_close(all_runs: np.ndarray) -> float:
    r"""The p-value that independent shots keep as close to their law as these.

    For a uniform u, :math:`2|u - 1/2|` is uniform too; all of them are joined by Fisher's
    combination.

    Args:
        all_runs: Transforms of any number of runs, any shape.
    """
    return _fisher(np.maximum(2 * np.abs(all_runs.ravel() - 0.5), 1e-300))


def _fisher(p: np.ndarray) -> float:
    if not p.size:
        return 1.0
    return float(special.chdtrc(2 * p.size, -2 * float(np.log(p).sum())))
