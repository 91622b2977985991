"""B7: Goldstone modes, of a magnet and of attention heads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import iv

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import mean
from qcattn.claims.frame.checks import algebra
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._control import sampled
from qcattn.claims.symmetry._flat import change_of_scores, directions, rotary_directions
from qcattn.claims.symmetry._magnons import energies, magnon_ring, momenta
from qcattn.datasets import load_head
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.records import Counts, Prepared

__all__ = ["GoldstoneModes"]

#: Numbers of keys on the circle that are measured.
_KEYS = (3, 4, 5, 6, 8)
#: beta k r, the depth of the valley of keys on a circle.
_DEPTH = 2.0
#: Base of the rotary angles of SmolLM2, as its weights state it.
_ROTARY_BASE = 100_000.0


@dataclass(frozen=True, eq=False, kw_only=True)
class _Modes(Measured):
    """Magnons of a ring, angles in a valley of keys, and flat directions of a head.

    Attributes:
        circuits: The ring along X and along Y, and the valleys.
        counts: Counts of each circuit.
        magnons: Energies at `momenta`, in units of J.
        valleys: Share of the barrier along the circle, by the number of keys.
        generators: The number of generators that are broken in the ferromagnet.
        modes: The number of modes of the ferromagnet at a momentum.
        flat: The number of directions of one head of SmolLM2 that change no score.
        rotary: The number of those that are left with rotary positions.
        change: Largest relative change of a score in such a direction.
    """

    circuits: tuple[Prepared, ...]
    counts: tuple[Counts, ...]
    magnons: list[Estimate]
    valleys: dict[int, Estimate]
    generators: int
    modes: int
    flat: int
    rotary: int
    change: float


@dataclass(frozen=True, kw_only=True)
class GoldstoneModes(Claim[_Modes]):
    r"""B7: is an attention head a Goldstone mode?

    The magnet is tried first: energies of one magnon on a Heisenberg ring, from correlations in
    real time, against :math:`2JS(1 - \cos k)`. Then attention: keys that break a permutation
    lie on a circle, and the energy :math:`-\ln \mathrm{mean}_j\, e^{\beta k_j \cdot x}` along it
    would cost nothing if there were a Goldstone mode. Its thermal distribution over the angle shows
    the barrier, :math:`2 I_N(\beta k r) / I_0(\beta k r)` of the whole for N keys. Flat directions
    that attention does have are counted on a head of SmolLM2.

    Attributes:
        keys: The number of keys on the circle, of the claim; one of 3, 4, 5, 6, 8.
        sites: The number of sites of the ring, even.
        time: The time after which its correlations are measured, in units of 1 / J.
        steps: The number of steps of Trotter's formula.
        flatness: Share of a barrier that counts as none.
        tolerance: The tolerance of a magnon's energy, in units of J.
        epsilon: Total variation that counts as agreement, of the valleys.
        shots: The number of shots of each circuit.

    Example:
        >>> quick = {"sites": 6, "shots": 60_000, "tolerance": 0.15}
        >>> GoldstoneModes(**quick)(seed=1).standing
        'refuted'
        >>> GoldstoneModes(**quick, keys=8, flatness=0.05)(seed=1).standing
        'conditional'

    References:
        [1] H. Watanabe and H. Murayama, Phys. Rev. Lett. 108, 251602 (2012), arXiv:1203.0609.
    """

    name: ClassVar[str] = "B7"
    title: ClassVar[str] = "Attention heads as Goldstone modes"
    statement: ClassVar[str] = (
        "Each attention head potentially captures a Goldstone mode: Ferromagnet, SO(3) spin "
        "rotation, Magnon (spin wave); Transformer, Permutation invariance, Attention head "
        "specialization"
    )
    section: ClassVar[str] = "4.1 Goldstone Modes & Attention Heads"

    keys: int = 4
    sites: int = 8
    time: float = 1.5
    steps: int = 12
    flatness: float = 0.02
    tolerance: float = 0.1
    epsilon: float = 0.03
    shots: int = 400_000

    @property
    def share(self) -> float:
        """Error rate of each of three measurements."""
        return self.alpha / 3

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Modes:
        """Draw the ring and the valleys, and count flat directions."""
        ring = [magnon_ring(self.sites, self.time, self.steps, axis) for axis in "XY"]
        angles = 2 * np.pi * np.arange(64) / 64
        valleys = [Purification()(Binary()(_valley(angles, n)), beta=1.0) for n in _KEYS]
        circuits = (*ring, *valleys)
        progress(0.1, 1.0, "a magnon and keys on a circle")
        along_x, along_y, *around = counts = draw(circuits, self.shots, self.sampler(), root)
        part = self.share / len(_KEYS)
        barriers = {
            n: _doubled(mean([(np.cos(n * angles), one.keys)], part))
            for n, one in zip(_KEYS, around, strict=True)
        }
        progress(0.8, 1.0, "flat directions of a head")
        head = load_head()
        magnons = energies(along_x.keys, along_y.keys, self.time, self.share)
        dispersion = 1 - np.cos(momenta(self.sites))
        return _Modes(
            shots=self.shots * len(circuits),
            numbers=(
                *(
                    Number(f"barrier of {n} keys on a circle", one, float(_barrier(n)))
                    for n, one in sorted(barriers.items(), key=lambda item: item[0] != self.keys)
                ),
                *(
                    Number(f"energy of the magnon at k = {k:.2f}, in J", one, float(exact))
                    for k, one, exact in zip(momenta(self.sites), magnons, dispersion, strict=True)
                ),
            ),
            circuits=circuits,
            counts=tuple(counts),
            magnons=magnons,
            valleys=barriers,
            generators=2,
            modes=2 - _commutators_rank() // 2,
            flat=directions(head.queries, head.keys),
            rotary=rotary_directions(head.keys.shape[1], _ROTARY_BASE),
            change=change_of_scores(head.queries, head.keys, seed=0),
        )

    def check(self, measured: _Modes) -> Iterable[Check]:
        """Hold the magnons against Bloch's law, and look for a barrier between the keys."""
        exact = 1 - np.cos(momenta(self.sites))
        off = [
            max(one.high - energy, energy - one.low)
            for one, energy in zip(measured.magnons, exact, strict=True)
        ]
        inside = [energy in one for one, energy in zip(measured.magnons, exact, strict=True)]
        yield Check(
            "magnon",
            "Breaking spin rotation gives a magnon of energy 2 J S (1 - cos k)",
            (True if max(off) <= self.tolerance else None) if all(inside) else False,
            f"{sum(inside)} of {len(inside)} momenta within intervals that end "
            f"{max(off):.3f} J off at most",
            alpha=self.share,
        )
        barrier = measured.valleys[self.keys]
        yield Check(
            "soft",
            "Going from key to key costs nothing, as along a Goldstone mode",
            True if barrier.high <= self.flatness else False if barrier.low > 0 else None,
            f"{self.keys} keys: a barrier of {barrier.best:.4f} in [{barrier.low:.4f}, "
            f"{barrier.high:.4f}] of the whole, none being below {self.flatness:g}",
            alpha=self.share,
        )
        yield Check(
            "counting",
            "A magnet has one Goldstone mode for each broken generator",
            measured.modes == measured.generators,
            f"{measured.generators} broken generators, {measured.modes} mode, since the two do "
            "not commute in a magnetised state",
            "beyond",
        )
        yield algebra(
            "reparametrised",
            "Queries times A and keys times its inverse transpose give the same scores",
            measured.change,
            role="control",
        )
        yield sampled(measured.circuits, measured.counts, epsilon=0.2, alpha=self.share)

    def describe(self, measured: _Modes, checks: Mapping[str, Check]) -> Description:
        """Say what costs nothing, in a magnet and in attention."""
        barrier = measured.valleys[self.keys]
        magnet = (
            "A magnet that breaks spin rotation has a magnon, and its measured energies are "
            "2 J S (1 - cos k)"
            if checks["magnon"].holds
            else "The shots do not decide the energies of the magnon"
        )
        flat = (
            f"What costs attention nothing is another matter, a change of basis that queries and "
            f"keys share: {measured.flat:,} directions of one head of SmolLM2, of which its "
            f"rotary positions leave {measured.rotary}."
        )
        if checks["soft"].holds is False:
            return Description(
                f"{magnet}; attention heads are no Goldstone modes, for permutations of tokens are "
                f"discrete, and between {self.keys} keys on a circle there is a barrier of "
                f"{barrier.best:.3f} of the whole. {flat}"
            )
        if checks["soft"].holds:
            return Description(
                f"{magnet}; {self.keys} keys on a circle are as good as a continuum, with no "
                f"barrier above {barrier.high:.3f} between them. {flat}",
                "keys lie so densely on a circle that their permutation is nearly a rotation",
            )
        return Description(f"{magnet}; they do not decide whether keys have a barrier. {flat}")

    def picture(self, measured: _Modes) -> Sequence[Panel]:
        """Plot the dispersion, and the barrier over the number of keys."""
        fine = np.linspace(0, np.pi, 100)
        best, low, high = np.array([(one.best, one.low, one.high) for one in measured.magnons]).T
        numbers = np.array(_KEYS, dtype=float)
        between = np.array([(one.best, one.low, one.high) for one in measured.valleys.values()]).T
        shown = between[1] > 0
        return [
            Panel(
                "The magnon of a Heisenberg ring",
                "momentum k",
                "energy, in J",
                (
                    Curve("2 J S (1 - cos k)", fine, 1 - np.cos(fine), style="line"),
                    Curve("measured", momenta(self.sites), best, low, high),
                ),
            ),
            Panel(
                "Between keys on a circle there is a barrier",
                "number of keys",
                "barrier, share of the whole",
                (
                    Curve(
                        "Bessel: 2 I_N / I_0",
                        numbers,
                        np.array([_barrier(n) for n in _KEYS]),
                        style="line",
                    ),
                    Curve("measured", numbers[shown], *between[:, shown]),
                    Curve(
                        "at most",
                        numbers[~shown],
                        between[2][~shown],
                    ),
                ),
                y_scale="log",
            ),
        ]


def _valley(angles: np.ndarray, number: int) -> np.ndarray:
    """Ln mean_j exp(beta k r cos(angle - angle_j)) for keys evenly on a circle."""
    keys = 2 * np.pi * np.arange(number) / number
    return np.asarray(np.log(np.exp(_DEPTH * np.cos(angles[:, None] - keys)).mean(axis=1)))


def _barrier(number: int) -> float:
    """Height of the barrier between the keys, as a share of the mean."""
    return float(2 * iv(number, _DEPTH) / iv(0, _DEPTH))


def _doubled(one: Estimate) -> Estimate:
    return Estimate(2 * one.best, 2 * one.low, 2 * one.high)


def _commutators_rank() -> int:
    """Rank of <[S_a, S_b]> for the broken S_x and S_y of a magnetised state [1]."""
    up = np.array([1.0, 0.0])
    x, y = np.array([[0, 1], [1, 0]]) / 2, np.array([[0, -1j], [1j, 0]]) / 2
    broken = (x, y)
    table = np.array([[up @ (a @ b - b @ a) @ up for b in broken] for a in broken])
    return int(np.linalg.matrix_rank(table))
