"""PUBs of one job of Aer's SamplerV2 that differ in their shots are drawn with the same seed.

What is right: the shots of two PUBs are independent, so that half of those of two coins are equal.
A correct sampler makes this exit with 1 less than once in a million runs.
"""

import sys

from qiskit import QuantumCircuit
from qiskit_aer.primitives import SamplerV2
from scipy import stats

circuit = QuantumCircuit(1, 1)
circuit.h(0)
circuit.measure(0, 0)
result = SamplerV2(seed=1).run([(circuit, [], 4000), (circuit, [], 4001)]).result()
one, other = (each.data.c.array[-4000:, 0] for each in result)  # from the end: Aer draws so
equal = int((one == other).sum())
p = stats.binomtest(equal, 4000, 0.5).pvalue
print(f"{equal} of 4000 shots are equal, 2000 would be by chance, p = {p:.1e}")
sys.exit(int(p < 1e-6))
