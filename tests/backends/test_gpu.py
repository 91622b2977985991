"""A GPU, where one runs a circuit: the same law, independent rows, both precisions."""

import numpy as np
import pytest

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.aer import gpu_works
from qcattn.backends.noise import noise_options
from qcattn.comparisons import fit, independent, same
from qcattn.encodings import Binary
from qcattn.preparations import Amplitude, Heralded, Purification

pytestmark = pytest.mark.skipif(not gpu_works(), reason="no circuit runs on a GPU here")

SCORES = np.random.default_rng(3).normal(scale=2.0, size=(40, 16))


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("draws", ["shots", "born"])
@pytest.mark.parametrize("preparation", [Amplitude(), Heralded()])
def test_batches_of_small_states_give_softmax(preparation, draws, precision):
    """False-failure rate 1e-8; the planted fault is the same counts against 1.1 beta."""
    backend = Aer(device="GPU", draws=draws, precision=precision)
    counts = backend(preparation(Binary()(SCORES), beta=1.0), 20_000, seed=4)
    assert fit(counts, softmax(SCORES), alpha=1e-8).overall() > 1e-8
    assert fit(counts, softmax(SCORES, beta=1.1), alpha=1e-8).overall() <= 1e-8


@pytest.mark.parametrize("precision", ["double", "single"])
def test_one_large_state_gives_softmax(precision):
    """20 qubits. False-failure rate 1e-8; the planted fault is the law turned by one key."""
    scores = np.random.default_rng(4).normal(scale=2.0, size=2**10)
    counts = Aer(device="GPU", precision=precision)(
        Purification()(Binary()(scores), beta=1.0), 100_000, seed=4
    )
    assert fit(counts, softmax(scores), alpha=1e-8).overall() > 1e-8
    assert fit(counts, np.roll(softmax(scores), 1), alpha=1e-8).overall() <= 1e-8


def test_noise_is_that_of_the_cpu():
    """A pair of draws is refuted at 1e-3, two in a row with probability 1e-6."""
    prepared = Amplitude()(Binary()(SCORES[:2]), beta=1.0)

    def differ(noise):
        return all(
            same(
                Aer(device="GPU", **noise_options("depolarizing=0.03", 4))(prepared, 4000, 1 + k),
                Aer(device="CPU", **noise_options(noise, 4))(prepared, 4000, 5 + k),
                alpha=1e-3,
                permutations=2999,
            ).refuted
            for k in range(2)
        )

    assert not differ("depolarizing=0.03")
    assert differ("depolarizing=0.2")


def test_rows_are_independent():
    """At 1e-6, as in test_independence.py; the planted fault is a row that is another one."""
    rows = Amplitude()(Binary()(np.tile(SCORES[0], (3, 1))), beta=1.0)
    memories = list(Aer(device="GPU").memories(rows, 2000, seed=5))
    assert not independent(memories, alpha=1e-6, parts=["shift"]).refuted
    memories[2] = np.roll(memories[0], 50)
    assert independent(memories, alpha=1e-6, parts=["shift"]).refuted
