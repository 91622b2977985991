"""What of a page cannot be read, as far as a browser can tell: `unreadable`."""

from __future__ import annotations

from typing import Any

__all__ = ["unreadable"]

_LOOK = """() => {
  const said = [];
  const shown = (text) => text.textContent.trim().slice(0, 40);
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 1) said.push(`the page is ${wide} pixels wider than the window`);
  const visible = (node) => node.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true });
  for (const svg of document.querySelectorAll("svg")) {
    if (!visible(svg)) continue;
    const frame = svg.getBoundingClientRect();
    const scale = svg.getScreenCTM()?.a ?? 1;
    const boxes = [...svg.querySelectorAll("text")]
      .filter((text) => text.textContent.trim() && visible(text))
      .map((text) => ({ text, box: text.getBoundingClientRect() }));
    for (const [place, { text, box }] of boxes.entries()) {
      const size = parseFloat(getComputedStyle(text).fontSize) * scale;
      if (size < 8.9) said.push(`"${shown(text)}" is ${size.toFixed(1)} pixels high`);
      const out = Math.max(frame.left - box.left, box.right - frame.right,
                           frame.top - box.top, box.bottom - frame.bottom);
      if (out > 4) said.push(`"${shown(text)}" leaves its picture by ${out.toFixed(0)} pixels`);
      for (const other of boxes.slice(place + 1)) {
        const x = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const y = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (x > 1.5 && y > 4) said.push(`"${shown(text)}" and "${shown(other.text)}" overlap`);
      }
    }
  }
  for (const box of document.querySelectorAll("body *")) {
    const { overflowX, backgroundImage } = getComputedStyle(box);
    const more = /auto|scroll/.test(overflowX) && box.scrollWidth > box.clientWidth + 1;
    if (more && visible(box) && backgroundImage === "none")
      said.push(`"${shown(box)}" goes on beyond its edge, and nothing shows it`);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const parent = text.parentElement;
    if (!text.textContent.trim() || !visible(parent)) continue;
    if (parent.closest("svg, script, style, option, .hidden")) continue;
    const size = parseFloat(getComputedStyle(parent).fontSize);
    if (size < 11.9) said.push(`"${shown(text)}" is ${size.toFixed(1)} pixels high`);
    let box = parent;
    while (box && !/auto|scroll/.test(getComputedStyle(box).overflowX)) box = box.parentElement;
    if (box) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const right = range.getBoundingClientRect().right;
    if (right > window.innerWidth + 1) said.push(`"${shown(text)}" is cut at the right`);
  }
  return [...new Set(said)];
}"""


def unreadable(page: Any) -> list[str]:
    """Sentences about texts that are too small, overlap, leave their picture or the window.

    A word on a page is 12 pixels high at least, and one in a picture 9. What scrolls has shaded
    edges, since a browser may show no bar before one scrolls.
    """
    return list(page.evaluate(_LOOK))
