"""One HTML page about findings, and their pictures as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path

from qcattn.evidence import Finding
from qcattn.folders.whole import whole_file
from qcattn.views.findings import sheets
from qcattn.views.findings.words import caption, command, source_of, standings
from qcattn.views.labels import joined, number, plural
from qcattn.views.page import Plotter, badge, figure, table, whole_page, write_page
from qcattn.views.panels import plot_panel, size_of
from qcattn.views.vector import svg_file

__all__ = ["write_page_of", "write_pictures"]

_PLAIN = (
    "The run was interrupted, and its pictures were not plotted. What they show is kept: in this "
    'folder, qcattn.report(qcattn.load_findings("."), "report.html") in Python plots them.'
)


def write_page_of(findings: Sequence[Finding], path: str | Path, *, pictures: bool = True) -> None:
    """Write one self-contained page about findings; it appears whole or not at all.

    Args:
        findings: What to show, one or several.
        path: The file to write; an existing file is replaced.
        pictures: Whether to plot pictures. They take seconds, which nobody who pressed Ctrl-C waits
            for; a page without them says how to have them.

    Raises:
        ValueError: If there are no findings.
        OSError: If it cannot be written; nothing is left behind.

    Example:
        >>> import tempfile
        >>> finding = Finding(name="A1", title="A law", checks=(), alpha=0.01, seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_page_of([finding], folder + "/report.html")
        ...     Path(folder, "report.html").read_text(encoding="utf-8").count("A law")
        2
    """
    if not findings:
        raise ValueError("`findings` is empty; pass one or more")
    plotter = Plotter()
    several = len(findings) > 1
    parts = _head(findings) if several else []
    if not pictures:
        parts += ['<p class="note">' + escape(_PLAIN) + "</p>"]
    for finding in findings:
        shown = finding if pictures else replace(finding, panels=())
        parts += _part(plotter, shown, level=2 if several else 1)
    parts += [
        "<h2>To find the same again</h2>",
        f'<pre class="line">{escape(command(findings))}</pre>',
        '<p class="note">The same seed gives the same counts with the same versions: '
        f"{escape(joined(findings[0].versions))}.</p>",
    ]
    title = "Claims" if several else f"{findings[0].standing}: {findings[0].title}"
    write_page(path, whole_page(title, parts))


def write_pictures(findings: Sequence[Finding], folder: Path) -> None:
    """Write every picture as a file of its own: A6-1.svg, A6-2.svg, ..."""
    for finding in findings:
        for i, panel in enumerate(finding.panels, 1):
            path = folder / f"{finding.name}-{i}.svg"
            path.unlink(missing_ok=True)  # that of a claim which was run twice
            with whole_file(path) as fresh:
                picture = svg_file(partial(plot_panel, panel), *size_of(panel))
                fresh.write_text(picture, encoding="utf-8")


def _head(findings: Sequence[Finding]) -> list[str]:
    jumps = [f'<a href="#{escape(one.name)}">{escape(one.name)}</a>' for one in findings]
    return [
        "<header>",
        "<h1>Claims as experiments</h1>",
        f'<p class="subject">{plural(sum(one.shots for one in findings), "shot")} on circuits, '
        f"{number(sum(one.seconds for one in findings))} s, seed {findings[0].seed}</p>",
        f'<p class="lead">{escape(standings(findings))} A verdict follows from what was tested; '
        "every test and number stands below.</p>",
        "</header>",
        table(sheets.summary(findings)),
        f"<p>{' '.join(jumps)}</p>",
    ]


def _part(plotter: Plotter, finding: Finding, level: int) -> list[str]:
    pictures = [
        plotter(partial(plot_panel, panel), *size_of(panel), panel.title)
        for panel in finding.panels
    ]
    source = source_of(finding)
    section = f"<footer>{escape(source)}</footer>" if source else ""
    inner = level + 1
    parts = [
        f'<h{level} id="{escape(finding.name)}">{escape(finding.name)} '
        f"{escape(finding.title)}</h{level}>",
        f"<blockquote>{escape(finding.statement)}{section}</blockquote>",
        f'<p class="lead">{badge(finding.standing)} {escape(finding.words)}</p>',
    ]
    if finding.condition:
        parts.append(f"<p><strong>Condition.</strong> {escape(finding.condition)}</p>")
    if pictures:
        parts.append(figure(pictures, caption(finding.panels)))
    for kind, sheet in (("", sheets.numbers(finding)), ("checks", sheets.checks(finding))):
        if sheet.lines:
            parts += [f"<h{inner}>{sheet.title}</h{inner}>", table(sheet, kind)]
    settings = table(sheets.facts(finding), "facts")
    return [*parts, f"<details><summary>Settings</summary>{settings}</details>"]
