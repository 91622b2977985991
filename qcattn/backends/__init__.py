"""Backends: a prepared circuit, shots and a seed to counts."""

from qcattn.walking import exports

__getattr__, __dir__ = exports("backends")
