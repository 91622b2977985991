"""Does attention whose keys interact beat softmax, and does a transverse field add anything?

    python tests/benchmarks/interacting_attention.py --seeds 10 --first 1000  # --write: RESULTS.md

Heads on windows of six keys, trained by exact gradients (dense sums over 64 sets of keys; for the
field the derivative of the matrix exponential by Daleckii and Krein), L-BFGS from the same random
start, with the same weight decay and number of iterations:

- softmax and sigmoid: a score for each key, linear in its token and place, and five weights c_d on
  what the key has in common with the keys at distance d: as scores;
- Boltzmann: the same scores, and the same five weights as couplings of pairs at distance d;
- Boltzmann with a transverse field: four couplings, and the field in the place of the fifth. Each
  has as many parameters. A last line gives the field beside all five couplings, one more.

Tasks: balanced brackets of three kinds (a string or one with errors), copy (three letters and the
same three again, or with one error), each read out by one linear layer, loss in nats a string; and
head 7 of layer 11 of SmolLM2: from its scores the weights of the same head one layer up, loss the
divergence in nats a row. Held-out strings and rows are none of those trained on. Intervals over
seeds are Student's, all of one table together at 99% (Bonferroni).

At the end one trained head is sampled through its circuits. One core, about ten minutes.

Seeds 0 to 9 were used while the study was made; its conclusions stand on others, which were named
before they were run: 1000 to 1009.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from itertools import product

import numpy as np
import results
from scipy.optimize import minimize
from scipy.special import expit, softmax, stdtrit

import qcattn
from qcattn.datasets import load_scores
from qcattn.encodings.transverse import in_field
from qcattn.preparations import ImaginaryTime
from qcattn.preparations.reference import populations
from qcattn.records import every_reading

KEYS, DISTANCES, KINDS = 6, 5, 3
TRAINED, HELD_OUT, SHOTS = 80, 160, 4000
DECAY, ITERATIONS, START = 2e-3, 60, 0.3
WORDS = every_reading(KEYS).astype(float)
PAIRS = [(i, j) for i in range(KEYS) for j in range(i + 1, KEYS)]
BOTH = np.stack([WORDS[:, i] * WORDS[:, j] for i, j in PAIRS], axis=1)
FLIPPED = np.arange(2**KEYS)[:, None] ^ (1 << np.arange(KEYS))
#: Pairs of models that are compared beside softmax.
BESIDE = (
    ("Boltzmann", "sigmoid"),
    ("with a field", "Boltzmann"),
    ("field, one more", "Boltzmann"),
)
MODELS = ("softmax", "sigmoid", "Boltzmann", "with a field", "field, one more")


@dataclass(frozen=True, eq=False)
class Data:
    """Examples of one task.

    Attributes:
        features: Of each key, shape (examples, KEYS, features).
        common: What two keys have in common, shape (examples, KEYS, KEYS), symmetric.
        values: What a label is read from, shape (examples, KEYS, features); None for the head.
        targets: Labels, shape (examples,), or weights, shape (examples, KEYS).
    """

    features: np.ndarray
    common: np.ndarray
    values: np.ndarray | None
    targets: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> Data:
        values = None if self.values is None else self.values[rows]
        return Data(self.features[rows], self.common[rows], values, self.targets[rows])

    @property
    def size(self) -> int:
        """Parameters of each model with as many as the others."""
        read = 0 if self.values is None else self.values.shape[-1] + 1
        return self.features.shape[-1] + DISTANCES + read


def attended(name: str, scores: np.ndarray, common: np.ndarray, extra: np.ndarray):
    """Attention weights (examples, KEYS), and what turns their gradient into that of the inputs.

    Args:
        name: Of the model.
        scores: Shape (examples, KEYS).
        common: Shape (examples, KEYS, KEYS).
        extra: The weights c_d; with a field the last one is the field.
    """
    distance = np.abs(np.subtract.outer(np.arange(KEYS), np.arange(KEYS)))
    at = np.stack([common * (distance == d + 1) for d in range(DISTANCES)], axis=1)
    if name in ("softmax", "sigmoid"):
        beside = at.sum(axis=-1)  # (examples, distances, KEYS)
        whole = scores + np.einsum("d,edk->ek", extra, beside)
        a = softmax(whole, axis=-1) if name == "softmax" else expit(whole)

        def back(g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            if name == "softmax":
                d = a * (g - (a * g).sum(axis=-1, keepdims=True))
            else:
                d = a * (1 - a) * g
            return d, np.einsum("ek,edk->d", d, beside)

        return a, back
    pairs = np.stack([at[:, :, i, j] for i, j in PAIRS], axis=-1) @ BOTH.T  # (examples, d, sets)
    couplings = extra if name == "Boltzmann" else extra[:-1]
    used = pairs[:, : len(couplings)]
    energies = -scores @ WORDS.T - np.einsum("d,edx->ex", couplings, used)
    if name == "Boltzmann":
        p = softmax(-energies, axis=-1)

        def back(g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            value = g @ WORDS.T
            w = p * (value - (p * value).sum(axis=-1, keepdims=True))
            return w @ WORDS, np.einsum("ex,edx->d", w, used)

        return p @ WORDS, back
    return _in_a_field(energies, used, extra[-1])


def _in_a_field(energies: np.ndarray, used: np.ndarray, field: float):
    """The same in a transverse field, by eigenvectors."""
    sets = np.arange(2**KEYS)
    matrix = np.zeros((*energies.shape, 2**KEYS))
    matrix[:, sets, sets] = energies
    for q in range(KEYS):
        matrix[:, sets, FLIPPED[:, q]] -= field
    levels, vectors = np.linalg.eigh(matrix)
    weights = softmax(-levels, axis=-1)
    p = np.einsum("exk,ek->ex", vectors**2, weights)
    gaps = levels[:, :, None] - levels[:, None, :]
    near = np.abs(gaps) < 1e-7
    mean = (weights[:, :, None] + weights[:, None, :]) / 2
    ratio = (weights[:, None, :] - weights[:, :, None]) / np.where(near, 1.0, gaps)
    kernel = np.where(near, mean, ratio)

    def back(g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = g @ WORDS.T
        inner = np.swapaxes(vectors, 1, 2) @ (value[:, :, None] * vectors)
        centre = np.einsum("ekk,ek->e", inner, weights)
        inner = kernel * inner
        inner[:, sets, sets] -= centre[:, None] * weights
        change = -(vectors @ inner) @ np.swapaxes(vectors, 1, 2)
        w = -change[:, sets, sets]
        slope = -sum(change[:, sets, FLIPPED[:, q]].sum() for q in range(KEYS))
        return w @ WORDS, np.append(np.einsum("ex,edx->d", w, used), slope)

    return p @ WORDS, back


def loss(name: str, point: np.ndarray, data: Data) -> tuple[float, np.ndarray, np.ndarray]:
    """Mean loss in nats, its gradient, and whether each label is right."""
    f = data.features.shape[-1]
    extras = DISTANCES + (name == MODELS[-1])
    theta, extra, read = point[:f], point[f : f + extras], point[f + extras :]
    a, back = attended(name, data.features @ theta, data.common, extra)
    n = len(a)
    if data.values is None:
        total = a.sum(axis=-1, keepdims=True)
        share, t = a / total, data.targets
        value = float(np.where(t > 0, t * np.log(np.where(t > 0, t, 1) / share), 0).sum() / n)
        d, dc = back((1 / total - t / a) / n)
        right = share.argmax(axis=-1) == t.argmax(axis=-1)
        return value, np.concatenate([np.einsum("ek,ekf->f", d, data.features), dc]), right
    v = data.values @ read[:-1]
    logit = (a * v).sum(axis=-1) + read[-1]
    signed = np.where(data.targets, logit, -logit)
    value = float(np.logaddexp(0, -signed).mean())
    off = (expit(logit) - data.targets) / n
    d, dc = back(off[:, None] * v)
    dread = np.append(np.einsum("e,ek,ekf->f", off, a, data.values), off.sum())
    return value, np.concatenate([np.einsum("ek,ekf->f", d, data.features), dc, dread]), signed > 0


def trained(name: str, data: Data, seed: int) -> np.ndarray:
    """The parameters that L-BFGS finds."""
    rng = np.random.default_rng(seed)
    start = START * rng.normal(size=data.size)
    if name == MODELS[-1]:
        start = np.insert(start, data.features.shape[-1] + DISTANCES, START)

    def objective(point: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope, _ = loss(name, point, data)
        return value + DECAY * point @ point / 2, slope + DECAY * point

    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    return np.asarray(found.x)


def _onehot(tokens: np.ndarray, kinds: int) -> np.ndarray:
    places = np.broadcast_to(np.eye(KEYS), (*tokens.shape, KEYS))
    return np.concatenate([np.eye(kinds)[tokens], places], axis=-1)


def balanced(word: np.ndarray) -> bool:
    """Whether each bracket is closed by its own kind; even numbers open."""
    stack: list[int] = []
    for token in word.tolist():
        if token % 2 == 0:
            stack.append(token)
        elif not stack or stack.pop() != token - 1:
            return False
    return not stack


def brackets(rng: np.random.Generator) -> tuple[Data, Data]:
    """Balanced strings, and strings with one or two errors; none is in both parts."""
    shapes = [s for s in product((0, 1), repeat=KEYS) if balanced(np.array(s))]
    right = np.array(
        [
            _coloured(shape, kinds)
            for shape in shapes
            for kinds in product(range(KINDS), repeat=KEYS // 2)
        ]
    )
    right = rng.permutation(right)
    wrong: set[tuple[int, ...]] = set()
    while len(wrong) < len(right):
        word = right[rng.integers(len(right))].copy()
        for place in rng.choice(KEYS, size=rng.integers(1, 3), replace=False):
            word[place] = (word[place] + rng.integers(1, 2 * KINDS)) % (2 * KINDS)
        if not balanced(word):
            wrong.add(tuple(word.tolist()))
    others = rng.permutation(np.array(sorted(wrong)))

    def part(rows: slice) -> Data:
        tokens = np.concatenate([right[rows], others[rows]])
        left, close = tokens[:, :, None], tokens[:, None, :]
        opens = (left % 2 == 0) & (close % 2 == 1)
        opens &= np.arange(KEYS)[:, None] < np.arange(KEYS)
        common = np.where(opens, np.where(close == left + 1, 1.0, -1.0), 0.0)
        one_hot = _onehot(tokens, 2 * KINDS)
        labels = np.repeat([True, False], len(tokens) // 2)
        return Data(one_hot, common + np.swapaxes(common, 1, 2), one_hot, labels)

    return part(slice(TRAINED // 2)), part(slice(TRAINED // 2, None))


def _coloured(shape: tuple[int, ...], kinds: tuple[int, ...]) -> list[int]:
    rest, stack, word = list(kinds), [], []
    for closes in shape:
        if closes:
            word.append(2 * stack.pop() + 1)
        else:
            stack.append(rest.pop())
            word.append(2 * stack[-1])
    return word


def copies(rng: np.random.Generator) -> tuple[Data, Data]:
    """Three letters and the same again, or with one error; no three letters are in both parts."""
    letters, half = 6, KEYS // 2
    words = rng.permutation(np.array(list(product(range(letters), repeat=half))))

    def part(first: np.ndarray) -> Data:
        second = first.copy()
        labels = np.arange(len(first)) % 2 == 0
        for row in np.flatnonzero(~labels):
            place = rng.integers(half)
            second[row, place] = (second[row, place] + rng.integers(1, letters)) % letters
        tokens = np.concatenate([first, second], axis=1)
        common = np.where(tokens[:, :, None] == tokens[:, None, :], 1.0, -1.0)
        one_hot = _onehot(tokens, letters)
        return Data(one_hot, common, one_hot, labels)

    return part(words[:TRAINED]), part(words[TRAINED : TRAINED + HELD_OUT // 2])


def head(rng: np.random.Generator) -> tuple[Data, Data]:
    """Windows of a head's scores, and the weights that the same head has one layer up."""
    groups = []
    for sentence in (0, 2):
        scores = load_scores("smollm2", sentence).scores
        low, high = scores[11, 7], scores[12, 7]
        for query in range(KEYS - 1, len(low)):
            groups.append(
                [
                    (low[query, k : k + KEYS], high[query, k : k + KEYS])
                    for k in range(query - KEYS + 2)
                ]
            )
    order = rng.permutation(len(groups))
    cut = 2 * len(groups) // 3

    def part(chosen: np.ndarray) -> Data:
        rows = [pair for place in chosen for pair in groups[place]]
        s = np.array([pair[0] for pair in rows])
        s = s - s.mean(axis=1, keepdims=True)
        z = s / (s.std(axis=1, keepdims=True) + 1e-3)
        places = np.broadcast_to(np.eye(KEYS), (*s.shape, KEYS))
        features = np.concatenate([s[:, :, None], places], axis=-1)
        targets = softmax(np.array([pair[1] for pair in rows]), axis=-1)
        return Data(features, z[:, :, None] * z[:, None, :], None, targets)

    return part(order[:cut]), part(order[cut:])


TASKS = {"brackets": brackets, "copy": copies, "head of SmolLM2": head}


@dataclass(frozen=True, eq=False)
class Found:
    """Of one model: arrays of one number a seed.

    Attributes:
        losses: Held out, in nats.
        right: Share of right answers.
        parameters: How many.
        fields: Trained, in units of k_B T.
    """

    losses: np.ndarray
    right: np.ndarray
    parameters: int
    fields: np.ndarray


def studied(task: str, seeds: range) -> dict[str, Found]:
    """What is found of each model."""
    found: dict[str, list[tuple[float, float, int, float]]] = {name: [] for name in MODELS}
    for seed in seeds:
        train, test = TASKS[task](np.random.default_rng([7, seed]))
        for name in MODELS:
            point = trained(name, train, seed)
            value, _, right = loss(name, point, test)
            found[name].append((value, float(right.mean()), len(point), _field(name, point, train)))
        print(f"{task}, seed {seed}", file=sys.stderr, flush=True)
    return {
        name: Found(
            np.array([r[0] for r in rows]),
            np.array([r[1] for r in rows]),
            rows[0][2],
            np.array([r[3] for r in rows]),
        )
        for name, rows in found.items()
    }


def _field(name: str, point: np.ndarray, data: Data) -> float:
    """The size of the field, of which the sign does not matter; 0 where there is none."""
    if name not in MODELS[3:]:
        return 0.0
    last = data.features.shape[-1] + DISTANCES - (name == "with a field")
    return float(abs(point[last]))


def interval(values: np.ndarray, alpha: float) -> tuple[float, float]:
    """Student's, of a mean."""
    n = len(values)
    half = float(stdtrit(n - 1, 1 - alpha / 2) * values.std(ddof=1) / np.sqrt(n))
    return float(values.mean()) - half, float(values.mean()) + half


def table(task: str, seeds: range) -> None:
    """Losses, and differences of losses on the same seeds."""
    found = studied(task, seeds)
    comparisons = 2 * len(MODELS) + 2  # losses, and the differences printed below
    alpha = 0.01 / comparisons
    print(f"**{task}**, seeds {seeds[0]} to {seeds[-1]}\n")
    print("| model | parameters | held-out loss | right | less softmax's, same seeds | says |")
    print("|---|--:|--:|--:|--:|---|")
    base = found["softmax"].losses
    for name in MODELS:
        one = found[name]
        low, high = interval(one.losses, alpha)
        line = f"| {name} | {one.parameters} | {one.losses.mean():.3f} ({low:.3f} to {high:.3f}) | "
        line += f"{one.right.mean():.1%} | "
        if name == "softmax":
            print(line + "| |")
            continue
        print(line + _difference(one.losses - base, alpha, "softmax"))
    print()
    for name, other in BESIDE:
        losses = found[name].losses - found[other].losses
        said = _difference(losses, alpha, other).split(" | ")
        fields = found[name].fields
        much = f" The field is {np.median(fields):.2g} k_B T in the median." if fields.any() else ""
        print(f"- {name} less {other}: {said[0]}, {said[1].strip(' |')}.{much}")
    print()


def _difference(values: np.ndarray, alpha: float, other: str) -> str:
    low, high = interval(values, alpha)
    says = f"worse than {other}" if low > 0 else f"better than {other}" if high < 0 else "undecided"
    return f"{values.mean():+.3f} ({low:+.3f} to {high:+.3f}) | {says} |"


def through_circuits(seed: int) -> None:
    """One trained head of each kind, sampled: bits of a set, counted and compared."""
    train, test = brackets(np.random.default_rng([7, seed]))
    f = train.features.shape[-1]
    print(f"Trained on brackets (seed {seed}), the first held-out string, {SHOTS:,} shots:\n")
    print("| head | preparation | qubits | 2q gates | kept | p of `fit` | worst weight off by |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for name in ("Boltzmann", "with a field"):
        point = trained(name, train, seed)
        scores = test.features[0] @ point[:f]
        extra = point[f : f + DISTANCES]
        weights = extra if name == "Boltzmann" else np.append(extra[:-1], 0.0)
        distance = np.abs(np.subtract.outer(np.arange(KEYS), np.arange(KEYS)))
        couplings = -np.append(0.0, weights)[distance] * test.common[0] * (distance > 0)
        hamiltonian = qcattn.Interacting(couplings=couplings)(scores)
        method: qcattn.Heralded | ImaginaryTime = qcattn.Heralded()
        if name != "Boltzmann":  # the sign of the field is a matter of the basis
            hamiltonian = in_field(hamiltonian, float(abs(extra[-1])))
            method = ImaginaryTime(error=0.05)
        prepared = method(hamiltonian, beta=1.0)
        counts = qcattn.Aer(device="CPU")(prepared, SHOTS, seed=3)
        exact = populations(hamiltonian, 1.0)
        own, _ = attended(name, scores[None], test.common[:1], extra)
        if np.abs(exact @ WORDS - own[0]).max() > 1e-8:
            raise AssertionError("the encoding is not the model that was trained")
        measured = counts.frequencies @ WORDS
        print(
            f"| {name} | {prepared.method}, claims {float(prepared.error):.2g} | "
            f"{prepared.resources.qubits} | {prepared.resources.two_qubit_gates:,} | "
            f"{int(counts.kept):,} | "
            f"{qcattn.fit(counts, prepared.distribution).overall():.2g} | "
            f"{np.abs(measured - own[0]).max():.3f} |"
        )


def main(arguments: list[str]) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many, two or more")
    parser.add_argument("--first", type=int, default=1000, help="the first of them")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    seeds = range(options.first, options.first + options.seeds)
    for task in TASKS:
        table(task, seeds)
    through_circuits(seeds[0])
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(results.run("interacting_attention.py", main))
