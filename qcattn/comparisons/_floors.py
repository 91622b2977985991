r"""Shots below which no test can find every law at a given total variation.

**Two points.** A test that finds every law finds the one that moves epsilon from a set of outcomes
to the others. Neyman and Pearson's test of :math:`p(S) = p_0` against :math:`p_0 + \epsilon` is the
best there is for it; its power is exact.

**A mixture.** Outcomes of like probability are put in blocks of an even number m. In each block
half of them, chosen at random, gain :math:`\epsilon_b` and the others lose it, so that every draw
is a law at total variation :math:`\sum_b m_b \epsilon_b / 2`. With two draws s, s' of the signs the
likelihood ratio of the mixture to p has the second moment

.. math:: E \Big(1 + \sum_i \frac{\epsilon_i^2 s_i s'_i}{p_i}\Big)^n
          \le \prod_b E \, e^{n \epsilon_b^2 T_b / p_b}, \qquad T_b = \sum_{i \in b} s_i s'_i ,

where :math:`T_b = 4 H - m` with H hypergeometric, and :math:`p_b` is the least probability of the
block: each coefficient of the series in the :math:`1 / p_i` is a square,
:math:`(E \prod s_i^{k_i})^2`, so the moment rises with every one of them. (For a pair
:math:`1/p_1 + 1/p_2` takes the place of :math:`2/p_b`.) A test of level alpha has power at most
:math:`\alpha + (\alpha (1 - \alpha) (\text{that} - 1))^{1/2}`, by Cauchy and Schwarz [1]. This
holds for every law and number of shots, without a limit.

References:
    [1] Y. Ingster and I. Suslina, Nonparametric Goodness-of-Fit Testing (2003), section 2.1.
    [2] L. Paninski, IEEE Trans. Inf. Theory 54, 4750 (2008), for pairs of equal outcomes.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from qcattn.comparisons._rows import Floats, Ints

#: Largest ratio of probabilities in a block of more than two.
_ALIKE = 1.5
#: The number of shots beyond which shots are given as infinite.
_MOST = 1e12


def mixture_floor(p: Floats, epsilon: float, alpha: float, power: float) -> float:
    """The shots that any test needs to detect all laws of the mixture.

    Args:
        p: Probabilities, shape (outcomes,).
        epsilon: Total variation.
        alpha: Level.
        power: Probability to find each law.

    Returns:
        The shots; 0 where p has no room for the mixture.
    """
    ordered = np.sort(p[p > 0])[::-1]
    needed = float(np.log1p((power - alpha) ** 2 / (alpha * (1 - alpha))))
    ways = (_blocks(ordered, _ALIKE), _blocks(ordered, 1.0))
    return max(_floor(ordered, blocks, epsilon, needed) for blocks in ways)


def _blocks(ordered: Floats, alike: float) -> tuple[Ints, Ints]:
    """Blocks of an even number of neighbours whose probabilities are alike, or of two.

    Returns:
        The start of each block, and how many neighbours it holds.
    """
    ends = np.searchsorted(-ordered * alike * (1 + 1e-12), -ordered, side="right").tolist()
    starts, start = [], 0
    while start + 1 < len(ordered):
        starts.append(start)
        number = ends[start] - start
        start += max(2, number - number % 2)
    return np.array(starts, dtype=np.int64), np.diff([*starts, start]).astype(np.int64)


def _floor(ordered: Floats, blocks: tuple[Ints, Ints], epsilon: float, needed: float) -> float:
    starts, sizes = blocks
    least = ordered[starts + sizes - 1]
    if not len(starts) or (sizes * least).sum() / 2 < epsilon:
        return 0.0
    pairs = (1 / ordered[starts] + 1 / ordered[starts + 1]) / 2
    inverse = np.where(sizes == 2, pairs, 1 / least)
    low, high = 0.0, 2.0
    for _ in range(60):
        c = (low + high) / 2
        short = (sizes * np.minimum(c * least ** (2 / 3), least)).sum() / 2 < epsilon
        low, high = (c, high) if short else (low, c)
    strength = np.minimum(high * least ** (2 / 3), least) ** 2 * inverse
    strength *= (epsilon / ((sizes * np.minimum(high * least ** (2 / 3), least)).sum() / 2)) ** 2

    kinds = {int(size): _overlap(int(size)) for size in set(sizes.tolist())}

    def moment(n: float) -> float:
        """The logarithm of the bound on the second moment."""
        total = 0.0
        for size, (value, log_p) in kinds.items():
            rates = n * strength[sizes == size]
            total += special.logsumexp(rates[:, None] * value + log_p, axis=-1).sum()
        return float(total)

    low, high = 0.5, _MOST
    if moment(high) < needed:
        return float("inf")
    while high / low > 1 + 1e-5:
        middle = np.sqrt(low * high)
        low, high = (middle, high) if moment(middle) < needed else (low, middle)
    return low


def _overlap(size: int) -> tuple[Floats, Floats]:
    """Values of the sum of s s' in a block, and the logarithms of their probabilities."""
    from scipy.stats import hypergeom  # Slow to import.

    half = size // 2
    hits = np.arange(half + 1, dtype=np.float64)
    return 4.0 * hits - size, np.asarray(hypergeom.logpmf(hits, size, half, half), np.float64)
