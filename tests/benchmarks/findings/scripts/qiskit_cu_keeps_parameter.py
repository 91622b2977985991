"""A bound circuit with cu still has the parameter in the definition that the gate is run by.

What is right: with all its angles 0 the gate does nothing.
"""

import sys

from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

angle = Parameter("angle")
circuit = QuantumCircuit(2)
circuit.cu(angle, 0, 0, 0, 0, 1)
bound = circuit.assign_parameters({angle: 0.0})
definition = bound.data[0].operation.definition
left = sorted(parameter.name for parameter in definition.parameters)
print(f"parameters of the definition of the bound gate: {left}; right is none")
sys.exit(int(bool(left)))
