"""Any circuit with a register ``key`` as what the backends take."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit

from qcattn.certification.drawing import readings
from qcattn.records import Prepared

__all__ = ["as_prepared"]


def as_prepared(
    circuit: QuantumCircuit,
    distribution: ArrayLike,
    *,
    values: ArrayLike | None = None,
    herald: str | None = None,
    success: ArrayLike = 1.0,
) -> Prepared:
    """A circuit, or one template with rows of values, whose register ``key`` is read in full.

    Args:
        circuit: Measured into a classical register ``key`` of n bits.
        distribution: What it should give, shape (..., 2**n), outcome 0 first.
        values: Of its parameters, in the order of ``circuit.parameters``, shape
            (..., num_parameters); None if there are none.
        herald: A classical register that must read zero, or None.
        success: Probability that it does, shape (...).

    Returns:
        Prepared of shape (...).

    Example:
        >>> from qiskit import ClassicalRegister
        >>> from qcattn.backends import Aer
        >>> circuit = QuantumCircuit(1)
        >>> circuit.add_register(ClassicalRegister(1, "key"))
        >>> _ = circuit.h(0), circuit.measure(0, 0)
        >>> Aer()(as_prepared(circuit, [0.5, 0.5]), shots=100, seed=1).keys.sum()
        np.int64(100)
    """
    law = np.asarray(distribution, dtype=float)
    shape = law.shape[:-1]
    angles = np.zeros((*shape, 0)) if values is None else np.asarray(values, dtype=float)
    (key,) = (register for register in circuit.cregs if register.name == "key")
    return Prepared(
        method="circuit",
        kind="told",
        circuit=circuit,
        values=np.broadcast_to(angles, (*shape, circuit.num_parameters)),
        codewords=readings(key.size),
        key_register="key",
        herald_register=herald,
        distribution=law,
        success=np.broadcast_to(np.asarray(success, dtype=float), shape),
        error=np.zeros(shape),
    )
