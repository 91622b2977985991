"""Noise in a few words."""

import sys

import numpy as np
import pytest
from qiskit.quantum_info import DensityMatrix, SuperOp
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    depolarizing_error,
    thermal_relaxation_error,
)

from qcattn.backends.noise import noise_options
from qcattn.backends.readout import apply_readout


def test_strengths_reach_the_model():
    model = noise_options("depolarizing=0.03", 3)["noise_model"]
    assert model._default_quantum_errors["cx"] == depolarizing_error(0.03, 2)
    assert model._default_quantum_errors["ry"] == depolarizing_error(0.003, 1)
    model = noise_options("thermal=50", 3)["noise_model"]
    assert model._default_quantum_errors["ry"] == thermal_relaxation_error(50e3, 50e3, 35)


def quantum_error(text, gate):
    return SuperOp(noise_options(text, 3)["noise_model"]._default_quantum_errors[gate])


@pytest.mark.parametrize("gate", ["ry", "h", "x"])
def test_one_qubit_gates_have_a_tenth_of_the_depolarizing_and_35_ns(gate):
    assert quantum_error("depolarizing=0.03", gate) == SuperOp(depolarizing_error(0.003, 1))
    assert quantum_error("thermal=50", gate) == SuperOp(thermal_relaxation_error(50e3, 50e3, 35))


def test_two_qubit_gates_have_all_of_the_depolarizing_and_300_ns_on_each_qubit():
    assert quantum_error("depolarizing=0.03", "cx") == SuperOp(depolarizing_error(0.03, 2))
    # Both qubits relax, whatever the other does: |11><11| survives with exp(-2 t / T1).
    relaxed = quantum_error("thermal=50", "cx")
    excited = np.zeros((4, 4))
    excited[3, 3] = 1
    survived = DensityMatrix(excited).evolve(relaxed).data[3, 3].real
    assert survived == pytest.approx(np.exp(-2 * 300 / 50e3), abs=1e-12)
    # T2 = T1: an amplitude between |00> and |10> falls by exp(-t / T2).
    coherent = np.zeros((4, 4), complex)
    coherent[[0, 0, 2, 2], [0, 2, 0, 2]] = 0.5
    left = DensityMatrix(coherent).evolve(relaxed).data[0, 2].real
    assert left == pytest.approx(0.5 * np.exp(-300 / 50e3), abs=1e-12)


def test_readout_errors_are_the_chance_to_read_a_bit_wrong():
    model = noise_options("readout=0.07", 3)["noise_model"]
    read = model._default_readout_error.probabilities
    assert np.allclose(read, [[0.93, 0.07], [0.07, 0.93]])


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("depolarizing", "depolarizing=0.01"),
        ("depolarising", "depolarizing=0.01"),
        ("depolarising=0.03", "depolarizing=0.03"),
        ("readout", "readout=0.02"),
        ("thermal", "thermal=100"),
        (" thermal , depolarizing", "thermal=100,depolarizing=0.01"),
    ],
)
def test_a_name_alone_has_its_usual_strength(short, long):
    models = [noise_options(text, 3)["noise_model"] for text in (short, long)]
    assert models[0] == models[1]
    assert not models[0].is_ideal()


def test_errors_of_one_gate_are_composed():
    both = quantum_error("depolarizing=0.1,thermal=2", "ry")
    one, two = SuperOp(depolarizing_error(0.01, 1)), SuperOp(thermal_relaxation_error(2e3, 2e3, 35))
    assert both == one.compose(two)
    assert both != one and both != two


def test_parts_join():
    model = noise_options("depolarising, readout=0.1,thermal", 3)["noise_model"]
    assert {"cx", "ry", "h", "x", "measure"} == set(model.noise_instructions)


def test_readout_is_a_confusion_matrix_on_every_bit():
    model = noise_options("readout=0.1", 2)["noise_model"]
    flips = np.array([[0.9, 0.1], [0.1, 0.9]])
    p = np.random.default_rng(1).dirichlet(np.ones(8), size=3)
    reference = np.einsum("rcba,cz,by,ax->rzyx", p.reshape(3, 2, 2, 2), flips, flips, flips)
    assert np.abs(apply_readout(p, model, [0, 1, 2]) - reference.reshape(3, 8)).max() < 1e-15


def dense_readout(p, matrices):
    """Reference: one product of matrices for all bits, bit 0 the rightmost factor."""
    whole = np.ones((1, 1))
    for matrix in matrices:
        whole = np.kron(matrix, whole)
    return p @ whole


LEFT, RIGHT = np.array([[0.98, 0.02], [0.15, 0.85]]), np.array([[0.7, 0.3], [0.05, 0.95]])


def test_reading_zero_wrong_and_reading_one_wrong_are_two_things():
    """P[a, b] is the chance to read b from a, as Aer has it."""
    model = NoiseModel()
    model.add_all_qubit_readout_error(ReadoutError(LEFT))
    p = np.random.default_rng(1).dirichlet(np.ones(4), size=3)
    read = apply_readout(p, model, [0, 1])
    assert np.abs(read - dense_readout(p, [LEFT, LEFT])).max() < 1e-15
    assert np.abs(read - dense_readout(p, [LEFT.T, LEFT.T])).max() > 0.01
    assert np.allclose(apply_readout(np.array([[0.0, 1.0]]), model, [0]), [[0.15, 0.85]])


@pytest.mark.parametrize("qubits", [[0, 1, 2], [2, 0, 1]])
def test_a_qubit_with_an_error_of_its_own_has_that_one(qubits):
    """Qubits 0 and 2 have their own, qubit 1 the one that all others have."""
    model = NoiseModel()
    model.add_all_qubit_readout_error(ReadoutError(np.eye(2) * 0.8 + 0.1))
    model.add_readout_error(ReadoutError(LEFT), [0])
    model.add_readout_error(ReadoutError(RIGHT), [2])
    own = [LEFT, np.eye(2) * 0.8 + 0.1, RIGHT]
    p = np.random.default_rng(1).dirichlet(np.ones(8), size=3)
    expected = dense_readout(p, [own[qubit] for qubit in qubits])
    assert np.abs(apply_readout(p, model, qubits) - expected).max() < 1e-15


def test_a_backend_is_imitated():
    assert noise_options("GenericBackendV2", 7)["imitate"].num_qubits == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depolarzing", "did you mean 'depolarizing'"),
        ("GenericBackend", "did you mean 'GenericBackendV2'"),
        ("readout=much", "'much', which is not a number"),
        ("readout=0.7", "below 0.5"),
        ("thermal=-1", "above 0"),
        ("depolarizing=nan", "above 0"),
        ("readout=0.1,shake", "but names 'shake'"),
    ],
)
def test_noise_that_is_none_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        noise_options(text, 3)


def test_a_fake_backend_without_its_extra_names_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "qiskit_ibm_runtime", None)
    with pytest.raises(ValueError, match=r"pip install 'qcattn\[fake\]'"):
        noise_options("FakeManilaV2", 3)
