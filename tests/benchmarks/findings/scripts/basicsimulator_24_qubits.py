"""BasicSimulator takes circuits of 24 qubits and lists ccx, but not both together.

What is right: the qubits are all in 0, and every shot is 0. On 23 qubits it is so.
"""

import sys

from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.providers.basic_provider import BasicSimulator

circuit = QuantumCircuit(24, 1)
circuit.ccx(0, 1, 2)
circuit.measure(2, 0)
try:
    counts = BasicSimulator().run(circuit, shots=100).result().get_counts()
except QiskitError as error:
    print(f"QiskitError: {error.message}; right is that 100 shots are 0")
    sys.exit(1)
print(f"{counts}; right is that 100 shots are 0")
sys.exit(int(counts != {"0": 100}))
