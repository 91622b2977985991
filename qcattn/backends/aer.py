"""Qiskit Aer: one bound template for all rows, independent seeds, exact draws if asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Clbit
from qiskit.providers import BackendV2
from qiskit.transpiler import Target, TranspilerError
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from qcattn.apart import PROCESS, WORTH, apart
from qcattn.arguments import check_shots, whole_number
from qcattn.backends.born import roll, without_measurements
from qcattn.backends.counting import Reader, collect
from qcattn.backends.gpu import gpu_refused, gpu_works
from qcattn.backends.joined_rows import JoinedRows, join_rows
from qcattn.backends.memory import Footprint, active_qubits, footprint
from qcattn.backends.pace import draw_seconds, ends_in_measurements, number_of_gates
from qcattn.backends.readout import apply_readout, check_single, readout_matrices
from qcattn.backends.streams import (
    MOST_SHOTS_OF_RUN,
    base_seed,
    check_bound,
    results,
    run_bound,
)
from qcattn.errors import DoesNotFit
from qcattn.forecast import Forecast, duration
from qcattn.machine import cores, memory_bytes
from qcattn.progress import tell
from qcattn.readings.circuits import measured_qubits, operations_of
from qcattn.readings.light_cone import light_cone
from qcattn.records import Counts, Prepared
from qcattn.seeds import entropy

__all__ = ["Aer"]

_SHOTS_OF_CHUNK = 2**19
_NUMBERS_OF_CHUNK = 2**22
# Instructions after which one run is one trajectory, unless it is of a density matrix.
_NOT_UNITARY = {"reset", "initialize", "kraus", "superop", "quantum_channel"}
# Qubits from which on born draws are quicker on more than one core.
_WORTHWHILE = 7
# Qubits from which on the cores work on one state together, and a GPU gains on any draws.
_LARGE = 16
# Qubits of a density matrix without noise up to which Aer is twice as quick if it fuses no gates,
# which makes matrices of 16 by 16 of them.
_UNFUSED = 9
# Qubits from which on a GPU gains on a core or two, each of which has rows of its own, and the
# most such cores: a row of 14 qubits takes it 12 ms and one core 32, of 12 qubits 11 ms each. Exact
# draws never gain: on a GPU, Aer takes 20 microseconds for each probability that it saves (an H200;
# `tests/benchmarks/RESULTS.md`).
_GPU_FROM, _FEW_CORES = 14, 2


@dataclass(frozen=True, eq=False)
class Aer:
    """Sample on the Aer simulator.

    All rows share one template, whose parameters Aer binds itself; rows go in chunks, so that
    progress shows and memory stays small. Each row has its own stream, laid out from one
    SeedSequence: the counts do not depend on the chunks. Circuits that Aer runs shot by shot
    (reset, mid-circuit measurement, sampled noise) are found out by running the first row, and
    then run one a job with seeds further apart than shots; in one job, Aer would repeat the
    shots of one circuit in the next.

    Attributes:
        method: Aer's simulation method, ``"automatic"`` lets Aer choose.
        device: ``"CPU"``, ``"GPU"``, or ``"auto"``: the GPU where it pays, if there is one that
            gives the probabilities of the CPU (`qcattn.backends.gpu`): for shots of 16 qubits
            or more, and against one core or two from 14 qubits on; for exact draws never.
        precision: ``"double"`` or ``"single"``.
        draws: ``"shots"``: Aer's own sampling. ``"born"``: Aer's exact outcome probabilities, then
            a multinomial draw; faster, and blind to faults in Aer's sampling. Without noise of
            gates, those that no reading can tell from none are left out
            (`qcattn.readings.light_cone`): the copies of `Purification` and of `Heralded` cost
            nothing. On the CPU's statevector rows then run side by side in one circuit, and
            rotations that other qubits control are joined to one diagonal instruction
            (`qcattn.backends.joined_rows`): the same law to 1e-12, but it is Aer's diagonals that
            compute it, and not its ry and cx.
        noise_model: Gate and readout errors, or None.
        imitate: A Qiskit backend whose gates, couplings and noise are imitated, or None.
        memory: Bytes that drawing may take at its peak, beside what the process holds: the state,
            the template and as many rows at once as fit; None: half of what
            there is (`qcattn.machine.memory_bytes`: of the machine, its containers and limits).
        workers: Rows that are simulated at the same time, each by a core; None: as many as there
            are cores (`qcattn.machine.cores`). The counts are the same for any number. Circuits of
            16 qubits or more (8 of a density matrix), whose cores work on one state together,
            those on a GPU, and those that Aer runs shot by shot go one by one; so do born draws of
            fewer than 7 qubits, where a second core costs more than it brings, if this is None.
            Born draws gain little from a second core (1.1 times at 128 keys): most of their time
            goes into handing numbers to Aer, which Python does one thread at a time.

    Example:
        >>> from qcattn.encodings import Binary
        >>> from qcattn.preparations import Amplitude
        >>> prepared = Amplitude()(Binary()([[0.0, 1.0], [0.0, 0.0]]), beta=1.0)
        >>> counts = Aer(device="CPU")(prepared, shots=100, seed=1)
        >>> counts.keys.shape, counts.shots.tolist()
        ((2, 2), [100, 100])
    """

    method: str = "automatic"
    device: Literal["auto", "CPU", "GPU"] = "auto"
    precision: Literal["double", "single"] = "double"
    draws: Literal["shots", "born"] = "shots"
    noise_model: NoiseModel | None = None
    imitate: BackendV2 | None = None
    memory: int | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ValueError: If an option has a value that Aer or this backend does not know.
        """
        known = {
            "method": AerSimulator().available_methods(),
            "device": ("auto", "CPU", "GPU"),
            "precision": ("double", "single"),
            "draws": ("shots", "born"),
        }
        for name, values in known.items():
            value = getattr(self, name)
            if value not in values:
                raise ValueError(f"`{name}` must be one of {', '.join(values)}, but is {value!r}")
        if self.memory is not None and not 0 < self.memory < 2**63:
            raise ValueError(
                f"`memory` must be positive, and below 2**63 bytes, but is {self.memory!r}"
            )
        if self.workers is not None:
            whole_number(self.workers, "workers")
        if self.noise_model is not None:
            check_single(self.noise_model)
        if self.noise_model is not None and self.imitate is not None:
            raise ValueError(
                "`noise_model` and `imitate` both bring noise; give one of them "
                "(`NoiseModel.from_backend` makes a model that can be changed)"
            )

    def __call__(self, prepared: Prepared, shots: int, seed: Any = None) -> Counts:
        """Draw shots of every row.

        Args:
            prepared: Template and values, shape (...).
            shots: Shots a row, positive; more than Aer takes at once are split.
            seed: Anything `numpy.random.default_rng` takes.

        Returns:
            Counts of shape (...).

        Raises:
            ValueError: If shots is not positive, or the circuit does not fit ``draws``.
            TooLarge: If one row does not fit into ``memory`` (before any of it is taken).
            RuntimeError: If Aer refuses the circuit or loses a row.
        """
        return collect(prepared, self.stream(prepared, shots, seed))

    def stream(
        self, prepared: Prepared, shots: int, seed: Any = None
    ) -> Iterator[tuple[slice, Counts]]:
        """Draw shots part by part, as slices of the flattened rows with their counts, which add up.

        What is foreseen to take long is drawn by a process of its own, which Ctrl-C ends at once;
        the counts are the same.
        """
        shots, root = check_shots(shots), entropy(seed)
        at_once, foreseen = self.rows_at_once(prepared, shots), self.foreseen(prepared, shots)
        jobs = len(prepared.flat_values) / at_once * self._parts(shots)
        left = self._limit() - PROCESS
        if foreseen.seconds < WORTH * jobs or self.footprint(prepared, shots).peak(1) > left:
            return self._drawn(prepared, shots, root)
        return replace(self, memory=left)._drawn_apart(prepared, shots, root, foreseen)

    def foreseen(self, prepared: Prepared, shots: int) -> Forecast:
        """The time that drawing is foreseen to take, from the template and a short measurement.

        Seconds are infinite where nobody can tell: large circuits by methods other than a
        statevector or a density matrix.

        Example:
            >>> from qcattn.encodings import Binary
            >>> from qcattn.preparations import Purification
            >>> prepared = Purification()(Binary()([0.0, 1.0, 1.0]), beta=1.0)
            >>> Aer(device="CPU").foreseen(prepared, 100).seconds < 0.1
            True
        """
        circuit, need = self._simulated(prepared), self.footprint(prepared, shots)
        joined = self._joined_rows(prepared)
        rows, exact = len(prepared.flat_values), self.draws == "born"
        if not need.state:
            small = active_qubits(circuit) < _LARGE
            seconds = 0.0 if small else float("inf")
        else:
            noise = self._noise()
            pure = not _mixes(circuit, noise) and ends_in_measurements(circuit)
            again = not (pure or need.mixed or exact)
            seconds = draw_seconds(
                circuit,
                lambda: self._simulator(circuit, noise),
                mixed=need.mixed,
                noisy=bool(_noisy_gates(noise)),
                again=again,
                passes=rows * (shots if again else self._parts(shots)),
                shots=0 if exact else rows * shots,
                gates=joined.passes if joined else number_of_gates(circuit),
            )
            seconds += rows * joined.seconds if joined else 0.0
        peak = need.peak(self.rows_at_once(prepared, shots))
        return Forecast(seconds, peak, number_of_gates(circuit))

    def memories(self, prepared: Prepared, shots: int, seed: Any = None) -> np.ndarray:
        """The same shots one by one, in the order in which Aer drew them.

        Args:
            prepared: Template and values, shape (...).
            shots: Shots a row, positive.
            seed: Anything `numpy.random.default_rng` takes; a call with the same seed counts the
                same shots.

        Returns:
            Shape (..., shots): the key of each shot; num_keys for a stray, num_keys + 1 where the
            herald fired.

        Raises:
            ValueError: If a call raises it, or if ``draws`` is ``"born"``, which has no order of
                shots.

        Example:
            >>> from qcattn.encodings import Binary
            >>> from qcattn.preparations import Amplitude
            >>> prepared = Amplitude()(Binary()([0.0, 1.0, 1.0]), beta=1.0)
            >>> memory = Aer(device="CPU").memories(prepared, 100, seed=1)
            >>> bool((np.bincount(memory) == Aer(device="CPU")(prepared, 100, seed=1).keys).all())
            True
        """
        if self.draws == "born":
            raise ValueError(
                "`draws` is 'born', which draws counts and no single shots; use 'shots'"
            )
        shots, root = check_shots(shots), entropy(seed)
        circuit, reader = self.fitted(prepared), Reader(prepared)
        out = np.empty((len(prepared.flat_values), shots), np.int64)
        filled = np.zeros(len(out), np.int64)
        for rows, drawn in self._results(
            prepared, circuit, self._noise(), shots, root, memory=True
        ):
            part = [
                reader.columns((int(text, 16) for text in one.data.memory), one.shots)
                for one in drawn
            ]
            first = filled[rows.start]
            out[rows, first : first + len(part[0])] = part
            filled[rows] += len(part[0])
        return out.reshape(*prepared.shape, shots)

    def rows_at_once(self, prepared: Prepared, shots: int) -> int:
        """How many rows go to Aer together: as many as fit into ``memory``, up to a bound.

        Raises:
            TooLarge: If not even one row fits; the message says how many bytes it takes.
        """
        fit = self.footprint(prepared, shots).rows_at_once(self._limit())
        if self.draws == "born":
            helpful = _NUMBERS_OF_CHUNK >> prepared.circuit.num_clbits
        else:
            helpful = _SHOTS_OF_CHUNK // shots
        return max(1, min(fit, helpful, len(prepared.flat_values)))

    def peak_bytes(self, prepared: Prepared, shots: int) -> int:
        """The most bytes that drawing is predicted to take on top of what the process holds."""
        return self.footprint(prepared, shots).peak(self.rows_at_once(prepared, shots))

    def footprint(self, prepared: Prepared, shots: int) -> Footprint:
        """The memory that drawing takes, predicted from the template alone."""
        circuit = self._simulated(prepared)
        exact = self.draws == "born"
        mixed = self.method == "density_matrix"
        if self.method == "automatic" and _mixes(circuit, self._noise()):
            # Aer itself takes the density matrix where gates have noise, and it has fewer rows than
            # there are shots; a circuit that resets qubits is walked through for every shot.
            noisy = bool(_noisy_gates(self._noise()))
            mixed = exact or (noisy and shots > 2 ** active_qubits(circuit))
        rows, joined = len(prepared.flat_values), self._joined_rows(prepared)
        return footprint(
            circuit,
            workers=min(self._workers(circuit), rows),
            rows=rows,
            keys=len(prepared.codewords),
            shots=shots,
            dense=self.method in ("automatic", "statevector", "density_matrix", "unitary"),
            mixed=mixed,
            single=self.precision == "single",
            exact=exact,
            numbers=joined.numbers_at_once(rows, self._workers(circuit)) if joined else None,
        )

    def fitted(self, prepared: Prepared) -> QuantumCircuit:
        """The template in the gates in which it runs: its own, or those that carry the noise.

        A gate that Aer does not know, such as `prepare_state` or a circuit made a gate, is written
        in those that it knows.
        """
        circuit, noise = prepared.circuit, self._noise()
        if self.imitate is not None:
            return transpile(circuit, self.imitate, optimization_level=1, seed_transpiler=0)
        if noise is not None:
            used = set(circuit.count_ops()) - {"measure", "reset", "barrier"}
            noisy = set(noise.noise_instructions) - {"measure", "reset"}
            if used - noisy and noisy - used:
                return transpile(circuit, basis_gates=noise.basis_gates, optimization_level=1)
        own = _operations(circuit.num_qubits, self._unfit(circuit))
        if not operations_of(circuit) <= {*own.operation_names, "barrier"}:
            try:
                return transpile(circuit, target=own, optimization_level=0)
            except TranspilerError as error:
                raise DoesNotFit(
                    f"Aer does not take this circuit: {error.message}; give each gate a definition"
                ) from error
        return circuit

    def _unfit(self, circuit: QuantumCircuit) -> frozenset[str]:
        """The operations that Aer takes in this circuit and draws wrongly, without a word.

        Scripts that show both are listed in ``circuits/README.md``.
        """
        unfit = set()
        if active_qubits(circuit) < circuit.num_qubits:
            # It leaves out the idle qubits, and does not number the controls anew.
            unfit.add("multiplexer")
        if self.method == "matrix_product_state":
            unfit.add("initialize")  # right alone where the qubits are entangled with no others
        return frozenset(unfit)

    def _simulated(self, prepared: Prepared) -> QuantumCircuit:
        """The circuit that Aer is given: for exact draws what the readings depend on, if pure."""
        return self._known(prepared).circuit

    def _joined_rows(self, prepared: Prepared) -> JoinedRows | None:
        """What runs the rows of exact draws together, on a statevector of the CPU."""
        known = self._known(prepared)
        # A GPU was measured, and found right, row by row alone.
        return known.joined if self.device != "GPU" and self._joins(known.circuit) else None

    def _joins(self, circuit: QuantumCircuit) -> bool:
        """Whether rows of a circuit may run together: exact draws of a statevector."""
        exact = self.draws == "born" and self.method in ("automatic", "statevector")
        return exact and not _mixes(circuit, self._noise())

    def _known(self, prepared: Prepared) -> _Simulated:
        options = (self.draws, self.noise_model, self.imitate)
        for known in _SIMULATED.get(prepared, ()):
            if all(one is other for one, other in zip(known.options, options, strict=True)):
                return known
        circuit = fitted = self.fitted(prepared)
        if self.draws == "born" and not _noisy_gates(self._noise()):
            circuit = light_cone(circuit)
        found = _Simulated(options, fitted, circuit)
        _SIMULATED[prepared] = [found, *_SIMULATED.get(prepared, ())[:1]]
        return found

    def readout(self, prepared: Prepared) -> list[np.ndarray]:
        """The noise's confusion matrix of each key bit, for `expected` and for mitigation.

        Returns:
            A matrix (2, 2) for each bit of the key, bit 0 first; ``[j, i]`` is the chance to read j
            where i was prepared.
        """
        noise = self._noise() or NoiseModel()
        circuit = self.fitted(prepared)
        (key,) = [each for each in circuit.cregs if each.name == prepared.key_register]
        return readout_matrices(noise, _behind(circuit, key))

    def on(self, circuit: QuantumCircuit) -> str:
        """The device on which a circuit runs, ``"CPU"`` or ``"GPU"``."""
        if self.device != "auto":
            return self.device
        few = (self.workers or cores()) <= _FEW_CORES and not _mixes(circuit, self._noise())
        least = _GPU_FROM if few else _LARGE
        pays = self.draws == "shots" and active_qubits(circuit) >= least
        return "GPU" if pays and gpu_works() else "CPU"

    def settings(self) -> dict[str, str]:
        """The options as strings, for the record of a run."""
        noise = "none"
        if self.imitate is not None:
            noise = f"as {self.imitate.name}"
        elif self.noise_model is not None and not self.noise_model.is_ideal():
            noise = f"on {', '.join(sorted(self.noise_model.noise_instructions))}"
        return {
            "backend": "Aer",
            "draws": self.draws,
            "method": self.method,
            "device": "CPU" if self.device == "auto" and not gpu_works() else self.device,
            "precision": self.precision,
            "noise": noise,
        }

    def _noise(self) -> NoiseModel | None:
        return self.noise_model if self.imitate is None else self._imitated

    @cached_property
    def _imitated(self) -> NoiseModel:
        """The noise of the backend that is imitated, which takes seconds for many qubits."""
        return NoiseModel.from_backend(self.imitate)

    def _simulator(self, circuit: QuantumCircuit, noise: NoiseModel | None) -> AerSimulator:
        options: dict[str, Any] = {
            "method": self.method,
            "precision": self.precision,
            "runtime_parameter_bind_enable": circuit.num_parameters > 0,
            # Where Aer runs several shots at once, it takes no more states than fit.
            "max_memory_mb": max(1, self._limit() >> 20),
        }
        if (qubits := active_qubits(circuit)) < _LARGE:
            # One thread: on small states several are slower, and far slower on a busy machine. Aer
            # looks a shot up along 2^n probabilities; an index of half the qubits is quickest.
            options["max_parallel_threads"] = 1
            options["statevector_sample_measure_opt"] = (qubits + 1) // 2
        if noise is not None:
            options["noise_model"] = noise
        elif self.method == "density_matrix" and qubits <= _UNFUSED:
            options["fusion_enable"] = False
        if self.device == "GPU" and not gpu_works():
            raise ValueError(
                f"`device` is 'GPU', but {gpu_refused()}; use 'CPU', or, where there is another "
                "GPU or none is known, qiskit-aer-gpu in place of qiskit-aer (never both)"
            )
        # On a GPU never `batched_shots_gpu`, with which Aer gives wrong counts without a word, of
        # gates on two qubits whose angles differ by row and of thermal relaxation.
        return AerSimulator(device=self.on(circuit), **options)

    def _parts(self, shots: int) -> int:
        """Parts in which so many shots of a row are drawn."""
        return 1 if self.draws == "born" else -(-shots // MOST_SHOTS_OF_RUN)

    def _limit(self) -> int:
        """Bytes that drawing may take."""
        return self.memory or memory_bytes() // 2

    def _drawn(self, prepared: Prepared, shots: int, root: int) -> Iterator[tuple[slice, Counts]]:
        """Draw in this process."""
        noise, circuit = self._noise(), self._simulated(prepared)
        draw = self._born if self.draws == "born" else self._sample
        yield from draw(prepared, circuit, noise, shots, root)

    def _drawn_apart(
        self, prepared: Prepared, shots: int, root: int, foreseen: Forecast
    ) -> Iterator[tuple[slice, Counts]]:
        """Draw in a process of its own, and tell meanwhile how far the forecast says it is."""
        rows, drawn = len(prepared.flat_values), 0

        def waiting(seconds: float) -> None:
            left = foreseen.seconds * (1 - drawn / (rows * shots)) - seconds
            done = rows * (1 - left / foreseen.seconds)
            if left > 0:  # neither infinite nor passed
                tell(done, rows, f"rows, {duration(left)} left")

        for place, counts in apart(Aer._drawn, self, prepared, shots, root, waiting=waiting):
            drawn += int(counts.shots.sum())
            yield place, counts

    def _results(
        self,
        prepared: Prepared,
        circuit: QuantumCircuit,
        noise: NoiseModel | None,
        shots: int,
        root: int,
        **asked: Any,
    ) -> Iterator[tuple[slice, list[Any]]]:
        """Rows, and Aer's results of a part of their shots."""
        at_once, values = self.rows_at_once(prepared, shots), prepared.flat_values
        simulator = self._simulator(circuit, noise)
        workers = self._workers(circuit)
        return results(simulator, circuit, values, shots, root, at_once, workers, **asked)

    def _workers(self, circuit: QuantumCircuit) -> int:
        """Rows that are simulated at the same time."""
        mixed = self.method == "density_matrix" or _mixes(circuit, self._noise())
        if active_qubits(circuit) * (2 if mixed else 1) >= _LARGE or self.on(circuit) == "GPU":
            return 1
        if self.workers is None and self.draws == "born" and active_qubits(circuit) < _WORTHWHILE:
            return 1
        return self.workers or cores()

    def _sample(
        self,
        prepared: Prepared,
        circuit: QuantumCircuit,
        noise: NoiseModel | None,
        shots: int,
        root: int,
    ) -> Iterator[tuple[slice, Counts]]:
        reader = Reader(prepared)
        for rows, drawn in self._results(prepared, circuit, noise, shots, root):
            yield rows, reader.of_dicts([one.data.counts for one in drawn])

    def _born(
        self,
        prepared: Prepared,
        circuit: QuantumCircuit,
        noise: NoiseModel | None,
        shots: int,
        root: int,
    ) -> Iterator[tuple[slice, Counts]]:
        mixed = _mixes(circuit, noise)
        if noise is not None and any(
            error["type"] == "qerror" and "measure" in error["operations"]
            for error in noise.to_dict()["errors"]
        ):
            raise ValueError(
                "`noise_model` has a gate error on measuring, which draws='born' does not "
                "apply; use draws='shots', or a readout error"
            )
        if mixed and self.method not in ("automatic", "density_matrix"):
            raise ValueError(
                f"`method` is {self.method!r} with draws='born' and a reset or gate noise: "
                "probabilities are exact on 'density_matrix' only; use it, or draws='shots'"
            )
        if "initialize" in circuit.count_ops():
            # Aer's density matrix knows it as a reset and gates only.
            circuit = transpile(circuit, AerSimulator(method="density_matrix"))
        values, fitted = prepared.flat_values, self._known(prepared).fitted
        if circuit.num_parameters < fitted.num_parameters == values.shape[-1]:
            places = {each: place for place, each in enumerate(fitted.parameters)}
            values = values[:, [places[each] for each in circuit.parameters]]
        check_bound(circuit, values)
        simulator, workers = self._simulator(circuit, noise), self._workers(circuit)
        circuit, measured = without_measurements(circuit)
        if mixed:
            simulator.set_options(method="density_matrix")
        if joined := self._joined_rows(prepared):
            simulator.set_options(runtime_parameter_bind_enable=False)
        else:  # no copy: a template of native multiplexers may be large
            circuit.save_probabilities(measured, label="law")
        chunk, reader = self.rows_at_once(prepared, shots), Reader(prepared)
        key = base_seed(root, 0)
        behind = _behind(fitted, fitted.clbits)
        for start in range(0, len(values), chunk):
            rows = slice(start, min(start + chunk, len(values)))
            if joined:
                outcomes = joined.laws(simulator, values[rows], measured, workers)
            else:
                drawn = run_bound(simulator, circuit, values[rows], 1, 0, workers)
                outcomes = np.array([one.data.law for one in drawn])
                del drawn
            if noise is not None:
                outcomes = apply_readout(outcomes, noise, behind)
            np.clip(outcomes, 0, None, out=outcomes)
            outcomes /= outcomes.sum(axis=-1, keepdims=True)
            yield rows, reader.of_vectors(roll(outcomes, shots, key, start))


def _mixes(circuit: QuantumCircuit, noise: NoiseModel | None) -> bool:
    """Whether the state before reading is a mixture of trajectories."""
    return bool(_noisy_gates(noise) or set(circuit.count_ops()) & _NOT_UNITARY)


def _behind(circuit: QuantumCircuit, bits: Iterable[Clbit]) -> list[int]:
    """The number of the qubit that is measured into each bit."""
    qubit_of = measured_qubits(circuit)
    return [circuit.find_bit(qubit_of[bit]).index for bit in bits]


def _noisy_gates(noise: NoiseModel | None) -> set[str]:
    """Names of the gates that have errors; an error of reading mixes no state."""
    return set(noise.noise_instructions) - {"measure"} if noise is not None else set()


@dataclass(frozen=True, eq=False)
class _Simulated:
    """A template as it is fitted and as it is simulated, with the options that it hangs on."""

    options: tuple[Any, ...]
    fitted: QuantumCircuit
    circuit: QuantumCircuit

    @cached_property
    def joined(self) -> JoinedRows | None:
        """The template with its rows run together."""
        return join_rows(self.circuit)


#: The last two simulations of each prepared template.
_SIMULATED: WeakKeyDictionary[Prepared, list[_Simulated]] = WeakKeyDictionary()


@lru_cache(maxsize=8)
def _operations(num_qubits: int, without: frozenset[str]) -> Target:
    """The operations that Aer runs as they are, on so many qubits, but for some."""
    known, target = AerSimulator().target, Target(num_qubits=num_qubits)
    for name in known.operation_names:
        if name not in without:
            target.add_instruction(known.operation_from_name(name), name=name)
    return target
