r"""Trace distance to the exact state from shots, between two bounds, with nothing assumed.

With sigma the exact state, :math:`h^2 = \mathrm{Tr}(\rho - \sigma)^2 = \mathrm{Tr}\,\rho^2 -
2\,\mathrm{Tr}\,\rho\sigma + \mathrm{Tr}\,\sigma^2`. The first is measured by a swap test, the
second is the expectation value of the observable sigma, the third is computed. Since :math:`\rho -
\sigma` has trace zero,

.. math:: h / \sqrt 2 \;\le\; T \;\le\; \sqrt{d}\, h / 2 ,

d being the dimension. For a pure sigma the second is the fidelity f, and
:math:`1 - f \le T \le \sqrt{1 - f}` [1] is used too. Half of alpha goes to each measurement.

The upper bound closes as :math:`\sqrt d` times the shots to the power -1/4. A diagonal sigma takes
one basis; any other takes all Pauli strings, in :math:`3^n` bases.

References:
    [1] C. A. Fuchs and J. van de Graaf, IEEE Trans. Inf. Theory 45, 1216 (1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qcattn.backends.protocol import Backend
from qcattn.certification.checking import check_prepared
from qcattn.certification.paulis import expectation
from qcattn.certification.purity import purity_interval, swap_test
from qcattn.certification.targets import State, exact_state
from qcattn.evidence import Estimate
from qcattn.plurals import plural
from qcattn.records import Hamiltonian, Prepared, pauli_sum
from qcattn.seeds import entropy

__all__ = ["Distance", "certify_distance"]

#: Qubits up to which a state that is not diagonal is measured whole: 3^5 = 243 bases.
MOST_QUBITS = 5


@dataclass(frozen=True)
class Distance:
    """Bounds on the trace distance of the system from the exact state.

    Attributes:
        low: Lower bound.
        high: Upper bound.
        purity: The measured purity of the system.
        overlap: The measured trace of the system's state times the exact one.
        state: The state aimed at, ``"gibbs"`` or ``"qsample"``.
        error: Trace distance that the preparation claims at most.
        shots: Shots drawn in all bases and of two copies.
        alpha: Probability that a bound fails, at most.
    """

    low: float
    high: float
    purity: Estimate
    overlap: Estimate
    state: State
    error: float
    shots: int
    alpha: float

    @property
    def refuted(self) -> bool:
        """Whether the state is farther away than claimed, at error rate alpha."""
        return self.low > self.error + 1e-12


def certify_distance(
    prepared: Prepared,
    hamiltonian: Hamiltonian,
    beta: float,
    *,
    shots: int = 4096,
    backend: Backend | None = None,
    seed: Any = 0,
    alpha: float = 0.01,
    state: State | None = None,
    error: float | None = None,
) -> Distance:
    """Bound the trace distance of the system from the exact state.

    Args:
        prepared: One circuit, shape ().
        hamiltonian: What it was prepared for, shape ().
        beta: Inverse temperature, positive.
        shots: Shots of each basis and of the swap test.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
        alpha: Error rate.
        state: The state to hold it against; None for the one that the preparation aims at.
        error: Trace distance that `refuted` allows; None for the one claimed.

    Raises:
        ValueError: If shapes differ, a number is out of range, or a state that is not diagonal has
            more than 5 qubits.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Purification
        >>> hamiltonian = Binary()([0.0, 1.0])
        >>> prepared = Purification()(hamiltonian, beta=1.0)
        >>> found = certify_distance(prepared, hamiltonian, 1.0, shots=100_000)
        >>> found.low, found.high < 0.1, found.refuted
        (0.0, True, False)
    """
    allowed = check_prepared(prepared, hamiltonian, beta, alpha, error)
    aimed: State = prepared.state if state is None else state
    n = hamiltonian.num_qubits
    sigma = exact_state(hamiltonian, beta, aimed)
    if n > MOST_QUBITS and not np.array_equal(sigma, np.diag(np.diag(sigma))):
        raise ValueError(
            f"`hamiltonian` has {plural(n, 'qubit')}, and its {aimed} state is not diagonal: "
            f"measuring it whole takes {3**n:,} bases; take at most {MOST_QUBITS} qubits, or use "
            "certify_observables and certify_free_energy"
        )
    of_bases, of_copies = np.random.SeedSequence(entropy(seed)).spawn(2)
    overlap, drawn = expectation(
        prepared,
        pauli_sum(sigma),
        shots=shots,
        backend=backend,
        seed=of_bases,
        alpha=alpha / 2,
    )
    even, kept = swap_test(prepared, shots, backend, of_copies)
    purity = purity_interval(even, kept, n, alpha / 2)
    levels = np.linalg.eigvalsh(sigma)
    own = float(levels @ levels)
    low = np.sqrt(max(0.0, purity.low - 2 * overlap.high + own) / 2)
    high = np.sqrt(max(0.0, purity.high - 2 * overlap.low + own) * 2**n) / 2
    if own > 1 - 1e-12:
        low = max(low, 1 - overlap.high)
        high = min(high, np.sqrt(max(0.0, 1 - overlap.low)))
    return Distance(
        low=float(low),
        high=min(1.0, float(high)),
        purity=purity,
        overlap=overlap,
        state=aimed,
        error=allowed,
        shots=drawn + shots,
        alpha=alpha,
    )
