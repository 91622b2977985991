"""Aer refuses a condition on a register inside a block of another condition, on another register.

What is right: all bits are 0, so that nothing is done, and every shot reads 0.
"""

import sys

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit_aer import AerSimulator

a, b, c = ClassicalRegister(2, "a"), ClassicalRegister(1, "b"), ClassicalRegister(1, "c")
circuit = QuantumCircuit(QuantumRegister(1, "q"), a, b, c)
with circuit.if_test((b[0], 1)), circuit.if_test((a, 1)):
    circuit.x(0)
circuit.measure(0, c[0])
try:
    counts = AerSimulator().run(circuit, shots=100).result().get_counts()
except Exception as error:
    print(f"{type(error).__name__}: {error}")
    sys.exit(1)
print(f"seen {counts}; right is 0 0 00 alone")
sys.exit(int(set(counts) != {"0 0 00"}))
