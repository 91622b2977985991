"""How often perfect Markov chains are refuted, and how many readings show a wrong temperature.

    python tests/benchmarks/chain_alarms.py --runs 100  # --write: into RESULTS.md

False alarms at alpha = 1% and 5% over a grid of chains: keys, how peaked their law is, chains,
reads of each, and how likely a key is kept from one read to the next (else it is drawn from the
law, so that the law is exact and (1 + kept) / (1 - kept) readings are worth an independent one).
The chains with a valley have two halves of the keys; the rare half, of probability 5%, is entered
and left once in a thousand reads. `fit` is given the same counts as if shots were independent.

Then the readings after which 1.2 times the right beta is refuted at 1% with 90% power, beside those
that `fit` takes on independent shots times what a reading is worth. One core, about half a minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

import numpy as np
import results
from scipy.stats import binom

from qcattn.attention import softmax
from qcattn.comparisons import fit, fit_chains

ALPHAS = (0.01, 0.05)
#: Keys, spread of the scores, chains, reads, kept.
GRID = [
    (4, 1.0, 1, 400, 0.9),
    (4, 3.0, 1, 400, 0.9),
    (16, 2.0, 16, 50, 0.5),
    (16, 2.0, 64, 50, 0.9),
    (16, 4.0, 64, 50, 0.9),
    (16, 4.0, 32, 200, 0.5),
    (64, 3.0, 16, 50, 0.9),
]
VALLEYS = [(4, 2.0, 64, 100, 0.5), (16, 2.0, 16, 100, 0.5)]
RARE, SWITCHED = 0.05, 1e-3


def kept_matrix(law: np.ndarray, kept: float) -> np.ndarray:
    return kept * np.eye(len(law)) + (1 - kept) * law


def with_a_valley(law: np.ndarray, kept: float) -> tuple[np.ndarray, np.ndarray]:
    """A law whose second half is rare, and the matrix that seldom changes halves."""
    half = len(law) // 2
    inside = [law[:half] / law[:half].sum(), law[half:] / law[half:].sum()]
    whole = np.concatenate([(1 - RARE) * inside[0], RARE * inside[1]])
    block = np.zeros((len(law), len(law)))
    for place, part in zip((slice(None, half), slice(half, None)), inside, strict=True):
        block[place, place] = kept_matrix(part, kept)
    return whole, (1 - SWITCHED) * block + SWITCHED * whole


def walk(
    law: np.ndarray, transition: np.ndarray, chains: int, reads: int, rng: np.random.Generator
) -> np.ndarray:
    """Readings (chains, reads), the first drawn from the law."""
    ladders = np.cumsum(transition, axis=1)[:, :-1]
    out = np.empty((chains, reads), dtype=np.int64)
    out[:, 0] = np.searchsorted(np.cumsum(law)[:-1], rng.random(chains), side="right")
    for read in range(1, reads):
        out[:, read] = (ladders[out[:, read - 1]] <= rng.random(chains)[:, None]).sum(axis=1)
    return out


def law_of(keys: int, spread: float, beta: float = 1.0) -> np.ndarray:
    return softmax(spread * np.random.default_rng(keys).normal(size=keys), beta=beta)


def share(refuted: list[bool]) -> str:
    return f"{np.mean(refuted):.1%}"


def line(number: int, runs: int, seed: int) -> tuple[str, list[float]]:
    """A line of the table, and how often the exact test refuted at each level."""
    keys, spread, chains, reads, kept = [*GRID, *VALLEYS][number]
    law, valley = law_of(keys, spread), number >= len(GRID)
    if valley:
        law, transition = with_a_valley(law, kept)
    else:
        transition = kept_matrix(law, kept)
    exact, scatter, naive, undecided = [], [], [], 0
    for run, rng in enumerate(np.random.default_rng([seed, number]).spawn(runs)):
        readings = walk(law, transition, chains, reads, rng)
        exact.append(fit_chains(readings, law, transition=transition, seed=run).overall())
        turned = fit_chains(readings, law, seed=run)
        scatter.append(turned.overall())
        undecided += turned.undecided
        naive.append(fit(np.bincount(readings.ravel(), minlength=keys), law).refuted)
    rates = [[np.array(one) <= alpha for alpha in ALPHAS] for one in (exact, scatter)]
    cells = " | ".join(share(one) for pair in rates for one in pair)
    print(number, cells, file=sys.stderr)
    said = (
        f"| {keys} | {law.max():.2f} | {chains} x {reads} | {kept:g}"
        f"{', valley' if valley else ''} | {cells} | {undecided / runs:.0%} | {share(naive)} |"
    )
    return said, [float(one.mean()) for one in rates[0]]


def alarms(runs: int, seed: int) -> Iterator[str]:
    yield (
        "| keys | top key | chains x reads | kept | exact, 1% | 5% | by scatter, 1% | 5% "
        "| undecided | `fit`, 1% |"
    )
    yield "|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|"
    worst = np.zeros(2)
    for number in range(len(GRID) + len(VALLEYS)):
        said, rates = line(number, runs, seed)
        worst = np.maximum(worst, rates)
        yield said
    bands = [binom.interval(0.99, runs, alpha)[1] / runs for alpha in ALPHAS]
    yield ""
    yield (
        f"{runs:,} runs a line. A test at its level lies at or below {bands[0]:.1%} and "
        f"{bands[1]:.1%} in 99.5% of lines; the largest rates of the exact test are {worst[0]:.1%} "
        f"and {worst[1]:.1%}."
    )


def needed(refuted: Callable[[int, np.random.Generator], bool], seed: int, runs: int) -> int:
    """The first number of readings, on a ladder of half octaves, with 90% power."""
    for rung in range(30):
        size = round(256 * 2 ** (rung / 2))
        rngs = np.random.default_rng([seed, size]).spawn(runs)
        if np.mean([refuted(size, rng) for rng in rngs]) >= 0.9:
            return size
    raise RuntimeError("no number of readings shows it")


def power(runs: int, seed: int) -> Iterator[str]:
    yield "| keys | top key | kept | a reading is worth | `fit`, independent | exact | ratio |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for keys, spread, kept in [(4, 1.0, 0.9), (16, 2.0, 0.5)]:
        law, wrong = law_of(keys, spread), law_of(keys, spread, beta=1.2)
        right, drawn = kept_matrix(law, kept), kept_matrix(wrong, kept)

        def independent(size: int, rng: np.random.Generator, wrong=wrong, law=law) -> bool:
            return fit(rng.multinomial(size, wrong), law).refuted

        def chained(size: int, rng: np.random.Generator, wrong=wrong, law=law, drawn=drawn,
                    right=right) -> bool:  # fmt: skip
            readings = walk(wrong, drawn, 16, size // 16, rng)
            return fit_chains(readings, law, transition=right).refuted

        worth = (1 - kept) / (1 + kept)
        shots, readings = needed(independent, seed, 4 * runs), needed(chained, seed, runs)
        print(keys, kept, shots, readings, file=sys.stderr)
        yield (
            f"| {keys} | {law.max():.2f} | {kept:g} | 1/{1 / worth:.0f} | {shots:,.0f} | "
            f"{readings:,.0f} | {readings * worth / shots:.2f} |"
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    for line in alarms(given.runs, given.seed):
        print(line)
    print()
    for line in power(max(20, given.runs // 20), given.seed):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("chain_alarms.py", main))
