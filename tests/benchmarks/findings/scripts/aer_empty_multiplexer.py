"""The inverse of a state preparation, transpiled for Aer, ends the process that runs it.

What is right: the state that was prepared is taken back, so that every shot is 0. The circuit is
run by a process of its own, whose end this one tells.
"""

import subprocess
import sys

DRAWN = """
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import StatePreparation
from qiskit_aer import AerSimulator

backend = AerSimulator()
circuit = QuantumCircuit(1)
circuit.append(StatePreparation([0.6, 0.8]), [0])
circuit.append(StatePreparation([0.6, 0.8]).inverse(), [0])
circuit.measure_all()
made = transpile(circuit, backend, optimization_level=0)
print([(one.operation.name, len(one.operation.params)) for one in made.data], flush=True)
print(backend.run(made, shots=100).result().get_counts(), flush=True)
"""

ended = subprocess.run([sys.executable, "-c", DRAWN], check=False).returncode
print(f"the process ended with code {ended}; right is 0")
sys.exit(int(ended != 0))
