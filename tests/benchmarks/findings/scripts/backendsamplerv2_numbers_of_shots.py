"""PUBs of one job of Qiskit's BackendSamplerV2 that differ in their shots have one seed.

What is right: the shots of two PUBs are independent, so that half of those of two coins are equal.
A correct sampler makes this exit with 1 less than once in a million runs.
"""

import sys

from qiskit import QuantumCircuit
from qiskit.primitives import BackendSamplerV2
from qiskit.providers.basic_provider import BasicSimulator
from scipy import stats

circuit = QuantumCircuit(1, 1)
circuit.h(0)
circuit.measure(0, 0)
sampler = BackendSamplerV2(backend=BasicSimulator(), options={"seed_simulator": 1})
result = sampler.run([(circuit, [], 4000), (circuit, [], 4001)]).result()
one, other = (each.data.c.array[:4000, 0] for each in result)
equal = int((one == other).sum())
p = stats.binomtest(equal, 4000, 0.5).pvalue
print(f"{equal} of 4000 shots are equal, 2000 would be by chance, p = {p:.1e}")
sys.exit(int(p < 1e-6))
