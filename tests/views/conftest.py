"""Results made quickly: counts drawn from the prepared law by NumPy, with a fault if wanted."""

from dataclasses import replace

import numpy as np
import pytest

from qcattn.datasets import Scores
from qcattn.errors import Interrupted
from qcattn.experiment import run
from qcattn.records import Counts

PARTS = ("keys", "stray", "discarded")


class Dice:
    """A backend that draws from the law that the circuit must give, after ``fault`` changed it.

    ``stray`` of every row's shots read no key; after ``rows`` rows somebody presses Ctrl-C.
    """

    def __init__(self, fault=None, stray=0, rows=None, accept=1.0):
        self.fault, self.stray, self.rows, self.accept = fault, stray, rows, accept

    def fitted(self, prepared):
        return prepared.circuit

    def __call__(self, prepared, shots, seed=None):
        parts = [counts for _, counts in self.stream(prepared, shots, seed)]
        return Counts(*(np.concatenate([getattr(part, name) for part in parts]) for name in PARTS))

    def settings(self):
        return {"backend": "Dice", "draws": "born", "noise": "none"}

    def stream(self, prepared, shots, seed):
        rng = np.random.default_rng(seed)
        law = prepared.distribution.reshape(-1, prepared.distribution.shape[-1]).copy()
        if self.fault is not None:
            self.fault(law)
        success = np.ravel(np.broadcast_to(prepared.success, prepared.shape)) * self.accept
        kept = rng.binomial(shots, success)
        keys = rng.multinomial(kept - self.stray, law)
        counts = Counts(keys, np.full(len(law), self.stray), shots - kept)
        if self.rows is None:
            yield slice(0, len(law)), counts
            return
        yield slice(0, self.rows), counts[: self.rows]
        raise KeyboardInterrupt


def causal(shape, seed=0):
    """Random scores, masked above the diagonal."""
    scores = np.random.default_rng(seed).normal(0, 1.5, shape)
    return np.where(np.tril(np.ones(shape[-2:], bool)), scores, -np.inf)


@pytest.fixture(scope="session")
def make():
    """A function that makes results: ``make(scores, tokens=..., fault=..., preparation=...)``."""

    def result(scores, *, tokens=(), source=None, shots=4096, preparation=None, beta=1.0, **dice):
        given = Scores(np.asarray(scores, dtype=float), tokens=tuple(tokens))
        try:
            made = run(
                given, shots=shots, seed=7, preparation=preparation, backend=Dice(**dice), beta=beta
            )
        except Interrupted as stop:
            made = stop.result
        return replace(made, source=source or {})

    result.causal = causal
    return result
