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
# Real and imaginary part of powers of i.
_REAL, _IMAG = np.array([1.0, 0.0, -1.0, 0.0]), np.array([0.0, 1.0, 0.0, -1.0])
# Expectation values below this are rounding of zero.
_ZERO = 1e-12


def pursued(
    values: np.ndarray, domain: Domain, regularisation: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""Choose the strings of A and their coefficients.

    It minimises :math:`\|(A + i h - i \langle h\rangle)\psi\|^2`, and ``regularisation`` times the
    sum of squared coefficients, over strings that are chosen one at a time, the one of the steepest
    gradient first; after each choice all coefficients are solved for again.

    Args:
        values: Shape (4**q,): expectation values of all strings of the domain, at their numbers.
        domain: Terms and strings of the domain.
        regularisation: A positive number.

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
    q = len(domain.qubits)
    strings = _joined(domain.strings, values, domain.terms)
    slope = np.zeros(len(strings))
    for term, weight in zip(domain.terms, domain.weights, strict=True):
        powers, products = multiply(strings, int(term), q)
        slope += weight * _IMAG[powers] * values[products]
    least = max(_LEAST, _SHARE * regularisation) * np.linalg.norm(domain.weights)
    rows = np.empty((domain.rank, len(strings)))
    chosen: list[int] = []
    coefficients: np.ndarray = np.zeros(0)
    left: np.ndarray = slope
    while strings.size and len(chosen) < domain.rank:
        steepness = np.abs(left)
        steepness[chosen] = 0.0
        best = int(np.argmax(steepness))
        if steepness[best] <= least:
            break
        powers, products = multiply(strings, int(strings[best]), q)
        rows[len(chosen)] = _REAL[powers] * values[products]
        chosen.append(best)
        overlaps = rows[: len(chosen), chosen] + regularisation * np.eye(len(chosen))
        coefficients = np.linalg.solve(overlaps, slope[chosen])
        left = slope - coefficients @ rows[: len(chosen)]
    return strings[chosen], coefficients


def _joined(strings: np.ndarray, values: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Those of the strings that can have a gradient: often half of them, or fewer.

    A gradient holds values at the product of a string and a term, a row those at the product of
    two strings. So all that matters is a term times strings whose values are not zero, any number
    of them; a symmetry of the state keeps the others apart for good.
    """
    span, left = [], np.flatnonzero(np.abs(values) > _ZERO)
    while left.any():
        pivot = int(left.max())
        span.append(pivot)
        left = np.unique(_reduced(left, [pivot]))
    return strings[np.isin(_reduced(strings, span), _reduced(terms, span))]


def _reduced(strings: np.ndarray, span: list[int]) -> np.ndarray:
    """Strings times those of a span that hold their leading bits, which are then gone."""
    for pivot in span:
        has = strings >> (pivot.bit_length() - 1) & 1
        strings = strings ^ (has * pivot)
    return strings
