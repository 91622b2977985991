"""B3: the causal mask, as it is printed and as it is meant, and light cones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import mean
from qcattn.claims.frame.checks import follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._control import sampled
from qcattn.claims.symmetry._quench import exact_signal, fastest, quenched, signal
from qcattn.datasets import load_head
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared

__all__ = ["CausalMask"]

#: Fields of the Ising chain: ordered, critical, disordered.
_FIELDS = (0.5, 1.0, 2.0)
#: Half the change of a mean by which a front is said to have come.
_ARRIVED = 0.1
#: A front is no slower, and no faster, than the fastest excitation by these shares: a threshold
#: is reached late, since a front spreads and falls as it runs.
_FAR, _NEAR = 0.5, 0.25


@dataclass(frozen=True, eq=False)
class _Front:
    """How far an excitation was seen, at one field.

    Attributes:
        field: The field g, at J = 1.
        times: Shape (times,).
        best: Half the change of the mean, shape (times, distances).
        margin: Half the width of its intervals.
        exact: Half the change of the mean by free fermions, shape (times, distances).
        velocity: Sites per unit of time.
    """

    field: float
    times: np.ndarray
    best: np.ndarray
    margin: float
    exact: np.ndarray
    velocity: Estimate


@dataclass(frozen=True, eq=False, kw_only=True)
class _Masked(Measured):
    """Masked rows before and after a later key was changed, and fronts.

    Attributes:
        kept: Whether each query sees each key, shape (queries, keys).
        empty: Queries without a key, under each of the two readings of the printed mask.
        rows: Queries before the key that is changed which see a key.
        before: The rows as the circuits are, shape (rows,).
        after: The same queries, one later key replaced by another.
        counts: Counts of before and after.
        future: Shots on keys later than the query.
        reach: Tokens back that one layer sees, with the whole mask and with a window.
        fronts: The fronts, one a field.
    """

    kept: np.ndarray
    empty: tuple[int, int]
    rows: np.ndarray
    before: Prepared
    after: Prepared
    counts: tuple[Counts, Counts]
    future: int
    reach: dict[str, np.ndarray]
    fronts: tuple[_Front, ...]


@dataclass(frozen=True, kw_only=True)
class CausalMask(Claim[_Masked]):
    r"""B3: does the mask keep the future out, and does it make a light cone?

    Rows of queries and keys of SmolLM2 are masked and drawn, before and after one key is replaced
    by another; a query before that key must not see it. How far one token is heard after some
    layers is counted, with the whole mask and with a window of keys. A light cone of physics is
    measured beside it: the front of one excitation in a transverse-field Ising chain, below, at
    and above its critical field, against free fermions.

    Attributes:
        mask: ``"printed"``: 0 where query < key, as the document has it, or ``"mended"``: 0 where
            key <= query.
        tokens: The number of queries and of keys.
        changed: The number of the key that is replaced.
        window: Keys that a query sees, in the windowed stack.
        sites: The number of sites of the Ising chain.
        times: The number of times at which its front is looked for.
        steps: The number of steps of Trotter's formula.
        epsilon: Total variation that counts as agreement.
        shots: The number of shots of each row and each time.

    Example:
        >>> quick = {"tokens": 8, "changed": 6, "sites": 6, "times": 8, "shots": 8_000}
        >>> CausalMask(**quick, epsilon=0.1)(seed=1).standing
        'refuted'
        >>> CausalMask(**quick, epsilon=0.1, mask="mended")(seed=1).standing
        'analogy'
    """

    name: ClassVar[str] = "B3"
    title: ClassVar[str] = "The causal mask as order parameter and light cone"
    statement: ClassVar[str] = (
        "Mask_ij = 0 if i < j, −∞ otherwise. This creates: Temporal ordering (SSB of "
        "time-translation symmetry); Lightcone structure reminiscent of quantum critical systems"
    )
    section: ClassVar[str] = "2.1 Causal Masks as Symmetry-Aware Order Parameters"

    mask: Literal["printed", "mended"] = "printed"
    tokens: int = 16
    changed: int = 12
    window: int = 4
    sites: int = 9
    times: int = 16
    steps: int = 24
    epsilon: float = 0.05
    shots: int = 30_000

    @property
    def share(self) -> float:
        """Error rate of each of three measurements."""
        return self.alpha / 3

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Masked:
        """Draw masked rows twice, count the reach of a stack, and follow three fronts."""
        rows_seed, fronts_seed = root.spawn(2)
        i, j = np.indices((self.tokens, self.tokens))
        kept = i < j if self.mask == "printed" else j <= i
        head = load_head()
        scores = head.queries[: self.tokens] @ head.keys[: self.tokens].T / 8
        moved = scores.copy()
        moved[:, self.changed] = scores[:, 0]
        rows = np.flatnonzero(kept.any(axis=1) & (np.arange(self.tokens) < self.changed))
        before, after = (
            Purification()(Binary()(np.where(kept, one, -np.inf)[rows]), beta=1.0)
            for one in (scores, moved)
        )
        progress(0.0, 1.0, "masked rows")
        drawn = draw([before, after], self.shots, self.sampler(), rows_seed)
        later = np.arange(self.tokens) > rows[:, None]
        fronts = []
        for k, (field, seed) in enumerate(zip(_FIELDS, fronts_seed.spawn(3), strict=True)):
            progress(0.1 + 0.3 * k, 1.0, f"a front at field {field:g}")
            fronts.append(self._front(field, seed))
        return _Masked(
            shots=2 * self.shots * (len(rows) + 3 * self.times),
            numbers=tuple(
                Number(
                    f"velocity of the front at field {one.field:g}, sites per unit of time",
                    one.velocity,
                    _velocity(one.exact, one.times, 0.0).best,
                )
                for one in fronts
            ),
            kept=kept,
            empty=(int((~(i < j)).all(axis=1).sum()), int((~(i < j)).all(axis=0).sum())),
            rows=rows,
            before=before,
            after=after,
            counts=(drawn[0], drawn[1]),
            future=int(sum(one.keys[later].sum() for one in drawn)),
            reach=_reach(self.tokens, self.window),
            fronts=tuple(fronts),
        )

    def check(self, measured: _Masked) -> Iterable[Check]:
        """Look at the rows, at what breaks which symmetry, and at the cones."""
        query, key = measured.empty
        printed = self.mask == "printed"
        yield Check(
            "rows",
            "The mask leaves every query a key",
            bool(measured.kept.any(axis=1).all() and not (printed and query + key)),
            f"as printed {query} query has none if i is the query, {key} has none if j is"
            if printed
            else "key j is kept for query i where j <= i",
        )
        changed = follows(
            "past",
            "A key that is replaced changes no query before it",
            measured.counts[1].keys,
            measured.before.distribution,
            epsilon=self.epsilon,
            alpha=self.share,
        )
        yield Check(
            "past",
            changed.statement,
            changed.holds if not measured.future else False,
            f"{changed.by}; {measured.future:,} shots on later keys",
            alpha=changed.alpha,
        )
        shifted = bool((measured.kept[1:, 1:] == measured.kept[:-1, :-1]).all())
        yield Check(
            "translation",
            "The mask breaks translation in time",
            not shifted,
            "shifted by one token the mask is the same" if shifted else "it is not the same",
            "mechanism",
        )
        whole, window = measured.reach["whole mask"], measured.reach["window"]
        yield Check(
            "cone",
            "A token is heard further with every layer, as in a light cone",
            bool(np.diff(whole).min() > 0),
            f"the whole mask hears {whole[0]:.0f} tokens back in one layer already; a window of "
            f"{self.window} hears {', '.join(f'{one:.0f}' for one in window[:4])}",
            "mechanism",
        )
        yield self._critical(measured)
        yield sampled(
            [measured.before, measured.after],
            measured.counts,
            epsilon=self.epsilon,
            alpha=self.share,
        )
        far = max(float(np.abs(one.best - one.exact).max()) / one.margin for one in measured.fronts)
        yield Check(
            "fermions",
            "The fronts are those of free fermions",
            far <= 1,
            f"largest deviation {far:.2f} of half an interval",
            "control",
            self.share,
        )

    def describe(self, measured: _Masked, checks: Mapping[str, Check]) -> Description:
        """Say what the printed mask does, and what there is in place of a cone."""
        printed = checks["rows"].holds is False
        kept = checks["past"].holds
        first = (
            "The mask as printed is wrong: it keeps the keys after the query and leaves one query "
            "without any key, where causal attention keeps key j for query i if j <= i."
            if printed
            else "With key j kept for query i if j <= i the mask does what is meant: no shot falls "
            "on a later key, and replacing one changes no earlier query."
            if kept
            else "The shots do not decide what the mask does."
        )
        if any(checks[name].holds is not False for name in ("translation", "cone", "critical")):
            return Description(first)
        seen = " and ".join(
            f"{one.velocity.best:.2f} sites per unit of time at field {one.field:g}"
            for one in measured.fronts
            if one.field != 1
        )
        return Description(
            f"{first} It breaks no translation in time, for it depends on i - j alone, and makes "
            "no light cone, for one layer hears every earlier token; what it breaks, by hand and "
            "not spontaneously, is the order of tokens, and fronts of the Ising chain are no mark "
            f"of its critical field 1 either, for they run at {seen}."
        )

    def picture(self, measured: _Masked) -> Sequence[Panel]:
        """Plot when the fronts come, and how far a token is heard."""
        return [_arrivals_panel(measured.fronts), _reach_panel(measured.reach, self.window)]

    def _front(self, field: float, seed: np.random.SeedSequence) -> _Front:
        duration = 1.25 * self.sites / fastest(field)
        times = np.linspace(0.1 * duration / self.sites, duration, self.times)
        chains = [
            quenched(self.sites, field, times, self.steps, excited=excited)
            for excited in (False, True)
        ]
        still, moving = (
            signal(one.keys, field) for one in draw(chains, self.shots, self.sampler(), seed)
        )
        exact = [
            exact_signal(self.sites, field, times, self.steps, excited=excited)
            for excited in (False, True)
        ]
        best = (still - moving) / 2
        half = np.array([self.shots // 2, self.shots - self.shots // 2])
        cells = len(_FIELDS) * best.size
        widest = mean([(np.array([-0.5, 0.5]), half)] * 2, self.share / cells)
        margin = widest.high - widest.best
        return _Front(
            field, times, best, margin, (exact[0] - exact[1]) / 2, _velocity(best, times, margin)
        )

    def _critical(self, measured: _Masked) -> Check:
        off = [one for one in measured.fronts if one.field != 1.0]
        fronts = [
            one
            for one in off
            if one.velocity.low > fastest(one.field) * (1 - _FAR)
            and one.velocity.high < fastest(one.field) * (1 + _NEAR)
        ]
        seen = "; ".join(
            f"field {one.field:g}: {one.velocity.best:.2f} in [{one.velocity.low:.2f}, "
            f"{one.velocity.high:.2f}], 2 min(1, g) = {fastest(one.field):g}"
            for one in measured.fronts
        )
        return Check(
            "critical",
            "A light cone belongs to the critical field",
            False if len(fronts) == len(off) else None,
            seen,
            "mechanism",
        )


def _velocity(best: np.ndarray, times: np.ndarray, margin: float) -> Estimate:
    """The velocity from the first distance to the last but one, with both arrivals' interval."""
    distances = best.shape[1] - 3
    near, far = np.abs(best[:, 1]), np.abs(best[:, 1 + distances])
    (sooner, first, later), (early, last, late) = (
        [_arrival(times, one + shift) for shift in (margin, 0.0, -margin)] for one in (near, far)
    )
    if not np.isfinite([first, last]).all() or last <= first:
        return Estimate(float("nan"), 0.0, float("inf"))
    low = distances / (late - sooner) if np.isfinite(late) else 0.0
    high = distances / (early - later) if early > later else float("inf")
    return Estimate(distances / (last - first), low, high)


def _arrival(times: np.ndarray, change: np.ndarray) -> float:
    """When a change first reaches what counts as arrived, between two times; NaN if never."""
    times, change = np.concatenate([[0.0], times]), np.concatenate([[0.0], change])
    over = np.flatnonzero(change >= _ARRIVED)
    if not over.size:
        return float("nan")
    k = int(over[0])
    share = (_ARRIVED - change[k - 1]) / (change[k] - change[k - 1])
    return float(times[k - 1] + share * (times[k] - times[k - 1]))


def _reach(tokens: int, window: int) -> dict[str, np.ndarray]:
    """How many tokens back the last token hears after 1, 2, ... layers."""
    i, j = np.indices((4 * tokens, 4 * tokens))
    found = {}
    for name, seen in (("whole mask", j <= i), ("window", (j <= i) & (i - j < window))):
        heard, reach = np.eye(4 * tokens, dtype=bool), []
        for _ in range(6):
            heard = (seen.astype(int) @ heard.astype(int)) > 0
            reach.append(4 * tokens - 1 - int(heard[-1].argmax()))
        found[name] = np.array(reach, dtype=float)
    return found


def _arrivals_panel(fronts: Sequence[_Front]) -> Panel:
    curves = []
    for one in fronts:
        distance = np.arange(1, one.best.shape[1] - 1, dtype=float)
        rows = [
            np.array([_arrival(one.times, np.abs(one.best[:, int(r)]) + shift) for r in distance])
            for shift in (0.0, one.margin, -one.margin)
        ]
        best, low, high = rows
        shown = np.isfinite(best)
        name = f"field {one.field:g}"
        curves.append(
            Curve(name, distance[shown], best[shown], low[shown], high[shown], style="points")
        )
        start = best[shown][0] - 1 / fastest(one.field)
        line = start + distance / fastest(one.field)
        curves.append(Curve(f"{name}, speed 2 min(1, g)", distance, line, style="line"))
    return Panel(
        "Fronts run below, at and above the critical field",
        "distance, sites",
        "time of arrival",
        tuple(curves),
    )


def _reach_panel(reach: dict[str, np.ndarray], window: int) -> Panel:
    layers = np.arange(1, 7, dtype=float)
    names = {"whole mask": "whole mask", "window": f"window of {window}"}
    return Panel(
        "The mask is a half plane; a window makes a cone",
        "layers",
        "tokens back that are heard",
        tuple(Curve(names[name], layers, one) for name, one in reach.items()),
    )
