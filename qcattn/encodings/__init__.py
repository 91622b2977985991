"""Encodings: scores to a Hamiltonian and the basis states that stand for the keys."""

from qcattn.encodings.binary import Binary
from qcattn.encodings.one_hot import OneHot

__all__ = ["Binary", "OneHot"]
