"""The tests compared: True where a row is refuted at 1%, or by the rule's own threshold."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable

import numpy as np
from scipy import special, stats

from qcattn.comparisons import fit

ALPHA = 0.01
Test = Callable[[np.ndarray, np.ndarray], np.ndarray]


def ours(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    return fit(k, p, alpha=ALPHA).p_values <= ALPHA


def chisquare(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    mean = k.sum(-1, keepdims=True) * p
    return stats.chisquare(k, mean, axis=-1).pvalue <= ALPHA


def g_test(k: np.ndarray, p: np.ndarray) -> np.ndarray:
    mean = k.sum(-1, keepdims=True) * p
    return stats.power_divergence(k, mean, axis=-1, lambda_="log-likelihood").pvalue <= ALPHA


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
    "scipy chisquare": chisquare,
    "scipy G": g_test,
    "pooled chi-square": pooled,
    "Monte Carlo chi-square": sampled,
    "Hellinger fidelity < .99": hellinger,
    "TV > .05": total_variation,
    "Weissman": weissman,
}
if importlib.util.find_spec("statsmodels"):
    TESTS["statsmodels Cressie-Read"] = cressie_read
    TESTS["statsmodels Goodman"] = goodman
    STATSMODELS = f"statsmodels {importlib.metadata.version('statsmodels')}"
else:
    STATSMODELS = "statsmodels is not installed: its two tests are left out"
