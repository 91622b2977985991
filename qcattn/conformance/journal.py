"""A run's answers as they come, so that a killed run goes on where it was."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qcattn.conformance.probe import Outcome
from qcattn.conformance.report import Answer
from qcattn.errors import NotWhole
from qcattn.evidence import Estimate
from qcattn.parsing import parse_json

__all__ = ["Journal", "answer_of", "entry_of", "seed_of"]


class Journal:
    """A file with one line for each job, written as soon as the job is done.

    Args:
        path: The file, which is made if it is not there; else the answers in it are kept.
        identity: What the run is: simulator, level, error rate, seed and corpus. Another run's
            file is refused.

    Raises:
        NotWhole: If the file is of another run, or no journal.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self.answers: dict[tuple[str, str], Answer] = {}
        head = json.dumps({"qcattn conformance": dict(identity)}, sort_keys=True)
        if not path.exists():
            self._append(head)
            return
        lines = path.read_text(encoding="utf-8").split("\n")
        first, *rest = lines
        if first != head:
            raise NotWhole(
                f"`{path}` is the journal of another run, of another simulator, level, error rate, "
                "seed or corpus; name another folder, or remove it"
            )
        for line in rest[:-1]:  # what follows the last line break was cut off by a kill
            self._read(line)
        self._cut(len("\n".join([*lines[:-1], ""]).encode()))

    def add(self, probe: str, answer: Answer) -> None:
        """Keep one answer."""
        self._append(json.dumps({"probe": probe, **entry_of(answer)}))
        self.answers[probe, answer.job] = answer

    def _read(self, line: str) -> None:
        try:
            entry = parse_json(line)
            answer = answer_of(entry)
            self.answers[str(entry["probe"]), answer.job] = answer
        except (ValueError, KeyError, TypeError) as error:
            raise NotWhole(f"`{self.path}` is damaged; remove it to begin anew") from error

    def _append(self, line: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())

    def _cut(self, size: int) -> None:
        if self.path.stat().st_size > size:
            os.truncate(self.path, size)


def entry_of(answer: Answer) -> dict[str, Any]:
    """Write an answer as JSON can hold it."""
    outcome = answer.outcome
    entry: dict[str, Any] = {"job": answer.job, "seconds": answer.seconds, "outcome": None}
    entry |= {"cut": True} if answer.cut else {}
    if outcome is not None:
        ends = (outcome.effect.best, outcome.effect.low, outcome.effect.high)
        entry["outcome"] = {
            "p_value": outcome.p_value,
            "effect": [_finite(end) for end in ends],
            "resolution": _finite(outcome.resolution),
            "shots": outcome.shots,
            "said": outcome.said,
            "raised": outcome.raised,
        }
    return entry


def answer_of(entry: Mapping[str, Any]) -> Answer:
    """Read the answer that such an entry holds.

    Raises:
        ValueError, KeyError, TypeError: If it holds none.
    """
    found, outcome = entry["outcome"], None
    if found is not None:
        p_value = float(found["p_value"])
        if not 0 <= p_value <= 1:
            raise ValueError(f"a p-value lies between 0 and 1, but is {p_value}")
        outcome = Outcome(
            p_value,
            Estimate(*map(_number, found["effect"])),
            _number(found["resolution"]),
            int(found["shots"]),
            str(found["said"]),
            str(found["raised"]),
        )
    cut = bool(entry.get("cut", False))
    return Answer(str(entry["job"]), outcome, float(entry["seconds"]), cut)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def seed_of(path: Path) -> int:
    """The seed of the run that a journal belongs to.

    Raises:
        NotWhole: If it is no journal.
    """
    head, _, _ = path.read_text(encoding="utf-8").partition("\n")
    try:
        return int(parse_json(head)["qcattn conformance"]["seed"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotWhole(
            f"`{path}` is not a journal of `qcattn conformance`; name another folder"
        ) from error
