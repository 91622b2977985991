"""ThermofieldQAOA against thermofield doubles written down densely."""

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp, Statevector
from scipy.linalg import expm
from scipy.optimize import minimize

from qcattn import thermal
from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.dense_state import system_state
from qcattn.encodings import Binary, Rotated
from qcattn.models.spins import heisenberg, ising
from qcattn.preparations import delivery, thermofield_qaoa
from qcattn.preparations.doubled import evolved, gradient
from qcattn.preparations.thermofield_qaoa import (
    ThermofieldQAOA,
    free_energy_and_mismatch,
    layer_generators,
)
from qcattn.records import Hamiltonian

COMPLEX = Hamiltonian.of(SparsePauliOp(["YX", "ZI", "IX", "XY"], [0.3, 1.0, 0.4, 0.2]))
RING = {0.3: 0.99298, 1.0: 0.76416, 3.0: 0.54421}


def pair_matrix(prepared) -> np.ndarray:
    """The circuit's two-copy state by Qiskit: row for the system, column for the partner."""
    bare = prepared.circuit.remove_final_measurements(inplace=False)
    size = 2 ** (bare.num_qubits // 2)
    return Statevector(bare).data.reshape(size, size).T


def thermofield_double(hamiltonian, beta) -> np.ndarray:
    """exp(-beta H / 2) on one half of Bell pairs, normalised, as a matrix."""
    root = expm(-beta * hamiltonian.matrix / 2)
    return root / np.linalg.norm(root)


@pytest.mark.parametrize("beta", RING)
def test_the_published_ising_ring_is_a_thermofield_double(beta):
    """Wu and Hsieh, PRL 123, 220502: L = 4, H = -sum ZZ, couplings XX', p = L/2 is exact.

    Fidelity: squared overlap of the pure states of both copies. One layer does not get there.
    """
    ring = ising(4, field=0.0)
    prepared = ThermofieldQAOA(layers=2)(ring, beta=beta)
    target = thermofield_double(ring, beta)
    assert abs(np.vdot(target, pair_matrix(prepared))) ** 2 > 1 - 1e-9
    assert prepared.error < 1e-8
    short = ThermofieldQAOA(layers=1)(ring, beta=beta)
    assert abs(np.vdot(target, pair_matrix(short))) ** 2 < RING[beta] + 1e-5
    assert short.error > 0.01


def test_the_ring_of_six_needs_three_layers():
    """As above, for L = 6 at p = L/2."""
    ring = ising(6, field=0.0)
    prepared = ThermofieldQAOA(layers=3, starts=1)(ring, beta=1.0)
    assert abs(np.vdot(thermofield_double(ring, 1.0), pair_matrix(prepared))) ** 2 > 1 - 1e-9


@pytest.mark.parametrize(("beta", "published"), RING.items())
def test_the_best_single_layer_reaches_the_published_fidelity(beta, published):
    """L = 4, p = 1, as above: the largest overlap over both angles, by the ansatz itself."""
    ring = ising(4, field=0.0)
    parts, target = layer_generators(ring), thermofield_double(ring, beta)

    def lost(angles):
        return -(abs(np.vdot(target, evolved(parts, angles))) ** 2)

    starts = np.random.default_rng(0).uniform(-1, 1, size=(8, 2))
    best = -min(minimize(lost, start).fun for start in starts)
    assert abs(best - published) < 1e-5


@pytest.mark.parametrize(
    "hamiltonian",
    [ising(2), ising(3), heisenberg(3), COMPLEX, Binary()([0.3, -1.0, 2.0, 0.5])],
    ids=lambda hamiltonian: f"{hamiltonian.encoding}-{hamiltonian.num_qubits}",
)
def test_the_circuit_is_what_was_optimised(hamiltonian, monkeypatch):
    """Angles of any size: the gates against exponentials of whole parts on 2 n qubits by expm."""
    parts = layer_generators(hamiltonian) * 2
    angles = np.random.default_rng(3).normal(size=len(parts))
    monkeypatch.setattr(thermofield_qaoa, "_grown", lambda *args: angles)
    prepared = ThermofieldQAOA(layers=2)(hamiltonian, beta=1.0)
    size = 2**hamiltonian.num_qubits
    vector = np.eye(size).ravel() / np.sqrt(size)
    for part, angle in zip(parts, angles, strict=True):
        vector = expm(-1j * angle * part.operator.to_matrix()) @ vector
    got = pair_matrix(prepared)
    assert abs(np.vdot(vector.reshape(size, size).T, got)) > 1 - 1e-12
    assert abs(np.vdot(evolved(parts, angles), got)) > 1 - 1e-12
    angles = angles + np.eye(len(parts))[0] * 0.1
    assert abs(np.vdot(evolved(parts, angles), got)) < 1 - 1e-4


@pytest.mark.parametrize("hamiltonian", [ising(3), COMPLEX, Binary()([0.3, -1.0, 2.0, 0.5])])
@pytest.mark.parametrize("which", [0, 1], ids=["free energy", "mismatch"])
def test_the_gradient_is_that_of_finite_differences(hamiltonian, which):
    parts = layer_generators(hamiltonian) * 2
    angles = np.random.default_rng(1).normal(size=len(parts))

    def cost(point):
        return free_energy_and_mismatch(evolved(parts, point), hamiltonian.matrix, 0.7)[which]

    state, step = evolved(parts, angles), 1e-5
    slope = cost(angles)[1]
    got = gradient(parts, angles, state, slope)
    moves = step * np.eye(len(parts))
    expected = [(cost(angles + d)[0] - cost(angles - d)[0]) / (2 * step) for d in moves]
    assert np.abs(got).max() > 0.1
    assert np.abs(got - expected).max() < 1e-7


def test_free_energy_and_mismatch_are_those_of_the_reduced_state():
    state = np.random.default_rng(2).normal(size=(4, 4, 2)) @ [1, 1j]
    state /= np.linalg.norm(state)
    rho, h = state @ state.conj().T, COMPLEX.matrix
    (free, _), (mismatch, _) = free_energy_and_mismatch(state, h, 0.7)
    assert abs(free - np.trace(rho @ h).real + 0.7 * thermal.von_neumann_entropy(rho)) < 1e-12
    roots = np.sqrt(np.linalg.eigvalsh(rho))
    assert abs(mismatch - (roots.sum() ** 2 - abs(np.trace(state)) ** 2) / 4) < 1e-12
    double = thermofield_double(COMPLEX, 1 / 0.7)
    (lowest, _), (none, _) = free_energy_and_mismatch(double, h, 0.7)
    assert abs(lowest - thermal.free_energy(h, 1 / 0.7)) < 1e-12 < free - lowest
    assert abs(none) < 1e-12


@pytest.mark.parametrize(
    ("hamiltonian", "error"),
    [
        (ising(3), 1e-5),
        (heisenberg(3), 1e-5),
        (Rotated(np.array([[0.3, 1.0], [0.2, -0.7]]))([0.3, -1.0, 2.0, 0.5]), 1e-5),
        (Binary()([0.3, -1.0]), 1e-5),
        (Hamiltonian.of(np.eye(4)), 1e-12),
        (COMPLEX, 0.02),
    ],
    ids=["ising", "heisenberg", "rotated", "one qubit", "constant", "complex"],
)
def test_the_claimed_error_is_the_trace_distance(hamiltonian, error):
    prepared = ThermofieldQAOA()(hamiltonian, beta=1.0)
    pair = pair_matrix(prepared)
    rho, exact = pair @ pair.conj().T, thermal.gibbs_state(hamiltonian.matrix, 1.0)
    true = np.abs(np.linalg.eigvalsh(rho - exact)).sum() / 2
    assert abs(true - prepared.error) < 1e-12
    assert prepared.error < error
    assert np.allclose(np.diag(rho).real[list(hamiltonian.basis_states)], prepared.distribution)
    assert np.allclose(system_state(prepared)[0], rho)
    assert prepared.success == 1 and prepared.spent == 0 and prepared.shape == ()


def test_more_layers_come_closer_to_softmax():
    """Energies with no structure: eight layers of two angles for sixteen keys."""
    scores = Binary()(np.random.default_rng(4).normal(size=8))
    errors = [float(ThermofieldQAOA(layers=p)(scores, beta=1.0).error) for p in (1, 2, 4)]
    assert errors[2] < 1e-3 < errors[1] < errors[0]


def test_counts_follow_the_distribution_and_a_wrong_angle_is_caught():
    """False-failure rate 1e-6; a circuit for another temperature, counted the same way, fails."""
    ring = ising(3, axes=("X", "Z"))
    prepared = ThermofieldQAOA()(ring, beta=1.0)
    counts = Aer(device="CPU")(prepared, shots=100_000, seed=5)
    assert fit(counts, prepared.distribution).overall() > 1e-6
    other = ThermofieldQAOA()(ring, beta=1.1)
    wrong = Aer(device="CPU")(other, shots=100_000, seed=5)
    assert fit(wrong, prepared.distribution).overall() < 1e-6


def test_nothing_of_the_reference_reaches_the_angles(monkeypatch):
    before = ThermofieldQAOA()(ising(2), beta=1.0)
    monkeypatch.setattr(delivery, "gibbs", lambda hamiltonian, beta: np.eye(4) / 4)
    after = ThermofieldQAOA()(ising(2), beta=1.0)
    assert after.circuit == before.circuit
    assert after.error > 0.1 > before.error, "the reference was corrupted"


def test_the_seed_decides():
    one, same, other = (ThermofieldQAOA(layers=1, seed=s)(COMPLEX, beta=1.0) for s in (0, 0, 1))
    assert one.circuit == same.circuit
    assert one.circuit != other.circuit


@pytest.mark.parametrize("options", [{"layers": 0}, {"layers": 1.5}, {"starts": 0}])
def test_options_are_checked(options):
    with pytest.raises(ValueError, match="whole number"):
        ThermofieldQAOA(**options)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="masked keys"):
        ThermofieldQAOA()(Binary()([0.0, 1.0, 2.0]), beta=1.0)
    with pytest.raises(ValueError, match="one Hamiltonian"):
        ThermofieldQAOA()(Binary()([[0.0, 1.0]]), beta=1.0)
    with pytest.raises(ValueError, match="beta"):
        ThermofieldQAOA()(ising(2), beta=-1.0)
    with pytest.raises(ValueError, match="bytes"):
        ThermofieldQAOA()(ising(17), beta=1.0)
