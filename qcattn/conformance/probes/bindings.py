"""Values bound one by one, by a table, and beforehand give the same law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qcattn.backends.simulator import Ability, Task
from qcattn.conformance.agreement import follow
from qcattn.conformance.case import Case
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, task_of

__all__ = ["Bindings"]

_SHOTS = {"quick": 2000, "standard": 10_000, "deep": 100_000}
#: Rows of a long table of values.
_LONG = 50


@dataclass(frozen=True, kw_only=True)
class Bindings(Probe[ProbeJob]):
    """Each binding follows its law: alone, in rows, in a long table, and bound beforehand.

    References:
        [1] G. Valiant and P. Valiant, SIAM J. Comput. 46, 429 (2017), the statistic of
            `qcattn.fit`.
    """

    name: ClassVar[str] = "bindings"
    relation: ClassVar[str] = "Every row of values gets its own result, however it is bound"
    effect: ClassVar[str] = "total variation"
    needs: ClassVar[frozenset[Ability]] = frozenset({"parameters"})

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[ProbeJob]:
        """Each circuit with parameters, bound in the four ways."""
        shots = _SHOTS[level]
        for case in cases:
            if case.parameters and not case.noise:
                yield from _ways(case, shots)

    def judge(self, job: ProbeJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the shots by `qcattn.fit`."""
        return follow(job, drawn, rng)


def _ways(case: Case, shots: int) -> Iterator[ProbeJob]:
    whole, laws = task_of(case, shots), case.laws
    needs: frozenset[Ability] = frozenset(case.features)
    size = len(laws)
    yield ProbeJob(
        name=f"{case.name}, one row of values",
        tasks=(Task(whole.circuit, shots, whole.values[-1:]),),
        laws=(laws[-1:],),
        needs=needs,
    )
    yield ProbeJob(name=f"{case.name}, {size} rows", tasks=(whole,), laws=(laws,), needs=needs)
    order = [(3 * i + i // size) % size for i in range(_LONG)]
    yield ProbeJob(
        name=f"{case.name}, a table of {_LONG} rows",
        tasks=(Task(whole.circuit, max(shots // 10, 200), whole.values[order]),),
        laws=(tuple(laws[i] for i in order),),
        needs=needs,
    )
    yield ProbeJob(
        name=f"{case.name}, bound beforehand",
        tasks=tuple(Task(circuit, shots) for circuit in whole.bound()),
        laws=tuple((law,) for law in laws),
        needs=needs,
    )
