"""The p-value of all rows against the rows it is made of: Holm's half and the halves of the sums.

No chance in any of it: the counts are given, or all there are.
"""

import sys
from itertools import product

import numpy as np
import pytest
from scipy import stats

from qcattn.comparisons import fit

LAW = np.full(4, 0.25)
ROWS = 60


def one_bad_row():
    """Sixty rows as even as can be, and one of them off: the sums over rows see nothing."""
    counts = np.full((ROWS, 4), 250)
    counts[17] = [350, 200, 225, 225]
    return counts


def test_one_bad_row_counts_twice_the_number_of_rows():
    tested = fit(one_bad_row(), LAW)
    smallest = tested.p_values.min()
    assert tested.p_values.argmin() == 17 and 1e-12 < smallest < 1e-6
    assert tested.overall() == pytest.approx(2 * ROWS * smallest, rel=1e-12)


def test_all_rows_together_are_refuted_where_holm_finds_a_first_row():
    """One level, two ways to it: alpha / 2 over the rows. Below it neither finds anything."""
    edge = fit(one_bad_row(), LAW).overall()
    above, below = (fit(one_bad_row(), LAW, alpha=edge * part) for part in (1.001, 0.999))
    assert above.refuted and above.rows().tolist() == [row == 17 for row in range(ROWS)]
    assert not below.refuted and not below.rows().any()


@pytest.mark.parametrize(
    ("sums", "overall"), [((1e-4, 1.0), 4e-4), ((1.0, 1e-4), 4e-4), ((0.3, 0.3), 1.0)]
)
def test_the_sums_take_a_quarter_of_alpha_each(sums, overall):
    from dataclasses import replace

    tested = replace(fit(np.full((ROWS, 4), 250), LAW), _sums=sums)
    assert tested.overall() == pytest.approx(overall, rel=1e-12)


def test_a_single_row_has_all_of_alpha():
    tested = fit([350, 200, 225, 225], LAW)
    assert tested.overall() == float(tested.p_values)
    assert fit([350, 200, 225, 225], LAW, alpha=tested.overall() * 1.001).rows()
    assert not fit([350, 200, 225, 225], LAW, alpha=tested.overall() * 0.999).rows()


def test_rows_without_shots_are_not_counted_among_the_rows():
    counts = np.concatenate([one_bad_row(), np.zeros((40, 4), int)])
    assert fit(counts, LAW).overall() == pytest.approx(fit(one_bad_row(), LAW).overall(), rel=1e-12)


LEVELS = np.array([1e-2, 1e-3, 1e-4, 1e-6])


def undercut(p, shots):
    """How often two perfect rows give a summed U below each level, over the level, exactly.

    Summed over all pairs of counts that come more often than 1e-10; what is left out is counted as
    below. Two rows have no sum of energies here.
    """
    counts = np.array(
        [k for k in product(range(shots + 1), repeat=len(p)) if sum(k) == shots], dtype=np.int64
    )
    chance = stats.multinomial.pmf(counts, shots, p)
    counts, chance = counts[chance > 1e-10], chance[chance > 1e-10]
    found = np.zeros(len(LEVELS))
    for i, first in enumerate(counts):
        for j in range(i + 1):
            weight = chance[i] * chance[j] * (2 if j < i else 1)
            if weight > 1e-10:
                below = fit([first, counts[j]], p)._sums[0] <= LEVELS
                found += weight * below
    return (found + 1 - chance.sum() ** 2) / LEVELS


def test_a_sum_over_two_rows_is_valid_far_out(monkeypatch):
    """The gamma law by itself is not: it gives 1e-6 many times too often."""
    p, shots = [0.96, 0.02, 0.02], 30
    assert (undercut(p, shots) <= 1.1).all()
    monkeypatch.setitem(sys.modules["qcattn.comparisons._sums"].__dict__, "FEW_ROWS_SKEW", np.inf)
    assert undercut(p, shots)[-1] > 10
