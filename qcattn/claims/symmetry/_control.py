"""A control of claims that draw: the counts are those of the circuits themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcattn.claims.frame.checks import every, follows
from qcattn.evidence import Check
from qcattn.records import Counts, Prepared

__all__ = ["sampled"]


def sampled(
    circuits: Sequence[Prepared],
    counts: Sequence[Counts],
    *,
    epsilon: float,
    alpha: float,
    statement: str = "The counts of every circuit follow its dense law",
) -> Check:
    """The control check ``laws``: whether all counts follow the laws of their circuits.

    Where it does not hold the simulator is at fault, and nothing is said of the document.

    Args:
        circuits: Circuits, each with its law as `Prepared.distribution`.
        counts: Counts of each circuit.
        epsilon: Total variation that counts as agreement.
        alpha: Error rate of all together.
        statement: What is tested, a sentence.

    Example:
        >>> from qcattn.backends import Aer
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Purification
        >>> circuit = Purification()(Binary()([0.0, 1.0]), beta=1.0)
        >>> sampled([circuit], [Aer()(circuit, 9000, 1)], epsilon=0.1, alpha=0.01).holds
        True
    """
    parts = [
        follows(
            f"circuit {i}",
            f"circuit {i + 1}",
            np.concatenate([drawn.keys, drawn.stray[..., None]], axis=-1),
            np.concatenate(
                [one.distribution, np.zeros((*one.distribution.shape[:-1], 1))], axis=-1
            ),
            epsilon=epsilon,
            alpha=alpha / len(circuits),
        )
        for i, (one, drawn) in enumerate(zip(circuits, counts, strict=True))
    ]
    return every("laws", statement, parts, role="control")
