"""Which head to show when nobody says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcattn.records import Result

__all__ = ["head_beside", "telling_head"]


def telling_head(result: Result) -> tuple[int, ...]:
    r"""The head whose attention is at once spread and varied; the first of equal ones.

    It has the largest product of two entropies, in nats: the mean entropy of its rows, zero where
    each query looks at a single key, and the mutual information of query and key for a query
    drawn at random, zero where all queries look alike.

    Args:
        result: Of any shape.

    Returns:
        All leading axes but the last; () with one leading axis or none.

    Example:
        >>> import numpy as np
        >>> from qcattn.experiment import run
        >>> alike = [[0.0, 1.0], [0.0, 1.0]]
        >>> varied = [[0.0, 1.0], [1.0, 0.0]]
        >>> telling_head(run([alike, varied], shots=10, seed=1))
        (1,)
    """
    if len(result.shape) < 2:
        return ()
    p = result.expected
    spread = _entropy(p).mean(axis=-1)
    varied = _entropy(p.mean(axis=-2)) - spread
    best = np.unravel_index(int(np.argmax(spread * varied)), spread.shape)
    return tuple(int(i) for i in best)


def head_beside(result: Result, others: Sequence[Result]) -> tuple[int, ...] | None:
    """The first head that another result prepared again, or None."""
    if len(result.shape) < 2:
        return None
    for other in others:
        if other.expected.shape == result.expected.shape[-2:]:
            same = np.isclose(result.expected, other.expected, rtol=1e-6, atol=0).all(axis=(-1, -2))
            if same.any():
                first = np.unravel_index(int(np.argmax(same)), same.shape)
                return tuple(int(i) for i in first)
    return None


def _entropy(p: np.ndarray) -> np.ndarray:
    from scipy.special import entr

    return np.asarray(entr(p).sum(axis=-1))
