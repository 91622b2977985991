"""Logical errors of codes with faulty readings: sampled by stim, decoded by PyMatching.

Both come with the extra ``qec``; PyMatching takes the likeliest set of errors, which is the
likeliest path through space and time.
"""

from __future__ import annotations

import importlib.util
from importlib import import_module
from typing import Any

import numpy as np

from qcattn.certification.intervals import estimated_share
from qcattn.evidence import Estimate

__all__ = ["CURE", "installed", "logical_errors", "repetition", "surface"]

CURE = "`pip install 'qcattn[qec]'` brings stim and PyMatching"


def installed() -> bool:
    """Whether both packages are installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("stim", "pymatching"))


def surface(distance: int, rate: float) -> Any:
    """A rotated surface code over as many rounds as its distance, noise at every gate."""
    return import_module("stim").Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=distance,
        rounds=distance,
        after_clifford_depolarization=rate,
        before_measure_flip_probability=rate,
        after_reset_flip_probability=rate,
    )


def repetition(distance: int, rate: float) -> Any:
    """A repetition code over as many rounds as its distance: bits flip, and readings are wrong.

    Both have one rate, which makes the random-bond Ising model of the square lattice [1]. Stim
    flips a bit by X or Y, two thirds of what it calls depolarisation.

    References:
        [1] E. Dennis et al., J. Math. Phys. 43, 4452 (2002), arXiv:quant-ph/0110143.
    """
    return import_module("stim").Circuit.generated(
        "repetition_code:memory",
        distance=distance,
        rounds=distance,
        before_round_data_depolarization=1.5 * rate,
        before_measure_flip_probability=rate,
    )


def logical_errors(
    circuit: Any, shots: int, seed: np.random.SeedSequence, alpha: float
) -> Estimate:
    """The share of shots that the most likely path decodes wrongly."""
    sampler = circuit.compile_detector_sampler(seed=int(seed.generate_state(1)[0]))
    seen, flipped = sampler.sample(shots, separate_observables=True)
    decoder = import_module("pymatching").Matching.from_detector_error_model(
        circuit.detector_error_model(decompose_errors=True)
    )
    wrong = int((decoder.decode_batch(seen) != flipped).any(axis=1).sum())
    return estimated_share(wrong, shots, alpha)
