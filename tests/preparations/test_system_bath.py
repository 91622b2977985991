"""SystemBath: gates against Qiskit's channels, errors against published ones, counts of Aer."""

from dataclasses import replace

import numpy as np
import pytest
from qiskit.quantum_info import DensityMatrix, Pauli, SparsePauliOp, partial_trace
from scipy.linalg import expm

from qcattn.backends import Aer
from qcattn.comparisons import certify, fit
from qcattn.datasets import load_scores
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.models.spins import free_fermions, heisenberg, ising
from qcattn.preparations import DetailedBalance, reference, system_bath
from qcattn.preparations.bath import cycle_unitary
from qcattn.preparations.gates import GATES
from qcattn.preparations.system_bath import SystemBath
from qcattn.records import Hamiltonian

SCORES = np.array([0.3, 1.1, -0.4, 0.9])
COMPLEX = Hamiltonian.of(SparsePauliOp(["XY", "YX", "ZZ", "IX"], [0.7, -0.4, 0.5, 0.3]))
CASES = {
    "one spin": ising(1),
    "chain": ising(2, field=1.2, periodic=False),
    "heisenberg": heisenberg(2),
    "complex": COMPLEX,
    "keys": Binary()(SCORES),
    "turned keys": Rotated(angles=[[0.4, 1.1], [0.7, -0.2]])(SCORES),
    "keys in a field": Transverse(field=0.7)(SCORES),
    "equal keys": Binary()([0.5] * 4),
}


def exact_gibbs(hamiltonian, beta):
    """Independent of the package's own: a matrix exponential."""
    weights = expm(-beta * hamiltonian.matrix)
    return weights / np.trace(weights).real


def distance(rho, sigma) -> float:
    return float(np.abs(np.linalg.eigvalsh(rho - sigma)).sum() / 2)


def by_qiskit(prepared, hamiltonian):
    """State of the system after all gates and resets, by Qiskit's density matrices."""
    circuit = prepared.circuit.assign_parameters(prepared.values)
    circuit = circuit.remove_final_measurements(inplace=False)
    state = DensityMatrix(np.eye(2**circuit.num_qubits)[0]).evolve(circuit)
    n = hamiltonian.num_qubits
    return partial_trace(state, range(n, n + 2)).data


def by_cycles(method, hamiltonian, beta):
    """State of the system by Kraus operators of whole cycles, no gates."""
    size = 2**hamiltonian.num_qubits
    levels, vectors = np.linalg.eigh(hamiltonian.matrix)
    labels, spread = method._labels(hamiltonian), levels[-1] - levels[0]
    width, *schedule = method._schedule(spread, beta, len(labels), method._cycles(hamiltonian))
    operators = [vectors.conj().T @ Pauli(label).to_matrix() @ vectors for label in labels]
    rho = np.eye(size) / size
    for cycle, (omega, excited, strength, wait) in enumerate(zip(*schedule, strict=True)):
        operator, step = operators[cycle % len(labels)], method._step(width, spread + omega)
        whole = cycle_unitary(levels, operator, omega, strength, width, step)
        alone = np.kron(np.eye(2), np.diag(np.exp(-1j * wait * levels)))
        kraus = (alone @ whole).reshape(2, size, 2, size)
        rho = sum(
            share * kraus[end, :, start] @ rho @ kraus[end, :, start].conj().T
            for start, share in ((0, 1 - excited), (1, excited))
            for end in (0, 1)
        )
    return vectors @ rho @ vectors.conj().T


# Dense references.


@pytest.mark.parametrize("name", CASES)
def test_the_state_and_error_claimed_are_those_of_the_gates(name):
    hamiltonian = CASES[name]
    prepared = SystemBath(cycles=3)(hamiltonian, beta=0.8)
    rho = by_qiskit(prepared, hamiltonian)
    assert np.abs(rho.diagonal().real - prepared.distribution).max() < 1e-9
    assert abs(distance(rho, exact_gibbs(hamiltonian, 0.8)) - prepared.error) < 1e-9
    assert abs(prepared.distribution.sum() - 1) < 1e-9
    assert set(prepared.circuit.count_ops()) <= {*GATES, "reset", "measure"}
    assert prepared.kind == "thermal" and prepared.shape == () and prepared.success == 1
    assert prepared.resources.qubits == hamiltonian.num_qubits + 2


@pytest.mark.parametrize("name", ["one spin", "chain", "complex", "keys in a field"])
def test_the_gates_are_the_cycles_that_were_meant(name):
    method, hamiltonian = SystemBath(cycles=3), CASES[name]
    rho = by_qiskit(method(hamiltonian, beta=0.8), hamiltonian)
    assert np.abs(rho - by_cycles(method, hamiltonian, 0.8)).max() < 1e-6
    assert np.abs(rho - by_cycles(method, hamiltonian, 1.6)).max() > 1e-5
    assert np.abs(rho - np.eye(len(rho)) / len(rho)).max() > 1e-5


@pytest.mark.parametrize("name", ["keys", "turned keys"])
def test_on_keys_one_turn_does_what_a_cycle_does(name):
    """The same populations as from dense cycles; before U, if there is one."""
    method, hamiltonian = SystemBath(cycles=4), replace(CASES[name], basis=None)
    rho = by_cycles(method, hamiltonian, 0.8)
    assert np.abs(rho - np.diag(rho.diagonal())).max() < 1e-12
    keys = method(hamiltonian, beta=0.8).distribution
    assert np.abs(rho.diagonal().real - keys).max() < 1e-10
    assert np.abs(keys - 0.25).max() > 0.01


# Published numbers.

# (n, beta): true trace distance of the fixed point of random cycles.
PUBLISHED = {
    (2, 0.5): 0.0016, (2, 1.0): 0.0037, (2, 2.0): 0.0046,
    (3, 0.5): 0.0017, (3, 1.0): 0.0040, (3, 2.0): 0.0079,
}  # fmt: skip


def chain(n):
    return ising(n, field=1.2, periodic=False)


@pytest.mark.parametrize(("n", "beta"), PUBLISHED)
def test_the_published_distances_are_reached_in_200_cycles(n, beta):
    """published-numbers 7: arXiv:2508.05703 and 2512.03457, open Ising chain, g = 1.2, dense.

    Theirs: one bath qubit, Gaussian pulses (sigma 2), alpha .3, omega on a grid. Ours: the same
    Hamiltonian, after a finite number of cycles from the maximally mixed state.
    """
    rho = by_cycles(SystemBath(cycles=200, seed=1), chain(n), beta)
    assert distance(rho, exact_gibbs(chain(n), beta)) <= PUBLISHED[n, beta]
    few = by_cycles(SystemBath(cycles=5, seed=1), chain(n), beta)
    assert distance(few, exact_gibbs(chain(n), beta)) > PUBLISHED[n, beta]


def test_the_published_distances_are_reached_on_aer():
    """published-numbers 7, gates and resets on Aer. False-failure rate 2e-6.

    Counts fit the distribution that is claimed; 20 million draws of Aer's outcome probabilities
    certify that their total variation from the Gibbs populations is below the published trace
    distance. Another temperature is refuted.
    """
    n, beta = 2, 2.0
    prepared = SystemBath(cycles=100)(chain(n), beta=beta)
    assert prepared.error <= PUBLISHED[n, beta]
    shots = Aer(device="CPU", method="density_matrix")(prepared, 100_000, seed=3)
    assert fit(shots, prepared.distribution).overall() > 1e-6
    born = Aer(device="CPU", method="density_matrix", draws="born")
    counts = born(prepared, 20_000_000, seed=4)
    assert fit(counts, prepared.distribution).overall() > 1e-6
    populations = exact_gibbs(chain(n), beta).diagonal().real
    assert certify(counts, populations, PUBLISHED[n, beta], alpha=1e-6).certified
    other = exact_gibbs(chain(n), 1.3 * beta).diagonal().real
    assert fit(counts, other).overall() < 1e-6
    assert not certify(counts, np.roll(populations, 1), PUBLISHED[n, beta], alpha=1e-6).certified


def test_shots_one_by_one_with_resets_agree():
    """Aer's trajectories. False-failure rate 1e-6, and another temperature is refuted."""
    prepared = SystemBath(cycles=10)(Transverse(field=0.3)(SCORES), beta=2.0)
    counts = Aer(device="CPU", method="statevector")(prepared, 1500, seed=3)
    assert fit(counts, prepared.distribution).overall() > 1e-6
    other = SystemBath(cycles=10)(Transverse(field=0.3)(SCORES), beta=0.2).distribution
    assert fit(counts, other).overall() < 1e-6


# What brings it closer.


def test_more_cycles_come_closer():
    errors = [
        distance(by_cycles(SystemBath(cycles=c), chain(2), 1.0), exact_gibbs(chain(2), 1.0))
        for c in (5, 20, 80, 320)
    ]
    assert errors[0] > 0.05 and errors[3] < 1e-3
    assert (np.diff(errors) < 0).all()


def test_a_thermal_bath_alone_leaves_the_error_of_its_line(monkeypatch):
    """Shares as of sharp lines, which pulses this short do not have: off by some beta s."""
    method = SystemBath(cycles=200, width=1.0)
    exact = exact_gibbs(chain(2), 2.0)
    ours = distance(by_cycles(method, chain(2), 2.0), exact)
    sharp = system_bath.bath_shares
    monkeypatch.setattr(system_bath, "bath_shares", lambda w, beta, width: sharp(w, beta, np.inf))
    assert ours < 0.005 < 0.015 < distance(by_cycles(method, chain(2), 2.0), exact)


@pytest.mark.parametrize("place", [(12, 3), (29, 8)])
def test_rows_of_smollm2_as_counts_of_aer(place):
    """Sixteen keys. False-failure rate 1e-6 each; a distribution of another beta is refuted."""
    row = Binary()(load_scores("smollm2", 2).scores[place][15].astype(float))
    assert row.num_keys == 16
    method = SystemBath(cycles=20)
    prepared = method(row, beta=1.0)
    true = np.abs(prepared.distribution - exact_gibbs(row, 1.0).diagonal().real).sum() / 2
    assert abs(true - prepared.error) < 1e-12 and true < 0.1
    counts = Aer(device="CPU", method="density_matrix")(prepared, 20_000, seed=4)
    assert fit(counts, prepared.distribution).overall() > 1e-6
    assert fit(counts, method(row, beta=1.2).distribution).overall() < 1e-6


def test_padding_far_above_is_left():
    row = Binary()([0.0, 1.0, 2.0, -np.inf, 0.5]).filled(gap=10)
    prepared = SystemBath(cycles=60)(row, beta=1.0)
    assert prepared.error < 0.03
    assert prepared.distribution[[3, 5, 6, 7]].sum() < 0.01


def test_energies_far_apart_give_no_warning():
    """beta times the spread is 2000: the key of the lowest energy alone, and no overflow."""
    prepared = SystemBath(cycles=20)(Binary()([0.0, 1000.0]), beta=2.0)
    assert np.isfinite(prepared.distribution).all() and prepared.distribution[1] > 0.5


def test_couplings_of_ones_own():
    prepared = SystemBath(cycles=100, couplings=("IX", "XI"))(Binary()(SCORES), beta=1.0)
    assert prepared.error < 0.01
    idle = SystemBath(cycles=3, couplings=("ZI",))(Binary()(SCORES), beta=1.0)
    assert np.allclose(idle.distribution, 0.25), "Z leaves every key where it is"


# What is conserved keeps its value for ever.

XXZ = Hamiltonian.of(
    SparsePauliOp(["XX", "YY", "ZZ", "IZ", "ZI"], [1.0, 1.0, 0.5, 0.3, 0.3]), name="XXZ of 2"
)
SYMMETRIC = {
    "heisenberg 2": heisenberg(2),
    "heisenberg 3": heisenberg(3),
    "xxz": XXZ,
    "free fermions": free_fermions(3),
    "ring": ising(3),
    "turned ring": ising(3, field=0.5, axes=("X", "Y")),
    "field alone": Hamiltonian.of(SparsePauliOp(["IX", "YI"], [1.0, 0.4])),
}


@pytest.mark.parametrize("method", [SystemBath(), DetailedBalance()])
@pytest.mark.parametrize("name", SYMMETRIC)
def test_nothing_is_conserved_by_default(name, method):
    """Only numbers commute with H and all couplings or jumps; Y at each site leaves more."""
    matrix = SYMMETRIC[name].matrix

    def conserved(labels):
        one = np.eye(len(matrix))
        both = [matrix, *(Pauli(label).to_matrix() for label in labels)]
        equations = np.vstack([np.kron(a, one) - np.kron(one, a.T) for a in both])
        return int((np.linalg.svd(equations)[1] < 1e-9).sum())

    labels = method._labels(SYMMETRIC[name])
    assert conserved(labels) == 1
    if name.startswith("heisenberg"):
        assert conserved([label for label in labels if set(label) == set("IY")]) > 1


@pytest.mark.parametrize("name", ["heisenberg 2", "heisenberg 3"])
@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_defaults_come_close_where_the_spin_is_conserved(name, beta):
    """Couplings by Y alone end .50 and .23 away, however many cycles there are."""
    hamiltonian, n = SYMMETRIC[name], SYMMETRIC[name].num_qubits
    exact = exact_gibbs(hamiltonian, beta)
    assert distance(by_cycles(SystemBath(), hamiltonian, beta), exact) < 0.01
    only = tuple("I" * (n - 1 - q) + "Y" + "I" * q for q in range(n))
    stuck = by_cycles(SystemBath(cycles=200, couplings=only), hamiltonian, beta)
    assert distance(stuck, exact) > 0.1


@pytest.mark.parametrize("scale", [0.01, 1.0, 10.0, 30.0, 100.0])
def test_defaults_come_as_close_in_all_units(scale):
    """Before, at one beta H: .0019, .057, .24, .41 at scales 1 to 100."""
    hamiltonian = Hamiltonian.of(scale * XXZ.operator)
    rho = by_cycles(SystemBath(), hamiltonian, 1 / scale)
    assert distance(rho, exact_gibbs(XXZ, 1.0)) < 0.005


# The seed decides, the reference does not.


def test_the_seed_decides():
    one, same, other = (SystemBath(cycles=2, seed=s)(chain(2), beta=1.0) for s in (0, 0, 1))
    assert one.circuit == same.circuit and one.circuit != other.circuit


@pytest.mark.parametrize("name", ["chain", "keys"])
def test_nothing_of_the_reference_reaches_the_circuit(name, monkeypatch):
    before = SystemBath(cycles=3)(CASES[name], beta=1.0)
    uniform = {"gibbs_state": lambda matrix, beta: np.eye(4) / 4,
               "boltzmann": lambda energies, beta: np.full(4, 0.25)}  # fmt: skip
    for function, wrong in uniform.items():
        monkeypatch.setattr(reference, function, wrong)
    after = SystemBath(cycles=3)(CASES[name], beta=1.0)
    assert after.circuit == before.circuit
    assert abs(after.error - before.error) > 0.01, "the reference was corrupted"


# Refusals.


@pytest.mark.parametrize(
    "options", [{"cycles": 0}, {"cycles": 1.5}, {"cycles": True}, {"strength": 0.0},
                {"width": -1.0}, {"width": np.inf}, {"step": np.nan}]
)  # fmt: skip
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=f"`{next(iter(options))}`"):
        SystemBath(**options)


@pytest.mark.parametrize(
    ("method", "hamiltonian", "match"),
    [
        (SystemBath(couplings=("X",)), Binary()(SCORES), "2 letters.*'X'"),
        (SystemBath(couplings=("XA",)), ising(2), "'XA'"),
        (SystemBath(), Binary()([SCORES, SCORES]), "one Hamiltonian"),
        (SystemBath(), Binary()(SCORES[:3]), r"padding.*filled.*Heralded"),
        (SystemBath(), Binary()([0.0, -np.inf]), r"masked.*filled.*QSVT"),
        (SystemBath(), ising(10), r"11 qubits.*bytes"),
        (SystemBath(), Binary()(np.arange(2.0**10)), r"10 qubits.*bytes"),
    ],
)
def test_what_does_not_fit_is_refused(method, hamiltonian, match):
    with pytest.raises(ValueError, match=match):
        method(hamiltonian, beta=1.0)


@pytest.mark.parametrize("beta", [0.0, -1.0, np.nan, np.inf, [1.0, 2.0]])
def test_a_beta_that_is_no_temperature_is_refused(beta):
    with pytest.raises(ValueError, match="beta"):
        SystemBath()(Binary()([0.0, 1.0]), beta=beta)
