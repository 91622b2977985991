"""Every bit stands where it was written, in every register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.backends.simulator import Task
from qcattn.conformance.agreement import follow
from qcattn.conformance.case import Case, Law
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob

__all__ = ["BitOrder"]

_SIZES = {"quick": (1, 3, 8), "standard": (1, 2, 3, 5, 8, 12), "deep": (1, 2, 3, 5, 8, 12, 20)}
_SHOTS = 50


@dataclass(frozen=True, kw_only=True)
class BitOrder(Probe[ProbeJob]):
    """Every bit stands in its place: basis states are read forwards and permuted.

    There is no chance in it: bit b of the place of each qubit is set in the b-th circuit of a job.

    References:
        [1] Qiskit's convention: bit 0 is the rightmost of a bitstring.
    """

    name: ClassVar[str] = "bit order"
    relation: ClassVar[str] = "The bits of a shot stand where the measurements put them"
    effect: ClassVar[str] = "total variation"

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Circuits with one register, with two, and with measurements in another order."""
        for size in _SIZES[level]:
            orders = {
                "in order": list(range(size)),
                "reversed": list(range(size))[::-1],
                "permuted": [(5 * i + 2) % size for i in range(size)] if size % 5 else
                [(7 * i + 2) % size for i in range(size)],
            }  # fmt: skip
            for what, order in orders.items():
                for registers in (1, 2) if size > 1 else (1,):
                    yield _job(size, what, order, registers)

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge whether each shot is the only possible outcome."""
        return follow(job, drawn, rng)


def _job(size: int, what: str, order: Sequence[int], registers: int) -> ProbeJob:
    tasks, laws = [], []
    for b in range(max(size - 1, 1).bit_length() + 1):
        # The last circuit has one bit set, so that places differ from their complements too.
        ones = [q >> b & 1 == 1 for q in range(size)]
        if b == max(size - 1, 1).bit_length():
            ones = [q == 0 for q in range(size)]
        circuit = _circuit(size, ones, order, registers)
        written = ["0"] * size
        for q, place in enumerate(order):
            written[place] = "1" if ones[q] else "0"
        tasks.append(Task(circuit, _SHOTS))
        laws.append((Law(("".join(written[::-1]),), np.ones(1)),))
    kind = "one register" if registers == 1 else "two registers"
    return ProbeJob(name=f"{size} bits {what}, {kind}", tasks=tuple(tasks), laws=tuple(laws))


def _circuit(
    size: int, ones: Sequence[bool], order: Sequence[int], registers: int
) -> QuantumCircuit:
    first = size // 2 if registers == 2 else size
    parts = [ClassicalRegister(first, "a")]
    if registers == 2:
        parts.append(ClassicalRegister(size - first, "b"))
    circuit = QuantumCircuit(QuantumRegister(size, "q"), *parts)
    for q, one in enumerate(ones):
        if one:
            circuit.x(q)
    for q, place in enumerate(order):
        circuit.measure(q, place)
    return circuit
