"""Rows of probabilities, laws that differ from them, and the best that any test can do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from peers import ALPHA
from scipy import special, stats

POWER, EPSILON = 0.9, 0.02
#: Standard deviation within which signs balance.
WINDOW = 0.1 * EPSILON


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def laws(rng: np.random.Generator, rows: int, keys: int) -> np.ndarray:
    return softmax(4 * rng.standard_normal((rows, keys)))


def middle_law(keys: int) -> np.ndarray:
    """The row of 4 times the normal quantiles at (i + 1/2) / keys: no chance in it."""
    return softmax(4 * special.ndtri((np.arange(keys)[::-1] + 0.5) / keys))


def balanced(p: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Laws p + move, ups and downs each scaled to a total of EPSILON; shape (..., keys)."""
    up, down = np.maximum(move, 0), np.maximum(-move, 0)
    move = EPSILON * (up / up.sum(-1, keepdims=True) - down / down.sum(-1, keepdims=True))
    laws = np.maximum(p + move, 1e-3 * p)
    return laws / laws.sum(-1, keepdims=True)


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
    turns = np.empty(keys)
    turns[order] = np.where(np.arange(keys) % 2 == 0, 1.0, -1.0)
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
        "signs + - + -": balanced(p, turns * size),
        "signs - + - +": balanced(p, -turns * size),
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


def signed_laws(p: np.ndarray, rng: np.random.Generator, number: int = 300) -> np.ndarray:
    """Laws at TV EPSILON: the hardest sizes with random signs that sum to about zero."""
    size = np.abs(alternatives(p)["signs"] - p)
    signs = np.empty((0, len(p)))
    for _ in range(100):
        some = rng.choice([-1.0, 1.0], size=(2_000, len(p)))
        left = np.abs(some @ size)
        signs = np.vstack([signs, some[left <= max(0.1 * EPSILON, 1.001 * left.min())]])
        if len(signs) >= number:
            break
    return balanced(p, signs[:number] * size)


def exact_mixture_test(p: np.ndarray, laws: np.ndarray, rng: np.random.Generator) -> float:
    """Shots of the best test of p against a law drawn from these: their mean likelihood ratio."""
    ratio = np.log(laws / p)

    def power(n: int) -> float:
        null = special.logsumexp(rng.multinomial(n, p, size=3_000) @ ratio.T, axis=-1)
        drawn = rng.multinomial(n, laws[rng.integers(len(laws), size=1_000)])
        other = special.logsumexp(drawn @ ratio.T, axis=-1)
        return float((other > np.quantile(null, 1 - ALPHA)).mean())

    return shots_needed(power, neyman_pearson(p, laws[0]))


def mixture_test(p: np.ndarray, laws: np.ndarray, rng: np.random.Generator) -> float:
    """The same where signs are too many to list: averaged over all signs s that balance.

    The average of prod (1 + s_i r_i)^k_i over signs with sum s_i size_i = 0 is an integral over t
    of prod cosh(x_i + i t size_i), a Fourier transform of the condition, which holds within WINDOW.
    Outcomes that hardly turn with t enter by their first two derivatives.
    """
    size = np.abs(alternatives(p)["signs"] - p)
    up, down = (np.log1p(sign * np.minimum(size / p, 0.999)) for sign in (1, -1))
    t = np.linspace(0, 6 / WINDOW, 129)[:, None]
    weight = np.where(t == 0, 0.5, np.exp(-((t * WINDOW) ** 2) / 2))[:, 0]
    turning = size * t[-1] > 0.3

    def statistic(counts: np.ndarray, n: int) -> np.ndarray:
        # Times exp(-n sum s_i size_i), which is one for signs that balance.
        x = counts * ((up - down) / 2) - n * size
        far = np.abs(x)
        even = counts @ ((up + down) / 2) + (far + np.log1p(np.exp(-2 * far))).sum(axis=-1)
        rest = np.tanh(x[:, ~turning])
        mean = rest @ size[~turning]
        variance = (1 - rest**2) @ size[~turning] ** 2
        logs = 1j * t * mean - t**2 * variance / 2
        for i in np.flatnonzero(turning):
            both = 1 + np.exp(-2 * far[:, i])
            ahead = np.exp(x[:, i] - far[:, i]) / both
            behind = np.exp(-x[:, i] - far[:, i]) / both
            logs += np.log(ahead * np.exp(1j * t * size[i]) + behind * np.exp(-1j * t * size[i]))
        return even + np.log(np.maximum(weight @ np.exp(logs).real, 1e-300))

    draws = 1_500 if len(p) <= 1024 else 800

    def power(n: int) -> float:
        null = statistic(rng.multinomial(n, p, size=draws), n)
        other = rng.multinomial(n, laws[rng.integers(len(laws), size=draws // 2)])
        return float((statistic(other, n) > np.quantile(null, 1 - ALPHA)).mean())

    return shots_needed(power, neyman_pearson(p, laws[0]))


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
