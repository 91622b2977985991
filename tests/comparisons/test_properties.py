"""What changes nothing: the order of outcomes, and how impossible ones are counted.

No chance in it: the counts of both sides of each comparison are the same.
"""

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from qcattn.comparisons import Monitor, certify, fit, plan
from qcattn.comparisons.certify import few_at_work


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def answers(counts, p):
    """Everything that is said of rows, by every comparison with probabilities."""
    fitted, certificate, planned = fit(counts, p), certify(counts, p, 0.05), plan(p, 0.05)
    # Below 1e-3 p-values are sampled, and the rounding of a sum may change a draw.
    sampled = fitted.p_values < 0.01
    return {
        "p": np.where(sampled, 0.0, fitted.p_values),
        "sampled": sampled,
        "zero": fitted.zero,
        "upper": certificate.upper,
        "evidence": Monitor(p).update(counts).log_e_values,
        "detect": planned.detect,
        "certify": planned.certify,
        "floor": planned.floor,
    }


@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    seed=st.integers(0, 2**32 - 1),
    keys=st.integers(2, 40),
    never=st.integers(1, 6),
    shots=st.integers(1, 30_000),
    hits=st.integers(0, 2),
)
def test_order_and_impossible_outcomes(seed, keys, never, shots, hits):
    """Rows with ties and some impossible outcomes, hit or not: moved about, and all the impossible
    ones counted as one.
    """
    rng = np.random.default_rng(seed)
    p = softmax(np.round(rng.choice([1, 4]) * rng.standard_normal((2, keys))))
    counts = rng.multinomial(shots, softmax(np.log(p) + 0.1 * rng.standard_normal(p.shape)))
    zeros = rng.multinomial(hits, np.full(never, 1 / never), size=2)
    wide = np.hstack([counts, zeros]), np.hstack([p, np.zeros((2, never))])
    merged = np.hstack([counts, zeros.sum(-1, keepdims=True)]), np.hstack([p, np.zeros((2, 1))])
    order = rng.permutation(keys + never)
    expected = answers(*wide)
    for other in (merged, tuple(x[:, order] for x in wide)):
        for name, value in answers(*other).items():
            np.testing.assert_allclose(value, expected[name], rtol=1e-5, atol=1e-9, err_msg=name)
    assert np.all(expected["zero"] == (0 if hits else 1))
    # The planted fault: one shot moved from the likeliest outcome to an impossible one is seen.
    moved = wide[0].copy()
    moved[:, keys] += 1
    moved[0, wide[0][0].argmax()] -= 1
    assert answers(moved, wide[1])["zero"][0] == 0


def test_impossible_outcomes_beside_many_possible_ones():
    """Rows bounded by the quadratic statistic in `certify`, as those above are not."""
    rng = np.random.default_rng(0)
    p = np.full((2, 600), 1 / 600)
    assert not few_at_work(p, np.full(2, 30_000), 0.01).any()
    counts = rng.multinomial(30_000, p)
    zeros = np.zeros((2, 200), dtype=int)
    zeros[1, :3] = 1
    many = certify(np.hstack([counts, zeros]), np.hstack([p, 0.0 * zeros]), 0.05).upper
    merged = np.hstack([counts, zeros.sum(-1, keepdims=True)]), np.hstack([p, np.zeros((2, 1))])
    one = certify(*merged, 0.05).upper
    np.testing.assert_allclose(many, one, rtol=1e-9)
    order = rng.permutation(601)
    moved = certify(*(x[:, order] for x in merged), 0.05).upper
    np.testing.assert_allclose(moved, one, rtol=1e-9)
    assert 0.02 < one[0] < 0.1
    assert one[1] != one[0]
