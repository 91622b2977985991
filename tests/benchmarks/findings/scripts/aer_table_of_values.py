"""Aer gives one result for a table of three values of crx, cry, crz, cp or cu.

What is right: every row of values has its own result.
"""

import sys

from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_aer import AerSimulator

angle = Parameter("angle")
circuit = QuantumCircuit(2, 2)
circuit.h(0)
circuit.crx(angle, 0, 1)
circuit.measure([0, 1], [0, 1])
binds = [{angle: [0.5, 1.5, 2.5]}]
result = AerSimulator().run([circuit], shots=1000, parameter_binds=binds).result()
print(f"{len(result.results)} results came for 3 values")
sys.exit(int(len(result.results) != 3))
