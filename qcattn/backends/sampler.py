"""Any Qiskit primitive of the SamplerV2 kind: simulators and hardware."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.primitives import BaseSamplerV2, BitArray
from qiskit.transpiler import PassManager

from qcattn.backends.reading import Reader, collect
from qcattn.records import Counts, Prepared

__all__ = ["Sampler"]

_SHOTS_OF_CHUNK = 2**22


@dataclass(frozen=True, eq=False)
class Sampler:
    """Sample with any Qiskit ``BaseSamplerV2``.

    The primitive keeps its own seed: a seed given to a run does not reach it, and some (Aer's
    ``SamplerV2(seed=s)``) repeat the same shots at every call.

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
        """Draw shots chunk by chunk: slices of the flattened rows and their counts."""
        if shots < 1:
            raise ValueError(f"`shots` must be 1 or more, but is {shots}")
        circuit = prepared.circuit
        if self.pass_manager is not None:
            circuit = self.pass_manager.run(circuit)
        values = prepared.flat_values
        reader = Reader(prepared)
        chunk = max(1, _SHOTS_OF_CHUNK // shots)
        for start in range(0, len(values), chunk):
            rows = slice(start, min(start + chunk, len(values)))
            data = self.sampler.run([(circuit, values[rows])], shots=shots).result()[0].data
            keys = _bits(data[prepared.key_register], rows)
            heralds = None
            if prepared.herald_register is not None:
                heralds = _bits(data[prepared.herald_register], rows)[..., 0]
            yield rows, reader.of_bits(keys, heralds)


def _bits(array: BitArray, rows: slice) -> np.ndarray:
    """Shots as booleans (rows, shots, num_bits), bit 0 first."""
    number = rows.stop - rows.start
    unpacked = np.unpackbits(array.array, axis=-1)[..., ::-1][..., : array.num_bits]
    if unpacked.shape[0] != number or unpacked.ndim != 3:
        raise RuntimeError(
            f"`sampler` gave results of shape {unpacked.shape[:-2]} for {number} rows"
        )
    return unpacked.astype(bool)
