"""What rows, keys and numbers are called wherever a result is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING

from qcattn.legible import legible
from qcattn.plurals import p_is, p_text, plural
from qcattn.records import Result

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "SMALLEST",
    "axis_names",
    "cut_short",
    "error_text",
    "joined",
    "key_labels",
    "law_in_words",
    "number",
    "number_on",
    "p_is",
    "p_text",
    "place",
    "plural",
    "query_labels",
    "set_label",
    "token_labels",
    "visible",
]

#: Errors below this are rounding.
SMALLEST = 1e-12
#: The most characters of a token or of the name of an axis, wherever a result is shown.
_LONGEST = 48
_AXES = ("batch", "layer", "head", "query")
_MARKS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\u00a0": "␣"}


def visible(token: str) -> str:
    r"""Make spaces, line ends and control characters of a token visible; cut a long one.

    Example:
        >>> visible(" cat"), visible("a\x07"), visible("")
        ('␣cat', 'a\\x07', '""')
        >>> len(visible("a" * 1_000_000))
        48
    """
    begins = "".join(_MARKS.get(mark) or legible(mark) for mark in token[: _LONGEST + 1])
    return cut_short(begins, _LONGEST) or '""'


def cut_short(text: str, most: int) -> str:
    """Cut a text that is too long, and end it with an ellipsis.

    Args:
        text: A text of any length.
        most: Characters at most, 1 or more.

    Example:
        >>> cut_short("because", 7), cut_short("because", 4)
        ('because', 'bec…')
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def token_labels(result: Result) -> tuple[str, ...]:
    """One label for each scored key: its token made visible, or its index."""
    if result.tokens:
        return tuple(visible(token) for token in result.tokens)
    words = result.prepared.codewords
    return tuple(map(str, range(words.shape[-1] if result.prepared.subsets else len(words))))


def key_labels(result: Result) -> tuple[str, ...]:
    """One label for each outcome: that of its key, or those of all keys in its set."""
    names = token_labels(result)
    if not result.prepared.subsets:
        return names
    return tuple(_joined(names, word) for word in result.prepared.codewords)


def set_label(result: Result, codeword: np.ndarray) -> str:
    """The labels of the keys in one set, such as ``{the, ␣cat}``; a long one is cut.

    Args:
        result: The result of a run whose outcomes are sets.
        codeword: Shape (num_qubits,), bool: whether each key is in it.
    """
    return _joined(token_labels(result), codeword)


def _joined(names: Sequence[str], codeword: np.ndarray) -> str:
    members = ", ".join(name for name, inside in zip(names, codeword, strict=True) if inside)
    return cut_short(f"{{{members}}}", 2 * _LONGEST)


def query_labels(result: Result) -> tuple[str, ...]:
    """One label for each index of the last leading axis: its name, or a token if it is one."""
    if not result.shape:
        return ()
    if result.row_names:
        return tuple(cut_short(name, _LONGEST) or '""' for name in result.row_names)
    if _queries_are_tokens(result):
        return token_labels(result)
    return tuple(str(query) for query in range(result.shape[-1]))


def law_in_words(result: Result) -> str:
    """Say in words what the counts are compared with."""
    return result.settings.get("law", "softmax")


def axis_names(result: Result) -> tuple[str, ...]:
    """The names of the leading axes: the result's own, or the last ones of layer, head, query.

    A single axis without a name is called ``query`` only if it is as long as the tokens; else
    its entries are rows and nothing more.
    """
    if result.axes:
        return tuple(cut_short(name, _LONGEST) for name in result.axes)
    axes = len(result.shape)
    if axes == 1:
        return ("query",) if _queries_are_tokens(result) else ("row",)
    return tuple(f"axis {i}" for i in range(axes - len(_AXES))) + _AXES[-axes:] if axes else ()


def number_on(result: Result, axis: int, index: int) -> str:
    """The number of an entry on a leading axis; a layer has the model's own number."""
    own = result.source.get("layers", "").split()
    layers = own and axis_names(result)[axis] == "layer" and len(own) == result.shape[axis]
    return own[index] if layers else str(index)


def place(result: Result, index: tuple[int, ...], *, token: bool = True) -> str:
    """The name of a row, or of a group of rows if the index is shorter than the leading axes.

    For example ``layer 3, head 2, query 5 '␣mat'``, or without the token; ``the row`` where there
    is only one. A row that has a name of its own is always called by it too.
    """
    if not index:
        return "the row" if not result.shape else "all rows"
    names = [
        f"{name} {number_on(result, axis, i)}"
        for axis, (name, i) in enumerate(zip(axis_names(result), index, strict=False))
    ]
    named = result.row_names or (token and _queries_are_tokens(result))
    if named and len(index) == len(result.shape):
        names[-1] += f" '{query_labels(result)[index[-1]]}'"
    return ", ".join(names)


def number(value: float, digits: int = 3) -> str:
    """Write a quantity to a few digits, and whole numbers with commas.

    Example:
        >>> number(12345), number(0.0016838), number(1234.56), number(312.94, 4)
        ('12,345', '0.00168', '1,235', '312.9')
    """
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def error_text(value: float) -> str:
    """Write an error to two digits; rounding is 0, and what was not computed is unknown.

    Example:
        >>> error_text(0.01234), error_text(1e-15), error_text(float("nan"))
        ('0.012', '0', 'unknown')
    """
    if isnan(value):
        return "unknown"
    return "0" if value < SMALLEST else f"{value:.2g}"


def joined(pairs: Mapping[str, str]) -> str:
    """Join names and values on one line.

    Example:
        >>> joined({"numpy": "2.1", "qiskit": "2.3"})
        'numpy 2.1, qiskit 2.3'
    """
    return ", ".join(f"{name} {value}" for name, value in pairs.items())


def _queries_are_tokens(result: Result) -> bool:
    return bool(result.tokens) and bool(result.shape) and result.shape[-1] == len(result.tokens)
