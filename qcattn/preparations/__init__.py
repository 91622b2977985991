"""Preparations: a Hamiltonian and beta to a circuit whose counts should be thermal."""

from qcattn.preparations.amplified import Amplified
from qcattn.preparations.amplitude import Amplitude
from qcattn.preparations.detailed_balance import DetailedBalance
from qcattn.preparations.heralded import Heralded
from qcattn.preparations.imaginary_time import ImaginaryTime
from qcattn.preparations.purification import Purification
from qcattn.preparations.qsvt import QSVT
from qcattn.preparations.thermofield_qaoa import ThermofieldQAOA

__all__ = [
    "QSVT",
    "Amplified",
    "Amplitude",
    "DetailedBalance",
    "Heralded",
    "ImaginaryTime",
    "Purification",
    "ThermofieldQAOA",
]
