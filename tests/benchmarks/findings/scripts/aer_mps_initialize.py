"""Two qubits that are entangled with a third are initialized: by MPS they are in another state.

What is right: the two qubits read 00, 01, 10 and 11 with chances .25, .25, .01 and .49, whatever
they were before. The method of matrix product states is right where nothing joins a third one to
them, and wrong, without a word, where the third is entangled with them.
"""

import sys

from qiskit import QuantumCircuit, transpile
from qiskit_aer import AerSimulator

SHOTS = 20_000
STATE, RIGHT = [0.5, 0.5, 0.1, 0.7], {"00": 0.25, "01": 0.25, "10": 0.01, "11": 0.49}


def shares(method, joined):
    """How often the two qubits read what, as shares of the shots."""
    circuit = QuantumCircuit(3, 2)
    for qubit, angle in enumerate((0.9, 1.3, 1.7)):
        circuit.ry(angle, qubit)
    circuit.cx(0, 1)
    if joined:
        circuit.cx(1, 2)
    circuit.initialize(STATE, [0, 1])
    circuit.measure([0, 1], [0, 1])
    backend = AerSimulator(method=method)
    made = transpile(circuit, backend, optimization_level=0)
    counts = backend.run(made, shots=SHOTS).result().get_counts()
    return {reading: counts.get(reading, 0) / SHOTS for reading in RIGHT}


wrong = 0
for method in ("statevector", "density_matrix", "matrix_product_state"):
    for joined in (False, True):
        found = shares(method, joined)
        off = sum(abs(found[reading] - chance) for reading, chance in RIGHT.items()) / 2
        wrong += off > 0.03
        others = "entangled with a third" if joined else "by themselves"
        print(f"{method}, two qubits {others}: {found}, {off:.3f} in total variation from right")
print("right is a total variation below 0.03")
sys.exit(int(wrong > 0))
