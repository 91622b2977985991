"""Rows of real attention, drawn at random from the packaged models."""

from __future__ import annotations

import numpy as np

from qcattn.datasets import load_scores

__all__ = ["HEAD_SIZES", "real_rows"]

#: Length d of a query, by which scores were divided: q.k / sqrt(d).
HEAD_SIZES = {"smollm2": 64, "minilm": 32}


def real_rows(model: str, number: int, rng: np.random.Generator) -> np.ndarray:
    """Choose different rows of a model's first sentence.

    Args:
        model: ``"smollm2"`` or ``"minilm"``.
        number: The number of rows.
        rng: The generator that draws them.

    Returns:
        Scores q.k / sqrt(d), shape (number, keys), ``-inf`` where a key is masked; rows of one
        single key are left out.

    Example:
        >>> real_rows("smollm2", 2, np.random.default_rng(1)).shape
        (2, 11)
    """
    scores = load_scores(model).scores.astype(float)
    rows = scores.reshape(-1, scores.shape[-1])
    rows = rows[np.isfinite(rows).sum(axis=1) > 1]
    chosen: np.ndarray = rows[rng.choice(len(rows), number, replace=False)]
    return chosen
