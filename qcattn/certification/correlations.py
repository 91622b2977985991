r"""The KMS condition in counts: correlations that vanish in the Gibbs state, and in few others.

With :math:`B_\pm` as in `qcattn.certification.kms`, :math:`\mathrm{Tr}\,\rho\,O = 0` in the Gibbs
state for :math:`O = A B_- - B_+ A` and all A, B. Here B is a single-site Pauli and A another, or
the current :math:`i[H, B]` of norm 1, without which states that share a symmetry with H would not
be told from it. The Hermitian observables :math:`(O + O^\dagger)/2` and
:math:`(O - O^\dagger)/2i` of every pair are read off the same shots, by their Pauli strings. Each
has an interval by Bernstein's inequality, and all of them hold together (Bonferroni). At trace
distance T from the Gibbs state such an expectation value is at most T times the range of the
observable: so the intervals bound T from below, and neither a Gibbs state nor a partition function
has been computed. H itself is diagonalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy import special

from qcattn.backends.protocol import Backend
from qcattn.certification.checking import check_of_gibbs
from qcattn.certification.intervals import mean
from qcattn.certification.paulis import exact_expectations, measure_strings, support
from qcattn.evidence import Estimate
from qcattn.plurals import plural
from qcattn.records import Hamiltonian, Prepared, check_bytes, walsh_hadamard

__all__ = ["Correlations", "certify_correlations", "kms_observables"]

#: Qubits up to which all Pauli strings are measured: 3^5 = 243 bases.
MOST_QUBITS = 5
#: Observables of a smaller norm are rounding.
_VANISHING = 1e-12


@dataclass(frozen=True, eq=False)
class Correlations:
    """Observables that are zero in the Gibbs state, measured. Arrays are of shape (observables,).

    Attributes:
        pairs: A and B of each, qubit 0 rightmost, ``"current"`` for the current of B; the
            Hermitian part first, then the other. Those that vanish for any state are left out.
        estimates: Measured expectation values, dimensionless; NaN without kept shots.
        low: Lower ends of their intervals, which all hold together at 1 - alpha.
        high: Upper ends of the intervals.
        ranges: Largest minus smallest eigenvalue of each observable.
        error: Trace distance that the preparation claims at most.
        shots: Shots drawn, in all bases.
        alpha: Probability that an interval misses, at most.
    """

    pairs: tuple[tuple[str, str], ...]
    estimates: np.ndarray
    low: np.ndarray
    high: np.ndarray
    ranges: np.ndarray
    error: float
    shots: int
    alpha: float

    @property
    def defect(self) -> Estimate:
        """The largest absolute expectation value, and its interval."""
        if not self.pairs:
            return Estimate(0.0, 0.0, 0.0)
        away = np.maximum(0.0, np.maximum(self.low, -self.high))
        reach = np.maximum(self.high, -self.low)
        return Estimate(float(np.abs(self.estimates).max()), float(away.max()), float(reach.max()))

    @property
    def worst(self) -> tuple[str, str]:
        """The pair of Paulis that shows the largest."""
        return self.pairs[int(np.argmax(np.nan_to_num(np.abs(self.estimates))))]

    @property
    def trace_distance(self) -> float:
        """Lower bound on the trace distance to the Gibbs state, at confidence 1 - alpha."""
        away = np.maximum(0.0, np.maximum(self.low, -self.high))
        return float((away / self.ranges).max(initial=0.0))

    @property
    def refuted(self) -> bool:
        """Whether the state is farther from the Gibbs state than claimed, at error rate alpha."""
        return self.trace_distance > self.error + 1e-12


def certify_correlations(
    prepared: Prepared,
    hamiltonian: Hamiltonian,
    beta: float,
    *,
    shots: int = 4096,
    backend: Backend | None = None,
    seed: Any = 0,
    alpha: float = 0.01,
    error: float | None = None,
) -> Correlations:
    """Test the KMS condition from shots.

    Args:
        prepared: One circuit, shape ().
        hamiltonian: What it was prepared for, shape (), an energy for every basis state.
        beta: Inverse temperature, positive.
        shots: Shots of each of 3**n bases.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
        alpha: Error rate.
        error: Trace distance from the Gibbs state that is allowed; None for the one claimed (1
            where the preparation aims at a qsample, which claims nothing of the Gibbs state).

    Raises:
        ValueError: If shapes differ, a number is out of range, some basis state has no energy, or
            there are more than 5 qubits.

    Example:
        >>> from qcattn.models.spins import ising
        >>> from qcattn.preparations import QSVT
        >>> hamiltonian = ising(1, field=0.5)
        >>> prepared = QSVT(error=1e-3)(hamiltonian, beta=1.0)
        >>> certify_correlations(prepared, hamiltonian, 1.0).refuted
        False
        >>> certify_correlations(prepared, hamiltonian, 2.0).refuted
        True
    """
    allowed = check_of_gibbs(prepared, hamiltonian, beta, alpha, error)
    n = hamiltonian.num_qubits
    if n > MOST_QUBITS:
        raise ValueError(
            f"`hamiltonian` has {plural(n, 'qubit')}: its correlations take {3**n:,} bases; take "
            f"at most {MOST_QUBITS} qubits, or use certify_balance, certify_observables or "
            "certify_free_energy"
        )
    pairs, observables = kms_observables(hamiltonian.matrix, beta)
    levels = np.linalg.eigvalsh(observables)
    strings = ["".join(letters) for letters in product("IXYZ", repeat=n)][1:]
    weights = np.array([exact_expectations(one, ["I" * n, *strings]) for one in observables]) / 2**n
    groups = measure_strings(prepared, strings, shots, backend, seed)
    values = []
    for group in groups:
        table = np.zeros((len(observables), 2**n))
        for index in group.members:
            table[:, support(strings[index])] += weights[:, index + 1]
        values.append(walsh_hadamard(table))
    found = [
        mean(
            [(of[k], group.counts) for of, group in zip(values, groups, strict=True)],
            alpha / len(observables),
            offset=float(weights[k, 0]),
        )
        for k in range(len(observables))
    ]
    return Correlations(
        pairs=pairs,
        estimates=np.array([one.best for one in found]),
        low=np.maximum([one.low for one in found], levels[:, 0]),
        high=np.minimum([one.high for one in found], levels[:, -1]),
        ranges=levels[:, -1] - levels[:, 0],
        error=allowed,
        shots=shots * len(groups),
        alpha=alpha,
    )


def kms_observables(
    matrix: np.ndarray, beta: float
) -> tuple[tuple[tuple[str, str], ...], np.ndarray]:
    """Pairs of single-site Paulis, and Hermitian matrices whose mean in the Gibbs state is zero.

    Args:
        matrix: H, Hermitian, shape (2**n, 2**n), in units of k_B T at beta = 1.
        beta: Inverse temperature, positive.

    Returns:
        The names A and B of each observable; and the observables, shape (observables, 2**n, 2**n),
        at most 6 n (3 n + 1) of them.

    Example:
        >>> import numpy as np
        >>> pairs, observables = kms_observables(np.diag([0.0, 1.0]), 1.0)
        >>> weights = np.exp([0.0, -1.0])
        >>> values = observables.diagonal(axis1=1, axis2=2) @ weights
        >>> len(pairs), pairs[0], bool(np.abs(values).max() < 1e-15)
        (8, ('Y', 'X'), True)
    """
    from qiskit.quantum_info import Pauli

    n = len(matrix).bit_length() - 1
    check_bytes(3 * 6 * n * (3 * n + 1) * 16 * 4**n, f"the correlations of {plural(n, 'qubit')}")
    levels, vectors = np.linalg.eigh(matrix)
    gaps = levels[:, None] - levels
    up = special.expit(beta * gaps)
    names = ["I" * (n - 1 - q) + letter + "I" * q for q in range(n) for letter in "XYZ"]
    paulis = [vectors.conj().T @ Pauli(name).to_matrix() @ vectors for name in names]
    pairs, observables = [], []
    for second, b in zip(names, paulis, strict=True):
        current = 1j * gaps * b
        current = current / max(np.linalg.norm(current, 2), np.finfo(float).tiny)
        for first, a in zip([*names, "current"], [*paulis, current], strict=True):
            o = vectors @ (a @ (up.T * b) - (up * b) @ a) @ vectors.conj().T
            for part in ((o + o.conj().T) / 2, (o - o.conj().T) / 2j):
                if np.linalg.norm(part, 2) > _VANISHING:
                    pairs.append((first, second))
                    observables.append(part)
    return tuple(pairs), np.array(observables).reshape(-1, 2**n, 2**n)
