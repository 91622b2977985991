"""Scripts that show the alarms of a report, each of a job made small, within a bounded time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from qcattn.apart import apart
from qcattn.backends.pipe import Piped
from qcattn.backends.simulator import Simulator
from qcattn.conformance.probe import Level, Outcome, Probe, ProbeJob
from qcattn.conformance.report import Probed, Report
from qcattn.conformance.running import job_named
from qcattn.conformance.scripts import script_of
from qcattn.conformance.shrinking import WAYS, Attempt, Shrunk, settled, shrinking
from qcattn.conformance.timing import LEVEL_SECONDS
from qcattn.errors import Died, DoesNotFit
from qcattn.progress import Progress, silent

__all__ = ["Script", "scripts_of", "seconds_of_scripts", "shows"]

#: The share of a level's seconds that all scripts together may take.
_SHARE = 0.5
#: Seconds of one script, from which on those of other alarms wait.
_LEAST = 20.0
#: The share of a script's seconds in which its job is made smaller; it is run in the rest.
_SEARCH = 0.7
#: Refuted jobs of a probe that are tried, until one fails again.
_JOBS = 3
#: Seconds by which an attempt may come late.
_LATE = 2.0
#: Seconds between two looks at a script that runs.
_LOOK = 0.1
#: A program that runs a script, and ends with 2 where it cannot draw at all.
_RUN = """
import runpy, sys, traceback
try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except Exception:
    traceback.print_exc()
    sys.exit(2)
"""


@dataclass(frozen=True)
class Script:
    """A script that shows an alarm, or the reason why there is none.

    Attributes:
        text: The script, which was run and ended with 1; "" where there is none.
        why_not: Why there is none, half a sentence.
    """

    text: str = ""
    why_not: str = ""


def seconds_of_scripts(level: Level) -> float:
    """The most seconds that all scripts of a report may take together.

    Args:
        level: The level of the report.

    Example:
        >>> seconds_of_scripts("quick"), seconds_of_scripts("standard")
        (90.0, 600.0)
    """
    return _SHARE * LEVEL_SECONDS[level]


def scripts_of(
    report: Report,
    simulator: Simulator,
    backend: str,
    *,
    made_by: Callable[[], Simulator],
    seconds: float | None = None,
    progress: Progress = silent,
) -> Iterator[tuple[str, Script]]:
    """Write a script for each probe with an alarm, from a refuted job that is made small.

    Jobs are drawn in a process of its own: what is wrong with a simulator may end the process in
    which it draws, or keep it busy for ever. A job that ends it is made small by such processes,
    one after the other, and its script draws in a child. Each alarm has an equal part of the time,
    but 20 seconds at least, and what others leave of theirs.

    Args:
        report: What was found.
        simulator: The simulator that was tested.
        backend: The backend, as `qcattn.backends.named.named_simulator` takes it.
        made_by: A function of a module that makes the simulator in another process.
        seconds: Seconds that all scripts may take together; `seconds_of_scripts` of the level if
            None.
        progress: A function that is told the seconds that were used, and what is tried.

    Yields:
        The name of each probe with an alarm, and its script, as soon as it is written.
    """
    most = seconds_of_scripts(report.level) if seconds is None else seconds
    begun, waiting = time.monotonic(), len(report.alarms)
    for one in report.alarms:
        left = most - (time.monotonic() - begun)
        now = time.monotonic()
        until = now + min(left, max(left / waiting, _LEAST))
        waiting -= 1

        def tell(what: str, name: str = one.name) -> None:
            used = min(most, time.monotonic() - begun)
            progress(round(used), round(most), f"script of {name}: {what}")

        yield (
            one.name,
            _Search(one, report, simulator, backend, made_by, until, tell).script()
            if left > 0
            else Script(
                why_not=f"the {most:g} s of all scripts were used up; "
                f'--probe "{one.name}" searches for this one alone'
            ),
        )


class _TooLong(Exception):
    """An attempt takes longer than it may."""


@dataclass(frozen=True)
class _Search:
    """The search for the script of one alarm, which ends at a time of `time.monotonic`."""

    probed: Probed
    report: Report
    simulator: Simulator
    backend: str
    made_by: Callable[[], Simulator]
    until: float
    tell: Callable[[str], None]

    def script(self) -> Script:
        """The script of the smallest job, or the reason why there is none."""
        if not self.probed.failed:
            return Script(why_not="no job is refuted by itself")
        found = Script(why_not="the job did not fail again on fresh shots")
        for probe, job in self._jobs():
            found = self._of_job(probe, job)
            if found.text:
                break
        return found

    def _jobs(self) -> Iterator[tuple[Probe[Any], ProbeJob]]:
        """Refuted jobs: those that are beyond doubt first, and of these the smallest."""
        answers = {answer.job: answer.outcome for answer in self.probed.answers}
        report, found = self.report, []
        for place, check in enumerate(self.probed.failed):
            probe, job = job_named(self.probed.name, check.name, report.level)
            outcome = answers[check.name]
            doubtful = outcome is None or outcome.p_value > 1e-12
            found.append((doubtful, _size(job), place, probe, job))
        for *_, probe, job in sorted(found, key=lambda one: one[:3])[:_JOBS]:
            yield probe, job

    def _of_job(self, probe: Probe[Any], job: ProbeJob) -> Script:
        now = time.monotonic()
        search_until = now + _SEARCH * (self.until - now)
        try:
            small = self._smallest(probe, Shrunk(job), search_until)
        except Died as gone:
            return Script(
                why_not=f"the process in which the simulator is made ended with code {gone.code}"
            )
        if small.outcome is None:
            if time.monotonic() < search_until:
                return Script(why_not="the job did not fail again on fresh shots")
            return Script(why_not="its time was over before the job was drawn again")
        title = f"{probe.name}: {job.name}: {small.outcome.said}"
        try:
            text = script_of(
                title, probe, small.job, self.simulator, self.backend, 1, small.outcome.raised
            )
        except DoesNotFit as error:
            return Script(why_not=str(error))
        waiting = partial(self.tell, "it is run before it is shown")
        left = self.until - time.monotonic()
        if not shows(text, self.simulator, seconds=left, waiting=waiting):
            return Script(
                why_not="the script that was written does not show it"
                if time.monotonic() < self.until
                else "its time was over before the script that was written came to an end"
            )
        return Script(text)

    def _smallest(self, probe: Probe[Any], small: Shrunk, until: float) -> Shrunk:
        """The smallest job found by then; where the job itself did not fail, without an outcome."""
        attempt: Attempt | None = None

        def look(since: float) -> None:
            if attempt is not None:
                self.tell(WAYS[attempt.way].what)
            if time.monotonic() > until + _LATE:
                raise _TooLong

        while time.monotonic() < until:
            attempt, seed = None, self.report.seed
            left = until - time.monotonic()
            work = apart(_shrinking, self.made_by, probe, small, seed, left, waiting=look)
            try:
                for event in work:
                    if isinstance(event, Attempt):
                        attempt = event
                        self.tell(WAYS[attempt.way].what)
                    else:
                        small = event
                return small
            except _TooLong:
                return small
            except Died as gone:
                if attempt is None:
                    raise
                said = f"the process of the simulator ended with code {gone.code}"
                outcome = Outcome(0.0, said=said, raised=Died.__name__)
                small = settled(attempt, None if gone.killed else outcome)
                if small.outcome is None:  # killed, perhaps since it takes all the memory
                    return small
        return small


def _shrinking(
    made_by: Callable[[], Simulator], probe: Probe[Any], small: Shrunk, seed: int, seconds: float
) -> Iterator[Attempt | Shrunk]:
    """The search of `shrinking`, in a process of its own."""
    yield from shrinking(probe, made_by(), small, seed=seed, seconds=seconds)


def _size(job: ProbeJob) -> int:
    """Shots times instructions."""
    return sum(task.shots * len(task.values) * len(task.circuit.data) for task in job.tasks)


def shows(
    script: str,
    simulator: Simulator,
    *,
    seconds: float = 300.0,
    waiting: Callable[[], None] = lambda: None,
) -> bool:
    """Whether a script, run by itself where the simulator is, ends with exit code 1.

    Args:
        script: A script of `qcattn.conformance.scripts.script_of`.
        simulator: The simulator that was tested; one over a pipe is there where its interpreter is.
        seconds: Seconds after which a script that does not end shows nothing.
        waiting: A function that is called several times a second.
    """
    python = simulator.python if isinstance(simulator, Piped) else sys.executable
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shown.py"
        path.write_text(script, encoding="utf-8")
        until = time.monotonic() + seconds
        run = subprocess.Popen(
            [python, "-c", _RUN, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ.copy(),  # which threads cannot change under it
        )
        try:
            while time.monotonic() < until:
                waiting()
                with suppress(subprocess.TimeoutExpired):
                    return run.wait(_LOOK) == 1
            return False
        finally:
            run.kill()
            run.wait()
