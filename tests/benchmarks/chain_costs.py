"""Two-qubit gates of an effective shot: chains read again and again, beside a new start each.

    python tests/benchmarks/chain_costs.py  # --write: into RESULTS.md

Each method as `read_chains` runs it, 16 chains of 400 readings, beside the circuit that it delivers
by itself, whose shots are independent. One core, about two minutes.
"""

from __future__ import annotations

import argparse
import sys

import results

from qcattn.encodings import Binary
from qcattn.models import ising
from qcattn.preparations import CKG, DetailedBalance, QuantumMCMC, SystemBath
from qcattn.reading_chains import read_chains

ROW, RING = Binary()([0.3, 1.1, -0.4, 0.9]), ising(2, field=1.2)
CASES = [
    ("row of 4 keys", ROW, DetailedBalance(), DetailedBalance()),
    ("row of 4 keys", ROW, CKG(), CKG()),
    ("row of 4 keys", ROW, SystemBath(), SystemBath(cycles=20)),
    ("row of 4 keys", ROW, QuantumMCMC(), QuantumMCMC()),
    ("Ising ring of 2, g = 1.2", RING, DetailedBalance(), DetailedBalance()),
    ("Ising ring of 2, g = 1.2", RING, CKG(), CKG()),
    ("Ising ring of 2, g = 1.2", RING, SystemBath(), SystemBath(cycles=4)),
]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reads", type=int, default=400)
    given = parser.parse_args(arguments)
    print(
        "| H | method | read | burn-in | cx a sweep | a reading is worth | cx an effective shot | "
        "restarted | ratio | off thermal: read, restarted | p |"
    )
    print("|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, hamiltonian, restarted, swept in CASES:
        whole = restarted(hamiltonian, beta=1.0)
        found = read_chains(hamiltonian, swept, beta=1.0, reads=given.reads, seed=1)
        worth = found.fit.effective_shots / found.fit.shots
        cost, before = found.gates_per_effective_shot, whole.resources.two_qubit_gates
        print(
            f"| {name} | `{found.method}` | {found.reads} | {found.burn_in} | "
            f"{found.sweep.two_qubit_gates:,} | {worth:.2f} | {cost:,.0f} | {before:,} | "
            f"{before / cost:.1f} | {found.error:.1g}, {float(whole.error):.1g} | "
            f"{found.fit.overall():.2g} |"
        )
        print(name, found.method, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("chain_costs.py", main))
