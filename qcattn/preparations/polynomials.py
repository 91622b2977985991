"""Polynomials of an exponential that singular values can be transformed by, and their phases."""

from __future__ import annotations

import contextlib
import io

import numpy as np
from numpy.polynomial import chebyshev
from scipy.optimize import linprog
from scipy.special import ive

from qcattn.errors import DoesNotFit

__all__ = ["bessel_degree", "exponential", "phases_of"]

#: Largest degree of an expansion in Bessel functions, and of one found by linear programming.
LARGEST, LARGEST_CAPPED = 200, 100
#: The least error asked of a polynomial; phases are found to a tenth of it, in double precision.
FINEST = 1e-12
#: How far from 1 a polynomial stays that comes near it often: the phases are singular at 1.
MARGIN = 1e-3
#: Steps of the linear program.
STEPS = 3000


def exponential(
    rate: float, low: float, high: float, error: float
) -> tuple[np.ndarray, float] | None:
    r"""A polynomial close to :math:`c\,e^{-r(x - a)}` on [a, b] and within [-1, 1] on [-1, 1].

    Its relative error is that of the largest value: :math:`|P(x) - c e^{-r(x-a)}| \le \epsilon c`
    on [a, b]. Two ways, of which the one with the least degree / c^2 is taken, that is with the
    fewest gates for one kept shot:

    * the expansion :math:`e^{-r(1+x)} = e^{-r}(I_0(r) + 2\sum_k (-1)^k I_k(r) T_k(x))` [1], with
      :math:`c = e^{-r(1+a)}`, of a degree near :math:`\sqrt{2 r \ln(1/(c\epsilon))}`;
    * where a > -1, the polynomial of given degree with the largest c, which bends below a. It
      solves a linear program over its coefficients and c.

    Args:
        rate: The rate r, positive.
        low: a, -1 or more.
        high: b, at most 1 and not below a.
        error: Epsilon, relative to c.

    Returns:
        Chebyshev coefficients, shape (degree + 1,), and c; None where no degree that is tried
        reaches the error in double precision.

    Example:
        >>> coefficients, scale = exponential(1.0, -1.0, 1.0, 1e-3)
        >>> len(coefficients), round(scale, 6)
        (5, 0.999999)
        >>> bool(abs(chebyshev.chebval(0.5, coefficients) - scale * np.exp(-1.5)) < 1e-3)
        True

    References:
        [1] M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, 9.6.34.
    """
    scale = float(np.exp(-rate * (1 + low)))
    least = bessel_degree(rate, error * scale)
    found = [] if least is None or least > LARGEST else [_within(_bessel(rate, least), scale)]
    degree = least if found and least is not None else 8
    while low > -1 and degree <= LARGEST_CAPPED:
        if found and degree >= min(map(_cost, found)):
            break  # c is at most 1, so no more degree can be cheaper
        capped = _capped(rate, low, high, error, degree)
        found += [capped] if capped is not None else []
        degree = max(degree + 2, int(1.25 * degree))
    return min(found, key=_cost) if found else None


def bessel_degree(rate: float, error: float) -> int | None:
    """The degree at which exp(-rate (1 + x)) is expanded this closely, or None if there is none.

    Example:
        >>> [bessel_degree(rate, 1e-8) for rate in (1.0, 4.0, 16.0)]
        [8, 14, 24]
    """
    if error < FINEST:
        return None
    terms = int(10 * np.sqrt(rate) + rate ** (1 / 3) + 60)
    sizes = np.abs(_bessel(rate, terms))
    rest = np.append(np.cumsum(sizes[::-1])[::-1], 0.0)[1:]  # sum of what comes after each term
    return int(np.argmax(rest <= error))


def phases_of(coefficients: np.ndarray) -> np.ndarray:
    r"""Find phases whose product has the real part P in its upper left entry.

    For :math:`x = \cos\theta`, Z and the reflection R about an axis at the angle theta to it,
    :math:`\operatorname{Re}\langle 0|e^{i\phi_0 Z}e^{i\phi_1 R}e^{i\phi_2 Z}\cdots
    e^{i\phi_{2d} Z}|0\rangle = \pm P(x)`. In :math:`y = \cos(\theta/2)` this is quantum signal
    processing of the even polynomial :math:`P(2y^2-1)`, whose Chebyshev coefficients are those of
    P; symmetric phases come from Newton's iteration [1].

    Args:
        coefficients: Chebyshev coefficients of P, shape (d + 1,), d at least 1; P is within
            [-1, 1] on [-1, 1].

    Returns:
        Shape (2 d + 1,), radians.

    Raises:
        DoesNotFit: If the iteration does not converge.

    References:
        [1] Y. Dong, L. Lin, H. Ni and J. Wang, SIAM J. Sci. Comput. 46, A2951 (2024),
            arXiv:2307.12468.
    """
    from pyqsp.sym_qsp_opt import newton_solver

    with contextlib.redirect_stdout(io.StringIO()):  # the solver reports each step
        _, left, _, found = newton_solver(coefficients, 0, crit=FINEST / 10, maxiter=40)
    if not left < FINEST / 10:
        raise DoesNotFit(
            f"`beta` needs a polynomial of degree {len(coefficients) - 1} whose phases were found "
            f"to {left:.2g} only; lower `beta` or raise `error`"
        )
    # A turn by +theta/2 followed by one back is a turn twice forward up to Z = -i exp(i pi Z/2),
    # and the real part is taken where the solver matches the imaginary one.
    out = np.array(found.full_phases)
    out[1:] += np.pi / 2
    out[[0, -1]] -= np.pi / 4
    return out


def _bessel(rate: float, degree: int) -> np.ndarray:
    k = np.arange(degree + 1)
    out = 2 * (-1.0) ** k * ive(k, rate)
    out[0] /= 2
    return out


def _capped(
    rate: float, low: float, high: float, error: float, degree: int
) -> tuple[np.ndarray, float] | None:
    """The polynomial of largest c, which a linear program finds.

    Values on [a, b] count in units of the error, values elsewhere in units of 1. The program
    works on a basis that is orthonormal in these units, and on what is left of the exponential
    after its best fit: all its numbers are then of order 1.
    """
    nodes = np.cos(np.pi * np.arange(4 * degree + 20) / (4 * degree + 19))
    inside = (low + high) / 2 + (high - low) / 2 * nodes
    outside = nodes[(nodes < low) | (nodes > high)]
    unit, count = 0.9 * error, len(inside)
    wanted = np.append(np.exp(-rate * (inside - low)) / unit, np.zeros(len(outside)))
    units = np.repeat([unit, 1.0], [count, len(outside)])
    values = chebyshev.chebvander(np.append(inside, outside), degree) / units[:, None]
    basis, triangle = np.linalg.qr(values)
    fit = basis.T @ wanted
    rest = np.append((basis @ fit - wanted)[:count], (basis @ fit)[count:])
    slack = np.repeat([1.0, 0.0], [count, len(outside)])
    rows = [np.column_stack([sign * basis, sign * rest - slack]) for sign in (1, -1)]
    goal = np.append(np.zeros(degree + 1), -1.0)
    free = [(None, None)] * (degree + 1) + [(0.0, 1.0)]
    bound = np.tile(1 - slack, 2)
    result = linprog(goal, np.vstack(rows), bound, bounds=free, options={"maxiter": STEPS})
    if result.x is None or not result.x[-1] > 0:
        return None
    coefficients = np.linalg.solve(triangle, result.x[:-1] + result.x[-1] * fit)
    coefficients, scale = _within(coefficients, result.x[-1], MARGIN)
    if error * scale < FINEST:
        return None
    grid = low + (high - low) * (1 - np.cos(np.linspace(0, np.pi, 40 * degree))) / 2
    miss = chebyshev.chebval(grid, coefficients) - scale * np.exp(-rate * (grid - low))
    return (coefficients, scale) if np.abs(miss).max() <= error * scale else None


def _within(
    coefficients: np.ndarray, scale: float, margin: float = 0.0
) -> tuple[np.ndarray, float]:
    """Scaled so that P stays within [-1, 1], with room for what lies between grid points."""
    grid = np.cos(np.linspace(0, np.pi, 40 * len(coefficients)))
    top = (1 + 1e-6 + margin) * max(1.0, np.abs(chebyshev.chebval(grid, coefficients)).max())
    return coefficients / top, float(scale / top)


def _cost(found: tuple[np.ndarray, float]) -> float:
    """Degree for each kept shot, up to a factor."""
    return (len(found[0]) - 1) / found[1] ** 2
