"""A11: the output of a head as an expectation value, and heads as bases."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from qiskit.quantum_info import Operator, SparsePauliOp
from qiskit_aer.primitives import EstimatorV2

from qcattn.attention import softmax
from qcattn.backends.drawing import draw
from qcattn.backends.protocol import Backend
from qcattn.certification.intervals import mean, proportion
from qcattn.claims.born._majorisation import basis_for, majorises
from qcattn.claims.frame.checks import follows
from qcattn.claims.frame.claim import Progress, conclude
from qcattn.datasets import load_scores, values
from qcattn.encodings import Binary, Rotated
from qcattn.evidence import Check, Curve, Estimate, Finding, Number, Panel
from qcattn.experiment import Preparation
from qcattn.preparations import Purification
from qcattn.readings.circuits import read_after
from qcattn.records import Prepared
from qcattn.seeds import entropy

__all__ = ["HeadOutputs"]


@dataclass(frozen=True)
class HeadOutputs:
    r"""A11: :math:`\sum_i \alpha_i v_i = \mathrm{Tr}(\rho V)`, and heads read in bases.

    Rows and value vectors are those of real heads. Component c of the output is the expectation
    value of :math:`V_c = \sum_i v_{ic} |i\rangle\langle i|` in the thermal state of the row: by
    Aer's Estimator, and from shots. Then every head is given a random basis U_h: the state
    :math:`U_h\rho_h U_h^\dagger` and the observable :math:`U_h V U_h^\dagger`.

    That heads are one state in several bases is another matter: in some basis a state shows a
    distribution if and only if its spectrum majorises it (Schur and Horn). The sharpest head's
    state is read in a basis where it is the flattest head; the other way round there is none.

    Attributes:
        models: Whose heads.
        heads: Which ones, of the layer whose values are stored.
        query: Which token asks, in sentence 0.
        layers: Layers of rotations in U_h.
        tolerance: Error of a component that counts as agreement, as a share of the largest value.
        epsilon: Total variation that counts as agreement, for two heads of one state.
        preparation: (hamiltonian, beta) -> Prepared; of rotated Hamiltonians too.
        shots: Of each head and basis.
        alpha: Error rate of the verdict.
        backend: (prepared, shots, seed) -> Counts; None is `Aer()`.

    Example:
        >>> HeadOutputs(("minilm",), heads=(1, 2), shots=50_000)(seed=1).standing
        'conditional'

    References:
        A. Vaswani et al., arXiv:1706.03762 (2017), equation (1).
    """

    claim: ClassVar[str] = "A11"
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
    alpha: float = 1e-3
    backend: Backend | None = None

    def __call__(self, *, seed: Any = 0, progress: Progress | None = None) -> Finding:
        """Run the experiment.

        Args:
            seed: What `numpy.random.default_rng` takes.
            progress: Called with the share done and what is done.

        Returns:
            The finding.
        """
        started = time.perf_counter()
        tell = progress or (lambda share, what: None)
        chosen, drawn, shared = np.random.SeedSequence(entropy(seed)).spawn(3)
        rng = np.random.default_rng(chosen)
        level = self.alpha / 4 / len(self.models)
        checks: list[Check] = []
        errors, points, shots = [], [], 0
        for number, (model, part) in enumerate(
            zip(self.models, drawn.spawn(len(self.models)), strict=True)
        ):
            tell(0.8 * number / len(self.models), f"{len(self.heads)} heads of {model}")
            scores, vectors = self._rows(model)
            output = np.einsum("hk,hkc->hc", softmax(scores), vectors)
            plain = self.preparation(Binary()(scores), beta=1.0)
            n = plain.codewords.shape[1]
            angles = rng.uniform(-np.pi, np.pi, (len(scores), self.layers, n))
            turned_hamiltonian = Rotated(angles=angles)(scores)
            turns = turned_hamiltonian.rotation
            turned = self.preparation(turned_hamiltonian, beta=1.0)
            size = float(np.abs(vectors).max())
            same = np.broadcast_to(np.eye(2**n), turns.shape)
            for name, prepared, bases in (
                ("the keys", plain, same),
                ("bases of their own", turned, turns),
            ):
                checks.append(
                    _estimated(
                        f"Aer's Estimator gives the outputs of {model}, read in {name}",
                        prepared,
                        vectors,
                        bases,
                        output,
                    )
                )
            laws = _padded(softmax(scores), 2**n)
            back = [
                read_after(turned[h], turn.T, law)
                for h, (turn, law) in enumerate(zip(turns, laws, strict=True))
            ]
            first, *others = draw([plain, *back], self.shots, self.backend, part)
            num_keys = scores.shape[1]
            readings = np.array([one.keys for one in others])
            strays = readings[:, num_keys:].sum(axis=1)
            shots += 2 * len(scores) * self.shots
            for name, keys in (
                ("the keys", np.column_stack([first.keys, first.stray])),
                ("bases of their own", np.column_stack([readings[:, :num_keys], strays])),
            ):
                best, low, high = _from_shots(keys, vectors, level / 2)
                outside = np.maximum(low - output, output - high).max() > 1e-12
                error = float(np.maximum(high - output, output - low).max() / size)
                checks.append(
                    Check(
                        f"Shots give the outputs of {model}, read in {name}",
                        False if outside else (True if error <= self.tolerance else None),
                        f"{output.size} components, errors below {error:.4f} of the largest value "
                        f"at error rate {level / 2:.0e}",
                    )
                )
                plug_in = float(np.abs(best - output).max() / size)
                errors.append(
                    Number(
                        f"largest error of {model}, read in {name} (share of the largest value)",
                        Estimate(plug_in, 0.0, max(error, plug_in)),
                        0.0,
                    )
                )
            points.append((model, output, best))
        tell(0.85, "one state in two bases")
        pair, panel, more = self._one_state(shared)
        checks += pair
        failed = pair[-1].holds is False
        return conclude(
            self,
            checks=checks,
            numbers=sorted(errors, key=lambda one: -one.estimate.high),
            condition="one state serves only heads that its spectrum majorises" if failed else "",
            words=self._words(checks, errors),
            panels=[_outputs(points), panel],
            shots=shots + more,
            seed=seed,
            started=started,
        )

    def _rows(self, model: str) -> tuple[np.ndarray, np.ndarray]:
        """Scores (heads, keys) of the query and value vectors (heads, keys, d)."""
        stored = values(model)
        scores = load_scores(model, stored.sentence).scores[stored.layer]
        heads = list(self.heads)
        return scores[heads, self.query].astype(float), stored.values[heads].astype(float)

    def _one_state(self, seed: Any) -> tuple[list[Check], Panel, int]:
        """The sharpest head's state in another basis as a flatter head, and the reverse."""
        scores, _ = self._rows(self.models[0])
        plain = self.preparation(Binary()(scores), beta=1.0)
        n = plain.codewords.shape[1]
        laws = _padded(softmax(scores), 2**n)
        order = np.argsort(laws.max(axis=1))
        flat, sharp = int(order[0]), int(order[-1])
        served = [h for h in order[:-1] if majorises(laws[sharp], laws[h])]
        level = self.alpha / 4
        checks, tests = [], [plain[flat], plain[sharp]]
        if served:
            turn = basis_for(laws[sharp], laws[served[0]])
            tests.append(read_after(plain[sharp], turn, laws[served[0]]))
        counts = [one.keys for one in draw(tests, self.shots, self.backend, seed)]
        if served:
            checks.append(
                follows(
                    f"The state of head {self.heads[sharp]}, read in another basis, gives head "
                    f"{self.heads[served[0]]}",
                    counts[2],
                    laws[served[0]],
                    epsilon=self.epsilon,
                    alpha=level / 2,
                )
            )
        tops = [int(laws[h].argmax()) for h in (flat, sharp)]
        hits = [int(keys[top]) for keys, top in zip(counts, tops, strict=False)]
        low, high = proportion(hits, self.shots, level / 4)
        possible = majorises(laws[flat], laws[sharp])
        checks.append(
            Check(
                f"The state of head {self.heads[flat]}, read in another basis, gives head "
                f"{self.heads[sharp]}",
                True if possible else (False if low[1] > high[0] else None),
                f"no eigenvalue of that state is above {high[0]:.3f}, and no basis shows more; "
                f"head {self.heads[sharp]} has {low[1]:.3f} or more on one key",
                "beyond",
            )
        )
        k = np.arange(1, scores.shape[1] + 1)
        curves = []
        for name, h, keys in (
            (f"head {self.heads[flat]}", flat, counts[0]),
            (f"head {self.heads[sharp]}", sharp, counts[1]),
        ):
            sums = np.cumsum(np.sort(laws[h])[::-1])[: len(k)]
            curves += [
                Curve(f"{name}, exact", k, sums, style="line"),
                Curve(f"{name}, counted", k, np.cumsum(np.sort(keys)[::-1])[: len(k)] / self.shots),
            ]
        panel = Panel(
            "A state can show what lies nowhere above its own line",
            "keys k",
            "sum of the k largest probabilities",
            tuple(curves),
        )
        return checks, panel, self.shots * len(tests)

    def _words(self, checks: list[Check], errors: list[Number]) -> str:
        worst = max(one.estimate.high for one in errors)
        outputs = [check.holds for check in checks if "the outputs of" in check.statement]
        words = (
            f"Every output component is the expectation value, to {worst:.4f} of the largest value "
            "from shots, in the keys as in random bases: what basis a head is read in is a choice "
            "that its output does not know. "
            if all(outputs)
            else "Not every output component is found to be the expectation value. "
        )
        if checks[-1].holds is False:
            words += (
                "Several heads are one state in different bases only if it is sharp enough for "
                "each of them. "
            )
            if checks[-2].holds and "another basis" in checks[-2].statement:
                words += f"{checks[-2].statement}. "
            no = checks[-1].statement.replace("gives", "does not give")
            words += f"{no}: {checks[-1].by}."
        return words.strip()


def _padded(rows: np.ndarray, size: int) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, size - rows.shape[1])))


def _estimated(
    statement: str, prepared: Prepared, vectors: np.ndarray, bases: np.ndarray, output: np.ndarray
) -> Check:
    r"""Whether the Estimator's values of :math:`U V_c U^T` are the classical outputs."""
    circuit = prepared.circuit.remove_final_measurements(inplace=False)
    idle = SparsePauliOp("I" * (circuit.num_qubits - len(bases[0]).bit_length() + 1))
    estimator = EstimatorV2(
        options={"default_precision": 0.0, "backend_options": {"max_parallel_threads": 1}}
    )
    pubs = [
        (
            circuit,
            [
                idle ^ SparsePauliOp.from_operator(Operator((turn * v) @ turn.T), atol=0, rtol=0)
                for v in _padded(vector.T, len(turn))
            ],
            angles,
        )
        for vector, turn, angles in zip(vectors, bases, prepared.flat_values, strict=True)
    ]
    found = np.array([one.data.evs for one in estimator.run(pubs).result()])
    defect = float(np.abs(found - output).max())
    return Check(
        statement,
        bool(defect <= 1e-9),
        f"{found.size} expectation values without sampling, largest deviation {defect:.1e}",
    )


def _from_shots(
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


def _outputs(points: list[tuple[str, np.ndarray, np.ndarray]]) -> Panel:
    ends = np.array([min(x.min() for _, x, _ in points), max(x.max() for _, x, _ in points)])
    return Panel(
        "Outputs of attention heads, read in bases of their own",
        "classical attention output",
        "expectation value from shots",
        (
            Curve("equal", ends, ends, style="line"),
            *(Curve(model, exact.ravel(), best.ravel()) for model, exact, best in points),
        ),
    )
