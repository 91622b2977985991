"""A GPU, where one runs a circuit: the same law, independent rows, both precisions."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, thermal_relaxation_error

from qcattn import run_circuit
from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.aer import gpu_works
from qcattn.backends.noise import noise_options
from qcattn.comparisons import fit, independent, same
from qcattn.encodings import Binary
from qcattn.preparations import Amplitude, Heralded, Purification

pytestmark = pytest.mark.skipif(not gpu_works(), reason="no circuit runs on a GPU here")

SCORES = np.random.default_rng(3).normal(scale=2.0, size=(40, 16))


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("draws", ["shots", "born"])
@pytest.mark.parametrize("preparation", [Amplitude(), Heralded()])
def test_batches_of_small_states_give_softmax(preparation, draws, precision):
    """False-failure rate 1e-8; the planted fault is the same counts against 1.1 beta."""
    backend = Aer(device="GPU", draws=draws, precision=precision)
    counts = backend(preparation(Binary()(SCORES), beta=1.0), 20_000, seed=4)
    assert fit(counts, softmax(SCORES), alpha=1e-8).overall() > 1e-8
    assert fit(counts, softmax(SCORES, beta=1.1), alpha=1e-8).overall() <= 1e-8


@pytest.mark.parametrize("precision", ["double", "single"])
def test_one_large_state_gives_softmax(precision):
    """20 qubits. False-failure rate 1e-8; the planted fault is the law turned by one key."""
    scores = np.random.default_rng(4).normal(scale=2.0, size=2**10)
    counts = Aer(device="GPU", precision=precision)(
        Purification()(Binary()(scores), beta=1.0), 100_000, seed=4
    )
    assert fit(counts, softmax(scores), alpha=1e-8).overall() > 1e-8
    assert fit(counts, np.roll(softmax(scores), 1), alpha=1e-8).overall() <= 1e-8


def test_noise_is_that_of_the_cpu():
    """A pair of draws is refuted at 1e-3, two in a row with probability 1e-6."""
    prepared = Amplitude()(Binary()(SCORES[:2]), beta=1.0)

    def differ(noise):
        return all(
            same(
                Aer(device="GPU", **noise_options("depolarizing=0.03", 4))(prepared, 4000, 1 + k),
                Aer(device="CPU", **noise_options(noise, 4))(prepared, 4000, 5 + k),
                alpha=1e-3,
                permutations=2999,
            ).refuted
            for k in range(2)
        )

    assert not differ("depolarizing=0.03")
    assert differ("depolarizing=0.2")


def test_rows_are_independent():
    """At 1e-6, as in test_independence.py; the planted fault is a row that is another one."""
    rows = Amplitude()(Binary()(np.tile(SCORES[0], (3, 1))), beta=1.0)
    memories = list(Aer(device="GPU").memories(rows, 2000, seed=5))
    assert not independent(memories, alpha=1e-6, parts=["shift"]).refuted
    memories[2] = np.roll(memories[0], 50)
    assert independent(memories, alpha=1e-6, parts=["shift"]).refuted


def test_angles_of_gates_on_two_qubits_belong_to_their_row():
    """False-failure rate 1e-8; the planted fault is that rows get each other's angles.

    With `batched_shots_gpu`, Aer 0.18 gives all rows the angle of one of them.
    """
    circuit = QuantumCircuit(2)
    circuit.rxx(Parameter("angle"), 0, 1)
    angles = np.linspace(0.2, 2.9, 20)
    law = np.zeros((20, 4))
    law[:, 0], law[:, 3] = np.cos(angles / 2) ** 2, np.sin(angles / 2) ** 2

    def agrees(values):
        backend = Aer(device="GPU")
        return run_circuit(
            circuit, law, values=values[:, None], shots=2000, seed=1, backend=backend, alpha=1e-8
        ).agrees

    assert agrees(angles)
    assert not agrees(angles[::-1])


def test_thermal_relaxation_of_two_qubits_is_that_of_the_density_matrix():
    """False-failure rate 1e-8; the planted fault is a half of the time to relax.

    With `batched_shots_gpu`, Aer 0.18 gives counts of a statevector that are .05 away.
    """
    circuit = QuantumCircuit(2)
    circuit.ry(0.6, 0), circuit.ry(0.8, 1), circuit.cx(0, 1), circuit.rx(0.7, 0), circuit.rx(0.5, 1)

    def noise(time):
        one = thermal_relaxation_error(50.0, 30.0, time)
        model = NoiseModel()
        model.add_all_qubit_quantum_error(one.expand(one), "cx")
        return model

    exact = circuit.copy()
    exact.save_probabilities()
    simulator = AerSimulator(method="density_matrix", device="CPU", noise_model=noise(20.0))
    law = np.asarray(simulator.run(exact).result().data()["probabilities"])

    def agrees(time):
        backend = Aer(device="GPU", method="statevector", noise_model=noise(time))
        return run_circuit(circuit, law, shots=10_000, seed=2, backend=backend, alpha=1e-8).agrees

    assert agrees(20.0)
    assert not agrees(10.0)
