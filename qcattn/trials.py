"""All the ways to prepare one thermal state, side by side: cost, claimed error, counts, verdict."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from math import isnan, nan
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit

from qcattn.apart import WORTH, apart
from qcattn.arguments import check_alpha, check_betas, check_object, check_shots, whole_number
from qcattn.backends.aer import Aer
from qcattn.backends.choosing import RUN, backend_of
from qcattn.backends.protocol import Backend
from qcattn.certification.dense import certify_dense
from qcattn.comparisons import same_numbers
from qcattn.datasets import Scores
from qcattn.dense_state import dense_seconds
from qcattn.errors import DoesNotFit, Doubtful, Interrupted, TooLarge
from qcattn.forecast import Forecast, announce
from qcattn.frames import frame
from qcattn.legible import name_of, spelt
from qcattn.markup import notebook
from qcattn.plurals import plural
from qcattn.processes import share_out
from qcattn.progress import Progress, hearing, silent
from qcattn.records import (
    REPEATING,
    Agreement,
    Counts,
    Hamiltonian,
    Prepared,
    Result,
    joint_standing,
)
from qcattn.seeds import entropy
from qcattn.stages import Preparation, draw_result, prepared_by
from qcattn.thermal import boltzmann
from qcattn.walking import classes, made

if TYPE_CHECKING:
    import pandas

__all__ = ["Trial", "Trials", "all_methods", "methods_alike", "prepare"]

#: Rounding allowed for where a claimed error is compared with the true one.
ROUNDING = 1e-9
#: Trace distance from the state aimed at above which that is said beside the verdict.
FAR = 0.01
#: Units of k_B T above the ground state from which on an energy is a mask: no level is up there.
_MASK = 5000
#: Qubits up to which a circuit with resets is sampled from its density matrix.
_DENSE = 9


@dataclass(frozen=True, eq=False)
class Trial:
    """One method on the Hamiltonian at one temperature.

    Attributes:
        name: The name of the method.
        method: The method as it prints, options included.
        beta: Inverse temperature.
        result: Counts against the distribution that the method claims, and against the success
            that it predicts; None if it was refused.
        refused: Why the method does not fit, or "".
        trace_distance: True trace distance of the system from the state aimed at, by dense
            linear algebra; NaN where that is too large.
        fidelity: Squared fidelity with the state aimed at, by dense linear algebra; NaN where that
            is too large.
        seconds: Wall time of preparing (for a measured method: of finding the circuit), and of
            sampling and comparing.
    """

    name: str
    method: str
    beta: float
    result: Result | None
    refused: str = ""
    trace_distance: float = nan
    fidelity: float = nan
    seconds: tuple[float, float] = (0.0, 0.0)

    @property
    def claimed(self) -> float:
        """The trace distance that the method claims not to exceed."""
        return nan if self.result is None else float(self.result.prepared.error)

    @property
    def claim_broken(self) -> bool:
        """Whether the true trace distance exceeds the claimed one."""
        return self.trace_distance > self.claimed + ROUNDING

    @property
    def shots(self) -> int:
        """The shots that were used to find the circuit and to sample it."""
        if self.result is None:
            return 0
        return self.result.prepared.spent + int(self.result.counts.shots.sum())

    @property
    def standing(self) -> Agreement | Literal["does not fit"]:
        """The verdict on counts and true state, against what the method itself claims."""
        if self.result is None:
            return "does not fit"
        if self.claim_broken:
            return "differs"
        return self.result.standing

    @property
    def far(self) -> bool:
        """Whether the state is farther than `FAR` from the one that is aimed at, claimed or not."""
        return self.trace_distance > FAR

    @property
    def said(self) -> str:
        """The verdict as it is printed; "as claimed" may still be far off."""
        if self.standing != "agrees":
            return self.standing
        return f"as claimed, {self.trace_distance:.2g} off" if self.far else "as claimed"


@dataclass(frozen=True, eq=False)
class Trials:
    """Methods side by side on one Hamiltonian.

    Attributes:
        hamiltonian: The one that all methods were given.
        trials: The trials, temperature by temperature, each time in the order of the methods.
        shots: The number of shots asked for in each trial.
        alpha: Probability that perfect samplers and true claims are said to differ, all together.
        seed: Entropy of the SeedSequence from which everything was drawn.
        complete: Whether all trials were done; false if the run was interrupted.
        source: Where the Hamiltonian comes from.
        same_numbers: p-value of the hypothesis that every method is drawn with random numbers of
            its own (`qcattn.comparisons.same_numbers`).
    """

    hamiltonian: Hamiltonian
    trials: tuple[Trial, ...]
    shots: int
    alpha: float
    seed: int
    complete: bool = True
    source: dict[str, str] = field(default_factory=dict)
    same_numbers: float = 1.0

    @property
    def methods_repeat(self) -> bool:
        """Whether methods share random numbers; wrong if independent at the rate `REPEATING`."""
        return self.same_numbers <= REPEATING

    @property
    def standing(self) -> Agreement:
        """The verdict over all methods that fit; it is never agreement where they share numbers."""
        fitting = (trial.standing for trial in self.trials if trial.result is not None)
        return joint_standing(fitting, complete=self.complete and not self.methods_repeat)

    @property
    def advice(self) -> str:
        """Say which methods end far from the thermal state, and what would help."""
        parts = []
        far = [trial for trial in self.trials if trial.result is not None and trial.far]
        for beta in dict.fromkeys(trial.beta for trial in far):
            mixed = _distance_of_mixed(self.hamiltonian, beta)
            worse = [one.name for one in far if one.beta == beta and one.trace_distance > mixed]
            if worse:
                parts.append(
                    f"At beta {beta:g} the maximally mixed state, which takes no method, is "
                    f"{mixed:.2g} from the thermal state: closer than {', '.join(worse)}."
                )
        known = classes("preparations")
        cures = {trial.name: getattr(known.get(trial.name), "closer", "") for trial in far}
        if listed := "; ".join(f"{name} by {cure}" for name, cure in cures.items() if cure):
            parts.append(f"What would come closer: {listed}; or another method.")
        return " ".join(parts)

    @property
    def said(self) -> str:
        """The verdict as it is printed."""
        return "as claimed" if self.standing == "agrees" else self.standing

    def __str__(self) -> str:
        """One line a trial."""
        lines = [f"{self.said}: {self.hamiltonian.encoding}, {plural(self.shots, 'shot')} a method"]
        for trial in self.trials:
            cost = trial.result.resources if trial.result else None
            said = (
                f"{plural(cost.qubits, 'qubit')}, {cost.two_qubit_gates:,} cx"
                if cost
                else trial.refused
            )
            lines.append(
                f"{trial.name:<16} beta {trial.beta:<6g} {trial.said:<12} "
                f"claimed {trial.claimed:.2g}, true {trial.trace_distance:.2g}; {said}"
            )
        if self.methods_repeat:
            lines.append("this sampler gives every method the same random numbers")
        lines += [self.advice] * bool(self.advice)
        return "\n".join(lines)

    def to_pandas(self) -> pandas.DataFrame:
        """The trials as a data frame: one line for each method and temperature.

        Raises:
            ImportError: If pandas is not installed: `pip install 'qcattn[pandas]'`.
        """
        costs = [trial.result.resources if trial.result else None for trial in self.trials]
        return frame(
            {
                "method": [trial.name for trial in self.trials],
                "beta": [trial.beta for trial in self.trials],
                "verdict": [trial.standing for trial in self.trials],
                "qubits": [cost.qubits if cost else nan for cost in costs],
                "depth": [cost.depth if cost else nan for cost in costs],
                "two_qubit_gates": [cost.two_qubit_gates if cost else nan for cost in costs],
                "shots": [trial.shots for trial in self.trials],
                "claimed": [trial.claimed for trial in self.trials],
                "trace_distance": [trial.trace_distance for trial in self.trials],
                "fidelity": [trial.fidelity for trial in self.trials],
                "refused": [trial.refused for trial in self.trials],
            }
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict, the Hamiltonian, and a line a trial."""
        lines = []
        for trial in self.trials:
            cost = trial.result.resources if trial.result else None
            gates = f"{cost.two_qubit_gates:,}" if cost else ""
            distances = (
                "unknown" if isnan(value) else f"{value:.2g}"
                for value in (trial.claimed, trial.trace_distance)
            )
            said = trial.refused or trial.said
            lines.append((trial.name, f"{trial.beta:g}", gates, *distances, said))
        headings = ("method", "beta", "two-qubit gates", "claimed error", "true error", "verdict")
        said = f"{self.hamiltonian.encoding}, {plural(self.shots, 'shot')} a method"
        return notebook(self.said, said, headings, lines)


def all_methods() -> tuple[Preparation, ...]:
    """One object of every method, with default options."""
    return tuple(one() for one in classes("preparations").values())


def prepare(
    hamiltonian: Any,
    *,
    beta: ArrayLike = 1.0,
    methods: Preparation | str | Iterable[Preparation | str] | None = None,
    shots: int = 4096,
    seed: Any = None,
    backend: Any = None,
    alpha: float = 0.01,
    progress: Progress = silent,
    workers: int = 1,
) -> Trials:
    """Prepare one thermal state in every way that fits, sample each, and compare.

    Counts of a method are compared with the distribution that it claims (exact ones claim that of
    the Gibbs state), and the shots that it keeps with the success that it predicts. Dense linear
    algebra compares the state of its circuit with the state aimed at, and the distance with the
    error that it claims.

    Args:
        hamiltonian: One `Hamiltonian`, or what `Hamiltonian.of` takes: a `SparsePauliOp`, or a
            Hermitian matrix of size 2**n; energies in units of k_B T at beta = 1.
        beta: Inverse temperature, positive, or several.
        methods: Preparation objects or names, or one; `all_methods()` if None, those with a field
            ``seed`` seeded from ``seed``.
        shots: Shots drawn for each method, those to be discarded included.
        seed: Anything `numpy.random.default_rng` takes; the answer keeps what reproduces it.
        backend: Circuit to counts, as `qcattn.run` takes it; `Aer` if None (small circuits with
            resets by its density matrix, which samples them all at once).
        alpha: Probability that any perfect sampler is said to differ, in (0, 1).
        progress: A function that is told how many of the trials are done, and which comes next.
        workers: Processes that the trials are spread over, this one among them; the counts are the
            same for any number. Several begin with the methods that foresee the longest work.
            With more than one, a script must do its work under ``if __name__ == "__main__":``.

    Warns:
        Doubtful: If energies are masked because they lie 5,000 k_B T or more above the ground
            state, where masks are and no levels.

    Returns:
        One trial for each method and temperature; one that does not fit says why.

    Raises:
        ValueError: If an argument, or an option of a method, is out of range.
        DoesNotFit: If no method fits.
        Interrupted: If Ctrl-C is pressed; it carries the trials that are done.

    Example:
        >>> from qcattn.models.spins import ising
        >>> from qcattn.preparations import Heralded, Purification
        >>> done = prepare(ising(2, field=0.0), methods=[Purification(), Heralded()], seed=1)
        >>> [(trial.name, trial.standing) for trial in done.trials]
        [('Purification', 'agrees'), ('Heralded', 'agrees')]
    """
    hamiltonian = _one(hamiltonian)
    betas, workers = _temperatures(beta), whole_number(workers, "workers")
    shots, root, alpha = check_shots(shots), entropy(seed), check_alpha(alpha)
    hamiltonian = _heeding_masks(hamiltonian, min(betas))
    if backend is not None:
        backend = backend_of(backend, "backend", *RUN)
    plan: list[tuple[Any, float]] = [(one, b) for b in betas for one in _chosen(methods)]
    seeds = np.random.SeedSequence(root).spawn(len(plan))
    asked: list[_Task] = []
    for (one, b), own in zip(plan, seeds, strict=True):
        drawn_from, drawn = own.spawn(2)
        if methods is None and "seed" in {item.name for item in fields(one)}:
            one = replace(one, seed=entropy(drawn_from))
        asked.append(_Task(hamiltonian, b, one, backend, shots, drawn, alpha / len(plan)))
    places = list(range(len(plan)))
    if workers > 1:  # the longest first, so that no worker is left idle beside the last one
        places.sort(key=lambda place: -_foreseen(asked[place]))
    found: dict[int, Trial] = {}

    def here(turn: int) -> Trial:
        task = asked[places[turn]]
        name = f"{name_of(task.method)}, beta {task.beta:g}"
        return _trial(task, _Step(progress, len(found), len(plan), name))

    def waiting() -> None:
        progress(len(found), len(plan), "the last methods")

    try:
        tasks = [(asked[place],) for place in places]
        share_out(_trial, tasks, workers, here=here, found=found, waiting=waiting)
        progress(len(plan), len(plan), "all methods")
    except KeyboardInterrupt:
        kept = tuple(found[turn] for turn in sorted(found, key=places.__getitem__))
        raise Interrupted(Trials(hamiltonian, kept, shots, alpha, root, complete=False)) from None
    trials = [found[turn] for turn in sorted(found, key=places.__getitem__)]
    if all(trial.result is None for trial in trials):
        raise DoesNotFit(f"`methods` holds none that fits: {trials[0].refused}")
    return Trials(
        hamiltonian, tuple(trials), shots, alpha, root, same_numbers=methods_alike(trials)
    )


def methods_alike(trials: Iterable[Trial]) -> float:
    """The p-value of the hypothesis that every method is drawn with random numbers of its own.

    Args:
        trials: Trials of one Hamiltonian, with the order of their shots where it is known.
    """
    drawn = [trial.result for trial in trials if trial.result is not None]
    laws = [result.prepared.distribution for result in drawn]
    together = Counts(
        np.array([result.counts.keys for result in drawn]),
        np.array([result.counts.stray for result in drawn]),
        np.array([result.counts.discarded for result in drawn]),
        tuple(run for result in drawn for run in result.counts.memories),
    )
    success = [float(result.prepared.success) for result in drawn]
    return same_numbers(together, np.array(laws), success)


def _distance_of_mixed(hamiltonian: Hamiltonian, beta: float) -> float:
    """Trace distance of the maximally mixed state of the support from the thermal state."""
    levels = hamiltonian.energies[np.isfinite(hamiltonian.energies)]
    if hamiltonian.off_diagonal is not None:
        levels = np.linalg.eigvalsh(hamiltonian.matrix)
    weights = boltzmann(levels, beta)
    return float(np.abs(weights - 1 / len(weights)).sum() / 2)


def _one(hamiltonian: Any) -> Hamiltonian:
    """One Hamiltonian, from what `prepare` takes."""
    if not isinstance(hamiltonian, Hamiltonian):
        hamiltonian = Hamiltonian.of(hamiltonian)
    if hamiltonian.shape:
        raise ValueError(
            f"`hamiltonian` must be one Hamiltonian, but there are {hamiltonian.shape}; choose "
            "one, as `hamiltonian[0]`"
        )
    return hamiltonian


def _heeding_masks(hamiltonian: Hamiltonian, beta: float) -> Hamiltonian:
    """The Hamiltonian with what are masks rather than levels masked, and said so."""
    levels = hamiltonian.energies[np.isfinite(hamiltonian.energies)]
    masked = hamiltonian.masked(beta) if np.ptp(levels) * beta >= _MASK else hamiltonian
    number = int(np.isinf(masked.energies).sum() - np.isinf(hamiltonian.energies).sum())
    if number:
        warnings.warn(
            f"`hamiltonian` has {number:,} energies so high that their weight is exactly 0 in "
            "double precision; they are taken as masked, as inf would be",
            Doubtful,
            stacklevel=3,
        )
    return masked


def _temperatures(beta: ArrayLike) -> list[float]:
    """Inverse temperatures, one or more."""
    betas = np.atleast_1d(check_betas(beta))
    if betas.ndim != 1 or not betas.size:
        raise ValueError(f"`beta` must be one number or a list of them, but is {beta!r}")
    return betas.tolist()


def _chosen(methods: Any) -> tuple[Preparation, ...]:
    """The methods, one or more."""
    listed = all_methods() if methods is None else methods
    several = listed if isinstance(listed, Iterable) and not isinstance(listed, str) else (listed,)
    chosen = tuple(made("preparations", one, "methods") for one in several)
    if not chosen:
        raise ValueError("`methods` must hold at least one object, but is empty; leave it out for "
                         "all methods")  # fmt: skip
    for one in chosen:
        check_object(one, "methods", "Heralded()", "__call__")
    return chosen


@dataclass(frozen=True)
class _Step:
    """One of the trials, as it is told: it has three parts, which are taken to be equally long."""

    progress: Progress
    done: int
    total: int
    name: str

    def part(self, stage: str, number: int) -> Progress:
        """Turn the progress of a part into the progress of all trials."""
        furthest = 0.0  # a part has steps of several kinds, one after the other

        def told(done: float, total: float, what: str) -> None:
            nonlocal furthest
            furthest = max(furthest, min(done / total, 1.0))
            reached = self.done + (number + furthest) / 3
            self.progress(reached, self.total, f"{self.name}: {stage}, {what}")

        return told

    @contextmanager
    def of(self, stage: str, number: int) -> Iterator[None]:
        """Report that a part begins, and receive its progress."""
        self.progress(self.done + number / 3, self.total, f"{self.name}: {stage}")
        with hearing(self.part(stage, number)):
            yield


@dataclass(frozen=True)
class _Task:
    """What one of the trials is to do, in this process or in another."""

    hamiltonian: Hamiltonian
    beta: float
    method: Preparation
    backend: Backend | None
    shots: int
    seed: np.random.SeedSequence
    alpha: float


def _foreseen(task: _Task) -> float:
    """Seconds that preparing is foreseen to take; 0 where a method does not say or does not fit."""
    foreseen = getattr(task.method, "foreseen", None)
    try:
        return 0.0 if foreseen is None else float(foreseen(task.hamiltonian).seconds)
    except (DoesNotFit, TooLarge):
        return 0.0


def _trial(task: _Task, step: _Step | None = None) -> Trial:
    hamiltonian, beta, method = task.hamiltonian, task.beta, task.method
    shots, backend = task.shots, task.backend
    name, label = name_of(method), spelt(method)
    step = step or _Step(silent, 0, 1, name)
    begun = time.perf_counter()
    try:
        with step.of("preparing", 0):
            prepared = prepared_by(method, hamiltonian, beta)
        preparing = time.perf_counter() - begun
        run = _suited(prepared.circuit) if backend is None else backend
        if isinstance(run, Aer):
            cures = [f"`methods` without {name} take less", "Ctrl-C keeps the other methods"]
            announce(
                f"{name}: drawing {plural(shots, 'shot')}", run.foreseen(prepared, shots), cures
            )
        result = draw_result(
            prepared,
            Scores(-hamiltonian.energies),
            prepared.distribution,
            beta=beta,
            shots=shots,
            seed=entropy(task.seed),
            backend=run,
            alpha=task.alpha,
            settings={"hamiltonian": hamiltonian.encoding, "preparation": label},
            preparing=preparing,
            progress=step.part("drawing", 1),
        )
    except (DoesNotFit, TooLarge) as error:
        return Trial(name, label, beta, None, refused=str(error))
    if not result.complete:
        raise KeyboardInterrupt
    with step.of("its exact state", 2):
        distance, fidelity = _true_state(prepared, hamiltonian, beta)
    return Trial(
        name,
        label,
        beta,
        result,
        trace_distance=distance,
        fidelity=fidelity,
        seconds=(preparing, result.seconds["sample"] + result.seconds["compare"]),
    )


def _suited(circuit: QuantumCircuit) -> Aer:
    """Aer; by its density matrix where a vector would be run again for every shot."""
    small = circuit.num_qubits <= _DENSE
    return Aer(method="density_matrix") if "reset" in circuit.count_ops() and small else Aer()


def _true_state(prepared: Prepared, hamiltonian: Hamiltonian, beta: float) -> tuple[float, float]:
    """Trace distance and squared fidelity with the state aimed at; NaN where too large."""
    seconds = dense_seconds(prepared.circuit)
    announce(f"{prepared.method}: its exact state", Forecast(seconds))
    try:
        if seconds < WORTH:
            return _certified(prepared, hamiltonian, beta)
        (found,) = apart(_certifying, prepared, hamiltonian, beta)
    except TooLarge:
        return nan, nan
    return found


def _certifying(
    prepared: Prepared, hamiltonian: Hamiltonian, beta: float
) -> Iterator[tuple[float, float]]:
    yield _certified(prepared, hamiltonian, beta)


def _certified(prepared: Prepared, hamiltonian: Hamiltonian, beta: float) -> tuple[float, float]:
    certificate = certify_dense(prepared, hamiltonian, beta)
    return certificate.trace_distance, certificate.fidelity
