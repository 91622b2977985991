"""Queries and keys of one SmolLM2 head for a text of a few hundred tokens, stored as package data.

The text was written for this package. Numbers are kept in half precision, which moves the scores
by less than 0.01.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qcattn.parsing import parse_json, read_npz

__all__ = ["Head", "load_head"]

_FOLDER = Path(__file__).parent / "data"
_NAME = "smollm2_head"


@dataclass(frozen=True, eq=False)
class Head:
    """Queries and keys of one attention head, after the rotary positions.

    Attributes:
        queries: Shape (tokens, d), float64.
        keys: Shape (tokens, d), float64; a score is ``queries[i] @ keys[j] / sqrt(d)``.
        tokens: What each query and key stands for.
        text: The text they spell.
        layer: The number of the layer of the head, from 0.
        head: Number within its layer, from 0.
        model: Name of the model.
        package: Distribution that carried the weights.
        version: Version of that distribution.
        licence: Licence of the weights and of the package.
        sha256: SHA-256 of the weights file.
        source: Origin of the weights.
    """

    queries: NDArray[np.float64]
    keys: NDArray[np.float64]
    tokens: tuple[str, ...]
    text: str
    layer: int
    head: int
    model: str
    package: str
    version: str
    licence: str
    sha256: str
    source: str


def load_head() -> Head:
    """Load head 0 of layer 3 of SmolLM2-135M-Instruct, whose attended keys are spread widely.

    Returns:
        388 queries and keys of 64 dimensions.

    Raises:
        ValueError: If the stored numbers are damaged.

    Example:
        >>> head = load_head()
        >>> head.queries.shape, head.layer, head.tokens[:3]
        ((388, 64), 3, ('A', ' river', ' begins'))
    """
    about = parse_json((_FOLDER / f"{_NAME}.json").read_bytes())
    content = (_FOLDER / f"{_NAME}.npz").read_bytes()
    expected = about.pop("numbers_sha256")
    if hashlib.sha256(content).hexdigest() != expected:
        raise ValueError(
            "the stored queries and keys do not match their SHA-256: the package data are "
            "damaged; install qcattn again"
        )
    with (_FOLDER / f"{_NAME}.npz").open("rb") as file:
        stored = read_npz(file)
    queries, keys = (stored[name].astype(np.float64) for name in ("queries", "keys"))
    return Head(queries, keys, tokens=tuple(about.pop("tokens")), **about)
