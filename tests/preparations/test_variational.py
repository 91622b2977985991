"""Variational against published fidelities, dense states, finite differences and known laws."""

from dataclasses import replace

import numpy as np
import pytest
from qiskit.quantum_info import Pauli, SparsePauliOp, Statevector, partial_trace
from scipy.linalg import expm, sqrtm

from qcattn import datasets
from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.dense_state import outcome_distribution
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.models.spins import free_fermions, heisenberg, ising
from qcattn.preparations import delivery, reference, variational
from qcattn.preparations.ansatz import count_angles
from qcattn.preparations.variational import MeasuredCost, Variational, blocks_of, exact_cost
from qcattn.records import Hamiltonian

COMPLEX = Hamiltonian.of(SparsePauliOp(["XY", "YX", "ZZ", "IX"], [0.7, -0.4, 0.5, 0.3]))
BETAS = (0.2, 0.5, 0.8, 1.0, 1.2, 2.0, 3.0)
# Five decimals, so that 1 stands for .999995 and more.
PUBLISHED = {
    2: (1, 1, 1, 1, 1, 1, 1),
    3: (0.99999, 0.99991, 1, 0.99998, 1, 1, 1),
    4: (0.99936, 0.99809, 0.99787, 0.99818, 0.99895, 0.99996, 1),
    5: (0.99918, 0.99317, 0.99128, 0.99122, 0.99492, 0.99976, 0.99999),
    6: (0.99900, 0.99047, 0.98398, 0.98575, 0.99040, 0.99933, 0.99997),
}
PUBLISHED_DISTANCES = {0.2: 0.0240, 0.5: 0.0640, 0.8: 0.0464, 1.0: 0.0288}
HARD = {(4, 3.0)}
# All of five and six qubits are in tests/benchmarks/published.py; here are some of each.
OF_MANY = {5: (1.0,), 6: (0.2,)}
CASES = [(n, beta) for n in PUBLISHED for beta in OF_MANY.get(n, BETAS)]


def ring(n):
    return ising(n, field=0.5, axes=("X", "Z"))


def exact_gibbs(hamiltonian, beta):
    """Independent of the package's own: a matrix exponential."""
    weights = expm(-beta * hamiltonian.matrix)
    return weights / np.trace(weights).real


def delivered(prepared) -> np.ndarray:
    """State of the system by Qiskit."""
    circuit = prepared.circuit.assign_parameters(prepared.values)
    n = circuit.num_qubits // 2
    state = Statevector(circuit.remove_final_measurements(inplace=False))
    return partial_trace(state, range(n, 2 * n)).data


def fidelity(rho, sigma) -> float:
    """Squared."""
    root = sqrtm(rho)
    levels = np.linalg.eigvalsh(root @ sigma @ root.conj().T)
    return float(np.sqrt(levels.clip(0)).sum() ** 2)


def distance(rho, sigma) -> float:
    return float(np.abs(np.linalg.eigvalsh(rho - sigma)).sum() / 2)


# Published numbers.


@pytest.mark.filterwarnings("ignore::qcattn.errors.TakesLong")
@pytest.mark.parametrize(("n", "beta"), CASES)
def test_the_published_fidelities_are_reached_from_one_seed(n, beta):
    """published-numbers 3: Consiglio et al., arXiv:2303.11276, best squared fidelities.

    H = -sum XX - 0.5 sum Z on a ring (one bond for n = 2). One seed, three starts where
    one alone often does not get there. The true trace distances of their best runs for n = 5 are
    beaten too.
    """
    published = PUBLISHED[n][BETAS.index(beta)]
    restarts = 3 if n == 2 or (n, beta) in HARD else 1
    prepared = Variational(restarts=restarts, seed=0)(ring(n), beta=beta)
    rho, sigma = delivered(prepared), exact_gibbs(ring(n), beta)
    assert fidelity(rho, sigma) >= published - (5e-6 if published == 1 else 0)
    assert abs(distance(rho, sigma) - prepared.error) < 1e-9
    if n == 5 and beta in PUBLISHED_DISTANCES:
        assert prepared.error < PUBLISHED_DISTANCES[beta]
    near = exact_gibbs(ring(n), 1.2 * beta)
    assert fidelity(rho, near) < 1 - 1e-5, "another temperature is told apart"


def test_n_plus_one_layers_of_six_qubits_are_too_few():
    """The ancilla's 42 angles are fewer than the 63 of its distribution: .98854 before."""
    rho = delivered(Variational(layers=7, restarts=1)(ring(6), beta=0.2))
    assert fidelity(rho, exact_gibbs(ring(6), 0.2)) < PUBLISHED[6][0]


@pytest.mark.filterwarnings("ignore::qcattn.errors.TakesLong")
def test_interacting_fermions_need_second_neighbours(monkeypatch):
    """Rotations of neighbours alone stay .17 away from a Heisenberg ring, in any depth."""
    hamiltonian, beta = heisenberg(4), 0.5
    prepared = Variational(restarts=1)(hamiltonian, beta=beta)
    rho = delivered(prepared)
    assert distance(rho, exact_gibbs(hamiltonian, beta)) < 0.005
    monkeypatch.setattr(variational, "_is_free", lambda operator: True)
    alone = Variational(restarts=1)(hamiltonian, beta=beta)
    assert alone.error > 0.1


@pytest.mark.parametrize(
    ("hamiltonian", "free"),
    [
        (ring(6), True),
        (ising(5, field=0.5, axes=("Y", "Z")), True),
        (free_fermions(5), True),
        (free_fermions(5, periodic=True), True),
        (heisenberg(4), False),
        (ising(4), False),
        (Hamiltonian.of(SparsePauliOp(["XIX"])), True),  # Y Z Y times the parity
        (Hamiltonian.of(SparsePauliOp(["IXIX"])), False),
    ],
)
def test_which_fermions_are_free(hamiltonian, free):
    """Against commutators: strings of two Majoranas take Majoranas to Majoranas, parity aside."""
    assert variational._is_free(hamiltonian.operator) == free
    n = hamiltonian.num_qubits
    majoranas = [Pauli("I" * (n - 1 - q) + letter + "Z" * q) for q in range(n) for letter in "XY"]
    parity = Pauli("Z" * n)
    linear = {str(one)[-n:] for m in majoranas for one in (m, m @ parity)}
    singles = all(
        {str(m @ s)[-n:] for m in majoranas if m.anticommutes(s)} <= linear
        or {str(m @ s @ parity)[-n:] for m in majoranas if m.anticommutes(s @ parity)} <= linear
        for s in hamiltonian.operator.paulis
    )
    assert singles == free


@pytest.mark.parametrize(
    ("hamiltonian", "layers"),
    [(ring(6), 12), (heisenberg(6), 18), (heisenberg(5), 10), (ising(6, field=0.0), 12)],
    ids=["free", "interacting", "five", "diagonal"],
)
def test_interacting_fermions_take_more_layers_from_six_qubits_on(hamiltonian, layers):
    """With 12, an open XXZ chain of 6 at beta 1 stayed .023 away; with 18 it comes within .0090."""
    assert Variational()._layers(hamiltonian) == layers


def test_a_truncated_free_energy_and_its_ceiling_are_beaten():
    """published-numbers 6: Wang et al., arXiv:2005.08797, H = -ZZI - IZZ - ZIZ at beta 1.5.

    One ancilla of depth one: root fidelity .9953, and a state of rank two can have no more than
    the root of the two largest weights, .99630. Three ancillas have no such ceiling.
    """
    triangle = ising(3, field=0.0)
    sigma = exact_gibbs(triangle, 1.5)
    ceiling = np.sqrt(np.sort(sigma.diagonal().real)[-2:].sum())
    assert abs(ceiling - 0.99630) < 5e-6 and ceiling > 0.9953
    prepared = Variational()(triangle, beta=1.5)
    assert fidelity(delivered(prepared), sigma) ** 0.5 > 1 - 1e-8
    energy = float(sigma.diagonal().real @ triangle.diagonal())
    entropy = -float(sigma.diagonal().real @ np.log(sigma.diagonal().real))
    assert abs(energy - entropy / 1.5 + 3.467037) < 5e-7
    cost = exact_cost(triangle, 1 / 1.5, *blocks_of(triangle, 4))
    assert abs(cost(prepared.values)[0] / 1.5 + 3.467037) < 6e-7, "the F that it found"


# Free energy and gradient.


@pytest.mark.parametrize("hamiltonian", [ring(3), COMPLEX, Transverse(field=0.4)([0.3, -1, 2, 0])])
def test_the_free_energy_and_its_gradient(hamiltonian):
    """F of the delivered circuit's own reduced state; gradient by finite differences."""
    n = hamiltonian.num_qubits
    cost = exact_cost(hamiltonian, 0.7, *blocks_of(hamiltonian, 2))
    circuit = Variational(layers=2, restarts=1)(hamiltonian, beta=1 / 0.7)
    angles = np.random.default_rng(3).uniform(-3, 3, circuit.values.size)
    rho = delivered(replace(circuit, values=angles))
    levels = np.linalg.eigvalsh(rho)
    energy = np.trace(rho @ hamiltonian.matrix).real
    assert abs(cost(angles)[0] - energy / 0.7 - levels @ np.log(levels)) < 1e-10
    moves = 1e-6 * np.eye(len(angles))
    expected = [(cost(angles + d)[0] - cost(angles - d)[0]) / 2e-6 for d in moves]
    assert np.abs(cost(angles)[1] - expected).max() < 1e-6
    assert np.abs(expected).max() > 0.1 and n in (2, 3)


@pytest.mark.parametrize("hamiltonian", [ring(2), COMPLEX], ids=["real", "complex"])
def test_measured_free_energy_and_parameter_shift_are_the_exact_ones_within_noise(hamiltonian):
    """20,000 shots a circuit: each estimate within six of its standard deviations.

    Those are at most the sum of the weights of H, and ln p down to p = 1e-3, over sqrt(shots), and
    for a half difference over sqrt(2 shots); about twenty estimates a case fail in 1e-6 at most
    (Gaussian 2e-9 each). A shift of the wrong size is caught.
    """
    ancilla, system = blocks_of(hamiltonian, 2)
    shots, temperature = 20_000, 0.8
    split = count_angles(ancilla)
    spread = np.abs(hamiltonian.operator.coeffs).sum() / temperature + np.log(1e3)
    bound = 6 * spread / np.sqrt(shots)
    mixed = exact_cost(hamiltonian, temperature, ancilla, system)
    pure = exact_cost(hamiltonian, temperature, [("cx", 0, 1)], system)
    rng = np.random.default_rng(4)
    for _ in range(1000):  # until the faults that are planted below would show
        angles = rng.uniform(-3, 3, count_angles(ancilla + system))
        (exact, slope), (energy, _) = mixed(angles), pure(angles[split:])
        if abs(exact - energy) > 2 * bound and np.abs(slope).max() > 2.2 * bound:
            break
    measured = MeasuredCost(
        hamiltonian, temperature, ancilla, system, Aer(device="CPU"), shots,
        np.random.SeedSequence(1),
    )  # fmt: skip
    found, gradient = measured(angles)
    groups = len(measured._circuits)
    assert groups == 2 + (hamiltonian is COMPLEX)
    assert measured.spent == shots * groups * (1 + 2 * len(angles))
    assert abs(found - exact) < bound
    assert abs(found - energy) > bound, "F of the ground state of the ancilla, without an entropy"
    assert np.abs(gradient - slope).max() < bound / np.sqrt(2) < np.abs(slope).max() / 2
    assert np.abs(0.5 * gradient - slope).max() > bound, "a shift of pi / 6, taken for pi / 2"


def test_the_entropy_of_counts_is_less_biased_than_the_plug_in():
    """Mean of 4000 draws of 200 from a known law; bias of the plug-in is -7/400."""
    law = np.arange(1, 9) / 36
    true = -(law * np.log(law)).sum()
    draws = np.random.default_rng(5).multinomial(200, law, size=4000)
    mean = np.mean([variational._entropy(counts) for counts in draws])
    plug = np.mean([-(c[c > 0] / 200 * np.log(c[c > 0] / 200)).sum() for c in draws])
    assert abs(plug - true + 7 / 400) < 0.003
    assert abs(mean - true) < 0.003 < 7 / 400


def test_terms_that_share_a_basis_are_read_together():
    operator = SparsePauliOp(["XXI", "ZII", "IZZ", "III", "IXX", "YIZ"], [1, 2, 3, 4, 5, 6])
    constant, groups = variational._groups(operator)
    assert constant == 4
    total = np.zeros((8, 8), complex)
    turns = {"X": np.array([[1, 1], [1, -1]]), "Y": np.array([[1, -1j], [1, 1j]]), "Z": np.eye(2)}
    for letters, levels in groups:
        turn = np.eye(1)
        for letter in letters:
            turn = np.kron(turns[letter] / (1 if letter == "Z" else np.sqrt(2)), turn)
        total += turn.conj().T @ np.diag(levels) @ turn
    assert np.abs(total + 4 * np.eye(8) - operator.to_matrix()).max() < 1e-12
    assert len(groups) <= 3


def test_the_error_falls_with_shots_and_every_shot_is_counted():
    """At 200 and 2000 shots a circuit; each run is fixed by its seed.

    Within 0.03 of the Gibbs state with the more shots; the maximally mixed state is 0.4 away.
    """
    sigma, aer = exact_gibbs(ring(2), 1.0), Aer(device="CPU", draws="born")
    assert distance(sigma, np.eye(4) / 4) > 0.4
    errors = {}
    for shots in (200, 2000):
        method = Variational(layers=2, shots=shots, restarts=1, seed=0, backend=aer)
        prepared = method(ring(2), beta=1.0)
        assert prepared.spent >= 80 * shots * 2 * (1 + 2 * prepared.values.size)
        assert prepared.spent % (shots * 2 * (1 + 2 * prepared.values.size)) == 0
        assert abs(distance(delivered(prepared), sigma) - prepared.error) < 1e-9
        errors[shots] = float(prepared.error)
    assert errors[2000] < 0.03 and errors[2000] < errors[200] < 0.15


def test_shots_find_the_softmax_of_a_row():
    """On Aer's own shots."""
    aer = Aer(device="CPU")
    method = Variational(shots=500, restarts=1, layers=2, backend=aer)
    prepared = method(Binary()([0.3, 1.1, -0.4, 0.9]), beta=1.0)
    assert prepared.error < 0.04 and prepared.spent > 0


# The seed decides, the reference does not.


def test_the_same_seed_gives_the_same_angles(monkeypatch):
    monkeypatch.setattr(variational, "_EVALUATIONS", 5)
    for options in ({}, {"shots": 20, "restarts": 1, "layers": 1}):
        one, same, other = (Variational(seed=s, **options)(ring(2), beta=1.0) for s in (4, 4, 5))
        assert np.array_equal(one.values, same.values)
        assert not np.allclose(one.values, other.values)


def test_each_reading_has_its_own_seed_and_the_backend_that_is_given(monkeypatch):
    monkeypatch.setattr(variational, "_EVALUATIONS", 5)
    seeds = []

    def backend(prepared, shots, seed):
        seeds.append(tuple(seed.generate_state(4)))
        assert prepared.circuit.num_parameters == prepared.values.shape[-1]
        return Aer(device="CPU")(prepared, shots, seed)

    prepared = Variational(shots=50, backend=backend, restarts=2, layers=1)(ring(2), beta=1.0)
    assert len(set(seeds)) == len(seeds) > 2
    assert prepared.spent == len(seeds) * 50 * (1 + 2 * prepared.values.size)


@pytest.mark.parametrize("shots", [None, 500])
def test_nothing_of_the_reference_reaches_the_angles(shots, monkeypatch):
    aer = None if shots is None else Aer(device="CPU", draws="born")
    monkeypatch.setattr(variational, "_EVALUATIONS", 25)
    method = Variational(shots=shots, restarts=1, layers=2, backend=aer)
    before = method(ring(2), beta=1.0)

    def forbidden(*args):
        raise AssertionError("the exact free energy was asked for")

    for name in ("boltzmann", "gibbs_state"):
        monkeypatch.setattr(reference, name, forbidden)
    with pytest.raises(AssertionError, match="asked for"):
        method(ring(2), beta=1.0)
    monkeypatch.setattr(delivery, "gibbs", lambda hamiltonian, beta: np.eye(4) / 4)
    after = method(ring(2), beta=1.0)
    assert np.array_equal(after.values, before.values)
    assert after.error > 0.3 > before.error, "the reference was corrupted"


# Other Hamiltonians, and rows of a model.


@pytest.mark.parametrize(
    ("hamiltonian", "error"),
    [
        (heisenberg(3), 1e-5),
        (COMPLEX, 1e-5),
        (Rotated(angles=[[0.4, 1.1], [0.7, -0.2]])([0.3, 1.1, -0.4, 0.9]), 1e-6),
        (Transverse(field=0.6)([0.3, 1.1, -0.4]), 1e-5),
        (ising(1), 1e-6),
        (Hamiltonian.of(np.eye(4)), 1e-6),
    ],
    ids=["heisenberg", "complex", "turned keys", "keys in a field", "one site", "constant"],
)
def test_the_claimed_error_is_the_true_one(hamiltonian, error):
    prepared = Variational()(hamiltonian, beta=0.8)
    rho = delivered(prepared)
    assert abs(distance(rho, exact_gibbs(hamiltonian, 0.8)) - prepared.error) < 1e-9
    assert prepared.error < error
    keys = rho.diagonal().real[list(hamiltonian.basis_states)]
    assert np.abs(keys - prepared.distribution).max() < 1e-12
    assert prepared.kind == "thermal" and prepared.shape == () and prepared.spent == 0
    assert prepared.resources.qubits == 2 * hamiltonian.num_qubits


def test_too_few_layers_say_how_far_off_they_are():
    coarse = Variational(layers=1)(Binary()(np.random.default_rng(4).normal(size=8)), beta=1.0)
    assert coarse.error > 0.05
    sigma = exact_gibbs(Binary()(np.random.default_rng(4).normal(size=8)), 1.0)
    assert abs(distance(delivered(coarse), sigma) - coarse.error) < 1e-9


@pytest.mark.parametrize("place", [(12, 3), (0, 0), (29, 8)])
def test_rows_of_smollm2_as_counts_of_aer(place):
    """Sixteen keys; false-failure rate 1e-6 each, and an angle off by 0.2 is caught."""
    scores = datasets.load_scores("smollm2", sentence=2).scores[place][-1].astype(float)
    row = Binary()(scores)
    assert row.num_keys == 16
    prepared = Variational()(row, beta=1.0)
    assert prepared.error < 1e-5 and prepared.resources.two_qubit_gates < 40
    counts = Aer(device="CPU")(prepared, 50_000, seed=11)
    assert fit(counts, prepared.distribution).overall() > 1e-6
    fault = replace(prepared, values=prepared.values + 0.2 * np.eye(len(prepared.values))[3])
    assert np.abs(outcome_distribution(fault)[0] - prepared.distribution).sum() / 2 > 0.02
    faulty = Aer(device="CPU")(fault, 50_000, seed=11)
    assert fit(faulty, prepared.distribution).overall() < 1e-6


# Refusals.


@pytest.mark.parametrize(
    "options",
    [
        {"layers": 0},
        {"layers": 1.5},
        {"layers": True},
        {"restarts": 0},
        {"restarts": None},
        {"shots": 0},
        {"shots": 2.5},
        {"backend": Aer()},
    ],
)
def test_options_out_of_range_are_refused(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}`"):
        Variational(**options)


def test_what_does_not_fit_is_refused():
    for keys in ([0.0, 1.0, 2.0], [0.0, -np.inf]):
        with pytest.raises(ValueError, match=r"masked keys.*filled.*Heralded"):
            Variational()(Binary()(keys), beta=1.0)
    with pytest.raises(ValueError, match="one Hamiltonian"):
        Variational()(Binary()([[0.0, 1.0]] * 2), beta=1.0)
    with pytest.raises(ValueError, match=r"16 qubits.*bytes"):
        Variational()(ising(16), beta=1.0)
    with pytest.raises(ValueError, match=r"bytes"):
        Variational(shots=100)(ising(12), beta=1.0)
    with pytest.raises(ValueError, match="Hermitian"):
        Variational()(Hamiltonian.of(np.array([[0.0, 1.0], [0.0, 0.0]])), beta=1.0)


@pytest.mark.parametrize("beta", [0.0, -1.0, np.nan, np.inf, [1.0, 2.0]])
def test_a_beta_that_is_no_temperature_is_refused(beta):
    with pytest.raises(ValueError, match="beta"):
        Variational()(Binary()([0.0, 1.0]), beta=beta)
