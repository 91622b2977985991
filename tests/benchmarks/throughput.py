"""Throughput of qcattn beside bare Aer, naive Qiskit and other simulators, in one run.

    python tests/benchmarks/throughput.py --json throughput.json  # --write: into RESULTS.md

Every way draws the same shots from the same rows: `Amplitude` on the `Binary` encoding, scores
normal with standard deviation 2. Its counts are first tested against softmax; one that fails is
refused and not timed. Then all ways take turns, in alternating order, so that whatever else the
machine does hits them alike. Slow ways get fewer rows and are compared per row. What can be done
once for all rows (templates, simulator objects, imports) is left out of the time of every way but
`run`. Peers that are not installed (extra `bench`) are skipped by name.

Everything is held to one core (naive Qiskit alone keeps its defaults), and the floor is the
fastest of several ways to call Aer; a run takes about five minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import numpy as np
import results
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import StatePreparation
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import SamplerV2

from qcattn import run, softmax
from qcattn.backends import Aer
from qcattn.comparisons import fit
from qcattn.encodings import Binary
from qcattn.preparations import Amplitude
from qcattn.records import Counts, Prepared
from qcattn.stages import compare

#: Error rate of the test of one way's counts against softmax, before it is timed.
ALPHA = 1e-8
#: Rows of the largest check.
CHECKED = 100

#: Counts (rows, keys), or a dictionary {outcome: shots} a row.
Drawn = np.ndarray | Sequence[dict[Any, int]]
Draw = Callable[[], Drawn]


@dataclass(frozen=True)
class Case:
    """Rows to be drawn.

    Attributes:
        scores: Shape (rows, keys).
        shots: Shots a row.
        seed: Of every way.
    """

    scores: np.ndarray
    shots: int
    seed: int

    @cached_property
    def softmax(self) -> np.ndarray:
        """Shape (rows, keys)."""
        return softmax(self.scores)

    @cached_property
    def prepared(self) -> Prepared:
        """Template and angles of all rows."""
        return Amplitude()(Binary()(self.scores), beta=1.0)

    @cached_property
    def gates(self) -> list[tuple[str, int, int]]:
        """The template without its measurements: ("ry", qubit, parameter), ("cx", control, target).

        Every peer runs these, and the angles of `prepared`.
        """
        circuit = self.prepared.circuit
        place = {parameter: index for index, parameter in enumerate(circuit.parameters)}
        gates = []
        for item in circuit.data:
            qubits = [circuit.find_bit(qubit).index for qubit in item.qubits]
            if item.operation.name == "ry":
                gates.append(("ry", qubits[0], place[item.operation.params[0]]))
            elif item.operation.name == "cx":
                gates.append(("cx", qubits[0], qubits[1]))
            elif item.operation.name != "measure":
                raise ValueError(f"the template has a gate {item.operation.name!r}, unknown here")
        return gates

    @property
    def num_qubits(self) -> int:
        """Qubits of the template."""
        return self.prepared.circuit.num_qubits

    @property
    def seeds(self) -> list[int]:
        """One seed a row, for simulators that are seeded circuit by circuit."""
        return np.random.SeedSequence(self.seed).generate_state(len(self.scores)).tolist()

    def first(self, rows: int) -> Case:
        """The same with fewer rows."""
        return Case(self.scores[:rows], self.shots, self.seed)


# --- the ways: each gets a case, sets up (not timed) and returns what is timed ------------------


def _end_to_end(draws: Literal["shots", "born"]) -> Callable[[Case], Draw]:
    def make(case: Case) -> Draw:
        def draw() -> Drawn:
            backend = Aer(draws=draws, device="CPU")
            result = run(
                case.scores,
                preparation=Amplitude(),
                backend=backend,
                shots=case.shots,
                seed=case.seed,
            )
            return result.counts.keys

        return draw

    return make


def _backend(draws: Literal["shots", "born"]) -> Callable[[Case], Draw]:
    def make(case: Case) -> Draw:
        prepared, backend = case.prepared, Aer(draws=draws, device="CPU")
        return lambda: backend(prepared, case.shots, case.seed).keys

    return make


def _template(half_index: bool = False) -> Callable[[Case], Draw]:
    """Bare Aer: one template, all bindings in one job.

    With ``half_index``, Aer looks a shot up in two steps of 2^(n/2) numbers instead of one of
    2^n; the shots it draws are the same.
    """

    def make(case: Case) -> Draw:
        circuit, values = case.prepared.circuit, case.prepared.values
        options: dict[str, Any] = {"max_parallel_threads": 1}
        if half_index:
            options["statevector_sample_measure_opt"] = (case.num_qubits + 1) // 2
        simulator = AerSimulator(runtime_parameter_bind_enable=True, **options)
        binds = {parameter: values[:, i] for i, parameter in enumerate(circuit.parameters)}

        def draw() -> Drawn:
            job = simulator.run(
                [circuit], parameter_binds=[binds], shots=case.shots, seed_simulator=case.seed
            )
            return [each.data.counts for each in job.result().results]

        return draw

    return make


def _bound_before(case: Case) -> Draw:
    circuits = [case.prepared.circuit.assign_parameters(row) for row in case.prepared.values]
    simulator = AerSimulator(max_parallel_threads=1)

    def draw() -> Drawn:
        job = simulator.run(circuits, shots=case.shots, seed_simulator=case.seed)
        return [each.data.counts for each in job.result().results]

    return draw


def _aer_sampler(case: Case) -> Draw:
    options = {"max_parallel_threads": 1, "runtime_parameter_bind_enable": True}
    sampler = SamplerV2(seed=case.seed, options={"backend_options": options})
    pub = (case.prepared.circuit, case.prepared.values)

    def draw() -> Drawn:
        bits = sampler.run([pub], shots=case.shots).result()[0].data.key
        return [bits.get_int_counts(row) for row in range(len(case.scores))]

    return draw


def _naive(transpiled: Callable[[QuantumCircuit], QuantumCircuit]) -> Callable[[Case], Draw]:
    def make(case: Case) -> Draw:
        simulator = AerSimulator()

        def draw() -> Drawn:
            rows = []
            for probabilities, seed in zip(case.softmax, case.seeds, strict=True):
                circuit = QuantumCircuit(case.num_qubits)
                circuit.append(StatePreparation(np.sqrt(probabilities)), range(case.num_qubits))
                circuit.measure_all()
                circuit = transpiled(circuit)
                counts = simulator.run(circuit, shots=case.shots, seed_simulator=seed).result()
                rows.append({int(text, 2): n for text, n in counts.get_counts().items()})
            return rows

        return draw

    return make


def _transpiled_for_aer(circuit: QuantumCircuit) -> QuantumCircuit:
    return transpile(circuit, AerSimulator())


def _transpiled_quickly(circuit: QuantumCircuit) -> QuantumCircuit:
    return transpile(circuit, basis_gates=["u", "cx"], optimization_level=0)


def _histogram(outcomes: Any, case: Case) -> np.ndarray:
    return np.bincount(outcomes, minlength=2**case.num_qubits)


def _qulacs_template(case: Case) -> Draw:
    import qulacs

    circuit = qulacs.ParametricQuantumCircuit(case.num_qubits)
    for name, first, second in case.gates:
        if name == "ry":
            circuit.add_parametric_RY_gate(first, 0.0)
        else:
            circuit.add_CNOT_gate(first, second)
    order = [second for name, _, second in case.gates if name == "ry"]

    def draw() -> Drawn:
        state, rows = qulacs.QuantumState(case.num_qubits), []
        # Qulacs turns the other way round: its RY(t) is exp(+i t Y / 2).
        for angles, seed in zip(
            (-case.prepared.values[:, order]).tolist(), case.seeds, strict=True
        ):
            state.set_zero_state()
            for index, angle in enumerate(angles):
                circuit.set_parameter(index, angle)
            circuit.update_quantum_state(state)
            rows.append(_histogram(state.sampling(case.shots, seed), case))
        return np.array(rows)

    return draw


def _qulacs_rebuilt(case: Case) -> Draw:
    import qulacs

    gates = case.gates

    def draw() -> Drawn:
        state, rows = qulacs.QuantumState(case.num_qubits), []
        for angles, seed in zip((-case.prepared.values).tolist(), case.seeds, strict=True):
            circuit = qulacs.QuantumCircuit(case.num_qubits)
            for name, first, second in gates:
                if name == "ry":
                    circuit.add_RY_gate(first, angles[second])
                else:
                    circuit.add_CNOT_gate(first, second)
            state.set_zero_state()
            circuit.update_quantum_state(state)
            rows.append(_histogram(state.sampling(case.shots, seed), case))
        return np.array(rows)

    return draw


def _lightning(case: Case) -> Draw:
    """PennyLane without its QNode, which takes five times as long as what it wraps."""
    import pennylane as qml

    gates, wires = case.gates, range(case.num_qubits)
    device = qml.device("lightning.qubit", wires=case.num_qubits, seed=case.seed)
    measured, places = qml.sample(wires=wires), 1 << np.arange(case.num_qubits)

    def draw() -> Drawn:
        rows = []
        for angles in case.prepared.values.tolist():
            circuit = [
                qml.RY(angles[second], first) if name == "ry" else qml.CNOT([first, second])
                for name, first, second in gates
            ]
            bits = device.execute(qml.tape.QuantumScript(circuit, [measured], shots=case.shots))
            rows.append(_histogram(np.asarray(bits) @ places, case))
        return np.array(rows)

    return draw


def _cirq(case: Case) -> Draw:
    """Cirq by state vector and `sample_state_vector`, faster than its `run`."""
    import cirq

    qubits = cirq.LineQubit.range(case.num_qubits)
    simulator = cirq.Simulator(split_untangled_states=False)
    # Cirq takes its own legacy generator.
    random = cirq.value.parse_random_state(case.seed)

    def draw() -> Drawn:
        rows = []
        for angles in case.prepared.values.tolist():
            circuit = cirq.Circuit(
                cirq.Moment(
                    cirq.ry(angles[second])(qubits[first])
                    if name == "ry"
                    else cirq.CNOT(qubits[first], qubits[second])
                )
                for name, first, second in case.gates
            )
            state = simulator.simulate(circuit, qubit_order=qubits).final_state_vector
            bits = cirq.sample_state_vector(
                state, range(case.num_qubits), repetitions=case.shots, seed=random
            )
            rows.append(_histogram(bits @ (1 << np.arange(case.num_qubits)), case))
        return np.array(rows)

    return draw


def _multinomial(case: Case) -> Draw:
    random = np.random.default_rng(case.seed)
    return lambda: random.multinomial(case.shots, softmax(case.scores))


def _comparison(case: Case) -> Draw:
    """All that `run` says of its counts, the deviations it would have seen included."""
    drawn = np.random.default_rng(case.seed).multinomial(case.shots, case.softmax)
    none = np.zeros(len(drawn), np.int64)

    def draw() -> Drawn:
        compare(Counts(drawn, none, none), case.softmax, None, 0.01)
        return drawn

    return draw


@dataclass(frozen=True)
class Way:
    """One way to draw the shots of all rows.

    Attributes:
        name: In the table.
        make: Sets up for a case and returns what is timed.
        rows: At most so many rows: slow ways get fewer.
        floor: Whether it is bare Aer on one core, a candidate for the floor.
    """

    name: str
    make: Callable[[Case], Draw]
    rows: int = sys.maxsize
    floor: bool = False


RUN, SHOTS, BORN = "qcattn run, shots", "qcattn Aer, shots", "qcattn Aer, born"
NAIVE = ("naive Qiskit", "naive Qiskit, quick transpile")
MULTINOMIAL, COMPARING = "numpy multinomial of softmax", "comparison alone"
QULACS = ("Qulacs, template", "Qulacs, rebuilt")
WAYS = (
    Way(RUN, _end_to_end("shots")),
    Way(SHOTS, _backend("shots")),
    Way("bare Aer, template", _template(), floor=True),
    Way("bare Aer, template, half index", _template(half_index=True), floor=True),
    Way("bare Aer, bound before", _bound_before, rows=100, floor=True),
    Way("bare Aer, SamplerV2", _aer_sampler, rows=100, floor=True),
    Way("qcattn run, born", _end_to_end("born")),
    Way(BORN, _backend("born")),
    Way(QULACS[0], _qulacs_template, rows=500),
    Way(QULACS[1], _qulacs_rebuilt, rows=500),
    Way("PennyLane lightning", _lightning, rows=60),
    Way("Cirq", _cirq, rows=20),
    Way(NAIVE[0], _naive(_transpiled_for_aer), rows=15),
    Way(NAIVE[1], _naive(_transpiled_quickly), rows=30),
    Way(MULTINOMIAL, _multinomial),
    Way(COMPARING, _comparison),
)


# --- checking and timing ------------------------------------------------------------------------


@dataclass(frozen=True)
class Timing:
    """What one way took; milliseconds a row, one number a repeat.

    Attributes:
        name: Of the way.
        rows: Rows a repeat.
        p_value: Of its counts against softmax; None if it was skipped.
        reason: Why it was skipped or refused; empty if it was timed.
        wall: By the clock on the wall.
        cpu: Of all cores together.
        floor: Whether it may be the floor.
    """

    name: str
    rows: int
    p_value: float | None = None
    reason: str = ""
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    floor: bool = False

    @property
    def median(self) -> float:
        """Median wall time, milliseconds a row."""
        return float(np.median(self.wall))


def check(drawn: Drawn, case: Case) -> float:
    """P-value of what a way drew against softmax; 0 if it is not even as many shots.

    Raises:
        ValueError: If there is not one row for each row.
    """
    counts = np.zeros(case.scores.shape, np.int64)
    if isinstance(drawn, np.ndarray):
        counts[:] = drawn
    else:
        for line, row in zip(counts, drawn, strict=True):
            for outcome, hits in row.items():
                line[int(outcome, 16) if isinstance(outcome, str) else outcome] += hits
    if (counts.sum(axis=-1) != case.shots).any():
        return 0.0
    return fit(counts, case.softmax).overall()


def measure(ways: Sequence[Way], case: Case, repeats: int) -> list[Timing]:
    """Check every way, then time those that are right, in turns."""
    draws: dict[str, Draw] = {}
    timings: dict[str, Timing] = {}
    for way in ways:
        mine = case.first(way.rows)
        timing = Timing(way.name, len(mine.scores), floor=way.floor)
        try:
            small = mine.first(CHECKED)
            timing = replace(timing, p_value=check(way.make(small)(), small))
            draws[way.name] = way.make(mine)
        except ImportError as error:
            timing = replace(timing, reason=f"skipped: {error.name} is not installed")
        if timing.p_value is not None and timing.p_value <= ALPHA:
            reason = f"refused: its counts are not softmax (p = {timing.p_value:.1e})"
            timing = replace(timing, reason=reason)
            del draws[way.name]
        timings[way.name] = timing
    for repeat in range(repeats):
        for name in list(draws) if repeat % 2 == 0 else reversed(draws):
            timing = timings[name]
            wall, cpu = time.perf_counter(), time.process_time()
            draws[name]()
            timing.wall.append((time.perf_counter() - wall) / timing.rows * 1e3)
            timing.cpu.append((time.process_time() - cpu) / timing.rows * 1e3)
    return list(timings.values())


def fastest(timings: Sequence[Timing]) -> Timing | None:
    """The smallest median, None if nothing was timed."""
    return min((each for each in timings if each.wall), key=lambda t: t.median, default=None)


def floor_of(timings: Sequence[Timing]) -> Timing | None:
    """The fastest of bare Aer's ways on one core."""
    return fastest([each for each in timings if each.floor])


def ratio(above: Timing, below: Timing) -> float:
    """Median over repeats of the ratio of wall times."""
    return float(np.median(np.divide(above.wall, below.wall)))


def targets(timings: Sequence[Timing]) -> list[dict[str, Any]]:
    """What was promised, what was measured, and whether it holds (None: not measured)."""

    def named(*names: str) -> Timing | None:
        return fastest([each for each in timings if each.name in names])

    def promise(
        text: str, above: Timing | None, below: Timing | None, holds: Callable[[float], bool]
    ) -> dict[str, Any]:
        if above is None or below is None:
            return {"target": text, "of": None, "measured": None, "met": None}
        value, of = ratio(above, below), f"{above.name} over {below.name}"
        return {"target": text, "of": of, "measured": value, "met": holds(value)}

    ours, born = named(RUN), named(BORN)
    return [
        promise("ours over bare Aer at most 1.1", ours, floor_of(timings), lambda x: x <= 1.1),
        promise("naive Qiskit over ours at least 8", named(*NAIVE), ours, lambda x: x >= 8),
        promise("born over Qulacs at most 0.5", born, named(*QULACS), lambda x: x <= 0.5),
        promise("born over multinomial at most 40", born, named(MULTINOMIAL), lambda x: x <= 40),
        promise(
            "comparing over sampling less than a fifth",
            named(COMPARING),
            named(SHOTS),
            lambda x: x < 0.2,
        ),
    ]


# --- telling ------------------------------------------------------------------------------------


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    facts = {
        "cores": str(os.cpu_count()),
        "load at the start": "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg()),
        "processor": platform.machine(),
        "Python": platform.python_version(),
    }
    for name in (
        *("qcattn", "qiskit", "qiskit-aer", "numpy", "scipy"),
        *("qulacs", "pennylane", "pennylane-lightning", "cirq-core"),
    ):
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            facts[name] = "not installed"
    return facts


def table(timings: Sequence[Timing]) -> list[str]:
    """Markdown."""
    floor = floor_of(timings)
    lines = [
        "| way | rows | ms a row, median | least to most | CPU ms a row | over the floor | p |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for each in timings:
        if each.wall:
            cells = [
                f"{each.median:.4g}",
                f"{min(each.wall):.3g} to {max(each.wall):.3g}",
                f"{np.median(each.cpu):.3g}",
                "floor" if each is floor else f"{ratio(each, floor):.3g}" if floor else "",
                f"{each.p_value:.2g}",
            ]
        else:
            cells = [each.reason, "", "", "", ""]
        lines.append(f"| {each.name} | {each.rows} | {' | '.join(cells)} |")
    return lines


def main(argv: Sequence[str] | None = None, ways: Sequence[Way] = WAYS) -> int:
    """Measure and print; 1 if a way was refused or, in a full-sized run, a target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1500, help="at 128 keys; a fifth at 16")
    parser.add_argument("--shots", type=int, default=4096, help="a row")
    parser.add_argument("--repeats", type=int, default=5, help="turns of all ways")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--json", metavar="FILE", help="write all the numbers there too")
    args = parser.parse_args(argv)
    # Peers are asked for one thread, as Aer is; they are imported after this.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    facts = machine()
    print("; ".join(f"{name} {value}" for name, value in facts.items()))
    print(f"{args.shots} shots a row, {args.repeats} repeats in turns, seed {args.seed}")
    random = np.random.default_rng(args.seed)
    report: dict[str, Any] = {"machine": facts, "settings": {**vars(args)}, "cases": []}
    del report["settings"]["json"]
    bad = False
    for keys, rows in ((16, max(1, args.rows // 5)), (128, args.rows)):
        case = Case(random.normal(scale=2.0, size=(rows, keys)), args.shots, args.seed)
        timings = measure(ways, case, args.repeats)
        promises = targets(timings)
        print(f"\n### {keys} keys\n", *table(timings), sep="\n")
        print()
        for each in promises:
            if each["met"] is None:
                print(f"- {each['target']}: not measured")
            else:
                met = "met" if each["met"] else "missed"
                print(f"- {each['target']}: {each['measured']:.3g}, {met} ({each['of']})")
        report["cases"].append(
            {"keys": keys, "ways": [asdict(each) for each in timings], "targets": promises}
        )
        bad |= any(each.reason.startswith("refused") for each in timings)
        # The promises are about many keys and rows; small runs have only their own overhead.
        if keys == 128 and args.rows >= 1500:
            bad |= any(each["met"] is False for each in promises)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
    return int(bad)


if __name__ == "__main__":
    sys.exit(results.run("throughput.py", main))
