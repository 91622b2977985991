"""A11: the output of a head as an expectation value, and heads as bases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from qiskit.quantum_info import Operator, SparsePauliOp
from qiskit_aer.primitives import EstimatorV2

from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.certification.intervals import mean, proportion
from qcattn.certification.purity import purity_interval, swap_test
from qcattn.claims.born._majorisation import basis_for, majorises
from qcattn.claims.frame.checks import follows
from qcattn.claims.frame.claim import Claim, Description, Measured
from qcattn.datasets import load_scores, values
from qcattn.dense_state import system_state
from qcattn.encodings import Binary, Rotated
from qcattn.evidence import Check, Curve, Estimate, Number, Panel
from qcattn.experiment import Preparation
from qcattn.preparations import Purification
from qcattn.progress import Progress
from qcattn.readings.circuits import measured_qubits, read_after
from qcattn.records import Prepared

__all__ = ["HeadOutputs"]


#: The bases in which a head is read.
_KEYS, _OWN = "the keys", "bases of their own"


@dataclass(frozen=True, eq=False)
class _Reading:
    """Outputs of the heads of one model, read in one basis.

    Attributes:
        model: The model whose heads are read.
        bases: The keys, or bases of their own.
        estimated: Outputs by Aer's Estimator, shape (heads, d).
        best: Outputs from shots, shape (heads, d).
        low: Lower ends of intervals.
        high: Upper ends of the intervals.
    """

    model: str
    bases: str
    estimated: np.ndarray
    best: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class _OneState:
    """The states of the flattest and the sharpest head, and another head read from the latter.

    Attributes:
        laws: Softmax of all heads, shape (heads, 2**n).
        flat: Index of the flattest head.
        sharp: Index of the sharpest head.
        served: Index of a head that the sharpest one's state can show; None if there is none.
        possible: Whether the spectrum of the flattest one's state majorises the sharpest head.
        counts: Counts of the flattest and of the sharpest head's state, shape (2, outcomes).
        purity: The purity of the flattest one's state, by a swap test.
        turned: Counts of the sharpest one's state in the basis that shows ``served``; None without
            it.
        num_keys: Keys of a head.
        shots: The number of shots drawn.
    """

    laws: np.ndarray
    flat: int
    sharp: int
    served: int | None
    possible: bool
    counts: np.ndarray
    purity: Estimate
    turned: np.ndarray | None
    num_keys: int
    shots: int


@dataclass(frozen=True, eq=False, kw_only=True)
class _Outputs(Measured):
    """What the heads gave.

    Attributes:
        readings: The readings of each model, in the keys and in bases of their own.
        output: Classical attention outputs of each model, shape (heads, d).
        largest: Largest value of each model.
        one_state: One state in two bases.
    """

    readings: tuple[_Reading, ...]
    output: dict[str, np.ndarray]
    largest: dict[str, float]
    one_state: _OneState

    def error(self, reading: _Reading) -> float:
        """Largest error that the intervals leave open, as a share of the largest value."""
        output = self.output[reading.model]
        worst = np.maximum(reading.high - output, output - reading.low).max()
        return float(worst / self.largest[reading.model])


@dataclass(frozen=True, kw_only=True)
class HeadOutputs(Claim[_Outputs]):
    r"""A11: :math:`\sum_i \alpha_i v_i = \mathrm{Tr}(\rho V)`, and heads read in bases.

    Rows and value vectors are those of real heads. Component c of the output is the expectation
    value of :math:`V_c = \sum_i v_{ic} |i\rangle\langle i|` in the thermal state of the row: by
    Aer's Estimator, and from shots. Then every head is given a random basis U_h: the state
    :math:`U_h\rho_h U_h^\dagger` and the observable :math:`U_h V U_h^\dagger`.

    That heads are one state in several bases is another matter: in some basis a state shows a
    distribution if and only if its spectrum majorises it (Schur and Horn). The sharpest head's
    state is read in a basis where it is a flatter head. The other way round there is no basis, if
    the state is a mixture: its purity, by a swap test on two copies, bounds the largest eigenvalue,
    :math:`\lambda_{max} \le \sqrt{\mathrm{Tr}\,\rho^2}`, and no basis shows more on one key. A
    pure state serves every head.

    Attributes:
        models: The models whose heads are read.
        heads: The numbers of the heads, in the layer whose values are stored.
        query: The number of the token that asks, in sentence 0.
        layers: Layers of rotations in U_h.
        tolerance: Error of a component that counts as agreement, as a share of the largest value.
        epsilon: Total variation that counts as agreement, for two heads of one state.
        preparation: (hamiltonian, beta) -> Prepared; of rotated Hamiltonians too.
        shots: The number of shots of each head and basis.

    Example:
        >>> HeadOutputs(models=("minilm",), heads=(1, 2), shots=50_000)(seed=1).standing
        'conditional'

    References:
        A. Vaswani et al., arXiv:1706.03762 (2017), equation (1).
    """

    name: ClassVar[str] = "A11"
    title: ClassVar[str] = "Outputs as expectation values, heads as bases"
    statement: ClassVar[str] = (
        "Multiple heads = measuring in different bases … Output = weighted sum = expectation value"
    )
    section: ClassVar[str] = "Corollary: Attention is Quantum Measurement"

    models: tuple[str, ...] = ("smollm2", "minilm")
    heads: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    query: int = 8
    layers: int = 2
    tolerance: float = 0.02
    epsilon: float = 0.02
    preparation: Preparation = field(default_factory=Purification)
    shots: int = 100_000

    @property
    def share(self) -> float:
        """Error rate of the shots of one model in one basis."""
        return self.alpha / 4 / len(self.models) / 2

    def measure(self, root: np.random.SeedSequence, progress: Progress) -> _Outputs:
        """Read every head in its keys and in a basis of its own, and one state in two bases."""
        chosen, drawn, shared = root.spawn(3)
        rng = np.random.default_rng(chosen)
        readings: list[_Reading] = []
        output, largest, shots = {}, {}, 0
        for number, (model, part) in enumerate(
            zip(self.models, drawn.spawn(len(self.models)), strict=True)
        ):
            progress(0.8 * number / len(self.models), 1.0, f"{len(self.heads)} heads of {model}")
            scores, vectors = self._rows(model)
            output[model] = np.einsum("hk,hkc->hc", softmax(scores), vectors)
            largest[model] = float(np.abs(vectors).max())
            readings += self._readings(model, scores, vectors, rng, part)
            shots += 2 * len(scores) * self.shots
        progress(0.85, 1.0, "one state in two bases")
        one_state = self._one_state(shared)
        measured = _Outputs(
            shots=shots + one_state.shots,
            numbers=(),
            readings=tuple(readings),
            output=output,
            largest=largest,
            one_state=one_state,
        )
        errors = [_largest_error(measured, one) for one in readings]
        return replace(measured, numbers=tuple(sorted(errors, key=lambda e: -e.estimate.high)))

    def check(self, measured: _Outputs) -> Iterable[Check]:
        """Hold every output against classical attention, and the states against each other."""
        for model in self.models:
            mine = [one for one in measured.readings if one.model == model]
            for reading in mine:
                yield _estimated(reading, measured.output[model])
            for reading in mine:
                yield self._from_shots(measured, reading)
        yield from self._of_one_state(measured.one_state)

    def describe(self, measured: _Outputs, checks: Mapping[str, Check]) -> Description:
        """Say whether outputs are expectation values, and whether heads are one state."""
        one, flat_to_sharp = measured.one_state, checks["flattest state"]
        worst = max(number.estimate.high for number in measured.numbers)
        found = [
            checks[_shots_name(reading.model, reading.bases)].holds for reading in measured.readings
        ]
        words = (
            f"Every output of a head is an expectation value, to {worst:.4f} of the largest value "
            "from shots, and which basis a head is said to measure in is a choice that its output "
            "does not know."
            if all(found)
            else "Not every output component is found to be the expectation value."
        )
        if flat_to_sharp.holds is not False:
            return Description(words)
        return Description(
            f"{words} That several heads are one state measured in different bases is false for "
            f"thermal states (head {self.heads[one.flat]} does not give head "
            f"{self.heads[one.sharp]}, for "
            f"{flat_to_sharp.by}), while a pure state would serve every head.",
            "one state serves only heads that its spectrum majorises, as a pure one's does all",
        )

    def picture(self, measured: _Outputs) -> Sequence[Panel]:
        """Plot outputs from shots over classical ones, and what one state can show."""
        return [_outputs(measured), self._sums(measured.one_state)]

    def _readings(
        self,
        model: str,
        scores: np.ndarray,
        vectors: np.ndarray,
        rng: np.random.Generator,
        seed: np.random.SeedSequence,
    ) -> list[_Reading]:
        """The heads of one model in the keys, and in random bases."""
        plain = self.preparation(Binary()(scores), beta=1.0)
        n, num_keys = plain.codewords.shape[1], scores.shape[1]
        angles = rng.uniform(-np.pi, np.pi, (len(scores), self.layers, n))
        hamiltonian = Rotated(angles=angles)(scores)
        turns, turned = hamiltonian.rotation, self.preparation(hamiltonian, beta=1.0)
        laws = _padded(softmax(scores), 2**n)
        back = [
            read_after(turned[h], turn.T, law)
            for h, (turn, law) in enumerate(zip(turns, laws, strict=True))
        ]
        first, *others = draw([plain, *back], self.shots, self.sampler(), seed)
        counts = np.array([one.keys for one in others])
        strays = counts[:, num_keys:].sum(axis=1)
        same = np.broadcast_to(np.eye(2**n), turns.shape)
        return [
            _Reading(
                model,
                bases,
                _by_estimator(prepared, vectors, matrices),
                *_by_shots(keys, vectors, self.share),
            )
            for bases, prepared, matrices, keys in (
                (_KEYS, plain, same, np.column_stack([first.keys, first.stray])),
                (_OWN, turned, turns, np.column_stack([counts[:, :num_keys], strays])),
            )
        ]

    def _from_shots(self, measured: _Outputs, reading: _Reading) -> Check:
        output, error = measured.output[reading.model], measured.error(reading)
        outside = np.maximum(reading.low - output, output - reading.high).max() > 1e-12
        return Check(
            _shots_name(reading.model, reading.bases),
            f"Shots give the outputs of {reading.model}, read in {reading.bases}",
            False if outside else (True if error <= self.tolerance else None),
            f"{output.size} components, errors below {error:.4f} of the largest value "
            f"at error rate {self.share:.0e}",
            alpha=self.share,
        )

    def _rows(self, model: str) -> tuple[np.ndarray, np.ndarray]:
        """Scores (heads, keys) of the query and value vectors (heads, keys, d)."""
        stored = values(model)
        scores = load_scores(model, stored.sentence).scores[stored.layer]
        heads = list(self.heads)
        return scores[heads, self.query].astype(float), stored.values[heads].astype(float)

    def _one_state(self, seed: np.random.SeedSequence) -> _OneState:
        """The sharpest head as a flatter one in another basis, and the purity of the flattest."""
        scores, _ = self._rows(self.models[0])
        plain = self.preparation(Binary()(scores), beta=1.0)
        laws = _padded(softmax(scores), 2 ** plain.codewords.shape[1])
        *flatter, sharp = (int(h) for h in np.argsort(laws.max(axis=1)))
        flat = next(iter(flatter), sharp)
        spectrum, vectors = _spectrum(plain[sharp])
        of_flat, _ = _spectrum(plain[flat])
        served = next((h for h in flatter if majorises(spectrum, laws[h])), None)
        tests = [plain[flat], plain[sharp]]
        if served is not None:
            turn = basis_for(spectrum, laws[served]) @ vectors.conj().T
            tests.append(read_after(plain[sharp], turn, laws[served]))
        drawn, twice = seed.spawn(2)
        in_keys, of_sharp, *turned = (
            one.keys for one in draw(tests, self.shots, self.sampler(), drawn)
        )
        even, kept = swap_test(plain[flat], self.shots, self.sampler(), twice)
        return _OneState(
            laws=laws,
            flat=flat,
            sharp=sharp,
            served=served,
            possible=majorises(of_flat, laws[sharp]),
            counts=np.array([in_keys, of_sharp]),
            purity=purity_interval(even, kept, plain.codewords.shape[1], self.alpha / 16),
            turned=turned.pop() if turned else None,
            num_keys=scores.shape[1],
            shots=self.shots * (len(tests) + 1),
        )

    def _gives(self, state: int, head: int, verb: str) -> str:
        return (
            f"The state of head {self.heads[state]}, read in another basis, {verb} head "
            f"{self.heads[head]}"
        )

    def _of_one_state(self, one: _OneState) -> Iterable[Check]:
        level = self.alpha / 4
        if one.served is not None:
            yield follows(
                "sharpest state",
                self._gives(one.sharp, one.served, "gives"),
                one.turned,
                one.laws[one.served],
                epsilon=self.epsilon,
                alpha=level / 2,
            )
        hits = one.counts[1, one.laws[one.sharp].argmax()]
        kept = int(one.counts[1].sum())
        least = float(proportion(hits, kept, level / 4)[0])
        most = float(np.sqrt(min(one.purity.high, 1.0)))
        yield Check(
            "flattest state",
            self._gives(one.flat, one.sharp, "gives"),
            True if one.possible else (False if least > most else None),
            f"its purity is at most {one.purity.high:.3f}, so no basis shows more than {most:.3f} "
            f"on one key; head {self.heads[one.sharp]} has {least:.3f} or more",
            "beyond",
            level / 2,
        )

    def _sums(self, one: _OneState) -> Panel:
        k = np.arange(1, one.num_keys + 1)
        curves = []
        for h, keys in zip((one.flat, one.sharp), one.counts, strict=True):
            name = f"head {self.heads[h]}"
            sums = np.cumsum(np.sort(one.laws[h])[::-1])[: len(k)]
            counted = np.cumsum(np.sort(keys)[::-1])[: len(k)] / self.shots
            curves.append(Curve(f"{name}, exact", k, sums, style="line"))
            curves.append(Curve(f"{name}, counted", k, counted))
        return Panel(
            "A state can show what lies nowhere above its own line",
            "keys k",
            "sum of the k largest probabilities",
            tuple(curves),
        )


def _estimator_name(model: str, bases: str) -> str:
    return f"estimator: {model}, {bases}"


def _shots_name(model: str, bases: str) -> str:
    return f"shots: {model}, {bases}"


def _spectrum(prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of the system's state, and its eigenvectors as columns, by linear algebra."""
    levels, vectors = np.linalg.eigh(system_state(prepared)[0])
    return np.clip(levels, 0.0, None) / np.clip(levels, 0.0, None).sum(), vectors


def _padded(rows: np.ndarray, size: int) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, size - rows.shape[1])))


def _by_estimator(prepared: Prepared, vectors: np.ndarray, bases: np.ndarray) -> np.ndarray:
    r"""The Estimator's values of :math:`U V_c U^T`, shape (heads, d).

    It drops no shots: of a heralded state it is asked for the value in the part that the herald
    keeps, and for the probability of that part, whose ratio is the value.
    """
    circuit = prepared.circuit.remove_final_measurements(inplace=False)
    size = bases.shape[-1]
    idle = SparsePauliOp("I" * (circuit.num_qubits - size.bit_length() + 1))
    kept = _kept(prepared, circuit.num_qubits)
    estimator = EstimatorV2(
        options={"default_precision": 0.0, "backend_options": {"max_parallel_threads": 1}}
    )
    pubs = [
        (
            circuit,
            [
                kept,
                *(
                    (kept @ (idle ^ _operator((turn * v) @ turn.T))).simplify()
                    for v in _padded(vector.T, size)
                ),
            ],
            angles,
        )
        for vector, turn, angles in zip(vectors, bases, prepared.flat_values, strict=True)
    ]
    found = np.array([one.data.evs for one in estimator.run(pubs).result()])
    return np.asarray(found[:, 1:] / found[:, :1])


def _operator(matrix: np.ndarray) -> SparsePauliOp:
    return SparsePauliOp.from_operator(Operator(matrix), atol=0, rtol=0)


def _kept(prepared: Prepared, num_qubits: int) -> SparsePauliOp:
    """Projector on the part of a state whose herald reads zero; the identity without a herald."""
    circuit = prepared.circuit
    measured = measured_qubits(circuit)
    heralds = [one for one in circuit.cregs if one.name == prepared.herald_register]
    found = SparsePauliOp("I" * num_qubits)
    for bit in (bit for register in heralds for bit in register):
        place = circuit.find_bit(measured[bit]).index
        z = SparsePauliOp.from_sparse_list([("Z", [place], 1.0)], num_qubits)
        found = (found @ (SparsePauliOp("I" * num_qubits) + z) / 2).simplify()
    return found


def _estimated(reading: _Reading, output: np.ndarray) -> Check:
    """Whether the Estimator, which goes round the backend, gives the classical outputs."""
    defect = float(np.abs(reading.estimated - output).max())
    return Check(
        _estimator_name(reading.model, reading.bases),
        f"Aer's Estimator gives the outputs of {reading.model}, read in {reading.bases}",
        bool(defect <= 1e-9),
        f"{reading.estimated.size} expectation values without sampling, largest deviation "
        f"{defect:.1e}",
        "control",
    )


def _largest_error(measured: _Outputs, reading: _Reading) -> Number:
    model, error = reading.model, measured.error(reading)
    plug_in = float(np.abs(reading.best - measured.output[model]).max() / measured.largest[model])
    return Number(
        f"largest error of {model}, read in {reading.bases} (share of the largest value)",
        Estimate(plug_in, 0.0, max(error, plug_in)),
        0.0,
    )


def _by_shots(
    counts: np.ndarray, vectors: np.ndarray, alpha: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outputs (heads, d) and the ends of intervals that all hold together at 1 - alpha.

    The last outcome is a stray, which has no value.
    """
    part = alpha / (vectors.shape[0] * vectors.shape[2])
    found = [
        [mean([(np.append(v, 0.0), keys)], part) for v in vector.T]
        for keys, vector in zip(counts, vectors, strict=True)
    ]
    ends = [
        [[getattr(one, end) for one in row] for row in found] for end in ("best", "low", "high")
    ]
    best, low, high = (np.array(end) for end in ends)
    return best, low, high


def _outputs(measured: _Outputs) -> Panel:
    exact = [one.ravel() for one in measured.output.values()]
    ends = np.array([min(x.min() for x in exact), max(x.max() for x in exact)])
    own = {one.model: one.best for one in measured.readings if one.bases == _OWN}
    return Panel(
        "Outputs of attention heads, read in bases of their own",
        "classical attention output",
        "expectation value from shots",
        (
            Curve("equal", ends, ends, style="line"),
            *(
                Curve(model, output.ravel(), own[model].ravel())
                for model, output in measured.output.items()
            ),
        ),
    )
