"""A job of two circuits, of which the first fails, ends the process that runs it.

What is right: the first result names the failure, as it does where that circuit comes last, and
the second is DONE. The job is run by a process of its own, whose end this one tells.
"""

import subprocess
import sys

DRAWN = """
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

fails, runs = QuantumCircuit(1, 1), QuantumCircuit(1, 1)
fails.rx(0.3, 0)  # which the target of this method lists, and the method refuses
for circuit in (fails, runs):
    circuit.h(0)
    circuit.measure(0, 0)
for job in ([runs, fails], [fails, runs]):
    result = AerSimulator(method="extended_stabilizer").run(job, shots=100).result()
    print([one.status for one in result.results], flush=True)
"""

ended = subprocess.run([sys.executable, "-c", DRAWN], check=False).returncode
print(f"the process ended with code {ended}; right is 0")
sys.exit(int(ended != 0))
