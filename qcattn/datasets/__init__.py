"""Attention scores to begin with: stored ones, and those from files or from models."""

from qcattn.datasets.queries import Head, load_head
from qcattn.datasets.scores import Scores
from qcattn.datasets.stored import load, names

__all__ = ["Head", "Scores", "load", "load_head", "names"]
