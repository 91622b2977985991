"""Softmax or a Lorentzian power law: which one do transverse and annealed circuits follow?

    python tests/benchmarks/power_law.py  # --write: into RESULTS.md

Ohzeki [1] derives softmax weights from imaginary time, power-law weights from real time, and finds
that one-hot attention on an annealer is fitted better by a softmax. Two laws of one parameter on
the gaps of energies above the lowest key are set against each other, each the hypothesis in its
turn:

    softmax    p_i ~ exp(-b gap_i)              Lorentzian    p_i ~ 1 / (1 + (gap_i / w)^2)

Statistic: the difference of the two largest log likelihoods (Cox). Its law under either hypothesis
is drawn at that hypothesis' own best parameter (399 parametric bootstraps), and a goodness of fit
of the same kind (deviance) is drawn beside it, since both may be wrong: a law is refuted if either
p-value, times two, is at most 1%. What remains: softmax, Lorentzian, either (not enough shots) or
neither. Planted samples of each law show size and power.

Rows: `Binary` keys of a normal row, populations at every number of shots by
- imaginary time: the thermal state of H - G sum X at beta 1 (what QSVT and ImaginaryTime prepare),
- annealing in real time T: the equal superposition under (1 - t/T)(-G sum X) + (t/T) H, one circuit
  of rx and diagonal phases (second-order Trotter steps of 0.02), which is sampled here by its
  amplitudes,
- a quench: the same from the best key under H - G sum X, averaged over time (leakage).

References:
    [1] M. Ohzeki, arXiv:2606.02098.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import results
from scipy.special import log_softmax, xlogy

from qcattn.encodings import Transverse

LAWS = ("softmax", "Lorentzian")
ALPHA, BOOTSTRAPS = 0.01, 399
#: Logarithms of the parameters that are tried.
GRID = np.linspace(-6, 6, 601)


def log_laws(name: str, log_parameters: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Log probabilities, shape (parameters, keys), at logarithms of b, or of 1 / w."""
    scaled = np.exp(log_parameters)[:, None] * gaps
    return log_softmax(-scaled if name == "softmax" else -np.log1p(scaled**2), axis=-1)


def fitted(name: str, counts: np.ndarray, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest logarithms of the parameter of each row of counts, and log likelihoods there.

    The best of a grid, and the top of the parabola through it and its neighbours.
    """
    likely = counts @ log_laws(name, GRID, gaps).T
    place = np.clip(likely.argmax(axis=-1), 1, len(GRID) - 2)
    left, top, right = (
        np.take_along_axis(likely, (place + step)[:, None], -1)[:, 0] for step in (-1, 0, 1)
    )
    bend = left - 2 * top + right
    shift = np.clip((left - right) / (2 * np.where(bend < 0, bend, -1.0)), -1, 1)
    parameters = GRID[place] + shift * (GRID[1] - GRID[0])
    return parameters, top - (left - right) * shift / 4


def statistics(counts: np.ndarray, gaps: np.ndarray) -> dict[str, np.ndarray]:
    """Of each law, by rows of counts: its parameter, lead over the other, and deviance."""
    best = {name: fitted(name, counts, gaps) for name in LAWS}
    total = counts.sum(axis=-1, keepdims=True)
    whole = xlogy(counts, counts / total).sum(axis=-1)
    other = dict(zip(LAWS, LAWS[::-1], strict=True))
    return {
        name: np.stack([best[name][0], best[name][1] - best[other[name]][1], whole - best[name][1]])
        for name in LAWS
    }


def judged(
    counts: np.ndarray, gaps: np.ndarray, rng: np.random.Generator
) -> tuple[str, dict[str, float]]:
    """The verdict of one row of counts, and the p-value of each law."""
    seen, p = statistics(counts[None], gaps), {}
    for name in LAWS:
        ((parameter,), (lead,), (deviance,)) = seen[name]
        (law,) = np.exp(log_laws(name, np.array([parameter]), gaps))
        drawn = rng.multinomial(int(counts.sum()), law / law.sum(), size=BOOTSTRAPS)
        _, leads, deviances = statistics(drawn, gaps)[name]
        worse, farther = (leads <= lead).sum(), (deviances >= deviance).sum()
        p[name] = min(1.0, 2 * (1 + int(min(worse, farther))) / (1 + BOOTSTRAPS))
    left = [name for name in LAWS if p[name] > ALPHA]
    return {0: "neither", 1: left[0] if left else "", 2: "either"}[len(left)], p


def thermal(scores: np.ndarray, field: float) -> np.ndarray:
    """Populations of the thermal state in a transverse field."""
    matrix = Transverse(field=field)(scores).matrix.real
    levels, vectors = np.linalg.eigh(matrix)
    weights = np.exp(levels[0] - levels)
    return vectors**2 @ weights / weights.sum()


def annealed(scores: np.ndarray, field: float, duration: float) -> np.ndarray:
    """Populations after annealing from the equal superposition in real time."""
    size = len(scores)
    state = np.full(size, size**-0.5, dtype=complex)
    step = 0.02
    steps = max(1, round(duration / step))
    for number in range(steps):
        share = (number + 0.5) / steps
        half = np.exp(0.5j * step * share * scores)
        state = half * _turned(half * state, step * (1 - share) * field)
    return np.abs(state) ** 2


def _turned(state: np.ndarray, angle: float) -> np.ndarray:
    """Under exp(i angle sum X)."""
    for q in range(len(state).bit_length() - 1):
        flipped = state[np.arange(len(state)) ^ (1 << q)]
        state = np.cos(angle) * state + 1j * np.sin(angle) * flipped
    return state


def quenched(scores: np.ndarray, field: float) -> np.ndarray:
    """Time average of populations that begin at the best key."""
    matrix = Transverse(field=field)(scores).matrix.real
    _, vectors = np.linalg.eigh(matrix)
    return vectors**2 @ vectors[int(np.argmax(scores))] ** 2


def main(arguments: list[str]) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rows", type=int, default=100)
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(5)
    print(f"Planted laws on rows of 16 normal gaps, {options.runs} runs each\n")
    print("| planted | shots | softmax | Lorentzian | either | neither |")
    print("|---|--:|--:|--:|--:|--:|")
    for name in (*LAWS, "half of each"):
        for shots in (1000, 10_000):
            verdicts = [_planted(name, shots, rng) for _ in range(options.runs)]
            print(_counted(f"{name} | {shots:,}", verdicts))
    print(f"\nCircuits, {options.rows} rows of 16 keys, 10,000 shots each\n")
    print("| populations of | softmax | Lorentzian | either | neither | total variation to |")
    print("|---|--:|--:|--:|--:|---|")
    for label, law in CIRCUITS.items():
        rows = [rng.normal(size=16) for _ in range(options.rows)]
        verdicts, nearer, off = [], [], []
        for scores in rows:
            p = law(scores)
            gaps = scores.max() - scores
            counts = rng.multinomial(10_000, p / p.sum())
            verdicts.append(judged(counts, gaps, rng)[0])
            away = {n: _distance(n, p, gaps) for n in LAWS}
            nearer.append(min(away, key=away.__getitem__))
            off.append(away)
        said = ", ".join(f"{n} {np.mean([o[n] for o in off]):.3f}" for n in LAWS)
        said += f"; softmax in {nearer.count('softmax')} of {len(rows)}"
        print(_counted(label, verdicts) + f" {said} |")
    return 0


#: What is judged: populations by name.
CIRCUITS = {
    "thermal, field 0": lambda s: thermal(s, 0.0),
    "thermal, field 0.3": lambda s: thermal(s, 0.3),
    "thermal, field 1": lambda s: thermal(s, 1.0),
    "anneal, T = 0.5": lambda s: annealed(s, 1.0, 0.5),
    "anneal, T = 2": lambda s: annealed(s, 1.0, 2.0),
    "anneal, T = 8": lambda s: annealed(s, 1.0, 8.0),
    "quench, field 0.1": lambda s: quenched(s, 0.1),
    "quench, field 1": lambda s: quenched(s, 1.0),
}


def _planted(name: str, shots: int, rng: np.random.Generator) -> str:
    gaps = rng.normal(size=16)
    gaps = gaps.max() - gaps
    laws = [np.exp(log_laws(one, np.zeros(1), gaps))[0] for one in LAWS]
    p = laws[LAWS.index(name)] if name in LAWS else (laws[0] + laws[1][::-1]) / 2
    return judged(rng.multinomial(shots, p / p.sum()), gaps, rng)[0]


def _counted(label: str, verdicts: list[str]) -> str:
    columns = " | ".join(str(verdicts.count(one)) for one in (*LAWS, "either", "neither"))
    return f"| {label} | {columns} |"


def _distance(name: str, p: np.ndarray, gaps: np.ndarray) -> float:
    """Total variation to the law at its likeliest parameter."""
    law = np.exp(log_laws(name, fitted(name, p[None], gaps)[0], gaps))[0]
    return float(np.abs(law - p).sum() / 2)


if __name__ == "__main__":
    sys.exit(results.run("power_law.py", main))
