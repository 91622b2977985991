"""One HTML page about a report of conformance."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from qcattn.conformance.report import Probed, Report
from qcattn.conformance.searching import Script
from qcattn.views.conformance import sheets
from qcattn.views.conformance.words import found, no_script, not_asked, since, subject, trust
from qcattn.views.labels import joined
from qcattn.views.page import badge, table, whole_page, write_page

__all__ = ["write_page_of"]


def write_page_of(
    report: Report,
    path: str | Path,
    *,
    again: str,
    scripts: Mapping[str, Script] | None = None,
) -> None:
    """Write one self-contained page; it appears whole or not at all.

    Args:
        report: What was found.
        path: The file to write; an existing file is replaced.
        again: The command that draws the same again.
        scripts: The script that shows the alarm of each probe with one, or why there is no script.

    Raises:
        OSError: If it cannot be written; nothing is left behind.
    """
    parts = [
        "<header>",
        f"<h1>Conformance of {escape(subject(report))}</h1>",
        f'<p class="subject">Level {report.level}, seed {report.seed}</p>',
        f'<p class="lead">{badge(report.standing)} {escape(found(report))}</p>',
        *(f"<p>{escape(one)}</p>" for one in (trust(report), not_asked(report)) if one),
        "</header>",
        table(sheets.summary(report), "grid"),
    ]
    if report.since is not None:
        lines = "".join(f"<li>{escape(one)}</li>" for one in since(report))
        parts += ["<h2>Since the earlier report</h2>", f"<ul>{lines}</ul>"]
    for one in report.alarms:
        parts += _alarm(one, (scripts or {}).get(one.name))
    parts += [
        "<h2>To draw the same again</h2>",
        f'<pre class="line">{escape(again)}</pre>',
        f'<p class="note">Versions: {escape(joined(report.versions))}.</p>',
    ]
    write_page(path, whole_page(f"{report.standing}: {subject(report)}", parts))


def _alarm(one: Probed, script: Script | None) -> list[str]:
    parts = [
        f"<h2>{escape(one.name)}</h2>",
        f'<p class="lead">{badge("alarm")} What is right: {escape(one.title)}.</p>',
        f"<p>{escape(one.words)}</p>",
    ]
    failures = sheets.failures(one)
    if failures.lines:
        parts.append(table(failures))
    if script is not None and not script.text:
        parts.append(f'<p class="note">{escape(no_script(script.why_not))}</p>')
    elif script is not None:
        parts.append(
            "<details><summary>A script of its own that shows it</summary>"
            f'<pre tabindex="0">{escape(script.text)}</pre></details>'
        )
    return parts
