import re
import xml.etree.ElementTree as ET

from qcattn.views.colours import FAULT, INK, MEASURED, SOFTMAX
from qcattn.views.vector import inline_svg, svg_file


def plot(ax):
    for colour in (FAULT, INK, MEASURED, SOFTMAX):
        ax.plot([0, 1], color=colour)
    ax.imshow([[0, 1]])
    ax.bar([0], [1], hatch="//")
    ax.set_xticks([0], ['日本 <&> id="x url(#y #d02f2f'], parse_math=False)


def test_a_picture_takes_everything_from_its_page():
    svg = inline_svg(plot, 3, 2, name="p1", label='Rows of "a" & <b>')
    tree = ET.fromstring(svg)
    assert tree.tag == "svg"
    assert tree.get("aria-label") == 'Rows of "a" & <b>'
    assert "http" not in svg
    assert "DejaVu" not in svg
    for variable in ("ink", "faint", "softmax", "measured", "fault"):
        assert f"var(--{variable})" in svg
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids)) > 1
    assert all(name.startswith("p1-") for name in ids)
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', re.sub(r">[^<]*<", "><", svg))
    assert used
    assert set(used) == set(ids)
    assert 'href="data:image/png;base64,' in svg


def test_the_text_of_a_token_is_left_as_it_is():
    tree = ET.fromstring(inline_svg(plot, 3, 2, name="p1", label=""))
    texts = ["".join(element.itertext()) for element in tree.iter("text")]
    assert '日本 <&> id="x url(#y #d02f2f' in texts


def test_the_same_picture_is_the_same_text():
    assert inline_svg(plot, 3, 2, name="p", label="") == inline_svg(plot, 3, 2, name="p", label="")


def test_a_picture_that_stands_alone_is_black_on_white_in_a_font_that_is_there():
    tree = ET.fromstring(svg_file(plot, 3, 2).encode())
    assert tree.get("width") == "216pt" and "DejaVu Sans" in tree.get("font-family")
    assert "var(--" not in svg_file(plot, 3, 2)
    assert any(element.get("fill") == "#ffffff" for element in tree.iter())
