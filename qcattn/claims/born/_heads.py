r"""A register of heads with phases, and how coherent it is.

The state :math:`H^{-1/2} \sum_h e^{i\phi_h} |h\rangle` of H heads is read in the basis of Walsh
functions, of which the first is uniform: it comes out with probability :math:`r^2`. If another
register holds a copy of h, the heads are dephased, :math:`\rho = \sum_h |h\rangle\langle h|/H`.

*Bounds on the coherence* :math:`C = \sum_{h \ne h'} |\rho_{hh'}|` [1] from counts. The fidelity F
with any pure state of equal moduli gives :math:`C \ge H F - 1`, since :math:`H F = \sum_{hh'}
e^{i(\phi_{h'} - \phi_h)} \rho_{hh'} \le 1 + C`. The purity gives :math:`C \le \sqrt{H (H-1)
(\mathrm{Tr}\,\rho^2 - 1/H)}` by Cauchy and Schwarz.

References:
    [1] T. Baumgratz, M. Cramer and M. B. Plenio, Phys. Rev. Lett. 113, 140401 (2014), eq. (5).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import DiagonalGate
from scipy.linalg import hadamard

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import proportion
from qcattn.certification.purity import purity_interval, swap_test
from qcattn.encodings import Binary
from qcattn.evidence import Estimate
from qcattn.preparations.amplitudes import amplitude_angles, append_amplitudes
from qcattn.preparations.gates import compiled
from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared

__all__ = ["attending_register", "coherence", "head_register", "head_state", "l1_coherence"]


def head_state(phases: np.ndarray, *, dephased: bool) -> np.ndarray:
    """Density matrix of the heads, shape (heads, heads), by the formula of the module."""
    vector = np.exp(1j * phases) / np.sqrt(len(phases))
    return np.diag(np.abs(vector) ** 2) if dephased else np.outer(vector, vector.conj())


def l1_coherence(state: np.ndarray) -> float:
    """Sum of the moduli off the diagonal."""
    return float(np.abs(state).sum() - np.abs(np.diag(state)).sum())


def head_register(phases: np.ndarray, *, dephased: bool, undone: bool = False) -> Prepared:
    """A register of heads with phases, read in the Walsh basis; outcome 0 is the uniform state.

    Args:
        phases: Shape (2**n,), radians.
        dephased: Whether another register holds a copy of the head.
        undone: Whether the phases are turned back before reading: then outcome 0 is the state that
            is meant.

    Returns:
        Prepared of shape ().

    Example:
        >>> head_register(np.array([0.0, np.pi]), dephased=False).distribution.round(9).tolist()
        [0.0, 1.0]
    """
    size = len(phases)
    n = size.bit_length() - 1
    system, key = QuantumRegister(n, "system"), ClassicalRegister(n, "key")
    circuit = QuantumCircuit(system, key, name="heads")
    circuit.h(system)
    circuit.append(DiagonalGate(np.exp(1j * phases)), system)
    if dephased:
        record = QuantumRegister(n, "record")
        circuit.add_register(record)
        circuit.cx(system, record)
    circuit.barrier()  # what follows belongs to the reading, and must not cancel what was prepared
    if undone:
        circuit.append(DiagonalGate(np.exp(-1j * phases)), system)
    circuit.h(system)
    circuit.measure(system, key)
    state = head_state(np.zeros(size) if undone else phases, dephased=dephased)
    walsh = hadamard(size) / np.sqrt(size)
    return as_prepared(compiled(circuit), np.diag(walsh @ state @ walsh).real.clip(0, 1))


def attending_register(phases: np.ndarray, rows: np.ndarray) -> Prepared:
    """A register of heads that hold the qsample of their own row, read as in `head_register`.

    Args:
        phases: Shape (2**n,), radians.
        rows: Probabilities, shape (2**n, 2**m).

    Returns:
        Prepared of shape ().
    """
    heads, size = rows.shape
    joint = Binary()(np.zeros(rows.size))
    keys = QuantumRegister(size.bit_length() - 1, "keys")
    system = QuantumRegister(heads.bit_length() - 1, "system")
    key = ClassicalRegister(len(system), "key")
    circuit = QuantumCircuit(keys, system, key, name="attending_heads")
    angles = amplitude_angles(rows.reshape(-1) / heads, joint)
    append_amplitudes(circuit, list(map(float, angles)), joint, [*keys, *system])
    circuit.append(DiagonalGate(np.exp(1j * phases)), system)
    circuit.h(system)
    circuit.measure(system, key)
    # By overlaps: P(w) = sum_hh' w_h w_h' exp(i (phi_h - phi_h')) <psi_h'|psi_h> / heads^2.
    overlaps = np.sqrt(rows) @ np.sqrt(rows).T * np.exp(1j * np.subtract.outer(phases, phases))
    walsh = hadamard(heads)
    law = np.einsum("wh,hg,wg->w", walsh, overlaps, walsh).real / heads**2
    return as_prepared(compiled(circuit), law.clip(0, 1))


def coherence(
    phases: np.ndarray, *, dephased: bool, shots: int, backend: Backend, seed: Any, alpha: float
) -> Estimate:
    """Bounds on the l1 coherence of a register of heads, from counts; both hold at 1 - alpha.

    Args:
        phases: Shape (2**n,).
        dephased: Whether the register is dephased, as for `head_register`.
        shots: The number of shots of each of the two circuits.
        backend: (prepared, shots, seed) -> Counts.
        seed: The seed, which is split over the two circuits.
        alpha: Error rate.

    Returns:
        An interval; its best value is its middle.
    """
    size = len(phases)
    fidelity_seed, purity_seed = np.random.SeedSequence(seed).spawn(2)
    turned = head_register(phases, dephased=dephased, undone=True)
    (counts,) = draw([turned], shots, backend, fidelity_seed)
    low, _ = proportion(counts.keys[0], counts.kept, alpha)
    even, kept = swap_test(head_register(phases, dephased=dephased), shots, backend, purity_seed)
    purity = purity_interval(even, kept, size.bit_length() - 1, alpha)
    least = max(0.0, size * float(low) - 1)
    most = float(np.sqrt(size * (size - 1) * max(0.0, min(purity.high, 1.0) - 1 / size)))
    return Estimate((least + most) / 2, least, most)
