r"""Two samplers against each other, neither of them known.

For counts a and b with :math:`n_a` and :math:`n_b` shots and t = a + b,

.. math:: T = \sum_i \frac{(n_b a_i - n_a b_i)^2 - n_b^2 a_i - n_a^2 b_i}{n_a n_b\, t_i^{2/3}} ,

the two-sample counterpart of U (for equal shots the numerator is
:math:`(a_i - b_i)^2 - a_i - b_i`). If both samplers have one law, then given t every way to deal
the :math:`n_a + n_b` shots to the two is equally likely, so the p-value is that of the permutation
test: exact at every sample size, however sparse. The weights depend on t alone, so they are the
same in every permutation.

All rows are permuted together, which makes two global statistics exact as well: the largest
standardised T of any row, and their sum.

References:
    [1] B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39 (2010), for the +1.
    [2] I. Kim, S. Balakrishnan and L. Wasserman, Ann. Statist. 50, 225 (2022), permutation
        tests for multinomials.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcattn.arguments import check_alpha, whole_number
from qcattn.comparisons._rows import Bools, Floats, Ints, check_counts, side_by_side
from qcattn.plurals import p_is, plural
from qcattn.records import check_bytes
from qcattn.seeds import entropy

#: Shots from which NumPy draws no hypergeometric numbers.
NUMPY_SHOTS = 10**9


@dataclass(frozen=True, eq=False)
class Same:
    """Whether two samplers follow one law. Arrays are of shape (...).

    Attributes:
        p_values: Permutation p-value of each row, at least 1 / (permutations + 1).
        scores: T in units of its permutation standard deviation.
        overall: Global p-value, from the largest score and the sum of scores.
        undecided: Rows in which either sampler has no shots; p-value 1.
        alpha: Error rate.
    """

    p_values: Floats
    scores: Floats
    overall: float
    undecided: Bools
    alpha: float

    def __str__(self) -> str:
        """One line."""
        undecided = bool(np.all(self.undecided))
        said = "differ" if self.refuted else "undecided" if undecided else "do not differ"
        rows = plural(self.p_values.size, "row")
        return f"{said}: {p_is(self.overall)} at alpha = {self.alpha:g}, {rows} of counts"

    @property
    def refuted(self) -> bool:
        """Whether the samplers differ, at error rate alpha over all rows."""
        return self.overall <= self.alpha


def same(a: Any, b: Any, *, alpha: float = 0.01, permutations: int = 999, seed: Any = 0) -> Same:
    """Test whether two sets of counts come from one law, row by row and together.

    Args:
        a: Integers of shape (..., outcomes), or an object with ``keys`` and ``stray``; stray shots
            are one more outcome. Or counts as Qiskit gives them (see `fit`).
        b: Counts of the other sampler, of the same shape or given by Qiskit too.
        alpha: Error rate.
        permutations: Ways to deal the shots that are tried. No p-value is below one over their
            number plus 1, nor the overall one of several rows below twice that.
        seed: Seed of the permutations, as for `numpy.random.default_rng`.

    Returns:
        The p-values.

    Raises:
        ValueError: If counts are malformed, shapes differ, alpha is not an error rate, or too few
            few permutations for any p-value to be as small as alpha.

    Example:
        >>> result = same([[500, 300, 200], [500, 300, 200]], [[480, 330, 190], [400, 400, 200]])
        >>> result.p_values < 0.01
        array([False,  True])
        >>> same({"00": 500, "11": 500}, {"00": 480, "11": 480, "01": 40}).refuted
        True
    """
    alpha, seed = check_alpha(alpha), entropy(seed)
    a, b, _ = side_by_side(a, b, ("a", "b"), ("counts", "counts"))
    (first, stray_a), (second, stray_b) = check_counts(a, "a"), check_counts(b, "b")
    if first.shape != second.shape:
        raise ValueError(
            f"`a` and `b` must have the same shape (..., outcomes), but have "
            f"{first.shape} and {second.shape}"
        )
    shape = first.shape[:-1]
    first = np.concatenate([first, stray_a[..., None]], axis=-1).reshape(-1, first.shape[-1] + 1)
    second = np.concatenate([second, stray_b[..., None]], axis=-1).reshape(first.shape)
    size = len(first)
    needed = max(1, math.ceil(min(size, 2) / alpha) - 1)
    if permutations < needed:
        raise ValueError(
            f"`permutations` must be at least {needed} for the overall p-value to "
            f"be as small as alpha = {alpha}, but is {permutations}"
        )
    check_bytes(
        3 * 8 * size * whole_number(permutations, "permutations"),
        f"{permutations:,} `permutations` of {plural(size, 'row')}",
        "take fewer",
    )
    live = (first.sum(axis=-1) > 0) & (second.sum(axis=-1) > 0)
    # Column 0 is what was observed, the rest its permutations, standardised row by row.
    scores = np.zeros((size, permutations + 1))
    for row in np.flatnonzero(live):
        rng = np.random.default_rng([seed, int(row)])
        scores[row] = _statistics(first[row], second[row], permutations, rng)
    scores -= scores.mean(axis=-1, keepdims=True)
    spread = scores.std(axis=-1, keepdims=True)
    scores /= np.where(spread > 0, spread, 1.0)
    p_values = _rank(scores)
    overall = 1.0
    if live.any():
        p_sum, p_max = _rank(scores.sum(axis=0)[None])[0], _rank(scores.max(axis=0)[None])[0]
        overall = float(p_values[live][0] if live.sum() == 1 else min(1.0, 2 * min(p_sum, p_max)))
    return Same(
        p_values.reshape(shape), scores[:, 0].reshape(shape), overall, ~live.reshape(shape), alpha
    )


def _rank(scores: Floats) -> Floats:
    """Share of columns, the first included, that are as large as the first, (rows,)."""
    slack = 1e-9 * (1 + np.abs(scores[:, :1]))
    return (scores >= scores[:, :1] - slack).mean(axis=-1)


def _statistics(
    a: np.ndarray, b: np.ndarray, permutations: int, rng: np.random.Generator
) -> Floats:
    """T of one row and of its permutations, shape (permutations + 1,)."""
    total = a + b
    seen = total > 0
    a, total = a[seen], total[seen]
    n_a, n = int(a.sum()), int(total.sum())
    n_b = n - n_a
    if n < NUMPY_SHOTS:
        drawn = rng.multivariate_hypergeometric(total, n_a, size=permutations, method="marginals")
    else:
        drawn = _deal(np.tile(total, (permutations, 1)), np.full(permutations, n_a), rng)
    dealt = np.vstack([a, drawn]).astype(np.float64)
    total = total.astype(np.float64)  # products with the shots pass the largest integer
    # n_b a - n_a b = n a - n_a t, and n_b^2 a + n_a^2 b = (n_b^2 - n_a^2) a + n_a^2 t.
    terms = (n * dealt - n_a * total) ** 2 - (n_b**2 - n_a**2) * dealt - n_a**2 * total
    return terms @ total ** (-2 / 3) / (n_a * n_b)


def _deal(total: Ints, size: Ints, rng: np.random.Generator) -> Ints:
    """Draw `size` shots without replacement from each row of totals, however many they are.

    Each shot is taken by lot with the same chance. Given how many were taken, every set of that
    many is equally likely, and stays so if the excess is put back, or what is missing is taken from
    the rest, without replacement again: about the square root of the number, then of that, and so
    on to none.
    """
    dealt = rng.binomial(total, (size / total.sum(axis=-1))[:, None])
    excess = dealt.sum(axis=-1) - size
    for sign in (1, -1):
        rows = np.flatnonzero(sign * excess > 0)
        if rows.size:
            pool = dealt[rows] if sign > 0 else total[rows] - dealt[rows]
            dealt[rows] -= sign * _deal(pool, np.abs(excess[rows]), rng)
    return dealt
