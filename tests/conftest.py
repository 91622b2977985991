"""What holds for all tests."""

import os

# Set before NumPy is loaded. Matrices are small here: threads that wait for each other cost six
# times what they bring, and more where several processes test at once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

# A program whose files import each other by name, as `python tests/benchmarks/statistics` runs it.
collect_ignore = ["benchmarks/statistics"]


@pytest.fixture
def scores_of():
    """Scores that are hard to get right, for any number of keys."""

    def hard(num_keys: int) -> np.ndarray:
        """Rows (2, 3) with a masked key, ties, a range of 1e3 and all equal scores."""
        scores = np.random.default_rng(num_keys).normal(scale=2.0, size=(2, 3, num_keys))
        scores[0, 1] = 0.7
        scores[1, 0] *= 1e3
        if num_keys > 1:
            scores[0, 0, 0] = scores[0, 0, -1]
            scores[1, 1, num_keys // 2] = -np.inf
            scores[1, 2, 1:] = -np.inf
        return scores

    return hard
