"""A setting to its laws and its counts, without anything to be kept in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ParameterExpression, Qubit

from qcattn.arguments import check_shots, whole_number
from qcattn.backends.aer import Aer
from qcattn.backends.choosing import with_noise
from qcattn.dense_state import outcome_distribution
from qcattn.encodings.binary import Binary
from qcattn.encodings.transverse import Transverse
from qcattn.errors import TooLarge
from qcattn.forecast import duration
from qcattn.preparations.fitting import check_fits
from qcattn.readings.bases import in_basis
from qcattn.readings.circuits import before_reading
from qcattn.records import Counts, Hamiltonian, Prepared
from qcattn.stages import draw_batch, encode, prepared_by
from qcattn.teaching.setups import Setup
from qcattn.thermal import boltzmann
from qcattn.walking import class_of

__all__ = [
    "MOST_SHOTS_OF_CALL",
    "Laws",
    "Target",
    "drawn",
    "laws_of",
    "preparation_for",
    "target_of",
    "twin_counts",
]

#: The most shots of one call.
MOST_SHOTS_OF_CALL = 20_000
#: The most seconds that preparing or drawing one batch may be foreseen to take.
_MOST_SECONDS = 5.0
#: The most seconds that a batch of the page may be foreseen to take where each shot is a run.
_BATCH_SECONDS = 0.15
#: The same of the largest batch, where one state serves many shots.
_MANY_SECONDS = 1.0
#: Shots of such a batch below which no other way of drawing them is looked for.
_FEW = 12
#: The most instructions of a circuit that are drawn.
_SHOWN = 60
#: First word of the address of a throw of the die, so that no batch of the circuit has it.
_TWIN = 0x7477696E


@dataclass(frozen=True, eq=False)
class Target:
    """The law that counts of a setting are compared with, whichever circuit prepares them.

    Attributes:
        hamiltonian: Energies of the keys, and of the padding where there is a transverse field.
        softmax: Boltzmann weights of the energies, padding included, shape (outcomes,).
        expected: What counts are compared with: in the keys softmax, in the turned reading the law
            of a classical twin whose keys are basis states, where all outcomes are alike.
    """

    hamiltonian: Hamiltonian
    softmax: np.ndarray
    expected: np.ndarray

    def energies(self, setup: Setup) -> list[float]:
        """The energies of the keys and of the padding, also where a weight is too small."""
        return [
            float(energy) if np.isfinite(energy) else -setup.scores[key]
            for key, energy in enumerate(self.hamiltonian.energies)
        ]

    def document(self, setup: Setup) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "setup": setup.document(),
            "outcomes": _outcomes(self.hamiltonian, setup),
            "expected": self.expected.tolist(),
            "softmax": self.softmax.tolist(),
            "energies": self.energies(setup),
        }


def target_of(setup: Setup) -> Target:
    """The target of a setting, in less than a millisecond: no circuit is built.

    Args:
        setup: A setting that was checked, as `setup_of` gives it.

    Example:
        >>> target_of(Setup((0.0, 0.0), preparation="QSVT")).expected.tolist()
        [0.5, 0.5]
    """
    if setup.field:
        hamiltonian = Transverse(field=setup.field)(setup.scores)
    else:
        hamiltonian = encode(setup.scores, Binary(), setup.beta)
    softmax = boltzmann(hamiltonian.energies, setup.beta)
    if setup.reading == "keys":
        return Target(hamiltonian, softmax, softmax)
    # A key is a basis state, and a Hadamard gate on every qubit makes all readings of it equal.
    outcomes = 2**hamiltonian.num_qubits
    return Target(hamiltonian, softmax, np.full(outcomes, 1 / outcomes))


@dataclass(frozen=True, eq=False)
class Laws:
    """What the circuit of a setting predicts before any shot.

    Attributes:
        target: What its counts are held against.
        prepared: The circuit as it is read, shape ().
        law: Probabilities that this circuit must give without noise, shape (outcomes,).
        twin: Probabilities of the classical twin: a die with the weights that this circuit has in
            the keys, each key a basis state, read in the same way; shape (outcomes,).
    """

    target: Target
    prepared: Prepared
    law: np.ndarray
    twin: np.ndarray

    def document(self, setup: Setup) -> dict[str, Any]:
        """The same as JSON, with the circuit drawn as text."""
        prepared, cost = self.prepared, self.prepared.resources
        heralded = prepared.herald_register is not None
        return {
            "setup": setup.document(),
            "law": self.law.tolist(),
            "success": float(prepared.success) if heralded else None,
            "kind": prepared.kind,
            "qubits": cost.qubits,
            "depth": cost.depth,
            "two_qubit_gates": cost.two_qubit_gates,
            "at_once": _at_once(setup, prepared),
            **_drawing(prepared),
        }


def preparation_for(setup: Setup, hamiltonian: Hamiltonian) -> Any:
    """The preparation of a setting, if it takes the Hamiltonian and is not too long for a class.

    Args:
        setup: A setting that was checked.
        hamiltonian: The Hamiltonian of the setting's target.

    Raises:
        DoesNotFit: If the preparation does not take the Hamiltonian; those that do are named.
        TooLarge: If it is foreseen to take too long.

    Example:
        >>> setup = Setup((0.0, 1.0), preparation="QSVT")
        >>> preparation_for(setup, target_of(setup).hamiltonian).takes
        'any'
    """
    preparation = class_of("preparations", setup.preparation, "preparation")()
    check_fits(preparation, hamiltonian)
    if hasattr(preparation, "foreseen"):
        _check_seconds(preparation.foreseen(hamiltonian).seconds, "preparing this circuit")
    return preparation


@lru_cache(maxsize=256)
def laws_of(setup: Setup) -> Laws:
    """The circuit of a setting with its laws, and the target of its counts.

    Args:
        setup: A setting that was checked, as `setup_of` gives it.

    Raises:
        DoesNotFit: If the preparation does not take this Hamiltonian; those that do are named.
        TooLarge: If it is foreseen to take too long for a class.

    Example:
        >>> laws = laws_of(Setup((0.0, 0.0), reading="turned", preparation="Amplitude"))
        >>> laws.law.round(6).tolist(), laws.twin.tolist()
        ([1.0, 0.0], [0.5, 0.5])
    """
    target = target_of(setup)
    hamiltonian = target.hamiltonian
    prepared = prepared_by(preparation_for(setup, hamiltonian), hamiltonian, setup.beta)
    in_keys = prepared.distribution
    if setup.phase:
        prepared = replace(prepared, circuit=_phased(prepared, setup.phase))
    if setup.reading == "keys":
        return Laws(target, prepared, in_keys, in_keys)
    turned = in_basis(prepared, "X" * hamiltonian.num_qubits)
    law, _ = outcome_distribution(turned)
    law = np.clip(law, 0, None) / law.sum()
    return Laws(target, replace(turned, distribution=law), law, target.expected)


def drawn(setup: Setup, shots: Any, seed: Any, number: Any) -> Counts:
    """Draw one batch of shots of a setting's circuit, which depends on the arguments alone.

    Args:
        setup: A setting that was checked.
        shots: The number of shots, from 1 to `MOST_SHOTS_OF_CALL`.
        seed: A whole number, 0 or more.
        number: The number of the batch, 0 or more.

    Returns:
        Counts of shape ().

    Raises:
        ValueError: If a number is out of range.
        TooLarge: If it is foreseen to take too long for a class.

    Example:
        >>> counts = drawn(Setup((0.0, 1.0)), 100, 7, 0)
        >>> int(counts.shots), bool((drawn(Setup((0.0, 1.0)), 100, 7, 0).keys == counts.keys).all())
        (100, True)
    """
    shots = _few(shots)
    prepared = laws_of(setup).prepared
    backend = _backend(setup, prepared)
    what = f"drawing {shots:,} shots"
    _check_seconds(backend.foreseen(prepared, shots).seconds, what)
    return draw_batch(prepared, shots, whole_number(seed, "seed", least=0), number, backend)


def twin_counts(setup: Setup, shots: Any, seed: Any, number: Any) -> np.ndarray:
    """Draw the same batch of the classical twin: throws of a die with the circuit's weights.

    Args:
        setup: A setting as for `drawn`, as are the other arguments.
        shots: The number of shots, from 1 to `MOST_SHOTS_OF_CALL`.
        seed: A whole number, 0 or more.
        number: The number of the batch, 0 or more.

    Returns:
        Shape (outcomes,).

    Example:
        >>> int(twin_counts(Setup((0.0, 1.0)), 100, 7, 0).sum())
        100
    """
    address = (_TWIN, whole_number(number, "number", least=0))
    root = np.random.SeedSequence(whole_number(seed, "seed", least=0), spawn_key=address)
    law = laws_of(setup).twin
    return np.random.default_rng(root).multinomial(_few(shots), law / law.sum())


def _backend(setup: Setup, prepared: Prepared) -> Aer:
    return with_noise(Aer(device="CPU"), setup.noise_text, prepared.circuit.num_qubits)


def _at_once(setup: Setup, prepared: Prepared) -> int:
    """Shots that come in a moment: few where each shot is a run of a long circuit by itself."""
    backend = _backend(setup, prepared)
    one = backend.foreseen(prepared, 1).seconds
    alone = int(_BATCH_SECONDS / one) if one else MOST_SHOTS_OF_CALL
    if alone < _FEW:  # nor would a density matrix of so long a circuit be quick
        return max(alone, 1)
    many = backend.foreseen(prepared, MOST_SHOTS_OF_CALL).seconds <= _MANY_SECONDS
    return MOST_SHOTS_OF_CALL if many else min(alone, MOST_SHOTS_OF_CALL)


def _few(shots: Any) -> int:
    number = check_shots(shots)
    if number > MOST_SHOTS_OF_CALL:
        raise ValueError(
            f"`shots` must be at most {MOST_SHOTS_OF_CALL:,} a call here, but is {number:,}; draw "
            "several batches, whose counts add"
        )
    return number


def _check_seconds(seconds: float, what: str) -> None:
    if seconds > _MOST_SECONDS:
        raise TooLarge(
            f"{what} is foreseen to take {duration(seconds)}, more than the {_MOST_SECONDS:g} "
            "seconds that a class shares; take fewer keys, fewer shots or another preparation"
        )


def _phased(prepared: Prepared, phase: float) -> QuantumCircuit:
    def turn(circuit: QuantumCircuit, bit: int, qubit: Qubit) -> None:
        circuit.rz(phase, qubit)

    return before_reading(prepared, turn)


def _outcomes(hamiltonian: Hamiltonian, setup: Setup) -> list[str]:
    """The readings of the register: bits, or signs where it is turned."""
    if setup.reading == "keys":
        return list(hamiltonian.bitstrings)
    n = hamiltonian.num_qubits
    signs = str.maketrans("01", "+−")
    return [f"{state:0{n}b}".translate(signs) for state in range(2**n)]


def _drawing(prepared: Prepared) -> dict[str, Any]:
    """The circuit as text and as a list, cut off where it is long, and how much that leaves out."""
    circuit = prepared.circuit.assign_parameters(prepared.values)
    short = circuit.copy_empty_like()
    short.global_phase = 0  # no shot shows it, and of a part it is none
    for item in circuit.data[:_SHOWN]:
        short.append(item)
    text = short.draw("text", fold=-1, idle_wires=False, cregbundle=True)
    return {
        "circuit": str(text),
        "instructions": [
            {"gate": _gate(item), "on": [_place(circuit, qubit) for qubit in item.qubits]}
            for item in short.data
        ],
        "left_out": max(0, len(circuit.data) - _SHOWN),
    }


def _gate(item: CircuitInstruction) -> str:
    """A gate with its angles, where it has some."""
    angles = [
        f"{float(one):.4g}"
        for one in item.params
        if isinstance(one, int | float | ParameterExpression)
    ]
    return f"{item.name}({', '.join(angles)})" if angles else item.name


def _place(circuit: QuantumCircuit, qubit: Qubit) -> str:
    """A qubit as the drawing names it."""
    register, place = circuit.find_bit(qubit).registers[0]
    return register.name if register.size == 1 else f"{register.name}_{place}"
