"""The same circuit, its system read along X or Y instead of Z."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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
    circuit = prepared.circuit
    key = next(register for register in circuit.cregs if register.name == prepared.key_register)
    if len(letters) != len(key) or not set(letters) <= set("IXYZ"):
        raise ValueError(
            f"`letters` must be {len(key)} of I, X, Y, Z, one a qubit, but is {letters!r}"
        )
    n = len(key)
    check_bytes(2**n * (n + 200), f"the readings of {n} qubits")
    letter_of = dict(zip(key, letters[::-1], strict=True))
    out = circuit.copy_empty_like()
    for item in circuit.data:
        if item.operation.name == "measure" and item.clbits[0] in letter_of:
            letter = letter_of[item.clbits[0]]
            if letter == "Y":
                out.rz(-np.pi / 2, item.qubits[0])
            if letter in "XY":
                out.h(item.qubits[0])
        out.append(item)
    return replace(
        prepared,
        circuit=out,
        codewords=every_reading(n),
        distribution=np.full((*prepared.shape, 2**n), np.nan),
    )
