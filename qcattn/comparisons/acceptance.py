"""Do the heralds fire as often as predicted? Tested apart from the kept shots."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qcattn.arguments import check_alpha
from qcattn.comparisons._rows import Ints, check_counts, check_independent
from qcattn.records import Counts, Verdict

__all__ = ["acceptance"]


def acceptance(
    counts: Counts | tuple[ArrayLike, ArrayLike], success: ArrayLike, *, alpha: float = 0.01
) -> Verdict:
    """Compare the share of kept shots with the predicted success, row by row.

    It is the exact two-sided binomial test of each row (`scipy.stats.binomtest`), with Bonferroni's
    correction over rows. Kept shots are tested on their own, given that they were kept; so the two
    comparisons are independent.

    Args:
        counts: Counts of shape (...); or the numbers of kept and of all shots, two arrays of
            integers of that shape.
        success: Predicted probability that a shot is kept, scalar or of shape (...).
        alpha: Probability of refuting a correct prediction, over all rows together.

    Returns:
        Verdict named ``"acceptance"``; its statistic is the standardised number of kept shots,
        its resolution is in units of probability.

    Raises:
        ValueError: If success is outside [0, 1], or alpha outside (0, 1), or the numbers are no
            counts or more are kept than there are.

    Example:
        >>> kept = Counts(np.array([[480, 20]]), np.array([0]), np.array([500]))
        >>> acceptance(kept, 0.5).differs, acceptance(kept, 0.6).differs
        (False, True)
        >>> acceptance((480, 500), 0.9).differs
        True
    """
    from scipy.special import ndtri
    from scipy.stats import binomtest

    kept, shots = _kept(counts)
    predicted = np.broadcast_to(np.asarray(success, dtype=float), shots.shape)
    if not ((predicted >= 0) & (predicted <= 1 + 1e-12)).all():
        raise ValueError(
            f"`success` must be in [0, 1], but holds {predicted.min()} to {predicted.max()}; "
            "give the probability that a shot is kept"
        )
    alpha = check_alpha(alpha)
    predicted = np.minimum(predicted, 1.0)
    p_values = np.ones(shots.shape)
    for index in np.ndindex(shots.shape):
        if shots[index]:
            test = binomtest(int(kept[index]), int(shots[index]), float(predicted[index]))
            p_values[index] = test.pvalue
    rows = max(1, p_values.size)
    drawn = np.maximum(shots, 1)
    spread = np.sqrt(predicted * (1 - predicted) / drawn)
    miss = np.divide(
        kept / drawn - predicted,
        spread,
        out=np.zeros(shots.shape),
        where=(spread > 0) & (shots > 0),
    )
    reach = ndtri(1 - alpha / rows / 2) + ndtri(0.9)
    smallest = float(p_values.min(initial=1.0))
    return Verdict(
        name="acceptance",
        alpha=alpha,
        statistic=miss,
        p_values=p_values,
        refuted=p_values <= alpha / rows,
        resolution=np.where(shots > 0, reach * spread, np.inf),
        overall=min(1.0, smallest * rows),
        overall_resolution=float(np.where(shots > 0, reach * spread, np.inf).min(initial=np.inf)),
        undecided=shots == 0,
    )


def _kept(counts: Counts | tuple[ArrayLike, ArrayLike]) -> tuple[Ints, Ints]:
    """Kept shots and all shots."""
    if isinstance(counts, Counts):
        check_independent(counts)
        return counts.kept, counts.shots
    kept, shots = np.broadcast_arrays(*(np.asarray(number) for number in counts))
    both = check_counts(np.stack([kept, shots], axis=-1))[0]
    wrong = both[..., 0] > both[..., 1]
    if wrong.any():
        more, fewer = both[wrong][0]
        raise ValueError(
            f"`counts` must be (kept, shots), but keeps {more:,} of {fewer:,}; give all shots, not "
            "the discarded ones"
        )
    return both[..., 0], both[..., 1]
