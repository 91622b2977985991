"""From a change of beta to the first shots of its circuit on the page of `qcattn teach`.

    python tests/benchmarks/first_shots.py  # --write: into RESULTS.md

The page draws 200 shots a second while beta is changed, six times for each preparation. A time
begins with the browser's own event of the change and ends where the table shows shots: the slider
rests for 150 ms, the circuit is built, and a batch is drawn of it. "CPU" is what this process, the
server, worked meanwhile; the first change is left out, since it loads what all others need.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import results

sys.path.append(str(Path(__file__).parents[1] / "teaching"))

from browsing import on_each_page

BETAS = (0.7, 0.9, 1.1, 1.3, 1.5, 1.7)
KEYS = (2, 16)
_WATCH = """() => {
  window.first = null;
  let begun = null;
  const shots = () => [...document.querySelectorAll(".pictures tbody tr")]
    .some((row) => Number(row.cells[3].textContent.replaceAll(",", "")) > 0);
  document.addEventListener("input", () => { begun = performance.now(); first = null; }, true);
  new MutationObserver(() => {
    if (begun === null || !shots()) return;
    first = performance.now() - begun;
    begun = null;
  }).observe(document.querySelector(".pictures"), { childList: true, subtree: true });
}"""


def changed(page: Any) -> tuple[list[float], list[float]]:
    """Milliseconds until the first shots of each change but the first, and those of the server."""
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Keep my prediction").click()
    page.get_by_role("button", name="Draw shots").click()
    page.evaluate(_WATCH)
    slider = page.get_by_role("slider", name="Inverse temperature beta")
    wall, cpu = [], []
    for beta in BETAS:
        begun = time.process_time()
        slider.fill(str(beta))
        page.wait_for_function("() => first !== null", timeout=60_000)
        wall.append(page.evaluate("first"))
        cpu.append(1000 * (time.process_time() - begun))
    return wall[1:], cpu[1:]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.parse_args(arguments)
    print("| preparation | keys | changes | median ms | slowest ms | CPU ms |")
    print("|---|---:|---:|---:|---:|---:|")
    for preparation, keys, (wall, cpu) in on_each_page(changed, KEYS, "&rate=200"):
        print(
            f"| {preparation} | {keys} | {len(wall)} | {np.median(wall):.0f} "
            f"| {max(wall):.0f} | {np.median(cpu):.0f} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(results.run("first_shots.py", main))
