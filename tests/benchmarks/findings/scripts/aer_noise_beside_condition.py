"""Aer leaves out the noise of a gate in a circuit that has a condition, which never holds here.

What is right: the error flips the bit in 20% of the shots.
A correct simulator makes this exit with 1 less than once in a million runs.
"""

import sys

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, pauli_error
from scipy import stats

never, c = ClassicalRegister(1, "never"), ClassicalRegister(1, "c")
circuit = QuantumCircuit(QuantumRegister(1, "q"), never, c)
with circuit.if_test((never[0], 1)):
    circuit.x(0)
circuit.ry(0.0, 0)
circuit.measure(0, c[0])
noise = NoiseModel()
noise.add_all_qubit_quantum_error(pauli_error([("X", 0.2), ("I", 0.8)]), "ry")
shots = 10_000
counts = AerSimulator().run(circuit, shots=shots, noise_model=noise).result().get_counts()
ones = sum(count for bits, count in counts.items() if bits.startswith("1"))
p = stats.binomtest(ones, shots, 0.2).pvalue
print(f"{ones} of {shots} shots are flipped, {0.2 * shots:.0f} are right, p = {p:.1e}")
sys.exit(int(p < 1e-6))
