"""Value vectors of one layer of each model, stored with the package, to mix by attention."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qcattn.datasets import stored

__all__ = ["Values", "values"]


@dataclass(frozen=True, eq=False)
class Values:
    """Value vectors of the heads of one layer, for one stored sentence.

    Attributes:
        values: Shape (heads, tokens, d), float32, in the model's own units.
        layer: The number of the layer, from 0.
        sentence: Number of the sentence, from 0.
        model: Name of the model.
    """

    values: NDArray[np.float32]
    layer: int
    sentence: int
    model: str


def values(model: str = "smollm2") -> Values:
    """Load the value vectors that belong to `load_scores(model, sentence).scores[layer]`.

    The output of head h at query t is ``softmax(scores[layer, h, t]) @ values[h]``.

    Args:
        model: ``smollm2``: layer 2, nine heads of which three each share their values, 64 numbers
            a token. ``minilm``: layer 3, twelve heads, 32 numbers.

    Returns:
        The values, their layer and their sentence.

    Raises:
        ValueError: If the model is not stored (the message gives the nearest), or if the stored
            numbers do not match their SHA-256.

    Example:
        >>> found = values()
        >>> found.layer, found.sentence, found.values.shape
        (2, 0, (9, 11, 64))
    """
    about, packed = stored.values_of(model)
    return Values(
        np.repeat(packed, about["served"], axis=0), about["layer"], about["sentence"], model
    )
