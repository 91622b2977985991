"""Pictures of every report of the command line, and what a browser finds unreadable there.

    python tests/teaching/report_screenshots.py FOLDER  # ten minutes the first time

A report is one picture or several under each other, NAME-WIDTH-SCHEME-NUMBER.png. The reports are
drawn into FOLDER/reports by the commands that stand here. One that lies there already is not drawn
again: only its page is written anew.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from browsing import chromium
from looking import unreadable

from qcattn.conformance.searching import Script
from qcattn.conformance.stored import load_report
from qcattn.folders.findings import load_findings
from qcattn.folders.runs import load_run
from qcattn.folders.trials import load_trials
from qcattn.views.conformance.page import write_page_of
from qcattn.views.reports import report

TESTS = Path(__file__).parents[1]
WIDTHS = (400, 768, 1440)
#: Pixels of a picture: a browser takes none of a page of any length at once.
HEIGHT = 2500
SCHEMES = ("light", "dark")
HEAD = "--layer 11 --head 7"
NOISE = "--noise depolarizing=0.005,readout=0.01"
SHORT = "--probe seeds --seed 3"
#: What is typed for each report; `qcattn` stands before, and `--out` behind.
COMMANDS = {
    "run-own": "run --scores own.csv --preparation Heralded",
    "run-packaged": "run",
    "run-noisy": f"run {HEAD} --preparation Purification {NOISE}",
    "run-heralded": f"run {HEAD} --preparation Heralded --shots 20000",
    "run-row-of-5000": "run --scores wide.npy --draws born",
    "run-10000-rows": "run --scores long.npy --shots 500",
    "run-sets": "run --scores own.csv --encoding Interacting --couplings 0.5 --attended 2",
    "prepare-row": f"prepare {HEAD} --query 3",
    "prepare-ising": "prepare --hamiltonian ising --beta 0.5,1,2 --methods QITE,QSVT,Variational",
    "claims": "claims",
    "claims-one": "claims A6",
    "conformance-sound": "conformance --backend qcattn.conformance.reference:Reference",
    "conformance-alarm": "conformance --backend planted:Turned",
}
#: How a page is written again without its shots being drawn again.
AGAIN: dict[str, Callable[[Path, Path], Any]] = {
    "result.json": lambda folder, page: report(load_run(folder).parts, page),
    "trials.json": lambda folder, page: report(load_trials(folder), page),
    "findings.json": lambda folder, page: report(load_findings(folder), page),
    "conformance.json": lambda folder, page: write_page_of(
        load_report(folder), page, again="qcattn conformance ...", scripts=scripts_in(folder)
    ),
}


def scores(folder: Path) -> None:
    """Scores of one's own: named keys, one row of 5,000 keys, and 10,000 rows."""
    rng = np.random.default_rng(1)
    names = ["the", "animal", "didn't", "cross", "because it was too tired"]
    lines = [",".join(["query", *names])]
    for name in names:
        lines.append(",".join([name, *(f"{score:.3f}" for score in rng.normal(0, 1.5, 5))]))
    (folder / "own.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.save(folder / "wide.npy", rng.normal(0, 2, (1, 5000)))
    np.save(folder / "long.npy", rng.normal(0, 1, (10_000, 8)))


def scripts_in(folder: Path) -> dict[str, Script]:
    """Scripts of alarms, by the names of their probes."""
    return {one.stem.replace("_", " "): Script(one.read_text()) for one in folder.glob("*.py")}


def drawn(name: str, folder: Path) -> Path:
    """The page of one report, drawn where it is not there yet."""
    out = folder / name
    again = [write for document, write in AGAIN.items() if (out / document).is_file()]
    for write in again:
        write(out, out / "report.html")
    if not again:
        command = [sys.executable, "-m", "qcattn", *COMMANDS[name].split(), "--out", name]
        path = os.pathsep.join([str(TESTS / "benchmarks"), os.environ.get("PYTHONPATH", "")])
        subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, check=False)
    return out / "report.html"


def photograph(page: Any, path: Path) -> None:
    """The page from top to bottom, in pictures whose names begin so."""
    high = page.evaluate("document.documentElement.scrollHeight")
    for number, top in enumerate(range(0, high, HEIGHT), start=1):
        page.evaluate("(top) => scrollTo(0, top)", top)
        page.screenshot(path=f"{path}-{number}.png")


def main(arguments: list[str] | None = None) -> int:
    """Draw them, photograph them, and say what cannot be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", help="photograph the reports whose names hold this")
    given = parser.parse_args(arguments)
    reports = given.folder / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    scores(reports)
    found = 0
    with chromium() as browser:
        for name in (one for one in COMMANDS if (given.only or "") in one):
            address = drawn(name, reports.absolute()).absolute().as_uri()
            for width, scheme in product(WIDTHS, SCHEMES):
                size = {"width": width, "height": HEIGHT}
                page = browser.new_page(viewport=size, color_scheme=scheme)
                page.goto(address)
                path = given.folder / f"{name}-{width}-{scheme}"
                photograph(page, path)
                said = unreadable(page) if scheme == "light" else []
                found += len(said)
                print(path, *(f"\n  {one}" for one in said), sep="", flush=True)
                page.close()
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
