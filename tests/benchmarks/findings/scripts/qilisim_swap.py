"""QiliSim's SWAP of two qubits does nothing where neither of them is qubit 0.

What is right: X on qubit 1, then SWAP(1, 2), gives 001: qubit 2 alone reads 1, qubit 0 is leftmost.
"""

import sys

from qilisdk import backends, digital, functionals, readout

circuit = digital.Circuit(3)
circuit.add(digital.X(1))
circuit.add(digital.SWAP(1, 2))
asked = readout.Readout().with_sampling(nshots=100)
simulator = backends.QiliSim()
counts = dict(simulator.execute(functionals.DigitalPropagation(circuit), asked).get_samples())
print(f"seen {counts}; right is 001 alone")
sys.exit(int(set(counts) != {"001"}))
