"""Backends: a prepared circuit, shots and a seed to counts."""

from qcattn.backends.aer import Aer
from qcattn.backends.sampler import Sampler

__all__ = ["Aer", "Sampler"]
