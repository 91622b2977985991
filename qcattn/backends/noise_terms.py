"""Noise as data, and the same as a noise model of Aer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal

from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    depolarizing_error,
    pauli_error,
    thermal_relaxation_error,
)

__all__ = ["NoiseTerm", "noise_model_of"]


@dataclass(frozen=True, eq=False)
class NoiseTerm:
    r"""One kind of noise, as data that each simulator puts into its own words.

    ``"depolarising"``: :math:`\rho \to (1-p)\rho + p\,I/2^k` on the k qubits of a gate; numbers
    ``p``. ``"pauli"``: a Pauli string with its probability, else nothing; the numbers are the
    strings, the rightmost letter on the first qubit of the gate. ``"thermal relaxation"``: on each
    qubit of a gate, populations go to ``excited`` (the share of :math:`|1\rangle`) as
    :math:`e^{-\mathrm{time}/t_1}`, coherences to zero as :math:`e^{-\mathrm{time}/t_2}`; numbers
    ``t1``, ``t2``, ``time`` in one unit, and ``excited``. ``"readout"``: a measured bit is written
    down wrongly; numbers ``1 given 0`` and ``0 given 1``.

    Attributes:
        kind: The kind of noise, one of these four.
        gates: Names of the gates after which it acts; () for readout.
        qubits: The qubits on which it acts: those of the gate in its order, or qubits that are
            measured; () for all.
        numbers: The numbers of that kind of noise, as above.
    """

    kind: Literal["depolarising", "pauli", "thermal relaxation", "readout"]
    gates: tuple[str, ...] = ()
    qubits: tuple[int, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)


def noise_model_of(terms: Sequence[NoiseTerm]) -> NoiseModel:
    """Aer's noise model of these terms, in their order.

    Args:
        terms: What acts.

    Raises:
        ValueError: If a term names no gate, or an unknown one.

    Example:
        >>> term = NoiseTerm("depolarising", ("cx",), (), {"p": 0.1})
        >>> noise_model_of([term]).noise_instructions
        ['cx']
    """
    model = NoiseModel()
    for term in terms:
        if term.kind == "readout":
            _add_readout(model, term)
            continue
        for gate in term.gates:
            error = _error(term, gate)
            if term.qubits:
                model.add_quantum_error(error, gate, list(term.qubits))
            else:
                model.add_all_qubit_quantum_error(error, gate)
    return model


def _add_readout(model: NoiseModel, term: NoiseTerm) -> None:
    up, down = term.numbers["1 given 0"], term.numbers["0 given 1"]
    error = ReadoutError([[1 - up, up], [down, 1 - down]])
    if not term.qubits:
        model.add_all_qubit_readout_error(error)
    for qubit in term.qubits:
        model.add_readout_error(error, [qubit])


def _error(term: NoiseTerm, gate: str) -> Any:
    """The error after one gate."""
    gates = get_standard_gate_name_mapping()
    if gate not in gates:
        raise ValueError(f"`gates` of a noise term must be standard gates, but one is {gate!r}")
    size, numbers = gates[gate].num_qubits, term.numbers
    if term.kind == "depolarising":
        return depolarizing_error(numbers["p"], size)
    if term.kind == "pauli":
        rest = 1 - sum(numbers.values())
        return pauli_error([*numbers.items(), ("I" * size, rest)])
    one = thermal_relaxation_error(
        numbers["t1"], numbers["t2"], numbers["time"], numbers["excited"]
    )
    return reduce(lambda other, each: other.tensor(each), [one] * size)
