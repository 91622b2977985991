"""Amplitude amplification of the heralded thermal state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector

from qcattn.errors import DoesNotFit
from qcattn.preparations.basis import append_basis
from qcattn.preparations.delivery import delivered
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.gates import compiled
from qcattn.preparations.heralded import (
    append_herald,
    append_uniform,
    herald_angles,
    num_herald_angles,
)
from qcattn.preparations.keeping import check_kept
from qcattn.preparations.reference import heralding_probability, populations
from qcattn.records import Hamiltonian, Prepared

__all__ = ["Amplified"]

_SLACK = 1e-9


@dataclass(frozen=True)
class Amplified:
    r"""`Heralded`, with its success raised by amplitude amplification.

    Thermal: the circuit knows energies and beta. `Heralded` is kept with probability
    :math:`s = Z e^{\beta E_0}/2^n`; about :math:`1/\sqrt s` reflections raise that to nearly one,
    where repeating it would take 1/s shots. Let :math:`A|0\rangle = \sqrt s\,|g\rangle|0\rangle +
    \sqrt{1-s}\,|b\rangle|1\rangle` on n + 1 qubits, the ancilla last. A round is a phase on
    :math:`|0\rangle` of the ancilla, then one on :math:`A|0\rangle`. Only when all rounds are done
    is :math:`|g\rangle` copied to a partner, which leaves the system in the Gibbs state; until then
    the partner is room for the AND of n qubits that the second phase needs.

    *Success not given* (the default): fixed-point amplification [1]. l rounds, hence L = 2 l + 1
    calls of A or its inverse, with the phases
    :math:`\alpha_j = -\beta_{l-j+1} = 2 \operatorname{arccot}(\tan(2\pi j/L)\sqrt{1-\gamma^2})`,
    :math:`1/\gamma = T_{1/L}(1/\delta)`, keep a shot with probability
    :math:`1 - \delta^2 T_L(T_{1/L}(1/\delta)\sqrt{1-s})^2`, at least :math:`1-\delta^2` whenever
    :math:`s \geq 1-\gamma^2`: rounds more than needed do no harm. L is the smallest odd number,
    about :math:`\ln(2/\delta)/\sqrt w`, for which :math:`1-\gamma^2 \leq w`, the lower bound

    .. math:: s \geq w = \max_j\; (j/2^n)\, e^{-\beta(\bar E_j - E_0)},

    :math:`\bar E_j` being the mean of the j lowest energies (Jensen's inequality for the average
    of :math:`e^{-\beta(E - E_0)}` over these); no sum of Boltzmann factors is taken. All rows share
    one template, which is made for the smallest w among them.

    *Success given*: as many plain rounds (phases pi) as the smallest given s needs to lose no more
    than delta^2 of the shots, the least k with
    :math:`(2k+1)\arcsin\sqrt s \geq \arccos\delta`, about :math:`(\pi/4)/\sqrt s`, and none if s
    is nearly one. Where they would overshoot, a row's angles are damped by a common factor r with
    :math:`r^2 s = \sin^2(\pi/(4k+2))`, and every shot is kept [2, section 2.1]. The probability
    that is claimed is the one that the circuit has,
    :math:`\sin^2((2k+1)\arcsin\sqrt{r^2 s'})` with the true s' of the reference: if the given s is
    wrong, it shows there, and the kept shots are thermal all the same.

    It has 2 n + 1 qubits; a round takes about 2^(n+1) + 8 n rotations and 2^(n+1) + 6 n - 6 cx for
    n binary qubits.

    Attributes:
        success: Probability s that `Heralded` keeps a shot, if known, scalar or of shape (...);
            None if not.
        delta: A shot is lost with probability delta^2 at most; above 0, below 1.

    Example:
        >>> from qcattn.encodings import Binary
        >>> h = Binary()([0.0, 9.0, 1.0, -1.0, 0.0, 0.0, 1.0, 2.0])
        >>> from qcattn.preparations.heralded import Heralded
        >>> s = Heralded()(h, beta=1.0).success
        >>> prepared = Amplified()(h, beta=1.0)
        >>> prepared.circuit.metadata, float(prepared.success.round(4))
        ({'rounds': 4, 'calls': 9}, 0.9998)
        >>> told = Amplified(success=s)(h, beta=1.0)
        >>> told.circuit.metadata, float(s.round(4)), float(told.success.round(4))
        ({'rounds': 2, 'calls': 5}, 0.1252, 1.0)

    References:
        [1] T. J. Yoder, G. H. Low and I. L. Chuang, Phys. Rev. Lett. 113, 210501 (2014).
        [2] G. Brassard, P. Hoyer, M. Mosca and A. Tapp, Contemp. Math. 305, 53 (2002),
            arXiv:quant-ph/0005055.
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "diagonal"
    batched: ClassVar[bool] = True
    every_state: ClassVar[bool] = False
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Yoder, Low, Chuang, PRL 113, 210501"

    success: ArrayLike | None = None
    delta: float = 0.1

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: Diagonal in the computational or in a `Rotated` basis, shape (...).
            beta: Inverse temperature, positive, scalar or of shape (...).

        Returns:
            Prepared of shape (...); the metadata of its circuit say how many rounds it takes.

        Raises:
            DoesNotFit: If the Hamiltonian has terms that do not commute, or the success given is
                smaller than it can be, or so wrong that no shot would be kept.
            ValueError: If beta is not positive and finite, delta not between 0 and 1, or the
                success given is of another shape.
        """
        check_fits(self, hamiltonian)
        if not 0 < self.delta < 1:
            raise ValueError(f"`delta` must be above 0 and below 1, but is {self.delta!r}")
        distribution = populations(hamiltonian, beta)
        heralding = heralding_probability(hamiltonian, beta)
        keep: np.ndarray | float
        if self.success is None:
            rounds = _fixed_point_rounds(_at_least(hamiltonian, beta).min(initial=1.0), self.delta)
            starts, targets = _fixed_point_phases(rounds, self.delta)
            keep, success = 1.0, _fixed_point_success(heralding, rounds, self.delta)
        else:
            given = _given(self.success, hamiltonian)
            rounds = _plain_rounds(given.min(initial=1.0), self.delta)
            starts = targets = np.full(rounds, np.pi)
            keep = np.minimum(math.sin(math.pi / (4 * rounds + 2)) / np.sqrt(given), 1.0)
            success = _plain_success(keep**2 * heralding, rounds)
            check_kept(success, "mend the `success` given to Amplified, or leave it out")
        return delivered(
            self,
            hamiltonian,
            _circuit(hamiltonian, starts, targets),
            values=herald_angles(hamiltonian, beta, keep=keep),
            distribution=distribution,
            success=success,
        )


def _circuit(hamiltonian: Hamiltonian, starts: np.ndarray, targets: np.ndarray) -> QuantumCircuit:
    """Rounds of a phase exp(i target) on the herald's zero and exp(-i start) on A|0>."""
    n = hamiltonian.num_qubits
    system = QuantumRegister(n, "system")
    partner = QuantumRegister(n, "partner")
    ancilla = QuantumRegister(1, "ancilla")
    key = ClassicalRegister(n, "key")
    herald = ClassicalRegister(1, "herald")
    superpose = QuantumCircuit(system, ancilla)
    append_uniform(superpose, hamiltonian, system)
    angles = ParameterVector("a", num_herald_angles(hamiltonian))
    append_herald(superpose, angles, hamiltonian, system, ancilla[0])
    undo = superpose.inverse()
    circuit = QuantumCircuit(system, partner, ancilla, key, herald, name="amplified")
    ends = [*system, *ancilla]
    circuit.compose(superpose, ends, inplace=True)
    for start, target in zip(starts, targets, strict=True):
        circuit.rz(-target, ancilla)
        circuit.compose(undo, ends, inplace=True)
        _append_phase_of_zero(circuit, -start, ends, list(partner)[: n - 1])
        circuit.compose(superpose, ends, inplace=True)
    circuit.cx(system, partner)
    append_basis(circuit, hamiltonian, system)
    circuit.measure(system, key)
    circuit.measure(ancilla, herald)
    circuit.metadata = {"rounds": len(starts), "calls": 2 * len(starts) + 1}
    return compiled(circuit)


def _append_phase_of_zero(
    circuit: QuantumCircuit, phase: float, qubits: list, workspace: list
) -> None:
    r"""Append exp(i phase) on \|0...0>: a chain of ANDs, a controlled phase, the chain undone.

    Each AND is a Toffoli gate up to phases, three cx; it is its own inverse, phases and all.

    Args:
        circuit: The circuit to append to.
        phase: The phase, radians.
        qubits: The qubits, two or more.
        workspace: Qubits of the workspace, two fewer, in \|0>, where they are left.
    """
    circuit.x(qubits)
    heads = [qubits[0], *workspace]
    chain = list(zip(heads, qubits[1:], workspace, strict=False))
    for triple in chain:
        circuit.rccx(*triple)
    circuit.cp(phase, heads[-1], qubits[-1])
    for triple in chain[::-1]:
        circuit.rccx(*triple)
    circuit.x(qubits)


def _at_least(hamiltonian: Hamiltonian, beta: ArrayLike) -> np.ndarray:
    """Lower bound on the success of `Heralded`, shape (...), from means of the lowest energies."""
    energies = np.sort(hamiltonian.energies, axis=-1)
    rank = np.arange(1, energies.shape[-1] + 1)
    with np.errstate(over="ignore"):
        above = energies - energies[..., :1]
        mean = np.cumsum(above / energies.shape[-1], axis=-1) * (energies.shape[-1] / rank)
        share = rank * np.exp(-np.asarray(beta, dtype=float)[..., None] * mean)
    return share.max(axis=-1) / num_herald_angles(hamiltonian)


def _fixed_point_rounds(at_least: float, delta: float) -> int:
    """The smallest l for which L = 2 l + 1 has tanh^2(arcosh(1/delta)/L) <= at_least."""
    if at_least >= 1:
        return 0
    calls = math.acosh(1 / delta) / math.atanh(math.sqrt(at_least))
    return max(0, math.ceil((calls - 1) / 2 - _SLACK))


def _fixed_point_phases(rounds: int, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Phases alpha (of the start) and beta (of the target) of [1, equation 11]."""
    calls = 2 * rounds + 1
    width = math.tanh(math.acosh(1 / delta) / calls)  # sqrt(1 - gamma^2)
    turn = np.tan(2 * np.pi * np.arange(1, rounds + 1) / calls) * width
    starts = 2 * np.arctan2(1.0, turn)
    return starts, -starts[::-1]


def _fixed_point_success(heralding: np.ndarray, rounds: int, delta: float) -> np.ndarray:
    """1 - delta^2 T_L(x)^2 with x = T_{1/L}(1/delta) sqrt(1 - s)."""
    calls = 2 * rounds + 1
    x = math.cosh(math.acosh(1 / delta) / calls) * np.sqrt(np.maximum(1 - heralding, 0.0))
    inside = np.cos(calls * np.arccos(np.minimum(x, 1.0)))
    outside = np.cosh(calls * np.arccosh(np.maximum(x, 1.0)))
    return 1 - (delta * np.where(x < 1, inside, outside)) ** 2


def _given(success: ArrayLike, hamiltonian: Hamiltonian) -> np.ndarray:
    """The success that the caller states, shape (...), checked."""
    try:
        given = np.broadcast_to(np.asarray(success, dtype=float), hamiltonian.shape)
    except (TypeError, ValueError) as error:
        raise DoesNotFit(
            f"`success` must be numbers that broadcast to the shape {hamiltonian.shape} of the "
            f"Hamiltonian, but is {success!r}; give one, or one a row"
        ) from error
    least = 1 / num_herald_angles(hamiltonian)
    wrong = ~((given >= least * (1 - _SLACK)) & (given <= 1 + _SLACK))
    if wrong.any():
        raise DoesNotFit(
            f"`success` must be a probability of {least:.3g} or more, since the lowest of the "
            f"states is always kept, but holds {given[wrong].flat[0]}; give what Heralded predicts "
            "or counts, or leave it out"
        )
    return np.minimum(given, 1.0)


def _plain_rounds(smallest: float, delta: float) -> int:
    """The smallest k with sin^2((2 k + 1) arcsin sqrt(smallest)) at least 1 - delta^2."""
    calls = math.acos(delta) / math.asin(math.sqrt(smallest))
    return max(0, math.ceil((calls - 1) / 2 - _SLACK))


def _plain_success(heralding: np.ndarray, rounds: int) -> np.ndarray:
    """sin^2((2 k + 1) arcsin sqrt(s))."""
    return np.sin((2 * rounds + 1) * np.arcsin(np.sqrt(np.minimum(heralding, 1.0)))) ** 2
