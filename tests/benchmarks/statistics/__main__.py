"""Size, efficiency, false certification and cost of the comparisons, as Markdown tables.

    python tests/benchmarks/statistics --seed 1  # --write: into RESULTS.md

Run it from the repository root. Rows are
p = softmax(4 * normal): a new one for each repetition of sizes. For efficiencies and certificates
there is the middle row of each number of keys, with quantiles in place of normal numbers, and
beside it a few drawn ones in which the outcomes other than the likeliest have more than twice the
total variation that is looked for. All figures are for alpha = 1%, power 90%.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from peers import ALPHA, STATSMODELS, TESTS, Test, ours
from rivals import (
    EPSILON,
    alternatives,
    exact_mixture_test,
    laws,
    middle_law,
    mixture_test,
    neyman_pearson,
    shots_needed,
    signed_laws,
    softmax,
)
from scipy import stats

from qcattn.comparisons import certify, fit, plan

sys.path.insert(0, str(Path(__file__).parents[1]))
import results

PARTS = ("costs", "sizes", "families", "efficiencies", "certificates")


def stream(seed: int, part: str, *which: int) -> np.random.Generator:
    """Random numbers of one part and size: the same whatever else is run."""
    key = (PARTS.index(part) if part in PARTS else len(PARTS), *which)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def table(head: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def spread(values: np.ndarray, digits: int = 2) -> str:
    """The middle row's value, then the median and range of the others."""
    first, others = values[0], values[1:]
    drawn = (
        f"{np.median(others):,.{digits}f} ({min(others):,.{digits}f} to {max(others):,.{digits}f})"
    )
    return f"{first:,.{digits}f}; {drawn}"


def roomy(rng: np.random.Generator, number: int, keys: int) -> np.ndarray:
    """Rows in which more than two EPSILON lies outside of the likeliest outcome."""
    rows: list[np.ndarray] = []
    while len(rows) < number:
        (p,) = laws(rng, 1, keys)
        if 1 - p.max() > 2 * EPSILON:
            rows.append(p)
    return np.array(rows)


def sizes(seed: int, keys: list[int], number: int) -> None:
    print("### False alarms at nominal 1% (target: 0.5 to 1.2%)\n")
    print(f"fit on {number:,} rows (at most 4e7 probabilities), with one standard error; the")
    print("others on a tenth of them, the Monte Carlo test on 1,000 rows up to 128 keys.\n")
    rows = []
    for size in keys:
        rng = stream(seed, "sizes", size)
        number = min(number, 40_000_000 // size)
        for shots in (1_000, 10_000, 100_000, 1_000_000):
            alarms = 0
            step = max(1, min(number // 10, 10_000_000 // size))
            others = dict.fromkeys(TESTS, "")
            for start in range(0, number, step):
                p = laws(rng, min(step, number - start), size)
                k = rng.multinomial(shots, p)
                alarms += int(ours(k, p).sum())
                if start:
                    continue
                for name, test in TESTS.items():
                    few = number // 10
                    if name == "Monte Carlo chi-square":
                        few = min(few, 1_000) if size <= 128 else 0
                    if not few:
                        continue
                    with np.errstate(all="ignore"):
                        others[name] = f"{100 * test(k[:few], p[:few]).mean():.1f}"
            rate = alarms / number
            error = np.sqrt(rate * (1 - rate) / number)
            others["fit"] = f"{100 * rate:.2f} ± {100 * error:.2f}"
            rows.append([f"{size}", f"{shots:,}", *others.values()])
    table(["keys", "shots", *(f"{name} %" for name in TESTS)], rows)


def families(seed: int, repetitions: int) -> None:
    rng = stream(seed, "families")
    print("### Families of 3,000 rows at 1%: share of families with any alarm (target: 1%)\n")
    rows = []
    for name in ("peaked, 16 keys", "causal, 1 to 16 keys", "sinks, 16 keys"):
        for shots in (200, 4_096, 100_000):
            alarms = 0
            for _ in range(repetitions):
                scores = 4 * rng.standard_normal((3_000, 16))
                if name.startswith("causal"):
                    last = np.arange(3_000)[:, None] % 16
                    scores = np.where(np.arange(16) <= last, scores, -np.inf)
                if name.startswith("sinks"):
                    scores /= 2
                    scores[:, 0] += rng.uniform(6, 14, 3_000)
                p = softmax(scores)
                alarms += fit(rng.multinomial(shots, p), p, alpha=ALPHA).refuted
            low, high = stats.binomtest(alarms, repetitions).proportion_ci(0.99)
            share = f"{100 * alarms / repetitions:.1f} ({100 * low:.1f} to {100 * high:.1f})"
            rows.append([name, f"{shots:,}", f"{repetitions}", share])
    table(["rows", "shots", "families", "alarms % (99% interval)"], rows)


def refuted_share(
    test: Test, p: np.ndarray, others: np.ndarray, rng: np.random.Generator, number: int, n: int
) -> float:
    """How often a test refutes p when n shots follow one of the other laws, drawn anew."""
    drawn = rng.multinomial(n, others[rng.integers(len(others), size=number)])
    with np.errstate(all="ignore"):
        return float(test(drawn, p).mean())


def efficiencies(seed: int, rows_of: dict[int, np.ndarray], repetitions: int) -> None:
    print(f"### Shots for power 90%, TV {EPSILON} where the fault allows it\n")
    print("Efficiency: best possible over needed; the middle row; drawn rows: median (smallest to")
    print("largest). Best possible: the floor of `plan` for signs, Neyman and Pearson's test")
    print(
        "otherwise. Attainable: the same for the likelihood ratio averaged over signs, simulated.\n"
    )
    rows, powers = [], []
    for size, laws_of_size in rows_of.items():
        rng = stream(seed, "efficiencies", size)
        number = min(repetitions, max(60, 400_000 // size))
        found: dict[str, list[list[float]]] = {}
        for which, p in enumerate(laws_of_size):
            floor = float(plan(p, EPSILON).floor)
            for name, q in alternatives(p).items():
                others = signed_laws(p, rng) if name == "signs" else q[None]
                best = floor if name.startswith("signs") else neyman_pearson(p, q)
                needed = [
                    shots_needed(
                        partial(refuted_share, TESTS[label], p, others, rng, number),
                        1.5 * best,
                    )
                    for label in ("fit", "pooled chi-square")
                ]
                reach = np.nan
                if name == "signs":
                    reach = (exact_mixture_test if size <= 16 else mixture_test)(p, others, rng)
                found.setdefault(name, []).append([best, *needed, reach])
                if which == 0:
                    cells = [f"{size}", name, f"{needed[0]:,.0f}"]
                    for label, test in TESTS.items():
                        sampling = label == "Monte Carlo chi-square"
                        few = number if not sampling else 20 if size <= 1024 else 0
                        power = (
                            refuted_share(test, p, others, rng, few, int(needed[0])) if few else 0
                        )
                        cells.append(f"{100 * power:.0f}" if few else "")
                    powers.append(cells)
        for name, values in found.items():
            best, ours_needed, pooled_needed, reach = np.array(values).T
            cells = [
                f"{size}",
                "random signs" if name == "signs" else name,
                spread(best, 0),
                spread(ours_needed, 0),
                spread(best / ours_needed),
                spread(best / pooled_needed),
                spread(reach / ours_needed) if name == "signs" else "",
                spread(best / reach) if name == "signs" else "",
            ]
            rows.append(cells)
    head = ["keys", "fault", "best possible", "`fit`", "its efficiency", "pooled chi-square"]
    table([*head, "of the attainable", "attainable efficiency"], rows)
    print("### Share refuted, %, at the shots where `fit` finds the fault in 90%: middle row\n")
    print("(The tests whose false alarms are above 1% owe part of it to them.)\n")
    table(["keys", "fault", "shots", *TESTS], powers)


def certificates(seed: int, rows_of: dict[int, np.ndarray], repetitions: int) -> None:
    print(f"### certify at TV {EPSILON} (targets: efficiency .4, false certification at most 1%)\n")
    peaked = np.array([[1 - 1e-6, *[1e-6 / 15] * 15], [0.994, *[0.006 / 15] * 15]])
    rows = []
    last = [(-16, peaked)] if 16 in rows_of else []
    for size, laws_of_size in [*rows_of.items(), *last]:
        rng = stream(seed, "certificates", abs(size), int(size < 0))
        number = min(repetitions, max(40, 150_000 // abs(size)))
        found: list[list[float]] = []
        wrong: dict[str, list[float]] = {}
        for p in laws_of_size:
            planned = plan(p, EPSILON)
            floor = float(planned.floor)

            def success(
                n: int,
                p: np.ndarray = p,
                number: int = number,
                rng: np.random.Generator = rng,
            ) -> float:
                return float(
                    certify(rng.multinomial(n, p, size=number), p, EPSILON).certified.mean()
                )

            needed = shots_needed(success, 1.5 * floor)
            found.append([floor, needed, float(planned.certify)])
            for name, q in alternatives(p).items():
                distance = np.abs(q - p).sum() / 2
                moved = p + (q - p) * EPSILON / max(distance, 1e-12)
                if name in ("bit reversal", "temperature 2%") or not distance > 0 <= moved.min():
                    continue
                many = certify(rng.multinomial(int(needed), moved, size=2 * number), p, EPSILON)
                wrong.setdefault(name, []).append(100 * many.certified.mean())
        floors, shots, foreseen = np.array(found).T
        weissman_shots = 2 * (abs(size) * np.log(2) - np.log(ALPHA)) / (2 * EPSILON) ** 2
        rows.append(
            [
                f"{size}" if size > 0 else "16, likeliest .994 and more",
                spread(floors, 0),
                spread(shots, 0),
                spread(foreseen, 0),
                spread(floors / shots),
                f"{weissman_shots:,.0f}",
                ", ".join(f"{name} {np.mean(share):.2f}" for name, share in wrong.items()),
            ]
        )
    head = ["keys", "floor", "shots", "foreseen by `plan`", "efficiency", "Weissman's bound alone"]
    table([*head, "falsely certified at exactly that TV, %"], rows)


def costs(seed: int, keys: list[int]) -> None:
    print("### Processor time a row, ms (targets .015, .06, .35, 2 at 16, 128, 1024, 4096 keys)\n")
    rows = []
    for size in keys:
        number = max(50, 400_000 // size)
        rng = stream(seed, "costs", size)
        p = laws(rng, number, size)
        k = rng.multinomial(10_000, p)
        cells = [f"{size}"]
        for call in (lambda: fit(k, p), lambda: certify(k, p, EPSILON)):  # noqa: B023
            best = np.inf
            for _ in range(3):
                start = time.process_time()
                call()
                best = min(best, time.process_time() - start)
            cells.append(f"{1e3 * best / number:.4f}")
        rows.append(cells)
    table(["keys", "fit", "certify"], rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=300, help="draws for each power")
    parser.add_argument("--families", type=int, default=200, help="families of rows")
    parser.add_argument("--rows", type=int, default=20_000, help="rows for each size of fit")
    parser.add_argument("--laws", type=int, default=3, help="rows for efficiencies")
    parser.add_argument("--keys", type=int, nargs="+", default=[16, 128, 1024, 4096])
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    options = parser.parse_args(arguments)
    print(
        f"seed {options.seed}, {options.repetitions} repetitions, {options.laws} rows for "
        f"efficiencies, numpy {np.__version__}, {STATSMODELS}\n"
    )
    rows_of = {
        size: np.vstack(
            [middle_law(size), roomy(stream(options.seed, "rows", size), options.laws, size)]
        )
        for size in options.keys
    }
    if "costs" in options.only:
        costs(options.seed, options.keys)
    if "sizes" in options.only:
        sizes(options.seed, options.keys, options.rows)
    if "families" in options.only:
        families(options.seed, options.families)
    # Below 1e-3 p-values are sampled; that changes no decision at 1% and takes most of the time.
    for part in ("_parts", "_sums"):
        sys.modules[f"qcattn.comparisons.{part}"].__dict__["ESCALATE"] = 0.0
    if "efficiencies" in options.only:
        efficiencies(options.seed, rows_of, options.repetitions)
    if "certificates" in options.only:
        certificates(options.seed, rows_of, options.repetitions)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("statistics", main))
