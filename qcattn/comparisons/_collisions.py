r"""The exact law of the number of collisions in a row of equal probabilities.

Where all K outcomes have the probability 1/K, the quadratic statistic U of
`qcattn.comparisons._quadratic` is an affine function of the number of collisions
:math:`C = \sum_i k_i (k_i - 1) / 2`, the pairs of shots that read the same. Few collisions take few
values, and no smooth law fits their tail: 15% of runs of 37 shots on 4,096 outcomes have a
collision, and a gamma law says 5%. The exact law is the coefficient of :math:`x^n y^c` of

.. math:: n! \, K^{-n} \Big( \sum_k \frac{x^k y^{k (k - 1) / 2}}{k!} \Big)^K .

With Poisson weights :math:`a_k = e^{-n/K} (n/K)^k / k!` in place of :math:`1/k!`, Miller's
recurrence for the power of a power series [1] gives the coefficients :math:`g_m(y)` of its K-th
power one after another,

.. math:: m \, a_0 \, g_m(y) = \sum_{j \ge 1} \big( (K + 1) j - m \big) \, a_j \,
          y^{j (j - 1) / 2} \, g_{m - j}(y) .

For n up to K + 1 all terms are positive. Beyond, digits are lost; the mean of the law, which is
known, tells how many, and a law that has lost too many is not used.

References:
    [1] D. E. Knuth, The Art of Computer Programming, vol. 2, 3rd ed. (1997), section 4.7, eq. (9).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special

from qcattn.comparisons._quadratic import Law, gamma_tail
from qcattn.comparisons._rows import Bools, Floats

#: Expected collisions up to which the law is computed.
MOST_EXPECTED = 512.0
#: Expected collisions above which a smooth law fits a row, for rows of equal probabilities whose
#: exact law is lost, and for rows of nearly equal ones.
SMOOTH, NEARLY_SMOOTH = 4096.0, 50.0
#: Relative spread of the steps of U below which a row counts as nearly equal.
ALIKE = 0.2
#: Error of the mean, relative, and of a probability above which a law is not used.
_LOST = 1e-9
#: Probabilities below this are not told from it.
_SMALLEST = 1e-14


def equal_rows(law: Law, shots: Floats) -> tuple[Bools, Bools]:
    """The rows in which U moves in equal, or nearly equal, steps.

    Args:
        law: The law of the rows, from `qcattn.comparisons._quadratic.weigh`.
        shots: Shape (rows,).

    Returns:
        Rows of three or more equal probabilities; and rows whose collisions move U by steps of
        relative spread below `ALIKE`, with fewer than `NEARLY_SMOOTH` of them expected.
    """
    possible = law.p > 0
    least = np.where(possible, law.p, law.p_top).min(axis=-1)
    number = possible.sum(axis=-1)
    equal = (number >= 2) & (law.p_top[:, 0] - least <= 1e-12 * law.p_top[:, 0])
    # A collision falls on outcome i with a probability in proportion to p_i^2.
    square, top = law.p**2, law.p_top[:, 0] ** 2
    first = np.einsum("ij,ij->i", square, law.w) + top * law.w_top[:, 0]
    second = np.einsum("ij,ij->i", square, law.w**2) + top * law.w_top[:, 0] ** 2
    total = square.sum(axis=-1) + top
    alike = second * total <= (1 + ALIKE**2) * first**2
    few = shots * (shots - 1) / 2 * total < NEARLY_SMOOTH
    return equal, alike & few & ~equal & (number >= 2)


def equal_tail(counts: Floats, outcomes: int, score: float, skew: float) -> float | None:
    """The p-value of a large U in a row of equal probabilities.

    Beyond `MOST_EXPECTED` collisions the gamma law of U is taken half a step earlier, and raised by
    more than it errs.

    Args:
        counts: Shape (any,).
        outcomes: The number of outcomes that have that probability, 3 or more.
        score: U in units of its standard deviation.
        skew: Skewness of U.

    Returns:
        The p-value; None where neither law holds.
    """
    shots = int(counts.sum())
    collisions = int((counts * (counts - 1) / 2).sum())
    expected = shots * (shots - 1) / (2 * outcomes)
    exact = collision_tail(shots, outcomes, collisions)
    if exact is not None or expected <= SMOOTH:
        return exact
    # Collisions are pairwise independent: their variance is that of as many independent pairs.
    half = 0.5 / np.sqrt(expected * (1 - 1 / outcomes))
    return min(
        1.0, float(gamma_tail(np.asarray(score - half), np.asarray(skew))) * (1 + expected**-0.5)
    )


def collision_tail(shots: int, outcomes: int, collisions: int) -> float | None:
    """The probability of at least this many collisions of shots on equally likely outcomes.

    Args:
        shots: The number of shots n.
        outcomes: K, 2 or more.
        collisions: Pairs of shots that read the same.

    Returns:
        The probability, at least 1e-14; None where the law cannot be computed well.

    Example:
        >>> round(collision_tail(2, 4, 1), 9)  # the second shot reads what the first did
        0.25
        >>> round(collision_tail(37, 4096, 1), 4)
        0.1505
    """
    tail = _upper_tail(shots, outcomes)
    if tail is None:
        return None
    return max(float(tail[collisions]), _SMALLEST) if collisions < tail.size else _SMALLEST


@lru_cache(maxsize=512)
def _upper_tail(shots: int, outcomes: int) -> Floats | None:
    """Probabilities of at least c collisions, c = 0, 1, ..., until they are below 1e-14."""
    if shots < 2:
        return np.ones(1)  # nothing can collide
    mean = shots / outcomes
    expected = shots * (shots - 1) / (2 * outcomes)
    if expected > MOST_EXPECTED:
        return None
    most = min(shots * (shots - 1) // 2, int(expected + 12 * np.sqrt(expected) + 40))
    largest = int((1 + np.sqrt(1 + 8 * most)) // 2)
    numbers = np.arange(largest + 1)
    weights = np.exp(special.xlogy(numbers, mean) - special.gammaln(numbers + 1.0))
    power = np.zeros((shots + 1, most + 1))
    power[0, 0] = 1.0
    for m in range(1, shots + 1):
        row = power[m]
        for j in range(1, min(m, largest) + 1):
            pairs = j * (j - 1) // 2
            factor = ((outcomes + 1) * j - m) * weights[j] / m
            row[pairs:] += factor * power[m - j, : most + 1 - pairs]
        if (top := row.max()) > 1e100:
            power[max(0, m - largest) : m + 1] /= top
    law = power[shots] / power[shots].sum()
    lost = max(abs(law @ np.arange(most + 1) / expected - 1), -float(law.min()))
    return None if lost > _LOST else np.cumsum(law[::-1])[::-1].clip(0.0, 1.0)
