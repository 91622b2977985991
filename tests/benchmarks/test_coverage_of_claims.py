"""The circuits of A14, multiplied out by NumPy."""

import coverage_of_claims
import numpy as np

from qcattn.claims.born._retrieval import noisy_words
from qcattn.claims.born._training import (
    angles_of,
    exact_joint,
    loss_and_gradient,
    read_shots,
)


def test_shots_of_numpy_follow_the_formula():
    """False-failure rate 1e-6: 200,000 shots, six deviations of a share are below 0.007."""
    task = noisy_words(6, np.random.default_rng(1), words=7)
    point = np.array([1.4, 0.1, 0.2, 0.3, 1.0])
    angles = angles_of(task.scores, point)
    counts = read_shots(angles, 3, 200_000, coverage_of_claims.numpy_shots, 2)
    assert np.abs(counts.keys / 200_000 - exact_joint(task.scores, point)).max() < 0.007
    assert (counts.shots == 200_000).all() and counts.keys.shape == (6, 8)
    other = point + 0.3 * np.eye(5)[4]
    assert np.abs(counts.keys / 200_000 - exact_joint(task.scores, other)).max() > 0.007


def test_dense_gradients_are_those_of_shifted_circuits():
    """At 200,000 shots a circuit they scatter by 0.002; 0.02 is ten deviations."""
    task = noisy_words(6, np.random.default_rng(1), words=7)
    point = np.array([1.4, 0.1, 0.2, 0.3, 1.0])
    numpy_shots = coverage_of_claims.numpy_shots
    loss, slope, _ = loss_and_gradient(
        task, point, range(5), shots=200_000, backend=numpy_shots, seed=1
    )
    exact, dense, _ = coverage_of_claims.dense_gradient(task, point, range(5))
    assert abs(loss - exact) < 0.02 and np.abs(slope - dense).max() < 0.02 < np.abs(dense).max()
