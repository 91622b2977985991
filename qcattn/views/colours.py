"""The few colours of the plots, each with one meaning, legible on white and on black."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = ["FAULT", "INK", "MEASURED", "SERIES", "SOFTMAX", "attention_map"]

INK = "#7a7a7c"
SOFTMAX = "#2f74b8"
MEASURED = "#c46a1b"
FAULT = "#d02f2f"
#: The colours of several curves in one picture.
SERIES = (MEASURED, SOFTMAX, "#2a9a76", "#a259b5", "#8f8a2c", "#d0608f", "#3aa3b8", "#8a6d5a")


def attention_map() -> Colormap:
    """The colours from the bare paper at zero to the colour of softmax."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    colour = to_rgb(SOFTMAX)
    return LinearSegmentedColormap.from_list("attention", [(*colour, 0.0), (*colour, 1.0)])
