"""One seed for a whole run, whatever the caller gives."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

__all__ = ["entropy"]


def entropy(seed: Any = None) -> int:
    """The integer that reproduces a run, from anything `numpy.random.default_rng` takes.

    Args:
        seed: None (fresh entropy), a non-negative integer, integers, a SeedSequence, a
            BitGenerator, a Generator or a RandomState (of which one draw is used up).

    Returns:
        Entropy for ``numpy.random.SeedSequence``; an integer comes back unchanged.

    Raises:
        ValueError: If an integer seed is negative.
        TypeError: If the seed is of another kind.

    Example:
        >>> entropy(7), entropy([1, 2]) == entropy([1, 2])
        (7, True)
    """
    if seed is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    if isinstance(seed, np.random.Generator | np.random.RandomState):
        state = seed.bytes(16)
    elif isinstance(seed, np.random.BitGenerator):
        state = np.random.Generator(seed).bytes(16)
    elif isinstance(seed, np.random.SeedSequence):
        state = seed.generate_state(4).tobytes()
    else:
        try:
            number = operator.index(seed)
        except TypeError:
            try:
                state = np.random.SeedSequence(seed).generate_state(4).tobytes()
            except (TypeError, ValueError):
                raise TypeError(
                    f"`seed` must be what numpy.random.default_rng takes, but is {seed!r}"
                ) from None
        else:
            if number < 0:
                raise ValueError(f"`seed` must be 0 or more, but is {number}")
            return number
    return int.from_bytes(state, "little")
