"""What an experiment found: checks with their outcome, numbers with intervals, pictures as data.

A verdict is never written down: it follows from the checks by `Finding.verdict`.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from qcattn.certification import Estimate
from qcattn.folders.results import read_document, read_sealed, whole_folder

__all__ = [
    "Check",
    "Curve",
    "Finding",
    "Number",
    "Panel",
    "Role",
    "Verdict",
    "is_findings",
    "load_findings",
    "save_findings",
    "write_findings",
]

Role = Literal["claim", "beyond", "mechanism"]
Verdict = Literal["exact", "conditional", "analogy", "refuted", "untestable", "undecided"]
Style = Literal["points", "line", "bars"]
Scale = Literal["linear", "log"]

FORMAT = "qcattn findings"
FORMAT_VERSION = 1
_FILE, _ARRAYS = "findings.json", "findings.npz"


@dataclass(frozen=True)
class Check:
    """One statement that was put to the test.

    Attributes:
        statement: What was tested, as a sentence that can be false.
        holds: Whether it was found to hold; None where the shots did not decide.
        by: How that was found: the test, its level and its figure.
        role: ``"claim"``: what is claimed, where it is claimed. ``"beyond"``: the same without one
            of its conditions, or outside its range. ``"mechanism"``: that like numbers come from
            the same cause.
    """

    statement: str
    holds: bool | None
    by: str
    role: Role = "claim"


@dataclass(frozen=True)
class Number:
    """A measured number, its interval and what it should be.

    Attributes:
        name: What it is, with its unit.
        estimate: Measured, with a confidence interval.
        reference: From dense linear algebra or a closed form; NaN if there is none.
    """

    name: str
    estimate: Estimate
    reference: float = float("nan")


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a picture. Arrays are of shape (points,).

    Attributes:
        name: In the legend.
        x: Abscissas.
        y: Ordinates.
        low: Lower ends of intervals, or None.
        high: Upper ends, or None.
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
    """A picture as data, which `qcattn.views.findings.page.draw_panel` draws.

    Attributes:
        title: What it shows.
        x_label: Of the abscissa, with its unit.
        y_label: Of the ordinate.
        curves: What is drawn.
        x_scale: ``"linear"`` or ``"log"``.
        y_scale: Likewise.
        ticks: Names of the abscissas 0, 1, ... for bars of things that have names.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    ticks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Finding:
    """What an experiment on one claim, or one probe of a simulator, found.

    Attributes:
        claim: Its short name, for example ``"A6"``.
        title: In a few words.
        statement: The claim as its document states it.
        section: Where it stands there.
        checks: What was tested; the verdict follows from them.
        numbers: What was measured; the first one is the number of the table.
        condition: Under which the claim holds, or what would have to be defined; "" if none.
        words: What was found, in plain sentences.
        panels: Pictures.
        shots: Drawn altogether.
        alpha: Probability that a perfect sampler changes the verdict, at most.
        seed: Entropy from which everything was drawn.
        settings: Options of the experiment, as strings.
        versions: Of the packages that took part.
        seconds: Wall time.
    """

    claim: str
    title: str
    statement: str
    section: str
    checks: tuple[Check, ...]
    numbers: tuple[Number, ...]
    condition: str
    words: str
    panels: tuple[Panel, ...]
    shots: int
    alpha: float
    seed: int
    settings: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """What follows from the checks.

        Without a check the claim is ``untestable``. A claim that fails where it is claimed is
        ``refuted``, whatever else holds. Where it holds: ``analogy`` if the mechanism is another
        one, else ``conditional`` if it fails beyond its conditions, else ``exact``. A check that
        is needed for this and was not decided leaves it ``undecided``.

        Example:
            >>> def verdict(*checks):
            ...     return Finding("", "", "", "", checks, (), "", "", (), 0, 0.01, 0).verdict
            >>> verdict(Check("p is softmax", True, ""))
            'exact'
            >>> verdict(Check("p is softmax", True, ""), Check("in any basis", False, "", "beyond"))
            'conditional'
        """
        if not self.checks:
            return "untestable"
        found = {
            role: [check.holds for check in self.checks if check.role == role]
            for role in ("claim", "mechanism", "beyond")
        }
        if False in found["claim"]:
            return "refuted"
        if None in found["claim"] or None in found["mechanism"]:
            return "undecided"
        if False in found["mechanism"]:
            return "analogy"
        if False in found["beyond"]:
            return "conditional"
        return "undecided" if None in found["beyond"] else "exact"

    def __str__(self) -> str:
        """The verdict, then one line for each check and each number."""
        marks = {True: "holds", False: "fails", None: "undecided"}
        lines = [f"{self.claim} {self.title}: {self.verdict}"]
        lines += [
            f"  {marks[check.holds]:<10}{check.statement} ({check.by})" for check in self.checks
        ]
        for number in self.numbers:
            e = number.estimate
            exact = "" if np.isnan(number.reference) else f", exact {number.reference:.6g}"
            lines.append(f"  {number.name}: {e.best:.6g} [{e.low:.6g}, {e.high:.6g}]{exact}")
        return "\n".join([*lines, f"  {self.words}"])


def save_findings(findings: Sequence[Finding], folder: str | Path) -> None:
    """Write findings into one folder, whole or not at all.

    Args:
        findings: In any order, which is kept.
        folder: Made by this; it must not exist yet, or be empty.

    Raises:
        ValueError: If the folder is taken.
        OSError: If the disk is full or the folder cannot be written; nothing is left behind.
    """
    with whole_folder(folder) as fresh:
        write_findings(findings, fresh)


def write_findings(findings: Sequence[Finding], folder: Path) -> None:
    """Write the files of findings into a folder, ``findings.json`` last."""
    arrays: dict[str, np.ndarray] = {}
    entries = []
    for i, finding in enumerate(findings):
        for j, panel in enumerate(finding.panels):
            for k, curve in enumerate(panel.curves):
                for name in ("x", "y", "low", "high"):
                    if (array := getattr(curve, name)) is not None:
                        arrays[f"{i}_{j}_{k}_{name}"] = np.asarray(array, dtype=float)
        entries.append(_entry(finding))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    (folder / _ARRAYS).write_bytes(buffer.getvalue())
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "arrays_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "findings": entries,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / _FILE).write_text(text + "\n", encoding="utf-8")


def _entry(finding: Finding) -> dict[str, Any]:
    texts = ("claim", "title", "statement", "section", "condition", "words", "shots")
    return {
        **{name: getattr(finding, name) for name in texts},
        "verdict": finding.verdict,  # for readers of the file; not read back
        "alpha": repr(float(finding.alpha)),
        "seed": str(finding.seed),
        "seconds": repr(float(finding.seconds)),
        "settings": dict(finding.settings),
        "versions": dict(finding.versions),
        "checks": [
            {
                "statement": check.statement,
                "holds": None if check.holds is None else bool(check.holds),
                "by": check.by,
                "role": check.role,
            }
            for check in finding.checks
        ],
        # JSON has no NaN.
        "numbers": [
            {
                "name": number.name,
                "reference": repr(float(number.reference)),
                **{
                    end: repr(float(getattr(number.estimate, end)))
                    for end in ("best", "low", "high")
                },
            }
            for number in finding.numbers
        ],
        "panels": [
            {
                **{name: getattr(panel, name) for name in ("title", "x_label", "y_label")},
                **{name: getattr(panel, name) for name in ("x_scale", "y_scale")},
                "ticks": list(panel.ticks),
                "curves": [{"name": curve.name, "style": curve.style} for curve in panel.curves],
            }
            for panel in finding.panels
        ],
    }


def is_findings(folder: str | Path) -> bool:
    """Whether a folder holds findings."""
    return (Path(folder) / _FILE).is_file()


def load_findings(folder: str | Path) -> list[Finding]:
    """Read findings back, as they were.

    Args:
        folder: What `save_findings` or ``qcattn claims`` wrote.

    Raises:
        ValueError: If a file is missing, foreign or damaged; the message names it.
    """
    folder = Path(folder)
    wrote = "`qcattn claims` or `save_findings`"
    document = read_document(folder / _FILE, "findings", FORMAT_VERSION, wrote)
    content = read_sealed(folder / _ARRAYS, document.get("arrays_sha256"))
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return [_parse(entry, i, arrays) for i, entry in enumerate(document["findings"])]
    except Exception as error:  # a forged file can make any reader fail in any way
        raise ValueError(
            f"`{folder}` does not hold whole findings ({type(error).__name__}: {error}); run them "
            "again"
        ) from error


def _parse(entry: dict[str, Any], i: int, arrays: dict[str, np.ndarray]) -> Finding:
    panels = []
    for j, panel in enumerate(entry["panels"]):
        curves = tuple(
            Curve(
                str(curve["name"]),
                arrays[f"{i}_{j}_{k}_x"],
                arrays[f"{i}_{j}_{k}_y"],
                arrays.get(f"{i}_{j}_{k}_low"),
                arrays.get(f"{i}_{j}_{k}_high"),
                _known("style", curve["style"], Style),
            )
            for k, curve in enumerate(panel["curves"])
        )
        panels.append(
            Panel(
                **{name: str(panel[name]) for name in ("title", "x_label", "y_label")},
                curves=curves,
                x_scale=_known("x_scale", panel["x_scale"], Scale),
                y_scale=_known("y_scale", panel["y_scale"], Scale),
                ticks=tuple(map(str, panel["ticks"])),
            )
        )
    for check in entry["checks"]:
        if not (check["holds"] is None or isinstance(check["holds"], bool)):
            raise ValueError(f"a check neither holds nor fails: {check['holds']!r}")
    return Finding(
        **{name: str(entry[name]) for name in ("claim", "title", "statement", "section")},
        checks=tuple(
            Check(
                str(check["statement"]),
                check["holds"],
                str(check["by"]),
                _known("role", check["role"], Role),
            )
            for check in entry["checks"]
        ),
        numbers=tuple(
            Number(
                str(number["name"]),
                Estimate(*(float(number[end]) for end in ("best", "low", "high"))),
                float(number["reference"]),
            )
            for number in entry["numbers"]
        ),
        condition=str(entry["condition"]),
        words=str(entry["words"]),
        panels=tuple(panels),
        shots=int(entry["shots"]),
        alpha=float(entry["alpha"]),
        seed=int(entry["seed"]),
        settings={str(name): str(text) for name, text in entry["settings"].items()},
        versions={str(name): str(text) for name, text in entry["versions"].items()},
        seconds=float(entry["seconds"]),
    )


def _known(name: str, value: Any, kinds: Any) -> Any:
    """A word that is one of a Literal's: a check of another role would drop out of the verdict."""
    if value not in get_args(kinds):
        raise ValueError(f"`{name}` is {value!r}; known are {', '.join(get_args(kinds))}")
    return value
