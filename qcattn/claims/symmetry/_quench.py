r"""A quench of the transverse-field Ising chain: circuits, and free fermions that know the answer.

.. math:: H = -J \sum_i Z_i Z_{i+1} - g \sum_i X_i

on an open chain. Time is cut into steps of second order (Trotter's formula), and the reference is
cut in the same way, so that the two agree but for the shots. With :math:`a_j, b_j` the Majorana
operators of site j, :math:`X_j = i a_j b_j` and :math:`Z_j Z_{j+1} = i b_j a_{j+1}`: the state
stays Gaussian, and its covariance matrix turns by an orthogonal matrix [1].

Excitations travel at :math:`2 J \min(1, g/J)` at most [1].

References:
    [1] P. Pfeuty, Ann. Phys. 57, 79 (1970); E. Lieb, T. Schultz, D. Mattis, Ann. Phys. 16, 407
    (1961).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from scipy.linalg import expm

from qcattn.readings.circuits import as_prepared
from qcattn.records import Prepared, every_reading

__all__ = ["exact_signal", "fastest", "quenched", "signal"]


def fastest(field: float) -> float:
    """The largest velocity of an excitation, sites per unit of time at J = 1.

    Example:
        >>> fastest(0.5), fastest(1.0), fastest(2.0)
        (1.0, 2.0, 2.0)
    """
    return 2 * min(1.0, field)


def quenched(sites: int, field: float, times: ArrayLike, steps: int, *, excited: bool) -> Prepared:
    """The chain after each time, read where its excitation shows.

    From field 1 on the chain begins with every spin along X, and the excitation is the first spin
    turned round; it is read along X. Below field 1 it begins with every spin along Z, the
    excitation is a kink behind the first spin, and the spins are read along Z.

    Args:
        sites: The number of sites of the chain.
        field: g, at J = 1.
        times: Shape (times,).
        steps: The number of steps into which each time is cut.
        excited: Whether the excitation is there.

    Returns:
        Prepared of shape (times,); its distribution is NaN, since nobody has computed it.
    """
    along_x = field >= 1
    pair, single = Parameter("pair"), Parameter("single")
    system, key = QuantumRegister(sites, "system"), ClassicalRegister(sites, "key")
    circuit = QuantumCircuit(system, key, name="quench")
    if excited:
        circuit.x(system[0])
    if along_x:
        circuit.h(system)
    for step in range(steps + 1):
        half = step in (0, steps)
        for q in range(sites):
            _turn_x(circuit, single / 2 if half else single, system[q])
        for q in range(sites - 1) if step < steps else ():
            circuit.cx(system[q], system[q + 1])
            circuit.rz(pair, system[q + 1])
            circuit.cx(system[q], system[q + 1])
    if along_x:
        circuit.h(system)
    circuit.measure(system, key)
    step_length = np.asarray(times, dtype=float) / steps
    values = {"pair": -2 * step_length, "single": -2 * field * step_length}
    rows = np.stack([values[one.name] for one in circuit.parameters], axis=-1)
    unknown = np.full((len(step_length), 2**sites), np.nan)
    return as_prepared(circuit, unknown, values=rows)


def _turn_x(circuit: QuantumCircuit, angle: Parameter, qubit: object) -> None:
    """A rotation about X in gates whose parameters every backend binds."""
    circuit.h(qubit)
    circuit.rz(angle, qubit)
    circuit.h(qubit)


def signal(keys: np.ndarray, field: float) -> np.ndarray:
    """The mean reading at each distance from the excitation.

    Args:
        keys: Counts of all readings, shape (times, 2**sites).
        field: The field g.

    Returns:
        Means of X at sites 0, 1, ..., or of Z Z on bonds 0, 1, ...; shape (times, distances).
    """
    sites = keys.shape[-1].bit_length() - 1
    spins = 1.0 - 2.0 * every_reading(sites)
    read = spins if field >= 1 else spins[:, :-1] * spins[:, 1:]
    return np.asarray(keys @ read / keys.sum(axis=-1, keepdims=True))


def exact_signal(
    sites: int, field: float, times: ArrayLike, steps: int, *, excited: bool
) -> np.ndarray:
    """The exact value of `signal`, by free fermions in the same steps.

    Example:
        >>> still = exact_signal(6, 2.0, [0.0], 4, excited=True)
        >>> (still[0].round(6) + 0).tolist()
        [-1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    along_x = field >= 1
    length = sites if along_x else sites - 1
    # X_j pairs rows 2j and 2j + 1 (a_j, b_j); Z_j Z_{j+1} pairs 2j + 1 and 2j + 2 (b_j, a_{j+1}).
    first = 2 * np.arange(length) + (0 if along_x else 1)
    start = np.zeros((2 * sites, 2 * sites))
    start[first, first + 1] = [-1.0 if excited and j == 0 else 1.0 for j in range(length)]
    singles, bonds = np.zeros((2, 2 * sites, 2 * sites))
    singles[2 * np.arange(sites), 2 * np.arange(sites) + 1] = -2 * field
    bonds[2 * np.arange(sites - 1) + 1, 2 * np.arange(sites - 1) + 2] = -2
    start, singles, bonds = (one - one.T for one in (start, singles, bonds))
    found = []
    for time in np.ravel(times):
        half, whole = expm(singles * time / steps / 2), expm(bonds * time / steps)
        turn = np.linalg.matrix_power(half @ whole @ half, steps)
        found.append((turn @ start @ turn.T)[first, first + 1])
    return np.array(found)
