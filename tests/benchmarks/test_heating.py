"""What the study of digital heating computes: a loss without a fit, noise, and fidelities."""

import heating
import numpy as np
import pytest
from qiskit import QuantumCircuit, QuantumRegister
from qiskit.quantum_info import DensityMatrix, Operator, partial_trace

from qcattn import thermal
from qcattn.encodings import Binary
from qcattn.models import ising
from qcattn.preparations import ImaginaryTime, Purification
from qcattn.preparations.reference import gibbs

PAIRS = [a + b for a in "IXYZ" for b in "IXYZ"]


def failing(circuit, number, energies):
    """Mean energy where the cx of this number leaves its two qubits maximally mixed; dense."""
    state, seen = DensityMatrix.from_label("0" * circuit.num_qubits), 0
    for item in circuit.data:
        if item.name == "measure":
            continue
        places = [circuit.find_bit(qubit).index for qubit in item.qubits]
        state = state.evolve(Operator(item.operation), places)
        if item.name == "cx":
            if seen == number:
                parts = [state.evolve(Operator.from_label(label), places) for label in PAIRS]
                state = DensityMatrix(sum(part.data for part in parts) / 16)
            seen += 1
    system = [circuit.find_bit(qubit).index for qubit in circuit.qregs[0]]
    return float(state.probabilities(system) @ energies)


def test_the_loss_to_first_order_is_the_mean_over_gates_that_fail_one_by_one():
    """Dense, a gate after the other. The law says that losses multiply, which is not used."""
    hamiltonian = Binary()([0.3, 1.1, -0.4, 0.9])
    prepared = Purification()(hamiltonian, beta=1.0)
    circuit = prepared.circuit.assign_parameters(prepared.values)
    energies, mean = hamiltonian.diagonal(), hamiltonian.diagonal().mean()
    cold = failing(circuit, -1, energies) - mean
    gates = circuit.count_ops()["cx"]
    losses = [1 - (failing(circuit, g, energies) - mean) / cold for g in range(gates)]
    assert heating.first_order(prepared, hamiltonian) == pytest.approx(np.mean(losses), abs=0.01)
    assert max(losses) - min(losses) > 0.1, "gates differ, and so does what is to be averaged"


def test_a_circuit_that_goes_on_after_it_measures_has_no_loss_without_chance():
    prepared = ImaginaryTime(error=0.1)(ising(2), beta=1.0)
    assert np.isnan(heating.first_order(prepared, ising(2)))


@pytest.mark.parametrize("spins", [2, 3])
def test_the_published_circuit_is_the_gibbs_state_where_it_can_be(spins):
    ring = ising(spins, field=0.5, axes=("X", "Z"))
    found, circuit = heating.trained(ring, 2.0, seed=1)
    exact = gibbs(ring, 2.0)
    fidelity = thermal.fidelity(heating.under(circuit, "depolarising", 0.0), exact)
    free = -np.log(np.exp(-2.0 * np.linalg.eigvalsh(ring.matrix)).sum())
    assert found > free - 1e-9, "no state has a lower free energy"
    assert (found < free + 1e-6 and fidelity > 1 - 1e-6) if spins == 2 else fidelity > 0.99
    assert circuit.count_ops()["cx"] == {2: 5, 3: 15}[spins]


@pytest.mark.parametrize("kind", heating.NOISES)
def test_each_noise_acts_as_its_name_says(kind):
    """On one qubit of an entangled pair, in closed form."""
    circuit = QuantumCircuit(QuantumRegister(1, "system"), QuantumRegister(1, "ancilla"))
    circuit.ry(0.8, 1)
    circuit.h(0)
    circuit.cx(1, 0)
    bare = np.asarray(partial_trace(DensityMatrix(circuit), [1]).data)
    found, p = heating.under(circuit, kind, 0.1), 0.1
    factor = {"depolarising": 1 - p, "decay": np.sqrt(1 - p), "phases": 1 - p}[kind]
    assert found[0, 1] == pytest.approx(factor * bare[0, 1]) and abs(bare[0, 1]) > 0.1
    kept = {"depolarising": (1 - p) * bare[1, 1] + p / 2, "decay": (1 - p) * bare[1, 1]}
    assert found[1, 1].real == pytest.approx(kept.get(kind, bare[1, 1]).real)


def test_white_noise_of_one_strength_never_gives_a_minimum_and_a_falling_one_can():
    """Schur concavity, on spectra of all kinds; and what would be seen if it were not so."""
    rng, betas = np.random.default_rng(1), np.geomspace(0.01, 50, 60)
    for _ in range(100):
        levels = rng.choice([0.3, 1, 3]) * rng.normal(size=rng.integers(2, 17))
        lost = rng.uniform()
        found = [heating.white(levels, beta, lost) for beta in betas]
        assert np.diff(found).max() < 1e-12
    falling = [heating.white(levels, beta, lost / (1 + beta**2)) for beta in betas]
    assert 0 < np.argmin(falling) < len(betas) - 1


def test_white_fidelity_is_that_of_the_matrices():
    ring = ising(3, field=0.5)
    exact = gibbs(ring, 1.3)
    mixed = 0.8 * exact + 0.2 * np.eye(8) / 8
    found = heating.white(np.linalg.eigvalsh(ring.matrix), 1.3, 0.2)
    assert found == pytest.approx(float(thermal.fidelity(mixed, exact)), abs=1e-9)


def test_the_table_of_fidelities_says_where_they_are_least(monkeypatch):
    monkeypatch.setattr(heating, "NOISES", {"depolarising": (0.0, 0.05)})
    lines = list(heating.fidelities((2,), (0.5, 1.0, 3.0), 1, seed=1))
    rows = [line.split("|")[1:-1] for line in lines[2:]]
    assert [row[2].strip() for row in rows][:2] == ["none", "depolarising, 0.05"]
    for row in rows[1:]:
        values = [float(cell.split("±")[0]) for cell in row[3:6]]
        assert values[0] > values[1] > values[2] and row[6].strip() == "3"


def test_the_figure_puts_all_circuits_on_one_line(tmp_path):
    """Few shots: what is left of the energy, beside what failing gates take to first order."""
    made = list(heating.courses(1, ["Purification", "QITE"], (0.0, 0.03), 100_000))
    assert {course.what for course in made} == {"keys", "ring"}
    figure = heating.figure_of(made)
    figure.savefig(tmp_path / "heating.png")
    *_, one = figure.axes
    *points, law = one.lines
    drawn = [np.array(line.get_data()) for line in points]
    assert max(np.abs(y - np.exp(-x)).max() for x, y in drawn) < 0.05
    assert len(law.get_xdata()) == 50 and all((y < 1).all() for _, y in drawn)
