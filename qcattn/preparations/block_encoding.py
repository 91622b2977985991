r"""A Hamiltonian inside a unitary: its Pauli strings, selected by a register of labels.

Let :math:`H = c + \sum_l w_l P_l`, the strings P_l with such signs that every weight is positive.
Then :math:`H = c + \lambda\,\langle G|S|G\rangle` with the sum lambda of the weights,
:math:`|G\rangle = \sum_l \sqrt{w_l/\lambda}\,|l\rangle` and the reflection
:math:`S = \sum_l |l\rangle\langle l| \otimes P_l` [1].

References:
    [1] A. Childs and N. Wiebe, Quantum Inf. Comput. 12, 901 (2012).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from qiskit import QuantumCircuit

from qcattn.preparations.amplitudes import amplitude_angles, append_amplitudes
from qcattn.records import Hamiltonian, numbers_of, readings_of, walsh_hadamard

__all__ = [
    "BlockEncoding",
    "append_amplitude_of_labels",
    "append_label_phase",
    "append_select_phase",
    "block_encoding",
]


class BlockEncoding(NamedTuple):
    """The strings of a block encoding, with their weights and labels.

    Attributes:
        shift: c, the part that is a number, in units of k_B T at beta = 1.
        norm: lambda, the sum of the weights, in the same units.
        x: Shape (terms, n), bool: letters X and Y.
        z: Shape (terms, n), bool: letters Z and Y.
        weights: Shape (terms,), with the signs of the strings.
        labels: Shape (terms, bits), bool: which state of the label register selects a term.
        diagonal: The number of terms, the first ones, that are labelled by their string: bit q of
            the label says that letter q is a Z, all others being the identity. 0 if all are
            counted.
    """

    shift: float
    norm: float
    x: np.ndarray
    z: np.ndarray
    weights: np.ndarray
    labels: np.ndarray
    diagonal: int


def block_encoding(hamiltonian: Hamiltonian) -> BlockEncoding:
    """The block encoding of one Hamiltonian, before its basis change; it holds on the support.

    Either all terms are numbered, or the diagonal ones are labelled by their strings, which selects
    them all by one controlled Z for each qubit but may need more labels. The way with the fewer
    gates is taken.

    Example:
        >>> from qcattn.models.spins import ising
        >>> encoding = block_encoding(ising(2, field=0.5))
        >>> encoding.norm, encoding.weights.tolist(), encoding.labels.shape
        (2.0, [-1.0, -0.5, -0.5], (3, 2))
    """
    # A number can be moved between H and c; on part of the states this changes the weights.
    middle = float(np.median(hamiltonian.energies[np.isfinite(hamiltonian.energies)]))
    moved = replace(hamiltonian, energies=hamiltonian.energies - middle, basis=None)
    operator = moved.operator
    x, z, weights = operator.paulis.x, operator.paulis.z, operator.coeffs.real
    unit = ~(x | z).any(axis=1)
    keep = ~unit & (np.abs(weights) > 1e-15 * np.abs(weights).max(initial=0.0))
    shift = middle + float(weights[unit].sum())
    order = np.flatnonzero(keep)
    order = order[np.argsort(x[order].any(axis=1), kind="stable")]  # diagonal terms first
    x, z, weights = x[order], z[order], weights[order]
    labels, diagonal = _labels(x, z)
    return BlockEncoding(shift, float(np.abs(weights).sum()), x, z, weights, labels, diagonal)


def _labels(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, int]:
    """Labels, shape (terms, bits), and how many of them are strings."""
    terms, n = z.shape
    counted = (max(terms, 1) - 1).bit_length()
    diagonal = int((~x.any(axis=1)).sum())
    bits = max(n, counted)
    if 6 * n + (terms - diagonal + 4) * 2**bits >= (terms + 3) * 2**counted:
        bits, diagonal = counted, 0
    strings = numbers_of(z[:diagonal])
    rest = np.setdiff1d(np.arange(2**bits), strings)[: terms - diagonal]
    return readings_of(np.append(strings, rest), bits), diagonal


def append_amplitude_of_labels(
    circuit: QuantumCircuit, encoding: BlockEncoding, labels: Sequence, *, inverse: bool = False
) -> None:
    """Append a unitary that takes 0 of the labels to G, or its inverse."""
    if not len(labels):
        return
    size = len(labels)
    words = Hamiltonian(np.zeros(len(encoding.weights)), encoding.labels)
    angles = amplitude_angles(np.abs(encoding.weights) / encoding.norm, words)
    part = QuantumCircuit(size)
    append_amplitudes(part, angles.tolist(), words, range(size))
    circuit.compose(part.inverse() if inverse else part, list(labels), inplace=True)


def append_label_phase(
    circuit: QuantumCircuit, phase: float, labels: Sequence, sign: object
) -> None:
    r"""Append :math:`e^{i\phi Z (2|0\rangle\langle 0| - 1)}`, Z on ``sign``, 0 of the labels."""
    phases = np.full(2 ** len(labels), -phase)
    phases[0] = phase
    _multiplexed_phase(circuit, phases, labels, sign)


def append_select_phase(
    circuit: QuantumCircuit,
    phase: float,
    encoding: BlockEncoding,
    labels: Sequence,
    system: Sequence,
    sign: object,
) -> None:
    r"""Append :math:`e^{i\phi Z \otimes S}`, Z on ``sign``.

    S is a reflection, so this is the phase that singular values need, without the ancilla that
    otherwise marks the projector. The strings go one after another: a cx from each of its qubits
    gives ``sign`` their parity, and a rotation turns it if the label is that of the string. Where
    labels are strings, the parities are taken for all at once, by Toffoli gates up to a phase,
    which the two sides undo.
    """
    angles = phase * np.sign(encoding.weights)
    places = numbers_of(encoding.labels)
    pairs = list(zip(labels, system, strict=False)) if encoding.diagonal else []
    if pairs:
        phases = np.zeros(2 ** len(labels))
        phases[places[: encoding.diagonal]] = angles[: encoding.diagonal]
        for label, qubit in pairs:
            circuit.rccx(label, qubit, sign)
        _multiplexed_phase(circuit, phases, labels, sign)
        for label, qubit in reversed(pairs):
            circuit.rccx(label, qubit, sign)
    letters = encoding.x + 2 * encoding.z  # 1 is X, 2 is Z, 3 is Y
    held = np.zeros(len(system), dtype=int)
    for term in range(encoding.diagonal, len(letters)):
        _hold(circuit, held, letters[term], system, sign)
        held = letters[term]
        phases = np.zeros(2 ** len(labels))
        phases[places[term]] = angles[term]
        _multiplexed_phase(circuit, phases, labels, sign)
    _hold(circuit, held, np.zeros_like(held), system, sign)


def _hold(
    circuit: QuantumCircuit, held: np.ndarray, wanted: np.ndarray, system: Sequence, sign: object
) -> None:
    """Let ``sign`` hold the parity of other letters; those that stay are left as they are."""
    turns = {1: ("h",), 2: (), 3: ("sdg", "h")}
    for qubit, before, after in zip(system, held.tolist(), wanted.tolist(), strict=True):
        if before == after:
            continue
        if before:
            circuit.cx(qubit, sign)
            for name in reversed(turns[before]):
                getattr(circuit, {"sdg": "s"}.get(name, name))(qubit)
        if after:
            for name in turns[after]:
                getattr(circuit, name)(qubit)
            circuit.cx(qubit, sign)


def _multiplexed_phase(
    circuit: QuantumCircuit, phases: np.ndarray, controls: Sequence, target: object
) -> None:
    r"""Append :math:`\sum_b |b\rangle\langle b| \otimes e^{i\phi_b Z}`, b the controls' state.

    It is a rotation for each subset of the controls, in Gray order, and a cx between neighbours:
    2^k of both for k controls [2].

    References:
        [2] M. Moettoenen et al., Phys. Rev. Lett. 93, 130502 (2004).
    """
    size = len(phases)
    turns = -2 * walsh_hadamard(phases) / size
    for step in range(size):
        circuit.rz(float(turns[step ^ (step >> 1)]), target)
        if size > 1:
            flip = min(((step + 1) & -(step + 1)).bit_length() - 1, len(controls) - 1)
            circuit.cx(controls[flip], target)
