"""Any Qiskit primitive of the SamplerV2 kind: simulators and hardware."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import BaseSamplerV2, BitArray, StatevectorSampler
from qiskit.providers import BackendV2
from qiskit.transpiler import PassManager
from qiskit.transpiler.exceptions import TranspilerError

from qcattn.arguments import check_shots
from qcattn.backends.counting import Reader
from qcattn.backends.noise_terms import NoiseTerm
from qcattn.backends.qiskit_backend import abilities_of
from qcattn.backends.simulator import Ability, Simulator, Task
from qcattn.errors import DoesNotFit
from qcattn.plurals import plural
from qcattn.records import Counts, Prepared
from qcattn.versions import version_behind

__all__ = ["STEERED", "Sampler", "backend_behind"]

#: Abilities of which a sampler tells by the target of its backend alone.
STEERED: frozenset[Ability] = frozenset({"conditional", "loop", "mid-circuit measurement", "reset"})


@dataclass(frozen=True, eq=False)
class Sampler(Simulator):
    """Sample with any Qiskit ``BaseSamplerV2``.

    All rows go in one call as one PUB. The primitive keeps its own seed: a seed given to a run does
    not reach it, and some (Aer's ``SamplerV2(seed=s)``) repeat the same shots at every call, or
    (``StatevectorSampler(seed=s)``) in every row, which a run sees and says. Where Aer's sampler
    runs shot by shot (reset, mid-circuit measurement, sampled noise) it may repeat shots from row
    to row; `Aer` does not.

    Attributes:
        sampler: The primitive.
        pass_manager: Run on the template first, for primitives that take a device's own gates
            only (``generate_preset_pass_manager(backend=...)``), or None.
        seeded: A function that makes the primitive anew with a seed, for `sample`, or None.

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
    seeded: Callable[[int], BaseSamplerV2] | None = None

    def __post_init__(self) -> None:
        """Check the primitive.

        Raises:
            ValueError: If it is not a SamplerV2.
        """
        if not isinstance(self.sampler, BaseSamplerV2):
            raise ValueError(
                f"`sampler` must be a Qiskit BaseSamplerV2, but is {type(self.sampler).__name__}"
            )

    @property
    def abilities(self) -> frozenset[Ability]:
        """What every SamplerV2 can do, what the target of its backend lists, and what is untold."""
        found: set[Ability] = {"order", "parameters"}
        backend = backend_behind(self.sampler)
        if backend is not None:
            found |= abilities_of(backend.operation_names, (), False) & STEERED
        if self.seeded is not None:
            found.add("seed")
        return frozenset(found | self.untold)

    @property
    def untold(self) -> frozenset[Ability]:
        """Control flow and resets, where no backend is behind the sampler whose target says it."""
        told = backend_behind(self.sampler) is not None
        return frozenset() if told or isinstance(self.sampler, StatevectorSampler) else STEERED

    def sample(
        self, tasks: Sequence[Task], seed: int | None = None, noise: Sequence[NoiseTerm] = ()
    ) -> list[list[np.ndarray]]:
        """Run the tasks as PUBs of one call; see `Simulator.sample`."""
        made = self.sampler if seed is None or self.seeded is None else self.seeded(seed)
        try:
            pubs = [(self._fitted(task.circuit), task.values, task.shots) for task in tasks]
        except TranspilerError as error:
            raise DoesNotFit(
                f"the sampler does not take this circuit ({error.message}); take another backend"
            ) from None
        results = made.run(pubs).result()
        return [
            list(_whole(task.circuit, one.data, len(task.values)))
            for task, one in zip(tasks, results, strict=True)
        ]

    def settings(self) -> dict[str, str]:
        """What is known about the primitive, for the record of a run."""
        return {
            "backend": type(self.sampler).__name__,
            "version": version_behind(self.sampler),
            "draws": "shots",
            "seed of the sampler": _own_seed(self.sampler),
        }

    def stream(
        self, prepared: Prepared, shots: int, seed: Any = None
    ) -> Iterator[tuple[slice, Counts]]:
        """Draw shots of all rows as one slice of the flattened rows with its counts."""
        shots = check_shots(shots)
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
        return self._fitted(prepared.circuit)

    def _fitted(self, circuit: QuantumCircuit) -> QuantumCircuit:
        return circuit if self.pass_manager is None else self.pass_manager.run(circuit)


def backend_behind(primitive: Any) -> BackendV2 | None:
    """The backend that a primitive runs on, or None; Aer's does not show it by a public name.

    Example:
        >>> from qiskit.primitives import BackendSamplerV2, StatevectorSampler
        >>> from qiskit.providers.basic_provider import BasicSimulator
        >>> backend_behind(BackendSamplerV2(backend=BasicSimulator())).name
        'basic_simulator'
        >>> backend_behind(StatevectorSampler()) is None
        True
    """
    backend = getattr(primitive, "backend", None) or getattr(primitive, "_backend", None)
    return backend if isinstance(backend, BackendV2) else None


def _own_seed(sampler: BaseSamplerV2) -> str:
    """The seed that a primitive keeps, in words."""
    seed = getattr(sampler, "seed", None)
    known = "not known" if seed is None else seed
    return f"its own, {known}; the seed of the run does not reach it"


def _bits(array: BitArray, number: int) -> np.ndarray:
    """Shots as booleans (rows, shots, num_bits), bit 0 first."""
    unpacked = np.unpackbits(array.array, axis=-1)[..., ::-1][..., : array.num_bits]
    if unpacked.shape[0] != number or unpacked.ndim != 3:
        raise RuntimeError(
            f"`sampler` gave results of shape {unpacked.shape[:-2]} for {plural(number, 'row')}"
        )
    return unpacked.astype(bool)


def _whole(circuit: QuantumCircuit, data: Any, bindings: int) -> np.ndarray:
    """All classical bits of every shot, shape (bindings, shots, clbits)."""
    place = {bit: i for i, bit in enumerate(circuit.clbits)}
    registers = {register.name: _bits(data[register.name], bindings) for register in circuit.cregs}
    shots = {bits.shape[1] for bits in registers.values()}
    out = np.zeros((bindings, max(shots), circuit.num_clbits), dtype=bool)
    for register in circuit.cregs:
        for q, bit in enumerate(register):
            out[..., place[bit]] = registers[register.name][..., q]
    return out
