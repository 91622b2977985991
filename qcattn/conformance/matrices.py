r"""Matrices of gates, written from their definitions, in extended precision.

Nothing here comes from Qiskit, so that a wrong matrix there is noticed. Bit j of an index is the
j-th qubit that the gate is given. Half angles are as usual: :math:`R_P(\theta) = e^{-i\theta P/2}`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

__all__ = [
    "MATRICES",
    "controlled",
    "multiplexed",
    "pauli_string",
    "preparing",
    "standard_matrix",
]

_REAL = np.longdouble
_COMPLEX = np.clongdouble
_HALF = np.sqrt(_REAL(2)) / 2

_PAULIS = {
    "I": np.eye(2, dtype=_COMPLEX),
    "X": np.array([[0, 1], [1, 0]], dtype=_COMPLEX),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=_COMPLEX),
    "Z": np.array([[1, 0], [0, -1]], dtype=_COMPLEX),
}


def pauli_string(letters: str) -> np.ndarray:
    """The matrix of a Pauli string, (2**k, 2**k); its rightmost letter is on the first qubit."""
    return reduce(np.kron, (_PAULIS[letter] for letter in letters), np.eye(1, dtype=_COMPLEX))


def controlled(matrix: np.ndarray, controls: int, state: int) -> np.ndarray:
    """The gate applied where the controls, which are the lowest bits, read ``state``.

    Args:
        matrix: Shape (2**k, 2**k).
        controls: The number of controls.
        state: The value that the controls must read, from 0 to 2**controls - 1; bit j belongs to
            the j-th control.

    Example:
        >>> controlled(MATRICES["x"](), 1, 0).real.astype(int).tolist()
        [[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    """
    out = np.eye(matrix.shape[0] << controls, dtype=_COMPLEX)
    places = (np.arange(matrix.shape[0]) << controls) | state
    out[np.ix_(places, places)] = matrix
    return out


def multiplexed(matrices: Sequence[np.ndarray]) -> np.ndarray:
    """One of 2**k matrices on the first qubit of the gate, chosen by the k other qubits.

    Args:
        matrices: Shape (2, 2) each.

    Example:
        >>> multiplexed([MATRICES["x"](), np.eye(2)]).real.astype(int).tolist()
        [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    """
    out = np.zeros((2 * len(matrices), 2 * len(matrices)), dtype=_COMPLEX)
    for number, matrix in enumerate(matrices):
        out[2 * number : 2 * number + 2, 2 * number : 2 * number + 2] = matrix
    return out


def preparing(amplitudes: Sequence[complex]) -> np.ndarray:
    """A unitary matrix that takes zero to a state: a reflection and a phase.

    Args:
        amplitudes: Shape (2**k,); normalised here.

    Example:
        >>> preparing([0.6, 0.8j])[:, 0].astype(complex).round(12).tolist()
        [(0.6+0j), 0.8j]
    """
    state = np.array(amplitudes, dtype=_COMPLEX)
    state = state / np.sqrt((state.real**2 + state.imag**2).sum())
    first = state[0]
    phase = first / np.abs(first) if np.abs(first) > 0 else _COMPLEX(1)
    mirror = state / phase
    mirror[0] -= 1
    length = (mirror.real**2 + mirror.imag**2).sum()
    out = np.eye(len(state), dtype=_COMPLEX)
    if length > 0:
        out -= 2 * np.outer(mirror, mirror.conj()) / length
    return out * phase


def standard_matrix(name: str, angles: Sequence[float] = ()) -> np.ndarray:
    """The matrix of a gate by its name in Qiskit and OpenQASM 3, shape (2**k, 2**k).

    Args:
        name: A key of ``MATRICES``.
        angles: The angles, radians.
    """
    return MATRICES[name](*(_REAL(angle) for angle in angles))


def _turn(letters: str, angle: np.longdouble) -> np.ndarray:
    """exp(-i angle P / 2) of a Pauli string."""
    string = pauli_string(letters)
    return np.cos(angle / 2) * np.eye(len(string)) - 1j * np.sin(angle / 2) * string


def _phase(angle: np.longdouble) -> np.clongdouble:
    return np.cos(angle) + 1j * np.sin(angle)


def _p(angle: np.longdouble) -> np.ndarray:
    return np.diag([_COMPLEX(1), _phase(angle)])


def _u(theta: np.longdouble, phi: np.longdouble, lam: np.longdouble) -> np.ndarray:
    cos, sin = np.cos(theta / 2), np.sin(theta / 2)
    return np.array(
        [[_COMPLEX(cos), -_phase(lam) * sin], [_phase(phi) * sin, _phase(phi + lam) * cos]]
    )


def _r(theta: np.longdouble, phi: np.longdouble) -> np.ndarray:
    axis = np.cos(phi) * _PAULIS["X"] + np.sin(phi) * _PAULIS["Y"]
    return np.cos(theta / 2) * np.eye(2) - 1j * np.sin(theta / 2) * axis


def _constant(rows: Sequence[Sequence[complex]], factor: np.longdouble | int = 1) -> Callable:
    matrix = np.array(rows, dtype=_COMPLEX) * factor
    return lambda: matrix


def _exact_eighth(sign: int) -> Callable:
    """Diag(1, (1 + i sign) / sqrt 2): a phase of an eighth of a turn, without pi."""
    return lambda: np.diag([_COMPLEX(1), _COMPLEX(1 + sign * 1j) * _HALF])


def _two_level(matrix: np.ndarray, low: int, high: int, size: int = 4) -> np.ndarray:
    """A 2 x 2 matrix between two basis states, the others left alone."""
    out = np.eye(size, dtype=_COMPLEX)
    out[np.ix_([low, high], [low, high])] = matrix
    return out


def _exchange(theta: np.longdouble, beta: np.longdouble) -> np.ndarray:
    """[[cos, -i sin e^(-i beta)], [-i sin e^(i beta), cos]] of theta / 2."""
    cos, sin = np.cos(theta / 2), np.sin(theta / 2)
    return np.array(
        [[_COMPLEX(cos), -1j * sin * _phase(-beta)], [-1j * sin * _phase(beta), _COMPLEX(cos)]]
    )


def _moved(images: Sequence[int]) -> Callable:
    """The permutation that takes basis state k to images[k]."""
    out = np.zeros((len(images), len(images)), dtype=_COMPLEX)
    out[list(images), np.arange(len(images))] = 1
    return lambda: out


def _relative_toffoli(
    block: Sequence[Sequence[complex]], low: int, high: int, phases: dict[int, complex], size: int
) -> Callable:
    """A block between two basis states, and phases on others."""
    out = _two_level(np.array(block, dtype=_COMPLEX), low, high, size)
    for place, phase in phases.items():
        out[place, place] = phase
    return lambda: out


#: Name in Qiskit to a function of the angles; controlled gates come from `controlled`.
MATRICES: dict[str, Callable[..., np.ndarray]] = {
    "id": _constant([[1, 0], [0, 1]]),
    "x": _constant([[0, 1], [1, 0]]),
    "y": _constant([[0, -1j], [1j, 0]]),
    "z": _constant([[1, 0], [0, -1]]),
    "h": _constant([[1, 1], [1, -1]], _HALF),
    "s": _constant([[1, 0], [0, 1j]]),
    "sdg": _constant([[1, 0], [0, -1j]]),
    "t": _exact_eighth(1),
    "tdg": _exact_eighth(-1),
    "sx": _constant([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]], _REAL(0.5)),
    "sxdg": _constant([[1 - 1j, 1 + 1j], [1 + 1j, 1 - 1j]], _REAL(0.5)),
    "rx": lambda angle: _turn("X", angle),
    "ry": lambda angle: _turn("Y", angle),
    "rz": lambda angle: _turn("Z", angle),
    "p": _p,
    "u1": _p,
    "u": _u,
    "u3": _u,
    "u2": lambda phi, lam: np.array([[1, -_phase(lam)], [_phase(phi), _phase(phi + lam)]]) * _HALF,
    "r": _r,
    "swap": _moved([0, 2, 1, 3]),
    "iswap": _constant([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
    # cx from the first to the second qubit, then back.
    "dcx": _moved([0, 2, 3, 1]),
    # (IX - XY) / sqrt 2, the rightmost letter on the first qubit.
    "ecr": lambda: (pauli_string("IX") - pauli_string("XY")) * _HALF,
    "rxx": lambda angle: _turn("XX", angle),
    "ryy": lambda angle: _turn("YY", angle),
    "rzz": lambda angle: _turn("ZZ", angle),
    "rzx": lambda angle: _turn("XZ", angle),
    "xx_plus_yy": lambda theta, beta: _two_level(_exchange(theta, beta), 1, 2),
    "xx_minus_yy": lambda theta, beta: _two_level(_exchange(theta, beta), 0, 3),
    # Toffoli gates up to phases: the Margolus gate and its four-qubit form.
    "rccx": _relative_toffoli([[0, -1j], [1j, 0]], 3, 7, {5: -1}, 8),
    "rcccx": _relative_toffoli([[0, 1], [-1, 0]], 7, 15, {3: 1j, 11: -1j}, 16),
}
