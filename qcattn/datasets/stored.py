"""The attention scores that come with the package, checked against their fingerprints."""

import hashlib
import operator
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcattn.datasets.scores import Scores
from qcattn.legible import quoted
from qcattn.parsing import parse_json, read_npz

__all__ = ["fingerprint", "load_scores", "pack", "packaged_models", "unpack", "values_of"]

_FOLDER = files("qcattn.datasets") / "data"


def load_scores(model: str = "smollm2", sentence: int | str = 0) -> Scores:
    """Attention scores of a real model, stored with the package.

    ``smollm2`` is SmolLM2-135M-Instruct, a causal decoder (30 layers, 9 heads): keys after the
    query are masked. Its first sentence has 11 tokens, and so 2,970 rows. ``minilm`` is
    all-MiniLM-L6-v2, an encoder (6 layers, 12 heads) that masks nothing; its tokens include
    ``[CLS]`` and ``[SEP]``. MiniLM's head (0, 2) is degenerate: it copies the token before. In
    every row the key one place to the left (``[CLS]`` itself in the first row) has probability
    above 0.996, the others fall to 2e-22, and the scores of a row span up to 50. So all but one key
    have an expected count of zero at any usual number of shots, which makes it a good stress test.

    Args:
        model: The model, ``smollm2`` or ``minilm``.
        sentence: The number of the sentence, from 0 to 2, or the sentence itself.

    Returns:
        Scores of shape (layers, heads, queries, keys), float32, dimensionless, already divided
        by the square root of the head dimension.

    Raises:
        ValueError: If the model or the sentence is not stored (the message gives the nearest), or
            if the stored numbers do not match their SHA-256.

    Example:
        >>> load_scores().scores.shape
        (30, 9, 11, 11)
        >>> load_scores("minilm", 1).tokens
        ('[CLS]', 'the', 'capital', 'of', 'france', 'is', 'paris', '.', '[SEP]')
    """
    about = _about(model)
    number = _sentence_number(about["sentences"], sentence)
    entry = about["sentences"][number]
    packed = _array(f"{model}.npz", str(number))
    _check(packed, entry["scores_sha256"], f"scores of model {model!r}, sentence {number},")
    return Scores(
        unpack(packed, causal=about["causal"]),
        tokens=tuple(entry["tokens"]),
        axes=("layer", "head", "query"),
        sentence=entry["sentence"],
        model=model,
        **{name: about[name] for name in ("package", "version", "licence", "sha256", "source")},
    )


def values_of(model: str) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """Load a model's value vectors: what they are (layer, sentence, heads served), and the numbers.

    Args:
        model: The model, ``smollm2`` or ``minilm``.

    Returns:
        The provenance, and values of shape (key_heads, tokens, d).

    Raises:
        ValueError: If `load_scores` raises it.
    """
    entry = _about(model)["values"]
    packed = _array("values.npz", model)
    _check(packed, entry["sha256"], f"values of model {model!r}")
    return entry, packed


def packaged_models() -> dict[str, tuple[str, ...]]:
    """The models whose scores come with the package, each with its sentences in order.

    Example:
        >>> list(packaged_models())
        ['smollm2', 'minilm']
        >>> packaged_models()["smollm2"][1]
        'The capital of France is'
    """
    return {
        model: tuple(entry["sentence"] for entry in about["sentences"])
        for model, about in _provenance().items()
    }


def pack(scores: NDArray[np.float32], *, causal: bool) -> NDArray[np.float32]:
    """Keep the numbers worth storing: all of them, or the lower triangle of causal scores.

    Args:
        scores: Scores (..., tokens, tokens).
        causal: Whether everything above the diagonal is masked and can be left out.

    Returns:
        Scores of shape (..., numbers), row by row.

    Example:
        >>> pack(np.array([[1, -np.inf], [2, 3]], dtype=np.float32), causal=True)
        array([1., 2., 3.], dtype=float32)
    """
    if causal:
        return scores[(..., *np.tril_indices(scores.shape[-1]))]
    return scores.reshape(*scores.shape[:-2], -1)


def unpack(packed: NDArray[np.float32], *, causal: bool) -> NDArray[np.float32]:
    """Invert :func:`pack`, with ``-inf`` above the diagonal of causal scores.

    Args:
        packed: Numbers (..., numbers).
        causal: The value of ``causal`` that was given to :func:`pack`.

    Returns:
        Scores (..., tokens, tokens).

    Example:
        >>> unpack(np.array([1, 2, 3], dtype=np.float32), causal=True)
        array([[  1., -inf],
               [  2.,   3.]], dtype=float32)
    """
    numbers = packed.shape[-1]
    tokens = int(np.sqrt(2 * numbers)) if causal else int(np.sqrt(numbers))
    scores = np.full((*packed.shape[:-1], tokens, tokens), -np.inf, dtype=packed.dtype)
    rows, columns = (
        np.tril_indices(tokens) if causal else np.indices((tokens, tokens)).reshape(2, -1)
    )
    scores[..., rows, columns] = packed
    return scores


def fingerprint(array: NDArray[np.float32]) -> str:
    """SHA-256 of the numbers as little-endian float32, row by row, in hexadecimal."""
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f4").tobytes()).hexdigest()


def _provenance() -> dict[str, Any]:
    stated: dict[str, Any] = parse_json((_FOLDER / "provenance.json").read_bytes())
    return stated


def _about(model: str) -> dict[str, Any]:
    everything = _provenance()
    if model not in everything:
        raise ValueError(_unknown("model", model, list(everything)))
    about: dict[str, Any] = everything[model]
    return about


def _array(file_name: str, name: str) -> NDArray[np.float32]:
    with (_FOLDER / file_name).open("rb") as file:
        array: NDArray[np.float32] = read_npz(file, [name])[name]
    return array


def _check(array: NDArray[np.float32], sha256: str, what: str) -> None:
    if fingerprint(array) != sha256:
        raise ValueError(
            f"the stored {what} do not match their SHA-256: the package data are damaged; "
            "install qcattn again"
        )


def _sentence_number(entries: list[dict[str, Any]], sentence: int | str) -> int:
    """Position of a stored sentence, given as a number or as text."""
    texts = [entry["sentence"] for entry in entries]
    if isinstance(sentence, str):
        if sentence not in texts:
            raise ValueError(_unknown("sentence", sentence, texts))
        return texts.index(sentence)
    number = operator.index(sentence)
    if not 0 <= number < len(texts):
        raise ValueError(
            f"`sentence` must be a text or a number from 0 to {len(texts) - 1}, as many as are "
            f"stored, but is {number}"
        )
    return number


def _unknown(argument: str, value: str, known: list[str]) -> str:
    nearest = get_close_matches(str(value), known, n=1, cutoff=0.0)[0]
    return (
        f"`{argument}` must be one of {', '.join(map(repr, known))}, but is {quoted(value)}; did "
        f"you mean {nearest!r}?"
    )
