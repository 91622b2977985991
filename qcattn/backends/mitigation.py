r"""Mitigation: readout errors undone, gate errors extrapolated to zero, from counts alone.

What comes out are not counts but *quasi-probabilities*: they sum to one, may be negative, and
scatter more than counts of as many shots. Each is a linear map of frequencies, so its covariance is
known, and `qcattn.comparisons.mitigated` judges it with that; `fit` and `certify`, made for counts,
would take the extra scatter for a deviation.

Counts here name every basis state: prepare from ``hamiltonian.filled(gap=...)`` where there are
fewer keys than basis states, since a misread key is most often a stray.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qiskit.circuit import ParameterVector

from qcattn.plurals import plural
from qcattn.records import Prepared

__all__ = ["Quasi", "folded", "readout_mitigated", "zero_noise"]


@dataclass(frozen=True, eq=False)
class Quasi:
    """Quasi-probabilities and their scatter.

    Attributes:
        values: Shape (..., outcomes), summing to one.
        covariance: Shape (..., outcomes, outcomes), of the values, from the shots.
    """

    values: np.ndarray
    covariance: np.ndarray


def readout_mitigated(counts: Any, readout: Sequence[np.ndarray]) -> Quasi:
    r"""Undo readout errors by matrix-free measurement mitigation (M3).

    M3 solves :math:`\tilde A x = f` for the frequencies f, with the confusion matrix A restricted
    to the outcomes that were seen, its columns made to sum to one again [1]. What was not seen
    stays zero. The covariance is :math:`\tilde A^{-1} (\mathrm{diag} f - f f^T) \tilde A^{-T} / n`.

    Args:
        counts: Integers (..., 2^n) by basis state, or an object with such ``keys`` and no strays.
        readout: A confusion matrix a qubit, ``[j, i]`` the chance to read j where i was prepared,
            such as `Aer.readout` gives.

    Returns:
        Shape (...).

    Raises:
        ValueError: If counts do not name every basis state, or a row has no shots.
        ImportError: If mthree is not installed (extra ``mitigation``).

    References:
        [1] P. D. Nation et al., PRX Quantum 2, 040326 (2021).
    """
    from mthree import M3Mitigation

    table = _all_outcomes(counts)
    size = table.shape[-1]
    bits = size.bit_length() - 1
    m3 = M3Mitigation(None)
    m3.cals_from_matrices([np.asarray(matrix, dtype=np.float32) for matrix in readout])
    values = np.zeros((table.size // size, size))
    covariance = np.zeros((table.size // size, size, size))
    for row, seen in enumerate(table.reshape(-1, size)):
        text = {f"{outcome:0{bits}b}": int(seen[outcome]) for outcome in np.flatnonzero(seen)}
        solved = m3.apply_correction(text, range(bits), method="direct")
        matrix, order = m3.reduced_cal_matrix(text, range(bits))
        places = [int(word, 2) for word in order]
        values[row, places] = [solved[word] for word in order]
        inverse = np.linalg.inv(matrix.astype(float))
        spread = _multinomial(seen[places] / seen.sum(), seen.sum())
        covariance[row][np.ix_(places, places)] = inverse @ spread @ inverse.T
    return Quasi(values.reshape(table.shape), covariance.reshape(*table.shape, size))


def zero_noise(counts: Sequence[Any], scales: Sequence[float], *, factory: Any = None) -> Quasi:
    r"""Extrapolate counts at several strengths of noise to zero noise [1], by mitiq.

    Each outcome is extrapolated for itself. A factory that is linear in the data, as Richardson's
    and the polynomial ones are, gives :math:`\sum_j c_j f_j` of the frequencies, with covariance
    :math:`\sum_j c_j^2 (\mathrm{diag} f_j - f_j f_j^T) / n_j`.

    Args:
        counts: The counts at each scale, as for `readout_mitigated`.
        scales: The strength of the noise in each of the counts; 1 is the noise as it is.
        factory: A factory of `mitiq.zne.inference`; `RichardsonFactory` if None.

    Returns:
        Shape (...).

    Raises:
        ValueError: If there are not as many counts as scales, or fewer than two, or if
            `readout_mitigated` would raise it.
        ImportError: If mitiq is not installed (extra ``mitigation``).

    References:
        [1] K. Temme, S. Bravyi and J. M. Gambetta, Phys. Rev. Lett. 119, 180509 (2017).
    """
    from mitiq.zne.inference import RichardsonFactory

    if len(counts) != len(scales) or len(scales) < 2:
        raise ValueError(
            f"`counts` and `scales` must be equally many, two or more, but are {len(counts)} and "
            f"{len(scales)}"
        )
    extrapolate = (factory or RichardsonFactory).extrapolate
    tables = [_all_outcomes(each) for each in counts]
    values = np.zeros(tables[0].shape)
    covariance = np.zeros((*tables[0].shape, tables[0].shape[-1]))
    for table, unit in zip(tables, np.eye(len(scales)), strict=True):
        weight = float(extrapolate(list(scales), unit.tolist()))
        shots = table.sum(axis=-1)
        shares = table / shots[..., None]
        values += weight * shares
        covariance += weight**2 * _multinomial(shares, shots)
    return Quasi(values, covariance)


def folded(prepared: Prepared, scale: int) -> Prepared:
    r"""The same circuit with its noise scaled, :math:`U (U^\dagger U)^{(s - 1)/2}`.

    This is global folding [1] of the template, for all rows at once; mitiq folds circuits whose
    angles are numbers. Barriers keep a transpiler from undoing it.

    Args:
        prepared: A preparation whose template ends in its measurements and has nothing but gates
            before them.
        scale: s, odd: as often as the noise is met.

    Raises:
        ValueError: If the scale is not odd and positive, or the template has more than gates.

    References:
        [1] T. Giurgica-Tiron et al., IEEE QCE 2020, 306, arXiv:2005.10921.
    """
    if scale < 1 or scale % 2 == 0:
        raise ValueError(f"`scale` must be odd, 1 or more, but is {scale!r}")
    template = prepared.circuit
    gates = [i for i in template.data if i.operation.name not in ("measure", "barrier")]
    if any(i.clbits or not hasattr(i.operation, "to_matrix") for i in gates):
        raise ValueError(
            "`prepared` resets, measures or conditions midway, which cannot be folded; take a "
            "preparation that only measures at its end"
        )
    circuit = template.copy_empty_like()
    place = {parameter: index for index, parameter in enumerate(template.parameters)}
    blocks = []
    for step in range(scale):
        backwards = step % 2 == 1
        angles = ParameterVector(f"fold{step:03d}", len(place))
        for gate in reversed(gates) if backwards else gates:
            operation = gate.operation.inverse() if backwards else gate.operation
            if operation.is_parameterized():
                operation = operation.copy()
                # A sign that is turned is put into the values: one parameter, no expression.
                (parameter,) = gate.operation.params
                operation.params = [angles[place[parameter]]]
            circuit.append(operation, gate.qubits)
        circuit.barrier()
        blocks.append(-prepared.values if backwards else prepared.values)
    for instruction in template.data:
        if instruction.operation.name == "measure":
            circuit.append(instruction)
    return replace(prepared, circuit=circuit, values=np.concatenate(blocks, axis=-1))


def _all_outcomes(counts: Any) -> np.ndarray:
    """Counts of every basis state, shape (..., 2^n)."""
    stray, table = np.asarray(getattr(counts, "stray", 0)), counts
    if hasattr(counts, "stray"):
        table = counts.keys
    table = np.asarray(table)
    size = table.shape[-1] if table.ndim else 0
    if size < 2 or size & (size - 1) or stray.any():
        raise ValueError(
            f"`counts` must be of shape (..., 2^n) and name every basis state, but there are "
            f"{size} and {plural(int(stray.sum()), 'shot')} on none; prepare from "
            "`hamiltonian.filled(gap=50)`"
        )
    if not table.sum(axis=-1).all():
        raise ValueError("`counts` has a row without shots; leave it out")
    return table


def _multinomial(shares: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """Covariance of frequencies, shape (..., outcomes, outcomes)."""
    whole = -shares[..., :, None] * shares[..., None, :]
    index = np.arange(shares.shape[-1])
    whole[..., index, index] += shares
    return whole / np.asarray(shots)[..., None, None]
