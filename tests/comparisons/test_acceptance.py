"""Heralds against their prediction: exact size, planted faults, bad input."""

import numpy as np
import pytest
from scipy.stats import binom

from qcattn.comparisons.acceptance import acceptance
from qcattn.records import Counts


def counts_of(kept, shots):
    kept, shots = np.asarray(kept), np.asarray(shots)
    return Counts(kept[..., None], np.zeros_like(kept), shots - kept)


def test_p_values_are_the_exact_binomial_ones():
    """Reference: the sum of all outcomes no likelier than the one seen, by brute force."""
    shots, success = 40, 0.3
    outcomes = np.arange(shots + 1)
    law = binom.pmf(outcomes, shots, success)
    verdict = acceptance(counts_of(outcomes, np.full(41, shots)), success)
    expected = [law[law <= law[k] * (1 + 1e-7)].sum() for k in outcomes]
    assert np.allclose(verdict.p_values, expected, atol=1e-12)


def test_the_size_of_many_rows_is_at_most_alpha():
    """Exact, no sampling: the chance that any of 100 rows is refuted, by the binomial law."""
    shots, success, rows, alpha = 200, 0.1, 100, 0.05
    outcomes = np.arange(shots + 1)
    one = acceptance(counts_of(outcomes, np.full(201, shots)), success, alpha=alpha / rows)
    refuted = binom.pmf(outcomes, shots, success)[one.p_values <= alpha / rows].sum()
    size = 1 - (1 - refuted) ** rows
    assert 0.005 < size <= alpha


def test_rows_share_alpha():
    """No chance in it: 100 rows as predicted and one that is off, at levels around 101 times its
    p-value. Without the number of rows it would be refuted at both."""
    kept = np.full(101, 500)
    kept[40] = 560
    counts = counts_of(kept, np.full(101, 1000))
    smallest = acceptance(counts, 0.5).p_values.min()
    assert 1e-5 < smallest < 1e-3
    above, below = (acceptance(counts, 0.5, alpha=101 * smallest * part) for part in (1.001, 0.999))
    assert above.overall == below.overall == pytest.approx(101 * smallest, rel=1e-12)
    assert above.differs and above.refuted.tolist() == [row == 40 for row in range(101)]
    assert not below.differs and not below.refuted.any() and below.agrees


def test_a_prediction_off_by_a_tenth_is_caught():
    """Refuted by chance at 1e-6; 7 standard errors off in each row."""
    kept = np.random.default_rng(1).binomial(50_000, 0.1, size=20)
    counts = counts_of(kept, np.full(20, 50_000))
    assert acceptance(counts, 0.1, alpha=1e-6).agrees
    wrong = acceptance(counts, 0.11, alpha=1e-6)
    assert wrong.differs and wrong.refuted.any() and (wrong.statistic < 0).all()


def test_the_resolution_is_what_is_seen_nine_times_in_ten():
    shots, success, alpha = 4000, 0.2, 0.01
    reach = float(acceptance(counts_of(0, shots), success, alpha=alpha).resolution)
    outcomes = np.arange(600, 1100)
    verdict = acceptance(counts_of(outcomes, np.full(len(outcomes), shots)), success)
    one = np.array([p <= alpha for p in verdict.p_values])
    power = binom.pmf(outcomes, shots, success + reach)[one].sum()
    assert 0.87 < power < 0.93


def test_rows_without_shots_are_undecided():
    verdict = acceptance(counts_of([10, 0], [20, 0]), 0.5)
    assert verdict.undecided.tolist() == [False, True]
    assert not verdict.agrees and not verdict.differs


@pytest.mark.parametrize("success", [-0.1, 1.1, np.nan])
def test_no_probability_is_refused(success):
    with pytest.raises(ValueError, match="`success`"):
        acceptance(counts_of(5, 10), success)


@pytest.mark.parametrize("alpha", [0, 1, -1, np.nan])
def test_no_error_rate_is_refused(alpha):
    with pytest.raises(ValueError, match="`alpha`"):
        acceptance(counts_of(5, 10), 0.5, alpha=alpha)


def test_the_resolution_of_one_row_among_others_is_at_its_share_of_alpha():
    """No chance: 100 rows at 1% see what one row at 1e-4 sees, and less than one row at 1%."""
    many = acceptance(counts_of(np.full(100, 800), np.full(100, 4000)), 0.2, alpha=0.01)
    one, alone = (acceptance(counts_of(800, 4000), 0.2, alpha=a) for a in (1e-4, 0.01))
    np.testing.assert_allclose(many.resolution, one.resolution, rtol=1e-9)
    assert (many.resolution > 1.3 * alone.resolution).all()
    assert many.overall_resolution == pytest.approx(one.overall_resolution, rel=1e-9)


def test_numbers_of_kept_and_all_shots_serve_as_counts_do():
    kept, shots = np.array([480, 20, 0]), np.array([500, 40, 0])
    one, two = acceptance((kept, shots), 0.9), acceptance(counts_of(kept, shots), 0.9)
    np.testing.assert_array_equal(one.p_values, two.p_values)
    np.testing.assert_array_equal(one.undecided, [False, False, True])
    assert acceptance((kept, 500), 0.9).p_values.shape == (3,)
    for wrong, message in [
        ((5, 3), "keeps 5 of 3; give all shots"),
        ((-1, 3), "negative"),
        ((0.5, 3), "integers"),
    ]:
        with pytest.raises(ValueError, match=message):
            acceptance(wrong, 0.5)
