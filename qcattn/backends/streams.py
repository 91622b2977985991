"""How rows and shots are laid over Aer's jobs, so that no stream of random numbers repeats another.

Circuit i of an Aer job is seeded with seed + 2113 i, and the seeds of jobs are laid so that the
seed of a row does not depend on how rows are cut into jobs. A circuit that Aer runs shot by shot
seeds shot k with its circuit seed + k; those run alone, `_SEED_STEP_SHOT_BY_SHOT` apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from qcattn.backends.failures import what_failed
from qcattn.plurals import plural

__all__ = [
    "MOST_SHOTS_OF_RUN",
    "base_seed",
    "check_bound",
    "results",
    "run_bound",
    "run_circuits",
]

_SEED_STEP_OF_JOB = 2113
_SEED_STEP_SHOT_BY_SHOT = 2**24
#: The most shots that Aer takes at once.
MOST_SHOTS_OF_RUN = 1_000_000


def results(
    simulator: AerSimulator,
    circuit: QuantumCircuit,
    values: np.ndarray,
    shots: int,
    root: int,
    at_once: int,
    workers: int = 1,
    **asked: Any,
) -> Iterator[tuple[slice, list[Any]]]:
    """Run one template with many bindings, each row on a stream of its own.

    More shots than Aer takes at once are drawn in parts: the same rows come again with each.

    Args:
        simulator: The simulator to run on.
        circuit: The template.
        values: Shape (rows, parameters).
        shots: The number of shots of each row.
        root: Entropy of the whole job.
        at_once: Rows a job, where Aer samples them at once.
        workers: Rows of a job that are simulated at the same time.
        **asked: Further options of Aer's ``run``.

    Yields:
        Rows, and Aer's results of a part of their shots.

    Raises:
        RuntimeError: If Aer refuses the circuit, loses a row, or samples the first row in another
            way than a later one.
    """
    parts = [MOST_SHOTS_OF_RUN] * (shots // MOST_SHOTS_OF_RUN) + [shots % MOST_SHOTS_OF_RUN]
    parts = [part for part in parts if part]
    bases = [base_seed(root, part) for part in range(len(parts))]
    chunk, step, start = 1, _SEED_STEP_OF_JOB, 0
    while start < len(values):
        rows = slice(start, min(start + chunk, len(values)))
        sampled = True
        for part, base in zip(parts, bases, strict=True):
            drawn = run_bound(
                simulator, circuit, values[rows], part, base + step * start, workers, **asked
            )
            sampled &= all(one.metadata.get("measure_sampling") for one in drawn)
            if start and not sampled and step == _SEED_STEP_OF_JOB:
                raise RuntimeError(
                    f"Aer sampled row 0 at once but rows {start} to {rows.stop - 1} shot by "
                    "shot, so their shots may repeat; report this circuit"
                )
            yield rows, drawn
        if start == 0 and not sampled:
            step = _SEED_STEP_SHOT_BY_SHOT
        elif start == 0:
            chunk = at_once
        start = rows.stop


def base_seed(root: int, part: int) -> int:
    """The seed of a part of the shots, of 62 bits, so that what is added to it fits into 64."""
    state = np.random.SeedSequence(root, spawn_key=(part,)).generate_state(1, np.uint64)
    return int(state[0]) >> 2


def run_bound(
    simulator: AerSimulator,
    circuit: QuantumCircuit,
    values: np.ndarray,
    shots: int,
    seed: int,
    workers: int = 1,
    **asked: Any,
) -> list[Any]:
    """Run one template with many bindings, and check that each has a result.

    Aer simulates the bindings of one circuit in turn and several circuits at the same time, so
    that the template comes as often as there are workers, each time with a part of the bindings.
    Aer counts bindings through all circuits when it seeds them: the shots are the same.
    """
    check_bound(circuit, values)
    workers = min(workers, len(values))
    if circuit.num_parameters:
        asked["parameter_binds"] = [
            {parameter: part[:, i] for i, parameter in enumerate(circuit.parameters)}
            for part in np.array_split(values, workers)
        ]
    circuits = [circuit] * (workers if circuit.num_parameters else len(values))
    return run_circuits(simulator, circuits, len(values), shots, seed, workers, **asked)


def check_bound(circuit: QuantumCircuit, values: np.ndarray) -> None:
    """Check that a row has a value for each parameter.

    Raises:
        RuntimeError: If it has not.
    """
    if circuit.num_parameters != values.shape[-1]:
        raise RuntimeError(
            f"the circuit has {plural(circuit.num_parameters, 'parameter')}, but a row has "
            f"{plural(values.shape[-1], 'value')}: a transpiler left some out; report this circuit"
        )


def run_circuits(
    simulator: AerSimulator,
    circuits: list[QuantumCircuit],
    rows: int,
    shots: int,
    seed: int,
    workers: int,
    **asked: Any,
) -> list[Any]:
    """Run circuits, some at the same time, and check that each row has a result.

    Raises:
        RuntimeError: If Aer refuses a circuit, or loses one.
    """
    if workers > 1:
        asked = {"max_parallel_threads": workers, "max_parallel_experiments": workers, **asked}
    result = simulator.run(circuits, shots=shots, seed_simulator=seed, **asked).result()
    if not result.success:
        raise RuntimeError(f"Aer could not run the circuit: {what_failed(result)}")
    if len(result.results) != rows:
        raise RuntimeError(
            f"Aer gave {plural(len(result.results), 'result')} for {plural(rows, 'row')}; report "
            "this circuit"
        )
    return list(result.results)
