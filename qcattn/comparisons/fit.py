r"""Do counts agree with probabilities? A test of fit for many sparse rows at once.

Rows are peaked: most keys expect far less than one count, masked ones have probability exactly
zero, and the shots go from hundreds to millions. Five parts look at each row, and the row's
p-value is their weighted Bonferroni minimum [1]:

- *zero*: one shot on an outcome of probability zero refutes, p-value 0 (it takes no share);
- *u*: the quadratic statistic of `qcattn.comparisons._quadratic` [3], against the shifted gamma law
  of its exact first three null moments;
- *tail*: exact binomial tests of too many shots in nested sets of the rarest outcomes, for a leak
  spread too thinly over them for any single one to show;
- *energy*: the two-sided score test of :math:`\sum_i k_i \log p_i`, the efficient one for a wrong
  temperature, against a shifted gamma law too;
- *top*: exact tests of the two likeliest outcomes (`qcattn.comparisons._likeliest`), for a move
  between them in a row with many others.

A gamma tail is good at 1e-2 but not at 1e-6, where thousands of rows are decided together. So a
part whose p-value comes out below `ESCALATE` is computed again by importance sampling
(`qcattn.comparisons._tilted`), which is valid at every level. So is, from 0.1 down, the part of a
row that is too discrete for a gamma law at all, such as 300 shots with 0.01 expected outside the
first key, or fewer than 30 at all; above 0.1 such a part gets Cantelli's bound, valid for any law.
U of two outcomes, and of a row of equal
probabilities with few expected collisions, is computed exactly (`qcattn.comparisons._collisions`);
where probabilities are nearly equal no smooth law fits either, and p-values below 0.3 are sampled.
Nothing else is.

Over rows, faults are looked for in two ways: one row alone (Holm at alpha / 2), and all rows a
little (alpha / 2, shared by the sum of the standardised U and the sum of the energy scores). The
sum of the energy scores is the score test for one inverse temperature common to all rows, which is
why its terms are summed as they are. A sum of skewed terms is not normal, so both sums get a
shifted gamma law with their own third moment, and in the sum of U a row counts for less the more
its skewness exceeds that of any smooth law (`SMOOTH_SKEW`). Far out that law needs some hundred
rows (`FEW_ROWS_SKEW`: below it a p-value of 1e-6 is undercut at most twice as often). With fewer,
a sum's p-value below `ESCALATE` gives way to Fisher's combination [4] of the p-values of the
rows, which are valid there.

References:
    [1] C. E. Bonferroni, Pubbl. R. Ist. Super. Sci. Econ. Commer. Firenze 8, 3 (1936); S. Holm,
        Scand. J. Statist. 6, 65 (1979).
    [2] Y. Benjamini and Y. Hochberg, J. R. Statist. Soc. B 57, 289 (1995).
    [3] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017).
    [4] R. A. Fisher, Statistical Methods for Research Workers, 4th ed. (1932), section 21.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from qcattn.arguments import check_alpha, entry
from qcattn.comparisons._binomial import two_sided
from qcattn.comparisons._measured import calibration_error, deviating
from qcattn.comparisons._parts import SHARES, damping, tested_block
from qcattn.comparisons._resolution import Sensitivity
from qcattn.comparisons._rows import Bools, Floats, Ints, Rows, check_rows
from qcattn.comparisons._sums import sum_p_values
from qcattn.plurals import p_is, plural
from qcattn.seeds import entropy

#: Elements of a block of rows worked on together, so that it stays in cache.
BLOCK = 1 << 16


@dataclass(frozen=True, eq=False)
class Offender:
    """One outcome whose count does not fit.

    Attributes:
        outcome: The index of the outcome on the last axis; -1 for stray shots, which have no
            column.
        observed: The count of the outcome.
        expected: Shots times probability of the outcome.
        p_value: The p-value of the two-sided exact binomial test, not corrected for the number of
            outcomes.
        name: How the outcome is called where counts or p name it, else "".
    """

    outcome: int
    observed: int
    expected: float
    p_value: float
    name: str = ""


@dataclass(frozen=True, eq=False)
class Fit:
    """How well rows of counts fit their probabilities. Arrays are of shape (...).

    Attributes:
        p_values: One p-value a row; 1 where there are no shots.
        zero: 0 where a shot fell on an outcome of probability zero, else 1. It is a p-value where
            the probabilities were measured.
        u: P-value of the quadratic statistic (not pursued below 1e-3 where another part is
            certain already).
        tail: P-value of the scan over rare sets.
        energy: P-value of the energy score.
        top: P-value of the two likeliest outcomes.
        u_score: U in units of its null standard deviation.
        energy_score: The energy score, centred, in units of its null standard deviation; positive
            means too much on the likely outcomes, that is too cold.
        shots: The number of shots of each row.
        undecided: Rows without shots: they neither agree nor differ.
        alpha: Error rate of the whole answer.
    """

    p_values: Floats
    zero: Floats
    u: Floats
    tail: Floats
    energy: Floats
    top: Floats
    u_score: Floats
    energy_score: Floats
    shots: Ints
    undecided: Bools
    alpha: float
    _sums: tuple[float, float] = field(repr=False)
    _rows: Rows = field(repr=False)

    def __str__(self) -> str:
        """One line: what was found, in how many shots."""
        without = int(np.sum(self.undecided))
        nothing = not self.refuted and (without or self.blind)
        said = "differs" if self.refuted else "undecided" if nothing else "does not differ"
        rows = plural(self.p_values.size, "row")
        more = f", {without:,} without shots" if without else ""
        if nothing and not without:
            more = "; so few that no deviation would have been seen"
        return (
            f"{said}: {p_is(self.overall())} at alpha = {self.alpha:g}, "
            f"{plural(int(np.sum(self.shots)), 'shot')} of {rows}{more}"
        )

    def overall(self) -> float:
        """The global p-value that every row fits; rows without shots are left out."""
        decided = self.p_values[~self.undecided]
        if decided.size <= 1:
            return float(decided.min(initial=1.0))
        u_sum, energy_sum = self._sums
        return float(min(1.0, 2 * decided.size * decided.min(), 4 * u_sum, 4 * energy_sum))

    @property
    def blind(self) -> bool:
        """Whether no deviation in any row would have been seen with 90% power."""
        return not min(float(self.resolution.min(initial=1.0)), self.resolution_together) < 1

    @property
    def refuted(self) -> bool:
        """Whether the rows together differ from their probabilities, at error rate alpha."""
        return self.overall() <= self.alpha

    def rows(self, method: Literal["holm", "bh"] = "holm") -> Bools:
        """Rows that differ.

        Args:
            method: ``"holm"`` for at most alpha / 2 of any false one among them (the other half
                belongs to the sums over rows; a single row gets all of alpha), ``"bh"`` for a
                false discovery rate of at most alpha [2].

        Returns:
            Boolean, shape (...).

        Raises:
            ValueError: If the method is unknown.
        """
        decided = ~self.undecided
        p = self.p_values[decided]
        order = np.argsort(p, kind="stable")
        rank = np.arange(1, p.size + 1)
        if method == "holm":
            level = self.alpha if p.size <= 1 else self.alpha / 2
            kept = np.logical_and.accumulate(p[order] <= level / (p.size + 1 - rank))
        elif method == "bh":
            below = p[order] <= self.alpha * rank / max(p.size, 1)
            kept = np.logical_or.accumulate(below[::-1])[::-1]
        else:
            raise ValueError(f"`method` must be 'holm' or 'bh', but is {method!r}")
        found = np.zeros(p.size, dtype=bool)
        found[order] = kept
        refuted = np.zeros(self.p_values.shape, dtype=bool)
        refuted[decided] = found
        return refuted

    def offenders(self, row: tuple[int, ...] | int = (), limit: int = 10) -> tuple[Offender, ...]:
        """Outcomes of a row that do not fit, the worst first.

        Args:
            row: Index of the row on the leading axes; nothing if there are none.
            limit: The number of outcomes to name at most.

        Returns:
            Outcomes whose p-value times the number of possible outcomes is at most alpha, shots on
            impossible outcomes before all others. A row can differ with no single offender.

        Raises:
            IndexError: If there is no such row.
        """
        shape = self._rows.shape
        index = (row,) if isinstance(row, (int, np.integer)) else tuple(row)
        if len(index) != len(shape):
            raise IndexError(
                f"`row` must have {plural(len(shape), 'number')}, one for each leading axis, but "
                f"is {row!r}"
            )
        flat = int(np.arange(self.p_values.size).reshape(shape)[index])
        counts, p, n = self._rows.counts[flat], self._rows.p[flat], int(self._rows.shots[flat])
        both = two_sided(counts, n, p)  # 0 for a shot where p is 0
        if self._rows.covariance is not None:
            variance = np.diag(self._rows.covariance[flat])
            both = deviating(counts, n, p, variance, float(self._rows.coarse[flat]))
        bad = np.flatnonzero(both * max(int(np.count_nonzero(p)), 1) <= self.alpha)
        bad = bad[np.lexsort((-np.abs(counts - n * p)[bad], both[bad]))]
        names = self._rows.names or ("",) * len(p)
        found = [
            Offender(int(i), int(counts[i]), float(n * p[i]), float(both[i]), names[i]) for i in bad
        ]
        stray = int(self._rows.stray[flat])
        return tuple(([Offender(-1, stray, 0.0, 0.0)] if stray else []) + found)[:limit]

    @cached_property
    def resolution(self) -> Floats:
        r"""The smallest total variation that each row would have shown with 90% power, shape (...).

        The deviations of one size that are hardest to see are meant:
        :math:`\epsilon_i = \min(c p_i^{2/3}, p_i)` with unknown signs, or a move between two halves
        if that is harder. They are seen where the mean of U, :math:`n (n-1) \sum w_i \epsilon_i^2`,
        exceeds U's critical value, at the level of a single row among the others (Holm's first,
        alpha / 2 over the rows) times U's share, by 1.28 of its standard deviations
        :math:`(\sigma_0^2 + 4 n^3 \sum w_i^2 \epsilon_i^2 p_i)^{1/2}`. (With optimal weights, no
        share taken and no second term this is the floor
        :math:`n = \sqrt 2 z / (\sum \epsilon_i^4 / p_i^2)^{1/2}`.) It is 1 where nothing would have
        been seen, as without shots.
        """
        decided = np.count_nonzero(~self.undecided)
        level = self.alpha if decided <= 1 else self.alpha / 2 / decided
        seen = self._sensitivity.each(level * SHARES["u"])
        if self._rows.covariance is not None:
            # A deviation hides behind the calibration's own.
            seen = np.minimum(1.0, seen + calibration_error(self._rows.covariance, self.alpha))
        return np.reshape(seen, self.shots.shape)

    @cached_property
    def resolution_together(self) -> float:
        """The smallest total variation that all rows together would have shown with 90% power.

        It is the same in every row, with unknown signs, seen by the sum of the standardised U at
        alpha / 4.
        """
        skew = self._sensitivity.skew
        weights = np.where(skew > 0, damping(skew), 0.0)
        if np.count_nonzero(weights) <= 1 or self._rows.covariance is not None:
            return float(self.resolution.min(initial=1.0))
        return self._sensitivity.together(self.alpha / 4, weights)

    @cached_property
    def _sensitivity(self) -> Sensitivity:
        return Sensitivity(self._rows.p, self._rows.shots.astype(np.float64))


def fit(counts: Any, p: Any, *, alpha: float = 0.01, seed: Any = 0) -> Fit:
    r"""Test whether counts agree with probabilities, row by row and together.

    To look everywhere has a price: two keys of middling probability that changed places are found
    at 2.2 to 3.1 times the shots of the best test for just that (rows of SmolLM2;
    ``python tests/benchmarks/statistics/prices.py``).

    Args:
        counts: Integers of shape (..., outcomes), or an object with attributes ``keys`` of that
            shape and ``stray`` of shape (...), shots on outcomes that must not occur. Or what
            Qiskit gives: a dictionary of outcomes and counts (``Counts`` too), a list of those, a
            ``BitArray``, the result of a primitive or of ``backend.run``; outcomes are put beside
            those of p by what they are called, those of an array by their position.
        p: Probabilities of shape (..., outcomes), or (outcomes,) for all rows, or a dictionary of
            outcomes and probabilities. Each row sums to one within rounding (1e-9, in float32
            1e-5); it is normalised. Zeros are exact. Or what
            `qcattn.comparisons.expected` returns, probabilities with a covariance: then shots where
            calibration saw none are weighed against its shots, in place of the part of the two
            likeliest; small p-values are not sampled, since no law is known exactly that could
            be drawn from. They are on the safe side where calibration read little, and else those
            of U near 1e-4 come up to 3 times too often: of families of 30 perfect rows of 16
            outcomes, peaked or flat, at most 0.9% are refuted at 1% with 1,000 or 10,000
            calibration shots a state, next to none with 100 (where little else is, either). Only
            Holm's half of the overall p-value is used, because one calibration is common to all
            rows.
        alpha: Error rate of the answer, between 0 and 1.
        seed: Seed of the importance sampling of rows with small p-values, as for
            `numpy.random.default_rng`. It must not be chosen by looking at the counts.

    Returns:
        The p-values and what they are made of.

    Raises:
        ValueError: If p does not sum to one, counts are negative or no integers, shapes differ, a
            row is empty, or alpha is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> p = np.array([[0.7, 0.2, 0.1, 0.0], [0.4, 0.3, 0.2, 0.1]])
        >>> result = fit([[690, 208, 102, 0], [360, 400, 140, 100]], p)
        >>> result.rows()
        array([False,  True])
        >>> [(bad.outcome, bad.observed) for bad in result.offenders(1)]
        [(1, 400), (2, 140)]
        >>> bool(result.overall() < 1e-6)
        True
        >>> result = fit({"00": 495, "11": 495, "01": 10}, [0.5, 0, 0, 0.5])
        >>> [bad.name for bad in result.offenders()]
        ['01']
    """
    rows = check_rows(counts, p)
    alpha, seed = check_alpha(alpha), entropy(seed)
    size, outcomes = rows.counts.shape
    names = ("p", "zero", "u", "tail", "energy", "top", "u_score", "energy_score")
    table = {name: np.empty(size) for name in names}
    moments = np.zeros(6)
    live = {name: np.empty(size, dtype=bool) for name in ("u", "energy")}
    step = max(1, BLOCK // outcomes)
    for start in range(0, size, step):
        part = slice(start, start + step)
        block = tested_block(rows, part, seed, moments)
        for name in names:
            table[name][part] = block[name]
        for name in live:
            live[name][part] = block[f"live_{name}"]
    if np.isnan(table["p"]).any():
        row = np.unravel_index(int(np.argmax(np.isnan(table["p"]))), rows.shape)
        raise FloatingPointError(
            f"{entry('p_values', row)} is not a number: this is a fault of fit; report the counts"
        )
    sums = (1.0, 1.0)
    if rows.covariance is None:
        sums = sum_p_values(moments, *(table[name][live[name]] for name in live))
    shots = rows.shots
    shaped = {name: value.reshape(rows.shape) for name, value in table.items()}
    return Fit(
        p_values=shaped.pop("p"),
        **shaped,
        shots=shots.reshape(rows.shape),
        undecided=(shots == 0).reshape(rows.shape),
        alpha=alpha,
        _sums=sums,
        _rows=rows,
    )
