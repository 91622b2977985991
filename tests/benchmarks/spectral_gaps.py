"""Spectral gaps of Metropolis chains by quantum, local and uniform proposals, exact and dense.

    python tests/benchmarks/spectral_gaps.py --instances 40  # --write: into RESULTS.md

Three models: fully connected Ising glasses with normal couplings and fields, as in reference [1];
softmax rows with independent normal scores, which have no structure to follow; and rows of
SmolLM2. For the quantum proposal the transition matrix is the mean over gamma and t drawn anew for
each step, uniform in [0.25, 0.6] and [2, 20] as in reference [1]. The mean gap over instances is
fitted by a power of two; what follows +- is the standard error of the slope over sizes.

With ``--glasses`` glasses alone, the quantum proposal without Trotter's error, more instances and
every size weighted by its error; one core, about a minute and a half.

With QEMCMC_PYTHON naming a Python 3.13 in which `qemcmc` is installed, its gaps of the same glasses
at fixed gamma and t stand beside ours. One core, about four minutes.

[1] D. Layden et al., Nature 619, 282 (2023), arXiv:2203.12497. The text of the paper was not at
    hand: its exponents are those of its Table S3 at T = 1 as a public reproduction quotes them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import results

from qcattn.chains.proposals import (
    local_proposal,
    problem_scale,
    quantum_proposal,
    trotter_steps,
    uniform_proposal,
)
from qcattn.chains.transitions import spectral_gap
from qcattn.datasets import load_scores

SIZES = range(3, 10)
DRAWS = 12
GAMMAS, TIMES = (0.25, 0.6), (2.0, 20.0)
#: Exponents of the mean gap of Ising glasses at T = 1 in reference [1].
PUBLISHED = {"quantum": "0.264 ± 0.004", "local": "0.94 ± 0.04", "uniform": "0.948 ± 0.007"}
#: Instances of each size with ``--glasses``, and strata of gamma and of t there.
GLASSES = {3: 300, 4: 300, 5: 300, 6: 200, 7: 80, 8: 60, 9: 20}
STRATA = (8, 6)
#: Of the comparison with the package: gamma, t, and glasses of a size.
PEER = (0.45, 12.0, 3)


def glass(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Couplings (n, n) above the diagonal, fields (n,), energies (2**n,) of an Ising glass."""
    couplings, fields = np.triu(rng.normal(size=(n, n)), 1), rng.normal(size=n)
    spins = 1.0 - 2.0 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    energies = -np.einsum("si,ij,sj->s", spins, couplings, spins) - spins @ fields
    return couplings, fields, energies


def mean_proposal(
    energies: np.ndarray, rng: np.random.Generator, steps: Callable[[float], int] | None
) -> np.ndarray:
    """The quantum proposal when gamma and t are drawn anew for each step of the chain."""
    total = np.zeros((energies.size, energies.size))
    for gamma, time in zip(rng.uniform(*GAMMAS, DRAWS), rng.uniform(*TIMES, DRAWS), strict=True):
        total += quantum_proposal(energies, gamma, time, steps=steps(time) if steps else None)
    return total / DRAWS


def gaps(energies: np.ndarray, rng: np.random.Generator) -> list[float]:
    n = energies.size.bit_length() - 1
    seeds = rng.spawn(1)[0].bit_generator.seed_seq
    proposals = [
        mean_proposal(energies, np.random.default_rng(seeds), None),
        mean_proposal(energies, np.random.default_rng(seeds), trotter_steps),
        local_proposal(n),
        uniform_proposal(n),
    ]
    return [spectral_gap(proposal, energies, 1.0) for proposal in proposals]


def energies_of(model: str, n: int, rng: np.random.Generator) -> np.ndarray:
    return glass(n, rng)[2] if model == "Ising glass" else -2.0 * rng.normal(size=2**n)


def exponent(sizes: np.ndarray, means: np.ndarray) -> tuple[float, float]:
    """k of 2^(-k n), and its standard error from how far the points are from a line."""
    (slope, _), covariance = np.polyfit(sizes, np.log2(means), 1, cov=True)
    return -slope, float(np.sqrt(covariance[0, 0]))


def table(model: str, instances: int, seed: int) -> Iterator[str]:
    yield f"| {model}, n | quantum | quantum, Trotter steps | local | uniform |"
    yield "|---|---:|---:|---:|---:|"
    means = []
    for n in SIZES:
        number = max(8, instances >> max(0, n - 6))
        rngs = np.random.default_rng([seed, n]).spawn(number)
        found = np.array([gaps(energies_of(model, n, rng), rng) for rng in rngs])
        means.append(found.mean(axis=0))
        cells = [
            f"{mean:.3g} ± {error:.1g}"
            for mean, error in zip(
                means[-1], found.std(axis=0, ddof=1) / np.sqrt(number), strict=True
            )
        ]
        yield f"| {n} ({number} instances) | {' | '.join(cells)} |"
        print(model, n, file=sys.stderr)
    sizes = np.array(SIZES)
    for first in (0, 2):
        fitted = [exponent(sizes[first:], column) for column in np.array(means)[first:].T]
        yield (
            f"| k of 2^(-kn), n ≥ {sizes[first]} | "
            + " | ".join(f"{k:.2f} ± {error:.2f}" for k, error in fitted)
            + " |"
        )
    if model == "Ising glass":
        named = [PUBLISHED[name] for name in ("quantum", "quantum", "local", "uniform")]
        yield "| k, Layden et al., as quoted | " + " | ".join(named) + " |"


def stratified_proposal(energies: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same as `mean_proposal` of no steps, one gamma and t of each stratum."""
    levels = energies - energies.mean()
    flips = local_proposal(energies.size.bit_length() - 1) * (energies.size.bit_length() - 1)
    total = np.zeros((energies.size, energies.size))
    for share in (np.arange(STRATA[0]) + rng.random(STRATA[0])) / STRATA[0]:
        gamma = GAMMAS[0] + (GAMMAS[1] - GAMMAS[0]) * share
        problem = (1 - gamma) * problem_scale(energies) * np.diag(levels)
        values, vectors = np.linalg.eigh(problem + gamma * flips)
        times = (np.arange(STRATA[1]) + rng.random(STRATA[1])) / STRATA[1]
        for time in TIMES[0] + (TIMES[1] - TIMES[0]) * times:
            total += np.abs((vectors * np.exp(-1j * values * time)) @ vectors.T) ** 2
    return total / np.prod(STRATA)


def weighted_exponent(
    sizes: np.ndarray, means: np.ndarray, errors: np.ndarray
) -> tuple[float, float]:
    """k of 2^(-k n) by the errors of the means, and its standard error from them."""
    weights = np.log(2) * means / errors
    (slope, _), covariance = np.polyfit(sizes, np.log2(means), 1, w=weights, cov="unscaled")
    return -slope, float(np.sqrt(covariance[0, 0]))


def glasses(seed: int = 7) -> Iterator[str]:
    """The quantum proposal on glasses, from enough instances of the large sizes."""
    gammas, times = STRATA
    yield f"| Ising glass, n | {DRAWS} draws of γ and t | {gammas} strata of γ, {times} of t |"
    yield "|---|---:|---:|"
    found = []
    for n, number in GLASSES.items():
        rows = []
        for rng in np.random.default_rng([seed, n]).spawn(number):
            energies = glass(n, rng)[2]
            ways = (mean_proposal(energies, rng, None), stratified_proposal(energies, rng))
            rows.append([spectral_gap(one, energies, 1.0) for one in ways])
        found.append((np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / np.sqrt(number)))
        print("glasses", n, file=sys.stderr)
    yield from glass_lines(found)


def glass_lines(found: list[tuple[np.ndarray, np.ndarray]]) -> Iterator[str]:
    """Lines of the sizes, and of the exponents."""
    for (n, number), (means, errors) in zip(GLASSES.items(), found, strict=True):
        cells = [f"{one:.4f} ± {error:.4f}" for one, error in zip(means, errors, strict=True)]
        yield f"| {n} ({number} instances) | {' | '.join(cells)} |"
    sizes, means, errors = (np.array(one) for one in (list(GLASSES), *zip(*found, strict=True)))
    fitted = [weighted_exponent(sizes, *pair) for pair in zip(means.T, errors.T, strict=True)]
    cells = [f"{k:.3f} ± {error:.3f}" for k, error in fitted]
    yield f"| k of 2^(-kn), weighted | {' | '.join(cells)} |"
    yield f"| k, Layden et al., as quoted | {PUBLISHED['quantum']} | {PUBLISHED['quantum']} |"


def rows_of_smollm2(seed: int) -> Iterator[str]:
    """Rows of the packaged model with 8 keys that are not masked: 3 qubits without padding."""
    scores = load_scores("smollm2").scores[:, :, 7, :8].reshape(-1, 8)
    yield "| rows of SmolLM2 with 8 keys | quantum | quantum, Trotter steps | local | uniform |"
    yield "|---|---:|---:|---:|---:|"
    rngs = np.random.default_rng([seed, 0]).spawn(len(scores))
    found = np.array([gaps(-row, rng) for row, rng in zip(scores, rngs, strict=True)])
    for name, values in (("median", np.median(found, axis=0)), ("least", found.min(axis=0))):
        yield f"| {name} of {len(scores)} | " + " | ".join(f"{x:.3g}" for x in values) + " |"


def peer(seed: int) -> Iterator[str]:
    python = os.environ.get("QEMCMC_PYTHON")
    if not python:
        raise SystemExit("QEMCMC_PYTHON must name a Python in which qemcmc is installed")
    gamma, time, number = PEER
    asked, ours = [], []
    for n in (3, 4, 5, 6):
        for rng in np.random.default_rng([seed, 99, n]).spawn(number):
            couplings, fields, energies = glass(n, rng)
            asked.append({"J": couplings.tolist(), "h": fields.tolist()})
            steps = int(time / 0.8)
            proposals = [
                quantum_proposal(energies, gamma, time, steps=steps),
                local_proposal(n),
                uniform_proposal(n),
            ]
            ours.append([spectral_gap(one, energies, 1.0) for one in proposals])
    script = Path(__file__).with_name("qemcmc_gaps.py")
    said = subprocess.run(
        [python, str(script)],
        input=json.dumps({"gamma": gamma, "time": time, "glasses": asked}),
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    answer = json.loads(said.stdout.splitlines()[-1])
    theirs, mine = np.array(answer["gaps"]), np.array(ours)
    yield (
        f"| `qemcmc` {answer['version']}, {len(asked)} glasses of 3 to 6 spins, "
        f"γ = {gamma}, t = {time:g} | largest difference of a gap |"
    )
    yield "|---|---:|"
    pairs = {
        "quantum, the problem weighted by 1 - γ": (0, 0),
        "quantum, as its `SpectralGap` weights it": (1, 0),
        "local": (2, 1),
        "uniform": (3, 2),
    }
    for name, (their, our) in pairs.items():
        yield f"| {name} | {np.abs(theirs[:, their] - mine[:, our]).max():.1g} |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instances", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--glasses", action="store_true", help="only those, more instances")
    given = parser.parse_args(arguments)
    blocks = [glasses()] if given.glasses else [
        table("Ising glass", given.instances, given.seed),
        table("softmax row", given.instances, given.seed),
        rows_of_smollm2(given.seed),
        peer(given.seed),
    ]  # fmt: skip
    for number, block in enumerate(blocks):
        if number:
            print()
        for line in block:
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("spectral_gaps.py", main))
