"""Time and memory against rows, keys and shots, with fitted exponents.

    python tests/benchmarks/scaling.py  # --write: into RESULTS.md

Each quantity is measured at sizes that double; the exponent is the slope of a line through the
logarithms. Time is CPU time of one thread, the least of the repeats; memory is the peak of a
process of its own less that of one with a hundredth of the size. Linear is due, and 1.1 at most
allowed, in rows, in shots, and in keys for native multiplexers (whose work is keys times log keys)
and for comparing. Gate by gate a row of N keys has 2 N gates on N amplitudes: that quantity is
shown, and held to 2.1.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import results

from qcattn import softmax
from qcattn.backends import Aer
from qcattn.encodings import Binary
from qcattn.preparations import Amplitude
from qcattn.records import Counts
from qcattn.stages import compare

LINEAR, QUADRATIC = 1.1, 2.1


@dataclass(frozen=True)
class Quantity:
    """What is measured.

    Attributes:
        name: In the table.
        sizes: Of what it is measured against.
        measure: Size to a number: seconds or bytes.
        most: The largest exponent allowed.
    """

    name: str
    sizes: tuple[int, ...]
    measure: Callable[[int], float]
    most: float = LINEAR


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Slope of the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(values, 1e-12)), 1)[0])


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Least CPU time of the repeats; the first call is not timed."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def scores_of(rows: int, keys: int) -> np.ndarray:
    """Normal scores with standard deviation 2."""
    return np.random.default_rng(keys).normal(scale=2.0, size=(rows, keys))


def drawing(rows: int, keys: int, shots: int, draws: Any, native: bool = False) -> float:
    """Seconds of preparing and drawing."""
    scores = scores_of(rows, keys)
    backend = Aer(device="CPU", draws=draws)

    def work() -> object:
        encoded = Binary()(scores[0] if native else scores)
        return backend(Amplitude(native=native)(encoded, beta=1.0), shots, seed=1)

    return seconds(work)


def comparing(rows: int, keys: int) -> float:
    """Seconds of what `run` does with its counts."""
    law = softmax(scores_of(rows, keys))
    drawn = np.random.default_rng(1).multinomial(4096, law)
    none = np.zeros(rows, np.int64)
    return seconds(lambda: compare(Counts(drawn, none, none), law, None, 0.01))


def _memory() -> Any:
    path = Path(__file__).with_name("memory.py")
    spec = importlib.util.spec_from_file_location("memory_of_scaling", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def peak(axis: str, size: int, **case: Any) -> float:
    """Bytes of a process over those of one with a hundredth of the size."""
    memory = _memory()
    usual = {"what": axis, "preparation": "Amplitude", "shots": 1000}
    whole = memory.Case(**{**usual, **case, axis: size})
    small = replace(whole, **{axis: max(1, size // 100)})
    return float(memory.apart(whole)["process"] - memory.apart(small)["process"])


QUANTITIES = (
    Quantity("time: rows, shots", (128, 256, 512, 1024), lambda n: drawing(n, 16, 1024, "shots")),
    Quantity("time: rows, born", (1024, 2048, 4096, 8192), lambda n: drawing(n, 16, 1024, "born")),
    Quantity("time: shots", (2**15, 2**16, 2**17, 2**18), lambda n: drawing(8, 16, n, "shots")),
    Quantity(
        "time: keys, native",
        (2**13, 2**14, 2**15, 2**16),
        lambda n: drawing(1, n, 1000, "born", native=True),
    ),
    Quantity(
        "time: keys, gate by gate",
        (2**6, 2**7, 2**8, 2**9),
        lambda n: drawing(100, n, 1000, "born"),
        QUADRATIC,
    ),
    Quantity("time: rows, comparing", (512, 1024, 2048, 4096), lambda n: comparing(n, 64)),
    Quantity("time: keys, comparing", (2**9, 2**10, 2**11, 2**12), lambda n: comparing(40, n)),
    Quantity(
        "memory: rows",
        (4000, 8000, 16000),
        lambda n: peak("rows", n, keys=128, draws="born", rows=1),
    ),
    Quantity(
        "memory: keys, native",
        (2**16, 2**17, 2**18),
        lambda n: peak("keys", n, preparation="native", rows=1, keys=1),
    ),
    Quantity(
        "memory: shots",
        (250_000, 500_000, 1_000_000),
        lambda n: peak("shots", n, keys=16, rows=1, shots=1),
    ),
)


def main(argv: Sequence[str] | None = None, quantities: Sequence[Quantity] = QUANTITIES) -> int:
    """Measure and print; 1 if an exponent is too large."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", help="quantities whose name holds this")
    args = parser.parse_args(argv)
    print(
        "| against | sizes | seconds or MiB | exponent | at most | |\n|---|---|---|---:|---:|---|"
    )
    bad = False
    for each in quantities:
        if args.only and args.only not in each.name:
            continue
        values = [each.measure(size) for size in each.sizes]
        slope = exponent(each.sizes, values)
        unit = 2**20 if each.name.startswith("memory") else 1
        numbers = ", ".join(f"{value / unit:.3g}" for value in values)
        bad |= slope > each.most
        cells = [each.name, f"{each.sizes[0]:,} to {each.sizes[-1]:,}", numbers, f"{slope:.2f}"]
        met = "met" if slope <= each.most else "missed"
        print(f"| {' | '.join(cells)} | {each.most:g} | {met} |", flush=True)
    return int(bad)


if __name__ == "__main__":
    sys.exit(results.run("scaling.py", main))
