"""What a certificate is asked for, checked before anything is drawn."""

from __future__ import annotations

from numbers import Real

from qcattn.arguments import check_alpha, check_beta
from qcattn.plurals import plural
from qcattn.records import Hamiltonian, Prepared

__all__ = ["check_of_gibbs", "check_prepared"]


def check_prepared(
    prepared: Prepared,
    hamiltonian: Hamiltonian,
    beta: float,
    alpha: float = 0.5,
    error: float | None = 0.0,
) -> float:
    """Refuse several circuits, a circuit of another size than H, and numbers out of range.

    Args:
        prepared: One circuit.
        hamiltonian: One Hamiltonian on as many qubits.
        beta: Inverse temperature, positive and finite.
        alpha: Error rate, between 0 and 1.
        error: Trace distance, from 0 to 1; None for the one that the preparation claims.

    Returns:
        The trace distance that is allowed.

    Raises:
        ValueError: If an argument is none of that; the message names the cure.
    """
    if prepared.shape or hamiltonian.shape:
        raise ValueError(
            f"`prepared` must be one circuit of one `hamiltonian`, but their shapes are "
            f"{prepared.shape} and {hamiltonian.shape}; index them, for example `prepared[0]`"
        )
    bits = prepared.codewords.shape[1]
    if bits != hamiltonian.num_qubits:
        raise ValueError(
            f"`prepared` has {plural(bits, 'system qubit')}, but `hamiltonian` has "
            f"{hamiltonian.num_qubits}; give the one that was prepared"
        )
    check_beta(beta)
    check_alpha(alpha)
    allowed = float(prepared.error) if error is None else error
    if not isinstance(allowed, Real) or not 0 <= allowed <= 1:
        raise ValueError(
            f"`error` must be a trace distance, from 0 to 1, but is {allowed!r}"
            + "; give one, since the preparation claims none" * (error is None)
        )
    return float(allowed)


def check_of_gibbs(
    prepared: Prepared, hamiltonian: Hamiltonian, beta: float, alpha: float, error: float | None
) -> float:
    """Check the same for a state that is compared with the Gibbs state, whatever its aim.

    Returns:
        The trace distance that is allowed: 1 if none is given and the preparation aims at another
        state, since then it claims nothing of this one.
    """
    allowed = check_prepared(prepared, hamiltonian, beta, alpha, error)
    return 1.0 if error is None and prepared.state != "gibbs" else allowed
