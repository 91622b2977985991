"""CKG: its circuits come as close as they claim, and not without the coherent term."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from qcattn.backends import Aer
from qcattn.certification import certify_dense, certify_observables
from qcattn.comparisons import fit
from qcattn.encodings import Binary, Rotated, Transverse
from qcattn.errors import DoesNotFit, TooLarge
from qcattn.models.spins import free_fermions, heisenberg, ising
from qcattn.preparations import ckg
from qcattn.preparations.ckg import CKG
from qcattn.preparations.gates import GATES
from qcattn.preparations.lindblad import coherent, lindbladian
from qcattn.records import Hamiltonian

RNG = np.random.default_rng(3)
SCORES = np.array([0.0, 1.0, 2.5, -0.5])


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
    "rotated": Rotated([[0.3, 0.7], [1.1, -0.4]])(SCORES),
}


@pytest.mark.parametrize("name", CASES)
def test_a_circuit_comes_within_the_error_it_claims(name):
    """Dense, gate by gate, against the Gibbs state; the claim itself knows no Gibbs state."""
    hamiltonian, method = CASES[name], CKG(error=0.02)
    prepared = method(hamiltonian, beta=1.0)
    dense = certify_dense(prepared, hamiltonian, 1.0)
    assert dense.holds and dense.claimed <= 0.02 + 1e-6
    # The claim is the distance itself, but for what the gates that were found may add.
    assert dense.trace_distance > dense.claimed - 1e-4
    assert set(prepared.circuit.count_ops()) <= {*GATES, "reset", "measure"}
    assert prepared.resources.qubits == hamiltonian.num_qubits + 1


def seen_in_all_bases(prepared, hamiltonian, seed, strings=None):
    """All Pauli strings, from 40 million shots in each of the 3**n bases, at 1e-6."""
    if strings is None:
        strings = ["".join(s) for s in product("IXYZ", repeat=hamiltonian.num_qubits)][1:]
    return certify_observables(
        prepared,
        hamiltonian,
        1.0,
        shots=40_000_000,
        backend=Aer(device="CPU", method="density_matrix", draws="born"),
        seed=seed,
        alpha=1e-6,
        strings=strings,
    )


def farthest(seen):
    """Upper bound on the trace distance from the Gibbs state.

    Half the trace norm of D is at most half the root of the sum of squares of its Pauli
    expectations, each of which lies within its interval, all of them together.
    """
    most = np.maximum(np.abs(seen.high - seen.exact), np.abs(seen.low - seen.exact))
    return float(np.sqrt((most**2).sum()) / 2)


def test_shots_certify_a_hundredth():
    """Where a published example of this family allows a tenth. False-failure rate 1e-6.

    Two spins, which take nine bases of seconds each: `python tests/benchmarks/ckg.py`.
    """
    hamiltonian = CASES["one spin"]
    prepared = CKG(error=0.005)(hamiltonian, beta=1.0)
    seen = seen_in_all_bases(prepared, hamiltonian, seed=1)
    assert not seen.refuted and farthest(seen) < 0.01
    colder = CKG(error=0.005)(hamiltonian, beta=1.1)
    assert farthest(seen_in_all_bases(colder, hamiltonian, seed=1)) > 0.01
    assert seen_in_all_bases(colder, hamiltonian, seed=1).refuted, "a tenth in beta is seen"


def test_without_the_coherent_term_the_claim_is_broken_and_shots_refute_it(monkeypatch):
    """The planted fault: everything of it left out, also where it is judged how far to go.

    A broad filter, whose evolutions are short, needs the term most. False-failure rate 1e-6.
    """
    hamiltonian, method = CASES["ising 2"], CKG(error=0.01, width=2.0)
    right = method(hamiltonian, beta=1.0)
    assert certify_dense(right, hamiltonian, 1.0).holds
    assert not seen_in_all_bases(right, hamiltonian, 3, ["ZZ"]).refuted

    def without(jumps, nu):
        term, one = coherent(jumps, nu), np.eye(len(nu))
        return lindbladian(jumps, nu) + 1j * (np.kron(term, one) - np.kron(one, term.conj()))

    monkeypatch.setattr(ckg, "coherent", lambda jumps, nu: np.zeros(nu.shape))
    monkeypatch.setattr(ckg, "lindbladian", without)
    wrong = method(hamiltonian, beta=1.0)
    dense = certify_dense(wrong, hamiltonian, 1.0)
    assert dense.claimed < 0.011 < 0.015 < dense.trace_distance and not dense.holds
    assert seen_in_all_bases(wrong, hamiltonian, 3, ["ZZ"]).refuted


def test_shots_one_by_one_with_resets_agree():
    """Aer's trajectories, reset by reset. False-failure rate 1e-7, and another beta is refuted."""
    hamiltonian = CASES["transverse"]
    prepared = CKG(error=0.1)(hamiltonian, beta=1.0)
    counts = Aer(device="CPU", method="statevector")(prepared, 2000, seed=3)
    assert fit(counts, prepared.distribution, alpha=1e-7).overall() > 1e-7
    other = CKG(error=0.1)(hamiltonian, beta=0.3).distribution
    assert fit(counts, other, alpha=1e-7).overall() < 1e-7


def test_a_smaller_error_takes_shorter_steps_and_more_of_them():
    """The steps follow the Lindbladian to an order of delta: gates grow as 1/error, about."""
    hamiltonian = CASES["one spin"]
    gates = []
    for error in (1e-1, 1e-2, 1e-3):
        prepared = CKG(error=error)(hamiltonian, beta=1.0)
        dense = certify_dense(prepared, hamiltonian, 1.0)
        assert dense.trace_distance <= dense.claimed <= error + 1e-6
        gates.append(prepared.resources.two_qubit_gates)
    assert gates[0] < gates[1] < gates[2]


@pytest.mark.parametrize(
    ("method", "hamiltonian", "error", "match"),
    [
        (CKG(couplings=("ZZ",)), Binary()(SCORES), DoesNotFit, "join all states"),
        (CKG(couplings=("IZ",)), heisenberg(2), DoesNotFit, "join all states"),
        (CKG(couplings=("X",)), Binary()(SCORES), DoesNotFit, "2 letters.*'X'"),
        (CKG(rates="gaussian"), heisenberg(2, coupling=9.0), DoesNotFit, "join all states"),
        (CKG(error=1e-5, most_sweeps=5), ising(1), DoesNotFit, "most_sweeps"),
        (CKG(), Binary()([SCORES, SCORES]), DoesNotFit, "one Hamiltonian"),
        (CKG(), Binary()(SCORES[:3]), DoesNotFit, "filled"),
        (CKG(), ising(5), TooLarge, "5 qubits.*at most 4"),
        (CKG(), ising(14, field=0.0), TooLarge, "gates on 14 qubits takes .* bytes"),
    ],
)
def test_what_does_not_fit_is_refused(method, hamiltonian, error, match):
    with pytest.raises(error, match=match):
        method(hamiltonian, beta=1.0)


@pytest.mark.parametrize(
    "options",
    [{"error": 0.0}, {"step": 1.0}, {"rates": "x"}, {"width": 0.0}, {"most_sweeps": 0}],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        replace(CKG(), **options)
