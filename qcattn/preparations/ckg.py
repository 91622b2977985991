"""The exact Gibbs sampler of Chen, Kastoryano and Gilyen, in short steps on one ancilla."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, log, sqrt
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli
from scipy.linalg import expm, lu_factor, lu_solve

from qcattn.arguments import check_alpha, check_beta, check_positive, whole_number
from qcattn.errors import DoesNotFit, TooLarge
from qcattn.forecast import Forecast, announce
from qcattn.plurals import plural
from qcattn.preparations.costs import MULTIPLICATION, eigen_seconds
from qcattn.preparations.delivery import delivered
from qcattn.preparations.dilation import Repeated, steps_on_keys, steps_on_states
from qcattn.preparations.energy_filter import Rates, filtered_jumps, transition_weight
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.lindblad import coherent, frequencies, gap, lindbladian
from qcattn.preparations.pauli_strings import labels_of
from qcattn.progress import tell
from qcattn.records import Hamiltonian, Prepared

__all__ = ["CKG"]

#: The most that delta L+L may be: at 1 a jump is certain.
_CERTAIN = 0.9
#: Share of the rate that jumps carry at least; what is left out slows the mixing a little.
_KEPT = 0.95
#: Where a state moves less than this in the time that it should relax in, its steps are too long.
_STALLED = 0.8
#: Rate below which there are several fixed points, or none that is told from others.
_FROZEN = 1e-10
#: Qubits up to which an H that is not diagonal is taken: one more is 16 times as many gates.
_MOST_QUBITS = 4
#: Jumps of a Pauli string, about, and seconds for an angle of a dense gate.
_JUMPS, _TURN = 5, 4e-4


@dataclass(frozen=True)
class CKG:
    r"""Thermal state as the fixed point of a Lindbladian whose jumps are filtered in energy.

    Thermal: the circuit knows H and beta. Each coupling A, a Pauli string, is smeared over energies
    by a Gaussian of standard deviation ``width``, and jumps at the rates gamma(omega) [1]:

    .. math:: \mathcal L(\rho) = -i[G, \rho] + \sum_A \int d\omega\,\gamma(\omega)
        \left(A(\omega)\rho A(\omega)^\dagger
        - \tfrac12\{A(\omega)^\dagger A(\omega), \rho\}\right).

    With the coherent term :math:`G_{ij} = \tfrac i2 \tanh(\beta(E_i - E_j)/4)\,
    (\sum_A\int\gamma A^\dagger A)_{ij}` the Gibbs state is the exact fixed point, whatever the
    width; without it it is not, where H does not commute with what jumps. The integral is a sum
    of a few jumps (`qcattn.preparations.energy_filter`), those of least rate left out, which
    leaves the fixed point as it is.

    A step of length delta is a short evolution under G of its jump L and then the weak measurement
    :math:`\sqrt{1 - \delta L^\dagger L},\ \sqrt\delta L` of an ancilla that is reset. All jumps in
    turn are a sweep. This follows the Lindbladian up to the square of delta, so that what the
    sweeps lead to lies off by an amount of order delta; `DetailedBalance` has steps without this
    error, for other jumps. Delta is halved until the state comes within ``error``. What is
    claimed is the distance from the fixed point of the Lindbladian: the difference d solves
    :math:`\mathcal L(d) = \mathcal L(\rho)`, for which no Gibbs state is needed.

    Where H is diagonal, or turned by a known basis, the Lindbladian is a Markov chain on the keys,
    which steps of any length follow.

    One step on n qubits is two dense gates on the system and two multiplexed rotations. The
    Lindbladian and the dense gates grow as 16**n and 4**n: a ring of 1, 2, 3, 4 spins at beta = 1
    takes some 60, 1,000, 40,000, 300,000 cx, and five are refused.

    Attributes:
        error: Trace distance from the Gibbs state to come within, between 0 and 1.
        couplings: Labels of Pauli strings, qubit 0 rightmost. None given: X and Z at each site,
            or, where H is diagonal, all 2**n - 1 strings of X, which join each pair of keys.
        rates: ``"metropolis"``, gamma = min(1, e^-(omega + s^2/2)), or ``"gaussian"``,
            gamma = e^(-(omega + (s^2 + 1)/2)^2 / 2), which is slow where energies lie far apart;
            omega and s in units of 1/beta.
        width: Standard deviation s of the filter, in units of 1/beta.
        step: Longest delta; steps whose jumps would be certain are shortened.
        most_sweeps: Rounds through all jumps before giving up.

    Example:
        >>> from qcattn.models.spins import ising
        >>> prepared = CKG()(ising(2, field=1.2), beta=1.0)
        >>> prepared.kind, prepared.resources.qubits, bool(prepared.error < 0.01)
        ('thermal', 3, True)
        >>> prepared.distribution.round(1).tolist()
        [0.4, 0.1, 0.1, 0.4]

    References:
        [1] C.-F. Chen, M. Kastoryano and A. Gilyen, arXiv:2311.09207.
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "any"
    batched: ClassVar[bool] = False
    every_state: ClassVar[bool] = True
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Chen, Kastoryano, Gilyén, arXiv:2311.09207"
    closer: ClassVar[str] = "a smaller `error`"

    error: float = 1e-2
    couplings: tuple[str, ...] = ()
    rates: Rates = "metropolis"
    width: float = 1.0
    step: float = 0.5
    most_sweeps: int = 10_000

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ValueError: If one of them is out of range.
        """
        for name in ("error", "step"):
            check_alpha(getattr(self, name), name)
        if self.rates not in ("metropolis", "gaussian"):
            raise ValueError(f"`rates` must be 'metropolis' or 'gaussian', but is {self.rates!r}")
        check_positive(self.width, "width")
        whole_number(self.most_sweeps, "most_sweeps")

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: One Hamiltonian with an energy for every basis state, shape ().
            beta: Inverse temperature, one positive number.

        Returns:
            Prepared of shape ().

        Raises:
            DoesNotFit: If the Hamiltonian has several rows, masked keys or padding, a label in
                ``couplings`` does not fit it, or ``most_sweeps`` are too few to come within
                ``error``.
            TooLarge: If it has more than 4 qubits and is not diagonal, or the circuit does not fit
                into memory.
            ValueError: If beta is not one positive, finite number.
        """
        check_fits(self, hamiltonian)
        made = self._found(hamiltonian, check_beta(beta))
        sweeps = made.found.sweeps
        return delivered(
            self,
            hamiltonian,
            made.steps.circuit(sweeps, made.start, "ckg"),
            distribution=made.steps.read(hamiltonian, made.populations),
            error=min(1.0, made.found.away + made.steps.error(sweeps)),
        )

    def sweep(self, hamiltonian: Hamiltonian, beta: float) -> QuantumCircuit:
        """One round through all jumps; the ancilla ends in zero.

        Where H is not diagonal the steps are as short as a call takes them, so that what many
        sweeps keep lies about ``error`` from the Gibbs state.

        Args:
            hamiltonian: One Hamiltonian that it takes, shape (), not turned by a basis.
            beta: Inverse temperature, positive.

        Raises:
            DoesNotFit: If the call raises it.
            TooLarge: If the call raises it.
        """
        return self._found(hamiltonian, beta).steps.single

    def _found(self, hamiltonian: Hamiltonian, beta: float) -> _Steps:
        """The steps, and what they lead to."""
        labels = self._labels(hamiltonian)
        if hamiltonian.off_diagonal is None:
            return self._on_keys(hamiltonian, beta, labels)
        if hamiltonian.num_qubits > _MOST_QUBITS:
            raise TooLarge(
                f"`hamiltonian` has {plural(hamiltonian.num_qubits, 'qubit')} and is not "
                f"diagonal, and CKG takes at most {_MOST_QUBITS} there, which is a million gates; "
                "take fewer, or DetailedBalance"
            )
        announce("finding the steps of CKG", self.foreseen(hamiltonian))
        return self._on_states(hamiltonian, beta, labels)

    def foreseen(self, hamiltonian: Hamiltonian) -> Forecast:
        """The time that finding the steps takes; their number, and so the gates, is part of it.

        Args:
            hamiltonian: One Hamiltonian that it takes, shape ().
        """
        n = hamiltonian.num_qubits
        if hamiltonian.off_diagonal is None:
            return Forecast(_TURN * 4.0**n, 4 * 8 * 4**n)
        jumps = _JUMPS * len(self._labels(hamiltonian))
        dense = MULTIPLICATION * 30 * 64.0**n + jumps * (4e-8 * 16.0**n + _TURN * 4.0**n)
        return Forecast(dense + eigen_seconds(hamiltonian), 4 * 16 * 16**n)

    def _labels(self, hamiltonian: Hamiltonian) -> tuple[str, ...]:
        return labels_of(hamiltonian, self.couplings, "XZ", "couplings")

    def _on_keys(self, hamiltonian: Hamiltonian, beta: float, labels: tuple[str, ...]) -> _Steps:
        """The steps where H is diagonal: a key changes at the rate alpha(nu, nu)."""

        def moved(gained: np.ndarray) -> np.ndarray:
            nu = beta * gained
            share = transition_weight(nu, nu, self.rates, self.width)
            shorter: np.ndarray = min(self.step, _CERTAIN / share.max()) * share
            return shorter

        steps, chain = steps_on_keys(hamiltonian, labels, moved)
        size = len(chain)
        start = int(np.argmin(hamiltonian.diagonal()))
        relaxing = _checked(1 - float(np.sort(np.abs(np.linalg.eigvals(chain)))[-2]))
        away = _Away(chain - np.eye(size), np.ones(size))
        found = self._sweeps(np.eye(size)[start], lambda state: chain @ state, away, relaxing)
        return _Steps(steps, start, found, found.state)

    def _on_states(self, hamiltonian: Hamiltonian, beta: float, labels: tuple[str, ...]) -> _Steps:
        """The steps where H is any matrix."""
        energies, vectors = np.linalg.eigh(hamiltonian.matrix)
        nu = frequencies(energies, beta)
        jumps = [
            one
            for label in labels
            for one in filtered_jumps(
                vectors.conj().T @ Pauli(label).to_matrix() @ vectors,
                nu,
                self.rates,
                self.width,
                _KEPT,
            )
        ]
        generator = lindbladian(jumps, nu)
        relaxing = _checked(gap(generator))
        away = _Away(generator, np.eye(len(nu)).ravel())
        start = int(np.argmin(np.diagonal(hamiltonian.matrix).real))
        state = np.outer(vectors[start].conj(), vectors[start])
        certain = max(float(np.linalg.norm(one, 2)) ** 2 for one in jumps)
        delta = min(self.step, _CERTAIN / certain)
        while True:
            steps = [_weak(one, nu, delta) for one in jumps]
            found = self._sweeps(state, partial(_through, steps), away, relaxing * delta)
            if found.away <= self.error:
                break
            delta /= 2
        turned = [
            (vectors @ k @ vectors.conj().T, vectors @ j @ vectors.conj().T) for k, j in steps
        ]
        populations = np.einsum("xi,ij,xj->x", vectors, found.state, vectors.conj()).real
        return _Steps(steps_on_states(turned), start, found, populations)

    def _sweeps(
        self,
        state: np.ndarray,
        sweep: Callable[[np.ndarray], np.ndarray],
        away: _Away,
        relaxing: float,
    ) -> _Found:
        """Sweeps until the state comes within the error, or stays farther away.

        Raises:
            DoesNotFit: If there are more than `most_sweeps`, or would be.
        """
        usual = log(1 / self.error) / relaxing
        last, distances = ceil(1 / relaxing), [away(state)]
        while distances[-1] > self.error:
            needed = max(usual, len(distances))
            if needed > self.most_sweeps:
                raise DoesNotFit(
                    f"`most_sweeps` must be {ceil(needed):,} or more to come within `error` = "
                    f"{self.error:g}, but is {self.most_sweeps:,}; take more, a larger error, or a "
                    "higher temperature"
                )
            if len(distances) > last and distances[-1] > _STALLED * distances[-1 - last]:
                break
            tell(len(distances), max(len(distances) + 1, ceil(usual)), "sweeps")
            state = sweep(state)
            distances.append(away(state))
        return _Found(state, len(distances) - 1, distances[-1])


@dataclass(frozen=True)
class _Found:
    """What so many sweeps lead to: a state, and how far it is from the fixed point."""

    state: np.ndarray
    sweeps: int
    away: float


@dataclass(frozen=True)
class _Steps:
    """Gates of a sweep, the basis state they start from, and what so many sweeps lead to."""

    steps: Repeated
    start: int
    found: _Found
    populations: np.ndarray


class _Away:
    """Trace distance from the fixed point of a generator, without that fixed point.

    Args:
        generator: The generator of populations, shape (N, N), or of states, row by row, shape
            (N**2, N**2).
        trace: What a state is multiplied with to give its trace.
    """

    def __init__(self, generator: np.ndarray, trace: np.ndarray) -> None:
        self.generator = generator
        # Where traces vanish this is the generator; it has an inverse if there is one fixed point.
        whole = generator - np.outer(trace, trace) / trace.sum()
        self.inverse = lu_factor(whole, check_finite=False)

    def __call__(self, state: np.ndarray) -> float:
        """The distance of a state, shape (N, N), or of populations, shape (N,)."""
        difference = lu_solve(self.inverse, self.generator @ state.ravel(), check_finite=False)
        if state.ndim == 2:
            difference = np.linalg.eigvalsh(difference.reshape(state.shape))
        return float(np.abs(difference).sum()) / 2


def _checked(relaxing: float) -> float:
    """The rate, if it is one."""
    if relaxing < _FROZEN:
        raise DoesNotFit(
            f"`couplings` do not join all states, or not within any time that a computer can tell: "
            f"they relax at the rate {max(relaxing, 0.0):.1g}; take others, a smaller `width`, or "
            "a higher temperature"
        )
    return relaxing


def _weak(jump: np.ndarray, nu: np.ndarray, delta: float) -> tuple[np.ndarray, ...]:
    """Kraus operators of a step: no jump and a jump, after the evolution of its coherent term."""
    turn = expm(-1j * delta * coherent([jump], nu))
    values, vectors = np.linalg.eigh(np.eye(len(nu)) - delta * jump.conj().T @ jump)
    stays = (vectors * np.sqrt(values)) @ vectors.conj().T
    return stays @ turn, sqrt(delta) * jump @ turn


def _turned(vectors: np.ndarray, *matrices: np.ndarray) -> tuple[np.ndarray, ...]:
    """Matrices in the eigenbasis, in the basis states."""
    return tuple(vectors @ one @ vectors.conj().T for one in matrices)


def _through(steps: Sequence[tuple[np.ndarray, ...]], state: np.ndarray) -> np.ndarray:
    """A state after all the steps."""
    for stays, moves in steps:
        state = stays @ state @ stays.conj().T + moves @ state @ moves.conj().T
    return state
