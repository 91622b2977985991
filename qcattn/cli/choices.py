"""What the options name: scores, one head of them, a strategy by the name of its class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcattn.names import known
from qcattn.walking import made

if TYPE_CHECKING:
    from qcattn.datasets import Scores

__all__ = ["known", "read", "select", "strategy"]


def read(
    scores: Path | None,
    qk: Path | None,
    hf: Path | None,
    text: str | None,
    model: str | None,
    sentence: int | None,
    memory: int | None = None,
) -> Scores:
    """The scores that the options name, read within so many bytes (half of the memory if None).

    Raises:
        ValueError: If several are named, or a file does not hold scores.
    """
    from qcattn import datasets
    from qcattn.datasets import files

    if sum(value is not None for value in (scores, qk, hf)) > 1:
        raise ValueError("give one of `--scores`, `--qk` and `--hf`, not several")
    if (hf is None) != (text is None):
        raise ValueError("`--hf` and `--text` go together: a model folder and a text to read")
    own = any(value is not None for value in (scores, qk, hf))
    if own and (model is not None or sentence is not None):
        raise ValueError("`--model` and `--sentence` choose packaged scores; leave them out here")
    if scores is not None:
        return files.read_scores(scores, memory=memory)
    if qk is not None:
        return files.read_qk(qk, memory=memory)
    if hf is not None and text is not None:
        from qcattn.datasets.huggingface import scores as of_model

        return of_model(hf, text)
    return datasets.load_scores(model or "smollm2", sentence or 0)


def select(scores: Scores, layer: int | None, head: int | None) -> Scores:
    """One layer (first axis) or head (second axis) of the scores."""
    from dataclasses import replace

    import numpy as np

    array, axes, source = scores.scores, list(scores.axes), scores.source
    for name, axis, number in (("--head", 1, head), ("--layer", 0, layer)):
        if number is None:
            continue
        if array.ndim - 1 <= axis:
            raise ValueError(
                f"`{name}` needs an axis {axis} before the keys, but the scores are of shape "
                f"{scores.scores.shape}"
            )
        if not 0 <= number < array.shape[axis]:
            raise ValueError(
                f"`{name}` is {number}, but there are {array.shape[axis]}: 0 to "
                f"{array.shape[axis] - 1}"
            )
        array = np.take(array, [number], axis).squeeze(axis)
        del axes[axis : axis + 1]
        source += f", {name.strip('-')} {number}"
    return replace(scores, scores=array, axes=tuple(axes), source=source.strip(", "))


def strategy(folder: str, name: str) -> Any:
    """An object of a class in a folder, found by the name of the class."""
    option = {"encodings": "--encoding", "preparations": "--preparation"}[folder]
    return made(folder, name, option)
