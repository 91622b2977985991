"""What two questions cost that no part of `fit`, and no stopping rule, is made for.

    python tests/benchmarks/statistics/prices.py

prints, for four rows of packaged scores, the shots at which two keys of middling probability that
changed places are found in 90% of 400 trials at 1%: by Neyman and Pearson's test (normal limit), by
`fit`, and by chi-square with the keys pooled that expect fewer than five shots. Then, on rows with
normal quantiles times 1 and 4 as scores, the shots at which `fit` finds a uniform leak of 2% in 90%
of trials, beside the mean at which `Monitor` stops, looking whenever the shots have grown by 5%.
"""

import numpy as np
from scipy import stats

from qcattn import Monitor, fit, softmax
from qcattn.datasets import load_scores

ALPHA, POWER, TRIALS = 0.01, 0.9, 400


def shots_needed(finds, rng):
    """Smallest number of shots, on a grid of 4%, at which 90% of trials are found."""
    low, high = 16, 1 << 24
    while high > 1.04 * low:
        middle = int(np.sqrt(low * high))
        low, high = (low, middle) if finds(middle, rng) >= POWER else (middle, high)
    return high


def by_fit(p, q):
    def finds(shots, rng):
        counts = rng.multinomial(shots, q, size=TRIALS)
        return np.mean(fit(counts, np.tile(p, (TRIALS, 1))).p_values <= ALPHA)

    return finds


def by_pooled_chi_square(p, q):
    def finds(shots, rng):
        counts = rng.multinomial(shots, q, size=TRIALS)
        rare = shots * p < 5
        if rare.all() or np.count_nonzero(~rare) + rare.any() < 2:
            return 0.0
        law, table = p[~rare], counts[:, ~rare]
        if rare.any():
            law, table = np.append(law, p[rare].sum()), np.c_[table, counts[:, rare].sum(axis=1)]
        return np.mean(stats.chisquare(table, shots * law, axis=1).pvalue <= ALPHA)

    return finds


def best_possible(p, q):
    """Shots that the likelihood ratio test of p against q needs, by its normal limit."""
    possible = p > 0
    ratio = np.log(q[possible] / p[possible])
    null, other = p[possible], q[possible]
    spread = [np.sqrt(law @ ratio**2 - (law @ ratio) ** 2) for law in (null, other)]
    reach = stats.norm.isf(ALPHA) * spread[0] + stats.norm.isf(1 - POWER) * spread[1]
    return (reach / (other @ ratio - null @ ratio)) ** 2


def swapped(p):
    """The same with the two keys exchanged that stand in the middle of their order."""
    order = np.argsort(-p)
    first, second = order[len(p) // 2 - 2], order[len(p) // 2 + 1]
    q = p.copy()
    q[first], q[second] = p[second], p[first]
    return q


def main():
    rng = np.random.default_rng(33)
    rows = load_scores("smollm2").scores[:, :, -1].reshape(-1, 11)
    print("row  top key  keys exchanged    best     fit   ratio  chi-square  ratio")
    for number in (40, 100, 160, 220):
        p = softmax(rows[number])
        q = swapped(p)
        moved = np.sort(p[p != q])[::-1]
        best = best_possible(p, q)
        mine, pooled = (shots_needed(make(p, q), rng) for make in (by_fit, by_pooled_chi_square))
        print(
            f"{number:3}  {p.max():7.3f}  {moved[0]:.4f} {moved[1]:.4f}  {best:8,.0f} {mine:7,} "
            f"{mine / best:6.1f} {pooled:9,} {pooled / best:8.1f}"
        )
    print("\nkeys  top key  leak found by fit  Monitor stops after  ratio")
    for keys in (16, 128):
        for scale in (1, 4):
            p = softmax(scale * stats.norm.ppf((np.arange(keys) + 0.5) / keys))
            q = 0.98 * p + 0.02 / keys
            mine = shots_needed(by_fit(p, q), rng)
            stop = float(Monitor(p).expected_stopping(q, paths=100, seed=33))
            print(f"{keys:4}  {p.max():7.3f}  {mine:17,}  {stop:19,.0f}  {stop / mine:5.1f}")


if __name__ == "__main__":
    main()
