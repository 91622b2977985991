"""What a student has set on the page: scores, temperature, circuit, reading, noise; all checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from qcattn.arguments import check_beta
from qcattn.attention import check_scores
from qcattn.names import known
from qcattn.opening import open_file
from qcattn.parsing import parse_json
from qcattn.walking import class_of, names

__all__ = ["MOST_KEYS", "READINGS", "Setup", "offered", "read_setting", "real", "setup_of"]

#: The most keys of a row on the page: four qubits.
MOST_KEYS = 16
#: Scores, inverse temperatures, fields and phases of the page are at most this large.
_MOST_SCORE, _MOST_BETA, _MOST_FIELD, _MOST_PHASE = 100.0, 100.0, 20.0, 100.0
#: The system is read in the keys (Z), or every qubit is turned first by a Hadamard gate (X).
READINGS = ("keys", "turned")
#: What the page saves of itself beside its setting.
_OF_PAGE = ("tokens", "seed", "rate", "step")
#: Preparations with circuits of thousands of layers, for which a class would have to wait.
_SLOW = ("SystemBath",)


@lru_cache
def offered() -> tuple[str, ...]:
    """The preparations that the page offers: all but those whose circuits are too long.

    Example:
        >>> "Heralded" in offered(), "SystemBath" in offered()
        (True, False)
    """
    return tuple(name for name in names("preparations") if name not in _SLOW)


@dataclass(frozen=True)
class Setup:
    """A setting of the page.

    Attributes:
        scores: Scores of the keys, 1 to `MOST_KEYS`, dimensionless.
        beta: Inverse temperature, positive.
        preparation: Name of a class of `qcattn.preparations`.
        field: Transverse field in units of k_B T at beta = 1; 0 for none.
        phase: Angle by which every qubit is turned around Z before it is read, radians.
        reading: `READINGS`: in the keys, or turned.
        noise: Probability of an error of a two-qubit gate (a tenth of it of a one-qubit gate) and
            of reading a bit wrong, from 0 and below 0.5.
    """

    scores: tuple[float, ...]
    beta: float = 1.0
    preparation: str = "Purification"
    field: float = 0.0
    phase: float = 0.0
    reading: str = "keys"
    noise: float = 0.0

    @property
    def noise_text(self) -> str | None:
        """The noise as text for `qcattn.backends.noise.noise_options`."""
        noise = f"{self.noise:.6g}"
        return f"depolarizing={noise},readout={noise}" if self.noise else None

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**asdict(self), "scores": list(self.scores)}


def setup_of(given: Any) -> Setup:
    """Read a setting from a page, an address or a lesson.

    Args:
        given: A mapping of the fields of `Setup`; ``scores`` must be there.

    Raises:
        ValueError: If a name is unknown or a value out of range, as the command line says it.

    Example:
        >>> setup_of({"scores": [0, 1]}).preparation
        'Purification'
        >>> setup_of({"scores": [0, 1], "beta": -1})
        Traceback (most recent call last):
        ValueError: `beta` must be one positive, finite number, but is -1; equal weights are ...
    """
    if not isinstance(given, Mapping):
        raise ValueError(
            f"a setting must be an object such as {{'scores': [0, 1]}}, but is {given!r:.80}"
        )
    of_setup = [field.name for field in fields(Setup)]
    for name in given:
        known("a name of a setting", str(name), of_setup)
    if "scores" not in given:
        raise ValueError("`scores` must be given; write one number for each key")
    whole = {**Setup((0.0,)).document(), **given}
    preparation = known("preparation", str(whole["preparation"]), offered())
    return Setup(
        scores=_scores(whole["scores"]),
        beta=_up_to(check_beta(whole["beta"]), _MOST_BETA, "beta"),
        preparation=class_of("preparations", preparation, "preparation").__name__,
        field=_between(whole["field"], "field", _MOST_FIELD),
        phase=_phase(whole["phase"]),
        reading=known("reading", str(whole["reading"]), READINGS),
        noise=_noise(whole["noise"]),
    )


def read_setting(path: str | Path) -> Setup:
    """A setting that the page saved to a file.

    Args:
        path: The file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it holds no setting; the message names the file and the cure.
    """
    try:
        with open_file(path) as file:
            said = parse_json(file.read())
        if isinstance(said, Mapping):
            said = {name: value for name, value in said.items() if name not in _OF_PAGE}
        return setup_of(said)
    except ValueError as error:
        raise ValueError(f"`{path}` holds no setting of `qcattn teach`: {error}") from error


def real(value: Any, name: str) -> float:
    """Check one finite number.

    Args:
        value: What was given.
        name: The name of the argument, as the caller knows it.

    Raises:
        ValueError: If it is none.

    Example:
        >>> real(2, "phase")
        2.0
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not np.isfinite(value):
        raise ValueError(f"`{name}` must be one finite number, but is {value!r:.80}")
    return float(value)


def _scores(given: Any) -> tuple[float, ...]:
    scores = check_scores(given)
    if scores.ndim != 1:
        raise ValueError(
            f"`scores` must be one row of numbers, but is of shape {scores.shape}; choose a row"
        )
    if len(scores) > MOST_KEYS:
        raise ValueError(
            f"`scores` must be of at most {MOST_KEYS} keys here, but is of {len(scores)}; take "
            "fewer, or `qcattn run`, which has no such bound"
        )
    wrong = ~(np.abs(scores) <= _MOST_SCORE)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(
            f"`scores` must be from -{_MOST_SCORE:g} to {_MOST_SCORE:g} here, but scores[{place}] "
            f"is {scores[place]:g}; leave out a masked key, and take a larger beta for larger ones"
        )
    return tuple(scores.tolist())


def _up_to(value: float, most: float, name: str) -> float:
    if value > most:
        raise ValueError(f"`{name}` must be at most {most:g} here, but is {value:g}; take less")
    return value


def _between(value: Any, name: str, most: float) -> float:
    number = real(value, name)
    if number < 0:
        raise ValueError(f"`{name}` must be 0 or more, but is {number:g}; 0 is none")
    return _up_to(number, most, name)


def _phase(value: Any) -> float:
    number = real(value, "phase")
    if abs(number) > _MOST_PHASE:
        raise ValueError(
            f"`phase` must be from -{_MOST_PHASE:g} to {_MOST_PHASE:g} radians here, but is "
            f"{number:g}; take off whole turns of 2 pi"
        )
    return number


def _noise(value: Any) -> float:
    number = real(value, "noise")
    if not 0 <= number < 0.5:
        raise ValueError(f"`noise` must be 0 or more and below 0.5, but is {number:g}; 0 is none")
    return number
