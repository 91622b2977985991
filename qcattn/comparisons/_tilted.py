r"""P-values that are valid however small, by importance sampling with tilted laws.

A gamma tail fitted to three moments is good at 1e-2 and worthless at 1e-6. For a statistic T, a
proposal law Q, m draws :math:`Y_1..Y_m` from Q and :math:`r = P / Q`,

.. math:: \hat p = \frac{r(X) 1 + \sum_j r(Y_j) 1[T(Y_j) \ge T(X)]}{m + 1}

is a valid p-value at every level and for every m and Q [1]. (Under the null, reweighting makes
:math:`X, Y_1, .., Y_m` exchangeable; among those whose :math:`\hat p \le \alpha` the one with the
smallest T has all others in its sum.) A poor Q costs power, never validity. Since
:math:`E_P[Q(X)/P(X)] = 1`, the ratio r(X) alone is a valid p-value too (Markov); where it is
below `CERTAIN` it is returned without sampling, and `CERTAIN` is added elsewhere so that the two
together stay valid.

Two proposals, each a mixture over strengths fixed by p and the shots alone:

- for U, cells other than the likeliest are independent negative binomials with their null means
  and the overdispersion by which an exponential tilt of U would widen each cell, and the
  likeliest cell takes the shots that are left;
- for the energy score, multinomials with probabilities :math:`\propto p^{1+\delta}`, the exact
  exponential tilt, one-sided (the caller doubles).

References:
    [1] M. T. Harrison, Biometrika 99, 57 (2012), arXiv:1004.2910.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from qcattn.comparisons._quadratic import null_moments, statistic, weigh
from qcattn.comparisons._rows import Floats

#: The likelihood ratio itself is the p-value below this; above, it is added to what was sampled.
CERTAIN = 1e-10
#: Standard deviations that the tilted laws of each mixture aim at.
STRENGTHS = np.array([2.5, 4.0, 6.0, 10.0])


def quadratic_tail(counts: Floats, p: Floats, draws: int, rng: np.random.Generator) -> float:
    """A valid p-value of a large U for one row.

    Args:
        counts: Shape (outcomes,), none where p is zero.
        p: Shape (outcomes,), at least two of them positive.
        draws: Draws from the proposal.
        rng: Source of randomness, independent of the counts.

    Returns:
        The p-value.
    """
    counts, p = _descending(counts, p)
    n = float(counts.sum())
    law = weigh(p[None], np.array([n]))
    q, mean = p[1:], n * p[1:]
    stiffness = law.w[0, 1:] + law.w_top[0, 0]
    widths = mean * (1 - q) * stiffness
    spread = float(np.sqrt(null_moments(law)[0][0]))
    tilts = _tilts(widths, STRENGTHS * spread)[:, None]
    # Shape of the negative binomials, (strengths, rest); the cap keeps log-gamma differences exact.
    shape = np.minimum((1 - tilts * widths) / (tilts * stiffness), 1e8)
    base = shape * np.log(shape / (shape + mean))
    slope = np.log(q) - np.log(mean / (shape + mean))

    def ratio(x: Floats) -> Floats:
        """The ratio P / Q for rows of counts of the rest, shape (rows, rest)."""
        left = n - x.sum(axis=-1)
        logs = np.empty((len(shape), len(x)))
        for level, (a, b, c) in enumerate(zip(shape, base, slope, strict=True)):
            logs[level] = np.sum(special.gammaln(x + a) - special.gammaln(a) + b - c * x, axis=-1)
        mixture = special.logsumexp(logs, axis=0) - np.log(len(shape))
        with np.errstate(over="ignore"):
            return np.exp(
                special.gammaln(n + 1) - special.gammaln(left + 1) + left * np.log(p[0]) - mixture
            )

    own = float(ratio(counts[None, 1:])[0])
    if own <= CERTAIN:
        return own
    level = rng.integers(len(shape), size=draws)
    drawn = rng.poisson(rng.gamma(shape[level], mean / shape[level])).astype(np.float64)
    drawn = drawn[drawn.sum(axis=-1) <= n]
    whole = np.column_stack([n - drawn.sum(axis=-1), drawn])
    observed = float(statistic(counts[None], law)[0])
    far = statistic(whole, law) >= observed - 1e-9 * (spread + abs(observed))
    return min(1.0, (own + float(ratio(drawn[far]).sum())) / (draws + 1) + CERTAIN)


def _descending(counts: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Possible outcomes only, likeliest first, so that their order changes no draw."""
    order = np.argsort(-p, kind="stable")[: np.count_nonzero(p)]
    return counts[order], p[order]


def _tilts(widths: Floats, targets: Floats) -> Floats:
    """Tilts t at which the sum of widths^2 t / (1 - t widths) equals each target, by bisection."""
    low, high = np.zeros(len(targets)), np.full(len(targets), 1 / widths.max())
    for _ in range(24):
        middle = (low + high) / 2
        shift = np.sum(
            widths**2 * middle[:, None] / (1 - np.minimum(middle[:, None] * widths, 1 - 1e-12)),
            axis=-1,
        )
        low, high = np.where(shift < targets, middle, low), np.where(shift < targets, high, middle)
    return low


def energy_tail(
    counts: Floats, p: Floats, side: int, draws: int, rng: np.random.Generator
) -> float:
    """A valid one-sided p-value of the energy score sum k log p for one row.

    Args:
        counts: Shape (outcomes,), none where p is zero.
        p: Shape (outcomes,).
        side: The side: 1 for a score that is too high (too cold), -1 for too low.
        draws: Draws from the proposal.
        rng: Source of randomness, independent of the counts.

    Returns:
        The p-value; for a two-sided test the caller doubles it.
    """
    counts, p = _descending(counts, p)
    n = float(counts.sum())
    score = np.log(p / p[0])
    mean = p @ score
    spread = np.sqrt(p @ (score - mean) ** 2)
    delta = side * _exponents(side * score, p, STRENGTHS**2 / (2 * n), 1 / spread)
    # log of sum p^(1 + delta), and the tilted laws.
    log_norm = special.logsumexp(np.log(p) + delta[:, None] * score, axis=-1)
    tilted = np.exp(np.log(p) + delta[:, None] * score - log_norm[:, None])
    tilted /= tilted.sum(axis=-1, keepdims=True)

    def ratio(total: Floats) -> Floats:
        """The ratio P / Q, a function of the score alone."""
        logs = delta * total[:, None] - n * log_norm
        with np.errstate(over="ignore"):
            return np.exp(np.log(len(delta)) - special.logsumexp(logs, axis=-1))

    observed = float(counts @ score)
    own = float(ratio(np.array([observed]))[0])
    if own <= CERTAIN:
        return own
    level = rng.integers(len(delta), size=draws)
    totals = rng.multinomial(int(n), tilted[level]) @ score
    slack = 1e-9 * (np.sqrt(n) * spread + abs(observed))
    far = side * totals >= side * observed - slack
    return min(1.0, (own + float(ratio(totals[far]).sum())) / (draws + 1) + CERTAIN)


def _exponents(score: Floats, p: Floats, targets: Floats, scale: float) -> Floats:
    """Exponents d >= 0 at which p e^(d score) is each target relative entropy away from p."""
    low, high = np.zeros(len(targets)), np.full(len(targets), 64.0 * scale)
    score = score - score.max()
    for _ in range(24):
        middle = (low + high) / 2
        weights = p * np.exp(middle[:, None] * score)
        norm = np.maximum(weights.sum(axis=-1), 1e-300)
        near = middle * (weights @ score) / norm - np.log(norm) < targets
        low, high = np.where(near, middle, low), np.where(near, high, middle)
    return low
