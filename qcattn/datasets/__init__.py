"""Attention scores and values to begin with: stored ones, and those from files or from models."""

from qcattn.datasets.queries import Head, load_head
from qcattn.datasets.scores import Scores
from qcattn.datasets.stored import load_scores, packaged_models
from qcattn.datasets.triples import Triples, load_triples
from qcattn.datasets.values import Values, values

__all__ = [
    "Head",
    "Scores",
    "Triples",
    "Values",
    "load_head",
    "load_scores",
    "load_triples",
    "packaged_models",
    "values",
]

# What tab completion shows; the files of the room are no part of it.
__dir__ = __all__.copy
