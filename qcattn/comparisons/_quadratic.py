r"""The weighted quadratic statistic U and its first three null moments, in closed form.

With :math:`n` shots, counts :math:`k_i`, probabilities :math:`p_i` and weights :math:`w_i`,

.. math:: U = \sum_i w_i \left[(k_i - n p_i)^2 - k_i (1 - 2 p_i) - n p_i^2\right]
            = \sum_{s \ne t} h(x_s, x_t), \quad
          h(x, y) = \sum_i w_i (1_{x=i} - p_i)(1_{y=i} - p_i),

a degenerate U-statistic over pairs of distinct shots: its mean under any law q is exactly
:math:`n (n - 1) \sum_i w_i (q_i - p_i)^2`, with no bias from sparse counts. Only those products of
two or three kernels survive in which every shot occurs twice, so with
:math:`C = \mathrm{diag}(p) - p p^T` and :math:`W = \mathrm{diag}(w)`

.. math:: E U^2 = 2 n (n-1) E h^2, \qquad
          E U^3 = 4 n (n-1) E h^3 + 8 n (n-1) (n-2) \, \mathrm{tr} (W C)^3 .

Everything is written with the likeliest outcome t apart and with :math:`1 - p_t` summed from the
other outcomes, because 1 - 0.999999999999 would lose all digits of a peaked row.

The weights :math:`\max(p, 0.1/n)^{-2/3}` make U nearly optimal for the hardest deviation of a
given total variation, :math:`|q_i - p_i| \propto p_i^{2/3}` [1, 2].

References:
    [1] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017).
    [2] S. Balakrishnan and L. Wasserman, Ann. Statist. 47, 1893 (2019).
    [3] I. Kim, Electron. J. Statist. 14, 4155 (2020), arXiv:1812.08924.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from qcattn.comparisons._rows import Floats, Ints


@dataclass(frozen=True, eq=False)
class Law:
    """Rows of probabilities with their most likely outcome set apart, and the weights of U.

    Attributes:
        shots: Shape (rows, 1).
        top: Index of the likeliest outcome, shape (rows, 1).
        p_top: The probability of the likeliest outcome, shape (rows, 1).
        gap: One minus ``p_top``, summed from the rest, shape (rows, 1).
        w_top: The weight of the likeliest outcome, shape (rows, 1).
        p: The probabilities with the likeliest set to zero, shape (rows, outcomes).
        w: The weights, zero where p is zero, shape (rows, outcomes).
    """

    shots: Floats
    top: Ints
    p_top: Floats
    gap: Floats
    w_top: Floats
    p: Floats
    w: Floats


def weigh(p: Floats, shots: Floats, least: Floats | float = 0.0) -> Law:
    """Set the most likely outcome of each row apart and compute the weights of U.

    Args:
        p: Shape (rows, outcomes), each row summing to one.
        shots: Shape (rows,).
        least: Smallest probability that a weight is computed from (if larger than 0.1 over the
            shots), shape (rows,) or one for all.

    Returns:
        The law of each row.
    """
    n = np.maximum(np.asarray(shots, dtype=np.float64), 1.0)[:, None]
    top = np.argmax(p, axis=-1)[:, None]
    p_top = np.take_along_axis(p, top, axis=-1)
    rest = p.copy()
    np.put_along_axis(rest, top, 0.0, axis=-1)
    floor = np.maximum(0.1 / n, np.reshape(least, (-1, 1)))
    w = np.cbrt(np.maximum(rest, floor))
    w *= w
    np.divide(1.0, w, out=w)
    w *= rest > 0
    w_top = np.maximum(p_top, floor) ** (-2 / 3)
    return Law(n, top, p_top, rest.sum(axis=-1, keepdims=True), w_top, rest, w)


def statistic(counts: Floats, law: Law) -> Floats:
    """The statistic U of each row of counts.

    Args:
        counts: Shape (rows, outcomes), float64; they may sum to less than the shots (stray ones).
        law: A law of as many rows, or of one row that all counts share.

    Returns:
        Shape (rows,).
    """
    n, p = law.shots, law.p
    top = np.broadcast_to(law.top, (len(counts), 1))
    rest = counts.copy()
    np.put_along_axis(rest, top, 0.0, axis=-1)
    mean = n * p
    cell = rest - mean
    cell *= cell
    cell -= rest
    cell += p * (2 * rest - mean)
    missed = n - np.take_along_axis(counts, top, axis=-1)
    last = (missed - n * law.gap) ** 2 - missed * (1 - 2 * law.gap) - n * law.gap**2
    cells = np.einsum("ij,ij->i", np.broadcast_to(law.w, cell.shape), cell)
    return cells + (law.w_top * last)[:, 0]


def null_moments(law: Law) -> tuple[Floats, Floats]:
    r"""Variance and third moment of U under the null hypothesis, exactly.

    Args:
        law: A law of R rows.

    Returns:
        Variance and third moment, each of shape (rows,).
    """
    n, pt, gap, wt = law.shots[:, 0], law.p_top[:, 0], law.gap[:, 0], law.w_top[:, 0]
    p, w = law.p, law.w
    a = w * p
    a2 = a * a
    s_a2, s_a3 = a2.sum(-1), np.einsum("ij,ij->i", a2, a)
    s_pa, s_pa2 = np.einsum("ij,ij->i", p, a), np.einsum("ij,ij->i", p, a2)
    a2p = a2 * p
    s_pa3, s_wa2 = np.einsum("ij,ij->i", a2p, a), np.einsum("ij,ij->i", w, a2)
    # tr (WC)^2 and tr (WC)^3, by how many of the indices are the likeliest outcome.
    ct = wt * pt * gap
    square = s_a2 - 2 * s_pa2 + s_pa**2 + 2 * wt * pt**2 * s_pa + ct**2
    cube = s_a3 - 3 * s_pa3 + 3 * s_pa2 * s_pa - s_pa**3
    cube += 3 * wt * pt**2 * (s_pa2 - s_pa**2) + 3 * wt * pt**2 * ct * s_pa + ct**3
    # E h^3: both shots among the rest, one on the likeliest outcome, both on it.
    s = s_pa + wt * pt**2
    m0, m1, m2, m3 = gap, s_pa, s_pa2, s_pa3
    both = s**3 * m0**2 - 6 * s**2 * m1 * m0 + 6 * s * (m2 * m0 + m1**2)
    both -= 2 * m3 * m0 + 6 * m2 * m1
    both += s_wa2 + 3 * (s * s_a2 - 2 * s_a3) + 3 * (s**2 * s_pa - 4 * s * s_pa2 + 4 * s_pa3)
    g = s_pa - ct
    one = 2 * pt * (g**3 * m0 - 3 * g**2 * m1 + 3 * g * m2 - m3)
    none = pt**2 * (wt * gap**2 + s_pa) ** 3
    pairs = n * (n - 1)
    return 2 * pairs * square, 4 * pairs * (both + one + none) + 8 * pairs * (n - 2) * cube


def gamma_tail(z: Floats, skew: Floats) -> Floats:
    r"""Upper tail of the standardised shifted gamma law (Pearson III) with a given skewness.

    Args:
        z: Standardised values, any shape.
        skew: Skewness, broadcastable; zero gives the normal law, negative the mirrored gamma.

    Returns:
        :math:`P(Z \ge z)`.

    Example:
        >>> float(gamma_tail(0.0, 0.0)), round(float(gamma_tail(2.0, 2.0)), 6)  # exp(-3)
        (0.5, 0.049787)
    """
    z, skew = np.broadcast_arrays(np.asarray(z, dtype=np.float64), skew)
    size = np.maximum(np.abs(skew), 1e-5)
    k = 4 / size**2
    up = skew > 0
    x = np.maximum(k + np.where(up, z, -z) * np.sqrt(k), 0.0)
    tail = np.where(up, special.gammaincc(k, x), special.gammainc(k, x))
    return np.where(size <= 1e-5, special.ndtr(-z), tail)
