"""A backend, and its noise, from whatever a caller has: an object of ours, a name, Qiskit's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qiskit.primitives import BaseSamplerV2
from qiskit.providers import BackendV2
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from qcattn.arguments import check_object
from qcattn.backends.aer import Aer
from qcattn.backends.named import adapted, making
from qcattn.backends.noise import noise_options
from qcattn.backends.protocol import Backend
from qcattn.legible import spelt

__all__ = ["RUN", "backend_of", "with_noise"]

#: What a run calls of a backend.
RUN = ("stream", "fitted", "settings")

#: Options of an `AerSimulator` that `Aer` has too.
_SHARED = ("method", "device", "precision", "noise_model")


def backend_of(value: Any, name: str = "backend", *methods: str) -> Backend:
    """Make a backend of an object, a name, a primitive or a Qiskit backend.

    Args:
        value: What to make a backend of: None for `Aer`, an object of `qcattn.backends`, a text as
            `qcattn.backends.named.making` takes it (a class of that folder, an entry point, or
            ``module:factory``), a ``BaseSamplerV2``, an ``AerSimulator`` (its method, device,
            precision and noise are taken), or any other ``BackendV2``.
        name: The name of the argument, as the caller knows it.
        *methods: Names of the methods that the caller calls, such as `RUN`; ``__call__`` if none is
            named.

    Raises:
        ValueError: If it is nothing of that; the cure is named.

    Example:
        >>> from qiskit.primitives import StatevectorSampler
        >>> type(backend_of(StatevectorSampler())).__name__, type(backend_of("aer")).__name__
        ('Sampler', 'Aer')
        >>> type(backend_of("qiskit.primitives:StatevectorSampler")).__name__
        'Sampler'
    """
    if value is None:
        return Aer()
    if isinstance(value, str):
        found = making(value, name)
        _check_shared(value, found.value, found.options, name)
        value = found.value
    if isinstance(value, AerSimulator):
        options = {key: getattr(value.options, key, None) for key in _SHARED}
        return Aer(**{key: one for key, one in options.items() if one is not None})
    if isinstance(value, BaseSamplerV2 | BackendV2):
        return adapted(value, name)
    check_object(value, name, "Aer()", *(methods or ("__call__",)))
    backend: Backend = value
    return backend


def _check_shared(text: str, value: Any, options: dict[str, Any], name: str) -> None:
    """Refuse options of an `AerSimulator` that a run would drop."""
    more = sorted(set(options) - set(_SHARED))
    if isinstance(value, AerSimulator) and more:
        raise ValueError(
            f"`{name}` is {text!r}, but a run takes {', '.join(_SHARED)} of an AerSimulator and "
            f"would drop {', '.join(more)}; leave that out, or test it by `qcattn conformance`"
        )


def with_noise(backend: Any, noise: Any, num_qubits: int) -> Any:
    """Return the backend with noise added.

    Args:
        backend: An `Aer`, unless there is no noise.
        noise: A description as `noise_options` takes it, an Aer ``NoiseModel``, a ``BackendV2``
            that is imitated; None or "none" for none.
        num_qubits: Qubits that the circuit needs.

    Raises:
        ValueError: If the noise is nothing of that, or the backend brings its own or cannot have
            any.

    Example:
        >>> with_noise(Aer(), "readout=0.01", 3).settings()["noise"]
        'on measure'
    """
    if noise is None or noise == "none":
        return backend
    if isinstance(noise, str):
        options = noise_options(noise, num_qubits)
    elif isinstance(noise, NoiseModel):
        options = {"noise_model": noise}
    elif isinstance(noise, BackendV2):
        options = {"imitate": noise}
    else:
        raise ValueError(
            "`noise` must be text such as 'readout=0.01', a NoiseModel or a BackendV2, but is "
            f"{spelt(noise)}"
        )
    if not isinstance(backend, Aer):
        raise ValueError(
            f"`noise` is simulated by Aer, but `backend` is {type(backend).__name__}, whose noise "
            "is its own; leave out one of the two"
        )
    if backend.noise_model is not None or backend.imitate is not None:
        raise ValueError("`noise` is given, and `backend` has noise already; leave out one of them")
    return replace(backend, **options)
