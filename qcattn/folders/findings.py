"""Findings on disk: one folder, written whole or not at all, and read without trust."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel, Role, Scale, Style
from qcattn.folders.results import read_document, read_sealed, whole_folder

__all__ = ["is_findings", "load_findings", "save_findings", "write_findings"]

FORMAT = "qcattn findings"
FORMAT_VERSION = 1
_FILE, _ARRAYS = "findings.json", "findings.npz"


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
    texts = ("name", "title", "statement", "section", "condition", "words", "shots")
    return {
        **{name: getattr(finding, name) for name in texts},
        "standing": finding.standing,  # for readers of the file; not read back
        "alpha": repr(float(finding.alpha)),
        "seed": str(finding.seed),
        "seconds": repr(float(finding.seconds)),
        "settings": dict(finding.settings),
        "versions": dict(finding.versions),
        "checks": [
            {
                "name": check.name,
                "statement": check.statement,
                "holds": None if check.holds is None else bool(check.holds),
                "by": check.by,
                "role": check.role,
                "alpha": repr(float(check.alpha)),
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
        **{name: str(entry[name]) for name in ("name", "title", "statement", "section")},
        checks=tuple(
            Check(
                str(check["name"]),
                str(check["statement"]),
                check["holds"],
                str(check["by"]),
                _known("role", check["role"], Role),
                float(check["alpha"]),
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
