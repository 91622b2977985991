"""Circuits of 70 and 130 qubits, beyond any dense state, whose laws are known and not trivial.

A few coins are tossed and copied, permuted and entangled over all qubits by reversible gates, so
that the state never has more than some hundred terms; or few of the qubits are measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from qcattn.conformance.recipe import Program, Recipe, generator, rounded

__all__ = ["recipes", "spread"]

_WIDTHS = (70, 130)


def recipes() -> Iterator[Recipe]:
    """A circuit of each kind at each width."""
    for width in _WIDTHS:
        yield _ghz(width)
        yield _coins(width, clifford=True)
        yield _coins(width, clifford=False)
        yield _undone(width)
        yield _product(width)
        yield _few_measured(width)
        yield _graph(width)
        yield _corrected(width)


def spread(
    program: Program, rng: np.random.Generator, gates: int, *, phases: str = ""
) -> list[tuple[str, list[int]]]:
    """Append random gates that keep the number of terms: cx, x, swap, and phases.

    Args:
        program: The program to append to.
        rng: The generator that draws them.
        gates: The number of gates.
        phases: Words of further gates, diagonal ones, separated by blanks.

    Returns:
        What was appended, for whoever wants to undo it.
    """
    words = ["cx", "cx", "cx", "x", "swap", *phases.split()]
    done = []
    for _ in range(gates):
        word = str(rng.choice(words))
        size = {"cx": 2, "swap": 2, "cz": 2, "ccx": 3}.get(word, 1)
        qubits = [int(qubit) for qubit in rng.choice(program.qubits, size, replace=False)]
        program.gate(word, [], qubits)
        done.append((word, qubits))
    return done


def _copied(program: Program, rng: np.random.Generator, coins: list[int]) -> None:
    """Let every qubit that is no coin take the parity of some of them."""
    for qubit in rng.permutation(program.qubits):
        if int(qubit) not in coins:
            for coin in rng.choice(coins, 2, replace=False):
                program.gate("cx", [], [int(coin), int(qubit)])


def _drawn(width: int, count: int, rng: np.random.Generator) -> list[int]:
    return [int(qubit) for qubit in rng.choice(width, count, replace=False)]


def _ghz(width: int) -> Recipe:
    """Every qubit agrees with every other, up to known flips."""
    name = f"wide/ghz-{width}"
    rng = generator(name)
    program = Program(width, c=width)
    order = _drawn(width, width, rng)
    program.gate("h", [], order[:1])
    for one, other in pairwise(order):
        program.gate("cx", [], [one, other])
    for qubit in _drawn(width, width // 2, rng):
        program.gate("x", [], [qubit])
    program.measure_all()
    about = f"A cat state of {width} qubits in a random order, half of them flipped: two outcomes."
    return Recipe(
        name=name, content=program.text, exercises=["wide", "clifford", "entangled"], about=about
    )


def _coins(width: int, *, clifford: bool) -> Recipe:
    """Seven coins spread over all qubits, and three of the qubits turned at the end."""
    name = f"wide/{'clifford' if clifford else 'turned'}-coins-{width}"
    rng = generator(name)
    program = Program(width, c=width)
    coins = _drawn(width, 6, rng)
    for coin in coins:
        if clifford:
            program.gate("h", [], [coin])
        else:
            program.gate("ry", rounded(rng.uniform(0.7, 2.3, 1)), [coin])
    _copied(program, rng, coins)
    spread(program, rng, 2 * width, phases="cz s z y" if clifford else "cz s z y t tdg")
    for qubit in _drawn(width, 3, rng):
        if clifford:
            program.gate("h", [], [qubit])
        else:
            program.gate("rx", rounded(rng.uniform(0.7, 2.3, 1)), [qubit])
    program.measure_all()
    kind = "clifford" if clifford else "not clifford"
    about = f"Six coins spread over {width} qubits by random gates, three of them turned at last."
    return Recipe(
        name=name, content=program.text, exercises=["wide", kind, "entangled"], about=about
    )


def _undone(width: int) -> Recipe:
    """Spread, a Pauli string, and the spreading undone: one outcome is certain."""
    name = f"wide/certain-{width}"
    rng = generator(name)
    program = Program(width, c=width)
    coins = _drawn(width, 6, rng)
    for coin in coins:
        program.gate("h", [], [coin])
    done = spread(program, rng, 3 * width, phases="cz s z y")
    for qubit in range(width):
        program.gate(str(rng.choice(["x", "y", "z"])), [], [qubit])
    for word, qubits in reversed(done):
        program.gate({"s": "sdg"}.get(word, word), [], qubits)
    for coin in coins:
        program.gate("h", [], [coin])
    program.measure_all()
    about = f"Clifford gates on {width} qubits, a Pauli string, and the gates undone."
    return Recipe(
        name=name,
        content=program.text,
        exercises=["wide", "clifford", "deterministic", "inverse"],
        about=about,
    )


def _product(width: int) -> Recipe:
    """No entanglement: some qubits biased, the others certain, all measured in another order."""
    name = f"wide/product-{width}"
    rng = generator(name)
    program = Program(width, c=width)
    biased = _drawn(width, 7, rng)
    for qubit in range(width):
        if qubit in biased:
            theta, phi = rounded(rng.uniform(0.6, 2.5, 2))
            program.gate("rx", [theta], [qubit])
            program.gate("rz", [phi], [qubit])
            program.gate("rx", [theta], [qubit])
        elif rng.random() < 0.5:
            program.gate("x", [], [qubit])
    order = _drawn(width, width, rng)
    program.measure(*((qubit, f"c[{bit}]") for bit, qubit in enumerate(order)))
    about = f"{width} qubits without entanglement, seven of them biased, measured permuted."
    return Recipe(
        name=name,
        content=program.text,
        exercises=["wide", "product", "permuted measurement", "complex phase"],
        about=about,
    )


def _few_measured(width: int) -> Recipe:
    """All qubits turned and entangled in pairs far apart; some of the pairs are measured."""
    name = f"wide/pairs-{width}"
    rng = generator(name)
    program = Program(width, c=8)
    half = width // 2
    for qubit in range(half):
        first, second, third = rounded(rng.uniform(0.6, 2.5, 3))
        program.gate("ry", [first], [qubit])
        program.gate("cx", [], [qubit, qubit + half])
        program.gate("rx", [second], [qubit])
        program.gate("ry", [third], [qubit + half])
    pairs = _drawn(half, 4, rng)
    for k, qubit in enumerate(pairs):
        program.measure((qubit, f"c[{2 * k}]"), (qubit + half, f"c[{2 * k + 1}]"))
    about = f"{half} entangled pairs, each across the middle of {width} qubits; four are measured."
    return Recipe(
        name=name,
        content=program.text,
        exercises=["wide", "entangled", "some measured"],
        about=about,
    )


def _graph(width: int) -> Recipe:
    """Three layers of neighbours, of which a measured qubit feels only a few."""
    name = f"wide/layers-{width}"
    rng = generator(name)
    program = Program(width, c=4)
    for layer in range(3):
        for qubit in range(width):
            program.gate("u3", rounded(rng.uniform(0.6, 2.5, 3)), [qubit])
        for qubit in range(layer % 2, width - 1, 2):
            program.gate("cz", [], [qubit, qubit + 1])
    for qubit in range(width):
        program.gate("rx", rounded(rng.uniform(0.6, 2.5, 1)), [qubit])
    middle = width // 2
    program.measure(*((middle + k, f"c[{bit}]") for bit, k in enumerate((1, 0, 2, 3))))
    about = f"Three layers of gates between neighbours on {width} qubits; four are measured."
    return Recipe(
        name=name,
        content=program.text,
        exercises=["wide", "entangled", "some measured", "complex phase"],
        about=about,
    )


def _corrected(width: int) -> Recipe:
    """A cat state whose first qubit is measured, reset, and decides over the others."""
    name = f"wide/corrected-{width}"
    rng = generator(name)
    program = Program(width, c=width, d=1)
    order = _drawn(width, width, rng)
    program.gate("h", [], order[:1])
    for one, other in pairwise(order):
        program.gate("cx", [], [one, other])
    program.measure((order[0], "d[0]"))
    program.line(f"reset q[{order[0]}];")
    program.gate("h", [], order[:1])
    flipped = " ".join(f"x q[{qubit}];" for qubit in _drawn(width, width // 3, rng))
    program.line(f"if (d[0]) {{ {flipped} }}")
    program.measure_all()
    about = f"A cat state of {width} qubits, of which one is measured and decides over flips."
    return Recipe(
        name=name,
        content=program.text,
        exercises=["wide", "clifford", "conditional", "reset", "mid-circuit measurement"],
        about=about,
    )
