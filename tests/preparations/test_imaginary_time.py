"""ImaginaryTime against matrix exponentials, published successes and counts from Aer."""

import math
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp
from scipy.linalg import expm

from qcattn import dense_state
from qcattn.backends import Aer
from qcattn.comparisons import acceptance, fit
from qcattn.datasets import load_scores
from qcattn.encodings import Binary, OneHot, Rotated, Transverse
from qcattn.models.spins import free_fermions, heisenberg, ising
from qcattn.preparations import Heralded
from qcattn.preparations.gates import GATES
from qcattn.preparations.imaginary_time import ImaginaryTime
from qcattn.preparations.layers import layers_of
from qcattn.preparations.reference import gibbs, heralding_probability, populations
from qcattn.records import Hamiltonian
from qcattn.thermal import trace_distance

ALPHA = 1e-6


def smollm2_row(sentence: int, index: tuple[int, int, int]) -> np.ndarray:
    return load_scores("smollm2", sentence).scores[index].astype(float)


def random_paulis(num_qubits: int, seed: int) -> Hamiltonian:
    """A sum of 12 random Pauli strings of all letters."""
    rng = np.random.default_rng(seed)
    labels = {"".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(12)}
    return Hamiltonian.of(SparsePauliOp(sorted(labels), rng.normal(scale=0.4, size=len(labels))))


def turned_and_coupled() -> Hamiltonian:
    """A Hamiltonian with both a basis change and terms that do not commute."""
    return replace(Transverse(field=0.7)([0.5, 2.0, 1.0]), basis=np.array([[0.3, -1.1]]))


SCORES = np.array([0.4, 1.7, -0.6, 2.5, -np.inf])
MODELS = {
    "ising 2": ising(2),
    "ising 4": ising(4, field=0.5, axes=("X", "Z")),
    "heisenberg 3": heisenberg(3, periodic=False, coupling=0.5),
    "fermions 4": free_fermions(4, periodic=True),
    "transverse": Transverse(field=0.5, gap=4.0)(SCORES),
    "random 2": random_paulis(2, 1),
    "random 3": random_paulis(3, 2),
    "turned": turned_and_coupled(),
}


def defect(prepared, hamiltonian, beta) -> float:
    """Trace distance of the circuit's dense state from the Gibbs state."""
    return float(trace_distance(dense_state.system_state(prepared)[0], gibbs(hamiltonian, beta)))


@pytest.mark.parametrize("steps", [None, 1, 3])
@pytest.mark.parametrize("scores", [[0.3], [0.0, 1.0], [1.0, 3.0, -np.inf], SCORES])
@pytest.mark.parametrize("encoding", [Binary(), OneHot(), Rotated()])
def test_a_diagonal_hamiltonian_is_exact_in_any_number_of_steps(encoding, scores, steps):
    hamiltonian = encoding(scores)
    prepared = ImaginaryTime(steps=steps)(hamiltonian, beta=1.3)
    assert prepared.circuit.metadata == {"steps": steps or 1, "heralds": steps or 1}
    state, success = dense_state.system_state(prepared)
    assert np.abs(state - gibbs(hamiltonian, 1.3)).max() < 1e-12
    assert abs(success - prepared.success) < 1e-12
    assert (
        np.abs(dense_state.outcome_distribution(prepared)[0] - prepared.distribution).max() < 1e-12
    )
    assert abs(prepared.success - Heralded()(hamiltonian, beta=1.3).success) < 1e-12
    assert prepared.error == 0


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("first", ["Z", "X"])
def test_the_circuit_is_the_papers_product(steps, first):
    """Dense Strang products with scipy's expm, the layers written down by hand.

    The layer of the larger spread is the outer one.
    """
    field = 0.4 if first == "Z" else 2.0
    hamiltonian = ising(3, field=field, periodic=False)
    z = SparsePauliOp(["ZZI", "IZZ"], [-1, -1]).to_matrix() + 2 * np.eye(8)
    x = SparsePauliOp(["XII", "IXI", "IIX"], [-field] * 3).to_matrix() + 3 * field * np.eye(8)
    outer, inner = (z, x) if first == "Z" else (x, z)
    step = 0.9 / steps
    strang = expm(-step / 2 * outer) @ expm(-step * inner) @ expm(-step / 2 * outer)
    wanted = np.linalg.matrix_power(strang, steps)
    prepared = ImaginaryTime(steps=steps)(hamiltonian, beta=0.9)
    state, success = dense_state.system_state(prepared)
    assert abs(success - np.trace(wanted).real / 8) < 1e-12
    assert np.abs(state - wanted / np.trace(wanted)).max() < 1e-12
    assert abs(prepared.success - success) < 1e-12
    assert np.abs(prepared.distribution - np.diag(state).real).max() < 1e-12


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("beta", [0.3, 1.0])
def test_the_error_claimed_is_the_error_asked_and_is_met(name, beta):
    hamiltonian = MODELS[name]
    prepared = ImaginaryTime(error=0.02)(hamiltonian, beta=beta)
    assert prepared.shape == () and prepared.kind == "thermal"
    assert set(prepared.circuit.count_ops()) <= {*GATES, "measure"}
    assert defect(prepared, hamiltonian, beta) <= prepared.error <= 0.02
    miss = np.abs(prepared.distribution - populations(hamiltonian, beta)).sum() / 2
    assert miss <= prepared.error
    assert abs(prepared.distribution.sum() - 1) < 1e-12


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_whatever_the_steps_the_error_is_below_the_claim(name, steps):
    for beta in [0.1, 1.0, 3.0]:
        prepared = ImaginaryTime(steps=steps)(MODELS[name], beta=beta)
        assert defect(prepared, MODELS[name], beta) <= prepared.error <= 1


def test_the_claim_is_not_far_above_the_error_and_no_step_is_wasted():
    hamiltonian = ising(3)
    prepared = ImaginaryTime(error=1e-2)(hamiltonian, beta=1.0)
    assert prepared.error < 5 * defect(prepared, hamiltonian, 1.0)
    steps = prepared.circuit.metadata["steps"]
    assert ImaginaryTime(steps=int(0.8 * steps))(hamiltonian, beta=1.0).error > 1e-2


@pytest.mark.parametrize("name", ["ising 2", "transverse", "random 3"])
def test_error_and_claim_fall_as_the_square_of_the_steps(name):
    steps = np.array([8, 16, 32, 64])
    made = [ImaginaryTime(steps=int(m))(MODELS[name], beta=1.0) for m in steps]
    true = [defect(prepared, MODELS[name], 1.0) for prepared in made]
    claimed = [float(prepared.error) for prepared in made]
    for errors in [true, claimed]:
        exponent = np.polyfit(np.log(steps[1:]), np.log(errors[1:]), 1)[0]
        assert -2.05 < exponent < -1.95


def test_layers_that_commute_take_one_step():
    """XX, YY and ZZ of one bond commute, though not qubit by qubit."""
    prepared = ImaginaryTime(error=1e-9)(heisenberg(2), beta=2.0)
    assert prepared.circuit.metadata == {"steps": 1, "heralds": 3}
    assert defect(prepared, heisenberg(2), 2.0) < 1e-12
    assert prepared.error < 1e-9


@pytest.mark.parametrize("name", MODELS)
def test_layers_add_up_to_the_hamiltonian(name):
    hamiltonian = replace(MODELS[name], basis=None)
    total = sum(layer.conjugated(layer.energies) for layer in layers_of(hamiltonian))
    rest = hamiltonian.matrix - total
    assert np.abs(rest - rest[0, 0] * np.eye(len(rest))).max() < 1e-12
    for layer in layers_of(hamiltonian):
        qubits = [q for cluster in layer.clusters for q in cluster.qubits]
        assert len(qubits) == len(set(qubits)), "parts share no qubit"
        assert abs(layer.energies.min()) < 1e-12, "no success is lost inside a layer"
        assert abs(layer.energies.max() - layer.spread) < 1e-12


@pytest.mark.parametrize(
    ("num_qubits", "table"),
    [
        (2, [0.7764, 0.5888, 0.4524, 0.3621]),
        (4, [0.4705, 0.2215, 0.1370, 0.1211]),
        (6, [0.3235, 0.0999, 0.0409, 0.0314]),
    ],
)
def test_in_the_limit_of_many_steps_the_success_is_the_published_one(num_qubits, table):
    """published-numbers 4: Z e^{beta E0}/2^n, H = -sum XX - 0.5 sum Z on a ring (one bond for n=2).

    The circuit counts energies from the sum of the layers' lowest, -bonds - n/2, in place of E0;
    that factor is put back, and 16 and 32 steps are extrapolated.
    """
    hamiltonian = ising(num_qubits, field=0.5, axes=("X", "Z"))
    lowest = -(1 if num_qubits == 2 else num_qubits) - num_qubits / 2
    gap = np.linalg.eigvalsh(hamiltonian.matrix)[0] - lowest
    for beta, published in zip([0.2, 0.5, 1.0, 2.0], table, strict=True):
        exact = heralding_probability(hamiltonian, beta)
        assert abs(exact - published) < 5.1e-5
        kept = [ImaginaryTime(steps=m)(hamiltonian, beta=beta).success for m in (16, 32)]
        limit = (4 * kept[1] - kept[0]) / 3 * math.exp(beta * gap)
        assert abs(limit - exact) < 1e-6
        assert kept[1] * math.exp(beta * gap) - exact < 5e-4


def test_success_on_softmax_rows_is_the_published_one():
    """published-numbers 9: 1/(2^n max p)."""
    for sentence, index in [(0, (3, 2, 10)), (2, (12, 5, 15))]:
        hamiltonian = Binary()(smollm2_row(sentence, index))
        largest = populations(hamiltonian, 1.0).max()
        prepared = ImaginaryTime()(hamiltonian, beta=1.0)
        assert abs(prepared.success - 1 / (16 * largest)) < 1e-12
        assert abs(dense_state.system_state(prepared)[1] - 1 / (16 * largest)) < 1e-12


@pytest.mark.parametrize(
    ("name", "method", "beta", "shots"),
    [
        ("ising 3", ImaginaryTime(error=0.05), 0.5, 3000),
        ("heisenberg 3", ImaginaryTime(steps=1), 1.5, 3000),
        ("random 2", ImaginaryTime(steps=3), 1.0, 5000),
        ("turned", ImaginaryTime(steps=2), 1.0, 5000),
    ],
)
def test_counts_follow_what_is_claimed_and_planted_faults_are_caught(name, method, beta, shots):
    """False-failure rate 2e-6 (fit and acceptance at 1e-6 each).

    Faults: a distribution 0.1 of total variation away, and a success off by a fifth.
    """
    hamiltonian = ising(3) if name == "ising 3" else MODELS[name]
    prepared = method(hamiltonian, beta=beta)
    counts = Aer(device="CPU")(prepared, shots=shots, seed=7)
    assert counts.kept > 200
    assert not fit(counts, prepared.distribution, alpha=ALPHA).refuted
    assert acceptance(counts, prepared.success, alpha=ALPHA).agrees
    moved = prepared.distribution.copy()
    moved[[np.argmax(moved), np.argmin(moved)]] += [-0.2, 0.2]
    assert fit(counts, moved, alpha=ALPHA).refuted
    assert not acceptance(counts, 1.5 * prepared.success, alpha=ALPHA).agrees


@pytest.mark.parametrize("sentence", [0, 2])
@pytest.mark.parametrize("encoding", [Binary(), Rotated(), Transverse(field=0.5, gap=3.0)])
def test_counts_of_real_rows_fit(sentence, encoding):
    """11 and 16 keys of SmolLM2 at half temperature. False-failure rate 2e-6, as above."""
    scores = smollm2_row(sentence, (4, 1, -1))
    hamiltonian = encoding(scores)
    prepared = ImaginaryTime(error=0.1)(hamiltonian, beta=0.5)
    assert defect(prepared, hamiltonian, 0.5) <= prepared.error + 1e-12
    counts = Aer(device="CPU")(prepared, shots=4000, seed=11)
    assert counts.kept > 100
    assert not fit(counts, prepared.distribution, alpha=ALPHA).refuted
    assert acceptance(counts, prepared.success, alpha=ALPHA).agrees
    if prepared.error == 0:
        assert np.abs(prepared.distribution - populations(hamiltonian, 0.5)).max() < 1e-12
    reverse = prepared.distribution[::-1]
    assert fit(counts, reverse, alpha=ALPHA).refuted


def test_the_circuit_does_not_hear_of_the_reference(monkeypatch):
    module = import_module("qcattn.preparations.imaginary_time")
    cases = [Binary()(SCORES), ising(2)]
    before = [ImaginaryTime()(case, beta=1.0) for case in cases]
    monkeypatch.setattr(module, "heralding_probability", lambda h, beta: np.array(0.9))
    monkeypatch.setattr(module, "populations", lambda h, beta: np.full(h.energies.shape, 0.2))
    monkeypatch.setattr(
        module, "outcome_distribution", lambda prepared: (np.full(4, 0.25), np.array(0.9))
    )
    after = [ImaginaryTime()(case, beta=1.0) for case in cases]
    for one, other in zip(before, after, strict=True):
        assert one.circuit == other.circuit
        assert other.success == 0.9 != one.success


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ImaginaryTime(steps=0)(ising(2), beta=1.0), "`steps` must be a whole number"),
        (lambda: ImaginaryTime(steps=2.5)(ising(2), beta=1.0), "`steps` must be a whole number"),
        (lambda: ImaginaryTime(steps=True)(ising(2), beta=1.0), "`steps` must be a whole number"),
        (lambda: ImaginaryTime(error=0)(ising(2), beta=1.0), "`error` must be a positive"),
        (lambda: ImaginaryTime(error=math.nan)(ising(2), beta=1.0), "`error` must be a positive"),
        (lambda: ImaginaryTime(error=1e-11)(ising(2), beta=2.0), "takes more than 4096 steps"),
        (lambda: ImaginaryTime()(ising(2), beta=-1.0), "`beta` must be one positive"),
        (lambda: ImaginaryTime()(ising(2), beta=[1.0, 2.0]), "`beta` must be one positive"),
        (lambda: ImaginaryTime()(Binary()([[0.0, 1.0]]), beta=1.0), "take one row"),
        (lambda: ImaginaryTime()(ising(18), beta=1.0), r"37 qubits takes [\d,]+ bytes"),
        (
            lambda: ImaginaryTime(steps=48)(ising(4), beta=12.0),
            r"one kept shot would take about [\d.]+e\+\d+ shots .*; lower `beta`, or use",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_step_too_long_to_resolve_claims_nothing():
    """At beta = 200 the numbers of one step underflow; more steps are taken where they may be."""
    prepared = ImaginaryTime(steps=1)(ising(2), beta=200.0)
    assert prepared.error == 1.0
    assert ImaginaryTime(error=0.4)(ising(2, field=0.05), beta=200.0).error <= 0.4
