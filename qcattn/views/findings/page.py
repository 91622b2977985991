"""Findings as a table, in words, as JSON and as one page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qcattn.evidence import Finding, Number, Panel, Standing
from qcattn.views.labels import number
from qcattn.views.page import Drawer, badge, figure, table, whole_page, write_page
from qcattn.views.panels import plot_panel, size_of
from qcattn.views.sheets import Sheet, joined
from qcattn.views.vector import LOOK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "brief",
    "checks",
    "numbers",
    "plot_panel",
    "standings",
    "summary",
    "write_page_of",
    "write_pictures",
]

_MEANING: dict[Standing, str] = {
    "exact": "an identity, and measured to be one",
    "conditional": "holds under its condition and fails beyond",
    "analogy": "like numbers from another mechanism",
    "refuted": "a measured counter-example",
    "untestable": "no observable is defined",
    "undecided": "more shots would decide, or it was interrupted",
}
_FOUND = {True: "holds", False: "fails", None: "undecided"}
_ROLES = {
    "claim": "the claim",
    "beyond": "beyond its conditions",
    "mechanism": "the mechanism",
    "control": "the instrument",
}


def summary(findings: Sequence[Finding], *, narrow: bool = False) -> Sheet:
    """One line a claim: its verdict, its first number with interval, and its condition.

    Args:
        findings: What to show.
        narrow: Put number and interval into one cell, for a terminal.
    """
    lines = []
    for finding in findings:
        first = finding.numbers[0] if finding.numbers else None
        name = first.name if first is not None else "" if finding.shots else "nothing was drawn"
        best, interval, exact = ("", "", "") if first is None else _cells(first)
        wide = (name, best, interval, exact)
        one = (f"{name}: {best} in {interval}" if best else name,)
        claim = f"{finding.name} {finding.title}"
        middle: tuple[str, ...] = one if narrow else wide
        lines.append((claim, finding.standing, *middle, finding.condition))
    headings = ("number",) if narrow else ("number", "measured", "interval", "exact")
    named = [verdict for verdict in _MEANING if any(f.standing == verdict for f in findings)]
    return Sheet(
        title="Claims",
        columns=("claim", "verdict", *headings, "condition"),
        align="llll" if narrow else "lllrrrl",
        lines=tuple(lines),
        caption=" ".join(f"{verdict}: {_MEANING[verdict]}." for verdict in named),
        marked=frozenset(i for i, one in enumerate(findings) if one.standing == "refuted"),
    )


def checks(finding: Finding) -> Sheet:
    """What was tested, and how it came out."""
    return Sheet(
        title="What was tested",
        columns=("statement", "found", "by", "tests"),
        align="llll",
        lines=tuple(
            (check.statement, _FOUND[check.holds], check.by, _ROLES[check.role])
            for check in finding.checks
        ),
        marked=frozenset(i for i, check in enumerate(finding.checks) if check.holds is False),
    )


def numbers(finding: Finding) -> Sheet:
    """What was measured, with intervals, beside what is exact."""
    return Sheet(
        title="What was measured",
        columns=("number", "measured", "interval", "exact"),
        align="lrrr",
        lines=tuple((one.name, *_cells(one)) for one in finding.numbers),
        caption=f"The verdict of a perfect sampler changes with probability {finding.alpha:g} at "
        "most.",
    )


def standings(findings: Sequence[Finding]) -> str:
    """How many claims came out which way, in a sentence.

    Example:
        >>> standings([Finding(name="A1", title="", checks=(), alpha=0.01, seed=0)])
        '1 claim: 1 untestable.'
    """
    found = Counter(finding.standing for finding in findings)
    parts = [f"{found[verdict]} {verdict}" for verdict in _MEANING if found[verdict]]
    number = f"{len(findings)} claim{'' if len(findings) == 1 else 's'}"
    return f"{number}: {', '.join(parts)}." if parts else f"{number}."


def brief(finding: Finding) -> dict[str, Any]:
    """The finding in words and numbers, for other programs; what JSON lacks is None."""
    return {
        "claim": finding.name,
        "title": finding.title,
        "statement": finding.statement,
        "section": finding.section,
        "verdict": finding.standing,
        "condition": finding.condition,
        "words": finding.words,
        "checks": [
            {"statement": c.statement, "holds": c.holds, "by": c.by, "role": c.role}
            for c in finding.checks
        ],
        "numbers": [
            {
                "name": one.name,
                "measured": _or_none(one.estimate.best),
                "low": _or_none(one.estimate.low),
                "high": _or_none(one.estimate.high),
                "exact": _or_none(one.reference),
            }
            for one in finding.numbers
        ],
        "shots": finding.shots,
        "alpha": finding.alpha,
        "seed": str(finding.seed),
        "settings": dict(finding.settings),
        "seconds": finding.seconds,
    }


def write_page_of(findings: Sequence[Finding], path: str | Path) -> None:
    """Write one self-contained page about findings; it appears whole or not at all.

    Args:
        findings: What to show, one or several.
        path: Where; an existing file is replaced.

    Raises:
        ValueError: If there are no findings.
        OSError: If it cannot be written; nothing is left behind.

    Example:
        >>> import tempfile
        >>> from qcattn.claims import PureStates
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_page_of([PureStates(states=2)(seed=1)], folder + "/report.html")
        ...     Path(folder, "report.html").read_text(encoding="utf-8").count("<svg")
        1
    """
    if not findings:
        raise ValueError("`findings` is empty; pass one or more")
    drawer = Drawer()
    several = len(findings) > 1
    parts = _head(findings) if several else []
    for finding in findings:
        parts += _part(drawer, finding, level=2 if several else 1)
    parts += [
        "<h2>To find the same again</h2>",
        f'<pre class="line">{escape(_command(findings))}</pre>',
        '<p class="note">The same seed gives the same counts with the same versions: '
        f"{escape(joined(findings[0].versions))}.</p>",
    ]
    title = "Claims" if several else f"{findings[0].standing}: {findings[0].title}"
    write_page(path, whole_page(title, parts))


def write_pictures(findings: Sequence[Finding], folder: Path) -> None:
    """Write every picture as a file of its own: A6-1.svg, A6-2.svg, ..."""
    from matplotlib import rc_context, style
    from matplotlib.figure import Figure

    for finding in findings:
        for i, panel in enumerate(finding.panels, 1):
            name = f"{finding.name}-{i}"
            with style.context("default"), rc_context(LOOK | {"svg.hashsalt": name}):
                picture = Figure(figsize=size_of(panel), layout="constrained")
                plot_panel(picture.subplots(), panel)
                picture.savefig(folder / f"{name}.svg", metadata={"Date": None})


def _head(findings: Sequence[Finding]) -> list[str]:
    jumps = [f'<a href="#{escape(one.name)}">{escape(one.name)}</a>' for one in findings]
    return [
        "<header>",
        "<h1>Claims as experiments</h1>",
        f'<p class="subject">{sum(one.shots for one in findings):,} shots on circuits, '
        f"{number(sum(one.seconds for one in findings))} s, seed {findings[0].seed}</p>",
        f'<p class="lead">{escape(standings(findings))} A verdict follows from what was tested; '
        "every test and number stands below.</p>",
        "</header>",
        table(summary(findings)),
        f"<p>{' '.join(jumps)}</p>",
    ]


def _part(drawer: Drawer, finding: Finding, level: int) -> list[str]:
    pictures = []
    for panel in finding.panels:

        def draw(ax: Axes, panel: Panel = panel) -> Axes:
            return plot_panel(ax, panel)

        pictures.append(drawer(draw, *size_of(panel), panel.title))
    section = f"<footer>{escape(finding.section)}</footer>" if finding.section else ""
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
        parts.append(figure(pictures, _caption(finding.panels)))
    for kind, sheet in (("", numbers(finding)), ("checks", checks(finding))):
        if sheet.lines:
            parts += [f"<h{inner}>{sheet.title}</h{inner}>", table(sheet, kind)]
    facts = [(name.replace("_", " "), text) for name, text in finding.settings.items()]
    facts += [("shots in all", f"{finding.shots:,}"), ("seed", str(finding.seed))]
    facts.append(("time", f"{number(finding.seconds)} s"))
    settings = table(Sheet("", ("", ""), "ll", tuple(facts)), "facts")
    return [*parts, f"<details><summary>Settings</summary>{settings}</details>"]


def _caption(panels: Sequence[Panel]) -> str:
    """What the points of pictures are, if there are any."""
    points = [curve for one in panels for curve in one.curves if curve.style == "points"]
    if not points:
        return ""
    drawn = {curve.low is not None for curve in points}
    return {
        frozenset({True}): "Points are measured, with their intervals.",
        frozenset({False}): "Points are measured.",
    }.get(frozenset(drawn), "Points are measured, with intervals where these are drawn.")


def _command(findings: Sequence[Finding]) -> str:
    names = " ".join(finding.name for finding in findings)
    return f"qcattn claims {names} --seed {findings[0].seed}"


def _cells(one: Number) -> tuple[str, str, str]:
    e = one.estimate
    exact = "" if np.isnan(one.reference) else _short(one.reference)
    return _short(e.best), f"[{_short(e.low)}, {_short(e.high)}]", exact


def _short(value: float) -> str:
    if np.isnan(value):
        return "none"
    if np.isinf(value):
        return "∞" if value > 0 else "-∞"
    return number(value, 4)


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
