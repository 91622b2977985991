"""Circuits that belong together, drawn with parts of one seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from qcattn.arguments import check_shots
from qcattn.backends.choosing import backend_of
from qcattn.backends.protocol import Backend
from qcattn.records import Counts, Prepared
from qcattn.seeds import entropy

__all__ = ["draw"]


def draw(
    circuits: Sequence[Prepared], shots: int, backend: Backend | None, seed: Any
) -> list[Counts]:
    """Draw shots of each circuit, each with its own part of one seed.

    Args:
        circuits: Prepared circuits, any number of them.
        shots: Shots of each circuit.
        backend: Circuit to counts; `Aer` if None.
        seed: What `numpy.random.default_rng` takes.

    Returns:
        Counts of each circuit, in order.

    Raises:
        ValueError: If shots is not a whole number, 1 or more.
    """
    run = backend_of(backend)
    number = check_shots(shots)
    seeds = np.random.SeedSequence(entropy(seed)).spawn(len(circuits))
    return [run(one, number, part) for one, part in zip(circuits, seeds, strict=True)]
