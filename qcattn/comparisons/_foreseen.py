r"""Whether `qcattn.comparisons.fit` is foreseen to find a given deviation from given shots.

The parts of `fit` are followed one by one, each at its share of the level, by the mean and the
variance of its statistic under the deviating law q:

- *u*: mean :math:`n(n-1) \sum w_i (q_i - p_i)^2`, variance
  :math:`\sigma_0^2 + 4 n^3 (\sum w_i^2 (q_i - p_i)^2 p_i - (\sum w_i (q_i-p_i) p_i)^2)`;
- *energy*: mean :math:`n \sum (q_i - p_i) \log p_i`, variance n times that of log p under q;
- *tail*: an exact binomial test of all outcomes but the likeliest, at half the part's level;
- *top*: the shifts :math:`z_1, z_2` of the two likeliest outcomes' sum and of their sharing, each
  in units of its standard deviation, with Fisher's combination of the two.

A part finds the deviation with this power where its mean passes the critical value by
:math:`z_\text{power}` standard deviations; a row is found where one of its parts does so.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from qcattn.comparisons import _quadratic
from qcattn.comparisons._resolution import critical_value
from qcattn.comparisons._rows import Bools, Floats


def found(
    p: Floats, q: Floats, n: Floats, alpha: float, power: float, shares: dict[str, float]
) -> Bools:
    """Whether any part of `fit` detects each row.

    Args:
        p: Probabilities tested, shape (rows, outcomes).
        q: Law of the shots, same shape.
        n: Shots, shape (rows,).
        alpha: Level of a row.
        power: Probability that a part finds it.
        shares: The share of each part in the level, where all parts are at work.

    Returns:
        Shape (rows,).
    """
    z_power = float(special.ndtri(power))
    parts = {
        "u": _u(p, q, n, z_power),
        "energy": _energy(p, q, n, z_power),
        "tail": _tail(p, q, n, power),
        "top": _top(p, q, n, z_power),
    }
    total = np.maximum(sum(works * shares[name] for name, (works, _) in parts.items()), 1e-300)
    seen = np.zeros(len(p), dtype=bool)
    for name, (works, finds) in parts.items():
        seen |= works & finds(np.where(works, alpha * shares[name] / total, 0.5))
    return seen


#: Where a part works, and which rows it finds at which levels.
Part = tuple[Bools, Callable[[Floats], Bools]]


def _u(p: Floats, q: Floats, n: Floats, z_power: float) -> Part:
    law = _quadratic.weigh(p, n)
    variance, third = _quadratic.null_moments(law)
    live = (variance > 0) & (law.gap[:, 0] > 0)
    variance = np.where(live, variance, 1.0)
    w = law.w.copy()
    np.put_along_axis(w, law.top, law.w_top, axis=-1)
    d = q - p
    shift = n * (n - 1) * (w * d**2).sum(axis=-1)
    slope = (w**2 * d**2 * q).sum(axis=-1) - (w * d * q).sum(axis=-1) ** 2
    spread = np.sqrt(variance + 4 * n**3 * np.maximum(slope, 0.0))
    skew = np.maximum(third, 0) / variance**1.5

    def finds(level: Floats) -> Bools:
        return shift >= critical_value(level, skew) * np.sqrt(variance) + z_power * spread

    return live, finds


def _energy(p: Floats, q: Floats, n: Floats, z_power: float) -> Part:
    score = np.log(np.where(p > 0, p, p.max(axis=-1, keepdims=True)))

    def variance(law: Floats) -> Floats:
        mean = (law * score).sum(axis=-1, keepdims=True)
        return n * (law * (score - mean) ** 2).sum(axis=-1)

    live = variance(p) > 1e-20 * n
    shift, before, after = n * np.abs(((q - p) * score).sum(axis=-1)), variance(p), variance(q)

    def finds(level: Floats) -> Bools:
        return shift >= -special.ndtri(level / 2) * np.sqrt(before) + z_power * np.sqrt(after)

    return live, finds


def _tail(p: Floats, q: Floats, n: Floats, power: float) -> Part:
    from scipy import stats  # Slow to import.

    top = p.argmax(axis=-1)[:, None]
    before = 1 - np.take_along_axis(p, top, axis=-1)[:, 0]
    after = 1 - np.take_along_axis(q, top, axis=-1)[:, 0]
    shots = np.ceil(n)

    def finds(level: Floats) -> Bools:
        edge = stats.binom.isf(level / 2, shots, before)
        return (after > before) & (stats.binom.sf(edge, shots, after) >= power)

    rarer = (p > 0) & (p < p.max(axis=-1, keepdims=True))
    return rarer.any(axis=-1), finds


def _top(p: Floats, q: Floats, n: Floats, z_power: float) -> Part:
    if p.shape[1] == 1:  # nothing beside the likeliest
        never = np.zeros(len(p), dtype=bool)
        return never, lambda level: never
    order = np.argsort(-p, axis=-1, kind="stable")[:, : min(3, p.shape[1])]
    first, second = (np.take_along_axis(p, order, axis=-1)[:, k] for k in (0, 1))
    third = np.take_along_axis(p, order, axis=-1)[:, 2] if order.shape[1] > 2 else 0.0 * first
    first_q, second_q = (np.take_along_axis(q, order, axis=-1)[:, k] for k in (0, 1))
    live = (third > 0) & (third < second)
    both, both_q = first + second, first_q + second_q
    share, share_q = first / both, first_q / np.maximum(both_q, 1e-300)
    spread_sum = np.sqrt(np.where(live, both * (1 - both), 1.0) / n)
    spread_share = np.sqrt(np.where(live, share * (1 - share), 1.0) / np.maximum(n * both_q, 1e-9))
    z_sum = np.abs(both_q - both) / spread_sum
    z_share = np.abs(share_q - share) / spread_share
    size = np.maximum(np.hypot(z_sum, z_share), 1e-300)
    kept = np.maximum(0.0, 1 - z_power / size)
    product = 4 * special.ndtr(-z_sum * kept) * special.ndtr(-z_share * kept)
    p_value = product - special.xlogy(product, product)
    return live, lambda level: p_value <= level
