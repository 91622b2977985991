"""From a drag of beta to the redrawn target on the page of `qcattn teach`, in Chromium.

    python tests/benchmarks/teaching.py  # --write: into RESULTS.md

The mouse holds the thumb of the slider and moves to 40 places, to the next one when the target of
the last is seen, with every preparation that the page offers. A time begins with the browser's own
event of the move and ends after the frame that shows the line of the new target. The circuit is
asked for where the slider rests. The medians should stay below 50 ms.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import results

sys.path.append(str(Path(__file__).parents[1] / "teaching"))

from browsing import on_each_page

#: Milliseconds that the median must stay below.
TARGET = 50
#: Where the thumb is led, as shares of the slider: there and back, nowhere twice.
PLACES = np.concatenate([np.linspace(0.02, 0.98, 20), np.linspace(0.955, 0.045, 20)])
KEYS = (2, 4, 8, 16)
_WATCH = """() => {
  window.times = [];
  let begun = null, before = null;
  const target = () =>
    [...document.querySelectorAll(".mark")].map((one) => one.getAttribute("y1")).join();
  document.addEventListener("input", () => { begun = performance.now(); before = target(); }, true);
  new MutationObserver(() => {
    if (begun === null || target() === before) return;
    const from = begun;
    begun = null;
    requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - from)));
  }).observe(document.querySelector(".pictures"), { childList: true, subtree: true });
}"""


def dragged(page: Any) -> list[float]:
    """Milliseconds of each drag."""
    slider = page.get_by_role("slider", name="Inverse temperature beta")
    slider.scroll_into_view_if_needed()
    box, thumb = slider.bounding_box(), 16
    height = box["y"] + box["height"] / 2
    low, high, value = (
        float(text)
        for text in (slider.get_attribute("min"), slider.get_attribute("max"), slider.input_value())
    )

    def move(share: float) -> None:
        page.mouse.move(box["x"] + thumb / 2 + share * (box["width"] - thumb), height)

    move((value - low) / (high - low))
    page.mouse.down()
    page.evaluate(_WATCH)
    for done, place in enumerate(PLACES, start=1):
        move(float(place))
        page.wait_for_function(f"() => times.length >= {done}", timeout=10_000)
    page.mouse.up()
    return page.evaluate("times")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.parse_args(arguments)
    print("| preparation | keys | drags | median ms | 95% below ms | slowest ms |")
    print("|---|---:|---:|---:|---:|---:|")
    missed = False
    for preparation, keys, times in on_each_page(dragged, KEYS):
        median, most, slowest = np.quantile(times, [0.5, 0.95, 1])
        missed |= bool(median >= TARGET)
        print(
            f"| {preparation} | {keys} | {len(times)} | {median:.0f} | {most:.0f} "
            f"| {slowest:.0f} |",
            flush=True,
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(results.run("teaching.py", main))
