r"""Correlations in time by Hadamard tests, and their spectrum at known Bohr frequencies.

For a Hermitian unitary A the correlation :math:`G(t) = \mathrm{Tr}\,\rho A(t) A`,
:math:`A(t) = e^{iHt} A e^{-iHt}`, is read off one more qubit, the probe: A if it is one, then the
evolution, then A again if it is one; the probe's X and Y have the means Re G and Im G. In a state
that commutes with H :math:`G(t) = \sum_\nu S(\nu) e^{-i\nu t}` with
:math:`S(\nu) = \sum_{ij} p_i |A_{ij}|^2`, the sum over levels with :math:`E_j - E_i = \nu`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import PauliGate, UnitaryGate
from qiskit.quantum_info import Pauli
from scipy.linalg import expm, null_space

from qcattn.plurals import plural
from qcattn.preparations.gates import compiled
from qcattn.readings.circuits import as_prepared, opened
from qcattn.records import Prepared

__all__ = [
    "Comb",
    "bohr_frequencies",
    "comb",
    "correlation",
    "hadamard_test",
    "hadamard_tests",
]


def hadamard_test(
    prepared: Prepared, observable: str, evolution: np.ndarray, part: str, mean: float
) -> Prepared:
    """The circuit whose bit has the real or the imaginary part of a correlation as its mean.

    Args:
        prepared: The circuit that prepares the state in its register ``system``, shape ().
        observable: A Pauli string, qubit 0 rightmost.
        evolution: exp(-iHt), shape (2**n, 2**n).
        part: The part, ``"real"`` or ``"imaginary"``.
        mean: What it should be, between -1 and 1.

    Returns:
        Prepared of shape (): outcome 0 counts +1, outcome 1 counts -1.

    Example:
        >>> from qcattn.backends import Aer
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Purification
        >>> state = Purification()(Binary()([0.0, 0.0]), beta=1.0)
        >>> test = hadamard_test(state, "X", np.eye(2), "real", 1.0)
        >>> Aer()(test, 100, 1).keys.tolist()
        [100, 0]
    """
    source, last, _ = opened(prepared)
    source = source.assign_parameters(prepared.values)
    probe, key = QuantumRegister(1, "probe"), ClassicalRegister(1, "key")
    heralds = [bits for bits in source.cregs if bits.name == prepared.herald_register]
    circuit = QuantumCircuit(*source.qregs, probe, key, *heralds, name="hadamard_test")
    for item in source.data:
        circuit.append(item)
    system = next(register for register in source.qregs if register.name == "system")
    controlled = PauliGate(observable).control(1)
    circuit.h(probe)
    circuit.append(controlled, [*probe, *system])
    circuit.append(UnitaryGate(evolution), system)
    circuit.append(controlled, [*probe, *system])
    if part == "imaginary":
        circuit.sdg(probe)
    circuit.h(probe)
    circuit = compiled(circuit)
    circuit.measure(probe, key)
    for item in last:
        circuit.append(item)
    return as_prepared(
        circuit,
        [(1 + mean) / 2, (1 - mean) / 2],
        herald=prepared.herald_register,
        success=prepared.success,
    )


def hadamard_tests(
    prepared: Prepared,
    state: np.ndarray,
    hamiltonian: np.ndarray,
    observable: str,
    times: ArrayLike,
) -> list[Prepared]:
    """The tests of a correlation: at every time the real part, then the imaginary one.

    Args:
        prepared: The circuit that prepares the state in its register ``system``, shape ().
        state: The state that is to be prepared, shape (2**n, 2**n).
        hamiltonian: Shape (2**n, 2**n).
        observable: A Pauli string, qubit 0 rightmost.
        times: Shape (times,).
    """
    exact = correlation(state, hamiltonian, Pauli(observable).to_matrix(), times)
    return [
        hadamard_test(prepared, observable, expm(-1j * t * hamiltonian), part, mean)
        for t, g in zip(np.asarray(times), exact, strict=True)
        for part, mean in (("real", g.real), ("imaginary", g.imag))
    ]


def bohr_frequencies(hamiltonian: np.ndarray, observable: np.ndarray) -> np.ndarray:
    """Differences of the levels that an observable joins, sorted, shape (frequencies,).

    Args:
        hamiltonian: Shape (N, N), in units of k_B T at beta = 1.
        observable: Shape (N, N), of norm 1 as a Pauli string is.

    Example:
        >>> bohr_frequencies(np.diag([0.0, 1.5]), np.array([[0, 1], [1, 0]])).tolist()
        [1.5]
    """
    levels, vectors = np.linalg.eigh(hamiltonian)
    joins = np.abs(vectors.conj().T @ observable @ vectors) > 1e-9
    same = 1e-9 * float(np.ptp(levels))
    gaps = np.sort(np.abs(levels[:, None] - levels)[joins])
    fresh = np.concatenate([[True], np.diff(gaps) > same])
    return np.asarray(np.where(gaps <= same, 0.0, gaps)[fresh])


def correlation(
    state: np.ndarray, hamiltonian: np.ndarray, observable: np.ndarray, times: ArrayLike
) -> np.ndarray:
    """G(t) by dense linear algebra, complex, shape (times,)."""
    levels, vectors = np.linalg.eigh(hamiltonian)
    a = vectors.conj().T @ observable @ vectors
    rho = vectors.conj().T @ state @ vectors
    turns = np.exp(1j * np.outer(np.asarray(times), levels))
    return np.asarray(np.einsum("ki,ti,ij,tj,jk->t", rho, turns, a, turns.conj(), a))


@dataclass(frozen=True, eq=False)
class Comb:
    """Linear estimators of a spectrum at known frequencies from correlations at chosen times.

    It gives S(v) + S(-v) = offsets + even @ Re G and S(v) - S(-v) = -odd @ Im G.

    Attributes:
        frequencies: v > 0, shape (frequencies,).
        times: Shape (times,).
        offsets: Shape (frequencies,): what G(0) = 1 gives, which needs no shot.
        even: Shape (frequencies, times).
        odd: Shape (frequencies, times).
        shares: Shape (2, times), sums to one: how shots are best spent on real and imaginary parts.
    """

    frequencies: np.ndarray
    times: np.ndarray
    offsets: np.ndarray
    even: np.ndarray
    odd: np.ndarray
    shares: np.ndarray


def comb(frequencies: np.ndarray, beta: float, *, spacings: int = 400) -> Comb:
    r"""Choose times k tau, k = 1, 2, ..., one for each frequency, that show a temperature best.

    From a grid of tau the one is taken at which the sum of the defects (see
    `qcattn.claims.born._thermometer`) would give beta with the fewest shots, were all frequencies
    as strong in S as each other. The spectrum follows from what is measured by linear equations;
    beta only chooses the times.

    Args:
        frequencies: Non-negative, distinct; zero may be among them.
        beta: An inverse temperature that may be expected.
        spacings: Points of the grid.

    Raises:
        ValueError: If there is no positive frequency, or they cannot be told apart.

    Example:
        >>> found = comb(np.array([0.0, 1.0]), 1.0)
        >>> g = 0.2 + 0.6 * np.exp(-1j * found.times) + 0.2 * np.exp(1j * found.times)
        >>> (found.offsets + found.even @ g.real).round(6), (-found.odd @ g.imag).round(6)
        (array([0.8]), array([0.4]))
    """
    above = frequencies > 0
    positive = frequencies[above]
    if not positive.size:
        raise ValueError(
            "`frequencies` must hold a positive one, but holds none; take an observable that joins "
            "levels"
        )
    # Weights that sum to G(0) = 1 are these and any sum of the directions.
    flat = np.full(len(frequencies), 1 / len(frequencies))
    directions = null_space(np.ones((1, len(frequencies))))
    rise = np.tanh(beta * positive / 2)
    costs, combs = [], []
    for tau in np.linspace(0, 2 * np.pi / positive.min(), spacings + 1)[1:]:
        times = tau * np.arange(1, len(positive) + 1)
        waves, sines = np.cos(np.outer(times, frequencies)), np.sin(np.outer(times, positive))
        free = waves @ directions
        ranks = [np.linalg.matrix_rank(x, rtol=1e-3) for x in (sines, free) if x.size]
        if sum(ranks) < len(positive) + directions.shape[1]:
            continue
        even, odd = directions @ np.linalg.pinv(free), np.linalg.pinv(sines)
        offsets = flat - even @ (waves @ flat)
        weights = np.stack([rise @ even[above], odd.sum(axis=0)])
        means = np.stack([waves @ flat, sines @ (flat[above] * rise)])
        spread = np.abs(weights) * np.sqrt(np.clip(1 - means**2, 0.01, None))
        shares = spread + 0.02 * spread.max()
        combs.append(Comb(positive, times, offsets[above], even[above], odd, shares / shares.sum()))
        costs.append(float(spread.sum()))
    if not combs:
        raise ValueError(
            f"`frequencies` {frequencies.round(4).tolist()} cannot be told apart at "
            f"{plural(len(positive), 'time')}; take another observable"
        )
    return combs[int(np.argmin(costs))]
