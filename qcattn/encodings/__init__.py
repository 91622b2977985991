"""Encodings: scores to a Hamiltonian."""

from qcattn.encodings.binary import Binary
from qcattn.encodings.one_hot import OneHot
from qcattn.encodings.rotated import Rotated
from qcattn.encodings.transverse import Transverse

__all__ = ["Binary", "OneHot", "Rotated", "Transverse"]
