"""The experiment: the lines that call the stages in order."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qcattn.arguments import check_alpha, check_object, whole_number
from qcattn.attention import softmax
from qcattn.backends.aer import Aer
from qcattn.backends.protocol import Backend
from qcattn.datasets import Scores
from qcattn.encodings.binary import Binary
from qcattn.errors import Interrupted
from qcattn.forecast import announce, duration
from qcattn.preparations.amplitude import Amplitude
from qcattn.preparations.purification import Purification
from qcattn.progress import Progress, hearing, silent
from qcattn.records import Hamiltonian, Prepared, Result
from qcattn.seeds import entropy
from qcattn.stages import Encoding, Preparation, draw_result, encode, prepared_by

__all__ = ["held_bytes", "run"]

# As tests/benchmarks/memory.py finds them: bytes of a process, and arrays as large as the scores.
_PROCESS, _ARRAYS = 400 * 2**20, 16


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
    progress: Progress = silent,
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
        progress: Told the rows that are done after each chunk, and how far a long one is.

    Warns:
        TakesLong: If preparing or drawing is foreseen to take more than half a minute, with what
            would be quicker.

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
    shots, root, alpha = whole_number(shots), entropy(seed), check_alpha(alpha)
    encoding = Binary() if encoding is None else encoding
    preparation = Purification() if preparation is None else preparation
    backend = Aer() if backend is None else backend
    check_object(encoding, "encoding", "__call__", "Binary()")
    check_object(preparation, "preparation", "__call__", "Purification()")
    check_object(backend, "backend", "stream", "Aer()")

    begun = time.perf_counter()
    hamiltonian = encode(source.scores, encoding)
    expected = softmax(source.scores, beta=beta)
    rows = math.prod(source.scores.shape[:-1])
    with hearing(lambda done, total, what: progress(0, rows, f"preparing: {what}")):
        prepared = prepared_by(preparation, hamiltonian, beta)
    _announce(prepared, hamiltonian, beta, shots, backend)
    result = draw_result(
        prepared,
        source,
        expected,
        beta=beta,
        shots=shots,
        seed=root,
        backend=backend,
        alpha=alpha,
        settings={"encoding": str(encoding), "preparation": str(preparation)},
        preparing=time.perf_counter() - begun,
        progress=progress,
    )
    if not result.complete:
        raise Interrupted(result)
    return result


def _announce(
    prepared: Prepared, hamiltonian: Hamiltonian, beta: ArrayLike, shots: int, backend: Backend
) -> None:
    """Warn of drawing that takes long, and name what would be quicker."""
    if not isinstance(backend, Aer):
        return
    foreseen = backend.foreseen(prepared, shots)
    if not foreseen.is_long:
        return
    rows = len(prepared.flat_values)
    others = {}
    if prepared.method != "Amplitude":
        first = hamiltonian[(0,) * len(hamiltonian.shape)]
        simple = Amplitude()(first, beta=np.ravel(beta)[0])
        others["the preparation `Amplitude`"] = backend.foreseen(simple, shots).seconds * rows
    if backend.draws == "shots":
        dice = replace(backend, draws="born").foreseen(prepared, shots)
        others["drawing exact probabilities, `draws='born'`,"] = dice.seconds
    quicker = [
        f"{name} takes {duration(seconds)}"
        for name, seconds in others.items()
        if seconds < foreseen.seconds / 3
    ]
    drawing = f"drawing {rows:,} row{'s' * (rows > 1)} of {shots:,} shots"
    announce(drawing, foreseen, [*quicker, "Ctrl-C ends it and keeps what was drawn"])


def held_bytes(shape: tuple[int, ...]) -> int:
    """Memory of a run beside what drawing takes, from above.

    Python and its libraries, a report, and the scores, energies, angles, probabilities and counts
    of all rows with what comparing them takes.

    Args:
        shape: Of the scores, (..., num_keys).
    """
    return _PROCESS + _ARRAYS * 8 * math.prod(shape)
