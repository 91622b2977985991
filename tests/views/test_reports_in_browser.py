"""The reports in Chromium, light and dark: axe finds nothing, and nothing is asked of anybody."""

import pytest

pytest.importorskip("playwright", reason="playwright of the extra `test` is not installed")
pytest.importorskip("axe_playwright_python", reason="it, of the extra `test`, is not installed")

from axe_playwright_python.sync_playwright import Axe
from browsing import CHROMIUM, chromium

import qcattn
from qcattn.encodings import Binary

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is found here (Debian's package is `chromium`)"
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    scores = [[0.0, 1.0, 2.0, 0.5], [1.0, 0.0, 0.0, 2.0]]
    qcattn.report(qcattn.run(scores, shots=200, seed=1), folder / "run.html")
    methods = ["Purification", "Heralded"]
    trials = qcattn.prepare(Binary()([0.0, 1.0, 2.0]), methods=methods, shots=200, seed=1)
    qcattn.report(trials, folder / "trials.html")
    return folder


def test_axe_finds_nothing_in_a_report_light_or_dark(reports):
    with chromium() as browser:
        for scheme, width in (("light", 400), ("dark", 1440)):
            size = {"width": width, "height": 800}
            page = browser.new_page(color_scheme=scheme, viewport=size)
            asked = []
            page.on("request", lambda one, asked=asked: asked.append(one.url))
            for name in ("run", "trials"):
                page.goto((reports / f"{name}.html").as_uri())
                found = Axe().run(page)
                assert not found.violations_count, f"{name}, {scheme}: {found.generate_report()}"
            assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
