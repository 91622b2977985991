"""One experiment, one check, one seed: circuits that belong together are drawn together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from qcattn.backends import Aer
from qcattn.backends.counting import whole_shots
from qcattn.preparations.fitting import check_beta
from qcattn.records import Counts, Hamiltonian, Prepared
from qcattn.seeds import entropy

__all__ = ["Backend", "check", "draw", "readings"]

#: (prepared, shots, seed) -> Counts.
Backend = Callable[[Prepared, int, Any], Counts]


def check(
    prepared: Prepared,
    hamiltonian: Hamiltonian,
    beta: float,
    alpha: float = 0.5,
    error: float | None = 0.0,
) -> None:
    """Refuse more than one circuit, one of another size than H, and numbers out of range.

    Args:
        prepared: One circuit.
        hamiltonian: One, of as many qubits.
        beta: Positive and finite.
        alpha: Error rate, between 0 and 1.
        error: Trace distance, from 0 to 1; None for the one that the preparation claims.

    Raises:
        ValueError: Naming the cure.
    """
    if prepared.shape or hamiltonian.shape:
        raise ValueError(
            f"`prepared` must be one circuit of one `hamiltonian`, but their shapes are "
            f"{prepared.shape} and {hamiltonian.shape}; index them, for example `prepared[0]`"
        )
    bits = prepared.codewords.shape[1]
    if bits != hamiltonian.num_qubits:
        raise ValueError(
            f"`prepared` has {bits} system qubits, but `hamiltonian` has "
            f"{hamiltonian.num_qubits}; give the one that was prepared"
        )
    check_beta(beta)
    if not isinstance(alpha, Real) or not 0 < alpha < 1:
        raise ValueError(f"`alpha` must be between 0 and 1, but is {alpha!r}")
    allowed = float(prepared.error) if error is None else error
    if not isinstance(allowed, Real) or not 0 <= allowed <= 1:
        raise ValueError(
            f"`error` must be a trace distance, from 0 to 1, but is {allowed!r}"
            + "; give one, since the preparation claims none" * (error is None)
        )


def draw(
    circuits: Sequence[Prepared], shots: int, backend: Backend | None, seed: Any
) -> list[Counts]:
    """Shots of each circuit, every one with its own part of one seed.

    Raises:
        ValueError: If shots is no whole number, 1 or more.
    """
    run = Aer() if backend is None else backend
    number = whole_shots(shots)
    seeds = np.random.SeedSequence(entropy(seed)).spawn(len(circuits))
    return [run(one, number, part) for one, part in zip(circuits, seeds, strict=True)]


def readings(num_bits: int) -> np.ndarray:
    """All readings of a register as codewords, shape (2**num_bits, num_bits), bool."""
    return (np.arange(2**num_bits)[:, None] >> np.arange(num_bits)) & 1 == 1
