"""Preparations: a Hamiltonian and beta to a circuit whose counts should be thermal."""

from qcattn.preparations.amplitude import Amplitude
from qcattn.preparations.heralded import Heralded
from qcattn.preparations.purification import Purification

__all__ = ["Amplitude", "Heralded", "Purification"]
