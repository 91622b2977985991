"""Models of physics: spin chains, the oscillator, coupled phases."""

from qcattn.models.spins import free_fermions, heisenberg, ising

__all__ = ["free_fermions", "heisenberg", "ising"]
