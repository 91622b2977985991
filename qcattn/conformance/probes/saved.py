"""The probabilities that a simulator saves are those of its circuit, alone and among others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn.backends.simulator import Ability, Simulator
from qcattn.conformance.case import Case
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, Shown, task_of
from qcattn.evidence import Estimate
from qcattn.plurals import plural

__all__ = ["ROUNDING", "SavedProbabilities"]

_CIRCUITS = {"quick": (1, 12), "standard": (1, 3, 12), "deep": (1, 2, 3, 12, 100)}
#: Rounding of single precision over some hundred gates.
ROUNDING = 1e-5
_MOST_BITS = 10


@dataclass(frozen=True, kw_only=True)
class SavedProbabilities(Probe[ProbeJob]):
    """The probabilities that the simulator itself saves are those of the exact law.

    There is no chance in it: a difference above 1e-5, which is more than single precision loses,
    refutes.

    References:
        [1] qcattn.conformance.law, which computes the exact law from definitions.
    """

    name: ClassVar[str] = "saved probabilities"
    relation: ClassVar[str] = "Saved probabilities are the exact law, alone and among others"
    effect: ClassVar[str] = "total variation"
    shown_by: ClassVar[Shown] = "probabilities"
    needs: ClassVar[frozenset[Ability]] = frozenset({"probabilities"})

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Circuits that are measured at their ends only, in jobs of several sizes."""
        plain = [
            case
            for case in cases
            if not case.features
            and not case.noise
            and case.clbits <= _MOST_BITS
            and _reads_every_bit(case)
        ]
        for size in _CIRCUITS[level]:
            for start in range(0, len(plain), size):
                job = plain[start : start + size]
                first, *_ = job
                yield ProbeJob(
                    name=f"{first.name} in a job of {len(job)} of {size}",
                    tasks=tuple(task_of(case, 1) for case in job),
                    laws=tuple(case.laws for case in job),
                )

    def ask(self, job: ProbeJob, simulator: Simulator, rng: np.random.Generator) -> Any:
        """Ask for probabilities in place of shots."""
        return simulator.probabilities([task.circuit for task in job.tasks])

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the largest total variation between what was saved and the exact law."""
        if len(drawn) != len(job.tasks):
            said = f"{plural(len(drawn), 'result')} came for {plural(len(job.tasks), 'circuit')}"
            return Outcome(0.0, resolution=ROUNDING, said=said)
        worst, said = 0.0, ""
        for i, (saved, (law,)) in enumerate(zip(drawn, job.laws, strict=True)):
            exact = np.zeros(1 << len(law.outcomes[0]))
            exact[[int(outcome, 2) for outcome in law.outcomes]] = law.p
            if np.shape(saved) != exact.shape:
                said = f"circuit {i} has {np.shape(saved)} probabilities, not {exact.shape}"
                return Outcome(0.0, resolution=ROUNDING, said=said)
            distance = float(np.abs(np.asarray(saved) - exact).sum()) / 2
            if not distance <= worst:
                worst, said = distance, f"circuit {i} of the job is off by {distance:.2g}"
        return Outcome(
            1.0 if worst <= ROUNDING else 0.0,
            Estimate(worst, worst, worst),
            ROUNDING,
            0,
            said if worst > ROUNDING else "",
        )


def _reads_every_bit(case: Case) -> bool:
    """What is saved are probabilities of qubits, so that each bit must be one of them."""
    written = [
        bit for one in case.circuit.data if one.operation.name == "measure" for bit in one.clbits
    ]
    return len(set(written)) == len(written) == case.clbits
