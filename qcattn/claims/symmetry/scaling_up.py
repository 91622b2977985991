"""B10: a million tokens on a thousand qubits, and what accuracy would be gained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import estimated_share
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.claims.symmetry._control import sampled
from qcattn.datasets import load_scores
from qcattn.encodings import Binary
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.preparations import Amplitude, Purification
from qcattn.progress import Progress
from qcattn.readings.circuits import as_prepared, opened
from qcattn.records import Counts, Prepared

__all__ = ["MillionTokens"]

#: The qubits, tokens and gain in accuracy that the document has for 2026.
_QUBITS, _TOKENS, _GAIN = 1_000, 1_000_000, 0.38
#: Qubits of the circuits that are run back to front, and the error that each cx is given there.
_MIRRORED = (2, 3, 4, 5)
_TRIED = 0.004


@dataclass(frozen=True, eq=False, kw_only=True)
class _Scaled(Measured):
    """Circuits as they are built, run with noise, and rows that look for the best key.

    Attributes:
        built: Numbers of two-qubit gates, by the number of keys.
        mirrored: Gates and share of shots that come back, by the number of qubits.
        kept: Share that comes back without noise.
        rate: Errors that show, a gate, in units of its error rate.
        gates: The number of gates for all tokens of the document, extrapolated.
        rows: Rows of attention.
        counts: Counts of these rows.
        sampled: Share of shots on the best key.
        rival: What the share is held against.
    """

    built: dict[int, int]
    mirrored: dict[int, tuple[int, Estimate]]
    kept: float
    rate: Estimate
    gates: int
    rows: Prepared
    counts: Counts
    sampled: Estimate
    rival: float


@dataclass(frozen=True, kw_only=True)
class MillionTokens(Claim[_Scaled]):
    r"""B10: do a thousand qubits attend to a million tokens, and are they better at it?

    Rows of more and more keys are prepared as amplitudes, and their two-qubit gates counted; the
    law that all of them follow, :math:`2^n - n - 1`, is taken to a million keys. What such a
    number of gates does is measured on circuits that are run and then run back to front on Aer with
    a depolarising error at every cx: the share that comes back gives the errors that show, a gate.
    Then rows of SmolLM2 are drawn, and the share of shots on the best key is held against softmax.

    Attributes:
        gate_error: Probability of an error of a two-qubit gate of the device.
        rival: What the accuracy is held against: ``"softmax"``, or ``"uniform"`` attention.
        largest: Qubits of the largest circuit that is built.
        epsilon: Total variation that counts as agreement.
        shots: The number of shots of each row and each circuit.

    Example:
        >>> quick = {"largest": 8, "shots": 20_000, "epsilon": 0.1}
        >>> MillionTokens(**quick)(seed=1).standing
        'refuted'
        >>> MillionTokens(**quick, gate_error=1e-8, rival="uniform")(seed=1).standing
        'conditional'

    References:
        M. Moettoenen et al., Quantum Inf. Comput. 5, 467 (2005), arXiv:quant-ph/0407010.
    """

    name: ClassVar[str] = "B10"
    title: ClassVar[str] = "A million tokens on a thousand qubits"
    statement: ClassVar[str] = (
        "Projected scaling for attention-based QPUs: 2026, 1,000 qubits, 1M tokens, accuracy gain "
        "38%; 2028, 10k, 100M tokens, 72%; 2030, 1M, 1B tokens, quantum supremacy"
    )
    section: ClassVar[str] = "6.1 Quantum Advantage in Attention"

    gate_error: float = 1e-3
    rival: Literal["softmax", "uniform"] = "softmax"
    largest: int = 16
    epsilon: float = 0.05
    shots: int = 100_000

    @property
    def share(self) -> float:
        """Error rate of each of three measurements."""
        return self.alpha / 3

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Scaled:
        """Build circuits, run some of them forth and back, and draw rows."""
        chosen, noisy_seed, clean_seed, rows_seed = root.spawn(4)
        rng = np.random.default_rng(chosen)
        built = {}
        for n in range(2, self.largest + 1, 2):
            progress(0.5 * n / self.largest, 1.0, f"a circuit of {2**n:,} keys")
            one = Amplitude()(Binary()(rng.normal(size=2**n)), beta=1.0)
            built[2**n] = one.resources.two_qubit_gates
        there = [_mirrored(rng.normal(size=2**n)) for n in _MIRRORED]
        progress(0.6, 1.0, "circuits run there and back, with noise")
        noisy = draw(there, self.shots, self._noisy(), noisy_seed)
        clean = draw(there, self.shots, self.sampler(), clean_seed)
        part = self.share / len(there)
        mirrored = {
            n: (
                _two_qubit_gates(one.circuit),
                estimated_share(found.keys[0], found.keys.sum(), part),
            )
            for n, one, found in zip(_MIRRORED, there, noisy, strict=True)
        }
        scores = load_scores().scores[:, :, -1].reshape(-1, 11).astype(float)
        rows = Purification()(Binary()(rng.permutation(scores)[:24]), beta=1.0)
        (counts,) = draw([rows], self.shots, self.sampler(), rows_seed)
        best = rows.distribution.argmax(axis=-1)
        found = estimated_share(
            np.take_along_axis(counts.keys, best[:, None], -1).sum(),
            counts.keys.sum(),
            self.share,
        )
        law = rows.distribution
        rival = law if self.rival == "softmax" else softmax(np.zeros_like(law))
        exact = float(np.take_along_axis(rival, best[:, None], -1).mean())
        qubits = int(np.ceil(np.log2(_TOKENS)))
        rate = _rate(mirrored)
        return _Scaled(
            shots=self.shots * (2 * len(there) + len(best)),
            numbers=(
                Number("share of shots on the best key", found, float(law.max(axis=-1).mean())),
                Number("errors that show, a gate, in units of its error", rate),
                *(
                    Number(f"share that comes back after {gates:,} gates", one)
                    for gates, one in mirrored.values()
                ),
            ),
            built=built,
            mirrored=mirrored,
            kept=min(float(one.keys[0] / one.keys.sum()) for one in clean),
            rate=rate,
            gates=2**qubits - qubits - 1,
            rows=rows,
            counts=counts,
            sampled=found,
            rival=exact,
        )

    def check(self, measured: _Scaled) -> Iterable[Check]:
        """Say what a million tokens cost, and what is gained."""
        least, most = self._survival(measured)
        yield Check(
            "tokens",
            f"{_QUBITS:,} qubits attend to {_TOKENS:,} tokens, half of the shots without an error",
            True if least >= np.log(0.5) else False if most < np.log(0.5) else None,
            f"{measured.gates:,} two-qubit gates of error {self.gate_error:g} leave a share of "
            f"e^{least:.3g} to e^{most:.3g}",
            alpha=self.share,
        )
        gain = self._gain(measured)
        yield Check(
            "gain",
            f"Attention on qubits is {_GAIN:.0%} more accurate than {self.rival} attention",
            True if gain.low >= _GAIN else False if gain.high < _GAIN else None,
            f"{gain.best:+.1%} in [{gain.low:+.1%}, {gain.high:+.1%}]",
            alpha=self.share,
        )
        keys = max(measured.built)
        yield Check(
            "cheaper",
            "Preparing a row takes fewer gates than it has keys, by far",
            measured.built[keys] < keys / 2,
            f"{measured.built[keys]:,} two-qubit gates of {keys:,} keys",
            "beyond",
        )
        off = max(abs(gates - (keys - keys.bit_length())) for keys, gates in measured.built.items())
        yield Check(
            "counted",
            "Every circuit that was built has 2^n - n - 1 two-qubit gates",
            off == 0,
            f"{len(measured.built)} circuits of up to {max(measured.built):,} keys",
            "control",
        )
        yield Check(
            "there and back",
            "Without noise every shot comes back",
            measured.kept == 1.0,
            f"{measured.kept:.4f} of the shots did, of the worst circuit",
            "control",
        )
        yield sampled([measured.rows], [measured.counts], epsilon=self.epsilon, alpha=self.share)

    def describe(self, measured: _Scaled, checks: Mapping[str, Check]) -> Description:
        """Say what a thousand qubits lack, and what is not gained."""
        _, most = self._survival(measured)
        cost = (
            "Qubits are not what is short, for 20 of them hold a million keys, but to put a row "
            f"of scores into them takes {measured.gates:,} two-qubit gates"
        )
        if checks["tokens"].holds is False:
            cost += (
                f", and with errors of {self.gate_error:g} a gate at most a share of "
                f"10^{most / np.log(10):.0f} of the shots would come through"
            )
        gain = self._gain(measured)
        accuracy = (
            f"Nor is accuracy gained: what is sampled is softmax, and the share of its best key "
            f"changes by {gain.best:+.2%}, within [{gain.low:+.2%}, {gain.high:+.2%}]."
            if checks["gain"].holds is False
            else f"Against {self.rival} attention the share of the best key changes by "
            f"{gain.best:+.0%}."
        )
        cheap = checks["cheaper"].holds is False and checks["tokens"].holds
        return Description(
            f"{cost}. {accuracy}",
            "gates are nearly perfect, and one gate a key is paid" if cheap else "",
        )

    def picture(self, measured: _Scaled) -> Sequence[Panel]:
        """Plot gates over keys, and the returned fidelity over gates."""
        keys = np.array(list(measured.built), dtype=float)
        gates = np.array(list(measured.built.values()), dtype=float)
        reach = np.array([*keys, 2.0**20])
        number = np.array([count for count, _ in measured.mirrored.values()], dtype=float)
        best, low, high = np.array(
            [(one.best, one.low, one.high) for _, one in measured.mirrored.values()]
        ).T
        fine = np.linspace(0, number.max(), 80)
        return [
            Panel(
                "A row of a million keys takes a million gates",
                "keys",
                "two-qubit gates",
                (
                    Curve("built", keys, gates),
                    Curve("2^n - n - 1", reach, reach - np.log2(reach) - 1, style="line"),
                ),
                x_scale="log",
                y_scale="log",
            ),
            Panel(
                f"With errors of {_TRIED:g} a gate shots are lost",
                "two-qubit gates",
                "share of shots that comes back",
                (
                    Curve("measured", number, best, low, high),
                    Curve(
                        f"{measured.rate.best:.2f} errors show a gate",
                        fine,
                        np.exp(-measured.rate.best * _TRIED * fine),
                        style="line",
                    ),
                ),
            ),
        ]

    def _survival(self, measured: _Scaled) -> tuple[float, float]:
        """Logarithm of the share of shots without an error, at least and at most."""
        expected = self.gate_error * measured.gates
        return -measured.rate.high * expected, -measured.rate.low * expected

    def _gain(self, measured: _Scaled) -> Estimate:
        one, rival = measured.sampled, measured.rival
        return Estimate(*(value / rival - 1 for value in (one.best, one.low, one.high)))

    def _noisy(self) -> Backend:
        """The same simulator, an error at every cx; Aer where it takes no noise."""
        model = NoiseModel()
        model.add_all_qubit_quantum_error(depolarizing_error(_TRIED, 2), "cx")
        own = self.sampler()
        noisy: Backend = replace(own if isinstance(own, Aer) else Aer(), noise_model=model)
        return noisy


def _rate(mirrored: Mapping[int, tuple[int, Estimate]]) -> Estimate:
    """Errors that show, a gate, in units of its error rate: those of all circuits together."""
    logs = [
        tuple(-np.log(value) / (gates * _TRIED) for value in (one.best, one.high, one.low))
        for gates, one in mirrored.values()
    ]
    best, low, high = np.array(logs).T
    return Estimate(float(best.mean()), float(low.min()), float(high.max()))


def _mirrored(scores: np.ndarray) -> Prepared:
    """The preparation of a row, and then the same back to front: all qubits must read zero."""
    prepared = Amplitude()(Binary()(scores), beta=1.0)
    body, _, _ = opened(prepared)
    body = body.assign_parameters(prepared.values).remove_final_measurements(inplace=False)
    system = QuantumRegister(body.num_qubits, "system")
    circuit = QuantumCircuit(system, ClassicalRegister(body.num_qubits, "key"), name="mirrored")
    circuit.compose(body, system, inplace=True)
    circuit.barrier()
    circuit.compose(body.inverse(), system, inplace=True)
    circuit.measure(system, circuit.cregs[0])
    return as_prepared(circuit, np.eye(2**body.num_qubits)[0])


def _two_qubit_gates(circuit: QuantumCircuit) -> int:
    return int(circuit.num_nonlocal_gates())
