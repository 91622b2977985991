"""What a law that was measured with error adds to the tests of counts against it."""

from __future__ import annotations

import numpy as np
from scipy import special

from qcattn.comparisons._quadratic import Law
from qcattn.comparisons._rows import Floats, Ints


def calibration_error(covariance: Floats, alpha: float) -> Floats:
    r"""Upper bound on the total variation between p and the law it estimates, each row's own.

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


def added_moments(law: Law, n: Floats, covariance: Floats) -> tuple[Floats, Floats, Floats]:
    r"""What an uncertain p adds to the mean, variance and third moment of U.

    Counts minus n p have covariance :math:`A + B` with :math:`A = n (diag p - p p^T)` from the
    shots and :math:`B = n^2 C` from p. As a quadratic form of a nearly normal vector, U has the
    cumulants :math:`2 tr (W(A+B))^2` and :math:`8 tr (W(A+B))^3`; of these, what is left without
    B is subtracted, since U's own moments are known exactly.

    Args:
        law: Of the rows.
        n: Shots, shape (rows,).
        covariance: Shape (rows, outcomes, outcomes).

    Returns:
        Mean, variance and third moment to add, each of shape (rows,).
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
    return shift, 2 * (two - two_less), 8 * (three - three_less)


def upper_tail(hits: Floats, n: Ints, mass: Floats, variance: Floats) -> Floats:
    r"""Probability of so many hits or more on a set whose probability was measured.

    A set of probability m whose error has variance v is known as from :math:`M = m (1 - m) / v`
    shots, M m of them in it. Of the hits among these and the hits, each is a hit with probability
    n / (n + M): exact if the calibration is a Poisson number of equal parts, and on the safe side
    where m is large.

    Args:
        hits: At least 1, any shape.
        n: Shots.
        mass: Probability of the set.
        variance: Of the error of that.

    Returns:
        Upper tails, binomial ones where the error does not count.
    """
    mass = np.minimum(mass, 1.0)
    known = mass * (1 - mass) / np.maximum(variance, 1e-300)
    measured = special.betainc(hits, known * mass + 1, n / (n + known))
    return np.where(known < 1e12, measured, special.bdtrc(hits - 1, n, mass))


def deviating(counts: Ints, n: int, p: Floats, variance: Floats, coarse: float) -> Floats:
    r"""Two-sided p-values of the single outcomes of one row.

    A measured probability is a sum of Poisson counts of unequal weights. Its upper limits are those
    of a gamma law of mean :math:`p + c` and variance :math:`v + c^2`, c being the largest weight,
    and its lower ones those of mean p and variance v [1]; the hits are Poisson given it.

    Args:
        counts: Shape (outcomes,).
        n: Shots.
        p: Measured probabilities, shape (outcomes,).
        variance: Of their errors, same shape.
        coarse: The most probability that one calibration shot stands for.

    Returns:
        Twice the smaller tail; for outcomes that calibration never read, the bound of `unseen`.

    References:
        [1] M. P. Fay and E. J. Feuer, Stat. Med. 16, 791 (1997).
    """
    shots = np.full(p.shape, n)
    known = p * (1 - p) / np.maximum(variance, 1e-300)
    mean, spread = p + coarse, variance + coarse**2
    scale = np.maximum(spread / mean, 1e-300)
    wide = special.betainc(np.maximum(counts, 1), mean / scale, n * scale / (1 + n * scale))
    exact = special.bdtrc(counts - 1, shots, p)
    upper = np.where(counts > 0, np.where(known < 1e12, wide, exact), 1.0)
    # So few or fewer is the complement of one hit more.
    more = special.betainc(counts + 1.0, np.maximum(known * p, 1e-9), n / (n + known))
    lower = np.where(known < 1e12, 1 - more, special.bdtr(counts, shots, p))
    never = (n * coarse / (1 + n * coarse)) ** np.asarray(counts, dtype=np.float64)
    return np.where(p > 0, np.minimum(1.0, 2 * np.minimum(upper, lower)), never)


def unseen(counts: Floats, p: Floats, n: Floats, coarse: Floats) -> Floats:
    r"""P-value of shots on outcomes that calibration never read.

    If one calibration shot stands for a probability of at most c, an outcome that is expected h
    times in n shots is expected in calibration at least h / (n c) times. Of all that are seen of
    it, in counts and calibration together, each is among the counts with probability at most
    :math:`\pi = n c / (1 + n c)`, so that h or more of them all are with at most
    :math:`\pi^h`; times the number of outcomes, any of which may be the one.

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
