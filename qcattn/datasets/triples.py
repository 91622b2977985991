"""Scores that three heads of a layer of SmolLM2 give to the same keys, stored as package data.

They come from 1,500 sentences, each the beginning of one that was drawn at random from Jane
Austen's six novels, with a layer and three of its heads drawn at random. No two have a text in
common, so they are independent, which rows of one text are not. Numbers are kept in half precision.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qcattn.parsing import parse_json, read_npz

__all__ = ["Triples", "load_triples"]

_FOLDER = Path(__file__).parent / "data"
_NAME = "triples"


@dataclass(frozen=True, eq=False)
class Triples:
    """Scores of three heads for the same query and keys, one text after the other.

    Attributes:
        scores: Shape (texts, 3, 8), float64, dimensionless (divided by sqrt(d)): the query is the
            last token of the text, the keys are its last eight, the query's own the last.
        layers: The layers of the heads, shape (texts,), from 0.
        heads: Numbers within their layer, shape (texts, 3), from 0.
        texts: The texts, twelve tokens each.
        texts_from: Origin of the texts, and their licence.
        texts_sha256: SHA-256 of the file that they come from.
        sentences: The number of sentences that the texts were drawn from.
        model: Name of the model.
        package: Distribution that carried the weights.
        version: Version of that distribution.
        licence: Licence of the weights and of the package.
        sha256: SHA-256 of the weights file.
        source: Origin of the weights.
    """

    scores: NDArray[np.float64]
    layers: NDArray[np.integer]
    heads: NDArray[np.integer]
    texts: tuple[str, ...]
    texts_from: str
    texts_sha256: str
    sentences: int
    model: str
    package: str
    version: str
    licence: str
    sha256: str
    source: str


def load_triples() -> Triples:
    """Load scores of three heads of SmolLM2-135M-Instruct on each of 1,500 independent texts.

    Raises:
        ValueError: If the stored numbers are damaged.

    Example:
        >>> found = load_triples()
        >>> found.scores.shape, len(set(found.texts))
        ((1500, 3, 8), 1500)
    """
    about = parse_json((_FOLDER / f"{_NAME}.json").read_bytes())
    content = (_FOLDER / f"{_NAME}.npz").read_bytes()
    if hashlib.sha256(content).hexdigest() != about.pop("numbers_sha256"):
        raise ValueError(
            "the stored scores of three heads do not match their SHA-256: the package data are "
            "damaged; install qcattn again"
        )
    with (_FOLDER / f"{_NAME}.npz").open("rb") as file:
        stored = read_npz(file)
    return Triples(
        stored["scores"].astype(np.float64),
        stored["layers"].astype(int),
        stored["heads"].astype(int),
        tuple(stored["texts"].tobytes().decode().split("\n")),
        **about,
    )
