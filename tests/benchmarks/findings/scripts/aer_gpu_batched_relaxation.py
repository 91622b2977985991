"""Aer on a GPU samples thermal relaxation of two qubits wrongly; needs qiskit-aer-gpu and a GPU.

What is right: the probabilities of the density matrix.
"""

import sys

import numpy as np
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, thermal_relaxation_error

one = thermal_relaxation_error(50.0, 30.0, 20.0)
noise = NoiseModel()
noise.add_all_qubit_quantum_error(one.expand(one), "cx")
circuit = QuantumCircuit(2)
circuit.ry(0.6, 0)
circuit.ry(0.8, 1)
circuit.cx(0, 1)
circuit.rx(0.7, 0)
circuit.rx(0.5, 1)
exact = circuit.copy()
exact.save_probabilities()
exact_simulator = AerSimulator(method="density_matrix", noise_model=noise)
law = exact_simulator.run(exact).result().data()["probabilities"]
circuit.measure_all()
simulator = AerSimulator(
    method="statevector", device="GPU", batched_shots_gpu=True, noise_model=noise
)
counts = simulator.run(circuit, shots=20_000, seed_simulator=1).result().get_counts()
seen = np.array([counts.get(f"{reading:02b}", 0) for reading in range(4)]) / 20_000
print(f"seen {np.round(seen, 3)}, right {np.round(law, 3)}")
sys.exit(int(np.abs(seen - law).max() > 0.025))  # seven standard deviations
