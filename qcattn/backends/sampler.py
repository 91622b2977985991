"""Any Qiskit primitive of the SamplerV2 kind: simulators and hardware."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import BaseSamplerV2, BitArray
from qiskit.transpiler import PassManager

from qcattn.arguments import whole_number
from qcattn.backends.counting import Reader, collect
from qcattn.records import Counts, Prepared

__all__ = ["Sampler"]


@dataclass(frozen=True, eq=False)
class Sampler:
    """Sample with any Qiskit ``BaseSamplerV2``.

    All rows go in one call as one PUB. The primitive keeps its own seed: a seed given to a run does
    not reach it, and some (Aer's ``SamplerV2(seed=s)``) repeat the same shots at every call. Where
    Aer's runs shot by shot (reset, mid-circuit measurement, sampled noise) it may repeat shots from
    row to row; `Aer` does not.

    Attributes:
        sampler: The primitive.
        pass_manager: Run on the template first, for primitives that take a device's own gates
            only (``generate_preset_pass_manager(backend=...)``), or None.

    Example:
        >>> from qiskit.primitives import StatevectorSampler
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Amplitude
        >>> prepared = Amplitude()(Binary()([[0.0, 1.0], [0.0, 0.0]]), beta=1.0)
        >>> Sampler(StatevectorSampler(seed=1))(prepared, shots=100).shots.tolist()
        [100, 100]
    """

    sampler: BaseSamplerV2
    pass_manager: PassManager | None = None

    def __post_init__(self) -> None:
        """Check the primitive.

        Raises:
            ValueError: If it is not a SamplerV2.
        """
        if not isinstance(self.sampler, BaseSamplerV2):
            raise ValueError(
                f"`sampler` must be a Qiskit BaseSamplerV2, but is {type(self.sampler).__name__}"
            )

    def __call__(self, prepared: Prepared, shots: int, seed: Any = None) -> Counts:
        """Draw shots of every row; see `Aer`. ``seed`` is not used."""
        return collect(prepared, self.stream(prepared, shots, seed))

    def settings(self) -> dict[str, str]:
        """What is known of the primitive, for the record of a run."""
        return {"backend": type(self.sampler).__name__, "draws": "shots"}

    def stream(
        self, prepared: Prepared, shots: int, seed: Any = None
    ) -> Iterator[tuple[slice, Counts]]:
        """Draw shots of all rows: one slice of the flattened rows and its counts."""
        shots = whole_number(shots)
        values, reader = prepared.flat_values, Reader(prepared)
        # One PUB of one call: a primitive with a fixed seed repeats itself at the next one.
        data = self.sampler.run([(self.fitted(prepared), values)], shots=shots).result()[0].data
        keys = _bits(data[prepared.key_register], len(values))
        heralds: np.ndarray | None = None
        if prepared.herald_register is not None:
            heralds = np.asarray(_bits(data[prepared.herald_register], len(values)).any(axis=-1))
        yield slice(0, len(values)), reader.of_bits(keys, heralds)

    def fitted(self, prepared: Prepared) -> QuantumCircuit:
        """The template after the pass manager."""
        circuit = prepared.circuit
        return circuit if self.pass_manager is None else self.pass_manager.run(circuit)


def _bits(array: BitArray, number: int) -> np.ndarray:
    """Shots as booleans (rows, shots, num_bits), bit 0 first."""
    unpacked = np.unpackbits(array.array, axis=-1)[..., ::-1][..., : array.num_bits]
    if unpacked.shape[0] != number or unpacked.ndim != 3:
        raise RuntimeError(
            f"`sampler` gave results of shape {unpacked.shape[:-2]} for {number} rows"
        )
    return unpacked.astype(bool)
