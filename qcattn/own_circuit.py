"""One's own circuit with a known law: its counts, the test of fit, and a result with its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit

from qcattn.arguments import check_alpha, check_distributions, check_object, check_shots
from qcattn.backends.choosing import RUN, backend_of, with_noise
from qcattn.datasets import Scores
from qcattn.errors import Interrupted
from qcattn.plurals import plural
from qcattn.progress import Progress, silent
from qcattn.records import Prepared, Result, check_bytes, every_reading
from qcattn.seeds import entropy
from qcattn.stages import draw_result

__all__ = ["run_circuit"]


def run_circuit(
    circuit: QuantumCircuit,
    law: ArrayLike | Mapping[str, float],
    *,
    values: ArrayLike | None = None,
    register: str | None = None,
    shots: int = 4096,
    seed: Any = None,
    backend: Any = None,
    noise: Any = None,
    alpha: float = 0.01,
    progress: Progress = silent,
) -> Result:
    """Sample your own circuit and compare the counts with the law that it must follow.

    Args:
        circuit: A circuit that ends in measurements; without any, all qubits are measured. It may
            have parameters.
        law: Probabilities of the readings, shape (..., 2**bits), where reading r has bit q of the
            register as bit q of the number r; or a mapping of bitstrings as Qiskit prints them
            (bit 0 rightmost) to probabilities, those left out being impossible.
        values: Values of the parameters, in the order of ``circuit.parameters``, shape (...,
            parameters): one row for each row of the law.
        register: Name of the classical register that is read; None if there is only one.
        shots: The number of shots of each row.
        seed: Anything `numpy.random.default_rng` takes; the result keeps what reproduces it.
        backend: What `qcattn.run` takes; `Aer` if None.
        noise: What `qcattn.run` takes.
        alpha: Probability that a perfect sampler is said to differ, over all rows, in (0, 1).
        progress: A function that is told the rows that are done.

    Returns:
        The result: counts, verdict and costs, as of `qcattn.run`. Its scores are the logarithms of
        the law, and its page calls the law that they give softmax. `qcattn.save` and
        `qcattn.views.run.report.write_report` take it.

    Raises:
        ValueError: If the law does not fit the register, is no law, or has not as many rows as
            there are values; or if there are several registers and none is named.
        Interrupted: If Ctrl-C is pressed; it carries the partial result.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> bell = QuantumCircuit(2)
        >>> _ = bell.h(0), bell.cx(0, 1)
        >>> result = run_circuit(bell, {"00": 0.5, "11": 0.5}, shots=1000, seed=1)
        >>> result.agrees, result.counts.keys[1:3].tolist()
        (True, [0, 0])
        >>> run_circuit(bell, {"00": 0.6, "11": 0.4}, shots=4000, seed=1).agrees
        False
    """
    check_object(circuit, "circuit", "QuantumCircuit(2)", "clbits")
    measured = circuit if circuit.clbits else circuit.measure_all(inplace=False)
    if measured is None or not measured.clbits:
        raise ValueError("`circuit` has no qubits to measure; give a circuit with at least one")
    name, bits = _register(measured, register)
    expected = _law(law, bits)
    angles = _values(values, measured, expected)
    rows = expected.shape[:-1]
    prepared = Prepared(
        method=circuit.name,
        kind="told",
        circuit=measured,
        values=angles,
        codewords=every_reading(bits),
        key_register=name,
        herald_register=None,
        distribution=expected,
        success=np.ones(rows),
        error=np.zeros(rows),
        state="qsample",
    )
    with np.errstate(divide="ignore"):
        scores = Scores(np.log(expected))
    sampler = with_noise(backend_of(backend, "backend", *RUN), noise, measured.num_qubits)
    result = draw_result(
        prepared,
        scores,
        expected,
        beta=1.0,
        shots=check_shots(shots),
        seed=entropy(seed),
        backend=sampler,
        alpha=check_alpha(alpha),
        settings={"preparation": circuit.name, "law": "the given law"},
        preparing=0.0,
        progress=progress,
    )
    if isinstance(noise, str):  # in the words it was given in
        result = replace(result, settings={**result.settings, "noise": noise})
    if not result.complete:
        raise Interrupted(result)
    return result


def _register(circuit: QuantumCircuit, wanted: str | None) -> tuple[str, int]:
    """Name of the register that is read, and its bits."""
    sizes = {register.name: register.size for register in circuit.cregs}
    if wanted is None and len(sizes) == 1:
        (wanted,) = sizes
    if wanted is None or wanted not in sizes:
        names = ", ".join(sizes) or "none"
        raise ValueError(
            f"`register` must name a classical register of the circuit ({names}), but is {wanted!r}"
        )
    return wanted, sizes[wanted]


def _law(law: ArrayLike | Mapping[str, float], bits: int) -> np.ndarray:
    """Probabilities of all readings, shape (..., 2**bits), each row summing to one."""
    check_bytes(8 * 2**bits * (bits + 2), f"the law of a register of {plural(bits, 'bit')}")
    if isinstance(law, Mapping):
        table = np.zeros(2**bits)
        for word, probability in law.items():
            if not isinstance(word, str) or len(word) != bits or set(word) - {"0", "1"}:
                raise ValueError(
                    f"`law` must have bitstrings of {plural(bits, 'bit')} as its keys, but has "
                    f"{word!r}"
                )
            table[int(word, 2)] = probability
        law = table
    rows = check_distributions(law, "law")
    if rows.shape[-1] != 2**bits:
        raise ValueError(
            f"`law` must be of shape (..., {2**bits}), with a probability for each reading of "
            f"{plural(bits, 'bit')}, but is of shape {rows.shape}"
        )
    return rows / rows.sum(axis=-1, keepdims=True)


def _values(values: ArrayLike | None, circuit: QuantumCircuit, law: np.ndarray) -> np.ndarray:
    """Values of the parameters, one row for each row of the law."""
    number, rows = circuit.num_parameters, law.shape[:-1]
    table = np.zeros((*rows, 0)) if values is None else np.asarray(values, dtype=float)
    if table.shape != (*rows, number):
        raise ValueError(
            f"`values` must be of shape {(*rows, number)}, a value for each parameter in every row "
            f"of the law, but is "
            f"{'left out' if values is None else f'of shape {table.shape}'}"
        )
    return table
