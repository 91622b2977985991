"""The experiment: the lines that call the stages in order."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qcattn.arguments import check_alpha, check_object, check_shots
from qcattn.attention import softmax
from qcattn.backends.aer import Aer
from qcattn.backends.choosing import RUN, backend_of, with_noise
from qcattn.backends.protocol import Backend
from qcattn.datasets import Scores
from qcattn.datasets.scores import scores_of, warn_of_masks
from qcattn.encodings.binary import Binary
from qcattn.errors import Interrupted
from qcattn.forecast import announce, duration
from qcattn.legible import spelt
from qcattn.plurals import plural
from qcattn.preparations.amplitude import Amplitude
from qcattn.preparations.purification import Purification
from qcattn.progress import Progress, hearing, silent
from qcattn.records import Hamiltonian, Prepared, Result
from qcattn.seeds import entropy
from qcattn.stages import Encoding, Preparation, draw_result, encode, prepared_by
from qcattn.walking import made

__all__ = ["held_bytes", "run"]

# As tests/benchmarks/memory.py finds them: bytes of a process, arrays as large as the scores, and
# bytes of a row while it is found out what its comparison would have seen.
_PROCESS, _ARRAYS, _ROW = 400 * 2**20, 24, 6500


def run(
    scores: ArrayLike | Scores,
    *,
    beta: ArrayLike = 1.0,
    shots: int = 4096,
    seed: Any = None,
    encoding: Encoding | str | None = None,
    preparation: Preparation | str | None = None,
    backend: Any = None,
    noise: Any = None,
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
        encoding: Scores to Hamiltonian, an object or a name; `Binary` if None. With `Interacting`
            an outcome is a set of keys, and the law that of the sets.
        preparation: Hamiltonian to circuit, an object or a name; `Purification` if None, or
            `Amplitude` where outcomes are sets, of which there are many: on half the qubits, and
            native where there is one row.
        backend: Circuit to counts: an object of `qcattn.backends` or a name, a Qiskit primitive
            (``BaseSamplerV2``) or backend (``BackendV2``); `Aer` if None.
        noise: Noise of `Aer`: text such as ``"readout=0.01"`` (see
            `qcattn.backends.noise.noise_options`), a ``NoiseModel``, or a ``BackendV2`` that is
            imitated.
        alpha: Probability that a perfect sampler is said to differ, over all rows and
            comparisons together, in (0, 1).
        progress: A function that is told the rows that are done after each chunk, and how far a
            long one is.

    Warns:
        Doubtful: If the scores look like weights after softmax, or if keys are masked because
            their weight is exactly zero in double precision.
        TakesLong: If preparing or drawing is foreseen to take more than half a minute, with what
            would be quicker.

    Returns:
        Result, whose first verdict compares the kept shots with softmax, or with the exact law of
        the subsets, which an encoding of these has in the place of softmax. A heralded
        preparation brings a second one on the share of kept shots, each at alpha / 2.

    Raises:
        ValueError: If an argument is out of range; the message names the place and the cure.
        Interrupted: If Ctrl-C is pressed; it carries the partial result.

    Example:
        >>> result = run([[0.0, 1.0, 2.0], [0.5, 0.5, float("-inf")]], shots=1000, seed=1)
        >>> result.agrees, result.counts.keys.shape, int(result.counts.keys[1, 2])
        (True, (2, 3), 0)
        >>> run([[0.0, 1.0]], preparation="Heralded", noise="readout=0.1", seed=1).differs
        True
    """
    source = scores_of(scores)
    if not np.prod(source.scores.shape[:-1]):
        raise ValueError(f"`scores` of shape {source.scores.shape} holds no row; pass at least one")
    shots, root, alpha = check_shots(shots), entropy(seed), check_alpha(alpha)
    encode_by = Binary() if encoding is None else made("encodings", encoding, "encoding")
    chosen = None if preparation is None else made("preparations", preparation, "preparation")
    if chosen is not None:
        check_object(chosen, "preparation", "Purification()", "__call__")
    check_object(encode_by, "encoding", "Binary()", "__call__")
    plain = backend_of(backend, "backend", *RUN)
    with_noise(plain, noise, 1)  # a word or a strength that is none is said before preparing

    begun = time.perf_counter()
    weights = softmax(source.scores, beta=beta)
    hamiltonian = encode(source.scores, encode_by, beta)
    outcomes = -hamiltonian.energies if hamiltonian.subsets else None
    expected = weights if outcomes is None else softmax(outcomes, beta=beta)
    if hamiltonian.subsets:
        weights = expected @ hamiltonian.codewords
    masked = warn_of_masks(source.scores, weights)
    prepare_by = _usual(hamiltonian) if chosen is None else chosen
    rows = math.prod(source.scores.shape[:-1])
    with hearing(lambda done, total, what: progress(0, rows, f"preparing: {what}")):
        prepared = prepared_by(prepare_by, hamiltonian, beta)
    noisy = with_noise(plain, noise, prepared.circuit.num_qubits)
    _announce(prepared, hamiltonian, beta, shots, noisy)
    result = draw_result(
        prepared,
        source,
        expected,
        beta=beta,
        shots=shots,
        seed=root,
        backend=noisy,
        alpha=alpha,
        settings={
            "encoding": spelt(encode_by),
            "preparation": spelt(prepare_by),
            **({"masked": f"{masked} keys of weight 0"} if masked else {}),
            **({"law": "the Boltzmann law of subsets"} if hamiltonian.subsets else {}),
        },
        preparing=time.perf_counter() - begun,
        progress=progress,
        outcomes=outcomes,
    )
    if isinstance(noise, str):  # in the words it was given in
        result = replace(result, settings={**result.settings, "noise": noise})
    if not result.complete:
        raise Interrupted(result)
    return result


def _usual(hamiltonian: Hamiltonian) -> Preparation:
    """What prepares where nothing else was asked for."""
    if hamiltonian.subsets:
        return Amplitude(native=not hamiltonian.shape)
    return Purification()


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
    drawing = f"drawing {plural(rows, 'row')} of {plural(shots, 'shot')}"
    announce(drawing, foreseen, [*quicker, "Ctrl-C ends it and keeps what was drawn"])


def held_bytes(shape: tuple[int, ...]) -> int:
    """An upper bound on the memory of a run, apart from what drawing takes.

    It counts Python and its libraries, a report, and the scores, energies, angles, probabilities
    and counts of all rows, with what comparing them takes.

    Args:
        shape: The shape of the scores, (..., num_keys).
    """
    return _PROCESS + _ROW * math.prod(shape[:-1]) + _ARRAYS * 8 * math.prod(shape)
