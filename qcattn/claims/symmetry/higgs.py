"""B8: the value matrix as a Higgs coupling, and what a probe sees of a field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qcattn.backends.drawing import draw
from qcattn.certification.intervals import estimated_share
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._control import sampled
from qcattn.claims.symmetry._field import energy_of_pair, minimum_of_pair, points
from qcattn.datasets import values
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Purification
from qcattn.preparations.gates import compiled
from qcattn.progress import Progress
from qcattn.readings.circuits import as_prepared, opened
from qcattn.records import Counts, Prepared

__all__ = ["HiggsCoupling"]

#: Distances from the onset at which the exponent is measured.
_NEAR, _FAR = 0.005, 0.02
#: Inverse temperature of the field, in units of one over the square of the distance.
_COLD = 200.0


@dataclass(frozen=True, eq=False, kw_only=True)
class _Fringes(Measured):
    """What a probe sees of the field.

    Attributes:
        circuits: The probe after each time, read along X and along Y, and near the onset.
        counts: Counts of each circuit.
        times: The times of the fringes, in units of one over the coupling.
        cosines: Mean of cos(field x time) at each time.
        sines: Mean of sin(field x time).
        size: The size of the field, by its fringe.
        exact: The minimum of the energy.
        sizes: The sizes of the field near the onset, at both distances.
        exponent: The exponent by which it grows with the distance.
        degree: Power with which the value map grows with what it is given.
    """

    circuits: list[Prepared]
    counts: list[Counts]
    times: np.ndarray
    cosines: list[Estimate]
    sines: list[Estimate]
    size: Estimate
    exact: float
    sizes: tuple[Estimate, Estimate]
    exponent: Estimate
    degree: float


@dataclass(frozen=True, kw_only=True)
class HiggsCoupling(Claim[_Fringes]):
    r"""B8: is :math:`V = W_V X` a coupling to a Higgs field?

    The coupling :math:`y \bar\psi \phi \psi` is Yukawa's: of degree three in what it couples. The
    value map is of degree one, which is counted on real values of SmolLM2. Mended, the field is
    the place x of a query among keys +1 and -1, in a thermal state of its energy, and a qubit in
    superposition is the probe: coupled to the field for a time t it shows
    :math:`\langle\cos(y \phi t)\rangle` along X and :math:`\langle\sin(y \phi t)\rangle` along Y, a
    Ramsey experiment. Its frequency is the size of the field, which grows with the square root of
    the distance from the onset, :math:`\phi_0^2 = 3(\beta k^2 - 1) / (\beta^3 k^4)`.

    Attributes:
        coupling: ``"value map"``, as the document has it, or ``"probe"``, the mended one.
        distance: :math:`\beta k^2 - 1` of the fringes, positive: beyond the onset.
        qubits: The number of qubits of the field.
        times: The number of times of the fringes.
        tolerance: The tolerance of the size of the field, relative, and of the exponent.
        epsilon: Total variation that counts as agreement.
        shots: The number of shots of each circuit.

    Example:
        >>> quick = {"times": 6, "shots": 40_000}
        >>> HiggsCoupling(**quick)(seed=1).standing
        'refuted'
        >>> HiggsCoupling(**quick, coupling="probe")(seed=1).standing
        'analogy'

    References:
        M. E. Peskin and D. V. Schroeder, An Introduction to Quantum Field Theory (1995), sections
        4.1 (Yukawa theory) and 20.1 (the Higgs mechanism); N. F. Ramsey, Phys. Rev. 78, 695 (1950).
    """

    name: ClassVar[str] = "B8"
    title: ClassVar[str] = "The value matrix as a Higgs coupling"
    statement: ClassVar[str] = (
        "The value matrix transformation V = W_V X, analogous to Higgs field coupling "
        "L ⊃ y ψ̄ φ ψ, binds features (ψ) through attention-mediated (φ) interactions"
    )
    section: ClassVar[str] = "4.2 Higgs Mechanism & Feature Binding"

    coupling: Literal["value map", "probe"] = "value map"
    distance: float = 0.5
    qubits: int = 6
    times: int = 12
    tolerance: float = 0.08
    epsilon: float = 0.05
    shots: int = 100_000

    @property
    def share(self) -> float:
        """Error rate of each of three measurements."""
        return self.alpha / 3

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Fringes:
        """Draw the fringes along X and Y, and the size of the field near the onset."""
        beta = 1 + self.distance
        exact = minimum_of_pair(beta)
        times = np.linspace(0, 2.5 * np.pi / exact, self.times)
        circuits = [self._probe(beta, time, axis) for axis in "XY" for time in times]
        quarter = np.pi / 2 / exact
        near = [1 + one for one in (_NEAR, _FAR)]
        circuits += [self._probe(beta, quarter, "X")]
        circuits += [self._probe(one, np.pi / 2 / minimum_of_pair(one), "X") for one in near]
        progress(0.1, 1.0, f"{len(circuits)} Ramsey circuits")
        counts = draw(circuits, self.shots, self.sampler(), root)
        fringes, single = counts[: 2 * self.times], counts[2 * self.times :]
        means = [_mean(one, self.share / (2 * self.times)) for one in fringes]
        moments = [quarter, *(np.pi / 2 / minimum_of_pair(one) for one in near)]
        size, first, second = (
            _size(_mean(one, self.share / 3), moment)
            for one, moment in zip(single, moments, strict=True)
        )
        exponent = _exponent(first, second)
        features = values().values.astype(float).reshape(-1, 64)
        weights = np.random.default_rng(root.spawn(1)[0]).normal(size=(64, 64))
        coupled = _degree(_probe_energy if self.coupling == "probe" else _mapped, features, weights)
        return _Fringes(
            shots=self.shots * len(circuits),
            numbers=(
                Number("size of the field, by Ramsey's fringe", size, exact),
                Number("exponent of the field at its onset", exponent, _exact_exponent()),
            ),
            circuits=circuits,
            counts=counts,
            times=times,
            cosines=means[: self.times],
            sines=means[self.times :],
            size=size,
            exact=exact,
            sizes=(first, second),
            exponent=exponent,
            degree=coupled,
        )

    def check(self, measured: _Fringes) -> Iterable[Check]:
        """Say what couples to what, and what the probe sees."""
        yield Check(
            "coupling",
            "Features couple to a field in a product of three, as in y psi-bar phi psi",
            round(measured.degree) == 3,
            f"all of them twice give {2**measured.degree:.3g} times as much, and a product of "
            "three gives 8 times",
        )
        off = max(measured.size.high / measured.exact, measured.exact / measured.size.low) - 1
        yield Check(
            "mass",
            "A probe coupled to the field has the frequency y phi_0, as a mass",
            (True if off <= self.tolerance else None)
            if abs(measured.size.best / measured.exact - 1) <= self.tolerance
            else False,
            f"{measured.size.best:.4f} in [{measured.size.low:.4f}, {measured.size.high:.4f}], the "
            f"minimum of the energy being {measured.exact:.4f}",
            alpha=self.share / 3,
        )
        one = measured.exponent
        yield Check(
            "onset",
            "The field grows from its onset with the square root of the distance",
            True
            if 0.5 - self.tolerance < one.low and one.high < 0.5 + self.tolerance
            else False
            if one.low > 0.5 + self.tolerance or one.high < 0.5 - self.tolerance
            else None,
            f"exponent {one.best:.3f} in [{one.low:.3f}, {one.high:.3f}]",
            alpha=2 * self.share / 3,
        )
        largest = max(max(abs(each.low), abs(each.high)) for each in measured.sines)
        yield Check(
            "vacuum",
            "The field has a value of its own, with a sign, as a vacuum that broke a symmetry",
            False if largest < 0.1 and all(0 in each for each in measured.sines) else None,
            f"the mean of sin(field x time) is below {largest:.3f} at every time, and that of the "
            "cosine is not: only the size of the field is there",
            "mechanism",
            self.share,
        )
        yield sampled(measured.circuits, measured.counts, epsilon=self.epsilon, alpha=self.share)

    def describe(self, measured: _Fringes, checks: Mapping[str, Check]) -> Description:
        """Say what the value map is, and what a coupling would show."""
        mended = (
            f"a probe qubit that is coupled to the place of a query between two keys turns with "
            f"{measured.size.best:.3f}, the place of the minimum ({measured.exact:.3f}), which "
            f"grows from its onset to the power {measured.exponent.best:.2f}"
            if checks["mass"].holds and checks["onset"].holds
            else "what a probe shows of a field the shots do not decide"
        )
        sign = (
            "; since the state is symmetric it has this size and no sign, so that no vacuum is "
            "chosen"
            if checks["vacuum"].holds is False
            else ""
        )
        if checks["coupling"].holds is False:
            return Description(
                "The value map is no coupling to a field: it is linear in the features alone, and "
                "y psi-bar phi psi is a product of three, Yukawa's coupling and not the Higgs "
                f"mechanism, which is about gauge fields. With a product in its place, {mended}"
                f"{sign}."
            )
        return Description(
            f"With a product of probe and field the analogy is Yukawa's coupling: {mended}{sign}. "
            "There is no gauge field to which a Higgs mechanism would give a mass."
        )

    def picture(self, measured: _Fringes) -> Sequence[Panel]:
        """Plot the fringes along X and Y."""
        x = points(self.qubits, 2 * measured.exact)
        energy = energy_of_pair(x, 1 + self.distance)
        law = np.exp(-_COLD / self.distance**2 * (energy - energy.min()))
        law /= law.sum()
        fine = np.linspace(0, measured.times[-1], 200)
        curves = [Curve("exact cosine", fine, np.cos(np.outer(fine, x)) @ law, style="line")]
        for name, means in (("cosine", measured.cosines), ("sine", measured.sines)):
            best, low, high = np.array([(one.best, one.low, one.high) for one in means]).T
            curves.append(Curve(name, measured.times, best, low, high))
        return [
            Panel(
                "A probe sees the size of the field, not its sign",
                "time, in units of one over the coupling",
                "mean over the field",
                tuple(curves),
            )
        ]

    def _probe(self, beta: float, time: float, axis: str) -> Prepared:
        """The field in its thermal state, a probe coupled to it for a time, read along X or Y."""
        x = points(self.qubits, 2 * minimum_of_pair(beta))
        scores = -_COLD / (beta - 1) ** 2 * energy_of_pair(x, beta)
        field = Purification()(Binary()(scores - scores.max()), beta=1.0)
        body, _, reading = opened(field)
        body = body.assign_parameters(field.values)
        probe, key = QuantumRegister(1, "probe"), ClassicalRegister(1, "key")
        circuit = QuantumCircuit(*body.qregs, probe, key, name="Ramsey")
        for item in body.data:
            circuit.append(item)
        circuit.h(probe)
        circuit.p(time * float(x[0]), probe)
        step = float(x[1] - x[0])
        for bit, item in enumerate(reading):
            circuit.cp(time * step * 2**bit, item.qubits[0], probe[0])
        if axis == "Y":
            circuit.sdg(probe)
        circuit.h(probe)
        circuit.measure(probe, key)
        turned = np.cos(time * x) if axis == "X" else np.sin(time * x)
        up = (1 + field.distribution @ turned) / 2
        return as_prepared(compiled(circuit), [up, 1 - up])


def _mapped(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The value map."""
    return np.asarray(features @ weights)


def _probe_energy(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Excitations of a probe times the field, which is a feature that attention brings."""
    return np.asarray(features[..., :1] ** 2 * (features @ weights))


def _degree(
    coupling: Callable[[np.ndarray, np.ndarray], np.ndarray],
    features: np.ndarray,
    weights: np.ndarray,
) -> float:
    """Power with which a coupling grows with all that it couples."""
    one, two = (np.linalg.norm(coupling(a * features, weights)) for a in (1.0, 2.0))
    return float(np.log2(two / one))


def _mean(counts: Counts, alpha: float) -> Estimate:
    """Mean of the probe's spin, 2 P(0) - 1."""
    share = estimated_share(counts.keys[0], counts.keys.sum(), alpha)
    return Estimate(*(2 * value - 1 for value in (share.best, share.low, share.high)))


def _size(cosine: Estimate, time: float) -> Estimate:
    """Size of a field whose phase after the time is near a quarter turn."""
    best, high, low = (
        float(np.arccos(np.clip(value, -1, 1))) / time
        for value in (cosine.best, cosine.low, cosine.high)
    )
    return Estimate(best, low, high)


def _scaled(size: float, distance: float) -> float:
    """The size that would be 3^(1/2) times the root of the distance to first order."""
    return size * (1 + distance) ** 1.5


def _exponent(near: Estimate, far: Estimate) -> Estimate:
    step = np.log(_FAR / _NEAR)
    factor = _scaled(1.0, _FAR) / _scaled(1.0, _NEAR)
    best, low, high = (
        float(np.log(factor * top / bottom) / step)
        for top, bottom in (
            (far.best, near.best),
            (far.low, near.high),
            (far.high, near.low),
        )
    )
    return Estimate(best, low, high)


def _exact_exponent() -> float:
    near, far = (minimum_of_pair(1 + one) for one in (_NEAR, _FAR))
    return _exponent(Estimate(near, near, near), Estimate(far, far, far)).best
