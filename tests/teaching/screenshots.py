"""Each step of the built-in lesson, done, as a picture to be looked at; and what is wrong with it.

    python tests/teaching/screenshots.py FOLDER  # STEP-WIDTH-SCHEME.png; two minutes

Beside each picture stands what axe-core finds against the page, and what cannot be read there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from browsing import chromium, served
from looking import unreadable

from qcattn.teaching.lessons import LessonStep, built_in

WIDTHS = {400: 800, 768: 1024, 1440: 900}
SCHEMES = ("light", "dark")


def done(page: Any, number: int, step: LessonStep) -> None:
    """Lead the page through a step as a student does, until it ticks."""
    page.locator(f".steps li:nth-child({number}) button").click()
    page.locator(f"input[type=radio][value={step.right}]").check()
    page.get_by_role("button", name="Keep my prediction").click()
    if "beta" in step.needs:
        page.get_by_role("slider", name="Inverse temperature beta").fill(str(step.needs["beta"][0]))
    page.get_by_role("button", name="Draw shots").click()
    page.get_by_text("Your prediction was right.").wait_for(timeout=60_000)
    page.get_by_role("button", name="Pause").click()


def main(arguments: list[str] | None = None) -> int:
    """Take them all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    found = 0
    with served() as address, chromium() as browser:
        for width, height in WIDTHS.items():
            for scheme in SCHEMES:
                size = {"width": width, "height": height}
                page = browser.new_page(viewport=size, color_scheme=scheme)
                page.goto(address)
                page.get_by_role("slider", name="Shots a second").fill("3.3")
                for number, step in enumerate(built_in().steps, start=1):
                    done(page, number, step)
                    path = folder / f"{number}-{step.name}-{width}-{scheme}.png"
                    page.screenshot(path=path, full_page=True)
                    axe = [one["id"] for one in Axe().run(page).response["violations"]]
                    said = [*axe, *unreadable(page)]
                    found += len(said)
                    print(path, *(f"\n  {one}" for one in said), sep="", flush=True)
                page.close()
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
