"""B10: a million keys take a million gates, and sampling softmax gains no accuracy."""

import numpy as np
import pytest
from qiskit.quantum_info import DensityMatrix, Kraus
from qiskit_aer.noise import depolarizing_error

from qcattn.backends import Aer
from qcattn.claims.symmetry.scaling_up import MillionTokens, _mirrored

QUICK = {"largest": 8, "shots": 20_000, "epsilon": 0.1, "alpha": 1e-6}


def test_neither_the_tokens_nor_the_gain_are_there():
    """False-failure rate 1e-6."""
    found = MillionTokens(**QUICK)(seed=1)
    assert found.standing == "refuted"
    assert found.check("tokens").holds is False and found.check("gain").holds is False
    assert found.check("counted").holds and found.check("there and back").holds
    assert "1,048,555 two-qubit gates" in found.words and "Nor is accuracy gained" in found.words
    best = found.number("share of shots on the best key")
    assert best.reference in best.estimate


def test_nearly_perfect_gates_against_uniform_attention_would_do():
    found = MillionTokens(**QUICK, gate_error=1e-8, rival="uniform")(seed=1)
    assert found.standing == "conditional" and "nearly perfect" in found.condition


def test_a_faulty_simulator_decides_nothing(faulty):
    found = MillionTokens(**QUICK, backend=faulty)(seed=1)
    assert found.standing == "undecided" and found.check("laws").holds is False


def test_what_comes_back_is_that_of_a_dense_density_matrix():
    """Aer with noise against Kraus operators; 5 standard deviations, false-failure rate 1e-6."""
    circuit = _mirrored(np.array([0.3, -1.0, 0.5, 2.0])).circuit
    error = Kraus(depolarizing_error(0.1, 2))
    state = DensityMatrix.from_label("00")
    for item in circuit.data:
        if item.operation.name in ("measure", "barrier"):
            continue
        where = [circuit.find_bit(q).index for q in item.qubits]
        state = state.evolve(item.operation, where)
        if item.operation.name == "cx":
            state = state.evolve(error, where)
    exact = state.probabilities()[0]
    from dataclasses import replace

    from qiskit_aer.noise import NoiseModel

    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 2), "cx")
    prepared = _mirrored(np.array([0.3, -1.0, 0.5, 2.0]))
    counts = replace(Aer(), noise_model=model)(prepared, 40_000, 1)
    assert counts.keys[0] / 40_000 == pytest.approx(exact, abs=5 * 0.5 / 200)
    assert exact < 0.95
