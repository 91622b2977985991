"""Encodings: scores to a Hamiltonian."""

from qcattn.walking import exports

__getattr__, __dir__ = exports("encodings")
