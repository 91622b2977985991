"""The answer to a request of the page: what the server, a notebook and an export all call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qcattn.datasets import load_scores, packaged_models
from qcattn.names import known
from qcattn.records import Counts
from qcattn.teaching.drawing import drawn, laws_of, target_of, twin_counts
from qcattn.teaching.marking import mark_of, marked, said, totals_of
from qcattn.teaching.setups import MOST_KEYS, offered, setup_of

__all__ = ["answer_draw", "answer_laws", "answer_target", "choices"]

_OF_DRAW = ("setup", "shots", "seed", "number", "before", "twin_before", "mark")


def answer_target(request: Any) -> dict[str, Any]:
    """The law that counts of a setting are to follow: outcomes, energies, softmax, no circuit.

    Args:
        request: A setting, as `setup_of` takes it.

    Raises:
        ValueError: If it is none; the message says what cures it.

    Example:
        >>> answer_target({"scores": [0, 0], "preparation": "QSVT"})["expected"]
        [0.5, 0.5]
    """
    setup = setup_of(request)
    return target_of(setup).document(setup)


def answer_laws(request: Any) -> dict[str, Any]:
    """What the circuit of a setting predicts: its law, its success, its cost and its drawing.

    Args:
        request: A setting, as `setup_of` takes it.

    Raises:
        ValueError: If it is none, or the preparation refuses it; the message says what cures it.

    Example:
        >>> answer_laws({"scores": [0, 0], "preparation": "Heralded"})["success"]
        1.0
    """
    setup = setup_of(request)
    return laws_of(setup).document(setup)


def answer_draw(request: Any) -> dict[str, Any]:
    """Draw one more batch of a setting, and judge all shots so far.

    Args:
        request: A mapping of ``setup``, ``shots``, ``seed`` and ``number`` of the batch; of
            ``before`` and ``twin_before``, the totals of the answer before (None for no shots), and
            of ``mark``, the test of a step, if there is one.

    Returns:
        The ``batch`` and the ``circuit`` and ``twin`` with their totals, and ``mark``. The same
        request gets the same answer.

    Raises:
        ValueError: If something is out of range; the message says what cures it.

    Example:
        >>> setup = {"scores": [0, 1]}
        >>> answer = answer_draw({"setup": setup, "shots": 100, "seed": 1, "number": 0})
        >>> answer["circuit"]["shots"], answer["mark"]
        (100, None)
    """
    if not isinstance(request, Mapping):
        raise ValueError(f"a request must be an object, but is {request!r:.80}")
    for name in request:
        known("a name of a request", str(name), _OF_DRAW)
    missing = [name for name in ("setup", "shots", "seed", "number") if name not in request]
    if missing:
        raise ValueError(f"`{missing[0]}` must be given to draw shots")
    setup = setup_of(request["setup"])
    laws = laws_of(setup)
    expected = laws.target.expected
    numbers = {name: request[name] for name in ("shots", "seed", "number")}
    before, twin_before = (
        totals_of(request.get(name), len(expected)) for name in ("before", "twin_before")
    )
    mark = None if request.get("mark") is None else mark_of(request["mark"])
    batch = drawn(setup, **numbers)
    thrown = Counts(twin_counts(setup, **numbers), np.array(0), np.array(0))
    after = before.later(batch, expected)
    return {
        "setup": setup.document(),
        "law": laws.law.tolist(),
        "expected": expected.tolist(),
        "energies": laws.target.energies(setup),
        "batch": {
            "keys": batch.keys.tolist(),
            "stray": int(batch.stray),
            "discarded": int(batch.discarded),
            "twin": thrown.keys.tolist(),
        },
        "circuit": said(after, expected),
        "twin": said(twin_before.later(thrown, expected), expected),
        "mark": None if mark is None else marked(mark, before, after, expected),
    }


def choices() -> dict[str, Any]:
    """What the page offers: preparations, and rows of real attention with their tokens.

    They are the rows, of each packaged sentence, of two heads that look at no more than `MOST_KEYS`
    keys.

    Example:
        >>> row = choices()["rows"][0]
        >>> len(row["tokens"]) == len(row["scores"])
        True
    """
    return {"preparations": list(offered()), "most_keys": MOST_KEYS, "rows": _rows()}


def _rows() -> list[dict[str, Any]]:
    found = []
    for model, sentences in packaged_models().items():
        for sentence in sentences:
            scores = load_scores(model, sentence)
            layers, heads, queries, _ = scores.scores.shape
            for layer, head in ((layers // 2, 0), (layers - 1, heads - 1)):
                row = scores.scores[layer, head, queries - 1].astype(float)
                seen = np.isfinite(row)
                if seen.sum() > MOST_KEYS:
                    continue
                place = f"layer {layer}, head {head}, last token"
                tokens = zip(scores.tokens, seen, strict=True)
                found.append(
                    {
                        "name": f"{model}: {sentence!r}, {place}",
                        "tokens": [token for token, there in tokens if there],
                        "scores": np.round(row[seen], 3).tolist(),
                    }
                )
    return found
