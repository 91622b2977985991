"""Preparations: a Hamiltonian and beta to a circuit whose counts should be thermal."""

from qcattn.preparations.amplified import Amplified
from qcattn.preparations.amplitude import Amplitude
from qcattn.preparations.detailed_balance import DetailedBalance
from qcattn.preparations.heralded import Heralded
from qcattn.preparations.imaginary_time import ImaginaryTime
from qcattn.preparations.purification import Purification
from qcattn.preparations.qite import QITE
from qcattn.preparations.qsvt import QSVT
from qcattn.preparations.system_bath import SystemBath
from qcattn.preparations.thermofield_qaoa import ThermofieldQAOA
from qcattn.preparations.variational import Variational

__all__ = [
    "QITE",
    "QSVT",
    "Amplified",
    "Amplitude",
    "DetailedBalance",
    "Heralded",
    "ImaginaryTime",
    "Purification",
    "SystemBath",
    "ThermofieldQAOA",
    "Variational",
]
