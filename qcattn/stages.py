"""The stages of every experiment: encode, prepare, draw, compare.

A run, the trials of all methods, a sweep and a page that draws batch after batch differ in what
they do between the stages; the stages are these.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from qcattn.apart import WORTH, apart
from qcattn.arguments import check_shots, whole_number
from qcattn.backends.choosing import backend_of
from qcattn.backends.counting import Gathered
from qcattn.backends.protocol import Backend
from qcattn.comparisons import acceptance, fit, same_numbers
from qcattn.datasets import Scores
from qcattn.errors import DoesNotFit
from qcattn.progress import Progress, hearing, silent
from qcattn.records import Counts, Hamiltonian, Prepared, Resources, Result, Verdict
from qcattn.seeds import entropy
from qcattn.versions import package_versions
from qcattn.walking import classes

__all__ = [
    "Encoding",
    "Preparation",
    "compare",
    "draw_batch",
    "draw_each",
    "draw_result",
    "encode",
    "prepare_rows",
    "prepared_by",
]

#: First word of the address of a batch, so that no child that `SeedSequence.spawn` gives has it.
_BATCH = 0x62617463


class Encoding(Protocol):
    """Anything that turns scores into a Hamiltonian."""

    def __call__(self, scores: ArrayLike) -> Hamiltonian:
        """Encode."""


class Preparation(Protocol):
    """Anything that turns a Hamiltonian and beta into a circuit."""

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare."""


def encode(scores: ArrayLike, encoding: Encoding, beta: ArrayLike) -> Hamiltonian:
    """Encode scores, so that counts follow softmax, or the Boltzmann law of sets of keys.

    Args:
        scores: Shape (..., num_keys), dimensionless; ``-inf`` masks a key.
        encoding: An object of `qcattn.encodings`; one that depends on the temperature has a method
            ``at(beta)``, which gives the encoding at beta.
        beta: Inverse temperature at which it is to be prepared, scalar or of shape (...).

    Returns:
        Hamiltonian of shape (...), diagonal in the computational basis; keys whose weight at beta
        is exactly zero in double precision are masked.

    Raises:
        ValueError: If the encoding gives a Hamiltonian that is not diagonal, or refuses the scores.

    Example:
        >>> from qcattn.encodings import Binary
        >>> encode([[0.0, 1.0, -65504.0]], Binary(), 1.0).energies
        array([[-0., -1., inf]])
    """
    at = getattr(encoding, "at", None)
    hamiltonian = (encoding if at is None else at(beta))(scores)
    if not hamiltonian.is_diagonal:
        diagonal = " and ".join(name for name, cls in classes("encodings").items() if cls.diagonal)
        raise ValueError(
            f"`encoding` must give a Hamiltonian that is diagonal, as {diagonal} do, since only "
            f"then do the counts follow softmax, but is {encoding}; compare preparations of it "
            "by `qcattn prepare` (in Python `qcattn.prepare`)"
        )
    return hamiltonian.masked(beta)


def prepare_rows(
    hamiltonian: Hamiltonian, beta: float, preparation: Preparation
) -> tuple[Prepared, ...]:
    """Prepare rows of Hamiltonians, by methods that take many rows or one row.

    Args:
        hamiltonian: Shape (rows,), or () for a single one.
        beta: Inverse temperature, positive.
        preparation: An object of `qcattn.preparations`.

    Returns:
        One template of that shape for all rows, or for a method that takes a single Hamiltonian
        one circuit of shape () for each row.

    Raises:
        DoesNotFit: If the method does not take a row by itself either.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import QSVT, Heralded
        >>> rows = Binary()([[0.0, 1.0], [0.5, 0.5]])
        >>> [part.shape for part in prepare_rows(rows, 1.0, Heralded())]
        [(2,)]
        >>> [part.shape for part in prepare_rows(rows, 1.0, QSVT(error=1e-3))]
        [(), ()]
    """
    try:
        return (prepared_by(preparation, hamiltonian, beta),)
    except DoesNotFit:
        if not hamiltonian.shape:
            raise
        (rows,) = hamiltonian.shape
        return tuple(prepared_by(preparation, hamiltonian[row], beta) for row in range(rows))


def prepared_by(preparation: Preparation, hamiltonian: Hamiltonian, beta: ArrayLike) -> Prepared:
    """Call a preparation with a Hamiltonian.

    Where the preparation has a method ``foreseen(hamiltonian)`` that foresees a long time, it works
    in a process of its own, which Ctrl-C ends at once.

    Args:
        preparation: An object of `qcattn.preparations`, or of your own.
        hamiltonian: Shape (...).
        beta: Inverse temperature, positive.

    Raises:
        Exception: What the preparation raises.
    """
    foreseen = getattr(preparation, "foreseen", None)
    if foreseen is None or hamiltonian.shape or foreseen(hamiltonian).seconds < WORTH:
        return preparation(hamiltonian, beta=beta)
    (prepared,) = apart(_preparing, preparation, hamiltonian, beta)
    return prepared


def _preparing(
    preparation: Preparation, hamiltonian: Hamiltonian, beta: ArrayLike
) -> Iterator[Prepared]:
    yield preparation(hamiltonian, beta=beta)


def draw_result(
    prepared: Prepared,
    source: Scores,
    expected: np.ndarray,
    *,
    beta: ArrayLike,
    shots: int,
    seed: int,
    backend: Backend,
    alpha: float,
    settings: Mapping[str, str],
    preparing: float,
    progress: Progress = silent,
    outcomes: np.ndarray | None = None,
) -> Result:
    """Draw every row of a prepared circuit and compare the counts: one whole run.

    Args:
        prepared: Template and values, shape (...).
        source: The scores and where they come from, shape (..., num_keys).
        expected: Probabilities that the kept shots are to have, shape (..., num_keys).
        beta: Inverse temperature, scalar or of shape (...).
        shots: Shots a row, 1 or more.
        seed: Entropy of the whole, 0 or more.
        backend: A backend, from a circuit to counts.
        alpha: Probability that a perfect sampler is said to differ.
        settings: How it was prepared, for the record; the backend adds its own.
        preparing: Seconds that preparing took.
        progress: A function that is told the rows that are done after each chunk.
        outcomes: Scores of what is drawn, shape (..., num_outcomes), where that is no key; None if
            it is.

    Returns:
        The result. Ctrl-C ends it with the rows drawn by then, compared, and it is not complete.

    Raises:
        TooLarge: If a row does not fit into memory.
        ValueError: If the backend cannot draw this circuit.
    """
    clock = [time.perf_counter()]
    counts, complete = _draw_rows(prepared, shots, seed, backend, progress)
    clock.append(time.perf_counter())
    try:
        verdicts, alike = _judged(prepared, counts, expected, alpha)
    except KeyboardInterrupt:  # what was drawn is not lost; a second Ctrl-C ends this too
        complete = False
        verdicts, alike = _judged(prepared, counts, expected, alpha)
    clock.append(time.perf_counter())
    sampling, comparing = np.diff(clock).tolist()
    return Result(
        scores=source.scores if outcomes is None else outcomes,
        beta=np.asarray(beta, dtype=float),
        expected=expected,
        prepared=prepared,
        counts=counts,
        verdicts=verdicts,
        resources=Resources.of(backend.fitted(prepared)),
        shots=shots,
        seed=seed,
        settings={**settings, **backend.settings()},
        versions=package_versions(),
        tokens=source.tokens,
        axes=source.axes,
        row_names=source.row_names,
        source={
            name: getattr(source, name)
            for name in ("model", "sentence", "package", "version", "licence", "sha256", "source")
            if getattr(source, name)
        }
        | ({"layers": " ".join(map(str, source.layers))} if source.layers else {}),
        complete=complete,
        same_numbers=alike,
        seconds={"prepare": preparing, "sample": sampling, "compare": comparing},
    )


def _judged(
    prepared: Prepared, counts: Counts, expected: np.ndarray, alpha: float
) -> tuple[tuple[Verdict, ...], float]:
    """Verdicts of the counts, and the p-value of rows that share their random numbers."""
    success = None if prepared.herald_register is None else prepared.success
    verdicts = compare(counts, expected, success, alpha)
    return verdicts, same_numbers(counts, prepared.distribution, prepared.success)


def _draw_rows(
    prepared: Prepared, shots: int, seed: int, backend: Backend, progress: Progress
) -> tuple[Counts, bool]:
    """Counts of all rows, and whether it was not interrupted."""
    gathered, rows = Gathered(prepared), len(prepared.flat_values)
    drawn, furthest = 0, 0.0

    def reached(done: float, total: float, what: str) -> None:
        nonlocal furthest
        furthest = max(furthest, done / total * rows)
        progress(furthest, rows, what)

    try:
        with hearing(reached):
            for place, counts in backend.stream(prepared, shots, seed):
                gathered.add(place, counts)
                drawn += int(counts.shots.sum())
                reached(min(drawn, rows * shots), rows * shots, "rows")
    except KeyboardInterrupt:
        return gathered.counts, False
    return gathered.counts, True


def draw_batch(
    prepared: Prepared, shots: int, seed: Any, number: int, backend: Any = None
) -> Counts:
    """Draw one more batch of the same prepared rows; nothing need be kept in between.

    The counts follow from the arguments alone: batch 7 is the same whichever other batches are
    drawn, before or after it, here or on another machine, and its shots are independent of theirs.
    Counts add, so what was drawn so far is a sum. (A `Sampler` keeps a seed of its own, and does
    not heed this one.)

    Args:
        prepared: Template and values, shape (...).
        shots: Shots a row of this batch, 1 or more.
        seed: What `numpy.random.default_rng` takes; an integer, or the `entropy` of something
            else, if the batch is to be drawn again.
        number: The number of the batch, 0 or more.
        backend: Circuit to counts, as `qcattn.run` takes it; `Aer` if None.

    Returns:
        Counts of shape (...).

    Raises:
        ValueError: If shots or the number are out of range, or the backend refuses the circuit.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Purification
        >>> prepared = Purification()(Binary()([0.0, 1.0, 2.0]), beta=1.0)
        >>> first, second = (draw_batch(prepared, 1000, seed=7, number=n) for n in (0, 1))
        >>> (first.keys == second.keys).all(), (first + second).shots
        (np.False_, np.int64(2000))
        >>> (draw_batch(prepared, 1000, seed=7, number=1).keys == second.keys).all()
        np.True_
    """
    address = (_BATCH, whole_number(number, "number", least=0))
    run = backend_of(backend)
    (counts,) = draw_each([prepared], check_shots(shots), entropy(seed), address, run)
    return counts


def draw_each(
    prepared: Sequence[Prepared], shots: int, root: int, address: tuple[int, ...], backend: Backend
) -> list[Counts]:
    """Draw counts of each circuit, from random numbers that follow from an address alone.

    Args:
        prepared: Templates, one or several.
        shots: The number of shots of each row.
        root: Entropy of the whole.
        address: Words of 32 bits that name these shots among all that have this root. Where there
            are several circuits, the place of each is one word more.
        backend: A backend, from a circuit to counts.
    """
    several = len(prepared) > 1
    return [
        backend(
            one,
            shots,
            np.random.SeedSequence(root, spawn_key=(*address, place) if several else address),
        )
        for place, one in enumerate(prepared)
    ]


def compare(
    counts: Counts, expected: np.ndarray, success: np.ndarray | None, alpha: float
) -> tuple[Verdict, ...]:
    """Compare counts with probabilities and, where shots are discarded, with the success predicted.

    Each of the two gets half of alpha; without a herald (success None) the first gets all of it.

    Args:
        counts: Shape (...).
        expected: Probabilities of the kept shots, shape (..., num_keys).
        success: Probability that a shot is kept, shape (...), or None without a herald.
        alpha: Probability that a perfect sampler is said to differ.
    """
    if success is None:
        return (_fit_verdict(counts, expected, alpha),)
    return (
        _fit_verdict(counts, expected, alpha / 2),
        acceptance(counts, success, alpha=alpha / 2),
    )


def _fit_verdict(counts: Counts, expected: np.ndarray, alpha: float) -> Verdict:
    tested = fit(counts, expected, alpha=alpha)
    return Verdict(
        name="fit",
        alpha=alpha,
        statistic=tested.u_score,
        p_values=tested.p_values,
        refuted=tested.rows(),
        resolution=tested.resolution,
        overall=tested.overall(),
        overall_resolution=tested.resolution_together,
        undecided=tested.undecided,
    )
