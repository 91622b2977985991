"""Exact outcome probabilities of a circuit, and the dice that draw from them."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit

__all__ = ["roll", "without_measurements"]

_MOST_BITS = 24


def roll(probabilities: np.ndarray, shots: int, key: int, first: int) -> np.ndarray:
    """Multinomial draws, each row from its own stream, so that chunks and order do not matter.

    Args:
        probabilities: Shape (rows, outcomes), each row summing to one.
        shots: The number of shots of each row.
        key: The key of the counter-based generator.
        first: Number of the first row; row r has the stream whose counter starts at r 2^128.

    Returns:
        Shape (rows, outcomes), int64.
    """
    stream = np.random.Philox(key=key, counter=[0, 0, first, 0])
    dice, start = np.random.Generator(stream), stream.state
    drawn = np.empty(probabilities.shape, np.int64)
    for row, law in enumerate(probabilities):
        start["state"]["counter"][2] = first + row
        stream.state = start
        drawn[row] = dice.multinomial(shots, law)
    return drawn


def without_measurements(circuit: QuantumCircuit) -> tuple[QuantumCircuit, list[int]]:
    """The circuit without its final measurements, and the qubit behind each classical bit."""
    out = circuit.copy_empty_like()
    qubit_of: dict[int, int] = {}
    measured: set[int] = set()
    for instruction in circuit.data:
        qubits = {circuit.find_bit(qubit).index for qubit in instruction.qubits}
        if instruction.name == "measure":
            (qubit,) = qubits
            clbit = circuit.find_bit(instruction.clbits[0]).index
            if clbit in qubit_of:
                raise ValueError(
                    "`draws='born'` needs one final measurement for each bit, but the circuit "
                    f"measures bit {clbit} twice; use draws='shots'"
                )
            qubit_of[clbit] = qubit
            measured.add(qubit)
            continue
        if instruction.clbits or (qubits & measured and instruction.name != "barrier"):
            raise ValueError(
                "`draws='born'` needs measurements at the end, but the circuit continues with "
                f"{instruction.name!r} after one; use draws='shots'"
            )
        out._append(instruction)  # the same bits: nothing to check
    if circuit.num_clbits > _MOST_BITS:
        raise ValueError(
            f"`draws='born'` lists the probabilities of all outcomes, of at most {_MOST_BITS} "
            f"bits, but the circuit reads {circuit.num_clbits}; use draws='shots'"
        )
    missing = set(range(circuit.num_clbits)) - set(qubit_of)
    if missing:
        raise ValueError(
            f"`draws='born'` needs every bit measured, but {sorted(missing)} are not; use "
            "draws='shots'"
        )
    return out, [qubit_of[clbit] for clbit in range(circuit.num_clbits)]
