"""The table of all preparations: what each takes, and what it costs on a row of real attention.

    python tests/benchmarks/methods.py  # --write: into README.md

Kind, source and what a method takes are read from its class; qubits and cx are those of the circuit
for a row of 16 keys of SmolLM2, compiled to cx and one-qubit gates. One core, half a minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import results

from qcattn.datasets import load_scores
from qcattn.encodings import Binary
from qcattn.records import Hamiltonian
from qcattn.trials import all_methods

#: Layer, head and query of sentence 2.
ROW = (12, 3, 15)


def row() -> Hamiltonian:
    """The row that all methods prepare."""
    return Binary()(load_scores("smollm2", sentence=2).scores[ROW])


def lines(hamiltonian: Hamiltonian) -> list[str]:
    """One line a method."""
    out = ["| method | kind | takes | qubits | cx | source |", "|---|---|---|---:|---:|---|"]
    for method in all_methods():
        prepared = method(hamiltonian, beta=1.0)
        used = prepared.resources
        cells = [
            f"`{type(method).__name__}`",
            method.kind,
            f"{method.takes} H",
            f"{used.qubits}",
            f"{used.two_qubit_gates:,}",
            method.source,
        ]
        out.append(f"| {' | '.join(cells)} |")
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.parse_args(arguments)
    print(*lines(row()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(results.run("methods.py", main, path=results.README))
