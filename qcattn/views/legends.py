"""Legends: inside a picture where there is room, else under it, where a phone shows them too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.transforms import BboxBase, Transform

__all__ = ["legend_below", "legend_inside", "rows_below"]

#: Characters of the longest names that stand two on a line under a picture.
_SHORT = 26
# All of it is said, so that it does not depend on settings.
_LOOK: dict[str, Any] = {
    "fontsize": 8.5,
    "frameon": False,
    "borderpad": 0.3,
    "labelspacing": 0.4,
    "handletextpad": 0.6,
    "borderaxespad": 0.4,
    "columnspacing": 1.5,
    "numpoints": 1,
    "markerscale": 1.0,
}


def legend_inside(ax: Axes, where: str = "best") -> None:
    """Name the curves inside the picture."""
    _as_written(ax.legend(loc=where, handlelength=1.6, **_LOOK))


def legend_below(ax: Axes) -> None:
    """Name the curves under the picture, one or two on a line."""
    names = ax.get_legend_handles_labels()[1]
    if names:
        legend = ax.legend(
            loc="upper center",
            ncols=_columns(names),
            handlelength=2.6,
            **_LOOK,
        )
        legend.set_bbox_to_anchor(*_under(ax))
        _as_written(legend)


def _under(ax: Axes) -> tuple[BboxBase, Transform]:
    """The line under the numbers and the name of an axis, wherever these are now, in pixels."""
    from matplotlib.transforms import BboxBase, IdentityTransform

    class Under(BboxBase):
        pass_through = True  # it moves whenever the axes do

        def get_points(self) -> np.ndarray:
            box, axis = ax.bbox, ax.xaxis.get_tightbbox()
            low = box.y0 if axis is None else min(box.y0, axis.y0)
            return np.array([[box.x0, low], [box.x1, low]])

    line = Under()
    line.set_children(ax.bbox)
    return line, IdentityTransform()


def _as_written(legend: Legend) -> None:
    """No name is read as mathematics, whatever dollars there are in it."""
    for text in legend.get_texts():
        text.set_parse_math(False)


def rows_below(names: list[str]) -> int:
    """How many lines `legend_below` takes for these names."""
    return -(-len(names) // _columns(names))


def _columns(names: list[str]) -> int:
    return 2 if max(map(len, names), default=0) <= _SHORT else 1
