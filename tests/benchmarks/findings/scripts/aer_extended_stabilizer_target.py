"""A circuit that was transpiled for Aer's extended stabilizer is refused by it.

What is right: what the target lists, runs.
"""

import sys

from qiskit import QuantumCircuit, transpile
from qiskit_aer import AerSimulator

backend = AerSimulator(method="extended_stabilizer")
circuit = QuantumCircuit(1, 1)
circuit.rx(0.3, 0)
circuit.measure(0, 0)
fitted = transpile(circuit, backend, optimization_level=0)
result = backend.run(fitted, shots=100).result()
listed = set(fitted.count_ops()) <= set(backend.operation_names)
print(f"{dict(fitted.count_ops())} all listed: {listed}; ran: {result.success}, {result.status}")
sys.exit(int(not result.success))
