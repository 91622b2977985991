"""Preparations: a Hamiltonian and beta to a circuit whose counts should be thermal."""

from qcattn.walking import exports

__getattr__, __dir__ = exports("preparations")
