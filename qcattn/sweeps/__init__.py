"""Sweeps: a grid of runs into one SQLite file, resumable, on any executor."""

from qcattn.processes import Processes
from qcattn.sweeps.grid import Grid, Part, parts
from qcattn.sweeps.mending import damages
from qcattn.sweeps.merging import merge
from qcattn.sweeps.plan_file import read_plan
from qcattn.sweeps.results import Cell, Sweep, load_sweep
from qcattn.sweeps.running import sweep
from qcattn.sweeps.salvaging import Salvaged, salvage
from qcattn.sweeps.until import Certified, Width

__all__ = [
    "Cell",
    "Certified",
    "Grid",
    "Part",
    "Processes",
    "Salvaged",
    "Sweep",
    "Width",
    "damages",
    "load_sweep",
    "merge",
    "parts",
    "read_plan",
    "salvage",
    "sweep",
]

# What tab completion shows; the files of the room are no part of it.
__dir__ = __all__.copy
