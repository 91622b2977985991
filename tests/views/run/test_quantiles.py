from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import comb, factorial

import numpy as np
import pytest
from matplotlib.figure import Figure

from qcattn.views.run.quantiles import lowest, plot_p_value_quantiles, stays_above


@pytest.mark.parametrize("many", [1, 2, 7, 60, 400])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_a_straight_limit_is_crossed_as_daniels_computed(many, share):
    """P(U_(i) > c i / m for all i) = 1 - c, whatever m (H. E. Daniels, 1945)."""
    ranks = np.arange(1, many + 1)
    assert stays_above(ranks, share * ranks / many, many) == pytest.approx(1 - share, abs=1e-10)


def test_any_limit_agrees_with_counting_cells():
    """Limits on a grid: how many of 4 points lie in each cell, summed in exact fractions."""
    limit = [Fraction(1, 10), Fraction(2, 10), Fraction(5, 10), Fraction(6, 10)]
    widths = np.diff([Fraction(0), *limit, Fraction(1)])
    total = Fraction(0)
    for cells in product(range(5), repeat=5):
        below = np.cumsum(cells)
        if below[-1] == 4 and all(below[rank] <= rank for rank in range(4)):
            ways = factorial(4)
            for points, width in zip(cells, widths, strict=True):
                ways = ways * width**points / factorial(points)
            total += ways
    exact = stays_above(np.arange(1, 5), np.array(limit, float), 4)
    assert exact == pytest.approx(float(total), abs=1e-12)


def test_a_selection_of_ranks_is_exact_too():
    """The 3rd of 10 above t: fewer than 3 of 10 below t."""
    t = 0.2
    exact = sum(comb(10, k) * t**k * (1 - t) ** (10 - k) for k in range(3))
    assert stays_above(np.array([3]), np.array([t]), 10) == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("many", [1, 3, 60, 61, 2700])
@pytest.mark.parametrize("level", [0.9, 0.99])
def test_the_limit_has_its_level_and_equal_local_levels(many, level):
    from scipy.stats import beta

    ranks, limit = lowest(many, level)
    assert stays_above(ranks, limit, many) == pytest.approx(level, abs=1e-5)
    local = beta.cdf(limit, ranks, many - ranks + 1)
    assert np.allclose(local, local[0], rtol=1e-6)
    assert (1 - level) / len(ranks) <= local[0] * (1 + 1e-9)
    assert local[0] <= (1 - level) * (1 + 1e-5)
    assert (np.diff(ranks) > 0).all()
    assert (ranks[0], ranks[-1]) == (1, many)


def test_simulated_uniform_variables_stay_above_it_as_often():
    """False failure below 1e-6: five standard deviations of 20,000 draws."""
    many, level, runs = 40, 0.9, 20_000
    ranks, limit = lowest(many, level)
    drawn = np.sort(np.random.default_rng(1).random((runs, many)), axis=-1)
    share = (drawn[:, ranks - 1] > limit).all(axis=-1).mean()
    assert abs(share - level) < 5 * np.sqrt(level * (1 - level) / runs)
    # Variables squeezed towards zero by a quarter are noticed.
    assert (0.75 * drawn > limit).all(axis=-1).mean() < level - 0.05


def picture(result):
    axes = Figure().subplots()
    assert plot_p_value_quantiles(result, axes) is axes
    return axes, {line.get_label(): line for line in axes.get_lines()}


def test_the_points_are_the_sorted_p_values(make):
    result = make(make.causal((4, 5, 6, 6)))
    axes, lines = picture(result)
    expected = np.sort(result.fit.p_values[..., 1:].ravel())
    assert np.array_equal(lines["rows"].get_ydata(), expected)
    assert np.allclose(lines["rows"].get_xdata(), (np.arange(100) + 0.5) / 100)
    assert "rows too low" not in lines
    assert axes.get_title() == "100 rows\n20 with a single possible key left out"
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_rows_that_are_too_low_and_rows_at_zero_are_red(make):
    result = make(np.zeros((50, 4)))
    p_values = np.linspace(0.01, 1, 50)
    p_values[:3] = [0.0, 0.0, 1e-9]
    axes, lines = picture(replace(result, verdicts=(replace(result.fit, p_values=p_values),)))
    assert lines["rows too low"].get_ydata().tolist() == [1e-9]
    assert len(lines["p < 1e-300: 2 rows"].get_ydata()) == 2
    assert axes.get_ylim()[0] < lines["p < 1e-300: 2 rows"].get_ydata()[0] < 1e-9


def test_uniform_p_values_are_not_red(make):
    result = make(np.zeros((50, 4)))
    p_values = np.random.default_rng(3).permutation((np.arange(50) + 0.5) / 50)
    _, lines = picture(replace(result, verdicts=(replace(result.fit, p_values=p_values),)))
    assert set(lines) == {"uniform", "rows"}


def test_a_run_without_such_rows_says_so(make):
    axes, _ = picture(make([[0.0, -np.inf], [0.0, -np.inf]], rows=1))
    assert axes.texts[0].get_text() == "no rows"
    assert axes.get_title() == (
        "0 rows\n1 with a single possible key left out\n1 without shots left out"
    )
