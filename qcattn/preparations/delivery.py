"""What a method delivers: its circuit, and how its outcome is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit

from qcattn.dense_state import read_keys, system_state
from qcattn.preparations.basis import with_basis
from qcattn.preparations.fitting import Declared
from qcattn.preparations.reference import gibbs
from qcattn.records import Hamiltonian, Prepared
from qcattn.thermal import trace_distance

__all__ = ["delivered", "with_true_error"]


def delivered(
    method: Declared,
    hamiltonian: Hamiltonian,
    circuit: QuantumCircuit,
    *,
    values: np.ndarray | None = None,
    distribution: np.ndarray | None = None,
    success: ArrayLike = 1.0,
    error: ArrayLike = 0.0,
    state: Literal["gibbs", "qsample"] = "gibbs",
    spent: int = 0,
) -> Prepared:
    """Deliver the circuit of a method for a Hamiltonian, named and read as all are.

    Args:
        method: The method, whose class gives the name and the kind.
        hamiltonian: Shape (...).
        circuit: A circuit that is measured into a register ``key``, and into ``herald`` if it may
            fail.
        values: Values of the circuit's own parameters, shape (..., m); None if it has none. Those
            of the basis change follow, where the circuit left them open.
        distribution: Probabilities that its kept shots must give, shape (..., num_keys); NaN if
            None, to be found from the circuit.
        success: Probability that a shot is kept, scalar or of shape (...).
        error: Trace distance that is claimed, scalar or of shape (...).
        state: The state aimed at.
        spent: Shots that finding the circuit took.

    Returns:
        Prepared of shape (...).
    """
    own = np.zeros((*hamiltonian.shape, 0)) if values is None else values
    heralded = any(register.name == "herald" for register in circuit.cregs)
    if distribution is None:
        distribution = np.full(hamiltonian.energies.shape, np.nan)
    return Prepared(
        method=type(method).__name__,
        kind=method.kind,
        circuit=circuit,
        values=with_basis(own, hamiltonian) if circuit.num_parameters > own.shape[-1] else own,
        codewords=hamiltonian.codewords,
        key_register="key",
        herald_register="herald" if heralded else None,
        distribution=distribution,
        success=np.full(hamiltonian.shape, success),
        error=np.full(hamiltonian.shape, error),
        state=state,
        spent=spent,
        subsets=hamiltonian.subsets,
    )


def with_true_error(prepared: Prepared, hamiltonian: Hamiltonian, beta: ArrayLike) -> Prepared:
    """Replace the distribution and the error by those of the circuit, by dense linear algebra.

    This is for methods that search for a circuit, which know no better bound.

    Args:
        prepared: One prepared circuit.
        hamiltonian: Aimed at, shape ().
        beta: Inverse temperature.
    """
    state, _ = system_state(prepared)
    distance = trace_distance(state, gibbs(hamiltonian, beta))
    return replace(prepared, distribution=read_keys(prepared, state), error=np.asarray(distance))
