"""What the screen reader Orca says of the page: listened to by hand, no test.

    apt-get install --no-install-recommends orca xvfb dbus-x11
    dbus-run-session -- python tests/teaching/listening.py  # two minutes, without screen or voice

The page is worked by keys in a Chromium that has a window, on a screen that nobody sees. Printed
is what Orca hands to a voice, with what was done in between.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from browsing import CHROMIUM, served

_DISPLAY = ":77"
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--force-renderer-accessibility", "--no-first-run")
_SETTING = "#scores=0,1,2,4&noise=0.02&rate=200"
#: Milliseconds in which Orca says a thing on a busy machine; its log is no use before it ends.
_SAYS = 6000


def worked(page: Any, note: Any) -> None:
    """A prediction, a move of beta, shots until the verdict turns, a pause."""

    def focused(role: str, name: str) -> None:
        page.get_by_role(role, name=name).first.focus()
        page.wait_for_timeout(_SAYS)

    def pressed(key: str, what: str, seen: str = "body") -> None:
        note(what)
        page.keyboard.press(key)
        page.locator(seen).first.wait_for(timeout=120_000)
        page.wait_for_timeout(_SAYS)

    page.get_by_role("radio").first.focus()
    page.wait_for_timeout(_SAYS)
    pressed("Space", "a prediction is chosen")
    focused("button", "Keep my prediction")
    pressed("Enter", "it is kept")
    focused("slider", "Inverse temperature beta")
    pressed("ArrowRight", "beta is moved")
    focused("button", "Draw shots")
    pressed("Enter", "shots are drawn until the verdict turns", ".verdict dd.differs")
    pressed("Enter", "a pause")


def main() -> int:
    """Listen and print."""
    from playwright.sync_api import sync_playwright

    os.environ["DISPLAY"] = _DISPLAY
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str, seconds: float) -> None:
        quiet = subprocess.DEVNULL
        started.append(subprocess.Popen(command, stdout=quiet, stderr=quiet))
        time.sleep(seconds)

    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = os.environ["XDG_RUNTIME_DIR"] = folder
        log = Path(folder) / "orca.log"
        notes: list[str] = []

        def note(what: str) -> None:
            notes.append(f"{time.strftime('%H:%M:%S')} - {what}")

        try:
            start("Xvfb", _DISPLAY, "-screen", "0", "1400x1000x24", seconds=2)
            start("/usr/libexec/at-spi-bus-launcher", "--launch-immediately", seconds=2)
            (Path(folder) / ".local" / "share" / "orca").mkdir(parents=True)
            start("orca", "--replace", f"--debug-file={log}", seconds=8)
            with served() as address, sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM, headless=False, args=list(_ARGUMENTS)
                )
                page = browser.new_page()
                page.goto(address + _SETTING)
                page.wait_for_timeout(8000)
                worked(page, note)
                browser.close()
        finally:
            for process in reversed(started):
                process.terminate()
                try:
                    process.wait(timeout=5)
                except subprocess.TimeoutExpired:  # Orca may wait for a voice that is not there
                    process.kill()
                    process.wait()
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()
        spoken = [line for line in said if "SPEECH OUTPUT" in line]
    print(*sorted([*spoken, *notes]), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
