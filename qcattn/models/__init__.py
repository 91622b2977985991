"""Models of physics: spin chains, the oscillator, coupled phases."""

from qcattn.models.spins import free_fermions, heisenberg, ising

__all__ = ["free_fermions", "heisenberg", "ising"]

# What tab completion shows; the files of the room are no part of it.
__dir__ = __all__.copy
