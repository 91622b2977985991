"""Beta, basis and phase trained alone and together, and what each gains on held-out queries."""

from __future__ import annotations

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
    qubits_of,
    read_shots,
    start,
    train,
)
from qcattn.evidence import Estimate
from qcattn.plurals import plural
from qcattn.progress import Progress
from qcattn.records import Counts

__all__ = ["BAYES", "CLASSICAL", "Ablation", "Trainings", "ablate", "two_way"]

#: Name of a classical model, and whether its keys have biases.
CLASSICAL = {"classical, as many": True, "classical, two": False}
#: Name of what no model can better.
BAYES = "Bayes"


@dataclass(frozen=True, eq=False)
class Ablation:
    """Losses of every run on the same held-out queries, and the curves of its training.

    Attributes:
        name: The name of the task.
        losses: Held-out losses of each run, shape (trainings, held-out queries): measured ones for
            the circuits (``"start"``, ``"beta"``, ...), exact ones for the classical models and,
            where it is known, for Bayes' rule.
        exact: Losses of the circuits' runs by dense algebra, the same shapes.
        curves: Lowest measured loss on the training queries by evaluations, an array a training of
            each run.
        hits: Kept shots of all held-out queries and runs that read the key to be found.
        kept: Kept shots of all held-out queries and runs.
        expected: Hits that the exact states of these queries give on average.
        shots: The number of shots of all training and all held-out queries.
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
        """The amount by which the held-out loss of one run is below that of another.

        The interval holds for other queries and other trainings; see `two_way`.
        """
        return two_way(self.losses[worse] - self.losses[better], alpha)

    def gains(self, better: str, worse: str) -> list[float]:
        """The gain in each training."""
        return [float(one) for one in (self.losses[worse] - self.losses[better]).mean(axis=1)]

    def found(self, alpha: float) -> Estimate:
        """The share of kept shots that read the key to be found; exact is ``expected / kept``.

        Shots of queries that differ scatter less than binomial ones of their mean probability.
        """
        low, high = proportion(self.hits, self.kept, alpha)
        return Estimate(self.hits / max(self.kept, 1), float(low), float(high))

    def loss(self, run: str, alpha: float) -> Estimate:
        """The mean held-out loss of a run, with an interval like that of `gain`."""
        return two_way(self.losses[run], alpha)

    def curve(self, run: str) -> np.ndarray:
        """The lowest training loss of a run after each evaluation, averaged over the trainings."""
        longest = max(len(one) for one in self.curves[run])
        padded = [np.pad(one, (0, longest - len(one)), mode="edge") for one in self.curves[run]]
        return np.mean(padded, axis=0)


def two_way(rows: np.ndarray, alpha: float) -> Estimate:
    r"""The mean over trainings and queries, both of which are drawn at random.

    The mean scatters with the queries and with the trainings: the variances of the means of
    queries, over their number, and of the means of trainings, over theirs, are added. Student's
    quantile is that of Satterthwaite's degrees of freedom, :math:`(v_q + v_t)^2 /
    (v_q^2/(Q-1) + v_t^2/(T-1))`. With one training it is left out, and the interval is of the
    models as they were trained.

    Args:
        rows: Shape (trainings, queries), of independent queries.
        alpha: Error rate.

    References:
        F. E. Satterthwaite, Biometrics Bulletin 2, 110 (1946).

    Example:
        >>> rows = np.array([[0.1, 0.3, 0.2], [0.2, 0.4, 0.3]])
        >>> found = two_way(rows, 0.05)
        >>> round(found.best, 3), found.low < 0.25 < found.high
        (0.25, True)
    """
    best = float(rows.mean())
    parts = [rows.mean(axis=0), *([rows.mean(axis=1)] if len(rows) > 1 else [])]
    variances = np.array([part.var(ddof=1) / part.size for part in parts])
    freedoms = np.array([part.size - 1 for part in parts])
    total = float(variances.sum())
    if not total:
        return Estimate(best, best, best)
    freedom = total**2 / float((variances**2 / freedoms).sum())
    reach = -float(stdtrit(freedom, alpha / 2)) * float(np.sqrt(total))
    return Estimate(best, best - reach, best + reach)


@dataclass(frozen=True, eq=False)
class Trainings:
    """How every run of an ablation is trained and measured.

    Attributes:
        number: The number of times that each run is trained, every time on other queries.
        queries: The number of queries of each training.
        held_out: The number of queries that are left, at most.
        evaluations: The number of evaluations of loss and gradient, at most.
        shots: The number of shots of each circuit while training.
        held_out_shots: The number of shots of each held-out query.
        backend: A function from circuit, shots and seed to counts.
    """

    number: int
    queries: int
    held_out: int
    evaluations: int
    shots: int
    held_out_shots: int
    backend: Backend


#: What is trained, and the runs from the best of which training goes on.
_Runs = dict[str, tuple[tuple[int, ...], tuple[str, ...]]]


def ablate(
    name: str,
    task: Retrieval,
    trainings: Trainings,
    *,
    seed: np.random.SeedSequence,
    progress: Progress,
) -> Ablation:
    """Train every run on the first queries of a task and measure it on the rest.

    A run of several parameters goes on from the best run of fewer.

    Args:
        name: The name of the task.
        task: The task. Every training takes queries of its own, and then come those that are held
            out.
        trainings: How every run is trained and measured.
        seed: The seed, which is split over the trainings.
        progress: A function that is called with the trainings done.

    Returns:
        All losses.

    Raises:
        ValueError: If fewer than two queries are held out.
    """
    begin = trainings.number * trainings.queries
    rest = task[begin : begin + trainings.held_out]
    if len(rest.targets) < 2:
        raise ValueError(
            f"{name}: {plural(trainings.number, 'training')}, each of {trainings.queries}, must "
            f"leave at least 2 queries of {len(task.targets):,} held out, but {len(rest.targets)} "
            "are left; "
            "take fewer trainings or fewer queries in each"
        )
    n = qubits_of(task)
    basis = tuple(range(1, n + 1))
    runs: _Runs = {
        "beta": ((0,), ("start",)),
        "basis": (basis, ("start",)),
        "phase": ((n + 1,), ("start",)),
        "beta and phase": ((0, n + 1), ("beta", "phase")),
        "all": ((0, *basis, n + 1), ("basis", "beta and phase")),
    }
    tally = _Tally(rest, ("start", *runs), tuple(runs))
    for number, root in enumerate(seed.spawn(trainings.number)):
        part = task[number * trainings.queries : (number + 1) * trainings.queries]
        train_seed, *read_seeds = (int(word) for word in root.generate_state(2 + len(runs)))

        def tell(done: float, total: float, what: str, number: int = number) -> None:
            progress(number + done / total, trainings.number, f"{name}: {what}")

        found = _trained(part, n, runs, trainings, train_seed, tell)
        for (run, trained), read_seed in zip(found.items(), read_seeds, strict=True):
            values = angles_of(rest.scores, trained.parameters)
            counts = read_shots(values, n, trainings.held_out_shots, trainings.backend, read_seed)
            tally.add(run, trained, counts)
        for run, biases in CLASSICAL.items():
            best = train_classical(part, n, biases=biases, evaluations=trainings.evaluations)
            law = classical_law(rest.scores, best, n)
            tally.measured[run].append(brier(law, rest.targets))
        if rest.bayes is not None:
            tally.measured[BAYES].append(brier(rest.bayes, rest.targets))
    return tally.ablation(name)


def _trained(
    part: Retrieval, n: int, runs: _Runs, trainings: Trainings, seed: int, progress: Progress
) -> dict[str, Trained]:
    """Every run trained on one part of the queries, the start first."""
    found = {"start": Trained(start(n), np.array([np.inf]), 0)}
    for i, (run, (free, before)) in enumerate(runs.items()):
        progress(i, len(runs), run)
        found[run] = train(
            part,
            min((found[one] for one in before), key=lambda one: one.curve[-1]).parameters,
            free,
            shots=trainings.shots,
            evaluations=trainings.evaluations,
            backend=trainings.backend,
            seed=seed,
        )
    return found


class _Tally:
    """What is added up over the trainings."""

    def __init__(self, rest: Retrieval, circuits: tuple[str, ...], trained: tuple[str, ...]):
        self.rest = rest
        known = () if rest.bayes is None else (BAYES,)
        names = (*circuits, *CLASSICAL, *known)
        self.measured: dict[str, list[np.ndarray]] = {run: [] for run in names}
        self.exact: dict[str, list[np.ndarray]] = {run: [] for run in circuits}
        self.curves: dict[str, list[np.ndarray]] = {run: [] for run in trained}
        self.hits, self.kept, self.shots, self.expected = 0, 0, 0, 0.0

    def add(self, run: str, trained: Trained, counts: Counts) -> None:
        """Add what a trained run read of the held-out queries."""
        places = self.rest.targets[:, None]
        if run in self.curves:
            self.curves[run].append(trained.curve)
        self.measured[run].append(losses(counts, self.rest.targets))
        law = exact_law(self.rest.scores, trained.parameters)
        self.exact[run].append(brier(law, self.rest.targets))
        self.hits += int(np.take_along_axis(counts.keys, places, axis=-1).sum())
        self.kept += int(counts.kept.sum())
        self.expected += float(np.take_along_axis(law, places, axis=-1)[:, 0] @ counts.kept)
        self.shots += trained.shots + int(counts.shots.sum())

    def ablation(self, name: str) -> Ablation:
        """The whole ablation."""
        return Ablation(
            name,
            {run: np.array(rows) for run, rows in self.measured.items()},
            {run: np.array(rows) for run, rows in self.exact.items()},
            self.curves,
            hits=self.hits,
            kept=self.kept,
            expected=self.expected,
            shots=self.shots,
        )
