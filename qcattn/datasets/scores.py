"""One set of attention scores together with where it came from."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcattn.attention import check_scores, unmasked
from qcattn.errors import Doubtful
from qcattn.legible import legible, quoted, spelt
from qcattn.plurals import plural

__all__ = [
    "Scores",
    "axis_of",
    "index_on",
    "numbers_on",
    "only",
    "scores_of",
    "warn_of_masks",
    "warn_of_weights",
]

#: Axes of a model, where none are named.
_PLACES = {"layer": 0, "head": 1}
#: How far rows of weights may be from a sum of one: a few digits were written.
_DIGITS = 5e-3

#: Names are legible from here on; tokens and the sentence are data, and are shown as labels.
_NAMES = ("model", "package", "version", "licence", "sha256", "source")


@dataclass(frozen=True, eq=False)
class Scores:
    r"""Attention scores before softmax, with their tokens and provenance.

    Attributes:
        scores: Scores :math:`q \cdot k / \sqrt{d}`, dimensionless, of shape (..., keys), for a
            model (layers, heads, queries, keys); ``-inf`` marks a masked key.
        tokens: One label for each key, or nothing where none is known.
        axes: Names of the leading axes, such as layer, head, query; or nothing if unknown.
        row_names: One label for each entry of the last leading axis, whose entries are rows; or
            nothing.
        layers: The model's own numbers of the entries on the axis ``layer``, where some layers of
            the model have no attention; or nothing if they are 0, 1, 2 and so on.
        sentence: The text the scores belong to.
        model: Name of the model.
        package: Distribution that carried the weights.
        version: Version of that distribution.
        licence: Licence of the weights and of the package.
        sha256: SHA-256 of the weights file, in hexadecimal.
        source: Where the numbers come from: the origin of the weights, or a file name.

    Raises:
        ValueError: If there are tokens, and not one for each key, or likewise names of axes or
            of rows, or numbers of layers.

    Example:
        >>> import numpy as np
        >>> Scores(np.zeros((2, 3)), tokens=("a", "b", "c"))
        Scores(shape=(2, 3), tokens=('a', 'b', 'c'))
    """

    scores: NDArray[np.floating]
    tokens: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    row_names: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    sentence: str = ""
    model: str = ""
    package: str = ""
    version: str = ""
    licence: str = ""
    sha256: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        try:
            array = np.asarray(unmasked(self.scores))
        except ValueError as error:
            raise ValueError(
                f"`scores` must be one array (..., keys) of numbers: {error}"
            ) from None
        object.__setattr__(self, "scores", array)
        if self.scores.ndim == 0:
            raise ValueError(
                "`scores` must be an array (..., keys), but is the single value "
                f"{spelt(self.scores)}"
            )
        for text in (*self.tokens, self.sentence):
            if not text.isprintable() and any("\ud800" <= mark <= "\udfff" for mark in text):
                raise ValueError(
                    f"`tokens` and `sentence` must be valid Unicode, unlike {quoted(text)}; "
                    "replace the lone surrogate"
                )
        for name in _NAMES:
            object.__setattr__(self, name, legible(getattr(self, name)))
        for name in ("axes", "row_names"):
            object.__setattr__(self, name, tuple(map(legible, getattr(self, name))))
        keys = self.scores.shape[-1]
        if self.tokens and len(self.tokens) != keys:
            raise ValueError(
                f"`tokens` holds {plural(len(self.tokens), 'label')}, but `scores` of shape "
                f"{self.scores.shape} has {plural(keys, 'key')}; pass one label for each key, or "
                "none"
            )
        if self.axes and len(self.axes) != self.scores.ndim - 1:
            raise ValueError(
                f"`axes` must name each of the {self.scores.ndim - 1} before the keys of `scores` "
                f"of shape {self.scores.shape}, but names {len(self.axes)}; name each, or none"
            )
        rows = self.scores.shape[-2] if self.scores.ndim > 1 else 0
        if self.row_names and len(self.row_names) != rows:
            raise ValueError(
                f"`row_names` holds {plural(len(self.row_names), 'name')}, but `scores` of shape "
                f"{self.scores.shape} has {plural(rows, 'row')} on its last axis before the "
                "keys; name each of them, or none"
            )
        if self.layers and "layer" not in self.axes:
            raise ValueError(
                "`layers` numbers the axis called layer, but no axis is called so; name the axes, "
                "such as "
                '["layer", "head", "query"]'
            )
        if self.layers and len(self.layers) != self.scores.shape[axis_of(self, "layer")]:
            raise ValueError(
                f"`layers` holds {plural(len(self.layers), 'number')}, but `scores` of shape "
                f"{self.scores.shape} has {self.scores.shape[axis_of(self, 'layer')]} on that "
                "axis; give one number for each layer, or none"
            )

    def __repr__(self) -> str:
        """Shape and provenance; the numbers themselves are left out."""
        stated = [f"shape={self.scores.shape}"]
        for name in ("model", "sentence", "tokens", "source"):
            value = getattr(self, name)
            if value:
                stated.append(f"{name}={value!r}")
        return f"Scores({', '.join(stated)})"


def axis_of(scores: Scores, name: str, wanted_by: str = "") -> int:
    """The position of the axis of layers or of heads.

    Args:
        scores: The scores. Where axes have names, these decide; else shape (layers, ..., queries,
            keys) has layers, and shape (layers, heads, ..., queries, keys) has heads.
        name: The name of the axis, ``"layer"`` or ``"head"``.
        wanted_by: The option or argument that asks, as a message names it.

    Raises:
        ValueError: If there is no such axis.

    Example:
        >>> axis_of(Scores(np.zeros((2, 3, 4)), axes=("head", "query")), "head")
        0
    """
    if name in scores.axes:
        return scores.axes.index(name)
    place = _PLACES[name]
    if not scores.axes and scores.scores.ndim >= place + 3:
        return place
    called = f"the axes {', '.join(scores.axes)}" if scores.axes else "no names for axes"
    cure = "" if scores.axes else 'name them, such as ["layer", "head", "query"], or '
    raise ValueError(
        f"`{wanted_by or name}` needs an axis called {name}, but the scores of shape "
        f"{scores.scores.shape} have {called}; {cure}leave it out"
    )


def numbers_on(scores: Scores, name: str, wanted_by: str = "") -> tuple[int, ...]:
    """The model's own numbers of all layers, or the numbers of all heads.

    Example:
        >>> numbers_on(Scores(np.zeros((2, 3, 4)), axes=("layer", "query"), layers=(3, 7)), "layer")
        (3, 7)
    """
    axis = axis_of(scores, name, wanted_by)
    own = scores.layers if name == "layer" else ()
    return own or tuple(range(scores.scores.shape[axis]))


def index_on(scores: Scores, name: str, number: int, wanted_by: str = "") -> tuple[int, int]:
    """The axis of layers or heads, and the position of one of them on it.

    Raises:
        ValueError: If there is no such axis, or no such number on it.

    Example:
        >>> index_on(Scores(np.zeros((2, 4)), axes=("layer",), layers=(3, 7)), "layer", 7)
        (0, 1)
    """
    numbers = numbers_on(scores, name, wanted_by)
    if number not in numbers:
        every = numbers == tuple(range(len(numbers)))
        there = f"0 to {len(numbers) - 1}" if every else ", ".join(map(str, numbers))
        raise ValueError(f"`{wanted_by or name}` must be one of {there}, but is {number}")
    return axis_of(scores, name, wanted_by), numbers.index(number)


def only(scores: Scores, name: str, number: int, wanted_by: str = "") -> Scores:
    """Select one layer or one head of the scores, without its axis.

    Args:
        scores: Shape (..., keys).
        name: The name of the axis, ``"layer"`` or ``"head"``.
        number: The model's own number of it.
        wanted_by: The option or argument that asks, as a message names it.

    Raises:
        ValueError: If there is no such axis, or no such number on it.

    Example:
        >>> scores = Scores(np.arange(4.0).reshape(2, 2), axes=("layer",), layers=(3, 7))
        >>> only(scores, "layer", 7).scores.tolist()
        [2.0, 3.0]
    """
    axis, index = index_on(scores, name, number, wanted_by)
    named = axis < scores.scores.ndim - 2  # the rows are on another axis, and stay
    return replace(
        scores,
        scores=np.take(scores.scores, index, axis),
        axes=scores.axes[:axis] + scores.axes[axis + 1 :],
        row_names=scores.row_names if named else (),
        layers=() if name == "layer" else scores.layers,
    )


def scores_of(value: Any) -> Scores:
    """Make `Scores` of an array, with a warning if it holds weights; `Scores` stay as they are.

    Example:
        >>> scores_of([[0.0, 1.0]])
        Scores(shape=(1, 2))
    """
    if isinstance(value, Scores):
        return value
    warn_of_weights(value)
    return Scores(value)


def warn_of_weights(values: Any) -> None:
    """Warn if all rows are non-negative and sum to one, as attention does after softmax.

    Args:
        values: Scores of shape (..., keys), not yet checked.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings(record=True) as said:
        ...     warnings.simplefilter("always")
        ...     warn_of_weights([[0.2, 0.8], [0.5, 0.5]])
        >>> print(said[0].message)
        `scores` look like attention weights, after softmax: every row is ...
    """
    try:
        array = check_scores(values)
    except ValueError:
        return  # whoever takes them says what is wrong
    if array.size == 0 or (array == np.floor(array)).all() or array.min() < 0:
        return
    if np.abs(array.sum(axis=-1) - 1).max() <= _DIGITS:
        warnings.warn(
            "`scores` look like attention weights, after softmax: every row is non-negative and "
            "sums to 1, and softmax is taken of what is given, so that what follows is no "
            "statement on these weights; if they are, pass their logarithms (numpy.log), of which "
            "a weight of 0 becomes -inf, a masked key",
            Doubtful,
            stacklevel=3,
        )


def warn_of_masks(values: Any, weights: NDArray[np.float64]) -> int:
    """Warn if finite scores have a weight of exactly zero, so that they are masked as -inf is.

    Args:
        values: Scores of shape (..., keys).
        weights: Their softmax, of the same shape.

    Returns:
        The number of such scores.

    Example:
        >>> warn_of_masks([0.0, 1.0, float("-inf")], np.array([0.3, 0.7, 0.0]))
        0
    """
    gone = np.isfinite(values) & (weights == 0)
    number, rows = int(gone.sum()), int(np.any(gone, axis=-1).sum())
    if number:
        where = f"{plural(number, 'key')} in {plural(rows, 'row')}"
        said = (
            "has a score so low that its weight is exactly 0 in double precision; it is"
            if number == 1
            else "have scores so low that their weight is exactly 0 in double precision; they are"
        )
        warnings.warn(
            f"{where} {said} taken as masked, as -inf would be",
            Doubtful,
            stacklevel=3,
        )
    return number
