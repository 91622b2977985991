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
from itertools import islice, product
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp

from qcattn.arguments import check_alpha
from qcattn.backends.simulator import Simulator, Task
from qcattn.conformance.law import law_of
from qcattn.conformance.probe import Outcome, Probe, ProbeJob
from qcattn.progress import Progress, silent

__all__ = ["WAYS", "Attempt", "Shrunk", "Way", "settled", "shrink", "shrinking"]

_ROUND = (*(math.pi * k / 4 for k in (0, 4, 2, -2, 1, -1, 3, -3)), 1.0, 0.5, 2.0)
#: Gates of an exhaustive search, and how many of them at most.
_LONGEST = 2
_MOST_QUBITS = 2
#: Attempts of a search, and the probability that any of them is kept by chance.
_STEPS, _ALPHA = 400, 1e-4


@dataclass(frozen=True, eq=False)
class Shrunk:
    """A small job that still fails, and how it was found.

    Attributes:
        job: The smallest one found.
        outcome: What it showed on its own fresh shots; None for a job that was not yet tried.
        tried: Attempts that were run.
        kept: Steps that were kept.
        way: Number of the way in `WAYS` by which it is being made smaller.
        place: The number of smaller jobs of this way that did not fail.
    """

    job: ProbeJob
    outcome: Outcome | None = None
    tried: int = 0
    kept: int = 0
    way: int = 0
    place: int = 0


@dataclass(frozen=True, eq=False)
class Attempt:
    """A smaller job that is about to be drawn.

    Attributes:
        now: The smallest one that failed so far.
        job: The job that is tried.
        way: The number of the way that made it.
        place: The place of the job among those that this way makes of the smallest one.
    """

    now: Shrunk
    job: ProbeJob
    way: int = 0
    place: int = 0


def settled(attempt: Attempt, outcome: Outcome | None, alpha: float = _ALPHA / _STEPS) -> Shrunk:
    """The smallest job after an attempt, from which another process may go on with the search.

    Args:
        attempt: The attempt that was run.
        outcome: What it showed; None for nothing.
        alpha: The error rate at which one attempt fails.
    """
    now = attempt.now
    other = now.outcome is not None and outcome is not None
    # Another fault than the one that is looked for is not kept.
    other = other and now.outcome.raised != outcome.raised  # type: ignore[union-attr]
    if outcome is None or outcome.p_value > alpha or other:
        return replace(now, tried=now.tried + 1, way=attempt.way, place=attempt.place + 1)
    return Shrunk(attempt.job, outcome, now.tried + 1, now.kept + 1, attempt.way)


def shrinking(
    probe: Probe[Any],
    simulator: Simulator,
    begun: Shrunk,
    *,
    seed: Any,
    alpha: float = _ALPHA,
    steps: int = _STEPS,
    seconds: float = math.inf,
) -> Iterator[Attempt | Shrunk]:
    """Make a failing job small, step by step.

    Args:
        probe: The probe that the job failed.
        simulator: The simulator that was tested.
        begun: The job, or where a search was cut off.
        seed: The seed of the whole search, as `numpy.random.SeedSequence` takes it.
        alpha: Probability that any step is kept by chance, at most: each is tried at alpha over
            the number of steps.
        steps: Attempts that may be run.
        seconds: Seconds after which no further attempt is begun.

    Yields:
        Every attempt before it is drawn, and every smaller job that failed; none of these where the
        job itself does not fail again.

    References:
        [1] A. Zeller and R. Hildebrandt, IEEE Trans. Softw. Eng. 28, 183 (2002), delta debugging.
    """
    until, now, level = time.monotonic() + seconds, begun, check_alpha(alpha) / steps

    def drawn(attempt: Attempt) -> Shrunk:
        own = np.random.SeedSequence(seed, spawn_key=(attempt.now.tried,))
        return settled(attempt, probe(attempt.job, simulator, own), level)

    if now.outcome is None:
        attempt = Attempt(now, now.job)
        yield attempt
        now = drawn(attempt)
        if now.outcome is None:
            return
        yield now
    for number in range(now.way, len(WAYS)):
        kept = True
        while kept:
            kept, smaller = False, WAYS[number].of(now.job)
            first = now.place if now.way == number else 0
            for place, job in enumerate(islice(smaller, first, None), first):
                if now.tried >= steps or time.monotonic() > until:
                    return
                attempt = Attempt(now, job, number, place)
                yield attempt
                now = drawn(attempt)
                if now.job is job:
                    kept = True
                    yield now
                    break


def shrink(
    probe: Probe[Any],
    job: ProbeJob,
    simulator: Simulator,
    *,
    seed: Any,
    alpha: float = _ALPHA,
    steps: int = _STEPS,
    seconds: float = math.inf,
    progress: Progress = silent,
) -> Shrunk | None:
    """Make a failing job small, in this process.

    Args:
        probe: The probe that the job failed.
        job: The job as it failed.
        simulator: The simulator that was tested.
        seed: The seed, as for `shrinking`.
        alpha: The error rate, as for `shrinking`.
        steps: The number of attempts, as for `shrinking`.
        seconds: Seconds, as for `shrinking`.
        progress: A function that is told the jobs that were run, and what is done.

    Returns:
        The smallest job found, or None if it does not fail again.
    """
    small = None
    limits: dict[str, Any] = {"seed": seed, "alpha": alpha, "steps": steps, "seconds": seconds}
    for event in shrinking(probe, simulator, Shrunk(job), **limits):
        if isinstance(event, Shrunk):
            small = event
        else:
            progress(event.now.tried, steps, WAYS[event.way].what)
    progress(steps, steps, "as small as it gets")
    return small


def _fewer_tasks(job: ProbeJob) -> Iterator[ProbeJob]:
    """Half of the circuits, or all but one."""
    size = len(job.tasks)
    if size < 2:
        return
    halves = [range(size // 2), range(size // 2, size)]
    for kept in [*halves, *([j for j in range(size) if j != i] for i in range(size))]:
        if len(kept) < size:
            yield job.only(kept)


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
    """Every circuit of the gates that are left, the shortest first, on one or two qubits."""
    circuits = _circuits(job)
    if len(circuits) != 1:
        return
    (circuit,) = circuits
    gates = [one for one in circuit.data if not one.clbits and not _is_control(one)]
    if circuit.num_qubits > _MOST_QUBITS or not gates or len(gates) != len(_before_reads(circuit)):
        return
    reads = [one for one in circuit.data if one.clbits]
    # Parameters may be arrays, which are no keys of a dictionary.
    pool = list({(g.operation.name, repr(g.operation.params), g.qubits): g for g in gates}.values())
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


@dataclass(frozen=True)
class Way:
    """A way to make a job smaller: what it reduces, and the jobs that it makes of one."""

    what: str
    of: Callable[[ProbeJob], Iterator[ProbeJob]]


#: The ways, in the order in which they are gone.
WAYS = (
    Way("fewer circuits", _fewer_tasks),
    Way("fewer bindings", _bound),
    Way("fewer gates", _fewer_gates),
    Way("fewer qubits", _fewer_qubits),
    Way("rounder angles", _rounder),
    Way("fewer gates", _fewer_gates),
    Way("fewer shots", _fewer_shots),
    Way("shortest circuits", _shortest),
)
