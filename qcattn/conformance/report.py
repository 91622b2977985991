"""What a run of probes found about one simulator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
from scipy import special

from qcattn.conformance.probe import UNKNOWN, Level, Outcome
from qcattn.evidence import Check, Estimate, Evidence, Number, Panel  # noqa: F401
from qcattn.forecast import duration
from qcattn.plurals import p_is, plural
from qcattn.versions import package_versions

__all__ = ["Answer", "Change", "LeftOut", "Probed", "Report", "conclude"]


@dataclass(frozen=True, eq=False)
class Answer:
    """What one job returned.

    Attributes:
        job: The name of the job.
        outcome: What it showed, or None where the simulator does not take such a circuit.
        seconds: Wall time.
        cut: Whether it was ended, with no outcome, since it took longer than it may.
    """

    job: str
    outcome: Outcome | None
    seconds: float = 0.0
    cut: bool = False


@dataclass(frozen=True)
class LeftOut:
    """Jobs of a probe that did not fit into its time.

    Attributes:
        jobs: The number of jobs.
        seconds: Seconds that they would take, by those that were run.
    """

    jobs: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """The jobs that were left out in words; "" where there are none."""
        if not self.jobs:
            return ""
        jobs = f"{self.jobs:,} job{'s' if self.jobs > 1 else ''}"
        return f"Not applicable in this time: {jobs} would take {duration(self.seconds)} more."


@dataclass(frozen=True, eq=False, kw_only=True)
class Probed(Evidence):
    """What one probe found.

    Attributes:
        p_value: The p-value of the whole probe, valid at every level; NaN where it is not
            applicable.
        effect: The effect of the job that fits worst.
        resolution: The smallest effect that the sharpest job would have seen with 90% power.
        answers: The answers of all its jobs.
        missing: Abilities that the probe needs and the simulator does not have.
        left_out: Jobs that did not fit into its time.
    """

    p_value: float = float("nan")
    effect: Estimate = UNKNOWN
    resolution: float = float("nan")
    answers: tuple[Answer, ...] = ()
    missing: tuple[str, ...] = ()
    left_out: LeftOut = LeftOut()

    @property
    def standing(self) -> Literal["passed", "alarm", "not applicable"]:
        """The verdict that follows from the checks; a probe without a check was not applicable."""
        if not self.checks:
            return "not applicable"
        return "alarm" if False in self.held("claim") else "passed"

    @property
    def refused(self) -> int:
        """The jobs that the simulator refused, which neither pass nor raise an alarm."""
        return sum(one.outcome is None and not one.cut for one in self.answers)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The jobs that are refuted by themselves, in their order."""
        names = {answer.job for answer in self.answers}
        return tuple(check for check in self.checks if check.name in names)

    @property
    def properties(self) -> dict[str, str]:
        """The numbers of the probe for JUnit XML; those that it lacks are left out."""
        numbers = {
            "p_value": self.p_value,
            "effect": self.effect.best,
            "effect_low": self.effect.low,
            "effect_high": self.effect.high,
            "resolution": self.resolution,
        }
        told = {name: f"{value:.6g}" for name, value in numbers.items() if not math.isnan(value)}
        left = {"left_out": str(self.left_out)} if self.left_out.jobs else {}
        refused = {"refused": str(self.refused)} if self.refused else {}
        return {"relation": self.title, **told, "shots": str(self.shots), **refused, **left}


@dataclass(frozen=True)
class Change:
    """What became of one probe between two reports.

    Attributes:
        probe: The name of the probe.
        before: How it stood; "" where the old report does not have it.
        now: How it stands; "" where the new report does not have it.
        mended: Jobs that were refuted and are not, though they were drawn.
        broken: Jobs that are refuted and were not, though they were drawn.
    """

    probe: str
    before: str
    now: str
    mended: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def way(self) -> Literal["better", "worse", "other"]:
        """Whether it is better, as where an alarm is gone, or worse, as where a job is broken."""
        if self.before == self.now:
            return "worse" if self.broken else "better"
        if self.before == "alarm" and self.now == "passed":
            return "better"
        return "worse" if self.now == "alarm" else "other"


@dataclass(frozen=True, eq=False, kw_only=True)
class Report:
    """What all probes found about one simulator.

    Attributes:
        simulator: The settings of the simulator, ``backend`` and ``version`` among them.
        level: ``"quick"``, ``"standard"`` or ``"deep"``.
        alpha: Probability that a correct simulator has any alarm, at most.
        seed: Entropy from which all seeds were drawn.
        probed: What each probe found, in their order.
        seconds: Wall time.
        complete: Whether it came to its end.
        since: What changed since an earlier report; None where it was compared with none.
    """

    simulator: dict[str, str]
    level: Level
    alpha: float
    seed: int
    probed: tuple[Probed, ...]
    seconds: float = 0.0
    complete: bool = True
    since: tuple[Change, ...] | None = None
    versions: dict[str, str] = field(default_factory=package_versions)

    @property
    def left_out(self) -> LeftOut:
        """The jobs of all probes that did not fit into the time."""
        each = [one.left_out for one in self.probed]
        return LeftOut(sum(one.jobs for one in each), sum(one.seconds for one in each))

    @property
    def alarms(self) -> tuple[Probed, ...]:
        """The probes with an alarm."""
        return tuple(one for one in self.probed if one.standing == "alarm")

    @property
    def standing(self) -> Literal["passed", "alarm", "undecided"]:
        """The verdict: an alarm if any probe has one, undecided if nothing was decided."""
        if self.alarms:
            return "alarm"
        applied = any(one.standing == "passed" for one in self.probed)
        return "passed" if applied and self.complete else "undecided"


def conclude(
    name: str,
    relation: str,
    effect: str,
    answers: Sequence[Answer],
    *,
    alpha: float,
    seed: int,
    missing: Sequence[str] = (),
    left_out: LeftOut = LeftOut(),  # it is frozen
) -> Probed:
    """Conclude what the jobs of one probe say together.

    Half of alpha looks at each job by itself (Bonferroni for the probe, Holm for naming jobs), and
    half looks at all of them together, by Fisher's combination of their p-values.

    Args:
        name: The name of the probe.
        relation: The relation that a correct simulator keeps.
        effect: What the effect is.
        answers: The answers of its jobs.
        alpha: The probe's share of the error rate.
        seed: Entropy of the run.
        missing: Abilities without which it is not applicable.
        left_out: Jobs that did not fit into its time.

    References:
        [1] R. A. Fisher, Statistical Methods for Research Workers, 4th ed. (1932), section 21.1.
        [2] S. Holm, Scand. J. Statist. 6, 65 (1979).
    """
    found = [(one.job, one.outcome) for one in answers if one.outcome is not None]
    probed = partial(
        Probed,
        name=name,
        title=relation,
        alpha=alpha,
        seed=seed,
        settings={"effect": effect},
        answers=tuple(answers),
        missing=tuple(missing),
        left_out=left_out,
    )
    if not found:
        takes = "the simulator takes none of its circuits"
        if any(one.cut for one in answers):
            takes = "none of its jobs came to an end in its time"
        why = f"it needs {', '.join(missing)}" if missing else takes
        return probed(checks=(), words=f"Not applicable: {why}.")
    p = np.array([outcome.p_value for _, outcome in found])
    p_value, refuted = _together(p), _refuted(p, alpha)
    job, worst = found[int(np.argmin(p))]
    sharpest = [one.resolution for _, one in found if one.resolution == one.resolution]
    resolution = min(sharpest, default=float("nan"))
    jobs = f"{len(p):,} jobs" if len(p) > 1 else "1 job"
    by = f"{p_is(p_value)} of {jobs} at {alpha:.1e}; worst {job}"
    by += f": {worst.said}" if worst.said else ""
    summary = Check(name, relation, bool(p_value > alpha), by, alpha=alpha)
    named = [
        Check(job, f"{relation}: {job}", False, outcome.said or p_is(outcome.p_value))
        for (job, outcome), out in zip(found, refuted, strict=True)
        if out
    ]
    return probed(
        checks=(summary, *named),
        numbers=(
            Number("p-value", Estimate(p_value, p_value, p_value)),
            Number(effect, worst.effect, 0.0),
            Number("resolution", Estimate(resolution, resolution, resolution)),
        ),
        words=f"{_words(relation, summary, named)} {_taken(answers)}{left_out}".strip(),
        shots=sum(outcome.shots for _, outcome in found),
        seconds=sum(one.seconds for one in answers),
        p_value=p_value,
        effect=worst.effect,
        resolution=resolution,
    )


def _refuted(p: np.ndarray, alpha: float) -> np.ndarray:
    """Trials refuted by themselves: Holm at half of alpha, or a single one at all of it."""
    order = np.argsort(p, kind="stable")
    level = (alpha if len(p) == 1 else alpha / 2) / (len(p) - np.arange(len(p)))
    out = np.zeros(len(p), dtype=bool)
    out[order] = np.logical_and.accumulate(p[order] <= level)
    return out


def _together(p: np.ndarray) -> float:
    """Bonferroni's minimum and Fisher's combination, each at half."""
    if len(p) == 1:
        return float(p[0])
    smallest = float(p.min())
    if smallest == 0:
        return 0.0
    fisher = float(special.chdtrc(2 * len(p), -2 * float(np.log(p).sum())))
    return min(1.0, 2 * min(len(p) * smallest, fisher))


def _taken(answers: Sequence[Answer]) -> str:
    """What the simulator did not take, as a sentence; "" where it took everything."""
    refused = sum(one.outcome is None and not one.cut for one in answers)
    if not refused:
        return ""
    asked = sum(not one.cut for one in answers)
    of = plural(asked, "job")
    return f"The simulator does not take {refused:,} of the {of} that it was asked for. "


def _words(relation: str, summary: Check, named: Sequence[Check]) -> str:
    if summary.holds:
        return f"Held: {relation[0].lower()}{relation[1:]}."
    if not named:
        return f"Refuted by all jobs together, none by itself: {summary.by}."
    first = named[0]
    others = f" So do {len(named) - 1} more." if len(named) > 1 else ""
    return f"Refuted: {first.name}: {first.by}.{others}"
