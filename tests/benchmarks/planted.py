"""Simulators with a planted fault, for the tests of the probes: wrappers of the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcattn.backends.simulator import Task
from qcattn.conformance.reference import Reference

__all__ = ["BitsSwapped", "HalfRepeated", "OneSeed", "ResultMissing", "WeakAngle"]


@dataclass(frozen=True, eq=False)
class BitsSwapped(Reference):
    """The bits of a shot are read in the other order."""

    def sample(self, tasks, seed=None, noise=()):
        """Turned round."""
        drawn = super().sample(tasks, seed, noise)
        return [[run[:, ::-1] for run in runs] for runs in drawn]


@dataclass(frozen=True, eq=False)
class HalfRepeated(Reference):
    """The second half of a run is its first half again."""

    def sample(self, tasks, seed=None, noise=()):
        """A buffer that is written twice."""
        drawn = super().sample(tasks, seed, noise)
        for runs in drawn:
            for run in runs:
                half = len(run) // 2
                run[len(run) - half :] = run[:half]
        return drawn


@dataclass(frozen=True, eq=False)
class OneSeed(Reference):
    """Every circuit of a job starts from the same seed."""

    def sample(self, tasks, seed=None, noise=()):
        """Each circuit as if it were the only one."""
        seed = int(np.random.default_rng(seed).integers(2**31)) if seed is None else seed
        return [super(OneSeed, self).sample([task], seed, noise)[0] for task in tasks]


@dataclass(frozen=True, eq=False)
class ResultMissing(Reference):
    """The last row of a table of values is left out."""

    def sample(self, tasks, seed=None, noise=()):
        """One result short."""
        drawn = super().sample(tasks, seed, noise)
        return [runs[:-1] if len(runs) > 1 else runs for runs in drawn]


@dataclass(frozen=True, eq=False)
class WeakAngle(Reference):
    """Rotations about y turn by 10% less."""

    def sample(self, tasks, seed=None, noise=()):
        """Of every circuit, loops and conditions left as they are."""
        return super().sample([self._weak(task) for task in tasks], seed, noise)

    def _weak(self, task):
        key = ("weak", id(task.circuit))
        if key not in self._kept:
            out = task.circuit.copy_empty_like()
            for one in task.circuit.data:
                if one.operation.name == "ry":
                    (angle,) = one.operation.params
                    out.ry(0.9 * angle, *one.qubits)
                else:
                    out.append(one)
            self._kept[key] = (task.circuit, out)
        _, out = self._kept[key]
        return Task(out, task.shots, task.values)
