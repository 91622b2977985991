"""The reports in Chromium: axe finds nothing, all can be read, and nothing is asked of anybody."""

import numpy as np
import pytest

pytest.importorskip("playwright", reason="playwright of the extra `test` is not installed")
pytest.importorskip("axe_playwright_python", reason="it, of the extra `test`, is not installed")

from axe_playwright_python.sync_playwright import Axe
from browsing import CHROMIUM, chromium
from looking import unreadable

import qcattn
from qcattn.datasets import Scores
from qcattn.encodings import Binary

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is found here (Debian's package is `chromium`)"
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    names = ("because it was too tired to cross", "the animal")
    scores = Scores(np.array([[0.0, 1.0, 2.0, 0.5], [1.0, 0.0, 0.0, 2.0]]), row_names=names)
    qcattn.report(qcattn.run(scores, shots=200, seed=1), folder / "run.html")
    wide = np.random.default_rng(1).normal(size=(1, 300))
    many = qcattn.run(wide, preparation=qcattn.Amplitude(), shots=200, seed=1)
    qcattn.report(many, folder / "wide.html")
    methods = ["Purification", "Heralded"]
    trials = qcattn.prepare(Binary()([0.0, 1.0, 2.0]), methods=methods, shots=200, seed=1)
    qcattn.report(trials, folder / "trials.html")
    return folder


def test_axe_finds_nothing_in_a_report_light_or_dark_and_all_can_be_read(reports):
    with chromium() as browser:
        for scheme, width in (("light", 400), ("dark", 1440)):
            size = {"width": width, "height": 800}
            page = browser.new_page(color_scheme=scheme, viewport=size)
            asked = []
            page.on("request", lambda one, asked=asked: asked.append(one.url))
            for name in ("run", "wide", "trials"):
                page.goto((reports / f"{name}.html").as_uri())
                found = Axe().run(page)
                assert not found.violations_count, f"{name}, {scheme}: {found.generate_report()}"
                assert unreadable(page) == [], f"{name}, {scheme}"
            assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


#: A text that is too small, one that lies on another, one that leaves its picture, a wide page, a
#: table that goes on unseen.
SPOILT = """() => {
  const [small, above, out] = [...document.querySelectorAll("svg text")].slice(0, 3);
  small.style.fontSize = "4px";
  above.setAttribute("x", out.getAttribute("x"));
  above.setAttribute("y", out.getAttribute("y"));
  document.querySelector("svg:last-of-type text").setAttribute("x", -200);
  document.querySelector("h1").style.width = "2000px";
  document.querySelector(".wide").style.background = "none";
  document.querySelector(".wide table").style.width = "1500px";
}"""


def test_what_cannot_be_read_is_found(reports):
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 800, "height": 800})
        page.goto((reports / "run.html").as_uri())
        page.evaluate(SPOILT)
        said = " ".join(unreadable(page))
    for words in ("pixels high", "overlap", "leaves its picture", "wider than the window",
                  "nothing shows it"):  # fmt: skip
        assert words in said, said
