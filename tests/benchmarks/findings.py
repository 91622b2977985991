"""What `qcattn conformance` found in released simulators, as a table of circuits/README.md.

    python tests/benchmarks/findings.py --write

writes it from the files in ``findings/``: one a simulator, made of its report by

    python tests/benchmarks/findings.py --of qcattn-conformance --backend stim --name stim

and ``causes.json``, which says what each alarm was run down to. An alarm without a cause is shown
as one. The shots of every refuted job are drawn again with its seed for what the tolerances of
today would have said of them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import results
from tolerances import NAMES, alarms, means_off

from qcattn.backends.named import named_simulator
from qcattn.backends.pipe import Piped
from qcattn.backends.simulator import Simulator
from qcattn.conformance.probe import Level
from qcattn.conformance.running import draw_again
from qcattn.conformance.stored import load_report
from qcattn.conformance.tally import tally
from qcattn.parsing import parse_json

FOLDER = Path(__file__).with_name("findings")
TRIES = 10
#: Refuted jobs of a probe that are drawn again.
MOST = 4


def main(arguments: list[str] | None = None) -> int:
    """Print the table, or keep what one report says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--of", type=Path, help="a folder that qcattn conformance wrote")
    parser.add_argument("--backend", help="as the command was given it")
    parser.add_argument("--python", help="likewise")
    parser.add_argument("--name", help="of the file in findings/")
    given = parser.parse_args(arguments)
    if given.of is None:
        print(table(FOLDER))
        return 0
    simulator = (
        Piped(given.backend, given.python) if given.python else named_simulator(given.backend)
    )
    kept = brief_of(given.of, simulator, given.backend)
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{given.name}.json"
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 0


def brief_of(folder: Path, simulator: Simulator, backend: str) -> dict[str, Any]:
    """What the table needs of a report."""
    report = load_report(folder)
    probes = []
    for one in report.probed:
        entry: dict[str, Any] = {"probe": one.name, "standing": one.standing, "shots": one.shots}
        drawn = sum(answer.outcome is not None for answer in one.answers)
        refused = sum(answer.outcome is None and not answer.cut for answer in one.answers)
        entry |= {"jobs": drawn, "left_out": one.left_out.jobs, "not_taken": refused}
        if one.standing == "alarm":
            entry["p_value"] = one.p_value
            outcomes = {answer.job: answer.outcome for answer in one.answers}
            entry["failed"] = []
            for i, check in enumerate(one.failed):
                outcome = outcomes[check.name]
                assert outcome is not None
                failed = {"job": check.name, "said": check.by[:200], "raised": outcome.raised}
                if np.isfinite(outcome.effect.best):
                    failed["effect"] = round(outcome.effect.best, 4)
                if i < MOST and not outcome.raised:
                    failed["caught"] = judged(
                        report.seed, one.name, check.name, simulator, report.level
                    )
                entry["failed"].append(failed)
        probes.append(entry)
    return {
        "backend": backend,
        "simulator": dict(report.simulator),
        "level": report.level,
        "seconds": round(report.seconds),
        "alpha": report.alpha,
        "seed": str(report.seed),
        "probes": probes,
    }


def judged(root: int, probe: str, job: str, simulator: Simulator, level: Level) -> list[str] | None:
    """Tolerances that the shots of a job break; None where these are no shots."""
    caught: set[str] = set()
    tries = []
    for attempt in range(TRIES):
        try:
            asked, drawn = draw_again(probe, job, level, root + attempt, simulator)
        except Exception:  # whatever the simulator raises, or a job that the corpus has no more
            return None
        if not isinstance(drawn, list):
            return None
        runs = [
            (run, law)
            for part, laws in zip(drawn, asked.laws, strict=False)
            for run, law in zip(part, laws, strict=False)
        ]
        if not attempt:
            for run, law in runs:
                counts = tally([run], law)
                caught |= alarms([*counts.keys[0], counts.stray[0]], law)
        tries.append(any(means_off(run, law) for run, law in runs))
        if not tries[-1]:
            break
    return sorted(caught | ({NAMES[1]} if all(tries) else set()), key=NAMES.index)


def table(folder: Path) -> str:
    """The table of all findings, then what was tested without an alarm."""
    causes = parse_json((folder / "causes.json").read_bytes())["causes"]
    files = sorted(path for path in folder.glob("*.json") if path.name != "causes.json")
    lines: list[str] = []
    sound: dict[str, list[str]] = {"quick": []}
    for path in files:
        kept = parse_json(path.read_bytes())
        name = _subject(kept)
        left = sum(one["left_out"] for one in kept["probes"])
        refused = sum(one.get("not_taken", 0) for one in kept["probes"])
        shots = sum(one["shots"] for one in kept["probes"])
        failed = [(one["probe"], job) for one in kept["probes"] for job in one.get("failed", [])]
        found = _grouped(path.stem, failed, causes)
        lines += [_line(name, *group) for group in found]
        lines += [
            f"| {name} | {one['probe']} | all jobs together, p = {one['p_value']:.1e} | | "
            f"**not run down** | |{' |' * len(NAMES)}"
            for one in kept["probes"]
            if one["standing"] == "alarm" and not one["failed"]
        ]
        jobs = sum(one["jobs"] for one in kept["probes"])
        end = f"{name} (`{kept['backend']}`): {jobs:,} jobs, {shots:,} shots, "
        end += f"{left:,} jobs left out{_by_probe(kept)}"
        end += f", {refused:,} that it does not take" if refused else ""
        sound.setdefault(kept["level"], []).append(end + ("" if found else ", no alarm"))
    head = "| backend | probe | what | largest effect | cause | script |"
    head += "".join(f" {name} |" for name in NAMES)
    rule = "|---" * (6 + len(NAMES)) + "|"
    for level, each in sound.items():
        tested = "\n".join(f"- {one}" for one in each)
        lines += ["", f"Tested at the level `{level}`:\n\n{tested}"]
    return "\n".join([head, rule, *lines])


def _by_probe(kept: dict[str, Any]) -> str:
    """Of which probes jobs were left out, those with the most first, in brackets."""
    some = sorted(kept["probes"], key=lambda one: -one["left_out"])
    each = [
        f"{one['probe']} {one['left_out']:,} of "
        f"{one['left_out'] + one['jobs'] + one.get('not_taken', 0):,}"
        for one in some
        if one["left_out"]
    ]
    return f" ({', '.join(each)})" if each else ""


def _subject(kept: dict[str, Any]) -> str:
    said = kept["simulator"]
    qiskit = f", Qiskit {said['qiskit']}" if "qiskit" in said else ""
    return f"{said['backend']} {said['version']}{qiskit}"


def _grouped(
    stem: str, failed: list[tuple[str, dict[str, Any]]], causes: list[dict[str, str]]
) -> list[tuple[dict[str, str], list[tuple[str, dict[str, Any]]]]]:
    """Refuted jobs by their cause, in the order of the causes; those without one are last."""
    none = {"what": "", "cause": "**not run down**"}
    groups: dict[int, list[tuple[str, dict[str, Any]]]] = {}
    for probe, job in failed:
        fits = [
            i
            for i, one in enumerate(causes)
            if fnmatch(stem, one["backend"])
            and re.search(one["probe"], probe)
            and re.search(one["job"], job["job"])
            and re.search(one.get("said", ""), job["said"])
        ]
        groups.setdefault(fits[0] if fits else len(causes), []).append((probe, job))
    return [(causes[i] if i < len(causes) else none, groups[i]) for i in sorted(groups)]


def _line(name: str, cause: dict[str, str], jobs: list[tuple[str, dict[str, Any]]]) -> str:
    probes = ", ".join(dict.fromkeys(probe for probe, _ in jobs))
    first = jobs[0][1]
    what = cause["what"] or f"{first['job']}: {first['said']}"
    effects = [job["effect"] for _, job in jobs if "effect" in job]
    largest = f"{max(effects):.3g}" if effects else ""
    judged = [job["caught"] for _, job in jobs if job.get("caught") is not None]
    cells = [f"{sum(each in one for one in judged)} of {len(judged)}" for each in NAMES]
    if not judged:
        cells = ["raises" if all(job["raised"] for _, job in jobs) else ""] * len(NAMES)
    number = f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}: "
    script = cause.get("script", "")
    shown = f"[{script}](../tests/benchmarks/findings/scripts/{script}.py)" if script else ""
    return f"| {name} | {probes} | {number}{what} | {largest} | {cause['cause']} | {shown} | " + (
        " | ".join(cells) + " |"
    )


if __name__ == "__main__":
    sys.exit(results.run("findings.py", main, path=results.CIRCUITS))
