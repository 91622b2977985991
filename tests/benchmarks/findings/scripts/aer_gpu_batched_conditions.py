"""Aer on a GPU refuses a condition in a batch of shots; needs qiskit-aer-gpu and a GPU.

What is right: the circuit runs, as it does without ``batched_shots_gpu``.
"""

import sys

from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

circuit = QuantumCircuit(1, 1)
circuit.h(0)
circuit.measure(0, 0)
with circuit.if_test((circuit.clbits[0], 1)):
    circuit.x(0)
circuit.measure(0, 0)
failed = {}
for batched in (False, True):
    simulator = AerSimulator(method="statevector", device="GPU", batched_shots_gpu=batched)
    result = simulator.run(circuit, shots=100, seed_simulator=1).result()
    failed[batched] = not result.success
    print(f"batched_shots_gpu={batched}: {result.status}")
sys.exit(int(failed[True]))
