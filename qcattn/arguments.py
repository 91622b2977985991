"""Checks of the arguments that many functions share: one wording, one place.

Every message says what the argument must be, which value was given, where, and what cures it.
"""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcattn.legible import spelt

__all__ = [
    "check_alpha",
    "check_beta",
    "check_betas",
    "check_distributions",
    "check_finite",
    "check_object",
    "check_positive",
    "check_shots",
    "entry",
    "no_numbers",
    "real_array",
    "rounding",
    "whole_number",
]

_SMALL_BETA = "equal weights are the limit of a small beta, such as 1e-9"
#: The most shots of a row.
MOST_SHOTS = 2**53


def check_alpha(alpha: Any, name: str = "alpha") -> float:
    """Check an error rate, which lies between 0 and 1.

    Args:
        alpha: What was given.
        name: The name of the argument, as the caller knows it.

    Raises:
        ValueError: If it is not a number strictly between 0 and 1.

    Example:
        >>> check_alpha(0.01)
        0.01
    """
    number = isinstance(alpha, Real) and not isinstance(alpha, bool)
    if not number or not 0 < float(alpha) < 1:
        raise ValueError(f"`{name}` must be a number between 0 and 1, but is {alpha!r}")
    return float(alpha)


def check_shots(value: Any, name: str = "shots") -> int:
    """Check a number of shots: 1 or more, and no more than can be counted and compared.

    Args:
        value: What was given.
        name: The name of the argument, as the caller knows it.

    Raises:
        ValueError: If it is not a whole number from 1 to 2**53, beyond which double precision, in
            which counts are compared, holds no odd number.

    Example:
        >>> check_shots(4096)
        4096
    """
    number = whole_number(value, name)
    if number > MOST_SHOTS:
        raise ValueError(
            f"`{name}` must be at most 2**53, {MOST_SHOTS:,}, but is {number:,}; draw several "
            "batches and add their counts"
        )
    return number


def whole_number(
    value: Any, name: str = "shots", *, least: int = 1, most: int | None = None, cure: str = ""
) -> int:
    """Check a whole number, 1 or more.

    Args:
        value: What was given.
        name: The name of the argument, as the caller knows it.
        least: The smallest number that is allowed.
        most: The largest number that is allowed, if there is one.
        cure: What brings a user further than the largest number does.

    Raises:
        ValueError: If it is not a whole number, less than the smallest, or more than the largest.

    Example:
        >>> whole_number(4096)
        4096
        >>> whole_number(10**9, "layers", most=1000, cure="a sum of 1,000 is as good")
        Traceback (most recent call last):
        ...
        ValueError: `layers` must be at most 1,000, but is 1,000,000,000; a sum of 1,000 is as good
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ValueError(f"`{name}` must be a whole number, {least} or more, but is {value!r}")
    if most is not None and number > most:
        raise ValueError(f"`{name}` must be at most {most:,}, but is {number:,}; {cure}")
    return number


def check_positive(value: Any, name: str) -> float:
    """Check a positive, finite number.

    Args:
        value: What was given.
        name: Name of the argument, as the caller knows it.

    Raises:
        ValueError: If it is not a number above 0, or is infinite or NaN.

    Example:
        >>> check_positive(0.5, "width")
        0.5
    """
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not 0 < value < np.inf:
        raise ValueError(f"`{name}` must be a positive, finite number, but is {value!r}")
    return float(value)


def check_beta(beta: Any) -> float:
    """Check one inverse temperature.

    Args:
        beta: What was given.

    Raises:
        ValueError: If it is not one positive, finite number.

    Example:
        >>> check_beta(0.5)
        0.5
    """
    try:
        array = np.asarray(beta)
        value = np.nan if array.dtype.kind in "bSU" else float(array)
    except (TypeError, ValueError):
        value = np.nan
    if not (np.isfinite(value) and value > 0):
        raise ValueError(
            f"`beta` must be one positive, finite number, but is {beta!r}; {_SMALL_BETA}"
        )
    return value


def check_betas(beta: ArrayLike) -> NDArray[np.float64]:
    """Check inverse temperatures, a number or an array of them.

    Args:
        beta: What was given, of any shape.

    Returns:
        The same numbers, float64.

    Raises:
        ValueError: If one is not positive and finite; the message says which.

    Example:
        >>> check_betas([0.5, 1])
        array([0.5, 1. ])
    """
    betas = real_array(beta, "beta")
    wrong = ~(np.isfinite(betas) & (betas > 0))
    if wrong.any():
        index = _first(wrong)
        raise ValueError(
            f"`beta` must be positive and finite, but {entry('beta', index)} is {betas[index]}; "
            f"{_SMALL_BETA}"
        )
    return betas


def check_distributions(
    p: ArrayLike, name: str = "p", *, slack: float = 0.0
) -> NDArray[np.float64]:
    """Check rows of probabilities, each of which sums to one.

    Args:
        p: What was given, shape (..., outcomes).
        name: The name of the argument, as the caller knows it.
        slack: How far below zero rounding may have brought a probability.

    Returns:
        The same probabilities, float64; neither cut off at zero nor normalised.

    Raises:
        ValueError: If there is no outcome, an entry is not finite or negative, or a row does not
            sum to one within `rounding`; the message says which.

    Example:
        >>> check_distributions([[0.5, 0.5], [0.9, 0.2]])
        Traceback (most recent call last):
        ...
        ValueError: `p` must sum to one over its last axis, but p[1] sums to 1.1; normalise it:
        p / p.sum(axis=-1, keepdims=True)
    """
    law = real_array(p, name)
    if law.ndim == 0 or law.shape[-1] == 0:
        raise ValueError(
            f"`{name}` must be of shape (..., outcomes) with at least one outcome, but is of shape "
            f"{law.shape}"
        )
    least, sums = law.min(axis=-1), law.sum(axis=-1)
    if not np.isfinite(sums).all() and (wrong := ~np.isfinite(law)).any():
        index = _first(wrong)
        raise ValueError(
            f"`{name}` must be finite, but {entry(name, index)} is {law[index]}; leave out rows "
            "without probabilities (all keys masked)"
        )
    if (least < -slack).any():
        index = _first(law < -slack)
        raise ValueError(
            f"`{name}` must not be negative, but {entry(name, index)} is {law[index]}; give "
            "probabilities"
        )
    wrong = ~(np.abs(sums - 1) <= 1e-9)
    wrong = wrong if not wrong.any() else ~(np.abs(sums - 1) <= rounding(p))
    if wrong.any():
        row = _first(wrong)
        raise ValueError(
            f"`{name}` must sum to one over its last axis, but {entry(name, row)} sums to "
            f"{sums[row]:.12g}; normalise it: {name} / {name}.sum(axis=-1, keepdims=True)"
        )
    return law


def check_object(value: Any, name: str, example: str, *methods: str) -> None:
    """Refuse what is not an object of a kind, such as its class or its name.

    Args:
        value: What was given.
        name: The name of the argument, as the caller knows it.
        example: One such object, as it is written.
        *methods: Names of the methods that objects of this kind have.

    Raises:
        ValueError: If it is a class, or an object that lacks any of the methods.

    Example:
        >>> check_object(abs, "method", "abs", "__call__")
        >>> check_object(int, "backend", "Aer()", "stream")
        Traceback (most recent call last):
        ...
        ValueError: `backend` must be an object such as `Aer()`, but is the class int; write `int()`
        >>> check_object(abs, "backend", "Aer()", "stream", "settings")
        Traceback (most recent call last):
        ...
        ValueError: `backend` must be an object such as `Aer()`, but is <built-in function abs>,
        which has no `stream` and no `settings`
    """
    expected = f"`{name}` must be an object such as `{example}`"
    if isinstance(value, type):
        raise ValueError(f"{expected}, but is the class {value.__name__}; write "
                         f"`{value.__name__}()`")  # fmt: skip
    missing = " and ".join(f"no `{method}`" for method in methods if not hasattr(value, method))
    if missing:
        raise ValueError(f"{expected}, but is {spelt(value)}, which has {missing}")


def real_array(value: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return what was given as an array of real numbers.

    Args:
        value: What was given.
        name: The name of the argument, as the caller knows it.

    Returns:
        The same, float64; no copy where none is needed.

    Raises:
        ValueError: If its rows differ in length, or it holds something else.

    Example:
        >>> real_array([1, 2], "scores")
        array([1., 2.])
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"`{name}` must be a rectangular array of real numbers, but its rows differ in length; "
            "make them equally long (short rows of scores can be padded with -inf)"
        ) from error
    if array.dtype.kind not in "iuf":
        raise ValueError(f"`{name}` must hold real numbers, but {no_numbers(array.dtype)}")
    return array.astype(np.float64, copy=False)


def check_finite(value: NDArray[Any], name: str, cure: str) -> None:
    """Refuse an array that holds an infinite number or NaN.

    Args:
        value: The array, of any shape.
        name: The name of the argument.
        cure: What to do, as the end of the error.

    Raises:
        ValueError: If an entry is not finite; it names the first one.

    Example:
        >>> check_finite(np.array([1.0, np.inf]), "couplings", "give a number")
        Traceback (most recent call last):
        ValueError: `couplings` must be finite, but couplings[1] is inf; give a number
    """
    wrong = ~np.isfinite(value)
    if wrong.any():
        place = _first(wrong)
        raise ValueError(
            f"`{name}` must be finite, but {entry(name, place)} is {value[place]}; {cure}"
        )


def no_numbers(dtype: np.dtype[Any]) -> str:
    """Say why a type holds no real numbers, and the cure, as the end of a sentence.

    Args:
        dtype: The type of an array.

    Example:
        >>> no_numbers(np.dtype("V2"))
        'is of dtype |V2, as NumPy stores bfloat16; convert it before: x.astype("float32")'
        >>> no_numbers(np.dtype(object))
        'is of dtype object, of any Python objects; convert it: numpy.array(x, dtype=float)'
    """
    if dtype.name == "bfloat16" or (dtype.kind == "V" and dtype.itemsize == 2):
        return (
            f'is of dtype {dtype}, as NumPy stores bfloat16; convert it before: x.astype("float32")'
        )
    if dtype.kind == "O":
        return "is of dtype object, of any Python objects; convert it: numpy.array(x, dtype=float)"
    if dtype.kind == "c":
        return f"is of dtype {dtype}; pass its real part if the rest is zero: x.real"
    return f"is of dtype {dtype}; convert it to a floating array first"


def rounding(values: ArrayLike) -> float:
    """How far rounding may move a sum away from one, or two equal entries apart.

    It follows from the precision in which the numbers were computed: half, single or double, in
    whatever byte order, and also single that is stored as double.

    Args:
        values: The numbers.

    Returns:
        1e-3, 1e-5 or 1e-9.

    Example:
        >>> third = np.full(3, 1 / 3)
        >>> rounding(third), rounding(third.astype(">f4")), rounding(third.astype("f2"))
        (1e-09, 1e-05, 0.001)
        >>> rounding(third.astype("f4").astype("f8"))
        1e-05
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fc":
        return 1e-9
    size = array.dtype.itemsize // (2 if array.dtype.kind == "c" else 1)
    if size > 4:
        with np.errstate(over="ignore", invalid="ignore"):
            short = array.astype(np.complex64 if array.dtype.kind == "c" else np.float32)
        size = 4 if np.array_equal(short, array) else 8
    return {2: 1e-3, 4: 1e-5}.get(size, 1e-9)


def entry(name: str, index: tuple[Any, ...]) -> str:
    """An entry or a row of an argument as it is written in Python.

    Example:
        >>> entry("scores", (3, 1)), entry("beta", ())
        ('scores[3, 1]', 'beta')
    """
    return f"{name}[{', '.join(str(int(i)) for i in index)}]" if index else name


def _first(wrong: NDArray[np.bool_]) -> tuple[np.intp, ...]:
    return np.unravel_index(int(np.argmax(wrong)), np.shape(wrong))
