r"""The rotated surface code under bit flips: cosets of errors, exactly and as a circuit.

Errors of equal syndrome differ by stabilisers and by the logical operator: two cosets a syndrome.
With independent flips of probability p an error of weight w has the Boltzmann weight
:math:`e^{-\beta w}` at Nishimori's temperature, :math:`e^{-\beta} = p/(1-p)` [1].

References:
    [1] E. Dennis, A. Kitaev, A. Landahl, J. Preskill, J. Math. Phys. 43, 4452 (2002),
    arXiv:quant-ph/0110143.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared

__all__ = [
    "checks_of",
    "coset_circuit",
    "cosets",
    "failure",
    "lightest",
    "log_score",
    "nishimori",
]


def nishimori(rate: float) -> float:
    """The inverse temperature at which Boltzmann weights are probabilities of errors.

    Example:
        >>> round(nishimori(0.1), 4)
        2.1972
    """
    return float(np.log((1 - rate) / rate))


@cache
def checks_of(distance: int) -> tuple[tuple[int, ...], ...]:
    """The qubits of each check of bit flips, and last those of the logical reading.

    Args:
        distance: Odd; qubit (row, column) is row * distance + column.

    Example:
        >>> checks_of(3)
        ((0, 1, 3, 4), (4, 5, 7, 8), (2, 5), (3, 6), (0, 1, 2))
    """
    d = distance
    inside = [
        (r * d + c, r * d + c + 1, (r + 1) * d + c, (r + 1) * d + c + 1)
        for r in range(d - 1)
        for c in range(d - 1)
        if (r + c) % 2 == 0
    ]
    right = [(r * d + d - 1, (r + 1) * d + d - 1) for r in range(0, d - 1, 2)]
    left = [(r * d, (r + 1) * d) for r in range(1, d - 1, 2)]
    return (*inside, *right, *left, tuple(range(d)))


def _flips(distance: int) -> list[int]:
    """The readings that a flip of each qubit changes, as the bits of a number."""
    rows = checks_of(distance)
    return [sum(1 << bit for bit, row in enumerate(rows) if q in row) for q in range(distance**2)]


def cosets(distance: int, rate: float) -> np.ndarray:
    """Probability of each syndrome with each logical reading, shape (2, syndromes).

    It is exact, summed qubit after qubit over all syndromes.
    """
    law = np.zeros(2 ** len(checks_of(distance)))
    law[0] = 1.0
    numbers = np.arange(law.size)
    for flip in _flips(distance):
        law = (1 - rate) * law + rate * law[numbers ^ flip]
    return law.reshape(2, -1)


def lightest(distance: int) -> np.ndarray:
    """Least weight of an error of each syndrome and logical reading, shape (2, syndromes)."""
    least = np.full(2 ** len(checks_of(distance)), np.inf)
    least[0] = 0.0
    numbers = np.arange(least.size)
    for flip in _flips(distance):
        least = np.minimum(least, 1 + least[numbers ^ flip])
    return least.reshape(2, -1)


def failure(law: np.ndarray, preferred: np.ndarray) -> float:
    """The probability of a logical error if the coset of larger preference is chosen.

    Args:
        law: Probabilities of syndromes and logical readings, shape (2, syndromes).
        preferred: Preference for each; at a tie either is taken half of the time.
    """
    zero, one = preferred
    wrong = np.where(zero > one, law[1], np.where(zero < one, law[0], law.mean(axis=0)))
    return float(wrong.sum())


def log_score(law: np.ndarray, told: np.ndarray) -> np.ndarray:
    """The log score of the logical reading, shape (2, syndromes), nats."""
    return -np.asarray(np.log(told / told.sum(axis=0)))


def coset_circuit(distance: int, rate: float) -> Prepared:
    """A circuit of bit flips in a thermal state, which reads their checks and the logical bit.

    Qubit q is turned to read one with probability p, the thermal state of an error's energy; every
    check is a fresh qubit that learns the parity of its qubits, and these are read.
    """
    rows = checks_of(distance)
    flips, system = QuantumRegister(distance**2, "flips"), QuantumRegister(len(rows), "system")
    circuit = QuantumCircuit(flips, system, ClassicalRegister(len(rows), "key"), name="cosets")
    circuit.ry(2 * float(np.arcsin(np.sqrt(rate))), flips)
    for bit, row in enumerate(rows):
        for q in row:
            circuit.cx(flips[q], system[bit])
    circuit.measure(system, circuit.cregs[0])
    return as_prepared(circuit, cosets(distance, rate).ravel())
