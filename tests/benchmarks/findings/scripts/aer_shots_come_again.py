"""Aer's circuits that run shot by shot give the shots of the circuit before, 2,113 places on.

What is right: the shots of two circuits of a job are independent.
A correct simulator makes this exit with 1 less than once in a million runs.
"""

import sys

import numpy as np
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from scipy import stats

circuit = QuantumCircuit(1, 1)
circuit.h(0)
circuit.reset(0)
circuit.h(0)
circuit.measure(0, 0)
result = AerSimulator().run([circuit] * 2, shots=6000, memory=True, seed_simulator=1).result()
one, other = (np.array(result.get_memory(place)) for place in range(2))
equal = int((one[2113:] == other[:-2113]).sum())
p = stats.binomtest(equal, 6000 - 2113, 0.5).pvalue
print(f"{equal} of {6000 - 2113} shots are equal, half would be by chance, p = {p:.1e}")
sys.exit(int(p < 1e-6))
