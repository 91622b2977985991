"""A report as a file that seals itself, and what became better or worse since another one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from qcattn.conformance.journal import answer_of, entry_of
from qcattn.conformance.probe import LEVELS
from qcattn.conformance.report import Change, LeftOut, Probed, Report, conclude
from qcattn.folders.sealed import Kind, Sealed, read_number, read_sealed, write_sealed
from qcattn.names import known

__all__ = ["changes", "is_report", "load_report", "write_conformance"]

_KIND = Kind("conformance", version=1, files=(), wrote="`qcattn conformance`")


def write_conformance(report: Report, folder: Path) -> None:
    """Write ``conformance.json`` into a folder that exists.

    Raises:
        OSError: If it cannot be written.
    """
    document = {
        "simulator": dict(report.simulator),
        "level": report.level,
        "alpha": report.alpha,
        "seed": str(report.seed),
        "standing": report.standing,  # for readers of the file; not read back
        "seconds": report.seconds,
        "complete": report.complete,
        "against": None if report.since is None else list(map(asdict, report.since)),
        "versions": dict(report.versions),
        "probes": [_entry(one) for one in report.probed],
    }
    write_sealed(_KIND, folder, document, {})


def is_report(folder: str | Path) -> bool:
    """Whether a folder holds a report."""
    return _KIND.lies_in(folder)


def load_report(folder: str | Path) -> Report:
    """Read a report back; what follows from the jobs is computed anew.

    Args:
        folder: The folder that ``qcattn conformance`` wrote, or its file ``conformance.json``,
            under any name.

    Raises:
        NotWhole: If it is missing, foreign or damaged.
    """
    return read_sealed(_KIND, folder, _report)


def _entry(probed: Probed) -> dict[str, Any]:
    return {
        "name": probed.name,
        "relation": probed.title,
        "effect": probed.settings["effect"],
        "alpha": probed.alpha,
        "missing": list(probed.missing),
        "left_out": asdict(probed.left_out),
        "standing": probed.standing,  # for readers of the file; not read back
        "p_value": probed.p_value,
        "words": probed.words,
        "jobs": [entry_of(answer) for answer in probed.answers],
    }


def _report(sealed: Sealed) -> Report:
    said = sealed.document
    seed = int(said["seed"])
    probed = tuple(
        conclude(
            str(one["name"]),
            str(one["relation"]),
            str(one["effect"]),
            [answer_of(entry) for entry in one["jobs"]],
            alpha=read_number(one["alpha"]),
            seed=seed,
            missing=[str(name) for name in one["missing"]],
            left_out=_left_out(one.get("left_out", {})),
        )
        for one in said["probes"]
    )
    return Report(
        simulator={str(name): str(text) for name, text in said["simulator"].items()},
        level=known("level", str(said["level"]), LEVELS),  # type: ignore[arg-type]
        alpha=read_number(said["alpha"]),
        seed=seed,
        probed=probed,
        seconds=read_number(said["seconds"]),
        complete=bool(said["complete"]),
        # Reports of before have "since", which is empty where they were compared with none.
        since=_since(said["against"] if "against" in said else said.get("since") or None),
        versions={str(name): str(text) for name, text in said["versions"].items()},
    )


def _since(said: list[dict[str, Any]] | None) -> tuple[Change, ...] | None:
    if said is None:
        return None
    return tuple(
        Change(
            str(one["probe"]),
            str(one["before"]),
            str(one["now"]),
            mended=tuple(map(str, one.get("mended", ()))),
            broken=tuple(map(str, one.get("broken", ()))),
        )
        for one in said
    )


def _left_out(said: dict[str, Any]) -> LeftOut:
    """Reports of before there was a limit of time leave nothing out."""
    return LeftOut(int(said.get("jobs", 0)), read_number(said.get("seconds", 0.0)))


def changes(old: Report, new: Report) -> tuple[Change, ...]:
    """The probes that stand differently in a new report, or by other jobs, in the order of the new.

    A job counts as mended or broken where both reports drew it: one that was left out, refused or
    ended says nothing.

    Args:
        old: The earlier report.
        new: The later one.
    """
    before, now = ({one.name: one for one in report.probed} for report in (old, new))
    names = [*now, *(name for name in before if name not in now)]
    every = [_change(name, before.get(name), now.get(name)) for name in names]
    return tuple(one for one in every if one.before != one.now or one.mended or one.broken)


def _change(name: str, old: Probed | None, new: Probed | None) -> Change:
    if old is None or new is None:
        return Change(name, old.standing if old else "", new.standing if new else "")
    was, now = ({check.name for check in one.failed} for one in (old, new))
    both = [answer.job for answer in new.answers if answer.outcome is not None]
    drawn = {answer.job for answer in old.answers if answer.outcome is not None}
    both = [job for job in both if job in drawn]
    return Change(
        name,
        old.standing,
        new.standing,
        mended=tuple(job for job in both if job in was - now),
        broken=tuple(job for job in both if job in now - was),
    )
