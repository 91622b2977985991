"""A circuit twice, side by side, read in the Bell basis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qcattn.records import Prepared, check_bytes, every_reading

__all__ = ["two_copies"]


def two_copies(prepared: Prepared) -> Prepared:
    """The circuit twice, side by side, each pair of system qubits measured in the Bell basis.

    Key bit q is the first bit of pair q and key bit n + q the second; 11 is the singlet. Heralds of
    both copies must read zero. The registers ``system``, ``key`` and ``herald`` hold both copies,
    the second one after the first; the names of the second copy's other registers end in ``_2``.

    Args:
        prepared: One circuit, shape ().

    Raises:
        TooLarge: If the readings would not fit into memory.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Amplitude
        >>> double = two_copies(Amplitude()(Binary()([0.0, 1.0]), beta=1.0))
        >>> dict(double.circuit.count_ops())
        {'ry': 2, 'measure': 2, 'cx': 1, 'h': 1}
    """
    n = prepared.codewords.shape[1]
    check_bytes(4**n * (2 * n + 200), f"the readings of two copies of {n} qubits")
    single = prepared.circuit.assign_parameters(prepared.values)
    joint: dict[str | None, str] = {prepared.key_register: "key"}
    if prepared.herald_register is not None:
        joint[prepared.herald_register] = "herald"
    out = QuantumCircuit(name=f"{single.name}, two copies")
    bits: dict[str, list[Any]] = {}
    for register in (*single.qregs, *single.cregs):
        kind = type(register)
        if register.name in joint or register.name == "system":
            both = kind(2 * register.size, joint.get(register.name, "system"))
            out.add_register(both)
            bits[register.name] = list(both)
        else:
            copies = [kind(register.size, register.name + end) for end in ("", "_2")]
            out.add_register(*copies)
            bits[register.name] = [bit for copy in copies for bit in copy]
    key = bits[prepared.key_register]
    read: list[Any] = [None] * (2 * n)
    for copy in range(2):
        place = {
            bit: bits[register.name][copy * register.size + i]
            for register in (*single.qregs, *single.cregs)
            for i, bit in enumerate(register)
        }
        for item in single.data:
            qubits = [place[qubit] for qubit in item.qubits]
            clbits = [place[bit] for bit in item.clbits]
            if item.operation.name == "measure" and clbits[0] in key:
                read[key.index(clbits[0])] = qubits[0]
            else:
                out.append(item.operation, qubits, clbits)
    for first, second in zip(read[:n], read[n:], strict=True):
        out.cx(first, second)
        out.h(first)
    out.measure(read, key)
    return replace(
        prepared,
        circuit=out,
        values=np.zeros(0),
        codewords=every_reading(2 * n),
        key_register="key",
        herald_register=None if prepared.herald_register is None else "herald",
        distribution=np.full(4**n, np.nan),
        success=np.square(prepared.success),
    )
