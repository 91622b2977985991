"""One set of attention scores together with where it came from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qcattn.attention import unmasked

__all__ = ["Scores"]


@dataclass(frozen=True, eq=False)
class Scores:
    r"""Attention scores before softmax, with their tokens and provenance.

    Attributes:
        scores: Scores :math:`q \cdot k / \sqrt{d}`, dimensionless, of shape (..., keys), for a
            model (layers, heads, queries, keys); ``-inf`` marks a masked key.
        tokens: One label for each key, or nothing where none is known.
        axes: Names of the leading axes, such as layer, head, query; or nothing if unknown.
        sentence: The text the scores belong to.
        model: Name of the model.
        package: Distribution that carried the weights.
        version: Version of that distribution.
        licence: Licence of the weights and of the package.
        sha256: SHA-256 of the weights file, in hexadecimal.
        source: Where the numbers come from: the origin of the weights, or a file name.

    Raises:
        ValueError: If there are tokens, and not one for each key, or likewise names of axes.

    Example:
        >>> import numpy as np
        >>> Scores(np.zeros((2, 3)), tokens=("a", "b", "c"))
        Scores(shape=(2, 3), tokens=('a', 'b', 'c'))
    """

    scores: NDArray[np.floating]
    tokens: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
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
                f"`scores` is the single number {self.scores}; pass an array (..., keys)"
            )
        for text in (*self.tokens, self.sentence):
            if not text.isprintable() and any("\ud800" <= mark <= "\udfff" for mark in text):
                raise ValueError(
                    f"`tokens` and `sentence` must be valid Unicode, unlike {text!r}; "
                    "replace the lone surrogate"
                )
        keys = self.scores.shape[-1]
        if self.tokens and len(self.tokens) != keys:
            raise ValueError(
                f"`tokens` holds {len(self.tokens)} labels, but `scores` of shape "
                f"{self.scores.shape} has {keys} keys; pass one label for each key, or none"
            )
        if self.axes and len(self.axes) != self.scores.ndim - 1:
            raise ValueError(
                f"`axes` names {len(self.axes)} axes, but `scores` of shape "
                f"{self.scores.shape} has {self.scores.ndim - 1} before the keys; name each of "
                "them, or none"
            )

    def __repr__(self) -> str:
        """Shape and provenance; the numbers themselves are left out."""
        stated = [f"shape={self.scores.shape}"]
        for name in ("model", "sentence", "tokens", "source"):
            value = getattr(self, name)
            if value:
                stated.append(f"{name}={value!r}")
        return f"Scores({', '.join(stated)})"
