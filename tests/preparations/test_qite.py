"""QITE against exact imaginary time, its strings against Qiskit's, its tomography against truth."""

import math
from dataclasses import replace

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, Statevector, partial_trace
from scipy.linalg import expm

from qcattn import datasets
from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.dense_state import outcome_distribution
from qcattn.encodings import Binary, OneHot, Rotated, Transverse
from qcattn.models.spins import heisenberg, ising
from qcattn.preparations import pursuit, qite
from qcattn.preparations.domains import domains_of
from qcattn.preparations.pauli_strings import (
    append_rotation,
    expectations,
    multiply,
    numbered,
    placed,
    rotated,
)
from qcattn.preparations.pursuit import pursued
from qcattn.preparations.qite import QITE
from qcattn.preparations.tomography import bases, measured_expectations
from qcattn.records import Hamiltonian

COMPLEX = Hamiltonian.of(SparsePauliOp(["XY", "YX", "ZZ", "IX"], [0.7, -0.4, 0.5, 0.3]))


# Dense references.


def pauli_of(string: int, q: int) -> Pauli:
    bits = np.arange(q)
    return Pauli(((string & (2**q - 1)) >> bits & 1 == 1, string >> q >> bits & 1 == 1))


def random_state(q: int, *, real: bool, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    state = rng.normal(size=2**q) + (0 if real else 1j * rng.normal(size=2**q))
    return (state / np.linalg.norm(state)).astype(complex)


def delivered(prepared) -> np.ndarray:
    """Vector that the delivered gates prepare, by Qiskit."""
    return Statevector(prepared.circuit.remove_final_measurements(inplace=False)).data


def imaginary_time(hamiltonian, time: float) -> np.ndarray:
    """exp(-time H) on one half of Bell pairs, normalised: index is system + 2^n partner."""
    half = expm(-time * hamiltonian.matrix)
    return (half / np.linalg.norm(half)).T.reshape(-1)


def distance_from_gibbs(prepared, hamiltonian, beta: float) -> float:
    """True trace distance, independent of the package: matrix exponential and partial trace."""
    n = hamiltonian.num_qubits
    rho = partial_trace(Statevector(delivered(prepared)), range(n, 2 * n)).data
    weights = expm(-beta * hamiltonian.matrix)
    return np.abs(np.linalg.eigvalsh(rho - weights / np.trace(weights))).sum() / 2


def deviation(prepared, hamiltonian, time: float) -> float:
    """Norm of the difference from exact imaginary time, up to a phase."""
    ours, exact = delivered(prepared), imaginary_time(hamiltonian, time)
    overlap = np.vdot(exact, ours)
    return float(np.linalg.norm(ours - exact * overlap / abs(overlap)))


def exponent(sizes, errors) -> float:
    return float(np.polyfit(np.log(sizes), np.log(errors), 1)[0])


@pytest.fixture
def all_strings(monkeypatch):
    """No gradient is left out, so that errors of the time step alone are seen."""
    monkeypatch.setattr(pursuit, "_LEAST", 1e-8)


# Strings.


@pytest.mark.parametrize(
    "hamiltonian", [ising(3), heisenberg(3), Transverse(field=0.7)([0.3, 1.1, -0.4, 0.9])]
)
def test_strings_that_are_left_aside_could_not_have_been_chosen(hamiltonian, monkeypatch):
    """The same circuit from all of them."""
    seen = []
    joined = pursuit._joined

    def counted(strings, values, terms):
        found = joined(strings, values, terms)
        seen.append(len(found) / len(strings))
        return found

    monkeypatch.setattr(pursuit, "_joined", counted)
    some = QITE(steps=3)(hamiltonian, beta=1.0)
    assert min(seen) < 0.6, "some are left aside"
    monkeypatch.setattr(pursuit, "_joined", lambda strings, values, terms: strings)
    every = QITE(steps=3)(hamiltonian, beta=1.0)
    assert some.circuit == every.circuit and some.error == every.error


def test_products_of_strings_are_those_of_matrices():
    strings = np.arange(16)
    for other in range(16):
        powers, products = multiply(strings, other, 2)
        for string, power, made in zip(strings, powers.tolist(), products, strict=True):
            left = pauli_of(int(string), 2).to_matrix() @ pauli_of(other, 2).to_matrix()
            assert np.array_equal(left, 1j**power * pauli_of(int(made), 2).to_matrix())


def test_numbers_of_an_operator_give_it_back():
    operator = SparsePauliOp(["IXY", "ZZI", "YIX", "III"], [0.3, -1.0, 2.0, 5.0])
    strings, weights = numbered(operator)
    back = sum(w * pauli_of(int(s), 3).to_matrix() for s, w in zip(strings, weights, strict=True))
    assert np.allclose(back + 5 * np.eye(8), operator.to_matrix(), atol=1e-15)


@pytest.mark.parametrize("qubits", [[0, 1, 2], [2, 0], [1]])
def test_expectation_values_are_those_of_qiskit(qubits):
    state = random_state(3, real=False)
    values = expectations(state, qubits)
    for string in range(4 ** len(qubits)):
        whole = pauli_of(placed(string, qubits, 3), 3)
        letters = pauli_of(string, len(qubits)).to_label()[::-1]
        assert "".join(whole.to_label()[::-1][q] for q in qubits) == letters
        assert abs(values[string] - Statevector(state).expectation_value(whole)) < 1e-14


@pytest.mark.parametrize("string", [0b001001, 0b110011, 0b101110, 0b111111, 0b000111])
def test_a_rotation_is_the_exponential_as_vector_and_as_gates(string):
    exact = expm(-0.37j * pauli_of(string, 3).to_matrix())
    circuit = QuantumCircuit(3)
    append_rotation(circuit, string, 0.37)
    assert np.allclose(Operator(circuit).data, exact, atol=1e-14)
    state = random_state(3, real=False)
    assert np.allclose(rotated(state, string, 0.37), exact @ state, atol=1e-14)
    letters = 3 - pauli_of(string, 3).to_label().count("I")
    assert circuit.count_ops().get("cx", 0) == 2 * (letters - 1)


# Domains.


@pytest.mark.parametrize("domain", [0, 1, 2, None])
@pytest.mark.parametrize("copies", [1, 2])
def test_domains_share_out_all_terms_once(domain, copies):
    operator = ising(5, coupling=0.8, field=0.6, periodic=False).operator
    parts = domains_of(operator, domain, copies)
    found = {}
    for part in parts:
        for term, weight in zip(part.terms, part.weights, strict=True):
            whole = placed(int(term), part.qubits, 5 * copies)
            label = pauli_of(whole, 5 * copies).to_label()
            assert label not in found
            assert label.startswith("I" * 5 * (copies - 1)), "no term touches the partner"
            found[label[-5:]] = weight
    assert found == {label: weight.real for label, weight in operator.to_list() if label != "I" * 5}


def test_a_domain_is_the_support_widened_by_bonds_and_its_partners():
    chain = ising(5, periodic=False).operator
    assert [p.qubits for p in domains_of(chain, 0, 1)] == [[0, 1], [1, 2], [2, 3], [3, 4]]
    assert [p.qubits for p in domains_of(chain, 1, 1)] == [[0, 1, 2, 3], [1, 2, 3, 4]]
    assert [p.qubits for p in domains_of(chain, 1, 2)][1] == [1, 2, 3, 4, 6, 7, 8, 9]
    assert [p.qubits for p in domains_of(chain, None, 1)] == [[0, 1, 2, 3, 4]]
    apart = SparsePauliOp(["IX", "XI"])
    assert [p.qubits for p in domains_of(apart, 5, 1)] == [[0], [1]], "no bond, no widening"


def test_strings_of_a_real_hamiltonian_have_an_odd_number_of_y():
    (part,) = domains_of(ising(2).operator, None, 2)
    assert len(part.strings) == 120 and part.real and part.rank == 15
    assert all(pauli_of(s, 4).to_label().count("Y") % 2 for s in part.strings.tolist())
    (part,) = domains_of(COMPLEX.operator, None, 2)
    assert len(part.strings) == 255 and not part.real and part.rank == 31


# The linear system.


@pytest.mark.parametrize("hamiltonian", [heisenberg(3, periodic=False), ising(3), COMPLEX])
def test_the_rotation_moves_a_state_as_imaginary_time_does(hamiltonian, all_strings):
    """-i A psi = -(H - <H>) psi on the whole system, for a state drawn at random."""
    (part,) = domains_of(hamiltonian.operator, None, 1)
    q = hamiltonian.num_qubits
    state = random_state(q, real=part.real)
    strings, coefficients = pursued(expectations(state, part.qubits), part, 1e-12)
    pairs = zip(strings, coefficients, strict=True)
    moved = sum(-1j * a * pauli_of(int(s), q).to_matrix() @ state for s, a in pairs)
    pulled = hamiltonian.matrix @ state
    wanted = -(pulled - np.vdot(state, pulled).real * state)
    assert np.linalg.norm(wanted) > 0.5
    assert np.linalg.norm(moved - wanted) < 1e-6
    assert len(set(strings.tolist())) == len(strings) <= part.rank


def test_on_a_domain_the_rotation_is_the_best_that_there_is(all_strings):
    """Against all strings of the domain at once, by dense least squares."""
    hamiltonian = ising(4, periodic=False)
    part = domains_of(hamiltonian.operator, 0, 1)[1]
    state = random_state(4, real=True)
    strings, coefficients = pursued(expectations(state, part.qubits), part, 1e-12)
    terms = zip(part.terms, part.weights, strict=True)
    h = sum(w * pauli_of(placed(int(t), part.qubits, 4), 4).to_matrix() for t, w in terms)
    wanted = -(h @ state - np.vdot(state, h @ state) * state).real

    def moves(numbers):
        whole = [pauli_of(placed(int(s), part.qubits, 4), 4).to_matrix() for s in numbers]
        return np.array([(-1j * matrix @ state).real for matrix in whole]).T

    best = np.linalg.lstsq(moves(part.strings), wanted, rcond=None)[0]
    least = np.linalg.norm(moves(part.strings) @ best - wanted)
    assert least > 0.1, "a domain of two of four sites is too small"
    assert abs(np.linalg.norm(moves(strings) @ coefficients - wanted) - least) < 1e-6


# Steps.


@pytest.mark.parametrize(("order", "local"), [(1, 2), (2, 3)])
@pytest.mark.parametrize("hamiltonian", [ising(2, field=0.7), COMPLEX], ids=["real", "complex"])
def test_one_step_errs_at_the_order_of_the_step(hamiltonian, order, local, all_strings):
    """Halving dtau: error O(dtau^2) in the first order of Motta et al., O(dtau^3) in the second."""
    times = [0.16, 0.08, 0.04, 0.02]
    errors = []
    for time in times:
        prepared = QITE(steps=1, order=order)(hamiltonian, beta=2 * time)
        errors.append(deviation(prepared, hamiltonian, time))
    start = np.abs(np.vdot(imaginary_time(hamiltonian, 0.0), imaginary_time(hamiltonian, 0.16)))
    assert np.sqrt(2 - 2 * start) > 0.1, "the step moves the state"
    assert exponent(times, errors) > local - 0.15
    if order == 1:
        assert exponent(times, errors) < local + 0.15
    assert errors[0] < 0.1 * np.sqrt(2 - 2 * start)


@pytest.mark.parametrize(("order", "power"), [(1, 1), (2, 2)])
def test_the_error_falls_with_the_steps_at_its_order(order, power, all_strings):
    steps = [4, 8, 16, 32]
    errors = [float(QITE(steps=s, order=order)(ising(2), beta=1.0).error) for s in steps]
    assert abs(-exponent(steps, errors) - power) < 0.2, errors


@pytest.mark.parametrize("beta", [0.5, 1.0])
@pytest.mark.parametrize("n", [2, 3])
def test_ising_rings_on_thermofield_pairs_come_within_a_hundredth(n, beta):
    """Within a hundredth by far; the gates are counted, so that they do not grow unnoticed."""
    ring = ising(n)
    prepared = QITE()(ring, beta=beta)
    true = distance_from_gibbs(prepared, ring, beta)
    assert true < 1.2e-3
    assert abs(true - prepared.error) < 1e-9
    assert prepared.kind == "thermal" and prepared.herald_register is None
    assert prepared.success == 1 and prepared.spent == 0 and prepared.values.shape == (0,)
    assert prepared.resources.qubits == 2 * n
    assert prepared.resources.two_qubit_gates < {2: 400, 3: 2200}[n]
    coarse = QITE(order=1)(ring, beta=beta)
    assert prepared.error < coarse.error / 5
    assert coarse.resources.two_qubit_gates < prepared.resources.two_qubit_gates


def test_what_is_delivered_is_what_the_next_step_measures(monkeypatch):
    seen = []

    def watch(state, qubits):
        seen.append(state)
        return expectations(state, qubits)

    monkeypatch.setattr(qite, "expectations", watch)
    ring = ising(2)
    QITE(steps=4, order=1)(ring, beta=1.0)
    for done in (1, 2, 3):
        state = delivered(QITE(steps=done, order=1)(ring, beta=done / 4))
        assert abs(abs(np.vdot(state, seen[done])) - 1) < 1e-12


def test_a_complex_hamiltonian_takes_all_strings():
    prepared = QITE(steps=6)(COMPLEX, beta=1.0)
    assert abs(distance_from_gibbs(prepared, COMPLEX, 1.0) - prepared.error) < 1e-9
    assert prepared.error < 2e-3


@pytest.mark.parametrize(
    "hamiltonian",
    [
        Rotated(angles=[[0.4, 1.1], [0.7, -0.2]])([0.3, 1.1, -0.4, 0.9]),
        Transverse(field=0.6)([0.3, 1.1, -0.4]),
        ising(1),
        ising(3, field=0.0),
    ],
    ids=["turned keys", "keys in a field", "one site", "classical ring"],
)
def test_other_hamiltonians_come_out_thermal(hamiltonian):
    prepared = QITE()(hamiltonian, beta=0.8)
    true = distance_from_gibbs(prepared, hamiltonian, 0.8)
    assert true < 4e-3 and abs(true - prepared.error) < 1e-9


def test_energies_that_are_all_equal_leave_bell_pairs():
    prepared = QITE(steps=2)(Binary()([1.5, 1.5, 1.5, 1.5]), beta=1.0)
    assert prepared.error < 1e-12 and prepared.resources.rotations == 0


def test_the_zero_of_energy_does_not_matter():
    near = QITE(steps=4)(Binary()([0.3, 1.1, -0.4, 0.9]), beta=1.0)
    far = QITE(steps=4)(Binary()([20.3, 21.1, 19.6, 20.9]), beta=1.0)
    assert np.abs(near.distribution - far.distribution).max() < 1e-10


# Locality.


def test_a_small_domain_errs_and_says_so():
    """On a ring of three, bonds alone miss correlations that steps do not bring back."""
    ring = ising(3)
    whole, local, patient = (
        QITE(steps=steps, domain=domain)(ring, beta=1.0)
        for steps, domain in ((4, None), (4, 0), (8, 0))
    )
    assert whole.error < 5e-3
    assert 0.02 < local.error < 0.05
    assert patient.error > 0.7 * local.error
    for prepared in (local, patient):
        assert abs(distance_from_gibbs(prepared, ring, 1.0) - prepared.error) < 1e-9


def test_sites_that_do_not_interact_need_no_wider_domain():
    apart = Hamiltonian.of(SparsePauliOp(["IIX", "IXI", "ZII", "IZI"], [0.9, -0.5, 0.7, 0.4]))
    prepared = QITE(domain=0)(apart, beta=1.0)
    assert prepared.error < 1e-3
    circuit = prepared.circuit
    for item in circuit.data:
        if item.operation.name == "cx":
            low, high = sorted(circuit.find_bit(qubit).index for qubit in item.qubits)
            assert high == low + 3, "gates join a site to its partner only"


# Rows of a model.


@pytest.mark.parametrize(("sentence", "keys", "steps"), [(2, 16, 8), (0, 11, 16)])
def test_rows_of_smollm2_as_counts_of_aer(sentence, keys, steps):
    """False-failure rate 1e-6, the level of `fit`; an angle off by 0.3 is caught.

    Eleven keys fill sixteen states, those of no key ten above the highest energy.
    """
    scores = datasets.load_scores("smollm2", sentence=sentence).scores[12, 3, -1].astype(float)
    row = Binary()(scores)
    assert row.num_keys == keys
    row = row.filled(gap=10) if keys < 16 else row
    prepared = QITE(steps=steps)(row, beta=1.0)
    true = distance_from_gibbs(prepared, row, 1.0)
    assert true < 2e-3 and abs(true - prepared.error) < 1e-9
    assert prepared.resources.qubits == 8
    assert prepared.resources.two_qubit_gates < 130 * steps
    counts = Aer(device="CPU")(prepared, 20_000, seed=11)
    assert fit(counts, prepared.distribution).overall() > 1e-6

    broken = prepared.circuit.copy()
    place = [i for i, item in enumerate(broken.data) if item.operation.params][1]
    item = broken.data[place]
    gate = item.operation.to_mutable()
    gate.params = [gate.params[0] + 0.3]
    broken.data[place] = item.replace(operation=gate)
    fault = replace(prepared, circuit=broken)
    assert np.abs(outcome_distribution(fault)[0] - prepared.distribution).sum() / 2 > 0.03
    faulty = Aer(device="CPU")(fault, 20_000, seed=11)
    assert fit(faulty, prepared.distribution).overall() < 1e-6


# Tomography.


def test_bases_of_a_real_state_have_an_even_number_of_y():
    for q in (1, 2, 3, 4):
        assert len(bases(q)) == 3**q == len(set(bases(q)))
        assert len(bases(q, real=True)) == (3**q + 1) // 2


@pytest.mark.parametrize("real", [True, False])
def test_measured_expectation_values_are_the_exact_ones_within_their_noise(real):
    """Hoeffding for 64 strings together: false-failure rate 1e-6. Swapped qubits are caught."""
    state, shots, qubits = random_state(4, real=real, seed=5), 4000, [2, 0, 3]
    circuit = QuantumCircuit(4)
    circuit.prepare_state(Statevector(state))
    circuit = circuit.decompose(reps=8)
    values, spent = measured_expectations(
        circuit, qubits, real=real, shots=shots, backend=Aer(device="CPU"), seed=2
    )
    assert spent == shots * (14 if real else 27)
    bound = math.sqrt(2 * math.log(2 * 64 / 1e-6) / shots)
    assert values[0] == 1
    assert np.abs(values - expectations(state, qubits)).max() < bound
    assert np.abs(values - expectations(state, [0, 2, 3])).max() > bound
    if real:
        assert np.abs(values - expectations(state, qubits)).max() < 0.06, "pooled over bases"


# Measured evolution.


def test_the_error_falls_with_shots_and_shots_are_counted():
    """Mean error of two seeds at 100 and 3000 shots a basis; each is fixed by its seed.

    The start, with no rotation at all, is 0.3 and more away.
    """
    ring = ising(2)
    runs = {
        shots: [QITE(steps=2, shots=shots, seed=s)(ring, beta=1.0) for s in range(2)]
        for shots in (100, 3000)
    }
    few, many = (np.mean([float(p.error) for p in runs[shots]]) for shots in (100, 3000))
    weights = expm(-ring.matrix)
    start = np.abs(np.linalg.eigvalsh(weights / np.trace(weights) - np.eye(4) / 4)).sum() / 2
    assert start > 0.3
    assert few < 0.6 * start
    assert many < few / 2 and many < 0.03
    for shots, prepared in runs.items():
        for each in prepared:
            assert each.spent == shots * 41 * 2 * 2, "bases, steps, twice a step"
            assert abs(distance_from_gibbs(each, ring, 1.0) - each.error) < 1e-9


def test_the_same_seed_gives_the_same_circuit_and_another_one_another():
    ring = ising(2)
    one, same, other = (QITE(steps=1, shots=50, seed=s)(ring, beta=0.5) for s in (4, 4, 5))
    assert one.circuit == same.circuit
    assert one.circuit != other.circuit


def test_each_measurement_has_its_own_seed_and_the_backend_that_is_given():
    seeds, asked = [], []

    def backend(prepared, shots, seed):
        seeds.append(tuple(seed.generate_state(4)))
        asked.append(shots)
        return Aer(device="CPU")(prepared, shots, seed)

    prepared = QITE(steps=2, order=1, domain=0, shots=20, backend=backend)(ising(3), beta=0.5)
    assert len(seeds) == len(set(seeds)) == 2 * 3, "steps, domains"
    assert prepared.spent == sum(asked) * 41


def test_shots_on_one_domain_after_another_are_counted_on_a_diagonal_row():
    prepared = QITE(steps=2, shots=2000)(Binary()([0.3, 1.1, -0.4, 0.9]), beta=1.0)
    assert prepared.spent == 2000 * 5 * 2 * 2
    assert prepared.error < 0.06


# Refusals.


def test_strings_that_do_not_fit_are_refused_with_a_domain_that_does():
    with pytest.raises(ValueError, match=r"134,209,536 Pauli strings on 14 qubits.*bytes") as info:
        QITE()(ising(7), beta=1.0)
    assert "`domain=1`" in str(info.value) or "`domain=0`" in str(info.value)
    wide = Hamiltonian.of(SparsePauliOp(["X" * 7]))
    with pytest.raises(ValueError, match="no `domain` is small enough"):
        QITE(domain=0)(wide, beta=1.0)


def test_keys_that_are_missing_or_masked_are_refused():
    for hamiltonian in (
        Binary()([0.0, 1.0, 2.0]),
        Binary()([0.0, -np.inf]),
        OneHot()([0.0, 1.0]),
    ):
        with pytest.raises(ValueError, match="filled"):
            QITE()(hamiltonian, beta=1.0)
    with pytest.raises(ValueError, match="one Hamiltonian"):
        QITE()(Binary()([[0.0, 1.0]] * 2), beta=1.0)


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 0},
        {"steps": 1.5},
        {"steps": None},
        {"steps": True},
        {"domain": -1},
        {"shots": 0},
        {"order": 3},
        {"regularisation": 0.0},
        {"regularisation": np.nan},
        {"backend": Aer()},
    ],
)
def test_options_out_of_range_are_refused(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}`"):
        QITE(**options)


@pytest.mark.parametrize("beta", [0.0, -1.0, np.nan, np.inf, [1.0, 2.0]])
def test_a_beta_that_is_no_temperature_is_refused(beta):
    with pytest.raises(ValueError, match="beta"):
        QITE()(Binary()([0.0, 1.0]), beta=beta)
