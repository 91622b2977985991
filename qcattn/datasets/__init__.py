"""Attention scores and values to begin with: stored ones, and those from files or from models."""

from qcattn.datasets.queries import Head, load_head
from qcattn.datasets.scores import Scores
from qcattn.datasets.stored import load, names
from qcattn.datasets.values import Values, values

__all__ = ["Head", "Scores", "Values", "load", "load_head", "names", "values"]
