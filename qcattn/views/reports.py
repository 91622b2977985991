"""One page about anything that was run, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qcattn.evidence import Finding
from qcattn.records import Result
from qcattn.trials import Trials
from qcattn.views.findings import page as of_findings
from qcattn.views.run.report import write_report
from qcattn.views.trials import page as of_trials

__all__ = ["report"]


def report(
    done: Result | Trials | Finding | Sequence[Result] | Sequence[Finding], path: str | Path
) -> Path:
    """Write one self-contained HTML page about a result; it appears whole or not at all.

    It is the page that the command line writes: nothing is fetched, and no script runs.

    Args:
        done: What `qcattn.run`, `qcattn.prepare` or `qcattn.run_claims` gives, or several results
            of one run, the main one first.
        path: The file to write; an existing file is replaced.

    Returns:
        The path.

    Raises:
        ValueError: If it is none of these, or empty.
        OSError: If it cannot be written; nothing is left behind.

    Example:
        >>> import tempfile
        >>> from qcattn.experiment import run
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     report(run([0.0, 1.0], shots=100, seed=1), folder + "/report.html").name
        'report.html'
    """
    path = Path(path)
    if isinstance(done, Trials):
        of_trials.write_page_of(done, path)
        return path
    every = list(done) if isinstance(done, Sequence) else [done]
    results = [one for one in every if isinstance(one, Result)]
    findings = [one for one in every if isinstance(one, Finding)]
    if every and len(results) == len(every):
        write_report(path, results)
    elif every and len(findings) == len(every):
        of_findings.write_page_of(findings, path)
    else:
        kinds = ", ".join(sorted({type(one).__name__ for one in every})) or "empty"
        raise ValueError(
            "`done` must be a result, trials, findings, or several results or findings, but is "
            f"{kinds}; pass what `run`, `prepare` or `run_claims` returned"
        )
    return path
