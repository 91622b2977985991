"""Aer's SamplerV2 takes the angle of a controlled rotation as 0, and empties all rows but one.

What is right: qubit 1 is read as 1 in half of sin(0.6)**2 = .32 of the shots, in either row.
A correct sampler makes this exit with 1 less than once in a million runs.
"""

import sys

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_aer.primitives import SamplerV2
from scipy import stats

angle = Parameter("angle")
circuit = QuantumCircuit(2, 2)
circuit.h(0)
circuit.crx(angle, 0, 1)
circuit.measure([0, 1], [0, 1])
shots, failed = 20_000, False
data = SamplerV2(seed=1).run([(circuit, [[1.2], [1.2]], shots)]).result()[0].data.c
for row in range(2):
    ones = sum(count for bits, count in data[row].get_counts().items() if bits[0] == "1")
    right = np.sin(0.6) ** 2 / 2
    p = stats.binomtest(ones, shots, right).pvalue
    print(f"row {row}: {ones} ones, {shots * right:.0f} are right, p = {p:.1e}")
    failed |= p < 1e-6
sys.exit(int(failed))
