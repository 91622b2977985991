"""Ratios of times that were promised, each of two ways that take turns in one process.

    python tests/benchmarks/paired.py --repeats 3  # --write: into RESULTS.md

One worker over two, of `qcattn.run` on the packaged scores, of exact draws of the same rows, and of
exact draws of rows of 128 keys; and exact draws of `Purification` over Qulacs on the same gates
(extra `bench`), by one worker. Medians of the ratios of paired turns, and the least and the most.

Then `prepare` of the Ising ring by all methods, and some claims, which are spread over processes:
the same ratio, and of one more turn each the seconds that passed and how many cores were at work
meanwhile, in this process and in those that it starts.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import results

from qcattn import prepare, run, run_claims
from qcattn.backends import Aer
from qcattn.datasets import load_scores
from qcattn.encodings import Binary
from qcattn.models.spins import ising
from qcattn.preparations import Purification
from qcattn.records import Prepared

Draw = Callable[[], object]
#: Claims that take two to five seconds each.
CLAIMS = ("A3", "A6", "A11", "A12", "A13", "A16")


def ratios(above: Draw, below: Draw, repeats: int) -> list[float]:
    """Times of one over those of the other, pair by pair, in alternating order."""
    above(), below()
    found = []
    for repeat in range(repeats):
        seconds = {}
        for one in (above, below) if repeat % 2 else (below, above):
            begun = time.perf_counter()
            one()
            seconds[one] = time.perf_counter() - begun
        found.append(seconds[above] / seconds[below])
    return found


def seconds_and_cores(draw: Draw) -> tuple[float, float]:
    """How long it took, and the processor seconds of it and of what it started over that."""
    whom = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    before, begun = [resource.getrusage(one) for one in whom], time.perf_counter()
    draw()
    passed = time.perf_counter() - begun
    worked = sum(
        after.ru_utime + after.ru_stime - each.ru_utime - each.ru_stime
        for each, after in zip(before, map(resource.getrusage, whom), strict=True)
    )
    return passed, worked / passed


def in_processes(methods: Sequence[str] | None, claims: Sequence[str]) -> dict[str, list[Draw]]:
    """What is spread over processes, by one worker and by two."""
    ring = ising(3)

    def prepared(workers: int) -> Draw:
        return lambda: prepare(ring, methods=methods, seed=1, workers=workers)

    def found(workers: int) -> Draw:
        return lambda: run_claims(claims, seed=0, workers=workers)

    return {
        "prepare, Ising ring": [prepared(1), prepared(2)],
        f"claims {' '.join(claims)}": [found(1), found(2)],
    }


def table_of_processes(pairs: dict[str, list[Draw]], repeats: int) -> None:
    """Print ratios of times, and of one more turn each the seconds and the cores at work."""
    print("| what | one worker over two | least to most | one: s, cores | two: s, cores |")
    print("|---|---:|---|---:|---:|")
    for name, (one, two) in pairs.items():
        found = ratios(one, two, repeats) if repeats else [float("nan")]
        turns = ("{:.1f}, {:.2f}".format(*seconds_and_cores(draw)) for draw in (one, two))
        cells = (name, f"{np.median(found):.3g}", f"{min(found):.3g} to {max(found):.3g}", *turns)
        print("| " + " | ".join(cells) + " |")


def rows(keys: int, number: int) -> Prepared:
    """Rows of scores, normal with standard deviation 2."""
    scores = np.random.default_rng(keys).normal(scale=2.0, size=(number, keys))
    return Purification()(Binary()(scores), beta=1.0)


def qulacs(prepared: Prepared, shots: int) -> Draw:
    """The same gates and angles, sampled by Qulacs on all qubits."""
    import qulacs

    template = prepared.circuit
    place = {parameter: index for index, parameter in enumerate(template.parameters)}
    circuit, order = qulacs.ParametricQuantumCircuit(template.num_qubits), []
    for item in template.data:
        qubits = [template.find_bit(qubit).index for qubit in item.qubits]
        if item.name == "ry":
            circuit.add_parametric_RY_gate(qubits[0], 0.0)
            order.append(place[item.operation.params[0]])
        elif item.name == "cx":
            circuit.add_CNOT_gate(*qubits)
    angles = (-prepared.flat_values[:, order]).tolist()

    def draw() -> None:
        state = qulacs.QuantumState(template.num_qubits)
        for seed, row in enumerate(angles):
            state.set_zero_state()
            for index, angle in enumerate(row):
                circuit.set_parameter(index, angle)
            circuit.update_quantum_state(state)
            np.bincount(state.sampling(shots, seed))

    return draw


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--layers", type=int, default=30, help="of the packaged scores")
    parser.add_argument("--rows", type=int, default=1500, help="of 128 keys; a fifth for Qulacs")
    parser.add_argument("--shots", type=int, default=4096)
    parser.add_argument("--methods", nargs="+", help="of prepare, all if not given")
    parser.add_argument("--claims", nargs="+", default=CLAIMS)
    args = parser.parse_args(argv)
    scores = load_scores("smollm2").scores[: args.layers]

    def whole(workers: int, draws: str) -> Draw:
        backend = Aer(device="CPU", workers=workers, draws=draws)  # type: ignore[arg-type]
        return lambda: run(scores, shots=args.shots, seed=1, backend=backend)

    def born(prepared: Prepared, workers: int) -> Draw:
        backend = Aer(device="CPU", workers=workers, draws="born")
        return lambda: backend(prepared, args.shots, 1)

    packaged, many = Purification()(Binary()(scores), beta=1.0), rows(128, args.rows)
    pairs = {
        "run, shots: one worker over two": (whole(1, "shots"), whole(2, "shots")),
        "run, born: one worker over two": (whole(1, "born"), whole(2, "born")),
        "born, 11 keys: one worker over two": (born(packaged, 1), born(packaged, 2)),
        "born, 128 keys: one worker over two": (born(many, 1), born(many, 2)),
    }
    for keys in (64, 128):
        prepared = rows(keys, max(1, args.rows // 5))
        try:
            pairs[f"born of Purification, {keys} keys, over Qulacs"] = (
                born(prepared, 1), qulacs(prepared, args.shots)
            )  # fmt: skip
        except ImportError:
            print(f"{keys} keys beside Qulacs: skipped, qulacs is not installed")
    print("| what | median | least to most |\n|---|---:|---|")
    for name, (above, below) in pairs.items():
        found = ratios(above, below, args.repeats)
        print(f"| {name} | {np.median(found):.3g} | {min(found):.3g} to {max(found):.3g} |")
    print()
    table_of_processes(in_processes(args.methods, args.claims), args.repeats // 2)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("paired.py", main))
