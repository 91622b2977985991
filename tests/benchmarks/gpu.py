"""CPU against GPU: one large state, and many small ones.

    python tests/benchmarks/gpu.py --json gpu.json  # --write: into RESULTS.md

Where no circuit runs on a GPU it says so and measures the CPU alone. The large states are layers of
ry, rz and cx on 16 to 26 qubits, all of them read, 1,000 shots; the small ones are rows of
`Amplitude` at 16, 128 and 1,024 keys, 1,024 shots, whose counts are first tested against softmax.
Devices take turns; the first turn, which loads kernels, is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import results
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import ParameterVector

from qcattn import softmax
from qcattn.backends import Aer
from qcattn.backends.aer import gpu_works
from qcattn.comparisons import fit
from qcattn.encodings import Binary
from qcattn.preparations import Amplitude
from qcattn.records import Prepared

ALPHA = 1e-8
#: Layers of one large circuit.
LAYERS = 8
PRECISIONS = ("double", "single")


def large(qubits: int) -> Prepared:
    """Layers of ry, rz and cx on all qubits, all of which are read: Aer drops those that are not.

    Four readings are keys; the others are strays.
    """
    circuit = QuantumCircuit(qubits, name="layers")
    angles = ParameterVector("a", 2 * LAYERS * qubits)
    for layer in range(LAYERS):
        for q in range(qubits):
            circuit.ry(angles[2 * (layer * qubits + q)], q)
            circuit.rz(angles[2 * (layer * qubits + q) + 1], q)
        for q in range(qubits - 1):
            circuit.cx(q, q + 1)
    key = ClassicalRegister(qubits, "key")
    circuit.add_register(key)
    circuit.measure(range(qubits), key)
    values = np.random.default_rng(qubits).normal(size=len(angles))
    words = np.zeros((4, qubits), bool)
    words[:, :2] = (np.arange(4)[:, None] >> np.arange(2)) & 1 == 1
    flat = np.full(4, 0.25)
    one = np.array(1.0)
    return Prepared("layers", "told", circuit, values, words, "key", None, flat, one, one)


def batch(keys: int, rows: int) -> tuple[Prepared, np.ndarray]:
    """Rows of softmax, and the softmax."""
    scores = np.random.default_rng(keys).normal(scale=2.0, size=(rows, keys))
    return Amplitude()(Binary()(scores), beta=1.0), softmax(scores)


def in_turns(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each way in each turn but the first."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 1):
        for name in list(ways) if repeat % 2 else reversed(ways):
            start = time.perf_counter()
            ways[name]()
            if repeat:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    facts = {"cores": str(os.cpu_count()), "processor": platform.machine()}
    for name in ("qiskit", "qiskit-aer", "qiskit-aer-gpu"):
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            facts[name] = "not installed"
    try:
        query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
        facts["GPU"] = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        facts["GPU"] = "none"
    return {name: fact.strip() for name, fact in facts.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a device's counts are not softmax."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--qubits", type=int, nargs="*", default=[16, 18, 20, 22, 24, 26])
    parser.add_argument("--keys", type=int, nargs="*", default=[16, 128, 1024])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="write all the numbers there too")
    args = parser.parse_args(argv)
    facts = machine()
    print("; ".join(f"{name} {fact}" for name, fact in facts.items()))
    devices = ["CPU", "GPU"] if gpu_works() else ["CPU"]
    if devices == ["CPU"]:
        print("No circuit runs on a GPU here: the CPU alone.")
    found: dict[str, Any] = {"machine": facts, "large": {}, "batches": {}}
    bad = False
    ways = [(device, precision) for device in devices for precision in PRECISIONS]
    print(
        "\n| qubits | device | precision | seconds | CPU double over it |\n|---|---|---|---:|---:|"
    )
    for qubits in args.qubits:
        prepared = large(qubits)
        backends = {
            f"{device} {precision}": Aer(device=device, precision=precision)  # type: ignore[arg-type]
            for device, precision in ways
        }
        seconds = in_turns(
            {name: partial(b, prepared, 1000, 1) for name, b in backends.items()}, args.repeats
        )
        found["large"][qubits] = seconds
        floor = np.median(seconds["CPU double"])
        for name, taken in seconds.items():
            cells = [str(qubits), *name.split(), f"{np.median(taken):.4g}"]
            print(f"| {' | '.join(cells)} | {floor / np.median(taken):.3g} |", flush=True)
    print("\n| keys | device | precision | rows a second | p |\n|---|---|---|---:|---:|")
    for keys in args.keys:
        prepared, law = batch(keys, args.rows)
        backends = {
            f"{device} {precision}": Aer(device=device, precision=precision)  # type: ignore[arg-type]
            for device, precision in ways
        }
        p_values = {name: fit(b(prepared, 1024, 2), law).overall() for name, b in backends.items()}
        right = {name: b for name, b in backends.items() if p_values[name] > ALPHA}
        bad |= len(right) < len(backends)
        seconds = in_turns(
            {name: partial(b, prepared, 1024, 3) for name, b in right.items()}, args.repeats
        )
        found["batches"][keys] = {"seconds": seconds, "p": p_values}
        for name in backends:
            rate = f"{args.rows / np.median(seconds[name]):.4g}" if name in right else "refused"
            print(f"| {keys} | {' | '.join(name.split())} | {rate} | {p_values[name]:.2g} |")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)
    return int(bad)


if __name__ == "__main__":
    sys.exit(results.run("gpu.py", main))
