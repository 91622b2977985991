import io
import warnings
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from matplotlib.figure import Figure

from qcattn.views.colours import FAULT, MEASURED
from qcattn.views.run.bands import bars_of, binomial_band
from qcattn.views.run.plots import (
    plot_attention_map,
    plot_row_bars,
    plottable,
)

ODD = ["日本", "🙂", "$x$", "$", "<b>", "a\nb", "\x00", "", "\u202e", "\ufffd", "_^", "$\\frac$"]


def axes():
    return Figure(layout="constrained").subplots()


def saved(ax):
    """Plot in full, so that missing glyphs and bad markup would warn or fail."""
    out = io.BytesIO()
    ax.figure.savefig(out, format="png", dpi=50)
    return out.getvalue()


@pytest.mark.parametrize("shots", [1, 30, 300])
@pytest.mark.parametrize("p", ["0", "1/1000", "1/5", "1/2", "97/100", "1"])
@pytest.mark.parametrize("level", ["9/10", "999/1000"])
def test_bands_hold_their_level_and_are_no_wider_than_needed(shots, p, level):
    """Against sums of binomial probabilities in exact fractions."""
    q, tail = Fraction(p), (1 - Fraction(level)) / 2
    low, high = (
        int(edge) for edge in binomial_band(shots, np.array(float(q)), float(Fraction(level)))
    )
    law = [comb(shots, k) * q**k * (1 - q) ** (shots - k) for k in range(shots + 1)]
    assert sum(law[low : high + 1]) >= Fraction(level) - Fraction(1, 10**9)
    assert sum(law[:low]) <= tail < sum(law[: low + 1]) + Fraction(1, 10**12)
    assert sum(law[high + 1 :]) <= tail < sum(law[high:]) + Fraction(1, 10**12)


@pytest.mark.parametrize(
    ("shape", "index"), [((4, 4), ()), ((2, 4, 4), 1), ((2, 3, 4, 4), (1, 2)), ((9, 3), ())]
)
def test_an_attention_map_shows_the_numbers_of_its_head(make, shape, index):
    scores = make.causal(shape)
    result = make(scores)
    head = index if isinstance(index, tuple) else (index,)
    masked = np.isneginf(scores[head])
    for measured, values in ((False, result.expected), (True, result.counts.frequencies)):
        ax = plot_attention_map(result, index, axes(), measured=measured)
        shown = ax.images[0].get_array()
        assert np.array_equal(shown.mask, masked)
        assert np.array_equal(shown.compressed(), values[head][~masked])
        strokes = [line for line in ax.get_lines() if line.get_marker() == "None"]
        x = np.concatenate([line.get_xdata() for line in strokes] or [[]])
        assert 6 * masked.sum() == np.isfinite(x).sum(), "three strokes with two ends a cell"
        assert saved(ax)


def test_a_masked_key_that_came_is_crossed_and_not_hidden(make):
    """False failure (it does not come): (1 - 0.01)^4096 < 1e-17."""

    def leak(law):
        law[1] *= 0.99
        law[1, 3] += 0.01

    result = make(make.causal((4, 4)), fault=leak)
    ax = plot_attention_map(result, (), axes())
    (cross,) = [line for line in ax.get_lines() if line.get_marker() == "x"]
    assert (cross.get_xdata().tolist(), cross.get_ydata().tolist()) == ([3], [1])
    assert ax.images[0].get_array()[1, 3] == result.counts.frequencies[1, 3] > 0
    exact = plot_attention_map(result, (), axes(), measured=False)
    assert not [line for line in exact.get_lines() if line.get_marker() == "x"]


def test_queries_without_shots_are_struck_through(make):
    ax = plot_attention_map(make(np.zeros((3, 4)), rows=2), (), axes())
    assert ax.images[0].get_array().mask.tolist() == [[False] * 4, [False] * 4, [True] * 4]
    (strokes,) = ax.collections
    assert [segment[:, 1].tolist() for segment in strokes.get_segments()] == [[2.0, 2.0]]
    assert saved(ax)


def test_attention_maps_refuse_what_is_no_head(make):
    with pytest.raises(ValueError, match="use `plot_row_bars`"):
        plot_attention_map(make(np.zeros(3)), (), axes())
    result = make(np.zeros((2, 3, 4, 4)), shots=10)
    with pytest.raises(ValueError, match="must have 2 numbers"):
        plot_attention_map(result, 1, axes())
    with pytest.raises(ValueError, match="axis 1 is of length 3; count from 0 to 2"):
        plot_attention_map(result, (1, 3), axes())


def bars(ax, colour):
    from matplotlib.colors import to_rgb

    return {
        round(bar.get_x() + bar.get_width() / 2): bar.get_height()
        for bar in ax.patches
        if to_rgb(bar.get_facecolor()) == to_rgb(colour)
    }


def test_bars_are_frequencies_inside_bands_around_softmax(make):
    """False failure below 1e-6: the seed is fixed and nothing here is drawn at another."""
    result = make(make.causal((2, 5, 5)))
    ax = plot_row_bars(result, (1, 4), axes())
    shown = bars(ax, MEASURED)
    assert [shown[key] for key in range(5)] == result.counts.frequencies[1, 4].tolist()
    assert not bars(ax, FAULT)
    (lines,) = ax.collections
    heights = [segment[0][1] for segment in lines.get_segments()]
    assert np.array_equal(heights, result.expected[1, 4])
    low, high = binomial_band(4096, result.expected[1, 4], 1 - 0.01 / 5)
    band = [bar for bar in ax.patches if bar.get_alpha() == 0.3]
    assert np.allclose([bar.get_y() * 4096 for bar in band], low)
    assert np.allclose([(bar.get_y() + bar.get_height()) * 4096 for bar in band], high)


def test_numbers_along_the_root_scale_stand_clear_of_each_other(make):
    """Of a row whose largest share is a half, 0.05 and 0.1 were printed over each other."""
    for scores in (np.zeros(2), np.zeros(20), np.array([0.0, 5.0])):
        ax = plot_row_bars(make(scores), (), axes())
        ticks = np.sqrt(ax.get_yticks() / ax.get_ylim()[1])
        assert len(ticks) >= 3 and ticks[0] == 0 and np.diff(ticks).min() > 0.12


def test_a_bar_outside_its_band_is_red(make):
    """No false failure: 800 shots too many on key 1, as many too few on key 2."""
    result = make(np.zeros(4), fault=lambda law: law.__setitem__(0, [0.25, 0.45, 0.05, 0.25]))
    ax = plot_row_bars(result, (), axes())
    assert set(bars(ax, FAULT)) == {1, 2}
    assert set(bars(ax, MEASURED)) == {0, 3}


def test_shots_that_read_no_key_have_a_red_bar(make):
    result = make(np.zeros(3), tokens="abc", stray=4)
    ax = plot_row_bars(result, (), axes())
    assert bars(ax, FAULT) == {3: 4 / 4096}
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c", "no key"]
    assert ax.get_ylabel() == "share of 4,096 shots\n(root scale)"


def test_a_row_without_shots_is_plotted(make):
    ax = plot_row_bars(make(np.zeros((2, 3)), rows=1), 1, axes())
    assert ax.get_title() == "row 1, no shots"
    assert saved(ax)


def test_bars_refuse_what_is_no_row(make):
    with pytest.raises(ValueError, match="must have 2 numbers"):
        plot_row_bars(make(np.zeros((2, 3, 4)), shots=10), 1, axes())


@pytest.mark.parametrize("plot", ["map", "bars"])
def test_odd_tokens_neither_warn_nor_become_mathematics(make, plot):
    result = make(np.zeros((12, 12)), tokens=ODD, shots=50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if plot == "map":
            ax = plot_attention_map(result, (), axes())
        else:
            ax = plot_row_bars(result, 2, axes())
        assert saved(ax)
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels[2] == "$x$"
    assert labels[0] == "□□"
    assert plottable(["é", "字"]) == ("é", "□")


@pytest.mark.parametrize("keys", [1, 2, 128, 700])
def test_many_keys_have_few_labels(make, keys):
    ax = plot_row_bars(make(np.zeros(keys), shots=10), (), axes())
    ticks, labels = ax.get_xticks(), [label.get_text() for label in ax.get_xticklabels()]
    assert 1 <= len(ticks) <= 32
    if keys <= 30:
        assert labels == [str(tick) for tick in ticks]
    else:
        assert labels[-1] == f"{keys - 30} others" and len(labels) == 31


def test_of_many_keys_the_likeliest_and_the_worst_have_bars_and_nothing_is_lost(make):
    """No false failure: 400 of 4,096 shots on a key that should have 1."""
    scores = np.where(np.arange(5000) < 12, 5.0, 0.0)

    def leak(law):
        law *= 0.9
        law[0, 4321] += 0.1

    result = make(scores, fault=leak)
    bars = bars_of(result, ())
    assert len(bars.keys) == 30 and bars.others == 4970 and not bars.stray
    assert set(range(12)) | {4321} <= set(bars.keys.tolist())
    assert bars.measured.sum() == bars.kept == 4096 and bars.p.sum() == pytest.approx(1)
    shown = dict(zip(bars.keys.tolist(), bars.outside.tolist(), strict=False))
    assert shown[4321]
    low, high = binomial_band(4096, bars.p, 1 - 0.01 / 5001)
    assert np.array_equal(bars.low, low) and np.array_equal(bars.high, high)
    with pytest.raises(ValueError, match="`most` must be a whole number, 3 or more"):
        plot_row_bars(result, (), axes(), most=2)


def test_a_map_of_many_queries_and_keys_is_summed_and_keeps_every_shot(make):
    scores = np.random.default_rng(0).normal(size=(300, 400))
    scores[:6, :8] = -np.inf
    result = make(scores, shots=64)
    ax = plot_attention_map(result, (), axes(), measured=False)
    shown = ax.images[0].get_array()
    assert shown.shape == (100, 100)
    by_hand = result.expected.reshape(100, 3, 100, 4).sum(axis=3).mean(axis=1)
    assert np.allclose(shown.filled(0.0), by_hand)
    assert np.allclose(shown.filled(0.0).sum(axis=1), 1)
    assert shown.mask[:2, :2].all() and shown.mask.sum() == 4
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("key, 4 to a cell", "row, 3 to a cell")
    assert [label.get_text() for label in ax.get_xticklabels()][:2] == ["0", "20"]


def test_long_tokens_are_cut(make):
    ax = plot_row_bars(make(np.zeros(2), tokens=["x" * 300, "y"], shots=10), (), axes())
    assert ax.get_xticklabels()[0].get_text() == "x" * 15 + "…"
