"""Deep thin circuits, and shallow wide ones with more entanglement than truncation keeps."""

from __future__ import annotations

from collections.abc import Iterator

from qcattn.conformance.recipe import Program, Recipe, generator, rounded

__all__ = ["recipes"]

_SIZES = {"ccx": 3, "cx": 2, "cz": 2, "t": 1, "s": 1}
_WORDS = ("ccx", "cx", "cx", "cx", "cz", "t", "s")


def recipes() -> Iterator[Recipe]:
    """Deep circuits of 2 to 6 qubits, and wide ones of 24 to 30."""
    for qubits, depth in ((2, 500), (4, 300), (6, 100)):
        yield _deep(qubits, depth)
    for qubits, coins in ((24, 6), (26, 8), (30, 6)):
        yield _echo(qubits, coins)
    yield _crossing_pairs(24)


def _deep(qubits: int, depth: int) -> Recipe:
    """Layers of turns and of pairs: errors of rounding and of truncation add up."""
    name = f"truncation/deep-{qubits}-qubits-{depth}-layers"
    rng = generator(name)
    program = Program(qubits, c=qubits)
    for _ in range(depth):
        order = [int(qubit) for qubit in rng.permutation(qubits)]
        word = str(rng.choice(["rx", "ry", "rz"]))
        program.gate(word, rounded(rng.uniform(-3, 3, 1)), order[:1])
        for one, other in zip(order[::2], order[1::2], strict=False):
            program.gate("cx", [], [one, other])
    for qubit in range(qubits):
        program.gate("rx", rounded(rng.uniform(0.6, 2.5, 1)), [qubit])
    program.measure_all()
    return Recipe(
        name=name,
        content=program.text,
        exercises=["deep", "complex phase"],
        about=f"{depth} layers of turns and entangling gates on {qubits} qubits.",
    )


def _echo(qubits: int, coins: int) -> Recipe:
    """Coins are spread, phases put on what they became, and the spreading undone.

    In between, a cut through the middle of the qubits takes 2**coins values, of which none is
    small; what a truncation drops is missing from the interference at the end.
    """
    name = f"truncation/echo-{qubits}-qubits-{coins}-coins"
    rng = generator(name)
    program = Program(qubits, c=6)
    half = qubits // 2
    tossed = [int(qubit) for qubit in rng.choice(half, coins, replace=False)]
    partners = [half + int(qubit) for qubit in rng.choice(half, coins, replace=False)]
    for coin in tossed:
        program.gate("ry", rounded(rng.uniform(1.0, 2.1, 1)), [coin])
    # Each coin is known on either side of the middle, and what follows stays on one side.
    gates: list[tuple[str, list[int]]] = [
        ("cx", [coin, partner]) for coin, partner in zip(tossed, partners, strict=True)
    ]
    for _ in range(5 * qubits):
        word = str(rng.choice(_WORDS))
        side = half * int(rng.integers(2))
        drawn = rng.choice(half, _SIZES[word], replace=False)
        gates.append((word, [side + int(qubit) for qubit in drawn]))
    for word, place in gates:
        program.gate(word, [], place)
    for _ in range(qubits):
        one, other = (int(qubit) for qubit in rng.choice(qubits, 2, replace=False))
        program.gate("cp", rounded(rng.uniform(-3, 3, 1)), [one, other])
    for word, place in reversed(gates):
        program.gate({"s": "sdg", "t": "tdg"}.get(word, word), [], place)
    for coin in tossed:
        program.gate("rx", rounded(rng.uniform(1.0, 2.1, 1)), [coin])
    program.measure(*((coin, f"c[{bit}]") for bit, coin in enumerate(tossed[:6])))
    return Recipe(
        name=name,
        content=program.text,
        exercises=["truncation", "entangled", "some measured", "complex phase", "inverse"],
        about=f"{coins} coins spread over {qubits} qubits, phases, and the spreading undone.",
    )


def _crossing_pairs(qubits: int) -> Recipe:
    """Every qubit of one half is entangled with one of the other, with phases between pairs."""
    name = f"truncation/crossing-pairs-{qubits}-qubits"
    rng = generator(name)
    half = qubits // 2
    program = Program(qubits, c=6)
    for qubit in range(half):
        program.gate("ry", rounded(rng.uniform(1.0, 2.1, 1)), [qubit])
        program.gate("cx", [], [qubit, qubit + half])
    for qubit in range(0, half - 1, 2):
        program.gate("cp", rounded(rng.uniform(1, 3, 1)), [qubit, qubit + half + 1])
    for qubit in range(qubits):
        program.gate("rx", rounded(rng.uniform(0.6, 2.5, 1)), [qubit])
    measured = [0, half, half + 1, 4, half + 5, 1]
    program.measure(*((qubit, f"c[{bit}]") for bit, qubit in enumerate(measured)))
    return Recipe(
        name=name,
        content=program.text,
        exercises=["truncation", "entangled", "some measured", "complex phase"],
        about=f"{half} entangled pairs across the middle of {qubits} qubits; six are measured.",
    )
