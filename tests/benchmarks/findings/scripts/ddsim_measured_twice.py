"""MQT DDSIM writes a qubit that is measured twice into the last bit only.

What is right: both bits read the same, 00 and 11.
"""

import sys

from mqt.ddsim import DDSIMProvider
from qiskit import QuantumCircuit

circuit = QuantumCircuit(1, 2)
circuit.h(0)
circuit.measure(0, 0)
circuit.measure(0, 1)
backend = DDSIMProvider().get_backend("qasm_simulator")
counts = backend.run(circuit, shots=1000).result().get_counts()
print(f"seen {counts}; right are 00 and 11 alone")
sys.exit(int(not set(counts) <= {"00", "11"}))
