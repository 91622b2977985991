"""A circuit follows its law as well where every shot is a run of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.backends.simulator import Ability, Task
from qcattn.conformance.agreement import follow
from qcattn.conformance.case import Case, Law
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob
from qcattn.conformance.streams import of_cliffords

__all__ = ["ShotByShot", "with_coin"]

_SHOTS = {"quick": 1000, "standard": 10_000, "deep": 100_000}
#: The number of circuits among which one is run, by level.
_EVERY = {"quick": 4, "standard": 2, "deep": 1}


@dataclass(frozen=True, kw_only=True)
class ShotByShot(Probe[ProbeJob]):
    """A circuit keeps its law beside a qubit that is reset first, which forces trajectories.

    References:
        [1] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017), the statistic of
            `qcattn.fit`.
    """

    name: ClassVar[str] = "shot by shot"
    relation: ClassVar[str] = "A circuit whose shots are run one by one follows the same law"
    effect: ClassVar[str] = "total variation"
    needs: ClassVar[frozenset[Ability]] = frozenset({"mid-circuit measurement", "reset"})

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Circuits of up to 10 qubits that would otherwise be sampled from one state."""
        plain = [
            case for case in cases if not case.features and not case.noise and case.qubits <= 10
        ]
        some = plain[:: _EVERY[level]]
        for case in some + of_cliffords(plain, 2, beside=some):
            (law,) = case.laws
            yield ProbeJob(
                name=f"{case.name}, shot by shot",
                tasks=(Task(with_coin(case.circuit), _SHOTS[level]),),
                laws=((beside_coin(law),),),
            )

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the shots by `qcattn.fit`."""
        return follow(job, drawn, rng)


def with_coin(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit after a coin on a qubit of its own is tossed, read and reset."""
    out = QuantumCircuit(circuit.qubits, circuit.clbits, *circuit.qregs, *circuit.cregs)
    coin, read = QuantumRegister(1, "coin_q"), ClassicalRegister(1, "coin_c")
    out.add_register(coin, read)
    out.h(coin[0])
    out.measure(coin[0], read[0])
    out.reset(coin[0])
    out.compose(circuit, circuit.qubits, circuit.clbits, inplace=True)
    return out


def beside_coin(law: Law) -> Law:
    """The law of the circuit with the coin in front of the outcome."""
    outcomes = tuple(f"{coin}{outcome}" for coin in "01" for outcome in law.outcomes)
    return Law(outcomes, np.concatenate([law.p, law.p]) / 2)
