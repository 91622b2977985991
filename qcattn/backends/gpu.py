"""Whether a GPU is here that runs circuits, and gives the probabilities that the CPU gives."""

from __future__ import annotations

import os
import subprocess
import warnings
from functools import lru_cache

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit_aer import AerError, AerSimulator

from qcattn.backends.streams import run_bound
from qcattn.errors import Doubtful
from qcattn.versions import package_versions

__all__ = ["gpu_refused", "gpu_works"]

#: Rows, qubits and layers of the batch that is compared: enough rows that one takes the place of
#: another where Aer mixes them up, and angles of gates on one and on two qubits.
_ROWS, _QUBITS, _LAYERS = 8, 4, 2
#: How far rounding may move probabilities apart.
_ROUNDING = {"double": 1e-10, "single": 1e-4}


def gpu_works() -> bool:
    """Whether Aer runs circuits on a GPU here and gives the right results."""
    return not gpu_refused()


@lru_cache(maxsize=1)
def gpu_refused() -> str:
    """Why no GPU is used here, or "" if one is.

    Aer's own list of devices may be wrong, and so may be what a GPU computes: Aer 0.18 gave other
    probabilities there where one circuit held several rows. So a small batch of bindings is run
    once, as `Aer` runs it, on the GPU and on the CPU, in both precisions, and each probability
    must be the same to rounding.

    Warns:
        Doubtful: If there is a GPU that gives other probabilities.
    """
    if "GPU" not in AerSimulator().available_devices():
        return "Aer knows of none here"
    for precision, rounding in _ROUNDING.items():
        try:
            found = _probabilities("GPU", precision)
        except (RuntimeError, AerError):
            return "Aer runs no circuit on one here"
        farthest = float(np.abs(found - _probabilities("CPU", "double")).max())
        if not farthest <= rounding:  # nor where it is no number
            refused = (
                f"{_name()} gives probabilities of a small batch that differ by {farthest:.2g} "
                f"from those of the CPU in {precision} precision "
                f"(Aer {package_versions()['qiskit-aer']})"
            )
            warnings.warn(f"the GPU is not used: {refused}", Doubtful, stacklevel=3)
            return refused
    return ""


def _probabilities(device: str, precision: str) -> np.ndarray:
    """Exact probabilities of a small batch of bindings, shape (rows, outcomes)."""
    angles = ParameterVector("a", 3 * _QUBITS * _LAYERS)
    circuit = QuantumCircuit(_QUBITS)
    for place in range(_QUBITS * _LAYERS):
        first, second, third = angles[3 * place : 3 * place + 3]
        qubit, next_one = place % _QUBITS, (place + 1) % _QUBITS
        circuit.ry(first, qubit)
        circuit.rz(second, qubit)
        circuit.cx(qubit, next_one)
        circuit.rxx(third, qubit, next_one)
    rows = np.random.default_rng(1).normal(size=(_ROWS, len(angles)))
    simulator = AerSimulator(
        device=device, precision=precision, method="statevector", max_parallel_threads=1,
        runtime_parameter_bind_enable=True,
    )  # fmt: skip
    circuit.save_probabilities(label="law")
    return np.array([one.data.law for one in run_bound(simulator, circuit, rows, 1, 0)])


def _name() -> str:
    """What the GPU is called."""
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        said = subprocess.run(
            query, check=True, capture_output=True, text=True, timeout=20, env=os.environ.copy()
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return "the GPU"
    return said.strip().replace("\n", ", ") or "the GPU"
