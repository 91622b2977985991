"""Size, efficiency, false certification and cost of the comparisons, as Markdown tables.

Run from the repository root: ``python tests/benchmarks/statistics_table.py --seed 1``. Rows are
p = softmax(4 * normal), a new one for each repetition of sizes, one for each number of keys for
efficiencies (their likeliest outcome is printed). All figures are for alpha = 1%, power 90%.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy import special, stats

from qcattn.comparisons import certify, fit, plan

ALPHA, POWER, EPSILON = 0.01, 0.9, 0.02
Test = Callable[[np.ndarray, np.ndarray], np.ndarray]


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def laws(rng: np.random.Generator, rows: int, keys: int) -> np.ndarray:
    return softmax(4 * rng.standard_normal((rows, keys)))


# The tests that are compared: True where a row is refuted at 1%, or by the rule's own threshold.


def ours(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    return fit(k, p, alpha=ALPHA).p_values <= ALPHA


def chisquare(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    mean = k.sum(-1, keepdims=True) * p
    return special.chdtrc(p.shape[-1] - 1, ((k - mean) ** 2 / mean).sum(-1)) <= ALPHA


def g_test(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    mean = k.sum(-1, keepdims=True) * p
    return special.chdtrc(p.shape[-1] - 1, 2 * special.xlogy(k, k / mean).sum(-1)) <= ALPHA


def pooled(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Chi-square with the rarest keys pooled until five counts are expected in every cell."""
    refuted = np.zeros(len(k), dtype=bool)
    for row, (counts, law) in enumerate(zip(k, np.broadcast_to(p, k.shape), strict=True)):
        order = np.argsort(-law)
        mean, seen = counts.sum() * law[order], counts[order].astype(float)
        large = int(np.count_nonzero(mean >= 5))
        rest = mean[large:].sum()
        if rest < 5:
            large -= 1
        mean = np.append(mean[:large], mean[large:].sum())
        seen = np.append(seen[:large], seen[large:].sum())
        refuted[row] = large > 0 and (
            special.chdtrc(len(mean) - 1, ((seen - mean) ** 2 / mean).sum()) <= ALPHA
        )
    return refuted


def sampled(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Monte Carlo multinomial test of Pearson's statistic, 999 draws (exact size)."""
    rng = np.random.default_rng(0)
    refuted = np.zeros(len(k), dtype=bool)
    for row, (counts, law) in enumerate(zip(k, np.broadcast_to(p, k.shape), strict=True)):
        n = counts.sum()
        drawn = np.vstack([counts, rng.multinomial(n, law, size=999)])
        chi = ((drawn - n * law) ** 2 / (n * law)).sum(-1)
        refuted[row] = (chi >= chi[0]).mean() <= ALPHA
    return refuted


def hellinger(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    shares = k / k.sum(-1, keepdims=True)
    return np.sqrt(shares * p).sum(-1) ** 2 < 0.99


def total_variation(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    return np.abs(k / k.sum(-1, keepdims=True) - p).sum(-1) / 2 > 0.05


def weissman(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    n, keys = k.sum(-1), p.shape[-1]
    bound = np.sqrt(2 * (keys * np.log(2) - np.log(ALPHA)) / n)
    return np.abs(k / n[:, None] - p).sum(-1) > bound


def cressie_read(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Cressie and Read's power divergence, as statsmodels computes it."""
    from statsmodels.stats.gof import powerdiscrepancy

    mean = k.sum(-1, keepdims=True) * p
    return powerdiscrepancy(k.T, mean.T, lambd="cressie_read", axis=0)[1] <= ALPHA


def goodman(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Whether p is outside of Goodman's simultaneous intervals, as statsmodels computes them."""
    from statsmodels.stats.proportion import multinomial_proportions_confint

    refuted = np.zeros(len(k), dtype=bool)
    for row, (counts, law) in enumerate(zip(k, np.broadcast_to(p, k.shape), strict=True)):
        low, high = multinomial_proportions_confint(counts, ALPHA, method="goodman").T
        refuted[row] = np.any((law < low) | (law > high))
    return refuted


TESTS: dict[str, Test] = {
    "fit": ours,
    "chi-square": chisquare,
    "G": g_test,
    "pooled chi-square": pooled,
    "Monte Carlo chi-square": sampled,
    "Hellinger fidelity < .99": hellinger,
    "TV > .05": total_variation,
    "Weissman": weissman,
}
if importlib.util.find_spec("statsmodels"):
    TESTS["statsmodels powerdiscrepancy (Cressie-Read)"] = cressie_read
    TESTS["statsmodels multinomial_proportions_confint (Goodman)"] = goodman
    STATSMODELS = f"statsmodels {importlib.metadata.version('statsmodels')}"
else:
    STATSMODELS = "statsmodels is not installed: its two tests are left out"


def alternatives(p: np.ndarray) -> dict[str, np.ndarray]:
    """Laws at total variation EPSILON where the pattern allows it, hardest first."""
    keys, order = len(p), np.argsort(-p)
    low, high = 0.0, 2.0
    for _ in range(80):
        c = (low + high) / 2
        size = np.minimum(c * p ** (2 / 3), np.minimum(p, 1 - p))
        low, high = (c, high) if size.sum() < 2 * EPSILON else (low, c)
    sign, total = np.ones(keys), 0.0
    for i in order:
        sign[i] = -1.0 if total > 0 else 1.0
        total += sign[i] * size[i]
    signs = np.maximum(p + sign * size, 0.01 * p)
    half, mass = np.zeros(keys, dtype=bool), 0.0
    for i in order:
        if mass + p[i] <= 0.5 or mass == 0:
            half[i], mass = True, mass + p[i]
    move = np.where(half, -p / mass, p / (1 - mass))
    top = p.copy()
    step = min(EPSILON, p[order[0]] / 2)
    top[order[0]], top[order[1]] = p[order[0]] - step, p[order[1]] + step
    swapped = p.copy()
    swapped[order[1]], swapped[order[2]] = p[order[2]], p[order[1]]
    width = keys.bit_length() - 1
    return {
        "signs": signs / signs.sum(),
        "two halves": p + EPSILON * move,
        "top two": top,
        "spread leak": (1 - EPSILON) * p + EPSILON / keys,
        "temperature 2%": softmax(1.02 * np.log(p)),
        "swapped keys": swapped,
        "bit reversal": p[[int(f"{i:0{width}b}"[::-1], 2) for i in range(keys)]],
    }


def neyman_pearson(p: np.ndarray, q: np.ndarray) -> float:
    """Shots of the best test of p against this one q, in the normal limit."""
    ratio = np.log(q / p)
    null, other = -(p @ ratio), q @ ratio
    spread = [np.sqrt(np.maximum(law @ ratio**2 - (law @ ratio) ** 2, 0)) for law in (p, q)]
    z = stats.norm.ppf(1 - ALPHA), stats.norm.ppf(POWER)
    return float(((z[0] * spread[0] + z[1] * spread[1]) / (null + other)) ** 2)


def signed_laws(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Laws at TV EPSILON: the hardest sizes with each choice of signs that sums to about zero."""
    size = np.abs(alternatives(p)["signs"] - p)
    signs = 2.0 * ((np.arange(2 ** (len(p) - 1))[:, None] >> np.arange(len(p))) & 1) - 1
    signs = np.vstack([signs, -signs])
    left = np.abs(signs @ size)
    signs = signs[left <= max(0.05 * 2 * EPSILON, 1.001 * left.min())]
    signs = signs[rng.permutation(len(signs))[:1_000]]
    move = signs * size
    up, down = (np.where(move * side > 0, np.abs(move), 0) for side in (1, -1))
    move = EPSILON * (up / up.sum(-1, keepdims=True) - down / down.sum(-1, keepdims=True))
    laws = np.maximum(p + move, 1e-3 * p)
    return laws / laws.sum(-1, keepdims=True)


def exact_mixture_test(p: np.ndarray, laws: np.ndarray, rng: np.random.Generator) -> float:
    """Shots of the best test of p against a law drawn from these: their mean likelihood ratio."""
    ratio = np.log(laws / p)

    def power(n: int) -> float:
        null = special.logsumexp(rng.multinomial(n, p, size=3_000) @ ratio.T, axis=-1)
        drawn = rng.multinomial(n, laws[rng.integers(len(laws), size=1_000)])
        other = special.logsumexp(drawn @ ratio.T, axis=-1)
        return float((other > np.quantile(null, 1 - ALPHA)).mean())

    return shots_needed(power, neyman_pearson(p, laws[0]))


def mixture_test(p: np.ndarray, rng: np.random.Generator) -> float:
    """Shots of the best test of p against the hardest pattern with random signs.

    Its likelihood ratio is a sum of log cosh in the normal limit of every outcome; simulated. This
    is what could be reached at best, where the floor's own normal limit (many outcomes at work)
    does not hold.
    """
    size = np.abs(alternatives(p)["signs"] - p)
    size, scale = size[size > 0], p[size > 0]
    draws = rng.standard_normal((3_000, size.size)).astype(np.float32)
    low, high = np.log(10.0), np.log(1e7)
    for _ in range(16):
        n = np.exp((low + high) / 2)
        mean = (np.sqrt(n / scale) * size).astype(np.float32)
        null, other = (
            np.logaddexp(mean * x, -mean * x).sum(-1) for x in (draws, draws[::-1] + mean)
        )
        seen = (other > np.quantile(null, 1 - ALPHA)).mean() >= POWER
        low, high = (low, np.log(n)) if seen else (np.log(n), high)
    return float(np.exp(high))


def shots_needed(success: Callable[[int], float], start: float) -> float:
    """Shots for success in 90%, by stepping and a probit line through five points."""
    at, step, last = np.log(max(start, 2.0)), 0.5, 0
    for _ in range(12):
        direction = 1 if success(int(np.exp(at))) < POWER else -1
        step = step / 2 if last and direction != last else step
        at, last = at + direction * step, direction
        if step < 0.05:
            break
    points = at + np.linspace(-0.25, 0.25, 5)
    powers = np.clip([success(max(2, int(np.exp(x)))) for x in points], 0.02, 0.995)
    slope, offset = np.polyfit(points, stats.norm.ppf(powers), 1)
    fitted = (stats.norm.ppf(POWER) - offset) / slope if slope > 0 else at
    return float(np.exp(np.clip(fitted, at - 0.5, at + 0.5)))


def table(head: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def sizes(rng: np.random.Generator, keys: list[int], number: int) -> None:
    print("### False alarms at nominal 1% (target: 0.5 to 1.2%)\n")
    print(f"fit on {number:,} rows, with one standard error; the others on a tenth of them,")
    print("the Monte Carlo test on a thousandth.\n")
    rows = []
    for size in keys:
        for shots in (1_000, 10_000, 100_000, 1_000_000):
            alarms = 0
            step = min(number // 10, 10_000_000 // size)
            others = dict.fromkeys(TESTS, "")
            for start in range(0, number, step):
                p = laws(rng, min(step, number - start), size)
                k = rng.multinomial(shots, p)
                alarms += int(ours(k, p).sum())
                if start:
                    continue
                for name, test in TESTS.items():
                    few = max(20, number // (1_000 if name == "Monte Carlo chi-square" else 10))
                    with np.errstate(all="ignore"):
                        others[name] = f"{100 * test(k[:few], p[:few]).mean():.2f}"
            rate = alarms / number
            error = np.sqrt(rate * (1 - rate) / number)
            others["fit"] = f"{100 * rate:.2f} +- {100 * error:.2f}"
            rows.append([f"{size}", f"{shots:,}", *others.values()])
    table(["keys", "shots", *(f"{name} %" for name in TESTS)], rows)


def families(rng: np.random.Generator, repetitions: int) -> None:
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
            rows.append(
                [
                    name,
                    f"{shots:,}",
                    f"{repetitions}",
                    f"{100 * alarms / repetitions:.1f}",
                    f"{100 * low:.1f} to {100 * high:.1f}",
                ]
            )
    table(["rows", "shots", "families", "alarms %", "99% interval %"], rows)


def efficiencies(rng: np.random.Generator, keys: list[int], repetitions: int) -> None:
    print(f"### Shots for power 90%, and efficiency (best possible over needed), TV {EPSILON}\n")
    print("Best possible: the floor of `plan` for signs, Neyman and Pearson's test otherwise.\n")
    rows = []
    for size in keys:
        p = laws(rng, 1, size)[0]
        number = min(repetitions, max(60, 400_000 // size))
        floor = float(plan(p, EPSILON).floor)
        for name, q in alternatives(p).items():
            best = floor if name == "signs" else neyman_pearson(p, q)
            cells = [
                f"{size} (top {p.max():.2f})",
                name,
                f"{np.abs(p - q).sum() / 2:.4f}",
                f"{best:,.0f}",
            ]
            for label in ("fit", "pooled chi-square"):
                test = TESTS[label]

                def success(
                    n: int, test: Test = test, p: np.ndarray = p, q: np.ndarray = q, m: int = number
                ) -> float:
                    with np.errstate(all="ignore"):
                        return float(test(rng.multinomial(n, q, size=m), p).mean())

                needed = shots_needed(success, 1.5 * best)
                cells.append(f"{needed:,.0f} ({best / needed:.2f})")
                if name == "signs" and label == "fit" and size <= 16:
                    hard = signed_laws(p, rng)
                    reach = exact_mixture_test(p, hard, rng)

                    def mean(n: int, p: np.ndarray = p, hard: np.ndarray = hard) -> float:
                        drawn = rng.multinomial(n, hard[rng.integers(len(hard), size=2_000)])
                        return float(ours(drawn, p).mean())

                    needed = shots_needed(mean, 1.5 * best)
                    cells[-1] += f"; over {len(hard)} choices of signs {needed:,.0f}, "
                    cells[-1] += f"{reach / needed:.2f} of the {reach:,.0f} that can be reached"
                elif name == "signs" and label == "fit":
                    reach = mixture_test(p, rng)
                    cells[-1] += f", {reach / needed:.2f} of the {reach:,.0f} that can be reached"
            rows.append(cells)
    table(["keys", "alternative", "TV", "best", "fit", "pooled chi-square"], rows)


def certificates(rng: np.random.Generator, keys: list[int], repetitions: int) -> None:
    print(f"### certify at TV {EPSILON} (targets: efficiency .4, false certification at most 1%)\n")
    rows = []
    for size in keys:
        p = laws(rng, 1, size)[0]
        number = min(repetitions, max(40, 150_000 // size))
        planned = plan(p, EPSILON)
        floor = float(planned.floor)

        def success(n: int, p: np.ndarray = p, number: int = number) -> float:
            return float(certify(rng.multinomial(n, p, size=number), p, EPSILON).certified.mean())

        needed = shots_needed(success, 2.5 * floor)
        wrong = []
        for name, q in alternatives(p).items():
            moved = p + (q - p) * EPSILON / (np.abs(q - p).sum() / 2)
            if name in ("bit reversal", "temperature 2%") or moved.min() < 0:
                continue
            many = certify(rng.multinomial(int(needed), moved, size=5 * number), p, EPSILON)
            wrong.append(f"{name} {100 * many.certified.mean():.2f}")
        weissman_shots = 2 * (size * np.log(2) - np.log(ALPHA)) / (2 * EPSILON) ** 2
        rows.append(
            [
                f"{size} (top {p.max():.2f})",
                f"{floor:,.0f}",
                f"{needed:,.0f}",
                f"{float(planned.certify):,.0f}",
                f"{floor / needed:.2f}",
                f"{weissman_shots:,.0f}",
                ", ".join(wrong),
            ]
        )
    table(
        [
            "keys",
            "floor",
            "shots",
            "planned",
            "efficiency",
            "Weissman's bound alone",
            "falsely certified at exactly that TV, %",
        ],
        rows,
    )


def costs(rng: np.random.Generator, keys: list[int]) -> None:
    print("### Processor time a row, ms (targets .015, .06, .35, 2 at 16, 128, 1024, 4096 keys)\n")
    rows = []
    for size in keys:
        number = max(50, 400_000 // size)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=300, help="draws for each power")
    parser.add_argument("--families", type=int, default=200, help="families of rows")
    parser.add_argument("--rows", type=int, default=20_000, help="rows for each size of fit")
    parser.add_argument("--keys", type=int, nargs="+", default=[16, 128, 1024, 4096])
    parser.add_argument(
        "--only", choices=["sizes", "families", "efficiencies", "certificates", "costs"]
    )
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    print(
        f"seed {options.seed}, {options.repetitions} repetitions, numpy {np.__version__}, ", end=""
    )
    print(f"{STATSMODELS}\n")
    chosen = [options.only] if options.only else ["costs", "sizes", "families"]
    if "costs" in chosen:
        costs(rng, options.keys)
    if "sizes" in chosen:
        sizes(rng, options.keys, options.rows)
    if "families" in chosen:
        families(rng, options.families)
    if not options.only:
        chosen = ["efficiencies", "certificates"]
    # Below 1e-3 p-values are sampled; that changes no decision at 1% and takes most of the time.
    sys.modules["qcattn.comparisons.fit"].__dict__["ESCALATE"] = 0.0
    if "efficiencies" in chosen:
        efficiencies(rng, options.keys, options.repetitions)
    if "certificates" in chosen:
        certificates(rng, options.keys, options.repetitions)


if __name__ == "__main__":
    main()
