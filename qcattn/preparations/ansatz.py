r"""Layers of one- and two-qubit rotations: dense action, derivatives, gates.

A layered circuit is a list of blocks. ``("y", q)`` and ``("z", q)`` are rotations of one angle,
``("pair", a, b)`` is :math:`e^{-i(\theta X_a Y_b + \phi Y_a X_b)/2}` of two angles, a real rotation
within each parity of the two bits, and ``("cx", a, b)`` has none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter

__all__ = ["Block", "Layered", "ancilla_blocks", "append_blocks", "count_angles", "system_blocks"]

#: A name and its qubits.
Block = tuple[str, int] | tuple[str, int, int]

_ANGLES = {"y": 1, "z": 1, "pair": 2, "cx": 0}


def ancilla_blocks(num_qubits: int, layers: int) -> list[Block]:
    """Layers of ry with a ring of cx between them: real amplitudes [1].

    References:
        [1] M. Consiglio et al., Phys. Rev. A 110, 012445 (2024), arXiv:2303.11276.
    """
    blocks: list[Block] = []
    for layer in range(layers):
        if layer:
            blocks += [("cx", a, b) for a, b in _ring(num_qubits)]
        blocks += [("y", q) for q in range(num_qubits)]
    return blocks


def system_blocks(
    num_qubits: int, layers: int, *, real: bool, even: bool, free: bool = True
) -> list[Block]:
    """Layers of pair rotations on a ring, which real, parity-conserving operators need [1].

    Pair rotations alone stay real and conserve the parity of the excited qubits. Those of
    neighbours take free fermions (Jordan and Wigner's) to free fermions, in any number of layers;
    second neighbours let them interact.

    Args:
        num_qubits: Qubits, 1 or more.
        layers: The number of layers.
        real: Whether to leave out rz, which makes the circuit complex.
        even: Whether to leave out ry, which mixes the parities.
        free: Whether to leave out second neighbours.

    References:
        [1] M. Consiglio et al., Phys. Rev. A 110, 012445 (2024), arXiv:2303.11276.
    """
    layer: list[Block] = []
    if not real:
        layer += [("z", q) for q in range(num_qubits)]
    if not even:
        layer += [("y", q) for q in range(num_qubits)]
    layer += [("pair", a, b) for a, b in _ring(num_qubits)]
    if not free and num_qubits > 3:  # of 3, second neighbours are neighbours around the ring
        pairs = range(2 if num_qubits == 4 else num_qubits)
        layer += [("pair", a, (a + 2) % num_qubits) for a in pairs]
    return layer * layers


def count_angles(blocks: Sequence[Block]) -> int:
    """How many angles blocks have.

    Example:
        >>> count_angles([("y", 0), ("cx", 0, 1), ("pair", 0, 1)])
        3
    """
    return sum(_ANGLES[block[0]] for block in blocks)


def append_blocks(
    circuit: QuantumCircuit,
    blocks: Sequence[Block],
    angles: Sequence[Parameter | float],
    register: QuantumRegister,
) -> None:
    """Append the gates of blocks: ry, rz and cx, with one angle in each gate."""
    left = iter(angles)
    for name, *places in blocks:
        qubits = [register[place] for place in places]
        if name == "y":
            circuit.ry(next(left), *qubits)
        elif name == "z":
            circuit.rz(next(left), *qubits)
        elif name == "cx":
            circuit.cx(*qubits)
        else:
            # ry(-pi/2) takes X Y to Z Y and leaves Y X; cx then makes them Y on b and Y on a.
            a, b = qubits
            circuit.ry(-np.pi / 2, a)
            circuit.cx(a, b)
            circuit.ry(next(left), b)
            circuit.ry(next(left), a)
            circuit.cx(a, b)
            circuit.ry(np.pi / 2, a)


class Layered:
    """The dense action of blocks on n qubits, qubit 0 the lowest bit.

    Attributes:
        num_angles: The number of angles that the blocks have.
    """

    def __init__(self, blocks: Sequence[Block], num_qubits: int) -> None:
        self._size = 2**num_qubits
        self._steps: list[tuple[np.ndarray, np.ndarray | None]] = []
        for name, *places in blocks:
            if name == "cx":
                states = np.arange(self._size)
                flip = (states >> places[0] & 1) << places[1]
                self._steps.append((states ^ flip, None))
            elif name == "pair":
                a, b = places
                self._steps += [
                    self._generator({a: "X", b: "Y"}),
                    self._generator({a: "Y", b: "X"}),
                ]
            else:
                self._steps.append(self._generator({places[0]: name.upper()}))
        self.num_angles = count_angles(blocks)

    def __call__(self, angles: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Apply to vectors in columns, shape (2**n, ...)."""
        left = iter(angles)
        for source, factor in self._steps:
            state = state[source] if factor is None else _turned(state, source, factor, next(left))
        return state

    def gradient(self, angles: np.ndarray, state: np.ndarray, slope: np.ndarray) -> np.ndarray:
        r"""Derivatives of a cost C with :math:`dC = 2\,\mathrm{Re}\langle G, d\psi\rangle` [1].

        Args:
            angles: Shape (num_angles,).
            state: What the call gave, shape (2**n, ...).
            slope: G, shape of ``state``.

        References:
            [1] T. Jones and J. Gacon, arXiv:2009.02823 (2020).
        """
        out, k = np.zeros(self.num_angles), self.num_angles
        for source, factor in reversed(self._steps):
            if factor is None:  # cx is its own inverse
                state, slope = state[source], slope[source]
                continue
            k -= 1
            moved = factor.reshape(-1, *[1] * (state.ndim - 1)) * state[source]
            out[k] = np.vdot(slope, moved).real
            state = _turned(state, source, factor, -angles[k])
            slope = _turned(slope, source, factor, -angles[k])
        return out

    def _generator(self, letters: dict[int, str]) -> tuple[np.ndarray, np.ndarray]:
        """A string P as rows it takes its entries from, and the factors of -i P."""
        states, flip = np.arange(self._size), 0
        factor = np.full(self._size, -1j)
        for qubit, letter in letters.items():
            sign = np.where(states >> qubit & 1, -1.0, 1.0)
            flip |= (letter != "Z") << qubit
            factor = factor * {"X": 1.0, "Y": -1j * sign, "Z": sign}[letter]
        return states ^ flip, factor if factor.imag.any() else factor.real


def _turned(state: np.ndarray, source: np.ndarray, factor: np.ndarray, angle: float) -> np.ndarray:
    """The rotation exp(-i angle P / 2)."""
    weights = np.sin(angle / 2) * factor
    out: np.ndarray = np.cos(angle / 2) * state
    out = out + weights.reshape(-1, *[1] * (state.ndim - 1)) * state[source]
    return out


def _ring(n: int) -> list[tuple[int, int]]:
    bonds = [(q, q + 1) for q in range(n - 1)]
    return [*bonds, (n - 1, 0)] if n > 2 else bonds
