"""The exact Gibbs sampler as a circuit: how far from the Gibbs state, dense and by shots.

    python tests/benchmarks/ckg.py --seed 1  # --write: into RESULTS.md

CKG with error = 0.005 on one and two spins. The upper bound is from all 4**n - 1 Pauli strings, by
40 million shots in each of the 3**n bases, drawn from Aer's density matrix, at error rate 1e-6. Two
minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import results
from qiskit.quantum_info import Pauli

from qcattn.backends import Aer
from qcattn.certification import certify_dense, certify_observables
from qcattn.models import ising
from qcattn.preparations import CKG, DetailedBalance
from qcattn.preparations.energy_filter import filtered_jumps
from qcattn.preparations.lindblad import coherent, frequencies, lindbladian
from qcattn.preparations.reference import gibbs
from qcattn.records import Hamiltonian, Prepared
from qcattn.thermal import trace_distance

ERROR, SHOTS, ALPHA = 0.005, 40_000_000, 1e-6
CASES = [(1, 0.5), (1, 1.0), (1, 2.0), (2, 0.5), (2, 1.0), (2, 2.0)]
#: Widths of the filter, in units of 1/beta, at which the coherent term is left out.
WIDTHS = (0.5, 1.0, 2.0)


def chain(spins: int) -> Hamiltonian:
    """A transverse-field Ising chain, open."""
    return ising(spins, field=1.2, periodic=False)


def upper_bound(prepared: Prepared, hamiltonian: Hamiltonian, beta: float, seed: int) -> float:
    """On the trace distance from the Gibbs state, from intervals of all Pauli strings together."""
    strings = ["".join(s) for s in product("IXYZ", repeat=hamiltonian.num_qubits)][1:]
    seen = certify_observables(
        prepared,
        hamiltonian,
        beta,
        shots=SHOTS,
        backend=Aer(device="CPU", method="density_matrix", draws="born"),
        seed=seed,
        alpha=ALPHA,
        strings=strings,
    )
    most = np.maximum(np.abs(seen.high - seen.exact), np.abs(seen.low - seen.exact))
    return float(np.sqrt((most**2).sum()) / 2)


def residuals(hamiltonian: Hamiltonian, beta: float, width: float) -> tuple[float, float, float]:
    """Of the Gibbs state under the dense Lindbladian, with the coherent term and without it; and
    how far the fixed point lies off without it, in trace distance."""
    energies, vectors = np.linalg.eigh(hamiltonian.matrix)
    nu, n = frequencies(energies, beta), hamiltonian.num_qubits
    labels = ["I" * (n - 1 - q) + letter + "I" * q for q in range(n) for letter in "XZ"]
    jumps = [
        jump
        for label in labels
        for jump in filtered_jumps(
            vectors.conj().T @ Pauli(label).to_matrix() @ vectors, nu, "metropolis", width
        )
    ]
    exact = vectors.conj().T @ gibbs(hamiltonian, beta) @ vectors
    generator, term, one = lindbladian(jumps, nu), coherent(jumps, nu), np.eye(len(nu))
    without = generator + 1j * (np.kron(term, one) - np.kron(one, term.conj()))
    values, states = np.linalg.eig(without)
    fixed = states[:, np.abs(values).argmin()].reshape(len(nu), -1)
    off = trace_distance(fixed / np.trace(fixed), exact)
    return *(float(np.abs(g @ exact.ravel()).max()) for g in (generator, without)), float(off)


def lines(seed: int) -> Iterator[str]:
    """Two tables."""
    yield "| spins | beta | cx | claimed | true | from shots, at most | cx of DetailedBalance |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for spins, beta in CASES:
        hamiltonian = chain(spins)
        prepared = CKG(error=ERROR)(hamiltonian, beta=beta)
        dense = certify_dense(prepared, hamiltonian, beta)
        other = DetailedBalance(error=ERROR)(hamiltonian, beta=beta)
        yield (
            f"| {spins} | {beta:g} | {prepared.resources.two_qubit_gates:,} | "
            f"{dense.claimed:.5f} | {dense.trace_distance:.5f} | "
            f"{upper_bound(prepared, hamiltonian, beta, seed):.5f} | "
            f"{other.resources.two_qubit_gates:,} |"
        )
    yield ""
    yield "| width | Gibbs state moves | without the coherent term | fixed point then off by |"
    yield "|---:|---:|---:|---:|"
    for width in WIDTHS:
        still, moved, off = residuals(chain(2), 1.0, width)
        yield f"| {width:g} | {still:.0e} | {moved:.1e} | {off:.4f} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    print(*lines(given.seed), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(results.run("ckg.py", main))
