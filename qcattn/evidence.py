"""What an experiment showed: checks by name, numbers with intervals, pictures as data.

Claims, probes and lessons alike give `Evidence`. What it means is never written down: it follows
from the checks by `Evidence.standing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from qcattn.frames import frame
from qcattn.markup import notebook
from qcattn.names import known

if TYPE_CHECKING:
    import pandas

__all__ = [
    "Check",
    "Curve",
    "Estimate",
    "Evidence",
    "Finding",
    "Number",
    "Panel",
    "Role",
    "Scale",
    "Standing",
    "Style",
]

Role = Literal["claim", "beyond", "mechanism", "control"]
Standing = Literal["exact", "conditional", "analogy", "refuted", "untestable", "undecided"]
Style = Literal["points", "line", "bars"]
Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Estimate:
    """A number and its confidence interval.

    Attributes:
        best: The estimate; NaN where nothing was measured.
        low: Lower end.
        high: Upper end.

    Example:
        >>> 0.2 in Estimate(best=0.3, low=0.1, high=0.4)
        True
    """

    best: float
    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Whether the interval holds a value, up to rounding."""
        slack = 1e-12 * max(1.0, abs(value)) if np.isfinite(value) else 0.0
        return bool(self.low - slack <= value <= self.high + slack)


@dataclass(frozen=True)
class Check:
    """One statement that was tested.

    Attributes:
        name: A few words by which it is found among the checks of its experiment.
        statement: What was tested, as a sentence that can be false.
        holds: Whether it was found to hold; None where the shots did not decide.
        by: How that was found: the test, its level and its figure.
        role: ``"claim"``: what is claimed, where it is claimed. ``"beyond"``: the same without one
            of its conditions, or outside its range. ``"mechanism"``: that like numbers come from
            the same cause. ``"control"``: that the instrument works: the sampler, the bookkeeping,
            a forecast; where it does not, nothing is decided.
        alpha: The share of the check in the error rate of the experiment; 0 for dense algebra, and
            for a check on what another check has paid for already.
    """

    name: str
    statement: str
    holds: bool | None
    by: str
    role: Role = "claim"
    alpha: float = 0.0

    @property
    def found(self) -> Literal["holds", "fails", "undecided"]:
        """The outcome of the check in one word."""
        if self.holds is None:
            return "undecided"
        return "holds" if self.holds else "fails"


@dataclass(frozen=True)
class Number:
    """A measured number, its interval and its exact value.

    Attributes:
        name: The name of the quantity, with its unit.
        estimate: The measured value with its confidence interval.
        reference: The exact value, from dense linear algebra or a closed form; NaN if there is
            none.
    """

    name: str
    estimate: Estimate
    reference: float = float("nan")


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a picture. Arrays are of shape (points,).

    Attributes:
        name: The name in the legend.
        x: Abscissas.
        y: Ordinates.
        low: Lower ends of intervals, or None.
        high: Upper ends of the intervals, or None.
        style: ``"points"`` for what was measured, ``"line"`` for what is exact, or ``"bars"``.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    style: Style = "points"


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture as data, which `qcattn.views.panels.plot_panel` plots.

    Attributes:
        title: What it shows.
        x_label: The label of the abscissa, with its unit.
        y_label: The label of the ordinate.
        curves: What it shows.
        x_scale: The scale of the abscissa, ``"linear"`` or ``"log"``.
        y_scale: The scale of the ordinate, ``"linear"`` or ``"log"``.
        ticks: Names of the abscissas 0, 1, ... for bars of things that have names.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    ticks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """What one experiment showed.

    Attributes:
        name: The short name of the experiment, for example ``"A6"``.
        title: The title of the experiment, a few words.
        checks: What was tested, each under a name of its own; the standing follows from them.
        numbers: What was measured; the first one is the number of the table.
        words: What was found, in plain sentences.
        panels: Pictures.
        shots: The number of shots drawn altogether.
        alpha: Probability that a perfect sampler changes the standing, at most.
        seed: Entropy from which everything was drawn.
        settings: Options of the experiment, as strings.
        versions: The versions of the packages that took part.
        seconds: Wall time.

    Raises:
        ValueError: If two checks have one name.
    """

    name: str
    title: str
    checks: tuple[Check, ...]
    numbers: tuple[Number, ...] = ()
    words: str = ""
    panels: tuple[Panel, ...] = ()
    shots: int = 0
    alpha: float
    seed: int
    settings: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """Refuse two checks of one name: what is read by name must be one thing."""
        names = [check.name for check in self.checks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                f"`checks` of {self.name} holds the name {twice} twice; give each check its own"
            )

    def check(self, name: str) -> Check:
        """The check of this name.

        Raises:
            ValueError: If there is none; the nearest is named.
        """
        by_name = {check.name: check for check in self.checks}
        return by_name[known("name", name, by_name)]

    def number(self, name: str) -> Number:
        """The number of this name.

        Raises:
            ValueError: If there is none; the nearest is named.
        """
        by_name = {number.name: number for number in self.numbers}
        return by_name[known("name", name, by_name)]

    def held(self, role: Role) -> set[bool | None]:
        """The outcomes of the checks of one role: a set of True, False and None."""
        return {check.holds for check in self.checks if check.role == role}


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding(Evidence):
    """What an experiment on a claim of a document found.

    Attributes:
        statement: The claim as its document states it.
        section: The section of the document in which the claim stands.
        condition: The condition under which the claim holds, or what would have to be defined; ""
            if none.
    """

    statement: str = ""
    section: str = ""
    condition: str = ""

    @property
    def standing(self) -> Standing:
        """The verdict in one word, which follows from the checks.

        Without a check the claim is ``untestable``. If a control did not hold, nothing is decided.
        A claim that fails where it is claimed is ``refuted``, whatever else holds. Where it holds:
        ``analogy`` if the mechanism is another one, else ``conditional`` if it fails beyond its
        conditions, else ``exact``. A check that is needed for this and was not decided leaves it
        ``undecided``.

        Example:
            >>> def standing(*checks):
            ...     return Finding(name="", title="", checks=checks, alpha=0.01, seed=0).standing
            >>> softmax = Check("softmax", "p is softmax", True, "")
            >>> standing(softmax)
            'exact'
            >>> standing(softmax, Check("any basis", "In any basis", False, "", "beyond"))
            'conditional'
            >>> standing(softmax, Check("sampler", "The sampler works", False, "", "control"))
            'undecided'
        """
        if not self.checks:
            return "untestable"
        if self.held("control") - {True}:
            return "undecided"
        claim, mechanism, beyond = self.held("claim"), self.held("mechanism"), self.held("beyond")
        if False in claim:
            return "refuted"
        if None in claim | mechanism:
            return "undecided"
        if False in mechanism:
            return "analogy"
        if False in beyond:
            return "conditional"
        return "undecided" if None in beyond else "exact"

    def __str__(self) -> str:
        """The standing, then one line for each check and each number."""
        lines = [f"{self.name} {self.title}: {self.standing}"]
        lines += [f"  {check.found:<10}{check.statement} ({check.by})" for check in self.checks]
        for number in self.numbers:
            e = number.estimate
            exact = "" if np.isnan(number.reference) else f", exact {number.reference:.6g}"
            lines.append(f"  {number.name}: {e.best:.6g} [{e.low:.6g}, {e.high:.6g}]{exact}")
        return "\n".join([*lines, f"  {self.words}"])

    def to_pandas(self) -> pandas.DataFrame:
        """The numbers as a data frame: one line for each, with its interval and its exact value.

        Raises:
            ImportError: If pandas is not installed: `pip install 'qcattn[pandas]'`.
        """
        return frame(
            {
                "number": [one.name for one in self.numbers],
                "measured": [one.estimate.best for one in self.numbers],
                "low": [one.estimate.low for one in self.numbers],
                "high": [one.estimate.high for one in self.numbers],
                "exact": [one.reference for one in self.numbers],
            }
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the standing, the words, and a line a check."""
        lines = [(check.statement, check.found, check.by) for check in self.checks]
        said = f"{self.name} {self.title}\n{self.words}"
        return notebook(self.standing, said, ("statement", "found", "by"), lines)
