"""What a probe is: the jobs that it asks for, and what their shots say about one relation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np

from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.simulator import Ability, Simulator, Task
from qcattn.conformance.case import Case, Law
from qcattn.errors import DoesNotFit
from qcattn.evidence import Estimate

__all__ = [
    "LEVELS",
    "UNKNOWN",
    "Level",
    "Outcome",
    "Probe",
    "ProbeJob",
    "Shown",
    "fresh_seed",
    "job_of",
    "task_of",
]

#: How long a run may take: about 1, 10 and 60 minutes on two cores.
Level = Literal["quick", "standard", "deep"]
LEVELS: tuple[Level, ...] = ("quick", "standard", "deep")

#: What a script of an alarm compares; see `qcattn.conformance.scripts`.
Shown = Literal["laws", "independence", "options", "order", "probabilities", "seeds", "values"]

UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


J = TypeVar("J", bound="ProbeJob")


@dataclass(frozen=True, eq=False, kw_only=True)
class ProbeJob:
    """One job and the laws that its shots must follow.

    Attributes:
        name: The name of the job, unique in its probe; what failed is called by it.
        tasks: Circuits, shots and values, which run as one job.
        laws: The laws of each task, one law a binding.
        noise: The noise under which the laws hold.
        needs: Abilities beyond those of the probe; without them the job is not applicable.
    """

    name: str
    tasks: tuple[Task, ...]
    laws: tuple[tuple[Law, ...], ...]
    noise: tuple[NoiseTerm, ...] = ()
    needs: frozenset[Ability] = frozenset()

    def only(self: J, places: Sequence[int]) -> J:
        """The job with some of its circuits only, chosen by their places."""
        tasks = tuple(self.tasks[i] for i in places)
        return replace(self, tasks=tasks, laws=tuple(self.laws[i] for i in places))

    @property
    def shots(self) -> int:
        """The number of shots that the job draws."""
        return sum(task.shots * len(task.values) for task in self.tasks)

    @property
    def qubits(self) -> int:
        """The number of qubits of the largest circuit."""
        return max(task.circuit.num_qubits for task in self.tasks)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one job showed.

    Attributes:
        p_value: Probability, under the relation, of what was seen or worse; 0 for what cannot be.
        effect: How far it is from the relation, with a 95% interval; NaN where that has no number.
        resolution: The smallest effect that would have been seen with 90% power; NaN where that has
            no number.
        shots: The number of shots drawn.
        said: What was seen, in a few words.
        raised: Name of the error that the simulator raised in place of shots; "" without one.
    """

    p_value: float
    effect: Estimate = UNKNOWN
    resolution: float = float("nan")
    shots: int = 0
    said: str = ""
    raised: str = ""


T = TypeVar("T", bound=ProbeJob)


@dataclass(frozen=True, kw_only=True)
class Probe(ABC, Generic[T]):
    """A relation that a correct simulator keeps, and how it is put to the test.

    A probe says which jobs it asks for (`jobs`, which draws nothing), how they are run (`ask`)
    and what the shots say (`judge`). The error budget, seeds, what is not applicable, failures and
    the conclusion are in `qcattn.conformance.running`, once.

    Attributes:
        name: A few words by which it is found.
        relation: What a correct simulator keeps, a sentence that can be false.
        effect: What the effect is, for example ``"total variation"``.
        needs: Abilities without which the probe is not applicable.
        shown_by: What a script of its own compares.
    """

    name: ClassVar[str]
    relation: ClassVar[str]
    effect: ClassVar[str]
    needs: ClassVar[frozenset[Ability]] = frozenset()
    shown_by: ClassVar[Shown] = "laws"

    @abstractmethod
    def jobs(self, cases: Sequence[Case], level: Level) -> Iterable[T]:
        """The jobs of this level; the same ones at every call."""

    def ask(self, job: T, simulator: Simulator, rng: np.random.Generator) -> Any:
        """Run a job, as one job with a fresh seed unless a probe says otherwise."""
        return simulator.sample(job.tasks, fresh_seed(rng), job.noise)

    @abstractmethod
    def judge(self, job: T, drawn: Any, rng: np.random.Generator) -> Outcome:
        """Judge the shots of a job; the p-value is valid at every level, however small."""

    def __call__(self, job: T, simulator: Simulator, seed: Any) -> Outcome | None:
        """Run one job by itself.

        Args:
            job: A job, one of `jobs`.
            simulator: Adapter of what is tested.
            seed: The seed of this job alone, as `numpy.random.default_rng` takes it.

        Returns:
            What it showed; what the simulator raises is shown too, with p-value 0. None where the
            simulator says that it does not take such a circuit, or raises at what it never said
            that it can do (`Simulator.untold`).
        """
        rng = np.random.default_rng(seed)
        try:
            drawn = self.ask(job, simulator, rng)
        except DoesNotFit:
            return None
        except (Exception, SystemExit) as error:  # whatever a simulator raises is what is reported
            if (self.needs | job.needs) & simulator.untold:
                return None
            said = f"{type(error).__name__}: {error}"[:300]
            return Outcome(0.0, shots=job.shots, said=said, raised=type(error).__name__)
        return self.judge(job, drawn, rng)


def fresh_seed(rng: np.random.Generator) -> int:
    """Draw a seed that every simulator takes, from 1 to 2**31 - 1."""
    return int(rng.integers(1, 2**31))


def task_of(case: Case, shots: int) -> Task:
    """Make a task of all bindings of a case, values in the order of the circuit's parameters."""
    circuit = case.circuit
    column = {name: i for i, name in enumerate(case.parameters)}
    order = [column[parameter.name] for parameter in circuit.parameters]
    return Task(circuit, shots, case.values[:, order])


def job_of(case: Case, shots: int) -> ProbeJob:
    """Make a job of a single case."""
    needs: frozenset[Ability] = frozenset(case.features - {"parameters"})
    name = f"{case.name}, {shots:,} shots"
    return ProbeJob(
        name=name,
        tasks=(task_of(case, shots),),
        laws=(case.laws,),
        noise=case.noise,
        needs=needs,
    )
