"""How far the exact state of a circuit is from the one aimed at: dense linear algebra, no shots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcattn import thermal
from qcattn.certification.checking import check_prepared
from qcattn.certification.targets import State, exact_state
from qcattn.dense_state import system_state
from qcattn.records import Hamiltonian, Prepared

__all__ = ["Dense", "certify_dense"]


@dataclass(frozen=True)
class Dense:
    """Distances of the system's state from the state that is aimed at.

    Attributes:
        state: The state aimed at, ``"gibbs"`` or ``"qsample"``.
        fidelity: Squared fidelity with the state aimed at.
        trace_distance: Trace distance from the state aimed at.
        claimed: Trace distance that the preparation claims at most.
        gibbs_fidelity: Squared fidelity with the Gibbs state.
        gibbs_trace_distance: Trace distance from the Gibbs state.
        relative_entropy: D(state of the system || Gibbs state), nats.
        qsample_fidelity: Squared fidelity with the pure state of the same populations.
        qsample_trace_distance: Trace distance from the pure state of the same populations.
        purity: Trace of the squared state of the system.
        success: Probability that a shot is kept.
    """

    state: State
    fidelity: float
    trace_distance: float
    claimed: float
    gibbs_fidelity: float
    gibbs_trace_distance: float
    relative_entropy: float
    qsample_fidelity: float
    qsample_trace_distance: float
    purity: float
    success: float

    @property
    def holds(self) -> bool:
        """Whether the claimed trace distance holds, up to rounding (1e-9)."""
        return self.trace_distance <= self.claimed + 1e-9


def certify_dense(prepared: Prepared, hamiltonian: Hamiltonian, beta: float) -> Dense:
    r"""Fidelity, trace distance and relative entropy of what a circuit prepares.

    The relative entropy is taken as :math:`\beta (F(\rho) - F_\beta)`, which loses no small weights
    of a cold Gibbs state; infinite where more than 1e-12 lies on padding or masked keys.

    Args:
        prepared: One circuit, shape ().
        hamiltonian: What it was prepared for, shape ().
        beta: Inverse temperature, positive.

    Raises:
        ValueError: If shapes differ, a number is out of range, or memory is too small (the message
            says how many bytes).

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Amplitude
        >>> hamiltonian = Binary()([0.0, 1.0])
        >>> found = certify_dense(Amplitude()(hamiltonian, beta=1.0), hamiltonian, 1.0)
        >>> round(found.trace_distance, 9), round(found.gibbs_trace_distance, 4)
        (0.0, 0.4434)
    """
    check_prepared(prepared, hamiltonian, beta)
    gibbs = exact_state(hamiltonian, beta, "gibbs")
    qsample = exact_state(hamiltonian, beta, "qsample")
    rho, success = system_state(prepared)
    distances = [float(thermal.trace_distance(rho, sigma)) for sigma in (gibbs, qsample)]
    # A pure state's fidelity is an overlap; roots of its rounding would not be small.
    fidelities = [
        float(thermal.fidelity(rho, gibbs)),
        float(np.clip(np.einsum("ij,ji->", rho, qsample).real, 0.0, 1.0)),
    ]
    aimed = ("gibbs", "qsample").index(prepared.state)
    return Dense(
        state=prepared.state,
        fidelity=fidelities[aimed],
        trace_distance=distances[aimed],
        claimed=float(prepared.error),
        gibbs_fidelity=fidelities[0],
        gibbs_trace_distance=distances[0],
        relative_entropy=_relative_entropy(rho, hamiltonian, beta),
        qsample_fidelity=fidelities[1],
        qsample_trace_distance=distances[1],
        purity=float(np.einsum("ij,ji->", rho, rho).real),
        success=success,
    )


def _relative_entropy(rho: np.ndarray, hamiltonian: Hamiltonian, beta: float) -> float:
    if hamiltonian.off_diagonal is not None:
        matrix = hamiltonian.matrix
        energy = float(np.einsum("ij,ji->", rho, matrix).real)
        lowest = float(thermal.free_energy(matrix, beta))
    else:
        turn = hamiltonian.rotation if hamiltonian.basis is not None else None
        turned = rho if turn is None else turn.T @ rho @ turn
        weights = np.diag(turned).real[list(hamiltonian.basis_states)]
        real = np.isfinite(hamiltonian.energies)
        if weights[real].sum() < 1 - 1e-12:  # weight where the Gibbs state has none
            return float("inf")
        energy = float(weights[real] @ hamiltonian.energies[real])
        lowest = float(thermal.free_energy(hamiltonian.energies, beta, diagonal=True))
    return max(0.0, beta * (energy - lowest) - float(thermal.von_neumann_entropy(rho)))
