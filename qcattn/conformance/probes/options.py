"""Precision and method are those that were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from qiskit import transpile

from qcattn.backends.noise_terms import NoiseTerm  # noqa: F401  # of an inherited field, for readers of types
from qcattn.backends.simulator import Ability, Simulator, Task
from qcattn.conformance.agreement import follow
from qcattn.conformance.case import Case, Law
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob, Shown, fresh_seed, task_of
from qcattn.errors import DoesNotFit
from qcattn.evidence import Estimate

__all__ = ["OptionJob", "OptionsGiven"]

_CIRCUITS = {"quick": 3, "standard": 10, "deep": 40}
_SHOTS = {"quick": 1000, "standard": 10_000, "deep": 100_000}
#: Clifford gates that every method of a simulator has.
_COMMON = ["h", "s", "sdg", "x", "y", "z", "cx"]
#: What single and double precision lose over some hundred gates, at most.
_ROUNDING = {"single": 1e-5, "double": 1e-11}


@dataclass(frozen=True, eq=False, kw_only=True)
class OptionJob(ProbeJob):
    """A circuit that is run with each value of an option.

    Attributes:
        option: An option of `Simulator.choices`.
    """

    option: str


@dataclass(frozen=True, kw_only=True)
class OptionsGiven(Probe[OptionJob]):
    """The simulator heeds the precision and the method that it is given.

    Double precision must be exact to 1e-11, single to 1e-5 and not the same to the last bit, where
    the law has a number that single precision does not hold. What
    the simulator says of its method must be the one asked for, whose shots must follow the law.
    Effects of seed, shots, noise and readout are those of other probes.

    References:
        [1] IEEE 754-2019, on the precision of numbers.
    """

    name: ClassVar[str] = "options"
    relation: ClassVar[str] = "A precision and a method that are asked for are those that are used"
    effect: ClassVar[str] = "total variation"
    shown_by: ClassVar[Shown] = "options"
    needs: ClassVar[frozenset[Ability]] = frozenset({"options"})

    def jobs(self, cases: Sequence[Case], level: Level) -> Iterator[OptionJob]:
        """Circuits of rotations for the precision, and Clifford circuits for the methods."""
        plain = [
            case for case in cases if not case.features and not case.noise and case.qubits <= 8
        ]
        for option, topic in (("precision", "random"), ("method", "clifford")):
            chosen = [case for case in plain if case.name.startswith(f"{topic}/")]
            for case in chosen[:: max(1, len(chosen) // _CIRCUITS[level])][: _CIRCUITS[level]]:
                task = task_of(case, _SHOTS[level])
                if option == "method":
                    # A backend that is asked for a method at run time cannot know its gates before.
                    circuit = transpile(task.circuit, basis_gates=_COMMON, optimization_level=0)
                    task = Task(circuit, task.shots)
                yield OptionJob(
                    name=f"{option} of {case.name}",
                    tasks=(task,),
                    laws=(case.laws,),
                    needs=frozenset({"probabilities"} if option == "precision" else ()),
                    option=option,
                )

    def ask(self, job: OptionJob, simulator: Simulator, rng: np.random.Generator) -> Any:
        """Ask at each value for probabilities, or for shots and the method that was used."""
        values = simulator.choices.get(job.option, ())
        if len(values) < 2:
            raise DoesNotFit(f"the simulator has no choice of {job.option}")
        (task,) = job.tasks
        found: dict[str, Any] = {}
        for value in values:
            other = simulator.chosen(job.option, value)
            if job.option == "precision":
                (found[value],) = other.probabilities([task.circuit])
            else:
                drawn = other.sample(job.tasks, fresh_seed(rng))
                found[value] = other.used_method(task.circuit), drawn
        return found

    def judge(self, job: OptionJob, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the rounding, or the name of the method and the law."""
        ((law,),) = job.laws
        if job.option == "precision":
            return _precisions(drawn, law)
        other = [f"{used} for {value}" for value, (used, _) in drawn.items() if used != value]
        if other:
            return Outcome(0.0, shots=job.shots, said=f"the simulator used {', '.join(other)}")
        outcomes = [follow(job, one, rng) for _, one in drawn.values()]
        worst = min(outcomes, key=lambda one: one.p_value)
        return Outcome(
            min(1.0, len(outcomes) * worst.p_value),
            worst.effect,
            worst.resolution,
            len(outcomes) * job.shots,
            worst.said,
        )


def _precisions(saved: dict[str, np.ndarray], law: Law) -> Outcome:
    exact = np.zeros(1 << len(law.outcomes[0]))
    exact[[int(outcome, 2) for outcome in law.outcomes]] = law.p
    off = {value: float(np.abs(one - exact).sum()) / 2 for value, one in saved.items()}
    said = [
        f"{value} precision is off by {off[value]:.2g}"
        for value, most in _ROUNDING.items()
        if not off.get(value, 0.0) <= most
    ]
    # One half is the same number in both.
    held = float(np.abs(exact.astype(np.float32) - exact).max()) <= _ROUNDING["double"]
    both = {"single", "double"} <= set(saved)
    if both and not held and np.array_equal(saved["single"], saved["double"]):
        said.append("single and double precision give the same bits")
    worst = max(off.values())
    return Outcome(
        0.0 if said else 1.0,
        Estimate(worst, worst, worst),
        _ROUNDING["single"],
        0,
        "; ".join(said),
    )
