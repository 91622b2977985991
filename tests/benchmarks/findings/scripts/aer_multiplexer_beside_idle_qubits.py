"""A multiplexer above qubits on which nothing acts: the process ends, or the law is another one.

Aer leaves out qubits that are not used and numbers the others anew, but not the controls of a
multiplexer. What is right: the frequencies of the same gates without those qubits. Each circuit is
run by a process of its own, whose end this one tells.
"""

import subprocess
import sys

DRAWN = """
import sys
import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import UCGate
from qiskit_aer import AerSimulator

unused = int(sys.argv[1])
turns = [(0.3, 1.0), (1.2, 0.2), (2.1, 2.0), (0.7, 0.4)]
gates = [
    np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) @ np.diag([1, np.exp(1j * b)])
    for a, b in turns
]
used = [unused, unused + 1, unused + 2]
circuit = QuantumCircuit(unused + 3, 3)
circuit.h(used)
circuit.append(UCGate(gates), used)
circuit.measure(used, range(3))
backend = AerSimulator()
made = transpile(circuit, backend, optimization_level=0)
counts = backend.run(made, shots=100_000).result().get_counts()
print(" ".join(str(counts.get(format(key, "03b"), 0)) for key in range(8)))
"""


def drawn(unused):
    """Counts of the outcomes, or None, and the code with which the process ended."""
    ended = subprocess.run(
        [sys.executable, "-c", DRAWN, str(unused)], check=False, capture_output=True, text=True
    )
    counts = [int(text) for text in ended.stdout.split()] if not ended.returncode else None
    return counts, ended.returncode


right, _ = drawn(0)
wrong = 0
for unused in (0, 1, 2, 3):
    counts, code = drawn(unused)
    if counts is None:
        said = f"the process ended with code {code}"
        wrong += 1
    else:
        off = sum(abs(one - other) for one, other in zip(counts, right, strict=True)) / 2e5
        said = f"counts {counts}, {off:.3f} in total variation from those without unused qubits"
        wrong += off > 0.02
    print(f"{unused} unused qubits: {said}")
print("right is a total variation below 0.02, and no end of the process")
sys.exit(int(wrong > 0))
