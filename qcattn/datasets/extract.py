"""Compute attention scores of a model for a text, and write them to a file."""

import dataclasses
import json
import os
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from qcattn.datasets import huggingface, minilm, smollm2
from qcattn.datasets.scores import Scores
from qcattn.legible import quoted

__all__ = ["extract", "write"]

_MODELS = {"smollm2": smollm2.scores, "minilm": minilm.scores}


def extract(model: str | Path, text: str) -> Scores:
    """Compute the attention scores of every layer and head of a model for a text.

    Args:
        model: ``smollm2`` or ``minilm`` (extra ``extract`` and the model packages), or a local
            Hugging Face model folder (extra ``hf``).
        text: Any text of at least one token.

    Returns:
        Scores of shape (layers, heads, tokens, tokens), float32, ``-inf`` where masked.

    Raises:
        ModuleNotFoundError: If a package is missing; the message names the pip command.
        ValueError: If there is no such model or folder (the message gives the nearest name), or
            the model cannot take the text.
    """
    if model in _MODELS:
        return _MODELS[str(model)](text)
    if Path(model).is_dir():
        return huggingface.scores(model, text)
    nearest = get_close_matches(str(model), _MODELS, n=1, cutoff=0.0)[0]
    raise ValueError(
        f"`model` must be one of {', '.join(map(repr, _MODELS))} or a model folder, but is "
        f"{quoted(str(model))}; did you mean {nearest!r}?"
    )


def write(scores: Scores, path: str | Path) -> None:
    """Write scores with their tokens and provenance to an ``.npz`` file.

    :func:`qcattn.datasets.files.read_scores` gives the same values back. The file appears whole
    or not at all: it is written beside its place under another name and then renamed.

    Args:
        scores: What to write.
        path: The file to write; an existing file is replaced.

    Raises:
        ValueError: If the name does not end in ``.npz``.
        OSError: If the file cannot be written; nothing is left behind.

    Example:
        >>> import tempfile
        >>> from qcattn.datasets.files import read_scores
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "scores.npz"
        ...     write(Scores(np.zeros((2, 2)), tokens=("a", "b")), path)
        ...     read_scores(path).tokens
        ('a', 'b')
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise ValueError(f"`path` must end in .npz, as scores are written, but is '{path}'")
    about = {
        field.name: getattr(scores, field.name)
        for field in dataclasses.fields(scores)
        if field.name != "scores"
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        try:
            with partial.open("wb") as file:
                np.savez(file, scores=scores.scores, about=np.array(json.dumps(about)))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(
            error.errno, f"`{path}` cannot be written ({error.strerror}); name another file"
        ) from error
