"""The page of a class in Debian's Chromium: for the tests, the screenshots and the benchmark."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

from qcattn.teaching.lessons import Lesson, built_in
from qcattn.teaching.server import page_server
from qcattn.teaching.setups import offered

__all__ = ["CHROMIUM", "chromium", "numbers", "on_each_page", "served"]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Path of the browser, None where there is none.
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Cells of the table of counts, row by row.
_TABLE = """() => [...document.querySelectorAll(".pictures tbody tr")].map(
    (row) => [...row.cells].map((cell) => cell.textContent))"""


@contextlib.contextmanager
def served(lesson: Lesson | None = None, port: int = 0) -> Iterator[str]:
    """The address of a server that ends with the block; its port is a free one, or this."""
    import uvicorn

    with socket.create_server(("127.0.0.1", port), backlog=128) as taken:
        app = page_server(built_in() if lesson is None else lesson)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{taken.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Playwright's browser, which is ended with the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def numbers(page: Any) -> list[dict[str, Any]]:
    """The table of counts: name, law that is compared with, shots of the circuit and the twin."""

    def count(text: str) -> int:
        return 0 if text == "–" else int(text.replace(",", ""))

    return [
        {"name": name, "expected": float(expected), "circuit": count(circuit), "twin": count(twin)}
        for name, expected, _, circuit, twin in page.evaluate(_TABLE)
    ]


def on_each_page(
    measure: Callable[[Any], Any], keys: Sequence[int], setting: str = ""
) -> Iterator[tuple[str, int, Any]]:
    """Each preparation with each number of keys, and what is measured on a page of its own.

    Args:
        measure: Is given the page once it shows its target.
        keys: Their numbers.
        setting: More of the address, such as ``&rate=200``.
    """
    with served() as address, chromium() as browser:
        for preparation, number in product(offered(), keys):
            scores = ",".join(f"{place / number:g}" for place in range(number))
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{address}#scores={scores}&preparation={preparation}{setting}")
            page.locator(".mark").first.wait_for(state="attached")
            found = measure(page)
            page.close()
            yield preparation, number, found
