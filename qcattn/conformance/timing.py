"""Which jobs of a probe fit into its time: the cheap ones first, spread over what they test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcattn.conformance.probe import Level, ProbeJob

__all__ = ["LEVEL_SECONDS", "foreseen", "in_turn", "longest"]

#: Seconds of a whole run, shared by its probes; what does not fit is left out, and said.
LEVEL_SECONDS: dict[Level, float] = {"quick": 180.0, "standard": 1200.0, "deep": 7200.0}


#: The share of its probe's time that a job may take, and seconds that it may take in any case.
_SHARE, _LEAST = 1 / 3, 2.0


def longest(seconds: float, used: float) -> float:
    """The seconds after which a job is ended, so that a slow circuit does not take all the time.

    Args:
        seconds: Seconds that the probe of the job may take.
        used: Seconds of these that the jobs before it used.

    Example:
        >>> longest(60.0, 10.0), longest(60.0, 55.0), longest(60.0, 70.0)
        (20.0, 5.0, 2.0)
    """
    return max(_LEAST, min(_SHARE * seconds, seconds - used))


def in_turn(jobs: Sequence[ProbeJob]) -> list[ProbeJob]:
    """The jobs in the order in which they are run.

    Few shots come before many. Among jobs of like shots every stretch from the first on is spread
    over all of them, so that what is left out for want of time is left out evenly.

    Args:
        jobs: The jobs of one probe.
    """
    places = sorted(range(len(jobs)), key=lambda i: (_shots_of_circuit(jobs[i]), _reversed(i)))
    return [jobs[i] for i in places]


def _shots_of_circuit(job: ProbeJob) -> int:
    return max(task.shots for task in job.tasks)


def _reversed(number: int) -> float:
    """Van der Corput's sequence: the binary digits of a number behind the point."""
    found, step = 0.0, 0.5
    while number:
        found += step * (number & 1)
        number, step = number >> 1, step / 2
    return found


def foreseen(shots: int, drawn: Sequence[int], seconds: Sequence[float]) -> float:
    """The seconds that a job is expected to take, from those that were run before it.

    Between the smallest and the largest jobs so far time grows as their means say; where all were
    of one size it grows as the shots do, which is the most that it can be.

    Args:
        shots: The number of shots of the job.
        drawn: Shots of each job that was run.
        seconds: Seconds that each of them took.

    Example:
        >>> foreseen(1110, [10, 110], [1.0, 2.0]), foreseen(1000, [10, 10], [1.0, 2.0])
        (12.0, 150.0)
        >>> foreseen(1000, [], [])
        0.0
    """
    if not len(drawn):
        return 0.0
    sizes, times = np.array(drawn, dtype=float), np.array(seconds)
    few, many = float(sizes.min()), float(sizes.max())
    last = float(times[sizes == many].mean())
    if few == many:
        return last * max(1.0, shots / many)
    slope = max(0.0, (last - float(times[sizes == few].mean())) / (many - few))
    return max(0.0, float(last + slope * (shots - many)))
