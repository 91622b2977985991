"""Digital heating: the effective temperature of every preparation under noise on its cx gates.

    python tests/benchmarks/heating.py --seed 1 --figure heating.svg  # --write: into RESULTS.md

A row of four keys and a ring of two spins at beta = 1, by every method that takes them, at two
depths where an option decides over it; each under depolarising noise of four strengths and none.
The temperature is that of `certify_temperature`, from 100,000 shots a basis. ImaginaryTime goes on
after it measures on the ring, where few shots are kept: it is judged on the keys alone. Then the
squared fidelity of a variational circuit over beta, at one strength. Five minutes on one core.
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
from qiskit_aer import AerSimulator

from qcattn import thermal
from qcattn.backends.noise_terms import NoiseTerm, noise_model_of
from qcattn.certification import Heating, fit_loss, lawful_ratio, measure_heating
from qcattn.certification.temperature import beta_at
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
from qcattn.preparations.reference import gibbs
from qcattn.records import Hamiltonian
from qcattn.views.trials.heating import plot_heating

#: Probabilities that a cx fails.
STRENGTHS = (0.0, 1e-3, 3e-3, 1e-2, 3e-2)
#: Gates that fail on average up to which the law is fitted and judged.
LEAST, MOST = 0.01, 3.0
#: Widest interval of a beta that is judged.
WIDEST = 0.2
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


@dataclass(frozen=True)
class Course:
    """A circuit under noise of all strengths."""

    what: str
    method: str
    heatings: tuple[Heating, ...]


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
                yield Course(what, method, tuple(found))


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
    yield f"| H | method | cx | {' | '.join(heads)} | kappa | off own | off {common:.2f} |"
    yield "|---|---|---:|" + "---:|" * (len(strengths) + 3)
    for course in made:
        cells = [_interval(one) for one in course.heatings]
        seen = judged(course)
        own = fit_loss(seen) if seen else float("nan")
        offs = [f"{away(seen, k):.2f}" if seen else "" for k in (own, common)]
        cells += [f"{own:.2f}", *offs]
        gates = f"{course.heatings[0].gates:,}"
        yield f"| {course.what} | {course.method} | {gates} | {' | '.join(cells)} |"
    yield ""
    yield from verdict(made, together, common)


def verdict(made: Sequence[Course], together: Sequence[Heating], common: float) -> Iterator[str]:
    """What the law says and where it does not hold, from the same numbers."""
    left = [one.ratio - lawful_ratio(one, common) for one in together]
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


def fidelities(strength: float) -> Iterator[str]:
    """Squared fidelity with the Gibbs state over beta, of a circuit of one depth under noise."""
    yield "| beta | without noise | with noise | effective beta | law of one lambda |"
    yield "|---:|---:|---:|---:|---:|"
    ring = ising(3, field=0.5)
    levels = np.linalg.eigvalsh(ring.matrix)
    found = {}
    for beta in BETAS:
        prepared = Variational(layers=2, restarts=2)(ring, beta=beta)
        clean, noisy = (_state(prepared, ring, p) for p in (0.0, strength))
        exact = gibbs(ring, beta)
        effective = beta_at(levels, float(np.trace(noisy @ ring.matrix).real))
        load = strength * prepared.resources.two_qubit_gates
        mixed = np.exp(-load) * exact + (1 - np.exp(-load)) * np.eye(len(exact)) / len(exact)
        found[beta] = float(thermal.fidelity(noisy, exact))
        yield (
            f"| {beta:g} | {float(thermal.fidelity(clean, exact)):.4f} | {found[beta]:.4f} | "
            f"{effective:.3f} | {float(thermal.fidelity(mixed, exact)):.4f} |"
        )
    least = min(found, key=lambda beta: found[beta])
    yield ""
    yield (
        f"With noise p = {strength:g} the fidelity of three spins is least at beta = {least:g} of "
        "these, as one lambda for all of them lets expect. Published, on trapped ions: it is not "
        "monotonic, and least near beta = 1 (Robertson et al., arXiv:2603.03801, 2 to 4 spins)."
    )


def _state(prepared: Any, hamiltonian: Hamiltonian, strength: float) -> np.ndarray:
    """Density matrix of the system under noise, from Aer."""
    bound = prepared.circuit.assign_parameters(prepared.values)
    bound.remove_final_measurements()
    system = next(register for register in bound.qregs if register.name == "system")
    bound.save_density_matrix(qubits=list(system))
    term = NoiseTerm("depolarising", ("cx",), (), {"p": strength})
    model = noise_model_of([term]) if strength else None
    backend = AerSimulator(method="density_matrix", noise_model=model)
    return np.asarray(backend.run(bound, shots=1).result().data()["density_matrix"])


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
    print(*fidelities(0.01), sep="\n")
    if given.figure:
        figure = Figure(figsize=(11, 5), layout="constrained")
        loss = fit_loss(unrefreshed(made))
        for what, ax in zip(("keys", "ring"), figure.subplots(1, 2), strict=True):
            known = [one for c in made if c.what == what for one in c.heatings if narrow(one)]
            plot_heating(known, ax, loss=loss)
            ax.set_title(f"{'a row of four keys' if what == 'keys' else 'a ring of two spins'}")
        figure.savefig(given.figure, dpi=110)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("heating.py", main))
