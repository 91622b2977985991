r"""Exact tests of the two likeliest outcomes: how much they get together, and how they share it.

With A the likeliest outcome and B the next one (or all that share its probability), the counts
:math:`k_A + k_B` are binomial with n shots, and given their sum :math:`k_A` is binomial with
:math:`p_A / (p_A + p_B)`. Two-sided p-values of both (twice the smaller tail) are each valid, the
second whatever the first, so Fisher's product P of the two has the valid p-value
:math:`P (1 - \log P)` [1]. It is exact at every level: nothing is sampled.

U spreads its level over all outcomes at work. Where these are many, a move between the two
likeliest, the commonest fault of a rotation or a readout, would be seen late without this part.

References:
    [1] R. A. Fisher, Statistical Methods for Research Workers, 4th ed. (1932), section 21.1.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from qcattn.comparisons._binomial import two_sided
from qcattn.comparisons._quadratic import Law
from qcattn.comparisons._rows import Bools, Floats


def likeliest_two(counts: Floats, law: Law, shots: Floats) -> tuple[Floats, Bools]:
    """The p-value of each row, and which rows have one.

    Args:
        counts: Shape (rows, outcomes).
        law: A law of as many rows, from `qcattn.comparisons._quadratic.weigh`.
        shots: Shape (rows,).

    Returns:
        P-values, and whether the row has shots, a likeliest outcome, a next one and others (with
        three or more likeliest outcomes nothing sets two of them apart; with two outcomes U has it
        all).

    Example:
        >>> from qcattn.comparisons._quadratic import weigh
        >>> counts, p = np.array([[60.0, 20, 20]]), np.array([[0.5, 0.3, 0.2]])
        >>> shots = np.array([100.0])
        >>> likeliest_two(counts, weigh(p, shots), shots)[0].round(4)
        array([0.1168])
    """
    first = np.take_along_axis(counts, law.top, axis=-1)[:, 0]
    p_first, p_next = law.p_top[:, 0], law.p.max(axis=-1)
    is_next = law.p == p_next[:, None]
    number = np.count_nonzero(is_next, axis=-1)
    second = np.einsum("ij,ij->i", counts, is_next)
    p_second = number * p_next
    p_other = np.maximum(np.where(is_next, 0.0, law.p).sum(axis=-1), 0.0)
    live = (shots > 0) & (p_next > 0) & (p_other > 0) & ((p_next < p_first) | (number == 1))
    both = first + second
    with np.errstate(invalid="ignore", divide="ignore"):
        sharing = np.where(live, p_first / (p_first + p_second), 0.5)
    product = two_sided(shots - both, shots, np.where(live, p_other, 0.5))
    product *= two_sided(first, both, sharing)
    p_value = product - special.xlogy(product, product)
    return np.where(live, np.minimum(p_value, 1.0), 1.0), live
