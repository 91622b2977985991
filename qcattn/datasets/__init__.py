"""Attention scores to begin with: stored ones, and those from files or from models."""

from qcattn.datasets.scores import Scores
from qcattn.datasets.stored import load, names

__all__ = ["Scores", "load", "names"]
