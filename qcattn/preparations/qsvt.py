"""Imaginary time by quantum singular value transformation, for any Hamiltonian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.arguments import check_beta
from qcattn.errors import DoesNotFit
from qcattn.forecast import Forecast, announce
from qcattn.preparations.amplitudes import amplitude_angles, append_amplitudes
from qcattn.preparations.basis import append_basis, with_basis
from qcattn.preparations.block_encoding import (
    BlockEncoding,
    append_amplitude_of_labels,
    append_label_phase,
    append_select_phase,
    block_encoding,
)
from qcattn.preparations.costs import eigen_seconds
from qcattn.preparations.delivery import delivered
from qcattn.preparations.fitting import check_fits
from qcattn.preparations.gates import compiled
from qcattn.preparations.keeping import check_kept
from qcattn.preparations.polynomials import (
    FINEST,
    LARGEST,
    bessel_degree,
    exponential,
    phases_of,
)
from qcattn.records import Hamiltonian, Prepared, check_bytes

__all__ = ["QSVT"]

#: The least error: that of a polynomial accurate to FINEST at beta = 0.
_LEAST = 2.5 * FINEST
#: How far above the lowest energy a bound may lie, a share of the largest energy.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class QSVT:
    r"""Thermal state of any Hamiltonian by a polynomial of its block encoding.

    Thermal: :math:`e^{-\beta(H-E)/2}`, E a lower bound of the spectrum, is applied to Bell pairs
    [1], and a shot is kept if all ancillas read zero. With the Pauli strings of
    :math:`H = c + \sum_l w_l P_l`, :math:`\lambda=\sum_l |w_l|` and labels l on m qubits,
    :math:`x = (H-c)/\lambda` is the corner :math:`\langle G|S|G\rangle` of a reflection S (see
    `block_encoding`). The product of phases
    :math:`e^{i\phi Z R}e^{i\phi' Z S}\cdots`, R the reflection about G and Z on one more ancilla in
    \|+>, is quantum signal processing [2, 3] of the singular value :math:`\sqrt{(1+x)/2}`: 2d
    phases apply any real polynomial P of degree d in x, without regard to parity, if \|P\| is at
    most 1 on [-1, 1]. Each unit of degree takes G and its inverse once, and S once.

    Degree. P is within :math:`\epsilon a` of :math:`a e^{-\beta(H-E)/2}` on the spectrum, by Bessel
    functions or, where E > c - lambda, by a linear program (see `exponential`), which trades a
    factor a^2 of the success for degree, so that a kept shot costs the fewest gates. It grows like
    :math:`\sqrt{\beta\lambda\ln(1/\epsilon)}`.

    Error. Let :math:`S = \sum_k e^{-\beta(E_k-E)}` over the D states of the support. The states
    :math:`P^2/D` and :math:`a^2 e^{-\beta(H-E)}/D` before normalisation differ by at most
    :math:`a^2(2\epsilon\sqrt{S D}+\epsilon^2 D)/D` in trace norm (Cauchy-Schwarz), hence the
    normalised ones by at most :math:`2r+r^2` in trace distance, :math:`r=\epsilon\sqrt{D/S}`. S is
    not known, but :math:`S/D` is at least :math:`e^{-\beta(\bar E-E)}` with the mean energy
    (convexity) and :math:`e^{-\beta(E_{min}-E)}/D` with the least diagonal energy; epsilon is set
    by the larger of the two so that 2r + r^2 is at most ``error``, less a tenth for the phases.

    Success. The probability is :math:`a^2 S/D`, which is :math:`a^2` times that of `Heralded` where
    E is the lowest energy. E is the lowest energy of a diagonal Hamiltonian, else the least
    diagonal energy minus the weights of all other strings, unless ``ground_energy`` is higher.

    It has 2 n + m + 1 qubits. One-hot codewords, masked keys and padding are left out of the Bell
    pairs.

    Attributes:
        error: Trace distance from the Gibbs state that is claimed, between 2.5e-12 and 1.
        ground_energy: A lower bound of the spectrum of H, in units of k_B T at beta = 1, where a
            better one is known; it raises the success. None: the bound above.

    Example:
        >>> from qcattn.models.spins import ising
        >>> prepared = QSVT(error=1e-3)(ising(2), beta=0.5)
        >>> prepared.kind, prepared.resources.qubits, float(prepared.success.round(4))
        ('thermal', 7, 0.3147)
        >>> prepared.distribution.round(3).tolist()
        [0.35, 0.15, 0.15, 0.35]

    References:
        [1] D. Poulin and P. Wocjan, Phys. Rev. Lett. 103, 220502 (2009).
        [2] A. Gilyen, Y. Su, G. H. Low and N. Wiebe, STOC 2019, arXiv:1806.01838.
        [3] Y. Dong, L. Lin, H. Ni and J. Wang, SIAM J. Sci. Comput. 46, A2951 (2024),
            arXiv:2307.12468.
    """

    takes: ClassVar[Literal["diagonal", "any"]] = "any"
    batched: ClassVar[bool] = False
    every_state: ClassVar[bool] = False
    kind: ClassVar[Literal["told", "thermal"]] = "thermal"
    source: ClassVar[str] = "Gilyén et al., arXiv:1806.01838"
    closer: ClassVar[str] = "a smaller `error`"

    error: float = 1e-6
    ground_energy: float | None = None

    def __call__(self, hamiltonian: Hamiltonian, *, beta: ArrayLike) -> Prepared:
        """Prepare.

        Args:
            hamiltonian: Any one, shape ().
            beta: Inverse temperature, positive.

        Returns:
            Prepared of shape (), its circuit without parameters.

        Raises:
            DoesNotFit: If there is more than one Hamiltonian, ``ground_energy`` is above the lowest
                energy, the degree is beyond what phases are found for, or next to no shot would be
                kept.
            TooLarge: If a dense matrix for ``distribution`` of a Hamiltonian that is not diagonal
                would not fit into memory.
            ValueError: If beta is not positive and finite, or an attribute is out of range.
        """
        check_fits(self, hamiltonian)
        beta = check_beta(beta)
        if not _LEAST < self.error < 1:
            raise ValueError(
                f"`error` must be between {_LEAST:g} (double precision allows no less) and 1, but "
                f"is {self.error!r}"
            )
        if hamiltonian.off_diagonal is not None:
            check_bytes(32 * 4**hamiltonian.num_qubits, "the eigenvectors for `distribution`")
            announce("the exact distribution of QSVT", self.foreseen(hamiltonian))
        encoding = block_encoding(hamiltonian)
        low, high = _bounds(hamiltonian, self.ground_energy)
        if encoding.norm * beta > FINEST:
            polynomial = _polynomial(hamiltonian, encoding, beta, low, high, self.error)
        else:
            polynomial = np.ones(1)  # all energies are equal
        distribution, success = _outcome(hamiltonian, encoding, polynomial, low)
        check_kept(success, "lower `beta`, or give a `ground_energy` closer to the true one")
        return delivered(
            self,
            hamiltonian,
            _circuit(hamiltonian, encoding, polynomial),
            distribution=distribution,
            success=success,
            error=self.error,
        )

    def foreseen(self, hamiltonian: Hamiltonian) -> Forecast:
        """The time that the dense linear algebra for its distribution takes.

        Args:
            hamiltonian: One Hamiltonian that it takes, shape ().
        """
        return Forecast(eigen_seconds(hamiltonian), 32 * 4**hamiltonian.num_qubits)


def _bounds(hamiltonian: Hamiltonian, ground_energy: float | None) -> tuple[float, float]:
    """Energies between which the spectrum lies."""
    energies = hamiltonian.energies[np.isfinite(hamiltonian.energies)]
    rest = hamiltonian.off_diagonal
    reach = 0.0 if rest is None else float(np.abs(rest.coeffs).sum())
    least, most = float(energies.min()), float(energies.max())
    if ground_energy is None:
        return least - reach, most + reach
    slack = _ROUNDING * (np.abs(energies).max() + reach)
    if not (np.isfinite(ground_energy) and ground_energy <= least + slack):
        raise DoesNotFit(
            f"`ground_energy` must be a lower bound of the spectrum, so at most {least:.10g}, the "
            f"least diagonal energy, but is {ground_energy!r}; leave it out if none is known"
        )
    return max(least - reach, float(min(ground_energy, least))), most + reach


def _polynomial(
    hamiltonian: Hamiltonian,
    encoding: BlockEncoding,
    beta: float,
    low: float,
    high: float,
    error: float,
) -> np.ndarray:
    """Chebyshev coefficients of P in x = (H - c)/lambda, accurate enough for the error."""
    energies = hamiltonian.energies[np.isfinite(hamiltonian.energies)]

    def accuracy(beta: float) -> float:
        rise = min(
            beta * (energies.mean() - low), beta * (energies.min() - low) + np.log(len(energies))
        )
        return 0.9 * (np.sqrt(1 + error) - 1) * np.exp(-rise / 2)

    def degree(beta: float) -> int:
        rate = beta * encoding.norm / 2
        found = bessel_degree(rate, accuracy(beta) * np.exp(-rate * (1 + ends[0])))
        return LARGEST + 1 if found is None else found

    ends = [min(1.0, max(-1.0, (end - encoding.shift) / encoding.norm)) for end in (low, high)]
    if accuracy(beta) >= FINEST:
        found = exponential(beta * encoding.norm / 2, ends[0], ends[1], accuracy(beta))
        if found is not None:
            # A constant leaves the Bell pairs as they are: no shot needs to be discarded for it.
            return found[0] if len(found[0]) > 1 else np.ones(1)
    lower = beta
    while degree(lower) > LARGEST:
        lower /= 1.1
    raise DoesNotFit(
        f"`beta` = {beta:.6g} (lambda = {encoding.norm:.4g}) needs a polynomial accurate to "
        f"{accuracy(beta):.2g} of a degree above {LARGEST}, beyond double precision or the solver "
        f"of phases; `beta` = {lower:.2g} would do, or raise `error`, or give a `ground_energy` "
        "closer to the true one"
    )


def _outcome(
    hamiltonian: Hamiltonian, encoding: BlockEncoding, polynomial: np.ndarray, low: float
) -> tuple[np.ndarray, np.ndarray]:
    """What the polynomial, not the exponential, makes of the Bell pairs; and the success."""
    if hamiltonian.off_diagonal is None:
        roots = np.zeros(hamiltonian.num_keys)
        finite = np.isfinite(hamiltonian.energies)
        levels = (hamiltonian.energies[finite] - encoding.shift) / (encoding.norm or 1.0)
        roots[finite] = chebyshev.chebval(levels, polynomial)
        if hamiltonian.basis is not None:
            roots = hamiltonian.rotation * roots
    else:
        finite = np.ones(hamiltonian.num_keys, dtype=bool)
        levels, vectors = np.linalg.eigh(hamiltonian.matrix)
        if levels[0] < low - _ROUNDING * np.abs(levels).max():
            raise DoesNotFit(
                f"`ground_energy` must be a lower bound of the spectrum, so at most "
                f"{levels[0]:.10g}, but is {low:.10g}; leave it out if none is known"
            )
        levels = (levels - encoding.shift) / (encoding.norm or 1.0)
        roots = vectors * chebyshev.chebval(levels, polynomial)
    squares = np.abs(roots) ** 2
    squares = squares if squares.ndim == 1 else squares.sum(axis=1)
    return squares / squares.sum(), squares.sum() / finite.sum()


def _circuit(
    hamiltonian: Hamiltonian, encoding: BlockEncoding, polynomial: np.ndarray
) -> QuantumCircuit:
    n, degree = hamiltonian.num_qubits, len(polynomial) - 1
    system, partner = QuantumRegister(n, "system"), QuantumRegister(n, "partner")
    key = ClassicalRegister(n, "key")
    circuit = QuantumCircuit(system, partner, key, name="qsvt")
    finite = np.isfinite(hamiltonian.energies)
    if finite.sum() == 2**n:
        circuit.h(system)
    else:
        angles = amplitude_angles(finite / finite.sum(), hamiltonian)
        append_amplitudes(circuit, angles.tolist(), hamiltonian, system)
    circuit.cx(system, partner)
    if degree:
        ancilla = QuantumRegister(encoding.labels.shape[1] + 1, "ancilla")
        herald = ClassicalRegister(len(ancilla), "herald")
        circuit.add_register(ancilla, herald)
        _append_polynomial(circuit, phases_of(polynomial), encoding, system, ancilla)
        circuit.measure(ancilla, herald)
    append_basis(circuit, hamiltonian, system)
    circuit.measure(system, key)
    return compiled(circuit.assign_parameters(with_basis(np.zeros(0), hamiltonian)))


def _append_polynomial(
    circuit: QuantumCircuit,
    phases: np.ndarray,
    encoding: BlockEncoding,
    system: QuantumRegister,
    ancilla: QuantumRegister,
) -> None:
    """Append P of the block encoding, where all ancillas are zero before and after."""
    *labels, sign = ancilla
    circuit.h(sign)
    for step, phase in enumerate(phases):
        if step % 2:
            append_amplitude_of_labels(circuit, encoding, labels)
            append_select_phase(circuit, phase, encoding, labels, system, sign)
            append_amplitude_of_labels(circuit, encoding, labels, inverse=True)
        elif step in (0, len(phases) - 1):
            append_label_phase(circuit, phase, [], sign)  # the labels are zero there
        else:
            append_label_phase(circuit, phase, labels, sign)
    circuit.h(sign)
