"""Noise in a few words: depolarising, readout, thermal relaxation, or a Qiskit backend's."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    depolarizing_error,
    thermal_relaxation_error,
)

from qcattn.legible import listed, quoted
from qcattn.plurals import plural

__all__ = ["noise_options"]

_ONE_QUBIT = ["ry", "h", "x"]
_TWO_QUBIT = ["cx"]
_STRENGTH = {"depolarizing": 0.01, "readout": 0.02, "thermal": 100.0}
# Durations of a transmon's gates, nanoseconds; times of `thermal` are microseconds.
_ONE_QUBIT_NS, _TWO_QUBIT_NS = 35.0, 300.0


def noise_options(text: str, num_qubits: int | None = None) -> dict[str, Any]:
    """Options of `Aer` for a description of noise.

    Args:
        text: Parts joined by commas, each a name or name=strength: ``depolarizing`` (error
            probability of a two-qubit gate, a tenth of it on one-qubit gates), ``readout``
            (probability of reading a bit wrong), ``thermal`` (T1 = T2 in microseconds, with
            gates of 35 and 300 ns). Or a backend: ``GenericBackendV2``, or the name of a fake
            backend of qiskit-ibm-runtime, where installed.
        num_qubits: Qubits that the circuit needs; only ``GenericBackendV2``, which comes in any
            size, has to know.

    Returns:
        ``{"noise_model": ...}`` or ``{"imitate": ...}``.

    Raises:
        ValueError: If a name is unknown (the nearest is named) or a strength out of range.

    Example:
        >>> noise_options("depolarizing=0.02,readout")["noise_model"].noise_instructions
        ['cx', 'h', 'measure', 'ry', 'x']
    """
    if text == "none":
        return {}
    text = text.replace("depolarising", "depolarizing")
    if ":" in text:
        raise ValueError(
            f"`noise` must give strengths behind `=`, but is {quoted(text)}; "
            f"write {quoted(text.replace(':', '='))}"
        )
    if "," not in text and "=" not in text and text not in _STRENGTH:
        return {"imitate": _backend(text, num_qubits)}
    model = NoiseModel()
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name not in _STRENGTH:
            raise ValueError(_unknown(name, list(_STRENGTH)))
        _add(model, name, _number(name, value) if value else _STRENGTH[name])
    return {"noise_model": model}


def _add(model: NoiseModel, name: str, strength: float) -> None:
    limit = {"depolarizing": 1.0, "readout": 0.5, "thermal": float("inf")}[name]
    if not 0 < strength < limit:
        raise ValueError(
            f"`noise` has {name}={strength:g}, but it must be above 0 and below {limit:g}"
        )
    if name == "readout":
        model.add_all_qubit_readout_error(
            ReadoutError([[1 - strength, strength], [strength, 1 - strength]])
        )
        return
    if name == "depolarizing":
        one, two = depolarizing_error(strength / 10, 1), depolarizing_error(strength, 2)
    else:
        time = 1000 * strength
        one = thermal_relaxation_error(time, time, _ONE_QUBIT_NS)
        half = thermal_relaxation_error(time, time, _TWO_QUBIT_NS)
        two = half.expand(half)
    # warnings=False: a second error on a gate is composed with the first, as is wanted here.
    model.add_all_qubit_quantum_error(one, _ONE_QUBIT, warnings=False)
    model.add_all_qubit_quantum_error(two, _TWO_QUBIT, warnings=False)


def _backend(name: str, num_qubits: int | None) -> Any:
    if name == "GenericBackendV2":
        if num_qubits is None:
            raise ValueError(
                "`noise` is GenericBackendV2, which comes in any size; say how many qubits the "
                "circuit needs: noise_options('GenericBackendV2', 8)"
            )
        return GenericBackendV2(max(2, num_qubits), seed=0)
    known = [*_STRENGTH, "GenericBackendV2"]
    try:
        from qiskit_ibm_runtime import fake_provider
    except ImportError:
        if name.startswith("Fake"):
            raise ValueError(
                f"`noise` is {quoted(name)}, but the fake backends of qiskit-ibm-runtime are not "
                "installed: `pip install 'qcattn[fake]'`, or take GenericBackendV2"
            ) from None
        raise ValueError(_unknown(name, known)) from None
    fakes = [entry for entry in dir(fake_provider) if entry.startswith("Fake")]
    if name not in fakes:
        raise ValueError(_unknown(name, known + fakes))
    backend = getattr(fake_provider, name)()
    if num_qubits is not None and backend.num_qubits < num_qubits:
        raise ValueError(
            f"`noise` is {name} of {plural(backend.num_qubits, 'qubit')}, but the circuit needs "
            f"{num_qubits}; use a larger backend or fewer keys"
        )
    return backend


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ValueError(
            f"`noise` has {name}={quoted(value)}, which is not a number; write {name}=0.01"
        ) from None


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name[:80], known, 1, 0.4)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"`noise` must name one of {listed(known, 6)}, but names {quoted(name)}{hint}"
