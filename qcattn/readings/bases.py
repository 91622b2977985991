"""The same circuit, its system read along X or Y instead of Z."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Qubit

from qcattn.readings.circuits import before_reading
from qcattn.records import Prepared, check_bytes, every_reading

__all__ = ["in_basis"]


def in_basis(prepared: Prepared, letters: str) -> Prepared:
    """Turn each system qubit right before its key bit is measured.

    Args:
        prepared: Shape (...).
        letters: X, Y or Z for each qubit (I reads as Z); qubit 0 is the rightmost.

    Returns:
        The same preparation, shape (...), whose key bit q tells the eigenvalue of letter q: 0 for
        +1, 1 for -1. Every reading is a key, key k being the reading k; `distribution` is NaN,
        since nobody has computed it.

    Raises:
        ValueError: If there is not one letter of I, X, Y, Z a qubit.

    Example:
        >>> from qcattn.dense_state import outcome_distribution
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Amplitude
        >>> prepared = Amplitude()(Binary()([0.0, 0.0]), beta=1.0)
        >>> outcome_distribution(in_basis(prepared, "X"))[0].round(6).tolist()
        [1.0, 0.0]
    """
    n = prepared.codewords.shape[1]
    if len(letters) != n or not set(letters) <= set("IXYZ"):
        raise ValueError(f"`letters` must be {n} of I, X, Y, Z, one a qubit, but is {letters!r}")
    check_bytes(2**n * (n + 200), f"the readings of {n} qubits")

    def turn(circuit: QuantumCircuit, bit: int, qubit: Qubit) -> None:
        letter = letters[n - 1 - bit]
        if letter == "Y":
            circuit.rz(-np.pi / 2, qubit)
        if letter in "XY":
            circuit.h(qubit)

    return replace(
        prepared,
        circuit=before_reading(prepared, turn),
        codewords=every_reading(n),
        distribution=np.full((*prepared.shape, 2**n), np.nan),
    )
