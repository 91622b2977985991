"""A failing job made small: fewer circuits, gates, qubits and shots, rounder angles.

Every step is tried on fresh shots and kept only where the smaller job fails again by itself, at a
level so small that no step of the whole search is kept by chance with more than the probability
that was set aside for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp

from qcattn.arguments import check_alpha
from qcattn.backends.simulator import Simulator, Task
from qcattn.conformance.law import law_of
from qcattn.conformance.probe import Outcome, Probe, ProbeJob
from qcattn.progress import Progress, silent

__all__ = ["Shrunk", "shrink"]

_ROUND = (*(math.pi * k / 4 for k in (0, 4, 2, -2, 1, -1, 3, -3)), 1.0, 0.5, 2.0)
#: Gates of an exhaustive search, and how many of them at most.
_LONGEST = 2
_MOST_QUBITS = 2


@dataclass(frozen=True, eq=False)
class Shrunk:
    """A job that still fails, and how it came to be so small.

    Attributes:
        job: The smallest one found.
        outcome: What it showed on its own fresh shots.
        tried: Trials that were run.
        kept: Steps that were kept.
    """

    job: ProbeJob
    outcome: Outcome
    tried: int
    kept: int


class _Search:
    """Runs candidates, each with a seed and a level of its own, until steps or time are used up."""

    def __init__(
        self,
        probe: Probe[Any],
        simulator: Simulator,
        level: float,
        steps: int,
        seconds: float,
        seed: Any,
    ) -> None:
        self._until = time.monotonic() + seconds
        self.probe, self.simulator, self.level = probe, simulator, level
        self.left = steps
        self.tried = self.kept = 0
        self._seeds = np.random.SeedSequence(seed)
        self.outcome: Outcome | None = None

    def fails(self, job: ProbeJob) -> bool:
        """Whether a job fails on fresh shots; False once steps or time are used up."""
        if self.left <= 0 or time.monotonic() > self._until:
            return False
        self.left -= 1
        self.tried += 1
        (part,) = self._seeds.spawn(1)
        outcome = self.probe(job, self.simulator, part)
        if outcome is None or outcome.p_value > self.level:
            return False
        if self.outcome is not None and outcome.raised != self.outcome.raised:
            return False  # another fault than the one that is looked for
        self.kept += 1
        self.outcome = outcome
        return True


def shrink(
    probe: Probe[Any],
    job: ProbeJob,
    simulator: Simulator,
    *,
    seed: Any,
    alpha: float = 1e-4,
    steps: int = 400,
    seconds: float = math.inf,
    progress: Progress = silent,
) -> Shrunk | None:
    """Make a failing job small.

    Args:
        probe: That it failed.
        job: As it failed.
        simulator: That was tested.
        seed: Of the whole search, as `numpy.random.SeedSequence` takes it.
        alpha: Probability that any step is kept by chance, at most: each is tried at alpha over
            the number of steps.
        steps: Trials that may be run.
        seconds: After which the smallest job that was found is taken as it is.
        progress: Told the jobs that were run, and what is done.

    Returns:
        The smallest job found, or None if it does not fail again.

    References:
        [1] A. Zeller and R. Hildebrandt, IEEE Trans. Softw. Eng. 28, 183 (2002), delta debugging.
    """
    search = _Search(probe, simulator, check_alpha(alpha) / steps, steps, seconds, seed)
    if not search.fails(job):
        return None
    ways: tuple[tuple[str, Callable[[ProbeJob], Iterator[ProbeJob]]], ...] = (
        ("fewer circuits", _fewer_tasks),
        ("fewer bindings", _bound),
        ("fewer gates", _fewer_gates),
        ("fewer qubits", _fewer_qubits),
        ("rounder angles", _rounder),
        ("fewer gates", _fewer_gates),
        ("fewer shots", _fewer_shots),
        ("shortest circuits", _shortest),
    )
    for what, way in ways:
        progress(search.tried, steps, what)
        job = _follow(search, job, way)
    progress(steps, steps, "as small as it gets")
    assert search.outcome is not None
    return Shrunk(job, search.outcome, search.tried, search.kept)


def _follow(
    search: _Search, job: ProbeJob, way: Callable[[ProbeJob], Iterator[ProbeJob]]
) -> ProbeJob:
    """The last of the smaller jobs that fail, one after the other."""
    while True:
        smaller = next((one for one in way(job) if search.fails(one)), None)
        if smaller is None:
            return job
        job = smaller


def _fewer_tasks(job: ProbeJob) -> Iterator[ProbeJob]:
    """Half of the circuits, or all but one."""
    size = len(job.tasks)
    if size < 2:
        return
    halves = [range(size // 2), range(size // 2, size)]
    for kept in [*halves, *([j for j in range(size) if j != i] for i in range(size))]:
        if len(kept) < size:
            yield replace(
                job,
                tasks=tuple(job.tasks[i] for i in kept),
                laws=tuple(job.laws[i] for i in kept),
            )


def _bound(job: ProbeJob) -> Iterator[ProbeJob]:
    """One row of values in place of a table."""
    for i, task in enumerate(job.tasks):
        if len(task.values) > 1:
            for row in (len(task.values) - 1, 0):
                one = Task(task.circuit, task.shots, task.values[row : row + 1])
                yield _with(job, {i: one}, {i: (job.laws[i][row],)})


def _fewer_shots(job: ProbeJob) -> Iterator[ProbeJob]:
    """A quarter, then half, of the shots of every circuit."""
    for part in (4, 2):
        if min(task.shots for task in job.tasks) >= 20 * part:
            tasks = tuple(replace(task, shots=task.shots // part) for task in job.tasks)
            yield replace(job, tasks=tasks)


def _fewer_gates(job: ProbeJob) -> Iterator[ProbeJob]:
    """Circuits without a stretch of their instructions, long stretches first."""
    for circuit in _circuits(job):
        size = len(circuit.data)
        length = size // 2
        while length:
            for start in range(0, size - length + 1, length):
                yield from _changed(job, circuit, _without(circuit, start, start + length))
            length //= 2


def _fewer_qubits(job: ProbeJob) -> Iterator[ProbeJob]:
    """Circuits without the qubits on which nothing happens."""
    for circuit in _circuits(job):
        used = {qubit for one in circuit.data for qubit in one.qubits}
        if len(used) < circuit.num_qubits:
            kept = [qubit for qubit in circuit.qubits if qubit in used]
            out = QuantumCircuit(kept, circuit.clbits, *circuit.cregs)
            for one in circuit.data:
                out.append(one)
            yield from _changed(job, circuit, out)


def _rounder(job: ProbeJob) -> Iterator[ProbeJob]:
    """Circuits with one angle at a simple value, the simplest first."""
    for circuit in _circuits(job):
        for i, one in enumerate(circuit.data):
            for j, angle in enumerate(one.operation.params):
                if isinstance(angle, float) and angle not in _ROUND:
                    for simple in _ROUND:
                        params = [*one.operation.params]
                        params[j] = simple
                        yield from _changed(job, circuit, _with_params(circuit, i, params))


def _shortest(job: ProbeJob) -> Iterator[ProbeJob]:
    """Of one and two qubits: every circuit of the gates that are left, the shortest first."""
    circuits = _circuits(job)
    if len(circuits) != 1:
        return
    (circuit,) = circuits
    gates = [one for one in circuit.data if not one.clbits and not _is_control(one)]
    if circuit.num_qubits > _MOST_QUBITS or not gates or len(gates) != len(_before_reads(circuit)):
        return
    reads = [one for one in circuit.data if one.clbits]
    pool = list(
        {(g.operation.name, tuple(g.operation.params), g.qubits): g for g in gates}.values()
    )
    for length in range(min(_LONGEST + 1, len(gates))):
        for chosen in product(pool, repeat=length):
            out = circuit.copy_empty_like()
            for one in (*chosen, *reads):
                out.append(one)
            yield from _changed(job, circuit, out)


def _before_reads(circuit: QuantumCircuit) -> list[Any]:
    """Instructions before the first that writes a bit."""
    out = []
    for one in circuit.data:
        if one.clbits:
            break
        out.append(one)
    return out


def _is_control(one: Any) -> bool:
    return isinstance(one.operation, ControlFlowOp)


def _circuits(job: ProbeJob) -> list[QuantumCircuit]:
    """Each circuit of a job once."""
    return list({id(task.circuit): task.circuit for task in job.tasks}.values())


def _without(circuit: QuantumCircuit, start: int, stop: int) -> QuantumCircuit:
    out = circuit.copy_empty_like()
    for i, one in enumerate(circuit.data):
        if not start <= i < stop:
            out.append(one)
    return out


def _with_params(circuit: QuantumCircuit, place: int, params: Sequence[Any]) -> QuantumCircuit:
    out = circuit.copy_empty_like()
    for i, one in enumerate(circuit.data):
        if i == place:
            operation = one.operation.to_mutable()
            operation.params = list(params)
            out.append(operation, one.qubits, one.clbits)
        else:
            out.append(one)
    return out


def _changed(job: ProbeJob, old: QuantumCircuit, new: QuantumCircuit) -> Iterator[ProbeJob]:
    """The job with another circuit in place of one, if that has a law and writes a bit."""
    if not any(one.clbits for one in new.data):
        return
    tasks: dict[int, Task] = {}
    laws: dict[int, tuple[Any, ...]] = {}
    made: dict[int, tuple[Task, tuple[Any, ...]]] = {}
    for i, task in enumerate(job.tasks):
        if task.circuit is not old:
            continue
        if len(task.values) > 1 and not new.parameters:
            return  # rows of no values are another question
        if id(task.values) not in made:
            used = {parameter.name for parameter in new.parameters}
            columns = [k for k, one in enumerate(old.parameters) if one.name in used]
            one = Task(new, task.shots, task.values[:, columns])
            try:
                made[id(task.values)] = (
                    one,
                    tuple(law_of(bound, noise=job.noise) for bound in one.bound()),
                )
            except ValueError:  # what is left has no law of its own
                return
        one, each = made[id(task.values)]
        tasks[i], laws[i] = replace(one, shots=task.shots), each
    yield _with(job, tasks, laws)


def _with(job: ProbeJob, tasks: dict[int, Task], laws: dict[int, tuple[Any, ...]]) -> ProbeJob:
    return replace(
        job,
        tasks=tuple(tasks.get(i, task) for i, task in enumerate(job.tasks)),
        laws=tuple(laws.get(i, law) for i, law in enumerate(job.laws)),
    )
