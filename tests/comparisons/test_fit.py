"""Tests of fit: size under the null, planted faults, invariances, bad input."""

import sys
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from qcattn.comparisons._parts import SHARES
from qcattn.comparisons.fit import fit


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def causal(rng, rows, keys, scale=4.0):
    """Rows with 1, 2, 3, ... unmasked keys, padded with exact zeros."""
    scores = scale * rng.standard_normal((rows, keys))
    last = np.arange(rows) % keys
    return softmax(np.where(np.arange(keys) <= last[:, None], scores, -np.inf))


@dataclass
class Record:
    keys: np.ndarray
    stray: np.ndarray


class TestNull:
    @pytest.mark.parametrize("shots", [1_000, 30_000])
    def test_parts_are_uniform(self, shots):
        """Kolmogorov-Smirnov over 1e4 rows at 1e-7 for each of four cases: 4e-7 in all."""
        rng = np.random.default_rng(shots)
        p = softmax(rng.standard_normal((10_000, 32)))
        result = fit(rng.multinomial(shots, p), p)
        assert stats.kstest(result.u, "uniform").pvalue > 1e-7
        assert stats.kstest(result.energy, "uniform").pvalue > 1e-7
        wrong = fit(rng.multinomial(shots, softmax(np.log(p[:1000]) * 1.03)), p[:1000])
        assert stats.kstest(wrong.energy, "uniform").pvalue < 1e-7

    @pytest.mark.parametrize(("keys", "rows"), [(16, 30_000), (128, 10_000), (1024, 2_500)])
    @pytest.mark.parametrize("shots", [1_000, 100_000])
    def test_size_of_peaked_rows(self, keys, rows, shots):
        """At nominal 1% the size is at most 1.2%: fails by chance below 1e-7 (six cases: 6e-7)."""
        rng = np.random.default_rng(keys + shots)
        p = softmax(4 * rng.standard_normal((rows, keys)))
        alarms = int((fit(rng.multinomial(shots, p), p).p_values <= 0.01).sum())
        assert stats.binom.sf(alarms - 1, rows, 0.012) > 1e-7
        assert stats.binom.cdf(alarms, rows, 0.005) > 1e-7

    @pytest.mark.parametrize("shots", [10, 100, 4_000])
    def test_family_of_causal_rows(self, shots):
        """7 families of 1,500 rows at alpha = 10%: at most 6 alarms, exceeded in 1e-7 of seeds."""
        rng = np.random.default_rng(shots)
        alarms, small = 0, 0
        for _ in range(7):
            p = causal(rng, 1_500, 12)
            result = fit(rng.multinomial(shots, p), p, alpha=0.1)
            alarms += result.refuted
            small += int((result.p_values <= 0.01).sum())
        assert alarms <= 6
        assert stats.binom.sf(small - 1, 10_500, 0.01) > 1e-7

    def test_family_of_attention_sinks(self):
        """Nearly all shots on one key: the rows on which a gamma law is off a hundredfold.

        Rates at most nominal, to a false-failure rate of 1e-7.
        """
        rng = np.random.default_rng(5)
        scores = 2 * rng.standard_normal((30_000, 16))
        scores[:, 0] += rng.uniform(6, 14, 30_000)
        p = softmax(scores)
        result = fit(rng.multinomial(200, p), p)
        for level in (0.05, 0.01, 1e-3):
            alarms = int((result.p_values <= level).sum())
            assert stats.binom.sf(alarms - 1, 30_000, level) > 1e-7
        assert result.overall() > 1e-7

    @pytest.mark.parametrize(
        ("p", "n"),
        [
            ((0.5, 0.3, 0.2), 12),
            ((0.9, 0.07, 0.03), 14),
            ((0.4, 0.3, 0.2, 0.1), 9),
            ((0.97, 0.03), 60),
        ],
    )
    def test_valid_at_the_level_of_many_rows(self, p, n):
        """P(p-value <= t) <= t down to 1e-8, the level of 1e5 rows at 0.1%, by summing over all
        counts; only the draws of the sampled p-values are chance (three fixed seeds).

        The planted fault, one part's p-value taken without its share, is caught.
        """
        choices = combinations_with_replacement(range(len(p)), n)
        counts = np.array([np.bincount(c, minlength=len(p)) for c in choices])
        chance = stats.multinomial(n, p).pmf(counts)
        levels = 10.0 ** -np.arange(2, 9)
        size, wrong = np.zeros(len(levels)), np.zeros(len(levels))
        for seed in range(3):
            result = fit(counts, p, seed=seed)
            size += chance @ (result.p_values[:, None] <= levels) / 3
            wrong += chance @ (result.p_values[:, None] * SHARES["top"] <= levels) / 3
        assert np.all(size <= 1.2 * levels)
        assert size[1] > 0.1 * levels[1]
        assert np.any(wrong > 1.2 * levels)

    def test_certain_rows(self):
        p = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        result = fit([[100, 0, 0], [0, 0, 7]], p)
        np.testing.assert_array_equal(result.p_values, 1.0)
        assert result.overall() == 1.0
        assert not result.refuted
        assert fit([[99, 1, 0], [0, 0, 7]], p).overall() == 0.0

    def test_one_outcome_and_one_shot(self):
        assert fit([[5]], [[1.0]]).p_values == 1.0
        assert fit([0, 1], [0.5, 0.5]).p_values == 1.0


FAULTS = {
    "beta 5% too cold": lambda p: softmax(
        np.where(p > 0, np.log(np.maximum(p, 1e-300)), -np.inf) * 1.05
    ),
    "two keys swapped": lambda p: np.take_along_axis(p, _swapped(p), axis=-1),
    "keys reversed": lambda p: p[..., _bit_reversal(p.shape[-1])],
    "leak to masked keys": lambda p: (
        0.999 * p + 0.001 * (p == 0) / np.maximum((p == 0).sum(-1, keepdims=True), 1)
    ),
    "leak spread evenly": lambda p: 0.99 * p + 0.01 * (p > 0) / (p > 0).sum(-1, keepdims=True),
}
#: Faults that show in all rows together, not in most rows alone.
THIN = ("beta 5% too cold", "leak spread evenly")


def _swapped(p):
    order = np.argsort(-p, axis=-1)
    index = np.tile(np.arange(p.shape[-1]), (len(p), 1))
    rows = np.arange(len(p))
    index[rows, order[:, 1]], index[rows, order[:, 2]] = order[:, 2], order[:, 1]
    return index


def _bit_reversal(size):
    width = size.bit_length() - 1
    return [int(f"{i:0{width}b}"[::-1], 2) for i in range(size)]


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_found(fault):
    """300 rows of 64 keys, 4,096 shots: found together, and no alarm without the fault."""
    rng = np.random.default_rng(3)
    scores = 2 * rng.standard_normal((300, 64))
    scores[:, 50:] = -np.inf
    p = softmax(scores)
    q = FAULTS[fault](p)
    assert np.abs(q - p).sum(-1).mean() / 2 > 1e-4
    wrong = fit(rng.multinomial(4096, q / q.sum(-1, keepdims=True)), p)
    assert wrong.overall() < 1e-9
    assert fault in THIN or wrong.rows().mean() > 0.5
    assert fit(rng.multinomial(4096, p), p).overall() > 1e-7


class TestInvariance:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.integers(0, 2**32 - 1), st.integers(2, 24), st.integers(1, 3_000))
    def test_order_of_outcomes_and_zero_cells(self, seed, keys, shots):
        rng = np.random.default_rng(seed)
        p = softmax(np.round(4 * rng.standard_normal((3, keys)), 0))  # with ties
        q = softmax(4 * rng.standard_normal((3, keys))) if seed % 2 else p
        counts = rng.multinomial(shots, q)
        result = fit(counts, p)
        order = rng.permutation(keys)
        moved = fit(counts[:, order], p[:, order])
        # Below 1e-3 p-values are sampled, and the rounding of a sum may change a draw.
        exact = result.p_values > 0.01
        assert np.all((moved.p_values > 0.01) == exact)
        np.testing.assert_allclose(moved.p_values[exact], result.p_values[exact], rtol=1e-6)
        np.testing.assert_allclose(
            np.log(moved.p_values + 1e-12), np.log(result.p_values + 1e-12), atol=2
        )
        padding = np.zeros((3, rng.integers(1, 5)), dtype=int)
        padded = fit(np.hstack([counts, padding]), np.hstack([p, padding]))
        np.testing.assert_allclose(padded.p_values[exact], result.p_values[exact], rtol=1e-6)
        np.testing.assert_array_equal(padded.zero, result.zero)

    def test_leading_axes_and_blocks(self):
        rng = np.random.default_rng(1)
        p = softmax(3 * rng.standard_normal((3, 5, 7000)))
        counts = rng.multinomial(2000, p)
        result = fit(counts, p)
        assert result.p_values.shape == result.shots.shape == (3, 5)
        assert result.p_values[1, 2] == pytest.approx(float(fit(counts[1, 2], p[1, 2]).p_values))
        shared = fit(counts, p[0, 0])
        assert shared.p_values[0, 0] == result.p_values[0, 0]
        assert shared.rows().sum() == 14

    def test_stray_shots_are_one_more_impossible_outcome(self):
        p, keys = np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[50, 50], [52, 48]])
        clean = fit(Record(keys, np.array([0, 0])), p)
        np.testing.assert_array_equal(clean.p_values, fit(keys, p).p_values)
        hit = fit(Record(keys, np.array([0, 3])), p)
        np.testing.assert_array_equal(hit.zero, [1, 0])
        assert hit.p_values[1] == 0
        assert [(o.outcome, o.observed) for o in hit.offenders(1)] == [(-1, 3)]


class TestTogether:
    def test_holm_and_benjamini_hochberg(self):
        rng = np.random.default_rng(2)
        p = softmax(rng.standard_normal((60, 16)))
        q = p.copy()
        q[:12] = np.roll(q[:12], 1, axis=-1)
        result = fit(rng.multinomial(400, q), p)
        raw = np.sort(result.p_values)
        holm = int(np.argmin(np.append(raw <= 0.005 / (60 - np.arange(60)), False)))
        assert result.rows("holm").sum() == holm > 5
        adjusted = stats.false_discovery_control(np.minimum(result.p_values, 1))
        np.testing.assert_array_equal(result.rows("bh"), adjusted <= 0.01)
        assert np.all(result.rows("bh") >= result.rows("holm"))
        with pytest.raises(ValueError, match="'holm' or 'bh'"):
            result.rows("none")

    def test_a_fault_too_small_for_rows_shows_in_the_sums(self):
        rng = np.random.default_rng(4)
        p = softmax(2 * rng.standard_normal((2_000, 64)))
        warm = fit(rng.multinomial(1_000, softmax(0.99 * np.log(p))), p)
        assert warm.rows().mean() < 0.002
        assert warm.overall() < 1e-9
        rough = p * np.exp(0.05 * rng.choice([-1, 1], size=p.shape))
        rough = fit(rng.multinomial(1_000, rough / rough.sum(-1, keepdims=True)), p)
        assert rough.rows().mean() < 0.002
        assert rough.overall() < 1e-6

    def test_undecided_rows(self):
        result = fit([[0, 0], [5, 5]], [[0.5, 0.5], [0.5, 0.5]])
        np.testing.assert_array_equal(result.undecided, [True, False])
        np.testing.assert_array_equal(result.p_values[0], 1.0)
        assert result.overall() == result.p_values[1]
        assert result.resolution[0] == 1.0
        nothing = fit([[0, 0]], [[0.5, 0.5]])
        assert nothing.undecided.all()
        assert not nothing.refuted


class TestResolution:
    @pytest.mark.parametrize("keys", [16, 128])
    def test_power_at_the_resolution(self, keys):
        """U alone finds the hardest pattern in 90% of 1,000 draws: within 84 to 95%.

        Five standard errors and a point for the normal approximation: fails below 1e-6.
        """
        rng = np.random.default_rng(keys)
        p = softmax(1.5 * rng.standard_normal(keys))
        n = 20_000
        empty = fit(np.zeros(keys, dtype=int), p)
        assert empty.resolution == 1.0
        result = fit(rng.multinomial(n, p), p)
        size = float(result.resolution)
        sign = np.where(np.arange(keys)[np.argsort(np.argsort(-p))] % 2, -1.0, 1.0)
        low, high = 0.0, 1.0
        for _ in range(60):
            c = (low + high) / 2
            low, high = (c, high) if np.minimum(c * p ** (2 / 3), p).sum() < 2 * size else (low, c)
        q = p + sign * np.minimum(low * p ** (2 / 3), p)
        q /= q.sum()
        found = fit(rng.multinomial(n, q, size=1_000), p).u <= 0.01 * SHARES["u"]
        assert 0.84 < found.mean() < 0.95 if keys == 128 else found.mean() > 0.84
        half = q + 0.5 * (p - q)
        assert (fit(rng.multinomial(n, half, size=500), p).u <= 0.01 * SHARES["u"]).mean() < 0.6

    def test_rows_together_see_more(self):
        rng = np.random.default_rng(0)
        p = softmax(2 * rng.standard_normal((500, 32)))
        result = fit(rng.multinomial(4096, p), p)
        assert result.resolution.shape == (500,)
        assert 0.1 < result.resolution_together / np.median(result.resolution) < 0.5


class TestBadInput:
    @pytest.mark.parametrize(
        ("counts", "p", "message"),
        [
            ([[1, 2]], [[0.5, 0.4]], r"p\[0\] sums to 0.9"),
            ([[1, 2]], [[0.5, np.nan]], r"finite, but p\[0, 1\] is nan"),
            ([[1, 2]], [[1.5, -0.5]], "negative"),
            ([[1, -2]], [[0.5, 0.5]], r"counts\[0, 1\] is -2"),
            ([[1, 2.5]], [[0.5, 0.5]], "not frequencies"),
            ([[1, np.nan]], [[0.5, 0.5]], "integers"),
            ([["a", "b"]], [[0.5, 0.5]], "dtype"),
            ([[1, 2, 3]], [[0.5, 0.5]], "same shape"),
            ([[]], [[]], "at least one outcome"),
            (3, [1.0], "shape"),
            ({"000": 3}, [0.5, 0.25, 0.25], "`p` holds 3 numbers a row"),
            ({"cat": 3}, [0.5, 0.5], "name outcomes differently"),
            ({"00": 3}, {"000": 1.0}, "outcomes of 2 bits, but `p` of 3"),
            ([{"0": 3}, {"1": 3}], [[1.0, 0.0]] * 3, "`counts` has 2 rows, but `p` has 3"),
            ({"0": 1.5}, [0.5, 0.5], "must hold integers"),
            ({"00": 3, "0 0": 4}, [0.25] * 4, "twice"),
            ([1, 2], np.zeros(2, dtype="V2"), "bfloat16"),
            ([1, 2], np.array([0.5, 0.5], dtype=object), r"numpy.array\(x, dtype=float\)"),
            ([1, 2], ["a", "b"], "dtype"),
        ],
    )
    def test_counts_and_probabilities(self, counts, p, message):
        with pytest.raises(ValueError, match=message):
            fit(counts, p)

    @pytest.mark.parametrize("alpha", [0, 1, -0.1, 2, float("nan")])
    def test_alpha(self, alpha):
        with pytest.raises(ValueError, match="alpha"):
            fit([1, 2], [0.5, 0.5], alpha=alpha)

    def test_single_precision_sums_are_forgiven(self):
        p = np.full(3, 1 / 3, dtype=np.float32)
        p[0] += 1e-6
        assert fit([1, 1, 1], p).p_values > 0.5
        with pytest.raises(ValueError, match="sums to"):
            fit([1, 1, 1], [1 / 3 + 1e-6, 1 / 3, 1 / 3])

    @pytest.mark.parametrize("dtype", ["f2", ">f2", "<f4", ">f4", "<f8", ">f8", "g"])
    def test_rounding_of_every_precision_is_forgiven_and_no_more(self, dtype):
        law = np.random.default_rng(3).dirichlet(np.full(257, 0.5)).astype(dtype)
        counts = np.random.default_rng(4).multinomial(
            5000, law.astype(float) / law.sum(dtype=float)
        )
        assert fit(counts, law).overall() > 1e-6
        assert fit(counts, law.astype("f8") if "2" not in dtype else law).overall() > 1e-6
        with pytest.raises(ValueError, match="sums to"):
            fit(counts, law * np.array(1.003, dtype=dtype))

    def test_offenders_of_no_row(self):
        with pytest.raises(IndexError, match="must have 1 number, one for each"):
            fit([[1, 2]], [[0.5, 0.5]]).offenders()


@pytest.mark.parametrize(
    ("p", "shots"),
    [
        ((0.5, 0.5), 6),
        ((1 / 3, 1 / 3, 1 / 3), 4),
        ((0.7, 0.3), 3),
        ((0.5, 0.5), 10),
        ((0.5, 0.5), 30),
        ((0.5, 0.5), 31),
        ((0.99, 0.01), 500),
    ],
)
def test_exact_size_of_rows_with_few_shots(p, shots):
    """No chance but the sampling's (fixed seed): every table of counts, with its probability.

    A gamma law puts up to four times too many of them below these levels.
    """
    dealt = combinations_with_replacement(range(len(p)), shots)
    every = np.array([np.bincount(hits, minlength=len(p)) for hits in dealt])
    chance = stats.multinomial(shots, p).pmf(every)
    levels = np.array([0.05, 0.01, 3e-3, 1e-3])
    found = fit(every, p).p_values[:, None]
    assert np.all(chance @ (found <= levels) <= levels * (1 + 1e-9))
    # The planted fault: p-values a fifth of what they should be.
    assert np.any(chance @ (found / 5 <= levels) > 1.5 * levels)


@pytest.mark.parametrize("shots", [2**31 - 1, 2**31, 10**12, 10**15])
def test_any_number_of_shots(shots):
    """No chance: counts three standard deviations off at most, and seven off. NaN never passes."""
    p = np.array([0.4, 0.3, 0.2, 0.1])
    spread = np.sqrt(shots * 0.4 * 0.6)
    counts = np.rint(shots * p).astype(np.int64)
    counts[0] += shots - counts.sum()

    def moved(sd):
        return counts + np.array([1, -1, 0, 0]) * int(sd * spread)

    near, far, reversed_ = fit([moved(1), moved(7), counts[::-1]], p).p_values
    assert 0.01 < near <= 1 and far < 1e-9 and reversed_ < 1e-9
    assert [bad.outcome for bad in fit(moved(7), p).offenders()] == [1, 0]


def test_what_is_not_a_number_is_an_error(monkeypatch):
    module = sys.modules["qcattn.comparisons._parts"]
    monkeypatch.setattr(module, "likeliest_two", lambda *_: (np.array([np.nan]), np.array([True])))
    with pytest.raises(FloatingPointError, match="p_values is not a number"):
        fit([50, 30, 20], [0.5, 0.3, 0.2])


@pytest.mark.parametrize("p", [(0.6, 0.4 - 1e-9, 1e-9), (0.5, 0.5), (0.9, 0.1 - 1e-12, 1e-12)])
def test_no_shots_have_a_p_value_of_one(p):
    result = fit(np.zeros((2, len(p)), int), p)
    for part in (result.p_values, result.u, result.tail, result.energy, result.top):
        assert np.all(part == 1.0)
    assert result.undecided.all() and not result.refuted


@pytest.mark.parametrize(
    "seed", [None, 7, [1, 2], np.random.SeedSequence(3), np.random.default_rng(4)]
)
def test_seeds_are_what_default_rng_takes(seed):
    counts = [[500, 300, 300], [9_000, 10, 1_000]]  # p-values that are sampled
    assert np.all(fit(counts, [0.5, 0.3, 0.2], seed=seed).p_values < 1e-3)


@pytest.mark.parametrize(
    ("counts", "p", "message"),
    [
        ([2.0**62, 2.0**62], [0.5, 0.5], r"at most 2\*\*53, but counts\[0\] is 4.61"),
        ([2**53, 2**53], [0.5, 0.5], r"at most 2\*\*53 shots a row, but counts holds 1.80"),
        ([True, False], [0.5, 0.5], "dtype bool"),
        (np.ma.array([5, 5], mask=[0, 1]), [0.5, 0.5], r"counts.filled\(0\)"),
        ([[1, 2], [3]], [0.5, 0.5], "`counts`.*differ in length"),
        ([1, 2], [[0.5, 0.5], [1.0]], "`p`.*differ in length"),
    ],
)
def test_numbers_that_would_be_lost_are_refused(counts, p, message):
    with pytest.raises(ValueError, match=message):
        fit(counts, p)


@pytest.mark.parametrize("alpha", ["0.01", None, True, [0.01], 0, 1, float("nan")])
def test_alpha_is_named(alpha):
    with pytest.raises(ValueError, match="`alpha` must be a number between 0 and 1"):
        fit([1, 2], [0.5, 0.5], alpha=alpha)
