r"""Purity from shots: the swap test on two copies, read in the Bell basis.

The swap of two copies has :math:`\mathrm{Tr}(S\, \rho \otimes \rho) = \mathrm{Tr}\, \rho^2`, and is
a product over qubits of the swap of qubit i with its twin, which is -1 on the singlet and +1 on the
other Bell states. So cx and h turn each pair to the Bell basis, and a shot reads the parity of the
number of pairs that came out 11: no ancilla [1]. The shares are binomial, so interval and test are
exact.

A state within trace distance T of sigma has a purity within
:math:`2 T (s_{max} - s_{min}) + 2 T^2` of that of sigma, s being the eigenvalues of sigma: with
:math:`\delta = \rho - \sigma`, of trace zero, :math:`\mathrm{Tr}\,\rho^2 - \mathrm{Tr}\,\sigma^2 =
2\,\mathrm{Tr}\,\sigma\delta + \mathrm{Tr}\,\delta^2`.

References:
    [1] J. C. Garcia-Escartin and P. Chamorro-Posada, Phys. Rev. A 87, 052330 (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.checking import check_prepared
from qcattn.certification.intervals import binomial_p_value, estimated_share
from qcattn.certification.targets import State, exact_state
from qcattn.evidence import Estimate
from qcattn.readings.copies import two_copies
from qcattn.records import Hamiltonian, Prepared

__all__ = ["Purity", "certify_purity"]


@dataclass(frozen=True)
class Purity:
    """The trace of the squared state of the system, measured and exact.

    Attributes:
        purity: The measured purity, with its interval at 1 - alpha.
        exact: The purity of the state that the circuit is held against.
        p_value: Exact two-sided binomial test of the claim.
        kept: Shots of which both copies were kept.
        state: The state aimed at, ``"gibbs"`` or ``"qsample"``.
        error: Trace distance that the hypothesis allows.
        shots: Shots drawn, each of two copies.
        alpha: Error rate of the interval and of the test.
    """

    purity: Estimate
    exact: float
    p_value: float
    kept: int
    state: State
    error: float
    shots: int
    alpha: float

    @property
    def refuted(self) -> bool:
        """Whether the purity differs by more than the claimed error allows."""
        return self.p_value <= self.alpha


def certify_purity(
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
) -> Purity:
    """Measure the purity by a swap test and compare it with the exact state's.

    Args:
        prepared: One circuit, shape ().
        hamiltonian: What it was prepared for, shape ().
        beta: Inverse temperature, positive.
        shots: Shots of the doubled circuit.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.
        seed: What `numpy.random.default_rng` takes.
        alpha: Error rate of the interval and of the test.
        state: The state to hold it against; None for the one that the preparation aims at.
        error: Trace distance from it that is allowed; None for the one claimed.

    Raises:
        ValueError: If shapes differ, a number is out of range, or the readings of two copies would
            not fit into memory.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Purification
        >>> hamiltonian = Binary()([0.0, 1.0])
        >>> found = certify_purity(Purification()(hamiltonian, beta=1.0), hamiltonian, 1.0)
        >>> round(found.exact, 4), found.exact in found.purity, found.refuted
        (0.6068, True, False)
    """
    allowed = check_prepared(prepared, hamiltonian, beta, alpha, error)
    aimed: State = prepared.state if state is None else state
    sigma = exact_state(hamiltonian, beta, aimed)
    levels = np.linalg.eigvalsh(sigma)
    exact = float(levels @ levels)
    even, kept = swap_test(prepared, shots, backend, seed)
    reach = allowed * float(levels[-1] - levels[0]) + allowed**2
    chance = (1 + exact) / 2
    chance = 1.0 if chance > 1 - 1e-12 else chance
    return Purity(
        purity=purity_interval(even, kept, hamiltonian.num_qubits, alpha),
        exact=exact,
        p_value=float(binomial_p_value(even, kept, chance - reach, chance + reach)),
        kept=kept,
        state=aimed,
        error=allowed,
        shots=shots,
        alpha=alpha,
    )


def swap_test(
    prepared: Prepared, shots: int, backend: Backend | None, seed: Any
) -> tuple[int, int]:
    """How many kept shots read an even number of singlets, and how many shots were kept."""
    (counts,) = draw([two_copies(prepared)], shots, backend, seed)
    n = prepared.codewords.shape[1]
    places = np.arange(4**n)
    even = np.bitwise_count((places >> n) & places & (2**n - 1)) % 2 == 0
    return int(counts.keys[even].sum()), int(counts.keys.sum())


def purity_interval(even: int, kept: int, num_qubits: int, alpha: float) -> Estimate:
    """Exact interval of the purity, which is at least 2**-num_qubits."""
    share, least = estimated_share(even, kept, alpha), 0.5**num_qubits
    low, high = (max(least, 2 * end - 1) for end in (share.low, share.high))
    return Estimate(2 * share.best - 1, low, high)
