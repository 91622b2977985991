"""Circuits that are equal on paper are equal in shots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from qiskit import QuantumCircuit, QuantumRegister, transpile

from qcattn.backends.clifford import is_clifford
from qcattn.backends.simulator import Task
from qcattn.conformance.agreement import follow
from qcattn.conformance.case import Case
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob
from qcattn.conformance.streams import of_cliffords

__all__ = ["Equivalents"]

_SHOTS = {"quick": 2000, "standard": 10_000, "deep": 100_000}
#: The number of circuits among which one is run, by level.
_EVERY = {"quick": 6, "standard": 2, "deep": 1}
_BASIS = ["rz", "sx", "x", "cx"]


@dataclass(frozen=True, kw_only=True)
class Equivalents(Probe[ProbeJob]):
    """Rewritten circuits keep their law: transpiled, inverted twice, renamed, widened, decomposed.

    The circuit of the corpus itself is drawn by the probe of exact laws; here the rewritten ones
    must follow the same law.

    References:
        [1] M. Paltenghi and M. Pradel, MorphQ, ICSE 2023, on metamorphic testing of quantum
            platforms.
    """

    name: ClassVar[str] = "equivalent circuits"
    relation: ClassVar[str] = "Circuits that are equal on paper follow one law"
    effect: ClassVar[str] = "total variation"

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Circuits of up to ten qubits that are measured at their ends, rewritten in one job."""
        plain = [
            case for case in cases if not case.features and not case.noise and case.qubits <= 10
        ]
        for case in plain[:: _EVERY[level]]:
            ways = _rewritten(case.circuit)
            yield _job(case, ways, f"rewritten {len(ways)} ways", level)
        for case in of_cliffords(plain, 2):
            # What commutes with the measurements leaves angles behind that are no Clifford's.
            ways = [circuit for circuit in _rewritten(case.circuit) if is_clifford(circuit)]
            yield _job(case, ways, f"rewritten {len(ways)} ways of Clifford gates", level)

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the shots by `qcattn.fit`."""
        return follow(job, drawn, rng)


def _job(case: Case, ways: Sequence[QuantumCircuit], what: str, level: Level) -> ProbeJob:
    return ProbeJob(
        name=f"{case.name}, {what}",
        tasks=tuple(Task(circuit, _SHOTS[level]) for circuit in ways),
        laws=(case.laws,) * len(ways),
    )


def _rewritten(circuit: QuantumCircuit) -> list[QuantumCircuit]:
    ways = [
        transpile(circuit, basis_gates=_BASIS, optimization_level=level, seed_transpiler=level)
        for level in range(4)
    ]
    gates, reads = _halves(circuit)
    there = circuit.copy_empty_like()
    for part in (gates, gates.inverse(), gates, reads):
        there.compose(part, there.qubits, there.clbits if part is reads else None, inplace=True)
    return [*ways, there, _renamed(circuit), _widened(circuit), circuit.decompose()]


def _halves(circuit: QuantumCircuit) -> tuple[QuantumCircuit, QuantumCircuit]:
    """The gates without classical bits, and the measurements."""
    gates, reads = QuantumCircuit(circuit.qubits), circuit.copy_empty_like()
    reads.global_phase = 0
    for one in circuit.data:
        (reads if one.clbits else gates).append(one)
    return gates, reads


def _renamed(circuit: QuantumCircuit) -> QuantumCircuit:
    """The same circuit on the qubits in reverse."""
    qubits = QuantumRegister(circuit.num_qubits, "renamed")
    out = QuantumCircuit(qubits, *circuit.cregs)
    out.compose(circuit, qubits[::-1], circuit.clbits, inplace=True)
    return out


def _widened(circuit: QuantumCircuit) -> QuantumCircuit:
    """The same circuit between idle qubits."""
    size = circuit.num_qubits
    qubits = QuantumRegister(size + 2, "widened")
    out = QuantumCircuit(qubits, *circuit.cregs)
    out.compose(circuit, qubits[1 : size + 1], circuit.clbits, inplace=True)
    return out
