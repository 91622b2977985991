"""What every backend can do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from qiskit import QuantumCircuit

from qcattn.records import Counts, Prepared

__all__ = ["Backend"]


class Backend(Protocol):
    """Anything that turns a prepared circuit, shots and a seed into counts."""

    def __call__(self, prepared: Prepared, shots: int, seed: Any = None) -> Counts:
        """Draw shots of every row.

        Args:
            prepared: Circuits of shape (...).
            shots: Shots a row, 1 or more.
            seed: What `numpy.random.default_rng` takes.

        Returns:
            Counts of shape (...).
        """

    def stream(
        self, prepared: Prepared, shots: int, seed: Any = None
    ) -> Iterator[tuple[slice, Counts]]:
        """Draw the same shots part by part, as slices of the flattened rows with their counts."""

    def fitted(self, prepared: Prepared) -> QuantumCircuit:
        """The circuit as it runs, written in the gates of the backend."""

    def settings(self) -> dict[str, str]:
        """Options as strings, for the record of a run."""
