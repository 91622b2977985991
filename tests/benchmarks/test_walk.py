"""What the study of the walk computes: energies, the law of phase 0, starts, and what is drawn."""

import numpy as np
import pytest
import walk
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector

from qcattn.chains.walks import filtered_walk, quantum_walk
from qcattn.comparisons import fit
from qcattn.thermal import boltzmann


def test_the_energies_are_those_of_the_pauli_strings():
    terms = [("ZZ", [q, (q + 1) % 4], -1.0) for q in range(4)]
    terms += [("Z", [q], -walk.FIELD) for q in range(4)]
    matrix = SparsePauliOp.from_sparse_list(terms, 4).to_matrix().real
    assert np.abs(matrix.diagonal() - walk.ring()).max() < 1e-12


@pytest.mark.parametrize("penalty", [0.0, walk.PENALTY])
@pytest.mark.parametrize("lifted", [False, True])
def test_the_law_of_phase_0_is_that_of_the_circuit(penalty, lifted):
    """Two phase qubits: gate by gate, against the mean of the powers of the walk."""
    step = Operator(quantum_walk(walk.ring(), walk.BETA, penalty=penalty)).data
    found = walk.kept(step, walk.started(15, lifted), 2)
    options = {"phases": 2, "penalty": penalty, "start": 15, "lifted": lifted}
    circuit = filtered_walk(walk.ring(), walk.BETA, **options)
    circuit.remove_final_measurements()
    both = Statevector(circuit).probabilities(range(6)).reshape(16, 4)  # system above the phase
    assert np.abs(found - both[:, 0]).max() < 1e-12
    assert 1e-3 < found.sum() < 1, "some are kept, and not all"


def test_the_states_that_stand_still_are_the_law_and_the_loops_of_the_cube():
    """A cube of four dimensions has 32 edges on 16 corners, and so 17 independent loops."""
    still = []
    for penalty in (0.0, walk.PENALTY):
        step = Operator(quantum_walk(walk.ring(), walk.BETA, penalty=penalty)).data
        still.append(int((np.abs(np.angle(np.linalg.eigvals(step))) < 1e-7).sum()))
    assert still == [1 + 32 - 16 + 1, 1]


def test_what_is_drawn_follows_the_law_as_built_and_not_the_one_of_another_start(monkeypatch):
    """A right sampler fails at 1e-6."""
    monkeypatch.setattr(walk, "SAMPLED", 2)
    counts, gates = walk.sampled(0.0, 0, True, seed=3)
    step = Operator(quantum_walk(walk.ring(), walk.BETA)).data
    own, other = (walk.kept(step, walk.started(start, True), 2) for start in (0, 15))
    assert fit(counts, own / own.sum()).overall() > 1e-6 and gates > 0
    assert fit(counts, other / other.sum()).overall() < 1e-6
    assert fit(counts, boltzmann(walk.ring(), walk.BETA)).overall() < 1e-6, "two qubits are too few"
