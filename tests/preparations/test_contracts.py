"""What every preparation must do, tested from the moment its file exists."""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from qiskit.quantum_info import Statevector
from scipy.linalg import expm

from qcattn import dense_state, encodings, models, preparations, thermal
from qcattn.attention import softmax
from qcattn.backends import Aer
from qcattn.comparisons import acceptance, fit
from qcattn.errors import DoesNotFit
from qcattn.records import Prepared
from qcattn.walking import classes

ENCODINGS = list(classes("encodings").values())
DIAGONAL = [cls for cls in ENCODINGS if cls.diagonal and not cls.subsets]
PREPARATIONS = list(classes("preparations").values())
BATCHED = [cls for cls in PREPARATIONS if cls.batched]
BETA = 1.3


def outcome_probabilities(prepared, index) -> dict[str, float]:
    """Dense reference: probabilities of (herald, key reading) of one row, by Statevector."""
    bound = prepared.circuit.assign_parameters(prepared.values[index])
    measured = {}
    unitary = bound.copy_empty_like()
    for instruction in bound.data:
        if instruction.operation.name == "measure":
            clbit = bound.find_bit(instruction.clbits[0]).index
            measured[clbit] = bound.find_bit(instruction.qubits[0]).index
        else:
            unitary.append(instruction)
    qubits = [measured[clbit] for clbit in range(bound.num_clbits)]
    return Statevector(unitary).probabilities_dict(qubits)


def key_probabilities(prepared, index) -> tuple[np.ndarray, float]:
    """Probabilities of the keys among kept shots, and of a shot to be kept."""
    heralded = prepared.herald_register is not None
    table = outcome_probabilities(prepared, index)
    kept = {text[1:] if heralded else text: p for text, p in table.items() if text[0] == "0"}
    if not heralded:
        kept = table
    success = sum(kept.values())
    texts = ["".join("01"[int(bit)] for bit in row[::-1]) for row in prepared.codewords]
    return np.array([kept.get(text, 0.0) for text in texts]) / success, success


def exact_populations(hamiltonian, scores, state) -> np.ndarray:
    """Softmax, turned into the measured basis by a dense matrix where there is one."""
    weights = softmax(scores, beta=BETA)
    if hamiltonian.basis is None:
        return weights
    padded = np.zeros(hamiltonian.energies.shape)
    padded[..., : weights.shape[-1]] = weights
    if state == "qsample":
        return np.einsum("...xk,...k->...x", hamiltonian.rotation, np.sqrt(padded)) ** 2
    return np.einsum("...xk,...k->...x", hamiltonian.rotation**2, padded)


@pytest.mark.parametrize(
    ("encoding", "num_keys"),
    [
        (encoding, keys)
        for encoding in [*DIAGONAL, encodings.Rotated]
        for keys in (1, 2, 3, 5, 8)
        if keys < 8 or encoding is not encodings.OneHot  # a qubit a key: five are many
    ],
)
@pytest.mark.parametrize("preparation", BATCHED)
def test_a_circuit_gives_the_distribution_it_claims(preparation, encoding, num_keys, scores_of):
    scores = scores_of(num_keys)
    hamiltonian = encoding()(scores)
    prepared = preparation()(hamiltonian, beta=BETA)
    assert prepared.shape == (2, 3)
    assert prepared.values.shape == (2, 3, prepared.circuit.num_parameters)
    expected = exact_populations(hamiltonian, scores, prepared.state)
    for index in np.ndindex(2, 3):
        keys, success = key_probabilities(prepared, index)
        assert np.abs(keys - prepared.distribution[index]).max() < 1e-12
        assert abs(keys.sum() - 1) < 1e-12, "probability outside the keys"
        assert abs(success - prepared.success[index]) < 1e-12
        claimed = np.abs(keys - expected[index]).sum() / 2
        assert claimed < prepared.error[index] + 1e-12
        assert keys[expected[index] == 0].max(initial=0.0) < 1e-24, "masked keys never come out"


@pytest.mark.parametrize("num_keys", [1, 2, 3])
@pytest.mark.parametrize("preparation", BATCHED)
def test_a_circuit_gives_the_distribution_of_sets_that_it_claims(preparation, num_keys, scores_of):
    scores = scores_of(num_keys)
    hamiltonian = encodings.Interacting(couplings=0.8, mu=0.3)(scores)
    prepared = preparation()(hamiltonian, beta=BETA)
    assert prepared.subsets and prepared.shape == (2, 3)
    lifted = hamiltonian.energies - hamiltonian.energies.min(axis=-1, keepdims=True)
    weights = np.exp(-BETA * lifted)
    expected = weights / weights.sum(axis=-1, keepdims=True)
    for index in np.ndindex(2, 3):
        keys, success = key_probabilities(prepared, index)
        assert np.abs(keys - expected[index]).max() < 1e-12
        assert abs(success - prepared.success[index]) < 1e-12
        masked = np.isneginf(scores[index])
        assert keys @ hamiltonian.codewords @ masked < 1e-24, "a masked key is never attended"


@pytest.mark.parametrize("preparation", BATCHED)
def test_a_wrong_beta_does_not_give_softmax(preparation, scores_of):
    """The comparison of the test above can fail: 5% in beta moves total variation by over 1e-3."""
    scores = scores_of(5)
    prepared = preparation()(encodings.Binary()(scores), beta=1.05 * BETA)
    keys, _ = key_probabilities(prepared, (0, 2))
    assert np.abs(keys - softmax(scores, beta=BETA)[0, 2]).sum() / 2 > 1e-3


@pytest.mark.parametrize("preparation", BATCHED)
@pytest.mark.parametrize("beta", [0.0, -1.0, np.nan, np.inf])
def test_a_beta_that_is_no_temperature_is_refused_for_many(preparation, beta):
    with pytest.raises(ValueError, match="beta"):
        preparation()(encodings.Binary()([0.0, 1.0]), beta=beta)


@pytest.mark.parametrize("preparation", BATCHED)
def test_beta_may_differ_from_row_to_row(preparation):
    hamiltonian = encodings.Binary()([[0.0, 1.0, 2.0]] * 2)
    prepared = preparation()(hamiltonian, beta=[0.5, 2.0])
    for row, beta in enumerate([0.5, 2.0]):
        state, _ = dense_state.system_state(prepared[row])
        assert np.abs(state.diagonal()[:3] - softmax([0.0, 1.0, 2.0], beta=beta)).max() < 1e-12


# Every method, those for one Hamiltonian included.

HAMILTONIANS = {
    "keys": lambda: encodings.Binary()([0.3, 1.1, -0.4, 0.9]),
    "turned keys": lambda: encodings.Rotated(angles=[[0.4, 1.1]])([0.3, 1.1, -0.4, 0.9]),
    "keys in a field": lambda: encodings.Transverse(field=0.6)([0.3, 1.1, -0.4, 0.9]),
    "ising": lambda: models.ising(2, coupling=0.8, field=0.7),
}
GATES = {"rz", "ry", "rx", "h", "x", "s", "sdg", "sx", "cx", "measure", "reset", "barrier"}


# A bath takes thousands of gates, and so do short steps; a tenth of them does here.
QUICK = {preparations.SystemBath: {"cycles": 10}, preparations.CKG: {"error": 0.1}}


def method_of(preparation):
    return preparation(**QUICK.get(preparation, {}))


def fitting(preparation) -> list[str]:
    return ["keys", "turned keys"] if preparation.takes == "diagonal" else list(HAMILTONIANS)


CASES = [(cls, name) for cls in PREPARATIONS for name in fitting(cls)]

# What a class says of itself, and what it does.

OTHERS = {
    "masked": lambda: encodings.Binary()([0.3, -np.inf, -0.4, 0.9]),
    "padded": lambda: encodings.Binary()([0.3, 1.1, -0.4]),
    "one-hot": lambda: encodings.OneHot()([0.3, 1.1, -0.4]),
    "sets": lambda: encodings.Interacting(couplings=0.8)([0.3, 1.1]),
    "sets without a masked key": lambda: encodings.Interacting(couplings=0.8)([0.3, -np.inf]),
    "padding turned": lambda: encodings.Rotated(angles=[[0.4, 1.1]])([0.3, 1.1, -0.4]),
    "several": lambda: encodings.Binary()([[0.3, 1.1, -0.4, 0.9]] * 2),
    "several in a field": lambda: encodings.Transverse(field=0.6)([[0.3, 1.1, -0.4, 0.9]] * 2),
}
EVERY = HAMILTONIANS | OTHERS


@cache
def attempted(preparation, name):
    """What the method makes of one of the Hamiltonians, or its refusal."""
    try:
        return method_of(preparation)(EVERY[name](), beta=0.7)
    except DoesNotFit as refusal:
        return refusal


def prepared_by(preparation, name):
    """The method on one of the Hamiltonians that it takes."""
    prepared = attempted(preparation, name)
    assert isinstance(prepared, Prepared), prepared
    return prepared


def should_take(preparation, hamiltonian) -> bool:
    """As the class declares it."""
    general = hamiltonian.off_diagonal is not None
    several = bool(hamiltonian.shape)
    states = hamiltonian.energies.shape[-1]
    gaps = states < 2**hamiltonian.num_qubits or np.isinf(hamiltonian.energies).any()
    return not (
        (general and preparation.takes == "diagonal")
        or (several and not preparation.batched)
        or (gaps and preparation.every_state)
    )


@pytest.mark.parametrize("name", EVERY)
def test_a_method_takes_what_it_declares_and_a_refusal_names_exactly_those_that_do(name):
    hamiltonian = EVERY[name]()
    found = {cls: attempted(cls, name) for cls in PREPARATIONS}
    took = [cls for cls, made in found.items() if not isinstance(made, DoesNotFit)]
    assert all(found[cls].subsets == hamiltonian.subsets for cls in took)
    assert took == [cls for cls in PREPARATIONS if should_take(cls, hamiltonian)]
    for cls in set(PREPARATIONS) - set(took):
        said = str(found[cls])
        assert cls.__name__ in said.split(";")[0], "it says which method does not fit"
        *_, end = said.split("; ")
        if took:
            assert end == f"the methods that fit are {', '.join(one.__name__ for one in took)}"
        else:
            assert end == "no method takes it as it is"


def test_each_way_not_to_fit_is_among_the_hamiltonians():
    """The test above can fail: each declaration decides over some Hamiltonian and some method."""
    for declared in ("takes", "batched", "every_state"):
        assert len({getattr(cls, declared) for cls in PREPARATIONS}) == 2
    refused = [str(attempted(preparations.Variational, name)) for name in ("several", "masked")]
    assert "one Hamiltonian" in refused[0] and "hamiltonian.filled" in refused[1]
    assert "not diagonal" in str(attempted(preparations.Heralded, "ising"))


@pytest.mark.parametrize(("preparation", "name"), CASES)
def test_what_is_delivered_bears_the_name_and_the_kind_of_its_class(preparation, name):
    prepared = prepared_by(preparation, name)
    assert prepared.method == preparation.__name__
    assert prepared.kind == preparation.kind


@pytest.mark.parametrize("preparation", BATCHED)
def test_a_template_serves_hamiltonians_of_any_shape(preparation):
    prepared = attempted(preparation, "several")
    assert prepared.shape == (2,)
    bound = [prepared.circuit.assign_parameters(values) for values in prepared.values]
    assert bound[0] == bound[1], "equal rows are equal circuits"


@pytest.mark.parametrize(("preparation", "name"), CASES)
def test_a_method_gives_the_state_that_it_claims(preparation, name):
    prepared = prepared_by(preparation, name)
    state, success = dense_state.system_state(prepared)
    hamiltonian = HAMILTONIANS[name]()
    expected = exact_gibbs(hamiltonian, 0.7)
    populations = dense_state.outcome_distribution(prepared)[0]
    assert np.abs(populations - prepared.distribution).max() < 1e-7
    assert abs(success - prepared.success) < 1e-7
    if prepared.state == "gibbs":
        distance = np.abs(np.linalg.eigvalsh(state - expected)).sum() / 2
    else:
        assert prepared.state == "qsample"
        assert abs(np.trace(state @ state) - 1) < 1e-9, "a qsample is pure"
        turned = hamiltonian.rotation.T @ state @ hamiltonian.rotation
        weights = hamiltonian.rotation.T @ expected @ hamiltonian.rotation
        distance = np.abs((turned - weights).diagonal()).sum() / 2
    assert distance <= prepared.error + 1e-9, f"claimed {prepared.error}, true {distance}"


def exact_gibbs(hamiltonian, beta):
    """Independent of the package's own: a matrix exponential."""
    matrix = expm(-beta * hamiltonian.matrix)
    return matrix / np.trace(matrix)


@pytest.mark.parametrize(("preparation", "name"), CASES)
def test_counts_on_aer_follow_the_distribution_that_is_claimed(preparation, name):
    """False-failure rate below 1e-6 for each: the level of `fit` and of `acceptance`."""
    prepared = prepared_by(preparation, name)
    shots = 2000 if "reset" in prepared.circuit.count_ops() else 20_000
    counts = Aer(device="CPU")(prepared, shots, seed=5)
    assert fit(counts, prepared.distribution).overall() > 1e-6
    if prepared.herald_register is not None:
        assert acceptance(counts, prepared.success).overall > 1e-6
    order = np.argsort(prepared.distribution)
    swapped = prepared.distribution.copy()
    swapped[order] = prepared.distribution[order[::-1]]
    assert fit(counts, swapped).overall() < 1e-6, "the wrong law is caught"


@pytest.mark.parametrize(("preparation", "name"), CASES)
def test_a_delivered_circuit_has_the_registers_and_gates_of_the_house(preparation, name):
    prepared = prepared_by(preparation, name)
    circuit = prepared.circuit
    assert set(circuit.count_ops()) <= GATES
    for item in circuit.data:
        assert (
            item.operation.num_qubits == 1
            or not item.operation.params
            or item.operation.name == "barrier"
        )
    system = next(register for register in circuit.qregs if register.name == "system")
    key = next(register for register in circuit.cregs if register.name == prepared.key_register)
    read = {
        item.clbits[0]: item.qubits[0] for item in circuit.data if item.operation.name == "measure"
    }
    assert [read[bit] for bit in key] == list(system), "qubit q of the system is bit q of the key"
    heralds = {register.name for register in circuit.cregs} - {prepared.key_register}
    assert heralds == ({prepared.herald_register} if prepared.herald_register else set())


@pytest.mark.parametrize("preparation", PREPARATIONS)
@pytest.mark.parametrize("beta", [0.0, -1.0, np.nan, np.inf])
def test_a_beta_that_is_no_temperature_is_refused(preparation, beta):
    with pytest.raises(ValueError, match="beta"):
        preparation()(encodings.Binary()([0.0, 1.0]), beta=beta)


# Thermal methods know H and beta only.


def secrets(hamiltonian, beta) -> tuple[np.ndarray, np.ndarray]:
    """What a thermal method must not compute: Z, ln Z, F (numbers), weights and populations."""
    levels = np.linalg.eigvalsh(hamiltonian.matrix)
    z = np.exp(-beta * levels).sum()
    weights = np.exp(-beta * levels) / z
    populations = exact_gibbs(hamiltonian, beta).diagonal().real
    lifted = z * np.exp(beta * levels[0])
    numbers = [z, np.log(z), -np.log(z) / beta, 1 / z, lifted, 1 / lifted, lifted / len(levels)]
    rows = [
        np.sort(weights),
        np.sort(populations),
        np.sort(weights**0.5),
        np.sort(populations**0.5),
    ]
    return np.array(numbers), np.array(rows)


def distances(value, known) -> np.ndarray:
    """How far a variable, or the nearest row or diagonal of it, is from each secret, or inf."""
    numbers, rows = known
    far = np.full(len(numbers) + len(rows), np.inf)
    if isinstance(value, complex | float | np.generic):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fc" or value.size > 4096:
        return far
    value = np.real(value)
    if value.ndim == 0:
        far[: len(numbers)] = np.abs(value / numbers - 1)
    elif value.shape[-1] == rows.shape[-1] and value.size:
        if value.ndim == 2 and value.shape[0] == value.shape[1]:
            value = np.vstack([value, value.diagonal()])
        ordered = np.sort(value.reshape(-1, 1, rows.shape[-1]), axis=-1)
        far[len(numbers) :] = np.abs(ordered - rows).max(axis=-1).min(axis=0)
    return far


TOLD, CLOSE, NEAR = 1e-10, 1e-5, 1e-2


def watched(call, known) -> list[str]:
    """Local variables, in functions of the room, that hold a secret while ``call`` runs.

    One that was first near the secret, then close to it, and only then held it, has found it by
    descent, as a state that minimises its own free energy does: that secret is no longer one.
    """
    room = str(Path(preparations.__file__).parent)
    found: list[str] = []
    near: set[tuple[str, int]] = set()
    descended: set[int] = set()

    def look(frame, event, _):
        code = frame.f_code
        if event != "return" or not (
            code.co_filename.startswith(room) or code.co_filename == __file__
        ):
            return
        if Path(code.co_filename).name == "reference.py":
            return
        for name, value in frame.f_locals.items():
            place = f"{Path(code.co_filename).name}:{code.co_name}:{name}"
            far = distances(value, known)
            for index in set(np.flatnonzero(far < NEAR).tolist()) - descended:
                if far[index] < TOLD:
                    found.append(place)
                elif far[index] >= CLOSE:
                    near.add((place, index))
                elif (place, index) in near:
                    descended.add(index)

    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(None)
    return found


def corrupt(monkeypatch) -> None:
    """Let the reference return another law, wherever it has been imported to."""

    def uniform(hamiltonian, beta):
        return np.full(hamiltonian.energies.shape, 1 / hamiltonian.num_keys)

    def mixed(hamiltonian, beta):
        size = 2**hamiltonian.num_qubits
        return np.broadcast_to(np.eye(size) / size, (*hamiltonian.shape, size, size)).astype(
            complex
        )

    def certain(hamiltonian, beta):
        return np.full(hamiltonian.shape, 0.987)

    wrong = {
        "populations": uniform,
        "qsample_populations": uniform,
        "gibbs": mixed,
        "heralding_probability": certain,
    }
    wrong |= {
        "boltzmann": lambda energies, beta: np.full(np.shape(energies), 1 / np.shape(energies)[-1]),
        "gibbs_state": lambda matrix, beta: np.eye(len(matrix)) / len(matrix),
    }
    rooms = [thermal, *(m for n, m in list(sys.modules.items()) if n.startswith("qcattn.prep"))]
    for module in rooms:
        for name, value in wrong.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize(("preparation", "name"), CASES)
def test_a_thermal_method_never_computes_what_it_should_find(preparation, name, monkeypatch):
    """Its circuit stays where the reference lies, and no variable of it holds weights or Z."""
    before = prepared_by(preparation, name)
    hamiltonian = HAMILTONIANS[name]()
    known = secrets(hamiltonian, 0.7)
    corrupt(monkeypatch)
    after = []
    method = method_of(preparation)
    found = watched(lambda: after.append(method(hamiltonian, beta=0.7)), known)
    bound = [each.circuit.assign_parameters(each.values) for each in (before, after[0])]
    same = bound[0] == bound[1]
    assert same == (before.kind == "thermal")
    if before.kind == "thermal":
        assert not found, found


def test_a_method_that_computes_weights_on_the_way_is_caught():
    hamiltonian = HAMILTONIANS["keys"]()
    known = secrets(hamiltonian, 0.7)

    def cheat():
        weights = np.exp(-0.7 * hamiltonian.energies)
        weights = weights / weights.sum()
        return np.sqrt(weights)

    def cheat_of_matrices():
        levels = np.linalg.eigvalsh(hamiltonian.matrix)
        z = np.exp(-0.7 * levels).sum()
        return 2 * z

    def honest():
        angles = np.arccos(np.exp(-0.35 * (hamiltonian.energies - hamiltonian.energies.min())))
        return 2 * angles

    def free_energy(beta):
        free = -np.log(np.exp(-beta * hamiltonian.energies).sum()) / beta
        return free

    def cheat_of_many():
        return [free_energy(beta) for beta in (0.1, 0.4, 0.7)]

    def cheat_and_descend():
        return free_energy(0.7), descent()

    def variational(error):
        state = np.exp(-(0.7 + error) * hamiltonian.energies)
        state = state / state.sum()
        free = state @ hamiltonian.energies + state @ np.log(state) / 0.7
        return free

    def descent():
        return [variational(error) for error in (1.0, 0.1, 1e-2, 1e-3, 1e-6, 0.0)]

    assert watched(cheat, known) and watched(cheat_of_matrices, known)
    assert watched(cheat_of_many, known) and watched(cheat_and_descend, known)
    assert not watched(honest, known)
    assert not watched(descent, known), "a free energy that was minimised is found, not told"
