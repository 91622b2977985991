r"""Sets of keys judged key by key given the others: no list of sets, no partition function.

Beyond a few dozen keys only the conditional probabilities of a Boltzmann law of sets are known:

.. math:: P(x_i = 1 \mid x_{-i}) = \frac{1}{1 + e^{-\beta h_i}}, \qquad
    h_i = s_i + \mu - \sum_j J_{ij} x_j .

Together they determine the law. Given what the other keys read in all shots, the shots of key i are
independent coins of known probabilities. So for each i the residuals :math:`x_i - P(x_i = 1)`,
summed over all shots (is the score right?) and over those shots that attend to key j (is the
coupling right?), have mean zero and a known variance v, and Bennett's inequality [1] bounds the
probability of a sum as far out as d by :math:`2 e^{-v\,h(d/v)}, h(u) = (1+u)\ln(1+u) - u`, at every
number of shots. All n^2 of them are tested together (Bonferroni).

The temperature is where :math:`\sum_i h_i (x_i - P_\beta(x_i = 1))`, a sum that falls with beta,
has mean zero over the shots (the pseudo-likelihood of [2]); its interval is the betas at which the
mean is zero within Bernstein's empirical bound [3].

References:
    [1] G. Bennett, J. Am. Stat. Assoc. 57, 33 (1962).
    [2] J. Besag, The Statistician 24, 179 (1975).
    [3] A. Maurer and M. Pontil, Proc. COLT (2009), arXiv:0907.3740, theorem 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from qcattn.arguments import check_alpha, check_beta
from qcattn.encodings.interacting import Interacting
from qcattn.evidence import Estimate

__all__ = ["Conditionals", "certify_conditionals"]

#: Betas at which the mean is looked at on either side of the best, in factors of the scale.
_LOOKS = np.geomspace(1e-3, 1e3, 31)


@dataclass(frozen=True, eq=False)
class Conditionals:
    """The law of every key given the others. Arrays are of shape (n, n).

    Attributes:
        excess: Shots in which key i was attended too often (too seldom if negative), among those
            that attend to key j; on the diagonal among all.
        p_values: The p-value of each entry, not corrected for their number; 0 for a masked key that
            was attended.
        beta: The inverse temperature of the readings, its interval at 1 - alpha / 2; NaN where no
            key has a field.
        asked: The inverse temperature asked for.
        shots: The number of readings.
        alpha: Error rate of `refuted`.
    """

    excess: np.ndarray
    p_values: np.ndarray
    beta: Estimate
    asked: float
    shots: int
    alpha: float

    @property
    def p_value(self) -> float:
        """The p-value that every key follows the others as claimed (Bonferroni)."""
        return float(min(1.0, self.p_values.size * self.p_values.min(initial=1.0)))

    @property
    def worst(self) -> tuple[int, int]:
        """The key i with the smallest p-value, among shots that attend to key j."""
        i, j = np.unravel_index(int(np.argmin(self.p_values)), self.p_values.shape)
        return int(i), int(j)

    @property
    def refuted(self) -> bool:
        """Whether a key or the temperature differs, at error rate alpha."""
        return self.p_value <= self.alpha / 2 or not self._may_be_asked

    @property
    def _may_be_asked(self) -> bool:
        return bool(np.isnan(self.beta.best)) or self.asked in self.beta


def certify_conditionals(
    readings: ArrayLike,
    scores: ArrayLike,
    encoding: Interacting,
    beta: float,
    *,
    alpha: float = 0.01,
) -> Conditionals:
    """Test readings of sets of keys against a Boltzmann law that is too large to be listed.

    Args:
        readings: Shape (shots, n), 0 or 1: whether each independent shot attends to each key; from
            any sampler, of counts as ``numpy.repeat(prepared.codewords, counts.keys, axis=0)``.
        scores: One row of scores, shape (n,); ``-inf`` masks.
        encoding: The couplings and mu.
        beta: Inverse temperature asked for.
        alpha: Probability that a perfect sampler is refuted, at most.

    Raises:
        ValueError: If shapes do not fit, a reading is neither 0 nor 1, a number is out of range, or
            the encoding is to find mu (which takes a list of all sets; give ``mu``).

    Example:
        >>> import numpy as np
        >>> from qcattn.encodings import Interacting
        >>> scores, rng = np.linspace(-1.0, 1.0, 100), np.random.default_rng(1)
        >>> readings = rng.random((4000, 100)) < 1 / (1 + np.exp(-scores))
        >>> certify_conditionals(readings, scores, Interacting(couplings=0.0), 1.0).refuted
        False
        >>> certify_conditionals(readings, scores, Interacting(couplings=0.5), 1.0).refuted
        True
    """
    check_alpha(alpha)
    asked = check_beta(beta)
    bits = _bits(readings, scores)
    fields = encoding.fields(scores, bits)
    x = bits.astype(float)
    chance = special.expit(asked * fields)
    off = x - chance
    excess, variance = off.T @ x, (chance * (1 - chance)).T @ x
    np.fill_diagonal(excess, off.sum(axis=0))
    np.fill_diagonal(variance, (chance * (1 - chance)).sum(axis=0))
    return Conditionals(
        excess=excess,
        p_values=_bennett(np.abs(excess), variance),
        beta=_temperature(fields, x, asked, alpha / 2, _reach(scores, encoding)),
        asked=asked,
        shots=len(x),
        alpha=alpha,
    )


def _bits(readings: ArrayLike, scores: ArrayLike) -> np.ndarray:
    """The readings as bool, as many keys as there are scores."""
    array = np.asarray(readings)
    n = np.shape(scores)
    if array.ndim != 2 or len(n) != 1 or array.shape[1] != n[0] or not len(array):
        raise ValueError(
            f"`readings` must be of shape (shots, keys) and `scores` one row (keys,), but their "
            f"shapes are {array.shape} and {n}"
        )
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        odd = array[~np.isin(array, (0, 1))].tolist() or [array.dtype]
        raise ValueError(
            "`readings` must be 1 where a shot attends to a key and 0 elsewhere, but holds "
            f"{odd[0]}; count a key once"
        )
    return array.astype(bool)


def _bennett(off: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Bounds on the two-sided tails of sums of coins, exact at no variance.

    What is below rounding is no deviation.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = off / variance
        exponent = variance * (special.xlog1py(1 + share, share) - share)
    exponent = np.where(variance > 0, exponent, np.inf)
    return np.where(off > 1e-9, np.minimum(1.0, 2 * np.exp(-exponent)), 1.0)


def _reach(scores: ArrayLike, encoding: Interacting) -> float:
    """The largest field of each key that is not masked, whatever the others read, summed."""
    n = np.shape(scores)[0]
    alone, beside = encoding.fields(scores, np.zeros(n)), encoding.fields(scores, np.eye(n))
    keys = np.isfinite(alone)
    steps = beside[:, keys] - alone[keys]
    high = alone[keys] + np.maximum(steps, 0).sum(axis=0)
    low = alone[keys] + np.minimum(steps, 0).sum(axis=0)
    return float(np.maximum(np.abs(high), np.abs(low)).sum())


def _temperature(
    fields: np.ndarray, x: np.ndarray, asked: float, alpha: float, reach: float
) -> Estimate:
    """The beta at which the fields have their mean, and the betas at which they may have it."""
    open_keys = np.isfinite(fields).all(axis=0)
    h, x, shots = fields[:, open_keys], x[:, open_keys], len(fields)
    if reach == 0 or shots < 2:
        return Estimate(float("nan"), -np.inf, np.inf)
    log_term = np.log(4 / alpha)

    def seen(beta: float) -> tuple[float, float]:
        sums = (h * (x - special.expit(beta * h))).sum(axis=1)
        width = np.sqrt(2 * sums.var(ddof=1) * log_term / shots)
        return float(sums.mean()), float(width + 14 * reach * log_term / (3 * (shots - 1)))

    looks = np.concatenate([-asked * _LOOKS[::-1], [0.0], asked * _LOOKS])
    means, widths = np.array([seen(beta) for beta in looks]).T
    inside = np.flatnonzero(np.abs(means) <= widths)
    signs = np.flatnonzero((means[:-1] > 0) & (means[1:] <= 0))
    if not len(signs):
        best = -np.inf if means[0] <= 0 else np.inf
    else:
        place = int(signs[0])
        best = float(optimize.brentq(lambda b: seen(b)[0], looks[place], looks[place + 1]))
        inside = np.union1d(inside, [place, place + 1])
    if not len(inside):
        return Estimate(best, best, best)

    def edge(out: float, within: float) -> float:
        """Find the edge between a beta that is refuted and one that is not."""
        for _ in range(30):
            middle = (out + within) / 2
            mean, width = seen(middle)
            out, within = (middle, within) if abs(mean) > width else (out, middle)
        return out

    ends = []
    for place, step, far in ((int(inside[0]), -1, -np.inf), (int(inside[-1]), 1, np.inf)):
        if not 0 <= place + step < len(looks):
            ends.append(far)
        elif abs(means[place]) <= widths[place]:
            ends.append(edge(float(looks[place + step]), float(looks[place])))
        else:
            ends.append(edge(float(looks[place]), best))
    return Estimate(best, *ends)
