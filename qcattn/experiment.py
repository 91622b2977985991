"""The experiment: the lines that call the stages in order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from numbers import Real
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit

from qcattn.arguments import whole_number
from qcattn.attention import softmax
from qcattn.backends.aer import Aer
from qcattn.backends.counting import collect
from qcattn.comparisons import acceptance, fit
from qcattn.datasets import Scores
from qcattn.encodings.binary import Binary
from qcattn.preparations.purification import Purification
from qcattn.records import Counts, Hamiltonian, Prepared, Resources, Result, Verdict
from qcattn.seeds import entropy

__all__ = [
    "Backend",
    "Encoding",
    "Interrupted",
    "Preparation",
    "compare",
    "held_bytes",
    "package_versions",
    "run",
]


# As tests/benchmarks/memory.py finds them: bytes of a process, and arrays as large as the scores.
_PROCESS, _ARRAYS = 400 * 2**20, 16


class Encoding(Protocol):
    """Scores to a Hamiltonian."""

    def __call__(self, scores: ArrayLike) -> Hamiltonian:
        """Encode."""


class Preparation(Protocol):
    """A Hamiltonian and beta to a circuit."""

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare."""


class Backend(Protocol):
    """A circuit, shots and a seed to counts, chunk by chunk."""

    def stream(self, prepared: Prepared, shots: int, seed: Any) -> Iterator[tuple[slice, Counts]]:
        """Draw."""

    def fitted(self, prepared: Prepared) -> QuantumCircuit:
        """The circuit as it runs."""

    def settings(self) -> dict[str, str]:
        """Options as strings."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in the middle of a run; ``result`` holds the rows that were drawn.

    Attributes:
        result: A Result with ``complete = False``; the rows not reached have no shots and are
            undecided.
    """

    def __init__(self, result: Any) -> None:
        super().__init__("interrupted")
        self.result = result


def run(
    scores: ArrayLike | Scores,
    *,
    beta: ArrayLike = 1.0,
    shots: int = 4096,
    seed: Any = None,
    encoding: Encoding | None = None,
    preparation: Preparation | None = None,
    backend: Backend | None = None,
    alpha: float = 0.01,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Sample attention rows as thermal states and compare the counts with softmax.

    Args:
        scores: Shape (..., num_keys), before softmax, divided by sqrt(d); ``-inf`` masks a key.
            Or a `qcattn.datasets.Scores`, which brings tokens and provenance.
        beta: Inverse temperature, positive, scalar or of shape (...).
        shots: Shots a row, positive.
        seed: Anything `numpy.random.default_rng` takes; the result keeps what reproduces it.
        encoding: Scores to Hamiltonian; `Binary` if None.
        preparation: Hamiltonian to circuit; `Purification` if None.
        backend: Circuit to counts; `Aer` if None.
        alpha: Probability that a perfect sampler is said to differ, over all rows and
            comparisons together, in (0, 1).
        progress: Called with the number of rows done after each chunk.

    Returns:
        Result, whose first verdict compares the kept shots with softmax. A heralded
        preparation brings a second one on the share of kept shots, each at alpha / 2.

    Raises:
        ValueError: If an argument is out of range; the message names the place and the cure.
        Interrupted: On Ctrl-C, with the partial result.

    Example:
        >>> result = run([[0.0, 1.0, 2.0], [0.5, 0.5, float("-inf")]], shots=1000, seed=1)
        >>> result.agrees, result.counts.keys.shape, int(result.counts.keys[1, 2])
        (True, (2, 3), 0)
    """
    source = scores if isinstance(scores, Scores) else Scores(scores)  # type: ignore[arg-type]
    if not np.prod(source.scores.shape[:-1]):
        raise ValueError(f"`scores` of shape {source.scores.shape} holds no row; pass at least one")
    shots, root = whole_number(shots), entropy(seed)
    if not isinstance(alpha, Real) or not 0 < alpha < 1:
        raise ValueError(f"`alpha` must be between 0 and 1, but is {alpha!r}")
    encoding = _stage("encoding", encoding, Binary, "__call__")
    preparation = _stage("preparation", preparation, Purification, "__call__")
    backend = _stage("backend", backend, Aer, "stream")

    clock = [time.perf_counter()]
    hamiltonian = encoding(source.scores)
    if not hamiltonian.is_diagonal:
        raise ValueError(
            f"`encoding` {encoding} gives a Hamiltonian that is not diagonal, whose counts are not "
            "to follow softmax; compare preparations of it by `qcattn.prepare`"
        )
    expected = softmax(source.scores, beta=beta)
    prepared = preparation(hamiltonian, beta=beta)
    clock.append(time.perf_counter())
    counts, complete = _draw(prepared, backend, shots, root, progress)
    clock.append(time.perf_counter())
    success = None if prepared.herald_register is None else prepared.success
    verdicts = compare(counts, expected, success, alpha)
    clock.append(time.perf_counter())

    result = Result(
        scores=source.scores,
        beta=np.asarray(beta, dtype=float),
        expected=expected,
        prepared=prepared,
        counts=counts,
        verdicts=verdicts,
        resources=Resources.of(backend.fitted(prepared)),
        shots=shots,
        seed=root,
        settings={
            "encoding": str(encoding),
            "preparation": str(preparation),
            **backend.settings(),
        },
        versions=package_versions(),
        tokens=source.tokens,
        axes=source.axes,
        source={
            name: getattr(source, name)
            for name in ("model", "sentence", "package", "version", "licence", "sha256", "source")
            if getattr(source, name)
        },
        complete=complete,
        seconds=dict(zip(("prepare", "sample", "compare"), np.diff(clock).tolist(), strict=True)),
    )
    if not complete:
        raise Interrupted(result)
    return result


def held_bytes(shape: tuple[int, ...]) -> int:
    """Memory of a run beside what drawing takes, from above.

    Python and its libraries, a report, and the scores, energies, angles, probabilities and counts
    of all rows with what comparing them takes.

    Args:
        shape: Of the scores, (..., num_keys).
    """
    return _PROCESS + _ARRAYS * 8 * math.prod(shape)


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        if name != "qiskit-aer":
            raise
        return version("qiskit-aer-gpu")  # the same package, with GPUs


def package_versions() -> dict[str, str]:
    """Versions of the packages on which the numbers of a run depend."""
    names = ("qcattn", "qiskit", "qiskit-aer", "numpy", "scipy", "pyqsp")
    return {name: _version(name) for name in names}


def _draw(
    prepared: Prepared,
    backend: Backend,
    shots: int,
    seed: int,
    progress: Callable[[int], None] | None,
) -> tuple[Counts, bool]:
    complete = True

    def until_stopped() -> Iterator[tuple[slice, Counts]]:
        nonlocal complete
        try:
            for rows, counts in backend.stream(prepared, shots, seed):
                yield rows, counts
                if progress is not None:
                    progress(rows.stop)
        except KeyboardInterrupt:
            complete = False

    return collect(prepared, until_stopped()), complete


def compare(
    counts: Counts, expected: np.ndarray, success: np.ndarray | None, alpha: float
) -> tuple[Verdict, ...]:
    """Counts against probabilities and, where shots are discarded, against the success predicted.

    Each of the two gets half of alpha; without a herald (success None) the first gets all of it.
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


def _stage(name: str, value: Any, default: Callable[[], Any], verb: str) -> Any:
    """The object of a stage, or the default one."""
    if value is None:
        return default()
    if isinstance(value, type):
        raise ValueError(
            f"`{name}` is the class {value.__name__}; pass an object, `{value.__name__}()`"
        )
    if not hasattr(value, verb):
        raise ValueError(f"`{name}` is {value!r}, which is none; pass an object of qcattn.{name}s")
    return value
