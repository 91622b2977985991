"""PUBs of one job of Qiskit's StatevectorEstimator have the same error.

What is right: the errors of two PUBs are independent; two are equal to the last bit never.
"""

import sys

from qiskit import QuantumCircuit
from qiskit.primitives import StatevectorEstimator

circuit = QuantumCircuit(1)
circuit.h(0)
result = StatevectorEstimator(seed=1).run([(circuit, "Z")] * 2, precision=0.01).result()
one, other = (float(each.data.evs) for each in result)
print(f"errors of two PUBs: {one:.6f} and {other:.6f}")
sys.exit(int(one == other))
