"""Few Pauli strings whose rotation is a step of imaginary time: orthogonal matching pursuit."""

from __future__ import annotations

import numpy as np

from qcattn.preparations.domains import Domain
from qcattn.preparations.pauli_strings import multiply

__all__ = ["pursued"]

# Gradients below this, or below this share of the regularisation, are left, in units of the terms'
# root sum of squares. A string that only repeats a chosen one has a gradient of the order of the
# regularisation, and taking it too is what averages noise out.
_LEAST, _SHARE = 1e-3, 0.1


def pursued(
    values: np.ndarray, domain: Domain, regularisation: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""Strings of A and their coefficients.

    Minimises :math:`\|(A + i h - i \langle h\rangle)\psi\|^2`, and ``regularisation`` times the
    sum of squared coefficients, over strings that are chosen one at a time, the one of the steepest
    gradient first; after each choice all coefficients are solved for again.

    Args:
        values: Shape (4**q,): expectation values of all strings of the domain, at their numbers.
        domain: Terms and strings of the domain.
        regularisation: Positive.

    Returns:
        Numbers of the chosen strings and their coefficients, units of energy; both of shape
        (chosen,), in the order of choice.

    Example:
        >>> import numpy as np
        >>> plus = np.array([1.0, 0.0, 1.0, 0.0])  # of the strings 1, Z, X, Y
        >>> field = Domain([0], np.array([1]), np.array([0.5]), real=True, rank=1)
        >>> pursued(plus, field, 1e-9)  # exp(-tau Z / 2) turns |+> towards |1> about Y
        (array([3]), array([0.5]))
    """
    q, strings = len(domain.qubits), domain.strings
    slope = np.zeros(len(strings))
    for term, weight in zip(domain.terms, domain.weights, strict=True):
        phases, products = multiply(strings, int(term), q)
        slope += weight * phases.imag * values[products]
    least = max(_LEAST, _SHARE * regularisation) * np.linalg.norm(domain.weights)
    rows = np.empty((domain.rank, len(strings)))
    chosen: list[int] = []
    coefficients: np.ndarray = np.zeros(0)
    left: np.ndarray = slope
    while len(chosen) < domain.rank:
        steepness = np.abs(left)
        steepness[chosen] = 0.0
        best = int(np.argmax(steepness))
        if steepness[best] <= least:
            break
        phases, products = multiply(strings, int(strings[best]), q)
        rows[len(chosen)] = phases.real * values[products]
        chosen.append(best)
        overlaps = rows[: len(chosen), chosen] + regularisation * np.eye(len(chosen))
        coefficients = np.linalg.solve(overlaps, slope[chosen])
        left = slope - coefficients @ rows[: len(chosen)]
    return strings[chosen], coefficients
