"""Beta, basis and phase trained alone and together, and what each gains on held-out queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import proportion
from qcattn.claims.born._classical import classical_law, train_classical
from qcattn.claims.born._retrieval import Retrieval
from qcattn.claims.born._training import (
    Trained,
    angles_of,
    brier,
    exact_law,
    losses,
    measure,
    qubits_of,
    start,
    train,
)
from qcattn.evidence import Estimate

__all__ = ["CLASSICAL", "Ablation", "ablate"]

#: Name of a classical model, and whether its keys have biases.
CLASSICAL = {"classical, as many": True, "classical, two": False}


@dataclass(frozen=True, eq=False)
class Ablation:
    """Losses of every run on the same held-out queries, and the curves of its training.

    Attributes:
        name: Of the task.
        losses: Held-out losses of each run, shape (trainings, held-out queries): measured those of
            the circuits (``"start"``, ``"beta"``, ...), exact the classical ones.
        exact: Of the circuits' runs by dense algebra, the same shapes.
        curves: Lowest measured loss on the training queries by evaluations, an array a training of
            each run.
        hits: Kept shots of all held-out queries and runs that read the key to be found.
        kept: Kept shots of them.
        expected: Hits that the exact states of these queries give on average.
        shots: Of all training and all held-out queries.
    """

    name: str
    losses: dict[str, np.ndarray]
    exact: dict[str, np.ndarray]
    curves: dict[str, list[np.ndarray]]
    hits: int
    kept: int
    expected: float
    shots: int

    def gain(self, better: str, worse: str, alpha: float) -> Estimate:
        """By how much the held-out loss of one run lies below another's.

        Student's interval over the held-out queries, of gains that are averaged over trainings.
        """
        return _student((self.losses[worse] - self.losses[better]).mean(axis=0), alpha)

    def gains(self, better: str, worse: str) -> list[float]:
        """The same in each training."""
        return [float(one) for one in (self.losses[worse] - self.losses[better]).mean(axis=1)]

    def found(self, alpha: float) -> Estimate:
        """Share of kept shots that read the key to be found; exact is ``expected / kept``.

        Shots of queries that differ scatter less than binomial ones of their mean probability.
        """
        low, high = proportion(self.hits, self.kept, alpha)
        return Estimate(self.hits / max(self.kept, 1), float(low), float(high))

    def loss(self, run: str, alpha: float) -> Estimate:
        """Mean held-out loss of a run, Student's interval over the queries."""
        return _student(self.losses[run].mean(axis=0), alpha)

    def curve(self, run: str) -> np.ndarray:
        """Lowest training loss of a run by evaluations, averaged over the trainings."""
        longest = max(len(one) for one in self.curves[run])
        padded = [np.pad(one, (0, longest - len(one)), mode="edge") for one in self.curves[run]]
        return np.mean(padded, axis=0)


def _student(rows: np.ndarray, alpha: float) -> Estimate:
    best, error = float(rows.mean()), float(rows.std(ddof=1) / np.sqrt(len(rows)))
    reach = -float(stdtrit(len(rows) - 1, alpha / 2)) * error
    return Estimate(best, best - reach, best + reach)


def ablate(
    name: str,
    task: Retrieval,
    *,
    trainings: int,
    queries: int,
    evaluations: int,
    shots: int,
    held_out_shots: int,
    backend: Backend,
    seed: np.random.SeedSequence,
    tell: Callable[[float, str], None],
) -> Ablation:
    """Train every run on the first queries of a task, measure it on the rest.

    A run of several parameters goes on from the best run of fewer.

    Args:
        name: Of the task.
        task: The first ``trainings * queries`` are trained on, the others are held out.
        trainings: How often each run is trained, every time on other queries.
        queries: Of each training.
        evaluations: Of loss and gradient, at most.
        shots: Of each circuit while training.
        held_out_shots: Of each held-out query.
        backend: (prepared, shots, seed) -> Counts.
        seed: Split over the trainings.
        tell: Called with the share done and what is done.

    Returns:
        All losses.
    """
    n = qubits_of(task)
    basis = tuple(range(1, n + 1))
    # What is trained, and the runs from the best of which training goes on.
    runs: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
        "beta": ((0,), ("start",)),
        "basis": (basis, ("start",)),
        "phase": ((n + 1,), ("start",)),
        "beta and phase": ((0, n + 1), ("beta", "phase")),
        "all": ((0, *basis, n + 1), ("basis", "beta and phase")),
    }
    rest = task[trainings * queries :]
    measured: dict[str, list[np.ndarray]] = {run: [] for run in ("start", *runs, *CLASSICAL)}
    exact: dict[str, list[np.ndarray]] = {run: [] for run in ("start", *runs)}
    curves: dict[str, list[np.ndarray]] = {run: [] for run in runs}
    spent, hits, kept, expected = 0, 0, 0, 0.0
    places = rest.targets[:, None]
    for number, root in enumerate(seed.spawn(trainings)):
        part = task[number * queries : (number + 1) * queries]
        train_seed, *read_seeds = (int(word) for word in root.generate_state(2 + len(runs)))
        found = {"start": Trained(start(n), np.array([np.inf]), 0)}
        for i, (run, (free, before)) in enumerate(runs.items()):
            tell((number + i / len(runs)) / trainings, f"{name}: {run}")
            found[run] = train(
                part,
                min((found[one] for one in before), key=lambda one: one.curve[-1]).parameters,
                free,
                shots=shots,
                evaluations=evaluations,
                backend=backend,
                seed=train_seed,
            )
            curves[run].append(found[run].curve)
        for (run, trained), read_seed in zip(found.items(), read_seeds, strict=True):
            values = angles_of(rest.scores, trained.parameters)
            counts = measure(values, n, held_out_shots, backend, read_seed)
            measured[run].append(losses(counts, rest.targets))
            law = exact_law(rest.scores, trained.parameters)
            exact[run].append(brier(law, rest.targets))
            hits += int(np.take_along_axis(counts.keys, places, axis=-1).sum())
            kept += int(counts.kept.sum())
            expected += float(np.take_along_axis(law, places, axis=-1)[:, 0] @ counts.kept)
            spent += trained.shots + int(counts.shots.sum())
        for run, biases in CLASSICAL.items():
            best = train_classical(part, n, biases=biases, evaluations=evaluations)
            measured[run].append(brier(classical_law(rest.scores, best, n), rest.targets))
    return Ablation(
        name,
        {run: np.array(rows) for run, rows in measured.items()},
        {run: np.array(rows) for run, rows in exact.items()},
        curves,
        hits=hits,
        kept=kept,
        expected=expected,
        shots=spent,
    )
