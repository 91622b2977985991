"""Digital heating: the effective temperature of every preparation under noise on its cx gates.

    python tests/benchmarks/heating.py --seed 1 --figure heating.svg  # --write: into RESULTS.md

A row of four keys and a ring of two spins at beta = 1, by every method that takes them, at two
depths where an option decides over it; each under depolarising noise of four strengths and none.
The temperature is that of `certify_temperature`, from 100,000 shots a basis. ImaginaryTime goes on
after it measures on the ring, where few shots are kept: it is judged on the keys alone.

The law has no free constant where kappa is what a failing gate takes on the average over gates, to
first order in p: from noise so weak that a gate in a hundred shots fails, and counts so many that
chance is gone. "off first" is how far strong noise is from the law with this kappa.

Then the squared fidelity over beta with the Gibbs state of an Ising ring, of the published circuit:
two registers [1] trained without noise, as on trapped ions [2]; under several kinds of noise, equal
on all its gates. Seven minutes on one core.

[1] M. Consiglio et al., Phys. Rev. A 110, 012445 (2024), arXiv:2303.11276.
[2] R. Robertson et al., arXiv:2603.03801.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import results
from matplotlib.figure import Figure
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector
from qiskit_aer import AerSimulator
from scipy.optimize import minimize
from scipy.special import softmax

from qcattn import thermal
from qcattn.backends.noise_terms import NoiseTerm, noise_model_of
from qcattn.backends.pace import ends_in_measurements
from qcattn.certification import Heating, fit_loss, lawful_ratio, measure_heating
from qcattn.encodings import Binary
from qcattn.models import ising
from qcattn.preparations import (
    CKG,
    QITE,
    QSVT,
    Amplified,
    Amplitude,
    DetailedBalance,
    Heralded,
    ImaginaryTime,
    Purification,
    SystemBath,
    ThermofieldQAOA,
    Variational,
)
from qcattn.preparations.ansatz import Block, append_blocks, count_angles
from qcattn.preparations.reference import gibbs
from qcattn.preparations.variational import exact_cost
from qcattn.records import Hamiltonian, Prepared
from qcattn.views.trials.heating import plot_heating

#: Probabilities that a cx fails.
STRENGTHS = (0.0, 1e-3, 3e-3, 1e-2, 3e-2)
#: Gates that fail on average up to which the law is fitted and judged.
LEAST, MOST = 0.01, 3.0
#: Widest interval of a beta that is judged.
WIDEST = 0.2
#: Gates that fail on average, and shots, where the loss is measured to first order.
WEAK, MANY = 0.01, 10**12
#: Methods whose circuits end in contact with a bath that is reset.
REFRESHED = ("CKG", "DetailedBalance", "SystemBath")
KEYS = Binary()([0.3, 1.1, -0.4, 0.9])
RING = ising(2)
#: Each method and what makes it deeper.
DEPTHS: dict[str, tuple[Any, ...]] = {
    "Amplitude": (Amplitude(),),
    "Purification": (Purification(),),
    "Heralded": (Heralded(),),
    "Amplified": (Amplified(),),
    "ImaginaryTime": (ImaginaryTime(error=0.1), ImaginaryTime(error=1e-3)),
    "QITE": (QITE(steps=2), QITE(steps=8)),
    "QSVT": (QSVT(error=1e-2), QSVT(error=1e-6)),
    "ThermofieldQAOA": (ThermofieldQAOA(layers=1), ThermofieldQAOA(layers=3)),
    "Variational": (Variational(layers=1), Variational(layers=3)),
    "DetailedBalance": (DetailedBalance(error=0.1), DetailedBalance(error=1e-4)),
    "CKG": (CKG(error=0.1), CKG(error=0.005)),
    "SystemBath": (SystemBath(cycles=8), SystemBath(cycles=20)),
}
BETAS = (0.2, 0.5, 0.8, 1.0, 1.2, 2.0, 3.0, 5.0)
#: Kinds of noise, and how strong: chance of a failing cx, of decay or of a phase of each qubit.
NOISES: dict[str, tuple[float, ...]] = {
    "depolarising": (0.0, 3e-4, 3e-3, 1e-2, 3e-2),
    "decay": (1e-2,),
    "phases": (1e-2,),
}
#: Spins, and layers of the published circuit: one fewer than spins.
SPINS = (2, 3, 4)
#: Trainings of each circuit.
TRAININGS = 6


@dataclass(frozen=True)
class Course:
    """A circuit under noise of all strengths."""

    what: str
    method: str
    heatings: tuple[Heating, ...]
    first: float

    def kept(self, one: Heating) -> float:
        """Share of the energy that is left, from its effective beta."""
        mean = one.levels.mean()
        hot, cold = (softmax(-b * one.levels) @ one.levels for b in (one.beta.best, one.cold))
        return float((hot - mean) / (cold - mean))


def courses(
    seed: int, methods: Sequence[str], strengths: Sequence[float], shots: int
) -> Iterator[Course]:
    """All circuits, one after the other."""
    hamiltonians: dict[str, Hamiltonian] = {"keys": KEYS, "ring": RING}
    root = np.random.SeedSequence(seed)
    for what, hamiltonian in hamiltonians.items():
        for method in methods:
            for one in DEPTHS[method]:
                own = root.spawn(1)[0]
                unread = one.takes == "diagonal" or method == "ImaginaryTime"
                if hamiltonian.off_diagonal is not None and unread:
                    continue
                prepared = one(hamiltonian, beta=1.0)
                found: list[Heating] = []
                for p, child in zip(strengths, own.spawn(len(strengths)), strict=True):
                    cold = found[0].beta.best if found else None
                    again = {"name": method, "cold": cold, "shots": shots, "seed": child}
                    found.append(measure_heating(prepared, hamiltonian, 1.0, p, **again))
                first = first_order(prepared, hamiltonian)
                yield Course(what, method, tuple(found), first)


def first_order(prepared: Prepared, hamiltonian: Hamiltonian) -> float:
    """What a failing gate takes on the average, to first order in p; NaN if not without chance.

    Args:
        prepared: One circuit for beta = 1.
        hamiltonian: What it was prepared for.
    """
    if not ends_in_measurements(prepared.circuit):
        return float("nan")
    weak = WEAK / prepared.resources.two_qubit_gates
    cold = measure_heating(prepared, hamiltonian, 1.0, 0.0, shots=MANY).beta.best
    hot = measure_heating(prepared, hamiltonian, 1.0, weak, cold=cold, shots=MANY)
    return fit_loss([hot])


def judged(course: Course) -> list[Heating]:
    """Points where noise is seen and is not all there is, and beta is known."""
    return [one for one in course.heatings if LEAST <= one.load <= MOST and narrow(one)]


def narrow(one: Heating) -> bool:
    """Whether its beta is known well enough to judge."""
    return one.beta.high - one.beta.low < WIDEST


def unrefreshed(made: Sequence[Course]) -> list[Heating]:
    """All judged points of circuits without a bath."""
    return [one for course in made if course.method not in REFRESHED for one in judged(course)]


def away(heatings: Sequence[Heating], loss: float) -> float:
    """Largest difference of the ratio of betas from the law."""
    return max(abs(one.ratio - lawful_ratio(one, loss)) for one in heatings)


def table(made: Sequence[Course], strengths: Sequence[float]) -> Iterator[str]:
    """A line a circuit: effective beta at each strength, its own loss, what the law leaves."""
    together = unrefreshed(made)
    common = fit_loss(together)
    heads = [f"p = {p:g}" for p in strengths]
    yield (
        f"| H | method | cx | {' | '.join(heads)} | kappa | first order | off own | off first | "
        f"off {common:.2f} |"
    )
    yield "|---|---|---:|" + "---:|" * (len(strengths) + 5)
    for course in made:
        cells = [_interval(one) for one in course.heatings]
        seen = judged(course)
        own = fit_loss(seen) if seen else float("nan")
        losses = (own, course.first, common)
        offs = [f"{away(seen, k):.2f}" if seen and k == k else "" for k in losses]
        cells += [
            f"{own:.2f}",
            f"{course.first:.2f}" if course.first == course.first else "",
            *offs,
        ]
        gates = f"{course.heatings[0].gates:,}"
        yield f"| {course.what} | {course.method} | {gates} | {' | '.join(cells)} |"
    yield ""
    yield from verdict(made, together, common)


def verdict(made: Sequence[Course], together: Sequence[Heating], common: float) -> Iterator[str]:
    """What the law says and where it does not hold, from the same numbers."""
    left = [one.ratio - lawful_ratio(one, common) for one in together]
    known = [c for c in made if c.first == c.first and judged(c)]
    worst = max((away(judged(c), c.first) for c in known), default=0.0)
    yield (
        f"With the loss of a failing gate to first order, and nothing fitted, {len(known)} "
        f"circuits follow the law to {worst:.2f} in the ratio of betas."
    )
    yield ""
    yield (
        f"One loss for all circuits without a bath, kappa = {common:.2f}, leaves {len(left)} "
        f"ratios of betas with a standard deviation of {np.std(left):.3f} and "
        f"{np.abs(left).max():.2f} at most. A loss of its own for each circuit leaves "
        f"{_worst(made, False):.2f} at most, and "
        f"{_worst(made, True):.2f} for those with a bath."
    )
    yield ""
    for method in REFRESHED:
        for what in ("keys", "ring"):
            pair = [c for c in made if c.method == method and c.what == what]
            if len(pair) == 2 and all(judged(c) for c in pair):
                few, many = (fit_loss(judged(c)) for c in pair)
                more = pair[1].heatings[0].gates / pair[0].heatings[0].gates
                yield (
                    f"- {method}, {what}: {more:.1f} times the gates, kappa {few:.2f} and "
                    f"{many:.2f}: the whole loss grows {more * many / few:.1f} times."
                )


def _worst(made: Sequence[Course], refreshed: bool) -> float:
    chosen = [c for c in made if (c.method in REFRESHED) == refreshed and judged(c)]
    return max((away(judged(c), fit_loss(judged(c))) for c in chosen), default=0.0)


def _interval(one: Heating) -> str:
    half = (one.beta.high - one.beta.low) / 2
    hot = "" if one.thermal else "*"
    return f"{one.beta.best:.3f} +- {half:.3f}{hot}"


def published(spins: int) -> tuple[list[Block], list[Block]]:
    """Blocks of the ancilla and of the system in references [1, 2], with spins - 1 layers."""
    rotations: list[Block] = [("y", q) for q in range(spins)]
    layer: list[Block] = [("y", 0)]
    for q in range(1, spins):
        layer += [("y", q), ("cx", q - 1, q)]
    pairs: list[Block] = [
        ("pair", q, q + 1) for first in (0, 1) for q in range(first, spins - 1, 2)
    ]
    return layer * (spins - 1) + rotations, pairs * (spins - 1)


def trained(ring: Hamiltonian, beta: float, seed: int) -> tuple[float, QuantumCircuit]:
    """F over k_B T that one training finds, without noise, and its circuit."""
    ancilla, system = published(ring.num_qubits)
    split, number = count_angles(ancilla), count_angles(ancilla) + count_angles(system)
    start = np.random.default_rng([seed, ring.num_qubits]).uniform(-np.pi, np.pi, number)
    cost = exact_cost(ring, 1 / beta, ancilla, system)
    options = {"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-8}
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options=options)
    registers = [QuantumRegister(ring.num_qubits, name) for name in ("system", "ancilla")]
    circuit, angles = QuantumCircuit(*registers), ParameterVector("a", number)
    append_blocks(circuit, ancilla, angles[:split], registers[1])
    circuit.cx(registers[1], registers[0])
    append_blocks(circuit, system, angles[split:], registers[0])
    return float(found.fun), circuit.assign_parameters(found.x)


def under(circuit: QuantumCircuit, kind: str, strength: float) -> np.ndarray:
    """Density matrix of the system under noise after each cx, from Aer."""
    system = circuit.qregs[0]
    whole = circuit.copy()
    whole.save_density_matrix(qubits=list(system))
    term = NoiseTerm("depolarising", ("cx",), (), {"p": strength})
    if kind != "depolarising":
        slow = {"decay": (1.0, 2.0), "phases": (1e9, 1.0)}[kind]
        lasts = -np.log1p(-strength)
        numbers = {"t1": slow[0], "t2": slow[1], "time": lasts, "excited": 0.0}
        term = NoiseTerm("thermal relaxation", ("cx",), (), numbers)
    model = noise_model_of([term]) if strength else None
    backend = AerSimulator(method="density_matrix", noise_model=model)
    return np.asarray(backend.run(whole, shots=1).result().data()["density_matrix"])


def white(levels: np.ndarray, beta: float, lost: float) -> float:
    r"""Squared fidelity of a Gibbs state with itself, a share of it replaced by the mixed state.

    .. math:: F = \Big(\sum_i \sqrt{p_i\,((1 - \lambda) p_i + \lambda / N)}\Big)^2

    Each term is concave in p_i, so that the sum is Schur concave; and p at a lower temperature
    majorises p at a higher one. So F falls with beta, whatever H: it has no minimum.

    Args:
        levels: Energies, shape (N,).
        beta: Inverse temperature.
        lost: lambda, between 0 and 1.
    """
    p = softmax(-beta * levels)
    return float(np.sqrt(p * ((1 - lost) * p + lost / len(p))).sum() ** 2)


def fidelities(
    spins: Sequence[int], betas: Sequence[float], trainings: int, seed: int
) -> Iterator[str]:
    """Squared fidelity with the Gibbs state over beta, of the published circuit under noise."""
    heads = " | ".join(f"{beta:g}" for beta in betas)
    yield f"| spins | cx | noise after each cx | {heads} | least at |"
    yield "|---:|---:|---|" + "---:|" * (len(betas) + 1)
    for n in spins:
        ring = ising(n, field=0.5, axes=("X", "Z"))
        best: list[list[QuantumCircuit]] = []
        for beta in betas:
            runs = [trained(ring, beta, seed + k) for k in range(trainings)]
            least = min(run[0] for run in runs)
            best.append([run[1] for run in runs if run[0] < least + 1e-4])
        cx = best[0][0].count_ops()["cx"]
        rows: list[tuple[str, np.ndarray]] = []
        for kind, strengths in NOISES.items():
            for p in strengths:
                found = np.array(
                    [
                        _between(one, kind, p, gibbs(ring, beta))
                        for one, beta in zip(best, betas, strict=True)
                    ]
                )
                rows.append((f"{kind}, {p:g}" if p else "none", found))
        levels = np.linalg.eigvalsh(ring.matrix)
        lost = 1 - 0.99**cx
        whole = np.array([[white(levels, beta, lost)] * 3 for beta in betas])
        rows.append((f"white, {lost:.2g} of the state", whole))
        for name, found in rows:
            cells = " | ".join(_scattered(*one) for one in found)
            yield f"| {n} | {cx} | {name} | {cells} | {betas[int(found[:, 0].argmin())]:g} |"


def _between(circuits: Sequence[QuantumCircuit], kind: str, p: float, exact: np.ndarray) -> Any:
    """Mean, least and largest fidelity of equally good trainings."""
    found = [float(thermal.fidelity(under(one, kind, p), exact)) for one in circuits]
    return np.mean(found), min(found), max(found)


def _scattered(mean: float, low: float, high: float) -> str:
    half = (high - low) / 2
    return f"{mean:.4f}" + (f" ± {half:.3f}" if half >= 5e-4 else "")


def figure_of(made: Sequence[Course]) -> Figure:
    """Left and middle: betas against failing gates, by H. Right: all circuits on one line."""
    figure = Figure(figsize=(16, 5), layout="constrained")
    axes = figure.subplots(1, 3)
    loss = fit_loss(unrefreshed(made))
    for what, ax in zip(("keys", "ring"), axes[:2], strict=True):
        known = [one for c in made if c.what == what for one in c.heatings if narrow(one)]
        plot_heating(known, ax, loss=loss)
        ax.set_title("a row of four keys" if what == "keys" else "a ring of two spins")
    for course in made:
        shown = [one for one in course.heatings if one.load and narrow(one)]
        taken = [course.first * one.load for one in shown]
        kept = [course.kept(one) for one in shown]
        axes[2].plot(taken, kept, ".", color="#2f74b8" if course.what == "keys" else "#c46a1b")
    line = np.linspace(0, 3, 50)
    axes[2].plot(line, np.exp(-line), color="k", lw=1, label="exp(-kappa lambda)")
    axes[2].set(
        xlim=(0, 3),
        xlabel="kappa lambda: what the gates that fail take, to first order",
        ylabel="share of the energy that is left",
        title="one law, nothing fitted (blue: keys, orange: ring)",
    )
    axes[2].legend()
    return figure


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shots", type=int, default=100_000)
    parser.add_argument("--methods", default=",".join(DEPTHS), help="some of them")
    parser.add_argument("--strengths", default=",".join(map(str, STRENGTHS)))
    parser.add_argument("--figure", metavar="FILE", help="draw there: .svg, .png, .pdf")
    given = parser.parse_args(arguments)
    strengths = [float(p) for p in given.strengths.split(",")]
    made = []
    for course in courses(given.seed, given.methods.split(","), strengths, given.shots):
        print(course.what, course.method, course.heatings[0].gates, file=sys.stderr, flush=True)
        made.append(course)
    print(*table(made, strengths), sep="\n")
    print()
    print(*fidelities(SPINS, BETAS, TRAININGS, given.seed), sep="\n")
    if given.figure:
        figure_of(made).savefig(given.figure, dpi=110)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("heating.py", main))
