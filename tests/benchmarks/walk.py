"""The qubitised walk of a four-spin Ising chain, with its penalty and without, as circuits.

    python tests/benchmarks/walk.py --seed 1  # --write: into RESULTS.md

A ring of four spins in a field at beta = 0.5, started in the ground state and in the other well.
The law of the keys where the phase reads 0 is that of the mean of the powers of the walk, dense;
the circuit of seven phase qubits is sampled on Aer beside it, and its kept counts are compared with
both laws by `fit`. Two minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

import numpy as np
import results
from qiskit.quantum_info import Operator
from qiskit_aer import AerSimulator

from qcattn.chains.walks import filtered_walk, quantum_walk
from qcattn.comparisons import fit
from qcattn.preparations.gates import compiled
from qcattn.thermal import boltzmann

BETA, FIELD = 0.5, 0.3
#: Angle near which the next phase of this walk lies farthest from 0.
PENALTY = 0.3
STARTS = {"ground": 0, "other well": 15}
PHASES = (3, 5, 7, 9)
#: Phase qubits of the circuit that is sampled, and its shots.
SAMPLED, SHOTS = 7, 40_000


def ring() -> np.ndarray:
    """Energies of the 16 states, shape (16,)."""
    spins = 1 - 2 * ((np.arange(16)[:, None] >> np.arange(4)) & 1)
    energies: np.ndarray = -(spins * np.roll(spins, 1, axis=1)).sum(axis=1)
    return energies - FIELD * spins.sum(axis=1)


def kept(walk: np.ndarray, state: np.ndarray, phases: int) -> np.ndarray:
    """Probabilities of the keys where the phase reads 0, together that of being kept."""
    power = walk
    for _ in range(phases):
        state, power = (state + power @ state) / 2, power @ power
    probabilities: np.ndarray = (np.abs(state) ** 2).reshape(-1, 16).sum(axis=0)
    return probabilities


def started(start: int, lifted: bool) -> np.ndarray:
    """State in front of the walk, from a circuit without it."""
    circuit = filtered_walk(ring(), BETA, phases=1, start=start, lifted=lifted)
    first = circuit.copy_empty_like()
    for item in circuit.data:
        if any(circuit.find_bit(q).index == 0 for q in item.qubits):
            break
        first.append(item)
    state: np.ndarray = Operator(first).data[:, 0].reshape(-1, 2)[:, 0]
    return state


def lines(seed: int) -> Iterator[str]:
    """The table, and below it what was sampled."""
    energies = ring()
    law = boltzmann(energies, BETA)
    seeds = iter(np.random.SeedSequence(seed).generate_state(8).tolist())
    heads = " | ".join(f"{r} phase qubits" for r in PHASES)
    yield (
        f"| walk | start | lifted | still | next phase | kept | {heads} | sampled | p as built | "
        "p thermal |"
    )
    yield "|---|---|---|---:|---:|---:|" + "---:|" * (len(PHASES) + 3)
    for penalty in (0.0, PENALTY):
        walk = Operator(quantum_walk(energies, BETA, penalty=penalty)).data
        angles = np.sort(np.abs(np.angle(np.linalg.eigvals(walk))))
        still = int((angles < 1e-7).sum())
        for name, start in STARTS.items():
            for lifted in (False, True):
                state = started(start, lifted)
                found = [kept(walk, state, r) for r in PHASES]
                away = [np.abs(p / p.sum() - law).sum() / 2 for p in found]
                counts, gates = sampled(penalty, start, lifted, next(seeds))
                own = kept(walk, state, SAMPLED)
                as_built = float(fit(counts, own / own.sum()).overall())
                of_law = float(fit(counts, law).overall())
                cells = [
                    "penalised" if penalty else "plain",
                    name,
                    "yes" if lifted else "no",
                    f"{still}",
                    f"{angles[still]:.3f}",
                    f"{found[-1].sum():.4f}",
                    *[f"{one:.3f}" for one in away],
                    f"{np.abs(counts / counts.sum() - law).sum() / 2:.3f}",
                    *(f"{p:.2g}" if p >= 1e-300 else "< 1e-300" for p in (as_built, of_law)),
                ]
                yield f"| {' | '.join(cells)} |"
    yield ""
    yield (
        f"Still: eigenvectors of phase 0. Kept: the share that reads phase 0 at the most phase "
        f"qubits, for which the total variation from the law of beta = {BETA:g} is given. Sampled: "
        f"the same from {SHOTS:,} shots of the circuit of {SAMPLED} ({gates:,} cx, {SAMPLED + 7} "
        "qubits) on Aer, and the p-values of these counts against the law that this circuit must "
        "give and against that of beta."
    )


def sampled(penalty: float, start: int, lifted: bool, seed: int) -> tuple[np.ndarray, int]:
    """Counts of the keys where the phase read 0, shape (16,), and cx of the circuit."""
    circuit = filtered_walk(
        ring(), BETA, phases=SAMPLED, penalty=penalty, start=start, lifted=lifted
    )
    gates = compiled(circuit)
    backend = AerSimulator(method="statevector", seed_simulator=seed)
    read = backend.run(gates, shots=SHOTS).result().get_counts()
    counts = np.zeros(16, dtype=np.int64)
    for text, number in read.items():
        key, phase = text.split()
        if int(phase, 2) == 0:
            counts[int(key, 2)] += number
    return counts, int(gates.count_ops()["cx"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    print(*lines(given.seed), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(results.run("walk.py", main))
