"""Aer on a GPU gives rows of values the angles of other rows; needs qiskit-aer-gpu and a GPU.

What is right: rxx of an angle turns 00 into 11 with probability sin(angle / 2) ** 2.
"""

import sys

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_aer import AerSimulator

angle = Parameter("angle")
circuit = QuantumCircuit(2, 2)
circuit.rxx(angle, 0, 1)
circuit.measure([0, 1], [0, 1])
angles = np.linspace(0.2, 2.9, 8)
simulator = AerSimulator(
    method="statevector",
    device="GPU",
    batched_shots_gpu=True,
    runtime_parameter_bind_enable=True,
)
binds = [{angle: list(angles)}]
result = simulator.run([circuit], shots=10_000, parameter_binds=binds, seed_simulator=1).result()
farthest = 0.0
for place, right in enumerate(np.sin(angles / 2) ** 2):
    seen = result.get_counts(place).get("11", 0) / 10_000
    print(f"angle {angles[place]:.2f}: 11 in {seen:.3f} of the shots, {right:.3f} is right")
    farthest = max(farthest, abs(seen - right))
sys.exit(int(farthest > 0.03))  # six standard deviations
