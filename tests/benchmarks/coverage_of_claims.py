"""How often the intervals that claims print hold what they should.

    python tests/benchmarks/coverage_of_claims.py --repetitions 100 A6 A12

With ``--write`` the table goes into qcattn/claims/RESULTS.md.

Whole claims are repeated with other seeds: A6 its thermometer, A12 its critical coupling and its
bounds on coherence, A14 what training gains. What A14 should hold is the mean over all repetitions,
since nobody knows it; its held-out circuits are multiplied out by NumPy and its gradients are
dense, as of any number of shots, for Aer takes a hundred times as long.
Intervals are those of the error rate given, far from the one of the claims: at theirs no repetition
would miss.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import numpy as np
import results
from scipy import stats

from qcattn.backends import Aer
from qcattn.claims import KMSCondition, KuramotoLocking, LearnedMeasurement
from qcattn.claims.born import _training
from qcattn.claims.born import learning as _learning
from qcattn.claims.born._retrieval import Retrieval, noisy_words
from qcattn.claims.born._training import brier, exact_law
from qcattn.claims.frame.claim import Claim
from qcattn.evidence import Estimate
from qcattn.progress import silent
from qcattn.records import Counts, Prepared

#: Quick settings; the error rate of each printed interval is set by ``--alpha``.
_BORN = Aer(draws="born")


def measured(claim: Claim[Any], repetitions: int) -> Iterator[Any]:
    """What the claim measures, with one seed after the other."""
    for seed in range(repetitions):
        yield claim.measure(np.random.SeedSequence([14, seed]), silent)


def numpy_shots(prepared: Prepared, shots: int, seed: int) -> Counts:
    """A backend for circuits of ry, rz, h and cx: the last qubit is a herald, the others are keys.

    All rows of angles at once: many small circuits are quicker so than by Aer.
    """
    circuit, values = prepared.circuit, prepared.values
    assert values is not None
    rows = values.reshape(-1, values.shape[-1])
    angles = dict(zip(circuit.parameters, rows.T, strict=True))
    states = np.eye(1, 2**circuit.num_qubits, dtype=complex).repeat(len(rows), axis=0)
    number = np.arange(states.shape[1])
    for step in circuit.data:
        first, *rest = [circuit.find_bit(qubit).index for qubit in step.qubits]
        name = step.operation.name
        if name == "cx":
            states = states[:, np.where(number >> first & 1, number ^ 1 << rest[0], number)]
        elif name != "measure":
            half = angles[step.operation.params[0]] / 2 if step.operation.params else np.zeros(1)
            c, s, e = np.cos(half), np.sin(half), np.exp(1j * half)
            gate = {
                "h": [[c, c], [c, -c]] / np.sqrt(2),
                "ry": np.array([[c, -s], [s, c]]),
                "rz": np.array([[e.conj(), 0 * e], [0 * e, e]]),
            }[name]
            split = states.reshape(len(rows), -1, 2, 2**first)
            states = np.einsum("ijr,rajb->raib", gate + np.zeros(len(rows)), split)
            states = states.reshape(len(rows), -1)
    law = np.abs(states) ** 2
    drawn = np.random.default_rng(seed).multinomial(shots, law / law.sum(axis=1, keepdims=True))
    keys = drawn[:, : states.shape[1] // 2].reshape(*values.shape[:-1], -1)
    return Counts(keys, np.zeros(keys.shape[:-1], dtype=int), shots - keys.sum(axis=-1))


def dense_gradient(
    task: Retrieval, parameters: np.ndarray, free: Sequence[int], **_: Any
) -> tuple[float, np.ndarray, int]:
    """`loss_and_gradient` without shots: the formula of the states, and central differences."""

    def loss(point: np.ndarray) -> float:
        return float(brier(exact_law(task.scores, point), task.targets).mean())

    steps = 1e-5 * np.eye(len(parameters))[list(free)]
    slopes = [(loss(parameters + one) - loss(parameters - one)) / 2e-5 for one in steps]
    return loss(parameters), np.array(slopes), 0


def _same_words(queries: int, rng: np.random.Generator, **premises: Any) -> Retrieval:
    """Noisy words of one vocabulary: A14's intervals hold for other queries, not other words."""
    return noisy_words(queries, rng, vocabulary=np.random.default_rng(14), **premises)


def kms(repetitions: int, alpha: float) -> dict[str, tuple[list[Estimate], float]]:
    """The inverse temperature of A6, whose interval has a third of the error rate."""
    claim = KMSCondition(alpha=3 * alpha, shots=200_000, backend=_BORN)
    found = [one.beta for one in measured(claim, repetitions)]
    return {"A6 inverse temperature": (found, claim.beta)}


def locking(repetitions: int, alpha: float) -> dict[str, tuple[list[Estimate], float]]:
    """Threshold and coherences of A12, each with a tenth of the error rate."""
    claim = KuramotoLocking(alpha=10 * alpha, oscillators=64, shots=20_000, backend=_BORN)
    runs = list(measured(claim, repetitions))
    return {
        "A12 critical coupling, of 64": ([one.threshold for one in runs], 2.0),
        "A12 l1 coherence, locked, copy kept": ([one.at_lock for one in runs], 0.0),
        "A12 l1 coherence, drifting": ([one.adrift for one in runs], 7.0),
        "A12 P(uniform), copy kept": ([one.uniform["copy kept"] for one in runs], 1 / 8),
    }


def learning(repetitions: int, alpha: float) -> dict[str, tuple[list[Estimate], float]]:
    """Gains of A14, with other queries and trainings each time; its own but for 8 words and shots.

    Held-out queries are 400, so that two repetitions share few of those that are stored.
    """
    claim = LearnedMeasurement(words=8, held_out=400, held_out_shots=1_000, backend=numpy_shots)
    with (
        patch.object(_learning, "noisy_words", _same_words),
        patch.object(_training, "loss_and_gradient", dense_gradient),
    ):
        runs = list(measured(claim, repetitions))
    found = {}
    for i, task in enumerate(claim.tasks):
        for better, worse in (("beta", "start"), ("all", "start"), ("all", "classical, two")):
            gains = [run.ablations[i].gain(better, worse, alpha) for run in runs]
            truth = float(np.mean([one.best for one in gains]))
            found[f"A14 {task}: {better} over {worse}"] = (gains, truth)
    return found


_PARTS = {"A6": kms, "A12": locking, "A14": learning}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("claims", nargs="*", help=f"of {', '.join(_PARTS)}; all if none")
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--alpha", type=float, default=0.05)
    given = parser.parse_args(arguments)
    if unknown := set(given.claims) - set(_PARTS):
        parser.error(f"no such claim: {', '.join(sorted(unknown))}")
    print("| interval | held | of | 99% band of the coverage | mean width |")
    print("| --- | ---: | ---: | --- | ---: |")
    for claim in given.claims or _PARTS:
        for name, (found, truth) in _PARTS[claim](given.repetitions, given.alpha).items():
            held = sum(truth in one for one in found)
            band = stats.binomtest(held, len(found)).proportion_ci(0.99)
            width = float(np.mean([one.high - one.low for one in found]))
            print(
                f"| {name} | {held} | {len(found)} | {band.low:.3f} to {band.high:.3f} | "
                f"{width:.3g} |",
                flush=True,
            )
    print(f"\nIntervals at {1 - given.alpha:.0%}.")
    return 0


if __name__ == "__main__":
    sys.exit(results.run("coverage_of_claims.py", main, path=results.CLAIMS))
