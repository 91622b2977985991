"""New data for every student, from one number: the same on every machine and version of NumPy.

NumPy may change what its ``Generator`` draws from one version to the next; it keeps `SeedSequence`
and the raw numbers of `PCG64`. So scores and shots are made here from raw numbers alone, and the
notebook of a student and the machine that marks it agree.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qcattn.arguments import check_distributions, check_positive, check_shots, whole_number

__all__ = ["student_counts", "student_scores", "student_seed"]


def student_seed(student: int | str, exercise: str = "") -> np.random.SeedSequence:
    """The seed of a student's own exercise.

    Args:
        student: The student, by a matriculation number or a name for example; 12, "12" and "0012"
            are one student.
        exercise: The name of the exercise. Each exercise has its own data; those of "" belong to
            none.

    Returns:
        What `numpy.random.default_rng` takes, and every ``seed`` of qcattn.

    Raises:
        ValueError: If the student is an empty text, or no whole number of 0 or more.

    Example:
        >>> student_seed(12, "coin").entropy == student_seed("0012", "coin").entropy
        True
    """
    text = (
        student.strip()
        if isinstance(student, str)
        else str(whole_number(student, "student", least=0))
    )
    if not text:
        raise ValueError("`student` must be a number or a name, but is empty; give your own name")
    said = str(int(text)) if text.isdecimal() else text
    words = (int.from_bytes(one.encode(), "little") for one in (said, exercise))
    return np.random.SeedSequence([len(said), *words])


def student_scores(
    student: int | str, keys: int = 8, *, exercise: str = "", spread: float = 3.0
) -> np.ndarray:
    """The scores of a student, well apart from each other and in an order of the student's own.

    Args:
        student: The student, as for `student_seed`.
        keys: The number of keys, 2 or more.
        exercise: The exercise, as for `student_seed`.
        spread: The distance between the lowest and the highest score, about; positive.

    Returns:
        Shape (keys,), with two digits after the point, no two alike if the spread allows it.

    Raises:
        ValueError: If there are fewer than two keys, or the spread is not positive.

    Example:
        >>> scores = student_scores(4711)
        >>> scores.shape, bool((scores == student_scores("4711")).all())
        ((8,), True)
        >>> bool((scores == student_scores(4712)).any())
        False
    """
    keys = whole_number(keys, "keys", least=2)
    width = check_positive(spread, "spread")
    draws = _uniforms(student_seed(student, f"{exercise} scores"), 2 * keys)
    step = width / (keys - 1)
    levels = step * (np.arange(keys) - (keys - 1) / 2 + 0.6 * (draws[:keys] - 0.5))
    return np.round(levels[np.argsort(draws[keys:])], 2)


def student_counts(student: int | str, law: Any, shots: int, *, exercise: str = "") -> np.ndarray:
    """Draw the counts of a student from a law, with or without a planted fault, to be judged.

    Args:
        student: The student, as for `student_seed`.
        law: Probabilities, shape (outcomes,).
        shots: The number of shots.
        exercise: The exercise, as for `student_seed`.

    Returns:
        Shape (outcomes,), whole numbers.

    Raises:
        ValueError: If the law is not one row of probabilities.

    Example:
        >>> int(student_counts(4711, [0.25, 0.75], 1000).sum())
        1000
    """
    p = check_distributions(law, "law")
    if p.ndim != 1:
        raise ValueError(f"`law` must be of shape (outcomes,), but is of shape {p.shape}")
    draws = _uniforms(student_seed(student, f"{exercise} counts"), check_shots(shots))
    edges = np.cumsum(p)
    places = np.searchsorted(edges / edges[-1], draws, side="right")
    return np.bincount(places, minlength=len(p))


def _uniforms(seed: np.random.SeedSequence, number: int) -> np.ndarray:
    """Numbers from 0 to below 1, of 53 bits each."""
    return (np.random.PCG64(seed).random_raw(number) >> np.uint64(11)) * 2.0**-53
