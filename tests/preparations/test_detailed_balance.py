"""Steps in detailed balance: the Gibbs state is their exact fixed point, and they get there."""

from dataclasses import replace

import numpy as np
import pytest
from qiskit.quantum_info import SuperOp
from scipy.linalg import sqrtm

from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.datasets import load_scores
from qcattn.dense_state import outcome_distribution, system_state
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.models.spins import free_fermions, heisenberg, ising
from qcattn.preparations import detailed_balance
from qcattn.preparations.channels import coordinates
from qcattn.preparations.detailed_balance import DetailedBalance
from qcattn.preparations.gates import GATES
from qcattn.preparations.reference import gibbs, populations
from qcattn.records import Hamiltonian
from qcattn.thermal import trace_distance

RNG = np.random.default_rng(3)
SCORES = np.array([0.0, 1.0, 2.5, -0.5])
ANGLES = np.array([[0.3, 0.7], [1.1, -0.4]])


def rough(n):
    matrix = RNG.normal(size=(2**n, 2**n)) + 1j * RNG.normal(size=(2**n, 2**n))
    return Hamiltonian.of(matrix + matrix.conj().T)


CASES = {
    "one spin": ising(1),
    "ising 2": ising(2, field=1.2, periodic=False),
    "heisenberg 2": heisenberg(2),
    "free fermions 2": free_fermions(2),
    "complex": rough(2),
    "transverse": Transverse(field=0.7)(SCORES),
    "keys": Binary()(SCORES),
    "rotated": Rotated(ANGLES)(SCORES),
    "degenerate": Hamiltonian.of(np.zeros((4, 4))),
}


@pytest.mark.parametrize("beta", [0.5, 2.0])
@pytest.mark.parametrize("name", CASES)
def test_a_circuit_comes_within_the_error_it_claims(name, beta):
    """Dense, gate by gate, against the Gibbs state; the claim itself knows no Gibbs state."""
    hamiltonian = CASES[name]
    prepared = DetailedBalance()(hamiltonian, beta=beta)
    state, success = system_state(prepared)
    away = trace_distance(state, gibbs(hamiltonian, beta))
    # Gates for dense unitaries are found to some 1e-8, which the claim adds.
    assert away <= prepared.error + 1e-14
    assert prepared.error <= 0.01 + 1e-3
    assert success == pytest.approx(1.0, abs=1e-9) and prepared.success == 1.0
    outcomes, _ = outcome_distribution(prepared)
    assert np.abs(outcomes - prepared.distribution).max() < 1e-6
    assert prepared.distribution.sum() == pytest.approx(1.0, abs=1e-12)
    assert set(prepared.circuit.count_ops()) <= {*GATES, "reset", "measure"}
    assert prepared.kind == "thermal" and prepared.shape == ()
    assert prepared.resources.qubits == hamiltonian.num_qubits + 1


def test_three_spins_come_within_the_error_too():
    hamiltonian = ising(3, field=1.2, periodic=False)
    prepared = DetailedBalance(error=0.05)(hamiltonian, beta=1.0)
    state, _ = system_state(prepared)
    assert trace_distance(state, gibbs(hamiltonian, 1.0)) <= prepared.error <= 0.05
    assert np.abs(np.diag(state).real - prepared.distribution).max() < 1e-6


@pytest.mark.parametrize("weights", ["glauber", "gaussian"])
@pytest.mark.parametrize("step", [0.1, 0.5])
@pytest.mark.parametrize("name", ["one spin", "ising 2", "heisenberg 2", "complex", "transverse"])
def test_the_gibbs_state_is_the_exact_fixed_point_of_the_gates(name, step, weights):
    """A sweep of the circuit as a superoperator of Qiskit's, ancilla and resets included, leaves
    the Gibbs state where it is, however long the steps; so does the channel of the claim."""
    hamiltonian, beta = CASES[name], 1.0
    method = DetailedBalance(step=step, weights=weights)
    labels = method._labels(hamiltonian)
    steps, channel = method._on_states(hamiltonian, beta, labels)
    exact = gibbs(hamiltonian, beta)
    part = "symmetric" if len(channel) == 2 else "hermitian"
    fixed, moved = (coordinates(gibbs(hamiltonian, b * beta), part) for b in (1.0, 1.1))
    assert np.abs(channel[0] @ fixed - fixed).max() < 1e-12
    whole = steps.first.compose(steps.sweep).compose(steps.last)
    whole.remove_final_measurements()
    whole = SuperOp(whole.copy_empty_like().compose(whole, whole.qubits))
    zero = np.diag([1.0, 0.0])
    after = whole.data @ np.kron(zero, exact).ravel(order="F")
    after = after.reshape(2 * len(exact), -1, order="F")
    reduced = np.einsum("aiaj->ij", after.reshape(2, len(exact), 2, len(exact)))
    assert np.abs(reduced - exact).max() < 1e-6  # as good as the gates that were found
    assert np.abs(channel[0] @ moved - moved).max() > 1e-4, "no other temperature"


@pytest.mark.parametrize("weights", ["glauber", "gaussian"])
def test_the_chain_on_keys_is_in_detailed_balance(weights):
    """Every single step: probability flows up as much as down."""
    hamiltonian = Binary()(RNG.normal(size=8) * 3)
    p = populations(hamiltonian, 1.0)
    method = DetailedBalance(weights=weights)
    for label in ("IIX", "XIX", "XXX"):
        _, chain = method._on_keys(hamiltonian, 1.0, (label,))
        flow = chain * p
        assert np.abs(flow - flow.T).max() < 1e-15
        assert np.abs(chain.sum(axis=0) - 1).max() < 1e-14 and chain.min() >= 0
        assert np.abs(flow - np.diag(np.diag(flow))).max() > 1e-6


def test_steps_without_the_coherent_term_miss_the_gibbs_state(monkeypatch):
    """The planted fault: R = sqrt(1 - delta L+L). Its fixed point lies off, and so do its counts.

    False-failure rate 1e-7 for the counts of the right circuit.
    """
    hamiltonian, beta = ising(2, field=1.2, periodic=False), 1.0
    right = DetailedBalance(error=1e-4)(hamiltonian, beta=beta)
    exact = gibbs(hamiltonian, beta)
    assert trace_distance(system_state(right)[0], exact) <= right.error
    monkeypatch.setattr(
        detailed_balance, "staying", lambda square, nu: sqrtm(np.eye(len(nu)) - square)
    )
    wrong = DetailedBalance(error=1e-4)(hamiltonian, beta=beta)
    assert trace_distance(system_state(wrong)[0], exact) > 0.02
    backend = Aer(device="CPU", method="density_matrix")
    expected = right.distribution
    assert fit(backend(right, 40_000, seed=1), expected, alpha=1e-7).overall() > 1e-7
    assert fit(backend(wrong, 40_000, seed=1), expected, alpha=1e-7).overall() < 1e-7


@pytest.mark.parametrize("place", [(0, 0), (3, 2), (10, 5), (15, 1), (29, 8)])
def test_rows_of_smollm2_mix_in_a_few_sweeps(place):
    """16 keys, energies over 4 to 13: each pair is joined, so nothing is slow.

    False-failure rate: five fits at 1e-7. The planted fault, a row at another beta, is refuted.
    """
    scores = load_scores("smollm2", 2).scores[place][15]
    assert np.isfinite(scores).sum() == 16
    hamiltonian = Binary()(scores).filled(10)
    prepared = DetailedBalance()(hamiltonian, beta=1.0)
    away = np.abs(prepared.distribution - populations(hamiltonian, 1.0)).sum() / 2
    assert away <= prepared.error <= 0.01
    assert prepared.resources.two_qubit_gates < 1500 and prepared.resources.qubits == 5
    backend = Aer(device="CPU", method="density_matrix")
    counts = backend(prepared, 20_000, seed=4)
    assert fit(counts, prepared.distribution, alpha=1e-7).overall() > 1e-7
    other = DetailedBalance()(hamiltonian, beta=1.2).distribution
    assert fit(counts, other, alpha=1e-7).overall() < 1e-7


def test_padding_and_masked_keys_far_above_never_come_out():
    """Energies over 30: the gap of the chain does not feel them."""
    scores = np.array([0.0, 3.0, 1.0, -7.0, -np.inf, 2.0])
    hamiltonian = Binary()(scores).filled(20)
    prepared = DetailedBalance(error=1e-3)(hamiltonian, beta=1.0)
    assert np.ptp(hamiltonian.energies) == 30
    assert prepared.distribution[[4, 6, 7]].max() < 1e-3
    assert prepared.resources.two_qubit_gates < 1000


def test_shots_one_by_one_with_resets_agree():
    """Aer's trajectories, reset by reset. False-failure rate 1e-7, and another beta is refuted."""
    hamiltonian = ising(2, field=1.2, periodic=False)
    prepared = DetailedBalance()(hamiltonian, beta=1.0)
    counts = Aer(device="CPU", method="statevector")(prepared, 1000, seed=3)
    assert fit(counts, prepared.distribution, alpha=1e-7).overall() > 1e-7
    other = DetailedBalance()(hamiltonian, beta=0.2).distribution
    assert fit(counts, other, alpha=1e-7).overall() < 1e-7


@pytest.mark.parametrize("name", ["transverse", "keys", "rotated"])
def test_sweeps_grow_as_the_logarithm_of_the_error(name):
    """Each claim is met by the state, and is not the mere tolerance."""
    resets = []
    for error in (1e-1, 1e-3, 1e-5):
        prepared = DetailedBalance(error=error)(CASES[name], beta=1.0)
        away = trace_distance(system_state(prepared)[0], gibbs(CASES[name], 1.0))
        assert away <= prepared.error < error + 1e-7
        resets.append(prepared.circuit.count_ops()["reset"])
    first, second = np.diff(resets)
    assert first > 0 and 0.5 * first <= second <= 2 * first


def test_one_sweep_less_would_claim_too_much():
    """The number of sweeps is the fewest for which the bound is below the error."""
    method = DetailedBalance(error=1e-4)
    chain = method._on_keys(CASES["keys"], 1.0, method._labels(CASES["keys"]))[-1]
    sweeps, bound = method._mixing([chain], 2)
    uniform = np.full((4, 4), 0.25)
    bounds = [
        np.sqrt(2) * np.linalg.norm(np.linalg.matrix_power(chain, n) @ (np.eye(4) - uniform))
        for n in (sweeps - 1, sweeps)
    ]
    assert bounds[1] == pytest.approx(bound) and bounds[1] <= 1e-4 < bounds[0]
    state = np.linalg.matrix_power(chain, sweeps)
    exact = populations(CASES["keys"], 1.0)
    assert np.abs(state - exact[:, None]).sum(axis=0).max() / 2 <= bound, "from any start"


def test_single_flips_do_as_well_where_there_is_no_barrier():
    hamiltonian = Binary()(SCORES)
    local = DetailedBalance(jumps=("IX", "XI"), error=1e-4)(hamiltonian, beta=1.0)
    away = np.abs(outcome_distribution(local)[0] - populations(hamiltonian, 1.0)).sum() / 2
    assert away <= local.error <= 1e-4


@pytest.mark.parametrize(
    ("method", "hamiltonian", "match"),
    [
        (DetailedBalance(jumps=("ZZ",)), Binary()(SCORES), "does not mix.*jumps"),
        (DetailedBalance(jumps=("IZ", "ZI")), Hamiltonian.of(np.diag(SCORES)), "does not mix"),
        (DetailedBalance(jumps=("X",)), Binary()(SCORES), "2 letters.*'X'"),
        (DetailedBalance(jumps=("XA",)), ising(2), "'XA'"),
        (DetailedBalance(weights="gaussian", most_sweeps=50), Binary()(9 * SCORES), "most_sweeps"),
        (DetailedBalance(), Binary()([SCORES, SCORES]), "one Hamiltonian"),
        (DetailedBalance(), Binary()(SCORES[:3]), "filled"),
        (DetailedBalance(), ising(10), "bytes"),
        (DetailedBalance(), ising(14), "bytes"),
        (DetailedBalance(), ising(14, field=0.0), "gates on 14 qubits takes .* bytes"),
        (DetailedBalance(step=1e-8, most_sweeps=10**12), Binary()(SCORES), "gates on 2 qubits"),
    ],
)
def test_what_does_not_fit_is_refused(method, hamiltonian, match):
    with pytest.raises(ValueError, match=match):
        method(hamiltonian, beta=1.0)


@pytest.mark.parametrize(
    "options", [{"error": 0.0}, {"error": 1.0}, {"step": 0.0}, {"weights": "x"}, {"most_sweeps": 0}]
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        replace(DetailedBalance(), **options)
