"""What a law that was measured with error adds to the tests of counts against it."""

from __future__ import annotations

import numpy as np
from scipy import special

from qcattn.comparisons._binomial import lower, upper
from qcattn.comparisons._quadratic import Law
from qcattn.comparisons._rows import Floats


def calibration_error(covariance: Floats, alpha: float) -> Floats:
    r"""Upper bound, row by row, on the total variation between p and the law that it estimates.

    With normal errors d of covariance C, :math:`\frac12 \sum |d_i|` has mean
    :math:`\frac12 \sum (2 C_{ii} / \pi)^{1/2}` and is a Lipschitz function whose constant is at
    most :math:`\frac12 (\sum |C_{ij}|)^{1/2}` in standard normal coordinates, so it exceeds its
    mean by z times that with probability at most exp(-z^2 / 2).

    Args:
        covariance: Shape (rows, outcomes, outcomes).
        alpha: Probability that the bound fails.

    Returns:
        Shape (rows,).
    """
    mean = np.sqrt(np.einsum("rii->ri", covariance) * (2 / np.pi)).sum(axis=-1) / 2
    steep = np.sqrt(np.abs(covariance).sum(axis=(-1, -2))) / 2
    return mean + np.sqrt(-2 * np.log(alpha)) * steep


def added_moments(
    law: Law, n: Floats, covariance: Floats, coarse: Floats
) -> tuple[Floats, Floats, Floats]:
    r"""What an uncertain p adds to the mean, variance and third moment of U.

    Counts minus n p have covariance :math:`A + B` with :math:`A = n (diag p - p p^T)` from the
    shots and :math:`B = n^2 C` from p. As a quadratic form of a nearly normal vector, U has the
    cumulants :math:`2 tr (W(A+B))^2` and :math:`8 tr (W(A+B))^3`; of these, what is left without
    B is subtracted, since U's own moments are known exactly.

    The errors are not normal where calibration read an outcome a few times. What a Poisson count
    of weight c may stand for has a gamma law of scale c [1], so that counts of mean
    :math:`\mu` and added variance V are negative binomial of scale :math:`\theta = n c`. What
    :math:`(k - \mu)^2 - k` has beyond the terms above is added outcome by outcome:
    :math:`2 V (1 + \theta)(1 + 3 \theta)` to the variance and the polynomial of `_third` to the
    third moment. With the largest weight as c for all outcomes these are on the safe side.

    Args:
        law: The law of the rows.
        n: Shots, shape (rows,).
        covariance: Shape (rows, outcomes, outcomes).
        coarse: The most probability that one calibration shot stands for, shape (rows,).

    Returns:
        Mean, variance and third moment to add, each of shape (rows,).

    References:
        [1] M. P. Fay and E. J. Feuer, Stat. Med. 16, 791 (1997).
    """
    p, w = law.p.copy(), law.w.copy()
    np.put_along_axis(p, law.top, law.p_top, axis=-1)
    np.put_along_axis(w, law.top, law.w_top, axis=-1)
    root = np.sqrt(w)
    shots = n[:, None, None] * (p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :])
    a = root[:, :, None] * shots * root[:, None, :]
    b = root[:, :, None] * (n**2)[:, None, None] * covariance * root[:, None, :]
    shift = (1 - 1 / np.maximum(n, 1)) * np.einsum("rii->r", b)
    moments = []
    for matrix in (a + b, a):
        square = matrix @ matrix
        moments.append((np.einsum("rii->r", square), np.einsum("rij,rij->r", square, matrix)))
    (two, three), (two_less, three_less) = moments
    mean, added = n[:, None] * p, (n**2)[:, None] * np.einsum("rii->ri", covariance)
    scale = (n * coarse)[:, None]
    variance = 2 * (two - two_less) + (w**2 * 2 * added * (1 + scale) * (1 + 3 * scale)).sum(-1)
    third = 8 * (three - three_less) + (w**3 * _third(mean, added, scale)).sum(-1)
    return shift, variance, third


def _third(mean: Floats, added: Floats, scale: Floats) -> Floats:
    r"""Third moment of (k - mean)^2 - k for a negative binomial k, beyond what has been counted.

    It follows from its factorial moments
    :math:`\theta^j \alpha (\alpha + 1) \dots (\alpha + j - 1)` with :math:`\alpha = \mu / \theta`,
    less that of a Poisson count, :math:`4 \mu^2 (1 + 2 \mu)`, and less what the added variance
    brings to a normal law, :math:`8 (\mu + V)^3 - 8 \mu^3`.
    """
    cross = added * (61 + 72 * scale + 28 * scale**2) + 18 * mean
    return 4 * added * (cross + 1 + scale * (16 + scale * (57 + scale * (72 + 30 * scale))))


def energy_moments(
    p: Floats, score: Floats, n: Floats, covariance: Floats, coarse: Floats
) -> tuple[Floats, Floats, Floats]:
    r"""What an uncertain p adds to the variance and third moment of the energy score.

    The score :math:`\sum_i s_i (k_i - n p_i)` with :math:`s_i \le 0` gets a variance of
    :math:`n^2 s^T C s` from the errors, and a third moment: :math:`3 n^2` times the covariance of
    :math:`\sum s_i p_i` and of the variance that a shot has, because the errors move both. Besides,
    a calibration shot weighs at most :math:`c \max |s|`, and the gamma law of what a few of them
    may stand for [1] is skewed to the negative side, the too hot one, by a third moment of at most
    :math:`2 n^3 c \max |s|\, s^T C s`. On the other side, whose tail that makes lighter, it is left
    out.

    Args:
        p: Shape (rows, outcomes).
        score: The energies, same shape.
        n: Shots, shape (rows,).
        covariance: Shape (rows, outcomes, outcomes).
        coarse: The most probability that one calibration shot stands for, shape (rows,).

    Returns:
        The variance to add, and the third moment to add for a positive and for a negative score,
        each of shape (rows,).

    References:
        [1] M. P. Fay and E. J. Feuer, Stat. Med. 16, 791 (1997).
    """
    steep = np.einsum("rij,rj->ri", covariance, score)
    variance = n**2 * np.einsum("ri,ri->r", score, steep)
    centred = score * (score - 2 * np.einsum("ri,ri->r", p, score)[:, None])
    third = 3 * n**2 * np.einsum("ri,ri->r", centred, steep)
    heaviest = n * coarse * np.abs(score).max(axis=-1)
    return variance, third, third - 2 * heaviest * variance


def upper_tail(hits: Floats, n: Floats, mass: Floats, variance: Floats, coarse: Floats) -> Floats:
    r"""The probability of this many hits or more on outcomes whose probability was measured.

    A measured probability m is a sum of Poisson counts of unequal weights, the largest c, and
    perhaps of a part that is known. What it may stand for is given the mean :math:`M = m + c` and
    the variance :math:`v + c^2`, of one more count [1], and the skewness of a gamma law of scale c:
    where all weights are c these are the upper limits of a Poisson count, and else on the safe
    side. The hits are Poisson given it. With :math:`V = n^2 (v + c^2)` they have the variance
    :math:`n M + V` and the third moment :math:`n M + 3 V + 2 n c V`, and get the shifted negative
    binomial law of these, whose scale is :math:`V (1 + n c) / (n M + V)`.

    Args:
        hits: Hits, at least 1, any shape.
        n: The number of shots.
        mass: Measured probability.
        variance: The variance of the error of that probability.
        coarse: The most probability that one calibration shot stands for.

    Returns:
        Upper tails, binomial ones where the error does not count.

    References:
        [1] M. P. Fay and E. J. Feuer, Stat. Med. 16, 791 (1997).
    """
    mass = np.minimum(mass, 1.0)
    known = mass * (1 - mass) / np.maximum(variance, 1e-300)
    mean, spread = n * (mass + coarse), n**2 * (variance + coarse**2)
    heaviest = np.maximum(n * coarse, spread / mean)
    scale = np.maximum(spread * (1 + heaviest) / (mean + spread), 1e-300)
    shape = (mean + spread) / (scale * (1 + scale))
    above = np.maximum(hits - (mean - shape * scale), 1e-9)
    measured = special.betainc(above, shape, scale / (1 + scale))
    return np.where(known < 1e12, measured, upper(hits, n, mass))


def deviating(counts: Floats, n: int, p: Floats, variance: Floats, coarse: float) -> Floats:
    r"""Two-sided p-values of each outcome of one row.

    The upper tails are those of `upper_tail`; the lower limits of a measured probability are those
    of a gamma law of mean p and variance v [1].

    Args:
        counts: Shape (outcomes,).
        n: The number of shots.
        p: Measured probabilities, shape (outcomes,).
        variance: The variances of their errors, same shape.
        coarse: The most probability that one calibration shot stands for.

    Returns:
        Twice the smaller tail; for outcomes that calibration never read, the bound of `unseen`.

    References:
        [1] M. P. Fay and E. J. Feuer, Stat. Med. 16, 791 (1997).
    """
    shots = np.full(p.shape, n)
    known = p * (1 - p) / np.maximum(variance, 1e-300)
    hits = np.maximum(counts, 1)
    above = np.where(
        counts > 0, upper_tail(hits, shots, p, variance, np.full(p.shape, coarse)), 1.0
    )
    # So few or fewer is the complement of one hit more.
    more = special.betainc(counts + 1.0, np.maximum(known * p, 1e-9), n / (n + known))
    below = np.where(known < 1e12, 1 - more, lower(counts, shots, p))
    never = (n * coarse / (1 + n * coarse)) ** np.asarray(counts, dtype=np.float64)
    return np.where(p > 0, np.minimum(1.0, 2 * np.minimum(above, below)), never)


def unseen(counts: Floats, p: Floats, n: Floats, coarse: Floats) -> Floats:
    r"""The p-value of shots on outcomes that calibration never read.

    If one calibration shot stands for a probability of at most c, an outcome that is expected h
    times in n shots is expected in calibration at least h / (n c) times. Each of all that are seen
    of it, in counts and calibration together, is among the counts with probability at most
    :math:`\pi = n c / (1 + n c)`, so that all of h or more are there with at most :math:`\pi^h`;
    times the number of outcomes, any of which may be the one.

    Args:
        counts: Shape (rows, outcomes).
        p: Measured probabilities, zero where calibration read nothing, shape (rows, outcomes).
        n: Shots, shape (rows,).
        coarse: The most probability that one calibration shot stands for, shape (rows,).

    Returns:
        Shape (rows,).
    """
    most = np.where(p > 0, 0.0, counts).max(axis=-1)
    mean = n * coarse
    bound = np.minimum(1.0, p.shape[1] * (mean / (1 + mean)) ** most)
    return np.where(most > 0, bound, 1.0)
