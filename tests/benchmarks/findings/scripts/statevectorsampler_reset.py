"""StatevectorSampler: a qubit that is entangled and reset collapses once for all shots.

What is right: of a pair H, CNOT, of which one qubit is reset, the other gives 0 and 1 in half of
the shots each. The sampler gives one of them in all shots of a run. A correct one makes this exit
with 1 less than once in a million times.
"""

import sys

from qiskit import QuantumCircuit, __version__
from qiskit.primitives import StatevectorSampler

SHOTS = 1000

circuit = QuantumCircuit(2)
circuit.h(0)
circuit.cx(0, 1)
circuit.reset(0)
circuit.measure_all()

failed = False
for run in range(3):
    counts = StatevectorSampler().run([circuit], shots=SHOTS).result()[0].data.meas.get_counts()
    ones = counts.get("10", 0)
    print(f"run {run}: {ones} of {SHOTS} shots read 1, {SHOTS // 2} expected, +-{6 * 16}")
    failed |= abs(ones - SHOTS // 2) > 6 * 16
print("Qiskit", __version__)
sys.exit(1 if failed else 0)
