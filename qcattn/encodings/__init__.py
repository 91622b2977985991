"""Encodings: scores to a Hamiltonian.

Every class says of itself what messages follow from:

- ``diagonal``: whether H is diagonal in the computational basis, so that counts follow softmax.
- ``binary``: whether keys are counted in binary, so that every basis state can have an energy;
  else each key has a qubit of its own.
- ``subsets``: whether an outcome is a set of keys, any number of them; else it is one key.
"""

from qcattn.walking import exports

__getattr__, __dir__ = exports("encodings")
