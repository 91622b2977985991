"""What the folder of findings says: ``findings.json``, and the points of the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from qcattn.arguments import whole_number
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel, Role, Scale, Style
from qcattn.folders.sealed import Kind, Sealed, npz, read_number, read_sealed, write_sealed
from qcattn.folders.whole import whole_folder

__all__ = ["is_findings", "load_findings", "save_findings", "write_findings"]

#: Version 2 seals itself; a finding has a name and no claim, and a check a name and a share of
#: alpha.
_KIND = Kind(
    "findings",
    version=2,
    files=("findings.npz",),
    wrote="`qcattn claims` or `save_findings`",
    unsealed={1: {"findings.npz": "arrays_sha256"}},
)
_ENDS = ("best", "low", "high")


def save_findings(findings: Sequence[Finding], folder: str | Path) -> None:
    """Write findings into one folder, whole or not at all.

    Args:
        findings: The findings in any order, which is kept.
        folder: The folder to make; it must not exist yet, or be empty.

    Raises:
        ValueError: If the folder is taken.
        OSError: If the disk is full or the folder cannot be written; nothing is left behind.
    """
    with whole_folder(folder) as fresh:
        write_findings(findings, fresh)


def write_findings(findings: Sequence[Finding], folder: Path) -> None:
    """Write the files of findings into a folder, ``findings.json`` last."""
    arrays: dict[str, np.ndarray] = {}
    for i, finding in enumerate(findings):
        for j, panel in enumerate(finding.panels):
            for k, curve in enumerate(panel.curves):
                for name in ("x", "y", "low", "high"):
                    if (array := getattr(curve, name)) is not None:
                        arrays[f"{i}_{j}_{k}_{name}"] = np.asarray(array, dtype=float)
    document = {"findings": [_entry(finding) for finding in findings]}
    write_sealed(_KIND, folder, document, {"findings.npz": npz(arrays)})


def _entry(finding: Finding) -> dict[str, Any]:
    texts = ("name", "title", "statement", "section", "condition", "words")
    return {
        **{name: getattr(finding, name) for name in texts},
        "standing": finding.standing,  # for readers of the file; it must follow from the checks
        "shots": int(finding.shots),
        "alpha": float(finding.alpha),
        "seed": str(finding.seed),
        "seconds": float(finding.seconds),
        "settings": dict(finding.settings),
        "versions": dict(finding.versions),
        "checks": [
            {
                "name": check.name,
                "statement": check.statement,
                "holds": None if check.holds is None else bool(check.holds),
                "by": check.by,
                "role": check.role,
                "alpha": float(check.alpha),
            }
            for check in finding.checks
        ],
        "numbers": [
            {
                "name": each.name,
                "reference": float(each.reference),
                **{end: float(getattr(each.estimate, end)) for end in _ENDS},
            }
            for each in finding.numbers
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
    return _KIND.lies_in(folder)


def load_findings(folder: str | Path) -> list[Finding]:
    """Read findings back as they were.

    Args:
        folder: What `save_findings` or ``qcattn claims`` wrote.

    Raises:
        NotWhole: If a file is missing, foreign or damaged; the message names it.
    """
    return read_sealed(_KIND, folder, _findings_of)


def _findings_of(sealed: Sealed) -> list[Finding]:
    entries, arrays = sealed.document["findings"], sealed.arrays("findings.npz")
    if sealed.version == 1:
        entries = [_renewed(entry) for entry in entries]
    findings = [_finding(entry, i, arrays) for i, entry in enumerate(entries)]
    for entry, finding in zip(entries, findings, strict=True):
        # It is written for other readers, who would believe it.
        if sealed.version > 1 and entry["standing"] != finding.standing:
            raise ValueError(f"{finding.name} is {finding.standing} by its checks, and is said to "
                             f"be {entry['standing']!r}")  # fmt: skip
        _check_numbers(finding)
    return findings


def _check_numbers(finding: Finding) -> None:
    """Numbers are what such numbers can be, and points of a curve have as many of each."""
    alphas = [check.alpha for check in finding.checks]
    if not 0 <= finding.alpha < 1 or min(alphas, default=0) < 0:
        raise ValueError(f"`alpha` of {finding.name} is not an error rate")
    if sum(alphas) > finding.alpha * (1 + 1e-9):
        raise ValueError(f"the checks of {finding.name} spend more than its `alpha`")
    if not (np.isfinite(finding.seconds) and finding.seconds >= 0):
        raise ValueError(f"`seconds` of {finding.name} is not a duration")
    whole_number(finding.shots, least=0)
    whole_number(finding.seed, "seed", least=0)
    for panel in finding.panels:
        for curve in panel.curves:
            arrays = [curve.x, curve.y, curve.low, curve.high]
            given = [array for array in arrays if array is not None]
            if any(a.ndim != 1 or a.size != curve.x.size or a.dtype.kind != "f" for a in given):
                raise ValueError(f"the points of {curve.name!r} have more of one than of another")
    for number in finding.numbers:
        estimate = number.estimate
        if estimate.low > estimate.high:
            raise ValueError(f"the interval of {number.name!r} ends before it begins")


def _renewed(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of version 1 as version 2 has it: a check is named by what it states."""
    statements = [check["statement"] for check in entry["checks"]]
    checks: list[dict[str, Any]] = []
    taken: set[str] = set()
    for check in entry["checks"]:
        name, copies = check["statement"], 1
        while name in taken or (copies > 1 and name in statements):
            copies += 1
            name = f"{check['statement']} ({copies})"
        taken.add(name)
        checks.append({**check, "name": name, "alpha": 0.0})
    return {**entry, "name": entry["claim"], "checks": checks}


def _finding(entry: dict[str, Any], i: int, arrays: dict[str, np.ndarray]) -> Finding:
    texts = ("name", "title", "statement", "section", "condition", "words")
    return Finding(
        **{name: str(entry[name]) for name in texts},
        checks=tuple(_check(check) for check in entry["checks"]),
        numbers=tuple(
            Number(
                str(each["name"]),
                Estimate(*(read_number(each[end]) for end in _ENDS)),
                read_number(each["reference"]),
            )
            for each in entry["numbers"]
        ),
        panels=tuple(_panel(panel, f"{i}_{j}", arrays) for j, panel in enumerate(entry["panels"])),
        shots=entry["shots"],
        alpha=read_number(entry["alpha"]),
        seed=int(entry["seed"]),
        settings={str(name): str(text) for name, text in entry["settings"].items()},
        versions={str(name): str(text) for name, text in entry["versions"].items()},
        seconds=read_number(entry["seconds"]),
    )


def _check(entry: dict[str, Any]) -> Check:
    if not (entry["holds"] is None or isinstance(entry["holds"], bool)):
        raise ValueError(f"a check neither holds nor fails: {entry['holds']!r}")
    return Check(
        str(entry["name"]),
        str(entry["statement"]),
        entry["holds"],
        str(entry["by"]),
        _known("role", entry["role"], Role),
        read_number(entry["alpha"]),
    )


def _panel(entry: dict[str, Any], place: str, arrays: dict[str, np.ndarray]) -> Panel:
    curves = tuple(
        Curve(
            str(curve["name"]),
            arrays[f"{place}_{k}_x"],
            arrays[f"{place}_{k}_y"],
            arrays.get(f"{place}_{k}_low"),
            arrays.get(f"{place}_{k}_high"),
            _known("style", curve["style"], Style),
        )
        for k, curve in enumerate(entry["curves"])
    )
    return Panel(
        **{name: str(entry[name]) for name in ("title", "x_label", "y_label")},
        curves=curves,
        x_scale=_known("x_scale", entry["x_scale"], Scale),
        y_scale=_known("y_scale", entry["y_scale"], Scale),
        ticks=tuple(map(str, entry["ticks"])),
    )


def _known(name: str, value: Any, kinds: Any) -> Any:
    """A word that is one of a Literal's: a check of another role would drop out of the verdict."""
    if value not in get_args(kinds):
        raise ValueError(f"`{name}` is {value!r}; known are {', '.join(get_args(kinds))}")
    return value
