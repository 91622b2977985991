"""Keys that interact against sums written out, closed forms and limits."""

from itertools import product

import numpy as np
import pytest
from scipy.special import expit

import qcattn
from qcattn.certification import attention_weights
from qcattn.encodings import Interacting
from qcattn.errors import TooLarge
from qcattn.thermal import boltzmann


def couplings_of(n: int, seed: int) -> np.ndarray:
    upper = np.triu(np.random.default_rng(seed).normal(size=(n, n)), 1)
    return upper + upper.T


def by_hand(scores, couplings, mu) -> np.ndarray:
    """Energies of all sets, bit i of the number being key i, in plain Python."""
    n, out = len(scores), []
    for bits in product((0, 1), repeat=n):
        x = bits[::-1]
        energy = -sum((scores[i] + mu) for i in range(n) if x[i])
        energy += sum(couplings[i][j] for i in range(n) for j in range(i) if x[i] and x[j])
        out.append(energy)
    return np.array(out)


def test_energies_are_the_sums_over_keys_and_pairs():
    scores, couplings = np.array([0.3, 1.1, -np.inf, 0.9]), couplings_of(4, 1)
    hamiltonian = Interacting(couplings=couplings, mu=0.4)(scores)
    expected = by_hand(scores.tolist(), couplings.tolist(), 0.4)
    assert np.array_equal(np.isinf(hamiltonian.energies), np.isinf(expected))
    finite = np.isfinite(expected)
    assert np.abs(hamiltonian.energies[finite] - expected[finite]).max() < 1e-13
    assert hamiltonian.basis_states == tuple(range(16)) and hamiltonian.subsets
    turned = by_hand(scores[::-1].tolist(), couplings.tolist(), 0.4)
    assert np.abs(hamiltonian.energies[finite] - turned[finite]).max() > 0.1, "the order is tested"


def test_the_operator_has_one_and_two_qubit_terms_only():
    hamiltonian = Interacting(couplings=couplings_of(5, 2), mu=-0.2)([0.3, 1.0, -0.5, 2.0, 0.1])
    strings = hamiltonian.operator.simplify(atol=1e-12).paulis.to_labels()
    assert max(text.count("Z") for text in strings) == 2 and not set("".join(strings)) - set("IZ")
    matrix = hamiltonian.operator.to_matrix()
    assert np.allclose(matrix.diagonal(), hamiltonian.energies, rtol=0, atol=1e-12)


def test_without_couplings_keys_are_independent_sigmoids():
    scores, beta = np.array([[0.3, 1.1, -0.4], [2.0, -np.inf, 0.1]]), 1.7
    hamiltonian = Interacting(couplings=0.0, mu=0.4)(scores)
    law = boltzmann(hamiltonian.energies, beta)
    sigmoid = expit(beta * (scores + 0.4))
    words = hamiltonian.codewords[None]
    closed = np.where(words, sigmoid[:, None], 1 - sigmoid[:, None]).prod(axis=-1)
    assert np.abs(law - closed).max() < 1e-14
    assert (law[1] @ hamiltonian.codewords)[1] == 0, "a masked key is exact"


@pytest.mark.parametrize("penalty", [3.0, 6.0, 12.0])
def test_a_one_hot_penalty_gives_softmax_within_the_stated_error(penalty):
    scores, beta = np.array([0.3, 1.1, -0.4, -np.inf, 0.9]), 1.3
    hamiltonian = Interacting.one_hot(penalty)(scores)
    law = boltzmann(hamiltonian.energies, beta)
    single = [1 << key for key in range(5)]
    inside = law[single].sum()
    assert np.abs(law[single] / inside - qcattn.softmax(scores, beta=beta)).max() < 1e-13
    w = np.exp(beta * scores).sum()
    factorials = np.cumprod(np.arange(1, 6))
    bound = np.exp(-beta * penalty) / w + sum(
        np.exp(-beta * penalty * (k - 1) ** 2) * w ** (k - 1) / factorials[k - 1]
        for k in range(2, 6)
    )
    outside = (1 - inside) / inside
    assert 0.05 * bound < outside <= bound, "an error bound that holds and is not idle"


@pytest.mark.parametrize("wanted", [0.05, 1.0, 2.5, [1.5, 0.5]])
@pytest.mark.parametrize("beta", [0.7, 4.0])
def test_mu_is_found_for_a_mean_number_of_attended_keys(wanted, beta):
    scores = np.array([[0.3, 1.1, -0.4, 2.0], [2.0, -np.inf, 0.1, -30.0]])
    encoding = Interacting(couplings=couplings_of(4, 3), attended=wanted).at(beta)
    hamiltonian = encoding(scores)
    mean = (boltzmann(hamiltonian.energies, beta) @ hamiltonian.codewords).sum(axis=-1)
    assert np.abs(mean - wanted).max() < 1e-8
    wrong = (boltzmann(hamiltonian.energies, 1.2 * beta) @ hamiltonian.codewords).sum(axis=-1)
    assert np.abs(wrong - wanted).max() > 1e-4, "at another temperature it is another"


def test_a_run_finds_mu_at_its_own_temperature():
    result = qcattn.run(
        [[0.3, 1.1, -0.4], [0.0, 0.5, -np.inf]],
        encoding=Interacting(couplings=0.8, attended=1.2),
        beta=[0.5, 2.0],
        seed=1,
    )
    weights = attention_weights(result)
    assert np.abs(weights.exact.sum(axis=-1) - 1.2).max() < 1e-8
    assert (
        result.agrees and ((weights.low <= weights.exact) & (weights.exact <= weights.high)).all()
    )
    assert result.counts.keys @ result.prepared.codewords @ [0, 0, 1] @ [0, 1] == 0


@pytest.mark.parametrize("preparation", ["Heralded", "Purification", "ImaginaryTime"])
def test_counts_follow_the_law_of_sets_and_a_wrong_coupling_is_caught(preparation):
    """False-failure rate 1e-6 each, the level of the comparison."""
    scores, right = [0.3, 1.1, -0.4], couplings_of(3, 4)
    shots = {"shots": 20_000, "seed": 2, "alpha": 1e-6, "preparation": preparation}
    result = qcattn.run(scores, encoding=Interacting(couplings=right), **shots)
    assert result.agrees
    wrong = right.copy()
    wrong[0, 1] = wrong[1, 0] = right[0, 1] + 0.5
    other = boltzmann(Interacting(couplings=wrong)(scores).energies, 1.0)
    assert qcattn.fit(result.counts, other).overall() < 1e-6


def test_fourteen_keys_are_compared_in_one_row():
    """False-failure rate 1e-6, and a law of another temperature is caught."""
    scores = np.random.default_rng(5).normal(size=14)
    encoding = Interacting(couplings=0.4, attended=2.0)
    result = qcattn.run(scores, encoding=encoding, shots=20_000, seed=3, alpha=1e-6)
    assert result.agrees and result.expected.shape == (2**14,)
    other = boltzmann(-result.scores, 0.8)
    assert qcattn.fit(result.counts, other).overall() < 1e-6


def test_twelve_keys_by_a_thermal_method_are_certified_and_two_percent_of_beta_are_caught():
    """False-failure rate 1e-6. The copies that no reading sees cost nothing: 13 qubits, not 25."""
    scores = np.random.default_rng(12).normal(size=12)
    encoding = Interacting(couplings=0.3 * couplings_of(12, 12))
    born = qcattn.backends.Aer(draws="born", device="CPU")
    result = qcattn.run(
        scores,
        encoding=encoding,
        preparation="Heralded",
        shots=20_000_000,
        seed=1,
        alpha=1e-6,
        backend=born,
    )
    assert result.prepared.kind == "thermal" and result.agrees
    assert born.footprint(result.prepared, 1).state == 16 * 2**13
    other = boltzmann(-result.scores, 1.02)
    assert qcattn.fit(result.counts, other).overall() < 1e-6


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"couplings": [[0.0, 1.0], [2.0, 0.0]]}, "symmetric"),
        ({"couplings": [[1.0, 1.0], [1.0, 0.0]]}, "diagonal"),
        ({"couplings": np.zeros((3, 3))}, "shape"),
        ({"couplings": np.zeros((3, 2, 2))}, "broadcast"),
        ({"couplings": [1.0, 2.0]}, "shape"),
        ({"couplings": np.nan}, "finite"),
        ({"couplings": 1e308}, "the set of keys"),
        ({"mu": 1e308}, "the set of keys"),
        ({"couplings": "many"}, "couplings"),
        ({"mu": np.inf}, "mu"),
        ({"mu": [1.0, 2.0, 3.0]}, "mu"),
        ({"attended": 0.0}, "attended"),
        ({"attended": 2}, "attended"),
        ({"attended": 1.5}, "row 1"),
        ({"attended": np.nan}, "attended"),
    ],
)
def test_options_that_are_none_are_refused(options, word):
    with pytest.raises(ValueError, match=word):
        Interacting(**options)([[0.0, 1.0], [0.0, -np.inf]])


def test_a_penalty_that_is_none_is_refused():
    with pytest.raises(ValueError, match="penalty"):
        Interacting.one_hot(-1.0)


def test_more_keys_than_can_be_listed_are_refused_before_any_memory_is_taken():
    with pytest.raises(TooLarge, match="all sets of 64 keys"):
        Interacting()(np.zeros(64))


def test_a_result_is_kept_and_says_its_sets(tmp_path):
    scores = qcattn.datasets.Scores(np.array([[0.0, 2.0]] * 2), tokens=("the", "cat"))
    result = qcattn.run(scores, encoding=Interacting(couplings=3.0), shots=500, seed=1)
    assert result.labels == ("{}", "{the}", "{cat}", "{the, cat}")
    assert result.codebook[3] == ("{the, cat}", "11")
    assert "2 rows of 4 subsets" in str(result)
    qcattn.save(result, tmp_path / "kept")
    again = qcattn.load(tmp_path / "kept")
    assert again.prepared.subsets and again.labels == result.labels
    assert np.array_equal(again.counts.keys, result.counts.keys) and again.agrees


def test_a_sweep_says_that_it_counts_keys():
    with pytest.raises(ValueError, match="sets of keys"):
        qcattn.Grid([[0.0, 1.0]], encodings=Interacting())
