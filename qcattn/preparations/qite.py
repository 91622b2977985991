"""Imaginary time by unitaries: each step's rotation is found from measured expectation values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.arguments import check_beta, check_positive, whole_number
from qcattn.backends.aer import Aer
from qcattn.forecast import Forecast, announce
from qcattn.preparations.basis import append_basis
from qcattn.preparations.delivery import delivered, with_true_error
from qcattn.preparations.domains import Domain, domains_of
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.gates import compiled
from qcattn.preparations.measuring import SHOT, check_measured
from qcattn.preparations.pauli_strings import (
    append_rotation,
    expectations,
    placed,
    rotated,
)
from qcattn.preparations.pursuit import pursued
from qcattn.preparations.tomography import bases, measured_expectations
from qcattn.progress import tell
from qcattn.records import Counts, Hamiltonian, Prepared, check_bytes
from qcattn.seeds import entropy

__all__ = ["QITE"]

# Seconds for a string of the domain: beside a chosen one, and again for each chosen before; and how
# many are chosen on n sites, _CHOSEN * _GROWTH**n. One core of 2024, n from 2 to 5.
_STRING, _OVERLAP, _CHOSEN, _GROWTH = 4e-9, 2.5e-10, 1.25, 2.4

# Steps whose error, of the second order, is that of rounding.
_MOST_STEPS = 4096
_CURE = (
    "`order=2` comes within rounding in fewer, and an error that more steps do not lower is one of "
    "`domain` or of `shots`"
)

# Strings P on all qubits and angles of rotations exp(-i angle P), the first one applied first.
_Rotations = list[tuple[int, float]]


@dataclass(frozen=True)
class QITE:
    r"""Quantum imaginary time evolution of one half of n Bell pairs.

    Thermal: the circuit is found from H, beta and expectation values in the states that its own
    first gates prepare. :math:`e^{-\beta H/2}` on one half of n Bell pairs leaves that half in the
    Gibbs state. A step :math:`e^{-\tau h}` turns and shrinks the vector; the turn is
    :math:`e^{-i \tau A}`, :math:`A = \sum_I a_I P_I` over the Pauli strings of a domain, with [1]

    .. math:: \sum_J \operatorname{Re}\langle P_I P_J \rangle\, a_J
              = \operatorname{Im} \langle P_I h \rangle .

    (The shrinkage, which [1] divides by, is one to this order where h is counted from its mean, and
    a mean does not change the right side.)

    A domain is the support of a term, all sites at most ``domain`` bonds away (two sites are bound
    where a term holds both), and the partners of these sites. Terms whose domain lies within that
    of others are taken with them, so that a domain of all sites takes one system a step. Where H is
    real the state is real, and only strings with an odd number of Y turn it; the others decouple
    exactly and are left out. Few of those that are left are needed: they are chosen one at a time,
    the one with the steepest gradient first (orthogonal matching pursuit [2]). On all q qubits at
    most :math:`2^q - 1` of the :math:`4^q` are independent in a real state. A is applied as a
    product of rotations about its strings, and the next expectation values are those of this
    product, gate for gate as delivered.

    A diagonal H keeps the vector in the span of :math:`|k\rangle|k\rangle`: n qubits evolve from
    the uniform superposition, and n cx make the pairs at the end. U of a `Rotated` Hamiltonian is
    appended last, its eigenvalues being those without it.

    Attributes:
        steps: Steps in which beta / 2 is walked, from 1 to 4,096, where rounding is the error of
            the second order.
        order: 1, as in [1]: A from the state at the start of a step, first-order products; error
            in proportion to 1 / steps. 2: A from the state half a step on, symmetric products;
            error in proportion to 1 / steps^2 for twice the measurements and twice the gates.
        domain: Bonds by which supports are widened, 0 or more; None takes the whole system. An
            error that more steps do not lower is one of the domain.
        shots: Shots in each basis in which strings are measured, as many as
            `qcattn.preparations.measuring` allows; None takes expectation values as they are. A
            domain of q qubits takes (3^q + 1) / 2 bases a step where H is real, 3^q where it is
            not, and twice that in the second order.
        regularisation: A number that is added to the diagonal of the linear system, which holds
            ones. None takes 1e-6 for exact values and 10 / sqrt(shots), at most 1, for measured
            ones: enough that their noise is not amplified, at the price of an error of the same
            order. Strings whose gradient is below a tenth of it, or below 1e-3, are left out, in
            units of the root sum of squares of the terms' weights.
        backend: The backend that measures circuits, `Aer` if None.
        seed: Anything `numpy.random.default_rng` takes, from which each measurement of a domain
            gets its own; a fresh one if None. Without shots nothing is random.

    Example:
        >>> from qcattn.models.spins import ising
        >>> prepared = QITE(steps=4)(ising(2), beta=0.5)
        >>> prepared.kind, bool(prepared.error < 1e-3), prepared.resources.qubits
        ('thermal', True, 4)

    References:
        [1] M. Motta et al., Nat. Phys. 16, 205 (2020), arXiv:1901.07653, equations 1 to 4.
        [2] Y. C. Pati et al., Proc. 27th Asilomar Conf. Signals Syst. Comput. (1993), p. 40.
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "any"
    batched: ClassVar[bool] = False
    every_state: ClassVar[bool] = True
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Motta et al., Nat. Phys. 16, 205"
    closer: ClassVar[str] = "more `steps`"

    steps: int = 8
    order: int = 2
    domain: int | None = None
    shots: int | None = None
    regularisation: float | None = None
    backend: Callable[[Prepared, int, Any], Counts] | None = None
    seed: Any = 0

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ValueError: If one is out of its range, or would be ignored.
        """
        whole_number(self.steps, "steps", most=_MOST_STEPS, cure=_CURE)
        if self.domain is not None:
            whole_number(self.domain, "domain", least=0)
        if self.shots is not None:
            check_measured(self.shots, self.backend)
        if self.order not in (1, 2):
            raise ValueError(f"`order` must be 1 or 2, but is {self.order!r}")
        if self.regularisation is not None:
            check_positive(self.regularisation, "regularisation")
        if self.backend is not None and self.shots is None:
            raise ValueError("`backend` measures nothing without `shots`; give shots, say 1000")

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Find the circuit.

        Args:
            hamiltonian: One Hamiltonian, shape (), with an energy for every basis state.
            beta: Inverse temperature, positive.

        Returns:
            Prepared of shape () without parameters. ``error`` is the true trace distance of what
            the circuit gives from the Gibbs state, by dense linear algebra; ``spent`` the shots of
            all measurements.

        Raises:
            DoesNotFit: If there is more than one Hamiltonian, or keys are masked or missing.
            TooLarge: If the strings of a domain do not fit into memory; the message says how many
                strings and bytes, and which domain would do.
            ValueError: If beta is not positive and finite.
        """
        check_fits(self, hamiltonian)
        time = check_beta(beta) / 2
        unturned = replace(hamiltonian, basis=None)
        copies = 1 if unturned.is_diagonal else 2
        n = copies * hamiltonian.num_qubits
        check_bytes(4 * 16 * 4**hamiltonian.num_qubits, f"{hamiltonian.num_qubits} Bell pairs")
        domains = domains_of(unturned.operator, self.domain, copies)
        announce("finding the circuit of QITE", self._foreseen(domains, copies))
        rotations, spent = self._rotations(domains, n, copies, time)
        circuit = _circuit(hamiltonian, rotations, copies)
        return with_true_error(
            delivered(self, hamiltonian, circuit, spent=spent), hamiltonian, beta
        )

    def foreseen(self, hamiltonian: Hamiltonian) -> Forecast:
        """The time that finding the circuit takes, from the number of Pauli strings.

        Args:
            hamiltonian: One Hamiltonian, shape ().

        Raises:
            DoesNotFit, TooLarge: If the call raises it.
        """
        check_fits(self, hamiltonian)
        copies = 1 if hamiltonian.off_diagonal is None else 2
        operator = replace(hamiltonian, basis=None).operator
        return self._foreseen(domains_of(operator, self.domain, copies), copies)

    def _foreseen(self, domains: list[Domain], copies: int) -> Forecast:
        seconds = rotations = memory = 0.0
        parts = len(_splitting(domains, 1.0, self.order)) / len(domains) if domains else 0
        for domain in domains:
            q = len(domain.qubits)
            chosen = min(domain.rank, _CHOSEN * _GROWTH ** (q / copies))
            strings = 4.0**q / (2 if domain.real else 1)
            solved = self.steps * parts * self.order
            seconds += solved * strings * chosen * (_STRING + _OVERLAP * chosen)
            seconds += solved * len(bases(q, real=domain.real)) * (self.shots or 0) * SHOT
            rotations += self.steps * parts * self.order * chosen * 2 * q
            memory = max(memory, 8 * strings * chosen)
        return Forecast(seconds, round(memory), round(rotations))

    def _rotations(
        self, domains: list[Domain], n: int, copies: int, time: float
    ) -> tuple[_Rotations, int]:
        """Rotations that evolve the start for an imaginary time, and the shots spent on them."""
        seeds = np.random.SeedSequence(entropy(self.seed))
        state = self._start(n, copies)
        found: _Rotations = []
        spent = 0
        parts = _splitting(domains, time / self.steps, self.order) * self.steps
        for number, (domain, tau) in enumerate(parts):
            tell(number, len(parts), "steps of imaginary time")
            generator, shots = self._generator(state, domain, n, seeds)
            spent += shots
            if self.order == 2:
                halfway = _after(state, _product(generator, tau / 2, 1))
                generator, shots = self._generator(halfway, domain, n, seeds)
                spent += shots
            rotations = _product(generator, tau, self.order)
            state = _after(state, rotations)
            found += rotations
        return found, spent

    def _start(self, n: int, copies: int) -> np.ndarray | QuantumCircuit:
        """A vector where expectation values are exact, a circuit where they are measured."""
        sites = n // copies
        if self.shots is not None:
            circuit = QuantumCircuit(n)
            circuit.h(range(sites))
            if copies == 2:
                circuit.cx(range(sites), range(sites, n))
            return circuit
        state = np.zeros(2**n, dtype=complex)
        keys = np.arange(2**sites)
        state[keys if copies == 1 else keys | keys << sites] = 2 ** (-sites / 2)
        return state

    def _generator(
        self,
        state: np.ndarray | QuantumCircuit,
        domain: Domain,
        n: int,
        seeds: np.random.SeedSequence,
    ) -> tuple[_Rotations, int]:
        """Strings of A on all qubits with their coefficients, and the shots spent."""
        spent, regularisation = 0, 1e-6
        if isinstance(state, QuantumCircuit):
            assert self.shots is not None
            regularisation = min(1.0, 10 / self.shots**0.5)
            backend = Aer() if self.backend is None else self.backend
            (seed,) = seeds.spawn(1)
            values, spent = measured_expectations(
                state, domain.qubits, real=domain.real, shots=self.shots, backend=backend, seed=seed
            )
        else:
            values = expectations(state, domain.qubits)
        if self.regularisation is not None:
            regularisation = self.regularisation
        strings, coefficients = pursued(values, domain, regularisation)
        everywhere = [placed(int(string), domain.qubits, n) for string in strings]
        return list(zip(everywhere, coefficients.tolist(), strict=True)), spent


def _splitting(domains: list[Domain], tau: float, order: int) -> list[tuple[Domain, float]]:
    """Parts in the order in which a step takes them, and for how long each."""
    if order == 1:
        return [(domain, tau) for domain in domains]
    half = [(domain, tau / 2) for domain in domains[:-1]]
    return half + [(domain, tau) for domain in domains[-1:]] + half[::-1]


def _product(generator: _Rotations, tau: float, order: int) -> _Rotations:
    """exp(-i tau A) as a product of rotations, of the first order or symmetric."""
    if order == 1:
        return [(string, tau * a) for string, a in generator]
    half = [(string, tau * a / 2) for string, a in generator[:-1]]
    return half + [(string, tau * a) for string, a in generator[-1:]] + half[::-1]


def _after(
    state: np.ndarray | QuantumCircuit, rotations: _Rotations
) -> np.ndarray | QuantumCircuit:
    if isinstance(state, QuantumCircuit):
        state = state.copy()
        for string, angle in rotations:
            append_rotation(state, string, angle)
        return state
    for string, angle in rotations:
        state = rotated(state, string, angle)
    return state


def _circuit(hamiltonian: Hamiltonian, rotations: _Rotations, copies: int) -> QuantumCircuit:
    sites = hamiltonian.num_qubits
    system = QuantumRegister(sites, "system")
    partner = QuantumRegister(sites, "partner")
    key = ClassicalRegister(sites, "key")
    evolved = QuantumCircuit(copies * sites)
    for string, angle in rotations:
        append_rotation(evolved, string, angle)
    circuit = QuantumCircuit(system, partner, key, name="qite")
    circuit.h(system)
    if copies == 2:
        circuit.cx(system, partner)
    circuit.compose(evolved, [*system, *partner][: copies * sites], inplace=True)
    if copies == 1:
        circuit.cx(system, partner)
    if hamiltonian.basis is not None:
        append_basis(circuit, hamiltonian, system)
        circuit.assign_parameters(hamiltonian.basis.ravel(), inplace=True)
    circuit.measure(system, key)
    return compiled(circuit)
