"""A sweep in a few numbers a cell, for other programs."""

from __future__ import annotations

from typing import Any

from qcattn.sweeps import Sweep
from qcattn.views.documents import strict
from qcattn.views.sweep.words import refuted_rows

__all__ = ["brief"]


def brief(sweep: Sweep) -> dict[str, Any]:
    """The sweep in a few numbers a cell, for other programs."""
    said = {
        "command": "sweep",
        "verdict": sweep.standing,
        "alpha": sweep.alpha,
        "cells": [
            {
                "cell": cell.key,
                "point": dict(cell.point),
                "verdict": cell.standing,
                "rows": cell.num_rows,
                "shots": [int(cell.counts.shots.min()), int(cell.counts.shots.max())],
                "asked": cell.shots,
                "rows_refuted": refuted_rows(cell),
                "p_value": min(verdict.overall for verdict in cell.verdicts),
                "error": cell.failure,
                "rule": cell.rule,
                "met": cell.met,
                "looks": cell.looks,
                "resources": dict(cell.about.get("resources", {})),
            }
            for cell in sweep
        ],
    }
    document: dict[str, Any] = strict(said)
    return document
