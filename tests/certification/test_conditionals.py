"""Sets of keys beyond all lists, against exact draws along a chain of couplings."""

import numpy as np
import pytest
from scipy.special import expit

import qcattn
from qcattn.certification import certify_conditionals
from qcattn.encodings import Interacting
from qcattn.thermal import boltzmann

KEYS, SHOTS, BETA = 64, 6000, 1.3


def chain(n: int, strength: np.ndarray) -> np.ndarray:
    matrix = np.zeros((n, n))
    matrix[np.arange(n - 1), np.arange(1, n)] = strength
    return matrix + matrix.T


def drawn(scores, strength, beta, shots, rng) -> np.ndarray:
    """Exact independent draws by sums from the right, then keys one by one from the left."""
    n = len(scores)
    right = np.zeros((n, 2))  # log of the sum over keys after i, for x_i = 0 and 1
    for i in range(n - 2, -1, -1):
        on = beta * scores[i + 1] + right[i + 1, 1]
        off = right[i + 1, 0]
        right[i] = [np.logaddexp(off, on), np.logaddexp(off, on - beta * strength[i])]
    out = np.zeros((shots, n), dtype=bool)
    for i in range(n):
        field = beta * scores[i] + right[i, 1] - right[i, 0]
        if i:
            field = field - beta * strength[i - 1] * out[:, i - 1]
        out[:, i] = rng.random(shots) < expit(field)
    return out


@pytest.fixture(scope="module")
def row():
    rng = np.random.default_rng(1)
    scores, strength = rng.normal(size=KEYS), rng.normal(size=KEYS - 1)
    scores[7] = -np.inf
    scores[[20, 30, 40]] = 0.0  # whose faults are planted below: as often attended as not
    strength[[19, 20, 29, 30, 39, 40]] = 0.5
    return scores, strength, drawn(scores, strength, BETA, SHOTS, rng)


def test_draws_along_the_chain_have_the_law_of_the_encoding():
    """False-failure rate 1e-6."""
    rng = np.random.default_rng(2)
    scores, strength = rng.normal(size=6), rng.normal(size=5)
    readings = drawn(scores, strength, BETA, 20_000, rng)
    keys = np.bincount(readings @ (1 << np.arange(6)), minlength=64)
    law = boltzmann(Interacting(couplings=chain(6, strength))(scores).energies, BETA)
    assert qcattn.fit(keys, law).overall() > 1e-6


def test_sixty_four_keys_agree_and_their_temperature_is_found(row):
    """False-failure rate 1e-6: 2^64 sets, none of them listed."""
    scores, strength, readings = row
    encoding = Interacting(couplings=chain(KEYS, strength))
    found = certify_conditionals(readings, scores, encoding, BETA, alpha=1e-6)
    assert not found.refuted and BETA in found.beta and found.p_values.shape == (KEYS, KEYS)
    usual = certify_conditionals(readings, scores, encoding, BETA).beta
    assert usual.high - usual.low < 0.15 * BETA, "an interval that says something"


def test_a_wrong_temperature_coupling_score_or_potential_is_caught(row):
    scores, strength, readings = row
    right = chain(KEYS, strength)
    case = {"alpha": 1e-6}
    hot = certify_conditionals(readings, scores, Interacting(couplings=right), 1.2 * BETA, **case)
    assert hot.refuted and 1.2 * BETA not in hot.beta
    wrong = right.copy()
    wrong[20, 40] = wrong[40, 20] = 0.4
    found = certify_conditionals(readings, scores, Interacting(couplings=wrong), BETA, **case)
    assert found.refuted and found.worst in {(20, 40), (40, 20)}
    other = scores.copy()
    other[30] += 0.4
    found = certify_conditionals(readings, other, Interacting(couplings=right), BETA, **case)
    assert found.refuted and found.worst[0] == 30
    more = Interacting(couplings=right, mu=0.2)
    assert certify_conditionals(readings, scores, more, BETA, **case).refuted


def test_a_masked_key_that_is_attended_once_is_caught(row):
    scores, strength, readings = row
    leaked = readings.copy()
    leaked[5, 7] = True
    encoding = Interacting(couplings=chain(KEYS, strength))
    found = certify_conditionals(leaked, scores, encoding, BETA)
    assert found.refuted and found.p_values[7, 7] == 0


def test_a_perfect_sampler_is_refuted_in_fewer_runs_than_alpha_says():
    """200 runs at alpha 10%: more than 45 refuted have probability below 1e-6 (binomial)."""
    rng = np.random.default_rng(3)
    scores, strength = rng.normal(size=8), rng.normal(size=7)
    encoding = Interacting(couplings=chain(8, strength))
    refuted = sum(
        certify_conditionals(
            drawn(scores, strength, 1.0, 200, rng), scores, encoding, 1.0, alpha=0.1
        ).refuted
        for _ in range(200)
    )
    assert refuted <= 45


def test_readings_of_a_circuit_of_eighteen_keys_are_judged():
    """False-failure rate 1e-6; a wrong coupling between two keys is caught."""
    rng = np.random.default_rng(4)
    scores, upper = rng.normal(size=18), np.triu(rng.normal(size=(18, 18)), 1) / 3
    encoding = Interacting(couplings=upper + upper.T, mu=-0.5)
    prepared = qcattn.Amplitude(native=True)(encoding(scores), beta=1.0)
    counts = qcattn.Aer(device="CPU", draws="born")(prepared, 8000, seed=1)
    readings = np.repeat(prepared.codewords, counts.keys, axis=0)
    assert not certify_conditionals(readings, scores, encoding, 1.0, alpha=1e-6).refuted
    upper[2, 3] += 1.0
    wrong = Interacting(couplings=upper + upper.T, mu=-0.5)
    assert certify_conditionals(readings, scores, wrong, 1.0, alpha=1e-6).refuted


@pytest.mark.parametrize(
    ("readings", "scores", "encoding", "beta", "word"),
    [
        ([[0, 2]], [0.0, 1.0], Interacting(), 1.0, "1 where a shot attends"),
        ([[0, 1, 1]], [0.0, 1.0], Interacting(), 1.0, "shape"),
        (np.zeros((0, 2)), [0.0, 1.0], Interacting(), 1.0, "shape"),
        ([[0, 1]], [[0.0, 1.0]], Interacting(), 1.0, "one row"),
        ([[0, 1]], [0.0, 1.0], Interacting(attended=1.0), 1.0, "give `mu`"),
        ([[0, 1]], [0.0, 1.0], Interacting(), 0.0, "beta"),
        ([[0, 1]], [0.0, np.nan], Interacting(), 1.0, "scores"),
        ([[0, 1]], [0.0, 1.0], Interacting(couplings=np.zeros((3, 3))), 1.0, "couplings"),
    ],
)
def test_what_does_not_fit_is_refused(readings, scores, encoding, beta, word):
    with pytest.raises(ValueError, match=word):
        certify_conditionals(readings, scores, encoding, beta)
