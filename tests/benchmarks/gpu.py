"""CPU against GPU: one large state, many small ones, and rows of one thread.

    python tests/benchmarks/gpu.py --json gpu.json  # --write: into RESULTS.md

Where no circuit runs on a GPU it says so and measures the CPU alone. The large states are layers of
ry, rz and cx on 16 to 26 qubits, all of them read, 1,000 shots; the small ones are rows of
`Amplitude` at 16, 128 and 1,024 keys, 1,024 shots, whose counts are first tested against softmax.
The last table, for which `Aer(device="auto")` stands, has 4,096 shots of rows of the same layers on
4 to 14 qubits, which one thread of the CPU takes in turns with the GPU.
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
DRAWS = ("shots", "born")


def large(qubits: int, rows: int = 1) -> Prepared:
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
    values = np.random.default_rng(qubits).normal(size=(rows, len(angles)))
    words = np.zeros((4, qubits), bool)
    words[:, :2] = (np.arange(4)[:, None] >> np.arange(2)) & 1 == 1
    flat, ones = np.full((rows, 4), 0.25), np.ones(rows)
    return Prepared("layers", "told", circuit, values, words, "key", None, flat, ones, ones)


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


def large_states(
    qubits: Sequence[int], devices: Sequence[str], repeats: int
) -> dict[int, dict[str, list[float]]]:
    """Seconds of one large state on each device, in each precision; printed as they come."""
    print(
        "\n| qubits | device | precision | seconds | CPU double over it |\n|---|---|---|---:|---:|"
    )
    found = {}
    for size in qubits:
        prepared = large(size)
        found[size] = seconds = in_turns(
            {name: partial(b, prepared, 1000, 1) for name, b in backends(devices).items()}, repeats
        )
        floor = np.median(seconds["CPU double"])
        for name, taken in seconds.items():
            cells = [str(size), *name.split(), f"{np.median(taken):.4g}"]
            print(f"| {' | '.join(cells)} | {floor / np.median(taken):.3g} |", flush=True)
    return found


def batches(
    keys: Sequence[int], rows: int, devices: Sequence[str], repeats: int
) -> dict[int, dict[str, Any]]:
    """Seconds of many small states on each device that draws them right; printed as they come."""
    print("\n| keys | device | precision | rows a second | p |\n|---|---|---|---:|---:|")
    found = {}
    for size in keys:
        prepared, law = batch(size, rows)
        every = backends(devices)
        p_values = {name: fit(b(prepared, 1024, 2), law).overall() for name, b in every.items()}
        right = {name: b for name, b in every.items() if p_values[name] > ALPHA}
        seconds = in_turns(
            {name: partial(b, prepared, 1024, 3) for name, b in right.items()}, repeats
        )
        found[size] = {"seconds": seconds, "p": p_values}
        for name in every:
            rate = f"{rows / np.median(seconds[name]):.4g}" if name in right else "refused"
            print(f"| {size} | {' | '.join(name.split())} | {rate} | {p_values[name]:.2g} |")
    return found


def rows_of_a_thread(
    qubits: Sequence[int], rows: int, devices: Sequence[str], repeats: int
) -> dict[int, dict[str, list[float]]]:
    """Seconds of rows of small states, one thread of the CPU against the GPU, by both draws."""
    heads = [f"{draws}: {device}" for draws in DRAWS for device in devices]
    print(f"\n| qubits | {' | '.join(heads)} |\n|---{'|---:' * len(heads)}|")
    found = {}
    for size in qubits:
        prepared = large(size, rows)
        found[size] = seconds = in_turns(
            {
                f"{draws}: {device}": partial(
                    Aer(device=device, draws=draws, workers=1),
                    prepared, 4096, 1,
                )
                for draws in DRAWS
                for device in devices
            },
            repeats,
        )  # fmt: skip
        taken = [f"{1000 * np.median(seconds[head]) / rows:.3g}" for head in heads]
        print(f"| {size} | {' | '.join(taken)} |", flush=True)
    return found


def backends(devices: Sequence[str]) -> dict[str, Aer]:
    """Each device in each precision."""
    return {
        f"{device} {precision}": Aer(device=device, precision=precision)
        for device in devices
        for precision in PRECISIONS
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a device's counts are not softmax."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--qubits", type=int, nargs="*", default=[16, 18, 20, 22, 24, 26])
    parser.add_argument("--keys", type=int, nargs="*", default=[16, 128, 1024])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--thread", type=int, nargs="*", default=[4, 7, 9, 10, 11, 12, 14])
    parser.add_argument("--thread-rows", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="write all the numbers there too")
    args = parser.parse_args(argv)
    facts = machine()
    print("; ".join(f"{name} {fact}" for name, fact in facts.items()))
    devices = ["CPU", "GPU"] if gpu_works() else ["CPU"]
    if devices == ["CPU"]:
        print("No circuit runs on a GPU here: the CPU alone.")
    states = large_states(args.qubits, devices, args.repeats)
    small = batches(args.keys, args.rows, devices, args.repeats)
    thread = rows_of_a_thread(args.thread, args.thread_rows, devices, args.repeats)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            found = {"machine": facts, "large": states, "batches": small, "thread": thread}
            json.dump(found, file, indent=1)
    return int(any(not p > ALPHA for one in small.values() for p in one["p"].values()))


if __name__ == "__main__":
    sys.exit(results.run("gpu.py", main))
