"""How the cost of preparing a thermal state grows with keys, beta and 1/error, fitted.

    python tests/benchmarks/cost_laws.py --seed 1 --figure cost_laws.svg  # --write: into RESULTS.md

For every method of `qcattn.preparations`: two-qubit gates of the circuit as delivered, and gates
per kept shot (gates over the probability that the herald lets a shot through), against the number
of keys 2**n, beta, and the inverse of the claimed error; on softmax rows with normal scores of a
fixed spread (medians over rows) and on the transverse-field Ising ring, J = g = 1. Straight lines
through medians on axes that the law makes straight give exponents; what follows +- is the standard
error of the slope, which for a circuit without chance in it says how far the points are from a
straight line (small sizes are). `Amplified` is also taken over rows of SmolLM2.

Exact methods have no law in the error. A method without a plan below runs with its defaults.
The figure shows the gates, and every exponent beside the range that the paper, or the derivation in
the method's docstring, gives. One core, about three minutes; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
import results

from qcattn import preparations, walking
from qcattn.datasets import load_scores
from qcattn.encodings import Binary
from qcattn.models.spins import ising
from qcattn.preparations.reference import heralding_probability
from qcattn.records import Hamiltonian, Prepared

#: Standard deviation of the scores of a row.
SPREAD = 2.0
#: Rows a size.
ROWS = 3
#: Claimed by methods that take an error, where it is not what is varied.
ERROR = 1e-3
#: Sites of the ring, and qubits of the rows, where their number is not what is varied.
SITES = 3
BETAS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)

Against = Literal["keys", "beta", "1/error", "keys x max p", "4^qubits of a domain"]
Where = Literal["rows", "ring"]


def costs_of(prepared: Prepared) -> dict[str, float]:
    """What is counted of one circuit; NaN where a method does not say."""
    gates, success = prepared.resources.two_qubit_gates, float(prepared.success)
    said = prepared.circuit.metadata or {}
    return {
        "gates": gates,
        "shots per kept shot": 1 / success,
        "gates per kept shot": gates / success,
        "steps": said.get("steps", np.nan),
        "calls": said.get("calls", np.nan),
        "shots spent": prepared.spent,
    }


@dataclass(frozen=True)
class Law:
    """What a paper, or a docstring that derives it, says of one cost of one method.

    Attributes:
        where: Rows, or the ring.
        against: What the cost grows with.
        cost: Which one, of `costs_of`.
        says: The law.
        paper: The exponents that it allows, from and to; None if it gives none.
        source: Of the law.
        scale: On which axes it is straight: ``"power"``, both logarithmic; ``"log"``, a power of
            ln(x); ``"rate"``, an exponential of x, whose rate is fitted.
        least: Points with a smaller x are left out: the law is one of large x.
    """

    where: Where
    against: Against
    cost: str
    says: str
    paper: tuple[float, float] | None
    source: str
    scale: Literal["power", "log", "rate"] = "power"
    least: float = 0.0


@dataclass(frozen=True)
class Plan:
    """How far one method is taken, within seconds, and its laws.

    Attributes:
        options: Fields of the method, where they are not varied.
        rows: Qubits of the rows; none if the method does not take them.
        ring: Sites of the ring, likewise.
        betas: Inverse temperatures.
        accuracies: Fields that vary the error, one set a point; the error claimed is the axis.
        laws: With what to compare.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[int] = (2, 3, 4)
    ring: Sequence[int] = (2, 3, 4)
    betas: Sequence[float] = BETAS
    accuracies: Sequence[Mapping[str, Any]] = ()
    laws: Sequence[Law] = ()


def _errors(first: int, last: int) -> list[dict[str, float]]:
    """Two a decade, from 10**-first to 10**-last."""
    return [{"error": 10 ** (-half / 2)} for half in range(2 * first, 2 * last + 1)]


_GATES, _SHOTS, _KEPT = "gates", "shots per kept shot", "gates per kept shot"
_MOTTONEN = "Mottonen et al. 2005"
_POULIN = "Poulin, Wocjan 2009"
_YODER = "Yoder, Low, Chuang 2014"
_GILYEN = "Gilyen et al. 2019"
_MOTTA = "Motta et al. 2020"
_DING = "Ding, Li, Lin 2025"
_WU = "Wu, Hsieh 2019"
_LLOYD = "Lloyd, Abanin 2506.21318"
_CHEN = "Chen, Kastoryano, Gilyen 2311.09207"
_LAYDEN = "Layden et al. 2023"

PLANS: dict[str, Plan] = {
    "Amplitude": Plan(
        rows=range(4, 11),
        ring=(),
        laws=(
            Law("rows", "keys", _GATES, "keys - n - 1", (1, 1), _MOTTONEN),
            Law("rows", "beta", _GATES, "none", (0, 0), _MOTTONEN),
        ),
    ),
    "Purification": Plan(
        rows=range(4, 11),
        ring=(),
        laws=(
            Law("rows", "keys", _GATES, "keys - 1", (1, 1), _MOTTONEN),
            Law("rows", "beta", _GATES, "none", (0, 0), _MOTTONEN),
        ),
    ),
    "Heralded": Plan(
        rows=range(4, 11),
        ring=(),
        betas=(*BETAS, 16.0, 32.0, 64.0),
        laws=(
            Law("rows", "keys", _GATES, "keys + n - 1", (1, 1), _POULIN),
            Law("rows", "keys", _SHOTS, "keys x max p, at most keys", (0, 1), _POULIN),
            Law("rows", "beta", _SHOTS, "at most keys", (0, 0), _POULIN, least=16.0),
        ),
    ),
    "Amplified": Plan(
        rows=range(4, 9),
        ring=(),
        betas=(*BETAS, 16.0, 32.0, 64.0),
        laws=(
            Law("rows", "keys", _KEPT, "keys x sqrt(keys max p)", (1, 1.5), _YODER),
            Law(
                "rows", "keys x max p", "calls", "ln(2/delta) sqrt(keys max p)", (0.5, 0.5), _YODER
            ),
            Law("rows", "beta", "calls", "at most sqrt(keys)", (0, 0), _YODER, least=16.0),
        ),
    ),
    "QSVT": Plan(
        {"error": ERROR},
        rows=(2, 3, 4, 5),
        ring=(2, 3, 4, 5, 6, 7, 8),
        betas=(0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0),
        accuracies=_errors(1, 8),
        laws=(
            Law("rows", "keys", _GATES, "strings x degree", (1, 1.5), _GILYEN),
            Law(
                "ring",
                "keys",
                _GATES,
                "of n: n log n strings x degree",
                (1.5, 2),
                _GILYEN,
                "log",
                least=8.0,
            ),
            Law(
                "ring",
                "beta",
                _GATES,
                "sqrt(beta ln(1/eps)), eps ~ e^-beta",
                (0.5, 1),
                _GILYEN,
                least=1.0,
            ),
            Law(
                "rows",
                "beta",
                _GATES,
                "sqrt(beta ln(1/eps)), eps ~ e^-beta",
                (0.5, 1),
                _GILYEN,
                least=1.0,
            ),
            Law("ring", "beta", _SHOTS, "rate E_0 - E", (2, 2), "docstring", "rate", least=2.0),
            Law("ring", "1/error", _GATES, "of ln(1/error)", (0.5, 1), _GILYEN, "log"),
        ),
    ),
    "ImaginaryTime": Plan(
        {"error": ERROR},
        rows=range(4, 9),
        ring=(2, 3, 4, 5, 6),
        accuracies=_errors(1, 4),
        laws=(
            Law("rows", "keys", _GATES, "one step of Heralded", (1, 1), _POULIN),
            Law(
                "ring",
                "keys",
                "steps",
                "of n: sqrt(n)",
                (0.5, 0.5),
                "Strang 1968",
                "log",
                least=8.0,
            ),
            Law("ring", "beta", "steps", "beta^(3/2)", (1.5, 1.5), "Strang 1968", least=1.0),
            Law(
                "ring",
                "beta",
                _SHOTS,
                "rate E_0 - sum min G",
                (2, 2),
                "docstring",
                "rate",
                least=2.0,
            ),
            Law("ring", "1/error", "steps", "1/sqrt(error)", (0.5, 0.5), "Strang 1968", least=30.0),
        ),
    ),
    "QITE": Plan(
        rows=(2, 3, 4, 5),
        betas=BETAS[:5],
        accuracies=[{"steps": steps} for steps in (2, 4, 8, 16, 32)],
        laws=(
            Law("ring", "keys", _GATES, "at most 4^domain strings", (0, 2), _MOTTA),
            Law("ring", "1/error", _GATES, "second order: 1/sqrt(error)", (0.5, 0.5), "docstring"),
            Law(
                "ring",
                "4^qubits of a domain",
                "shots spent",
                "3^domain bases to 4^domain strings",
                (float(np.log(3) / np.log(4)), 1),
                _MOTTA,
            ),
        ),
    ),
    "ThermofieldQAOA": Plan(
        {"starts": 1},
        rows=(2, 3, 4),
        accuracies=[{"layers": layers} for layers in (1, 2, 3, 4)],
        laws=(
            Law("ring", "keys", _GATES, "of n: n/2 + 1 layers of n", (1, 2), _WU, "log"),
            Law("ring", "beta", _GATES, "none, the error grows", (0, 0), _WU),
            Law("ring", "1/error", _GATES, "none given", None, _WU),
        ),
    ),
    "Variational": Plan(
        {"restarts": 1},
        rows=(2, 3, 4),
        accuracies=[{"layers": layers} for layers in (1, 2, 3, 4)],
        laws=(
            Law("ring", "keys", _GATES, "of n: up to 3 n layers of n", (1, 2), "docstring", "log"),
            Law("ring", "beta", _GATES, "none, the error grows", (0, 0), "docstring"),
            Law("ring", "1/error", _GATES, "none given", None, "Consiglio et al. 2024"),
        ),
    ),
    "SystemBath": Plan(
        {"cycles": 10},
        rows=(2, 3, 4),
        betas=(0.5, 2.0, 8.0),
        accuracies=[{"cycles": cycles} for cycles in (20, 40, 80, 160)],
        laws=(
            Law("rows", "keys", _GATES, "keys couplings of keys cx", (2, 2), "docstring"),
            Law("ring", "keys", _GATES, "n couplings of dense gates", (2, 3), "docstring"),
            Law("ring", "beta", _GATES, "none, the error grows", (0, 0), "docstring"),
            Law("ring", "1/error", _GATES, "fixed coupling: error ~ coupling^2", (1, 1), _LLOYD),
        ),
    ),
    "DetailedBalance": Plan(
        {"error": ERROR},
        rows=(2, 3, 4, 5, 6),
        accuracies=_errors(1, 8),
        laws=(
            Law(
                "rows", "keys", _GATES, "keys jumps of keys cx, over gap", (2, np.inf), "docstring"
            ),
            Law("ring", "keys", _GATES, "3 n dense steps, over gap", (2, np.inf), "docstring"),
            Law("ring", "beta", _GATES, "1/gap, no power", None, _DING),
            Law("ring", "1/error", _GATES, "of ln(1/error)", (1, 1), _DING, "log", least=100.0),
        ),
    ),
    "CKG": Plan(
        rows=(2, 3, 4),
        ring=(1, 2, 3),
        betas=BETAS[:4],
        accuracies=_errors(2, 3),
        laws=(
            Law(
                "rows", "keys", _GATES, "keys jumps of keys cx, over gap", (2, np.inf), "docstring"
            ),
            Law("ring", "keys", _GATES, "2 n dense steps, over gap", (2, np.inf), "docstring"),
            Law("ring", "beta", _GATES, "1/gap, no power", None, _CHEN),
            Law(
                "ring",
                "1/error",
                _GATES,
                "steps of order error: 1/error, or more",
                (1, np.inf),
                "docstring",
            ),
        ),
    ),
    "QuantumMCMC": Plan(
        rows=(2, 3, 4),
        ring=(),
        betas=BETAS[:4],
        laws=(
            Law("rows", "keys", _GATES, "keys^2 a step, over gap", (2, np.inf), "docstring"),
            Law("rows", "beta", _GATES, "1/gap, no power", None, _LAYDEN),
        ),
    ),
}


@dataclass(frozen=True)
class Series:
    """Circuits of one method along one axis.

    Attributes:
        method: Its name.
        where: Rows, or the ring.
        against: What is varied.
        x: Of each circuit: keys, beta, ...
        costs: Of each circuit, see `costs_of`.
        refused: Why there is none.
    """

    method: str
    where: Where
    against: Against
    x: tuple[float, ...]
    costs: tuple[Mapping[str, float], ...]
    refused: tuple[str, ...] = ()

    def medians(self, cost: str, least: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Every x, at least ``least``, once, and the median of a cost there."""
        kept = [(x, each[cost]) for x, each in zip(self.x, self.costs, strict=True) if x >= least]
        return medians([x for x, _ in kept], [y for _, y in kept])


@dataclass(frozen=True)
class Fitted:
    """One law beside its measured exponent and the exponent's standard error."""

    method: str
    law: Law
    x: np.ndarray
    exponent: float
    error: float


# --- fits ---------------------------------------------------------------------------------------


def medians(x: Sequence[float], y: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Every x once, ascending, and the median of the y that belong to it."""
    places, values = np.unique(np.asarray(x, float)), np.asarray(y, float)
    return places, np.array([np.median(values[np.asarray(x) == place]) for place in places])


def slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Of the straight line of least squares, and its standard error; NaN for what is not fixed.

    Args:
        x: Shape (points,).
        y: Shape (points,).
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if len(x) < 2 or np.ptp(x) == 0:
        return float("nan"), float("nan")
    off = x - x.mean()
    found = float(off @ y / (off @ off))
    rest = y - y.mean() - found * off
    freedom = len(x) - 2
    return found, float(np.sqrt(rest @ rest / freedom / (off @ off))) if freedom else float("nan")


def exponent(
    x: np.ndarray, y: np.ndarray, scale: Literal["power", "log", "rate"] = "power"
) -> tuple[float, float]:
    """Exponent of a cost y in x (``power``), in ln x (``log``), or its rate e^(rate x) (``rate``).

    Returns:
        The exponent and its standard error.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if scale == "log":
        above = x > 1  # ln x has no logarithm elsewhere
        return slope(np.log(np.log(x[above])), np.log(y[above]))
    return slope(x if scale == "rate" else np.log(x), np.log(y))


# --- measuring ----------------------------------------------------------------------------------


def row(num_qubits: int, random: np.random.Generator) -> Hamiltonian:
    """A softmax row of 2**num_qubits keys."""
    return Binary()(random.normal(scale=SPREAD, size=2**num_qubits))


Case = tuple[float | None, Hamiltonian, float, Mapping[str, Any]]


def cases(name: str, plan: Plan, seed: int) -> Iterator[tuple[Where, Against, list[Case]]]:
    """What a method is given: x (None: the inverse of its error), H, beta, and fields beside."""

    def rows(num_qubits: int) -> list[Hamiltonian]:
        random = np.random.default_rng([seed, num_qubits])  # the same for every method
        return [row(num_qubits, random) for _ in range(ROWS)]

    yield "rows", "keys", [(2.0**n, h, 1.0, {}) for n in plan.rows for h in rows(n)]
    yield "ring", "keys", [(2.0**n, ising(n), 1.0, {}) for n in plan.ring]
    if plan.rows:
        yield "rows", "beta", [(b, h, b, {}) for b in plan.betas for h in rows(SITES)]
    if plan.ring:
        yield "ring", "beta", [(b, ising(SITES), b, {}) for b in plan.betas]
    yield "ring", "1/error", [(None, ising(SITES), 1.0, more) for more in plan.accuracies]
    if name == "Amplified":
        many = [(h, b) for n in (3, 5, 7) for h in rows(n) for b in (0.5, 1.0, 2.0, 4.0)]
        yield (
            "rows",
            "keys x max p",
            [(1 / float(heralding_probability(h, b)), h, b, {}) for h, b in many],
        )
    if name == "QITE":
        measured = {"steps": 1, "order": 1, "shots": 16}
        yield (
            "ring",
            "4^qubits of a domain",
            [(4.0 ** (2 * n), ising(n), 0.5, measured) for n in (1, 2, 3)],
        )


def measure(
    method: type, plan: Plan, seed: int, progress: Callable[[str], None] = lambda text: None
) -> list[Series]:
    """All series of one method; circuits that it refuses are named, not counted."""
    name = method.__name__
    options = dict(plan.options)
    if "seed" in {item.name for item in fields(method)}:
        options["seed"] = seed
    found = []
    for where, against, given in cases(name, plan, seed):
        places, costs, refused, start = [], [], [], time.perf_counter()
        for x, hamiltonian, beta, more in given:
            try:
                prepared = method(**{**options, **more})(hamiltonian, beta=beta)
            except ValueError as error:
                refused.append(f"{hamiltonian.encoding}, beta {beta:g}: {error}")
                continue
            places.append(1 / max(float(prepared.error), 1e-16) if x is None else x)
            costs.append(costs_of(prepared))
        if given:
            progress(
                f"{name}, {where}, against {against}: {len(places)} circuits, {len(refused)} "
                f"refused, {time.perf_counter() - start:.1f} s"
            )
            found.append(Series(name, where, against, tuple(places), tuple(costs), tuple(refused)))
    return found


def rounds_over_bounds(
    scores: np.ndarray, delta: float, progress: Callable[[str], None] = lambda text: None
) -> dict[str, np.ndarray]:
    r"""Rounds of `Amplified` over what is asked of it, one number a row.

    Args:
        scores: Shape (rows, keys).
        delta: Of `Amplified`.

    Returns:
        Shape (rows,) each: ``rounds`` and ``calls`` (of A and its inverse, two a round and one)
        over ln(2/delta)/sqrt(s) with the success s not given, and ``rounds, s given`` over
        (pi/4)/sqrt(s).
    """
    amplified = preparations.Amplified
    ratios: dict[str, list[float]] = {"rounds": [], "calls": [], "rounds, s given": []}
    for index, hamiltonian in enumerate(map(Binary(), scores)):
        if index % 100 == 0:
            progress(f"Amplified on SmolLM2: {index} of {len(scores)} rows")
        success = float(heralding_probability(hamiltonian, 1.0))
        asked = np.log(2 / delta) / np.sqrt(success)
        blind = amplified(delta=delta)(hamiltonian, beta=1.0).circuit.metadata
        told = amplified(success=success)(hamiltonian, beta=1.0).circuit.metadata
        ratios["rounds"].append(blind["rounds"] / asked)
        ratios["calls"].append(blind["calls"] / asked)
        ratios["rounds, s given"].append(told["rounds"] / (np.pi / 4 / np.sqrt(success)))
    return {name: np.array(values) for name, values in ratios.items()}


def sampled_rows(rows: int, seed: int) -> np.ndarray:
    """Rows of attention scores of SmolLM2, shape (rows, keys), drawn without putting back."""
    scores = load_scores("smollm2").scores
    flat = scores.reshape(-1, scores.shape[-1]).astype(float)
    chosen = np.random.default_rng(seed).choice(len(flat), size=min(rows, len(flat)), replace=False)
    return flat[np.sort(chosen)]


# --- telling ------------------------------------------------------------------------------------


def _range(x: np.ndarray) -> str:
    return f"{x.min():.3g} to {x.max():.3g}, {len(x)} points" if len(x) else "none"


def fitted(series: Sequence[Series], plans: Mapping[str, Plan]) -> list[Fitted]:
    """Every law of every method with its measured exponent."""
    out = []
    for each in series:
        laws = [
            law
            for law in plans.get(each.method, Plan()).laws
            if (law.where, law.against) == (each.where, each.against)
        ]
        if each.method not in plans and each.x:
            laws = [Law(each.where, each.against, _KEPT, "none known here", None, "")]
        for law in laws:
            x, y = each.medians(law.cost, law.least)
            out.append(Fitted(each.method, law, x, *exponent(x, y, law.scale)))
    return out


def allowed(paper: tuple[float, float] | None) -> str:
    """The exponents of a law as text."""
    if paper is None:
        return ""
    low, high = paper
    if np.isinf(high):
        return f"{low:.3g} or more"
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def table(laws: Sequence[Fitted]) -> list[str]:
    """Markdown: every law beside its measured exponent."""
    lines = [
        "| method | on | cost | against | range | measured exponent | paper | law | source |",
        "|---|---|---|---|---|---:|---:|---|---|",
    ]
    for each in laws:
        law = each.law
        unit = {"power": "", "log": f" of ln({law.against})", "rate": " (rate)"}[law.scale]
        cells = [
            *(each.method, law.where, law.cost, law.against, _range(each.x)),
            f"{each.exponent:.2f} +- {each.error:.2f}{unit}",
            *(allowed(law.paper), law.says, law.source),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def amplified_lines(ratios: Mapping[str, np.ndarray], delta: float) -> list[str]:
    """Markdown: median and worst of rounds over bounds."""
    bounds = {name: f"ln(2/{delta:g})/sqrt(s)" for name in ("rounds", "calls")}
    lines = [
        "| Amplified on SmolLM2 | over | rows | median | worst | rows above 1.2 |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, values in ratios.items():
        cells = [
            *(name, bounds.get(name, "(pi/4)/sqrt(s)"), str(len(values))),
            *(f"{np.median(values):.3f}", f"{values.max():.3f}", str((values > 1.2).sum())),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


_MARKS = {
    "Amplitude": ("o", "#7a7a7c"),
    "Purification": ("s", "#7a7a7c"),
    "Heralded": ("^", "#2f74b8"),
    "Amplified": ("v", "#2f74b8"),
    "QSVT": ("D", "#1b3f6b"),
    "ImaginaryTime": ("P", "#c46a1b"),
    "QITE": ("X", "#8a4a0c"),
    "ThermofieldQAOA": ("p", "#2e8b57"),
    "Variational": ("*", "#7fb23a"),
    "SystemBath": ("<", "#8e44ad"),
    "DetailedBalance": (">", "#d02f2f"),
}
_TITLES = {
    "keys": "number of keys $2^n$ (β = 1)",
    "beta": f"inverse temperature β ({2**SITES} keys)",
    "1/error": f"1 / claimed error (ring of {SITES}, β = 1)",
}


def draw(series: Sequence[Series], laws: Sequence[Fitted], path: str) -> None:
    """Gates against keys, beta and 1/error, and all exponents beside the papers', into one file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 11), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.25))
    _draw_gates(series, left)
    _draw_exponents([law for law in laws if np.isfinite(law.exponent)], right.subplots())
    figure.savefig(path, dpi=110)


def _draw_gates(series: Sequence[Series], figure: Any) -> None:
    """Gates per kept shot, a panel for each axis, a marker for each method."""
    from matplotlib.lines import Line2D

    for ax, (against, title) in zip(figure.subplots(3, 1), _TITLES.items(), strict=True):
        for each in series:
            x, y = each.medians(_KEPT)
            if each.against != against or not len(x):
                continue
            mark, colour = _MARKS.get(each.method, ("h", "black"))
            ring = each.where == "ring"
            ax.plot(
                *(x, y),
                marker=mark,
                ms=7 if mark == "*" else 5,
                color=colour,
                lw=1.1 if ring else 0.8,
                ls="-" if ring else (0, (4, 2)),
                mfc=colour if ring else "white",
            )
        ax.set_xscale("log", base=2 if against in ("keys", "beta") else 10)
        ax.set_yscale("log")
        if against != "1/error":
            ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.set_xlabel(title)
        ax.set_ylabel("two-qubit gates per kept shot")
        ax.grid(which="major", lw=0.4, color="#d8d8d8")
        _open(ax)
    handles = [
        Line2D([], [], ls="none", marker=_MARKS.get(name, ("h", "black"))[0], ms=6, label=name,
               color=_MARKS.get(name, ("h", "black"))[1])
        for name in dict.fromkeys(each.method for each in series if each.x)
    ]  # fmt: skip
    handles += [
        Line2D([], [], color="black", lw=1.1, marker="o", ms=5, label="Ising ring, field 1"),
        Line2D([], [], color="black", lw=0.8, ls=(0, (4, 2)), marker="o", ms=5, mfc="white",
               label="softmax rows, median"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=9)


def _draw_exponents(laws: Sequence[Fitted], ax: Any) -> None:
    """One line a law: the range that the paper allows, and what was measured."""
    most = 5.0
    for place, each in enumerate(laws):
        if each.law.paper is not None:
            low, high = each.law.paper[0], min(each.law.paper[1], most)
            grey = {"color": "#c0c4ca", "zorder": 1}
            if low == high:
                ax.plot([low], [place], marker="|", ms=17, mew=5, **grey)
            else:
                ax.plot([low, high], [place, place], lw=8, solid_capstyle="butt", **grey)
        mark, colour = _MARKS.get(each.method, ("h", "black"))
        ax.errorbar(
            *([each.exponent], [place]),
            xerr=[np.nan_to_num([each.error])],
            fmt=mark,
            color=colour,
            ms=6,
            lw=1,
            zorder=2,
        )
    names = [
        f"{each.method}, {each.law.where}: {each.law.cost} against "
        + {"power": "", "log": "ln of ", "rate": "e to the "}[each.law.scale]
        + each.law.against
        for each in laws
    ]
    ax.set_yticks(range(len(laws)), names, fontsize=8.5)
    ax.set_ylim(len(laws) - 0.4, -0.6)
    ax.set_xlim(-0.5, most)
    ax.set_xlabel(
        "exponent: measured, with its standard error (mark); of the paper (grey)", loc="right"
    )
    ax.grid(axis="x", lw=0.4, color="#d8d8d8")
    ax.tick_params(axis="y", length=0)
    _open(ax)


def _open(ax: Any) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, fit, print and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="these only")
    parser.add_argument("--rows", type=int, default=300, help="of SmolLM2, for Amplified")
    parser.add_argument("--figure", metavar="FILE", help="draw there: .svg, .png, .pdf")
    args = parser.parse_args(argv)
    start = time.perf_counter()

    def progress(text: str) -> None:
        print(f"[{time.perf_counter() - start:6.1f} s] {text}", file=sys.stderr, flush=True)

    names = args.methods or walking.names("preparations")
    series = [
        each
        for name in names
        for each in measure(
            getattr(preparations, name), PLANS.get(name, Plan()), args.seed, progress
        )
    ]
    print(
        f"seed {args.seed}; {ROWS} rows a size, scores of standard deviation {SPREAD:g}; claimed "
        f"error {ERROR:g} where a method takes one\n"
    )
    laws = fitted(series, PLANS)
    print(*table(laws), sep="\n")
    refused = [(each, reason) for each in series for reason in each.refused]
    for each, reason in refused:
        print(f"\n- {each.method} refused: {reason}", end="")
    print()
    if "Amplified" in names:
        delta = preparations.Amplified().delta
        ratios = rounds_over_bounds(sampled_rows(args.rows, args.seed), delta, progress)
        print("", *amplified_lines(ratios, delta), sep="\n")
    if args.figure:
        draw(series, laws, args.figure)
        progress(f"drawn in {args.figure}")
    return 0


if __name__ == "__main__":
    sys.exit(results.run("cost_laws.py", main))
