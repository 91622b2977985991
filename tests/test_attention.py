from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from qcattn.attention import (
    attention_output,
    causal_mask,
    check_scores,
    log_softmax,
    scaled_dot_product_scores,
    sinusoidal_positions,
    softmax,
    telling_head,
)

INF = np.inf
REFERENCE = Path(__file__).parent / "data" / "torch_attention.npz"
CASES = [
    "plain",
    "scale",
    "peaked",
    "causal_square",
    "causal_wide",
    "causal_tall",
    "boolean_mask",
    "padding_mask",
    "additive_mask",
    "shared_keys",
]


def exact_softmax(scores, beta):
    """Softmax of one row in 60 digits."""
    with mpmath.workdps(60):
        weights = [mpmath.exp(mpmath.mpf(float(beta)) * mpmath.mpf(float(s))) for s in scores]
        total = mpmath.fsum(weights)
        return np.array([float(w / total) for w in weights])


def torch_case(name):
    with np.load(REFERENCE, allow_pickle=False) as stored:
        case = {key.split("/")[1]: stored[key] for key in stored if key.startswith(f"{name}/")}
    arguments = {
        "mask": case.get("attn_mask"),
        "causal": bool(case.get("is_causal", False)),
        "scale": case.get("scale"),
    }
    return case, arguments


# torch ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_output_and_weights_are_those_of_torch(name):
    case, arguments = torch_case(name)
    output = attention_output(case["queries"], case["keys"], case["values"], **arguments)
    scores = scaled_dot_product_scores(case["queries"], case["keys"], **arguments)
    weights = softmax(scores)
    np.testing.assert_allclose(output, case["output"], rtol=0, atol=1e-13)
    np.testing.assert_allclose(weights, case["weights"], rtol=0, atol=1e-13)
    np.testing.assert_array_equal(weights == 0, case["weights"] == 0)


def test_every_stored_case_is_read_and_tells_the_conventions_apart():
    with np.load(REFERENCE, allow_pickle=False) as stored:
        assert {key.split("/")[0] for key in stored if "/" in key} == set(CASES)
    for name in ("boolean_mask", "causal_wide", "scale", "additive_mask"):
        case, _ = torch_case(name)
        unmasked = attention_output(case["queries"], case["keys"], case["values"])
        assert np.abs(unmasked - case["output"]).max() > 0.1


# softmax -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spread", "beta"), [(1, 1.0), (10, 0.3), (1e3, 1.0), (1e3, 10.0), (1e4, 1.0), (1e-3, 1e7)]
)
def test_softmax_agrees_with_60_digits(spread, beta):
    scores = np.random.default_rng(5).uniform(-spread, spread, 12)
    exact = exact_softmax(scores, beta)
    ours = softmax(scores, beta=beta)
    # An exponent x carries a relative error of x times the float64 unit; e^-745 is the floor.
    np.testing.assert_allclose(ours, exact, rtol=1e-11, atol=1e-300)
    np.testing.assert_allclose(ours.sum(), 1, rtol=1e-14)
    assert np.argmax(ours) == np.argmax(scores)


def test_softmax_of_a_late_minus_infinity_is_exactly_zero():
    p = softmax([[1e3, -1e3, -INF], [-INF, 3.0, 3.0], [-INF, -INF, -1e4]], beta=10.0)
    np.testing.assert_array_equal(p, [[1, 0, 0], [0, 0.5, 0.5], [0, 0, 1]])


def test_masking_a_key_equals_leaving_it_out():
    scores = np.random.default_rng(1).normal(size=(3, 7))
    masked = scores.copy()
    masked[:, 2] = -INF
    np.testing.assert_allclose(
        np.delete(softmax(masked), 2, axis=-1), softmax(np.delete(scores, 2, axis=-1)), rtol=1e-14
    )


def test_beta_of_each_row():
    scores = np.random.default_rng(2).normal(size=(2, 3, 5))
    betas = np.array([[0.5], [4.0]])
    p = softmax(scores, beta=betas)
    np.testing.assert_array_equal(p[0], softmax(scores[0], beta=0.5))
    np.testing.assert_array_equal(p[1], softmax(scores[1], beta=4.0))
    assert np.abs(p[0] - softmax(scores[0], beta=4.0)).max() > 0.1


def test_scores_at_the_end_of_float64_do_not_warn():
    np.testing.assert_array_equal(softmax([-1.7e308, 1.7e308], beta=5.0), [0, 1])
    np.testing.assert_array_equal(softmax([1.7e308, 1.7e308], beta=1e308), [0.5, 0.5])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.uint32, np.int64])
def test_other_number_types_are_computed_in_float64(dtype):
    p = softmax(np.array([0, 100, 101], dtype=dtype))
    assert p.dtype == np.float64
    np.testing.assert_allclose(p, exact_softmax([0, 100, 101], 1), rtol=1e-13)


def test_log_softmax_agrees_with_60_digits_where_softmax_has_underflowed():
    scores = np.array([0.0, -1.0, -2000.0, -1e4, -INF])
    with mpmath.workdps(60):
        log_z = mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(s)) for s in scores[:4]))
        exact = [float(mpmath.mpf(s) - log_z) for s in scores[:4]]
    ours = log_softmax(scores)
    np.testing.assert_allclose(ours[:4], exact, rtol=1e-14)
    assert ours[4] == -INF
    assert softmax(scores)[2] == 0


rows = arrays(
    np.float64,
    array_shapes(min_dims=1, max_dims=3, max_side=6),
    elements=st.floats(-1e3, 1e3).map(lambda x: round(x, 6)),
)


@settings(derandomize=True, deadline=None)
@given(rows, st.floats(0.01, 10))
def test_softmax_is_a_distribution_that_follows_the_order_and_ignores_shifts(scores, beta):
    p = softmax(scores, beta=beta)
    assert p.shape == scores.shape
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-13)
    np.testing.assert_allclose(softmax(scores + 7.5, beta=beta), p, rtol=1e-9, atol=1e-300)
    order = np.argsort(scores, axis=-1, kind="stable")
    assert (np.diff(np.take_along_axis(p, order, axis=-1), axis=-1) >= 0).all()
    np.testing.assert_allclose(np.exp(log_softmax(scores, beta=beta)), p, rtol=1e-9, atol=1e-300)


# bad input -----------------------------------------------------------------------------------


def test_check_scores_takes_rows_as_they_are():
    scores = np.array([[0.0, -INF], [3.0, 1e300]])
    assert check_scores(scores) is scores
    assert check_scores([5]).shape == (1,)
    assert check_scores(np.zeros((0, 4))).shape == (0, 4)


def planted(value, where, shape=(3, 7, 4)):
    scores = np.zeros(shape)
    scores[where] = value
    return scores


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (planted(np.nan, (2, 5, 1)), r"nan at scores\[2, 5\], key 1.*repair"),
        (planted(INF, (1, 6, 3)), r"key is masked, but holds inf at scores\[1, 6\], key 3"),
        (planted(-INF, (2, 0)), r"every key masked \(-inf\) at scores\[2, 0\].*unmask.*4 keys"),
        ([1.0, np.nan], r"nan at scores, key 1"),
        ([-INF, -INF], r"every key masked \(-inf\) at scores,"),
        ([[0.0, 1.0], [-INF, np.nan]], r"nan at scores\[1\], key 1"),
        ([[0.0, 1.0], [INF, -INF]], r"inf at scores\[1\], key 0"),
        (3.0, r"shape \(\.\.\., keys\).*shape \(\)"),
        ([], r"at least one key.*shape \(0,\)"),
        (np.zeros((2, 0)), r"at least one key.*shape \(2, 0\)"),
        ([[1.0, 2.0], [3.0]], r"rectangular.*differ in length"),
        (["1", "2"], r"real numbers.*dtype <U1"),
        ([1.0, None], r"real numbers.*dtype object"),
        ([1j, 2], r"real numbers.*dtype complex128"),
        ([True, False], r"real numbers.*dtype bool"),
    ],
)
def test_unusable_scores_are_named_with_place_and_cure(scores, message):
    with pytest.raises(ValueError, match=message):
        check_scores(scores)
    with pytest.raises(ValueError, match=message.replace("scores", "energies")):
        check_scores(scores, name="energies")
    for function in (softmax, log_softmax):
        with pytest.raises(ValueError, match=message):
            function(scores)


@pytest.mark.parametrize(
    ("beta", "message"),
    [
        (0, r"`beta` must be positive and finite, but beta is 0"),
        (-1.0, r"beta is -1"),
        (np.nan, r"beta is nan"),
        (INF, r"beta is inf"),
        ([1.0, 0.0, 2.0], r"beta\[1\] is 0"),
        ([1.0, 2.0], r"broadcast to the rows \(3,\).*shape \(2,\)"),
        ([[1.0], [2.0]], r"broadcast to the rows \(3,\).*shape \(2, 1\)"),
        ("1", r"`beta` must hold real numbers"),
    ],
)
def test_unusable_beta_is_named(beta, message):
    with pytest.raises(ValueError, match=message):
        softmax(np.zeros((3, 4)), beta=beta)


Q, K, V = np.ones((2, 3, 4)), np.ones((2, 5, 4)), np.ones((2, 5, 6))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"queries": np.ones(4)}, r"`queries` must be of shape \(\.\.\., q, d\).*shape \(4,\)"),
        ({"queries": np.ones((3, 0))}, r"`queries`.*d at least 1"),
        ({"keys": np.ones(4)}, r"`keys` must be of shape \(\.\.\., k, d\).*shape \(4,\)"),
        ({"keys": np.ones((5, 3))}, r"`keys`.*d = 4 as in `queries`.*shape \(5, 3\)"),
        ({"keys": np.ones((0, 4))}, r"`keys`.*k at least 1"),
        ({"keys": np.ones((3, 5, 4))}, r"`keys`.*\(2,\) of `queries`.*np\.repeat"),
        ({"values": np.ones(5)}, r"`values` must be of shape \(\.\.\., k, v\) with k = 5"),
        ({"values": np.ones((2, 3, 6))}, r"`values`.*k = 5.*shape \(2, 3, 6\)"),
        ({"values": np.ones((3, 5, 6))}, r"`values`.*np\.repeat"),
        ({"queries": planted(np.nan, (1, 2, 0), Q.shape)}, r"queries\[1, 2, 0\] is nan.*`mask`"),
        ({"keys": planted(-INF, (1, 2, 0), K.shape)}, r"keys\[1, 2, 0\] is -inf"),
        ({"values": planted(INF, (0, 1, 3), V.shape)}, r"values\[0, 1, 3\] is inf"),
        ({"mask": np.ones((3, 4), bool)}, r"`mask`.*\(2, 3, 5\).*shape \(3, 4\)"),
        ({"mask": np.ones((4, 1, 3, 5), bool)}, r"`mask`.*\(2, 3, 5\).*shape \(4, 1, 3, 5\)"),
        ({"mask": np.ones((3, 5), int)}, r"`mask` must be boolean.*dtype is int64.*astype\(bool\)"),
        ({"mask": planted(np.nan, (1, 4), (3, 5))}, r"mask\[0, 1, 4\] is nan"),
        ({"mask": planted(INF, (1, 4), (3, 5))}, r"mask\[0, 1, 4\] is inf"),
        ({"mask": planted(-INF, 2, (3, 5))}, r"every key masked \(-inf\) at scores\[0, 2\]"),
        ({"scale": np.nan}, r"`scale` must be finite, but is nan"),
        ({"beta": -2.0}, r"`beta` must be positive and finite"),
    ],
)
def test_unusable_attention_input_is_named_with_its_shape(change, message):
    attention_output(Q, K, V)
    with pytest.raises(ValueError, match=message):
        attention_output(**({"queries": Q, "keys": K, "values": V} | change))


# masks, scores, positions --------------------------------------------------------------------


def test_scores_one_product_at_a_time():
    rng = np.random.default_rng(3)
    q, k = rng.normal(size=(2, 1, 3, 4)), rng.normal(size=(5, 6, 4))
    scores = scaled_dot_product_scores(q, k)
    assert scores.shape == (2, 5, 3, 6)
    for index in np.ndindex(scores.shape):
        a, b, i, j = index
        product = sum(x * y for x, y in zip(q[a, 0, i], k[b, j], strict=True)) / 2
        assert scores[index] == pytest.approx(product, abs=1e-13)


def test_mask_and_causal_together_let_through_what_both_allow():
    mask = np.array([[True, True, True], [False, True, True], [True, False, True]])
    scores = scaled_dot_product_scores(np.ones((3, 2)), np.ones((3, 2)), mask=mask, causal=True)
    np.testing.assert_array_equal(np.isfinite(scores), mask & np.tri(3, dtype=bool))


def test_causal_mask_is_aligned_at_the_top_left():
    for queries, keys in [(1, 1), (2, 5), (5, 2), (4, 4)]:
        expected = [[j <= i for j in range(keys)] for i in range(queries)]
        np.testing.assert_array_equal(causal_mask(queries, keys), expected)
    np.testing.assert_array_equal(causal_mask(3), causal_mask(3, 3))
    np.testing.assert_array_equal(causal_mask(4)[-1:], [[True] * 4])


@pytest.mark.parametrize("arguments", [(0,), (-1,), (2.0,), (3, 0), ("3",)])
def test_causal_mask_refuses_what_is_no_count(arguments):
    with pytest.raises(ValueError, match=r"must be a whole number, 1 or more, but is"):
        causal_mask(*arguments)


def test_sinusoidal_positions_from_the_formula():
    length, dim = 50, 12
    positions = sinusoidal_positions(length, dim)
    for t in range(length):
        for i in range(dim // 2):
            angle = mpmath.mpf(t) / mpmath.power(10000, mpmath.mpf(2 * i) / dim)
            assert positions[t, 2 * i] == pytest.approx(float(mpmath.sin(angle)), abs=1e-13)
            assert positions[t, 2 * i + 1] == pytest.approx(float(mpmath.cos(angle)), abs=1e-13)


def test_sinusoidal_positions_shift_by_a_rotation():
    """Section 3.5 of Vaswani et al.: the encoding of t + s is a linear map of that of t."""
    z = sinusoidal_positions(40, 8).reshape(40, 4, 2) @ [1j, 1]
    ratio = z[5:] / z[:-5]
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[0], ratio.shape), atol=1e-12)


def test_sinusoidal_positions_refuses_an_odd_width():
    with pytest.raises(ValueError, match=r"`dim` must be even.*is 5; use 6"):
        sinusoidal_positions(3, 5)
    with pytest.raises(ValueError, match=r"`length` must be a whole number"):
        sinusoidal_positions(0, 4)


def test_the_telling_head_is_neither_sharp_nor_alike():
    """By the formula, written out with loops."""
    scores = np.random.default_rng(0).normal(0, 2, (3, 2, 5, 5))
    scores[1, 1] = 40 * np.eye(5)  # each query looks at itself alone
    scores[0, 0] = np.linspace(0, 1, 5)  # all queries look alike
    law = softmax(scores)
    worth = {}
    for index in np.ndindex(3, 2):
        p = law[index]
        spread = -sum(x * np.log(x) for x in p.ravel() if x > 0) / 5
        q = p.mean(axis=0)
        worth[index] = spread * (-sum(x * np.log(x) for x in q if x > 0) - spread)
    best = telling_head(law)
    assert best == max(worth, key=worth.get)
    assert abs(worth[0, 0]) < 1e-12
    assert worth[1, 1] < 1e-9


@pytest.mark.parametrize("shape", [(4,), (3, 4)])
def test_without_heads_the_index_is_empty(shape):
    assert telling_head(softmax(np.zeros(shape))) == ()


def test_the_first_of_equal_heads_is_taken():
    assert telling_head(softmax(np.tile(np.eye(3), (2, 2, 1, 1)))) == (0, 0)
