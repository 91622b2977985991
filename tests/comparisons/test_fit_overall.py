"""The p-value of all rows against the rows it is made of: Holm's half and the halves of the sums.

No chance in any of it: the counts are given.
"""

import numpy as np
import pytest

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
    assert tested.overall == pytest.approx(2 * ROWS * smallest, rel=1e-12)


def test_all_rows_together_are_refuted_where_holm_finds_a_first_row():
    """One level, two ways to it: alpha / 2 over the rows. Below it neither finds anything."""
    edge = fit(one_bad_row(), LAW).overall
    above, below = (fit(one_bad_row(), LAW, alpha=edge * part) for part in (1.001, 0.999))
    assert above.refuted and above.rows().tolist() == [row == 17 for row in range(ROWS)]
    assert not below.refuted and not below.rows().any()


@pytest.mark.parametrize(
    ("sums", "overall"), [((1e-4, 1.0), 4e-4), ((1.0, 1e-4), 4e-4), ((0.3, 0.3), 1.0)]
)
def test_the_sums_take_a_quarter_of_alpha_each(sums, overall):
    from dataclasses import replace

    tested = replace(fit(np.full((ROWS, 4), 250), LAW), _sums=sums)
    assert tested.overall == pytest.approx(overall, rel=1e-12)


def test_a_single_row_has_all_of_alpha():
    tested = fit([350, 200, 225, 225], LAW)
    assert tested.overall == float(tested.p_values)
    assert fit([350, 200, 225, 225], LAW, alpha=tested.overall * 1.001).rows()
    assert not fit([350, 200, 225, 225], LAW, alpha=tested.overall * 0.999).rows()


def test_rows_without_shots_are_not_counted_among_the_rows():
    counts = np.concatenate([one_bad_row(), np.zeros((40, 4), int)])
    assert fit(counts, LAW).overall == pytest.approx(fit(one_bad_row(), LAW).overall, rel=1e-12)
