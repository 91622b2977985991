"""How far counts are from their law, as every probe of laws says it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from qcattn.comparisons import Fit, fit
from qcattn.comparisons.certify import certify
from qcattn.conformance.case import Law
from qcattn.conformance.probe import Outcome, ProbeJob
from qcattn.conformance.tally import tally
from qcattn.evidence import Estimate
from qcattn.plurals import plural
from qcattn.records import Counts

__all__ = ["as_asked", "follow", "variation"]

_LEVEL = 0.05
#: P-values of rows whose interval is taken as closely as can be: a probe shows the worst of many.
_CLOSELY = 0.01
_RESOLUTIONS: dict[bytes, float] = {}


def as_asked(job: ProbeJob, drawn: Sequence[Sequence[np.ndarray]]) -> str:
    """Say what is wrong with the number of results, shots or bits of a job; "" if nothing is.

    Args:
        job: What was asked for.
        drawn: Readings of shape (shots, clbits) for each task and each binding.
    """
    if len(drawn) != len(job.tasks):
        return f"{plural(len(drawn), 'result')} came for {plural(len(job.tasks), 'circuit')}"
    for i, (task, runs) in enumerate(zip(job.tasks, drawn, strict=True)):
        if len(runs) != len(task.values):
            came, asked = plural(len(runs), "result"), plural(len(task.values), "binding")
            return f"{came} came for the {asked} of circuit {i} ({task.circuit.name})"
        wanted = (task.shots, task.circuit.num_clbits)
        for run in runs:
            if run.shape != wanted:
                return (
                    f"circuit {i} gave {run.shape[0]} shots of {run.shape[-1]} bits, asked for "
                    f"were {wanted[0]} of {wanted[1]}"
                )
    return ""


def follow(
    job: ProbeJob, drawn: Sequence[Sequence[np.ndarray]], rng: np.random.Generator
) -> Outcome:
    """Whether all shots of a job follow their laws, and are as many as were asked for.

    All laws of the job are tested together by `qcattn.comparisons.fit`; effect and words are those
    of the one that fits worst.
    """
    wrong = as_asked(job, drawn)
    if wrong:
        return Outcome(0.0, shots=job.shots, said=wrong)
    runs = [run for part in drawn for run in part]
    laws = [law for part in job.laws for law in part]
    counts = _table([tally([run], law) for run, law in zip(runs, laws, strict=True)])
    size = counts.keys.shape[-1]
    p = np.zeros((len(laws), size))
    for row_of_p, law in zip(p, laws, strict=True):
        row_of_p[: len(law.p)] = law.p
    found = fit(counts, p, seed=int(rng.integers(2**32)))
    worst = int(np.argmin(found.p_values))
    row = Counts(counts.keys[[worst]], counts.stray[[worst]], counts.discarded[[worst]])
    return Outcome(
        found.overall(),
        variation(row, p[worst], closely=bool(found.p_values[worst] <= _CLOSELY)),
        _resolution(found, p),
        job.shots,
        _said(found, worst, laws[worst]),
    )


def _table(each: Sequence[Counts]) -> Counts:
    """Counts of one row each as rows of one table; outcomes that a law does not have get none."""
    size = max(one.keys.shape[-1] for one in each)
    keys = np.zeros((len(each), size), dtype=np.int64)
    for row, one in zip(keys, each, strict=True):
        row[: one.keys.shape[-1]] = one.keys[0]
    stray, discarded = ([getattr(one, name) for one in each] for name in ("stray", "discarded"))
    return Counts(keys, np.concatenate(stray), np.concatenate(discarded))


def _said(found: Fit, row: int, law: Law) -> str:
    """The outcome of a row that fits worst, if one is refuted by itself."""
    for one in found.offenders(row, limit=1):
        what = "outcomes of probability zero" if one.outcome < 0 else law.outcomes[one.outcome]
        return f"{what} came {one.observed:,} times, {one.expected:,.1f} expected"
    return ""


def _resolution(found: Fit, p: np.ndarray) -> float:
    """The resolution of the row that shows least; it depends on laws and shots, so it is kept."""
    key = hashlib.sha256(p.tobytes() + found.shots.tobytes()).digest()
    if key not in _RESOLUTIONS:
        _RESOLUTIONS[key] = float(np.max(found.resolution))
    return _RESOLUTIONS[key]


def variation(counts: Counts, p: np.ndarray, *, closely: bool = True) -> Estimate:
    r"""The total variation between a run and its law, with a 95% interval.

    The plug-in distance lies above the true one by :math:`\sqrt{(K-1)/n}/2` on average at most,
    and further from its mean than :math:`\sqrt{\ln(2/0.05)/2n}` on either side in 2.5% of runs
    (McDiarmid); the upper end is that of `qcattn.certify` if that is lower.

    Args:
        counts: One row, shape (1, outcomes).
        p: Probabilities of its outcomes, shape (outcomes,).
        closely: Take the upper end from `qcattn.certify` too, which takes longer.
    """
    keys, stray = counts.keys[0], int(counts.stray[0])
    n = int(keys.sum()) + stray
    if not n:
        return Estimate(float("nan"), 0.0, 1.0)
    plug_in = (np.abs(keys / n - p).sum() + stray / n) / 2
    spread = math.sqrt(math.log(2 / _LEVEL) / (2 * n))
    bias = math.sqrt(np.count_nonzero(keys) / n) / 2
    noise = float(np.sqrt(p * np.maximum(1 - p, 0.0) / n).sum()) * math.sqrt(2 / math.pi) / 2
    upper = float(certify(counts, p, 0.5, _LEVEL / 2).upper[0]) if closely else 1.0
    best = max(0.0, math.sqrt(max(0.0, plug_in**2 - noise**2)))
    low = max(0.0, plug_in - bias - spread)
    high = max(min(upper, plug_in + spread), low)
    return Estimate(min(max(best, low), high), low, high)
