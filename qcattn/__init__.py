"""Attention scores as thermal circuits, sampled on Aer and compared with softmax.

    scores -> Hamiltonian -> parameterised circuit -> counts -> verdict -> picture

Example:
    >>> import qcattn
    >>> result = qcattn.run([[0.0, 1.0, 2.0]], shots=1000, seed=7)
    >>> result.agrees
    True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qcattn.attention import softmax
    from qcattn.backends import Aer, Sampler
    from qcattn.claims import run_claims
    from qcattn.comparisons import (
        Monitor,
        acceptance,
        certify,
        expected,
        fit,
        independent,
        plan,
        same,
    )
    from qcattn.encodings import Binary, OneHot, Rotated, Transverse
    from qcattn.errors import Interrupted
    from qcattn.experiment import run
    from qcattn.folders.findings import load_findings, save_findings
    from qcattn.folders.results import load, save
    from qcattn.preparations import (
        QITE,
        QSVT,
        Amplified,
        Amplitude,
        DetailedBalance,
        Heralded,
        ImaginaryTime,
        Purification,
        SystemBath,
        ThermofieldQAOA,
        Variational,
    )
    from qcattn.records import Hamiltonian
    from qcattn.sweeps import Grid, sweep
    from qcattn.trials import prepare

# Where each public name lives. It is imported when it is first used, so that `import qcattn`
# and `qcattn --help` do not wait for Qiskit.
_HOMES = {
    "Aer": "backends",
    "Amplified": "preparations",
    "Amplitude": "preparations",
    "Binary": "encodings",
    "DetailedBalance": "preparations",
    "Grid": "sweeps",
    "Hamiltonian": "records",
    "Heralded": "preparations",
    "ImaginaryTime": "preparations",
    "Interrupted": "errors",
    "Monitor": "comparisons",
    "OneHot": "encodings",
    "Purification": "preparations",
    "QITE": "preparations",
    "QSVT": "preparations",
    "Rotated": "encodings",
    "Sampler": "backends",
    "SystemBath": "preparations",
    "ThermofieldQAOA": "preparations",
    "Transverse": "encodings",
    "Variational": "preparations",
    "acceptance": "comparisons",
    "certify": "comparisons",
    "expected": "comparisons",
    "fit": "comparisons",
    "independent": "comparisons",
    "load": "folders.results",
    "load_findings": "folders.findings",
    "plan": "comparisons",
    "prepare": "trials",
    "run": "experiment",
    "run_claims": "claims",
    "same": "comparisons",
    "save": "folders.results",
    "save_findings": "folders.findings",
    "softmax": "attention",
    "sweep": "sweeps",
}

__all__ = [
    "QITE",
    "QSVT",
    "Aer",
    "Amplified",
    "Amplitude",
    "Binary",
    "DetailedBalance",
    "Grid",
    "Hamiltonian",
    "Heralded",
    "ImaginaryTime",
    "Interrupted",
    "Monitor",
    "OneHot",
    "Purification",
    "Rotated",
    "Sampler",
    "SystemBath",
    "ThermofieldQAOA",
    "Transverse",
    "Variational",
    "acceptance",
    "certify",
    "expected",
    "fit",
    "independent",
    "load",
    "load_findings",
    "plan",
    "prepare",
    "run",
    "run_claims",
    "same",
    "save",
    "save_findings",
    "softmax",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'qcattn' has no attribute {name!r}")
    value = getattr(import_module(f"qcattn.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
